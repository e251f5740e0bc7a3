"""Evidence to outcomes to points: runs the checks, picks each step's better run, adds up.

Used by the grader, by `autograder check` and by the check cells of the notebooks.
"""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from autograder.checks import catalogue
from autograder.checks.plugin import FOLDER, Judge, Outcome, entry_of
from autograder.checks.teaching import Message
from autograder.evidence import Evidence
from autograder.randomness import one_thread
from autograder.truth import Truth

AGAIN = "once more on a file with other counts"
ORDER = ("passed", "failed", "student_error", "blocked", "not_attempted", "grader_error")


class NoChecksError(Exception):
    """Not one check was collected: a fault of the installation."""


def judge(
    evidence: Evidence,
    truth: Truth,
    wanted: Iterable[str] | None = None,
    numbered: bool = False,
) -> list[Outcome]:
    """Run the checks of the wanted cells or steps (all by default) over evidence.

    `numbered` says that steps 5 and 6 ran on the reference's node numbers, so that their edges can
    be compared with the file's.

    Raises:
        NoChecksError: nothing was collected, or a check gave no outcome.
    """
    one_thread()
    judged = Judge(evidence, truth, wanted, numbered)
    said = _court().run(judged)
    expected = [c for c in catalogue() if judged.keeps(c)]
    missing = [c.id for c in expected if c.id not in judged.outcomes]
    if missing or not expected:
        raise NoChecksError(f"no outcome for {missing or 'any check'}: {said[-400:]}")
    return [judged.outcomes[c.id] for c in expected]


class _Court:
    """A pytest session that stays open: collects the checks once, runs them for one case after the
    other. It has a thread of its own; `run` may be called from any."""

    def __init__(self) -> None:
        self._said = ""
        self._lock = threading.Lock()
        self._asked: queue.SimpleQueue[Judge] = queue.SimpleQueue()
        self._answered: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._open, name="checks", daemon=True).start()

    def run(self, judged: Judge) -> str:
        """Run the checks that it keeps; what pytest said, where it has something to say."""
        with self._lock:
            self._asked.put(judged)
            return self._answered.get()

    def _open(self) -> None:
        args = ["-c", str(FOLDER / "pytest.ini"), "--rootdir", str(FOLDER)]
        unused = ("cacheprovider", "terminal", "logging", "faulthandler", "unraisableexception")
        args += [word for name in (*unused, "threadexception") for word in ("-p", f"no:{name}")]
        args += ["--capture=no", "--disable-plugin-autoload", str(FOLDER)]
        try:
            pytest.main(args, plugins=[self])
        finally:
            while True:  # the checks could not be collected: say so to everybody who asks
                self._asked.get()
                self._answered.put(self._said)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file of checks could not be collected."""
        self._said += report.longreprtext if report.failed else ""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Wait for cases, for ever."""
        while True:
            judged = self._asked.get()
            self._judged = judged  # not registered: pytest would keep hold of every one of them
            judged.pytest_configure(session.config)
            items = [item for item in session.items if judged.keeps(entry_of(item))]
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            self._answered.put("")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo
    ) -> Generator[None, Any, Any]:
        """Let the case that is judged note the outcome."""
        return (yield from self._judged.pytest_runtest_makereport(item, call))


@functools.cache
def _court() -> _Court:
    return _Court()


def better_run(runs: list[list[Outcome]]) -> dict[str, int]:
    """For each step which run earned more: the student's own inputs (the first), or right ones."""
    steps = dict.fromkeys(o.check.step for o in runs[0])
    earned = [
        {step: sum(o.points for o in run if o.check.step == step) for step in steps} for run in runs
    ]
    return {step: max(range(len(runs)), key=lambda i: earned[i][step]) for step in steps}


def best(runs: list[list[Outcome]]) -> list[Outcome]:
    """The outcomes of each step from its better run."""
    chosen = better_run(runs)
    return [outcomes[chosen[outcomes[0].check.step]] for outcomes in zip(*runs, strict=True)]


def on_both(outcomes: list[Outcome], twin: list[Outcome]) -> list[Outcome]:
    """What passed, unless it does not pass on a twin of the data: then it was typed in."""
    return [
        o if o.status != "passed" or o.check.by_hand or t.status == "passed" else _typed_in(t)
        for o, t in zip(outcomes, twin, strict=True)
    ]


def _typed_in(again: Outcome) -> Outcome:
    message = Message(
        ran=f"{again.message.ran or 'the notebook'}, {AGAIN}",
        expected=again.message.expected or "the same as on the first file",
        got=again.message.got,
        why="It is right on one file only: a number that belongs to that file stands in the code.",
        next="Compute every count from the data: nunique, len, max.",
        finding="test.hard-coded",
    )
    status = again.status if again.status in ("blocked", "grader_error") else "failed"
    return Outcome(again.check, status, message)


@dataclass(frozen=True)
class Marks:
    """Marks of one submission: outcomes of all checks in order."""

    outcomes: tuple[Outcome, ...]

    @property
    def automatic(self) -> list[Outcome]:
        """Outcomes that the machine gives."""
        return [o for o in self.outcomes if not o.check.by_hand]

    @property
    def total(self) -> float:
        """Points earned automatically."""
        return sum(o.points for o in self.automatic)

    @property
    def max_total(self) -> float:
        """Points that can be earned automatically."""
        return sum(o.check.points for o in self.automatic)

    @property
    def pending(self) -> float:
        """Points that a person gives: written work, and where the grader itself failed."""
        by_hand = sum(o.check.points for o in self.outcomes if o.check.by_hand and o.points)
        return by_hand + sum(o.check.points for o in self.automatic if o.status == "grader_error")

    def cells(self) -> dict[str, float]:
        """Points earned in each automatically graded cell."""
        earned: dict[str, float] = {}
        for o in self.automatic:
            earned[o.check.cell] = earned.get(o.check.cell, 0.0) + o.points
        return earned

    def steps(self) -> dict[str, tuple[float, float]]:
        """Points earned and possible in each step, automatic ones."""
        sums: dict[str, tuple[float, float]] = {}
        for o in self.automatic:
            earned, possible = sums.get(o.check.step, (0.0, 0.0))
            sums[o.check.step] = earned + o.points, possible + o.check.points
        return sums

    def findings(self) -> list[Outcome]:
        """What went wrong, most fundamental first: not what is blocked or not attempted yet."""
        wrong = [o for o in self.automatic if o.status in ("failed", "student_error")]
        return sorted(wrong, key=lambda o: (o.check.step, not o.message.finding))
