"""Evidence to outcomes: runs the checks as pytest tests, and names what made each of them fail.

The grader, the check cells of the notebooks and `pytest --submission` judge through here.
"""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.contract import EXERCISES
from autograder.evidence.schema import Evidence
from autograder.inside.randomness import one_thread
from autograder.rules import catalogue
from autograder.rules.cause import Case, Cause
from autograder.rules.outcome import WRONG, Check, Message, Outcome, Proof
from autograder.rules.teaching import Blocked, NotPassed
from autograder.rules.worked_out import worked_out
from autograder.truth import Truth

FOLDER = Path(__file__).parent
LAST_RUN = "Mend the exception first, and run the cell again."


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


class Judge:
    """Hands evidence to the checks, keeps those of the wanted cells, and notes each outcome."""

    def __init__(
        self,
        evidence: Evidence,
        truth: Truth,
        wanted: Iterable[str] | None = None,
        numbered: bool = False,
    ) -> None:
        evidence = worked_out(evidence, truth)
        self.evidence, self.truth, self.numbered = evidence, truth, numbered
        self._wanted = None if wanted is None else set(wanted)
        self.outcomes: dict[str, Outcome] = {}
        self.case = Case(evidence, truth, self.outcomes)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Be found by the fixtures `evidence` and `truth`."""
        config.stash[JUDGE] = self

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks of the wanted cells or steps."""
        items[:] = [item for item in items if self.keeps(entry_of(item))]

    def keeps(self, entry: Check | None) -> bool:
        """Whether this is a check of a wanted cell or step."""
        if entry is None:
            return False
        return self._wanted is None or bool({entry.cell, entry.step} & self._wanted)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo
    ) -> Generator[None, Any, Any]:
        """Turn what a check raised into an outcome; anything unforeseen is the grader's error."""
        report = yield
        entry = entry_of(item)
        if entry is None or (call.excinfo is None and call.when != "call"):
            return report
        if call.excinfo is None:
            self.outcomes[entry.id] = Outcome(entry, "passed")
        elif isinstance(call.excinfo.value, NotPassed):
            problem = call.excinfo.value
            outcome = Outcome(
                entry,
                problem.status,
                self._of_the_last_run(entry, problem.message),
                waits_for=problem.waits_for,
                reached=problem.reached,
                behind=problem.behind,
            )
            wrong = problem.status in WRONG
            self.outcomes[entry.id] = self._with_proof(outcome, item) if wrong else outcome
            report.when = "call"  # a fixture that finds nothing is a failed check, no error of ours
            report.longrepr = f"{entry.title}: {problem.status}\n{problem}"
            if isinstance(problem, Blocked):
                report.outcome = "skipped"
                report.longrepr = (str(item.path), item.location[1], f"blocked: {problem}")
        else:
            error = f"{type(call.excinfo.value).__name__}: {call.excinfo.value}"
            message = Message(got=error[:400], next="This is a fault of the grader; tell your TA.")
            self.outcomes[entry.id] = Outcome(entry, "grader_error", message)
        return report

    def _of_the_last_run(self, entry: Check, message: Message) -> Message:
        """The message; where what was judged is older than the last run of its cell, it says so."""
        step = getattr(self.evidence, entry.step)
        exercise = EXERCISES.get(entry.cell)
        for field in exercise.evidence if exercise and step is not None else ():
            error = getattr(getattr(step, field), "stale", None)
            if error is not None and message.expected and str(error) not in message.got:
                got = f"{message.got}. This is of values from before: the last run raised {error}"
                return replace(message, got=got, next=f"{LAST_RUN} {message.next}")
        return message

    def _with_proof(self, outcome: Outcome, item: pytest.Item) -> Outcome:
        """The outcome of a check that failed, with the first cause for which there is a proof."""
        mark = item.get_closest_marker("check")
        causes: tuple[Cause, ...] = mark.args[1] if mark else ()
        faults: list[str] = []
        for cause in causes:
            try:
                text = cause.found(self.case)
            except Exception as error:  # it costs this cause, and is said
                faults.append(f"{cause.id}: {type(error).__name__}: {error}")
                continue
            if text:
                proof = Proof(cause.id, text)
                message = outcome.message
                if outcome.behind and outcome.behind != cause.id:  # the proof knows better
                    message = replace(message, next=cause.hints[-1])
                return replace(outcome, message=message, proof=proof, fault="; ".join(faults))
        return replace(outcome, fault="; ".join(faults))


JUDGE = pytest.StashKey[Judge]()


def entry_of(item: pytest.Item) -> Check | None:
    """The check behind a test, if it is one."""
    mark = item.get_closest_marker("check")
    return mark.args[0] if mark and mark.args and isinstance(mark.args[0], Check) else None
