"""The pytest plugin behind every check: gives the tests evidence and truth, collects outcomes.

`autograder.marks` runs it in process; `pytest --submission FILE` runs the same checks by hand.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.checks import Check
from autograder.checks.teaching import Blocked, Message, NotPassed
from autograder.evidence import Evidence
from autograder.truth import Truth, truth

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Outcome:
    """What one check came to. `points` are those earned, of `check.points`."""

    check: Check
    status: str  # passed, failed, not_attempted, student_error, blocked, grader_error
    message: Message = field(default_factory=Message)

    @property
    def points(self) -> float:
        """Points earned: all or none."""
        return self.check.points if self.status == "passed" else 0.0


class Judge:
    """Hands evidence to the checks, keeps those of the wanted cells, and notes each outcome."""

    def __init__(
        self,
        evidence: Evidence,
        truth: Truth,
        wanted: Iterable[str] | None = None,
        numbered: bool = False,
    ) -> None:
        self.evidence, self.truth, self.numbered = evidence, truth, numbered
        self._wanted = None if wanted is None else set(wanted)
        self.outcomes: dict[str, Outcome] = {}

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
            self.outcomes[entry.id] = Outcome(entry, problem.status, problem.message)
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


JUDGE = pytest.StashKey[Judge]()


def entry_of(item: pytest.Item) -> Check | None:
    """The check behind a test, if it is one."""
    mark = item.get_closest_marker("check")
    return mark.args[0] if mark and mark.args and isinstance(mark.args[0], Check) else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--submission FILE` and `--submission-data DATA`."""
    group = parser.getgroup("gnn_autograder", "grading one submission of the GNN recommender kit")
    group.addoption("--submission", metavar="FILE", help="a notebook, or a folder of notebooks")
    group.addoption(
        "--submission-data", metavar="DATA", default=None, help="sample, lastfm or a file"
    )


def pytest_configure(config: pytest.Config) -> None:
    """With `--submission`, run the notebook and judge it instead of the project's own tests."""
    config.addinivalue_line("markers", "check(entry): points, title and cell of a check")
    chosen = config.getoption("--submission", default=None)
    if not chosen:
        return
    from autograder.grading import observe_submission  # heavy: only for this option
    from autograder.submission import SubmissionError

    try:
        evidence, data, steps, numbered = observe_submission(
            Path(chosen), config.getoption("--submission-data")
        )
    except SubmissionError as error:
        raise pytest.UsageError(str(error)) from None
    judge = Judge(evidence, truth(data), steps, numbered)
    config.pluginmanager.register(judge, "gnn_judge")
    config.args[:] = sorted(str(path) for path in FOLDER.glob("step*.py"))
