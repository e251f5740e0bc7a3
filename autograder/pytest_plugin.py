"""The pytest plugin: `pytest --submission FILE` runs the checks on one submission, by hand."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import course_data  # noqa: F401  (now: a conftest may put a folder of this name on the path)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--submission FILE`, and what data and isolation to use for it."""
    group = parser.getgroup("gnn_autograder", "grading one submission of the GNN recommender kit")
    group.addoption("--submission", metavar="FILE", help="a notebook, or a folder of notebooks")
    group.addoption(
        "--submission-data", metavar="DATA", default=None, help="sample, lastfm or a file"
    )
    group.addoption(
        "--submission-isolation",
        choices=("full", "basic"),
        default=None,
        help="by default full (bubblewrap) where it can be had",
    )


def pytest_configure(config: pytest.Config) -> None:
    """With `--submission`, run the notebook and judge it instead of the project's own tests."""
    config.addinivalue_line("markers", "check(entry): points, title and cell of a check")
    chosen = config.getoption("--submission", default=None)
    if not chosen:
        return
    from autograder.grading.bench import JudgeError
    from autograder.grading.submission import Options, observe_submission  # only for this option
    from autograder.handin.submission import SubmissionError
    from autograder.rules.judge import FOLDER, Judge
    from autograder.truth import truth
    from autograder.wall import isolation
    from autograder.wall.sandbox import SandboxError

    mode, line = isolation.chosen(config.getoption("--submission-isolation"))
    options = Options(config.getoption("--submission-data"), isolation=mode)
    try:
        found = observe_submission(Path(chosen), options)
    except (SubmissionError, SandboxError, JudgeError) as error:
        raise pytest.UsageError(str(error)) from None
    judge = Judge(found.evidence, truth(found.data), found.steps, found.numbered)
    config.pluginmanager.register(judge, "gnn_judge")
    config.pluginmanager.register(_OnlyChecks(FOLDER, [line, *found.said]), "gnn_checks")
    config.args[:] = sorted(str(path) for path in FOLDER.glob("step*.py"))


class _OnlyChecks:
    """Lets pytest collect functions of the files of checks, and says how they were fed."""

    def __init__(self, folder: Path, said: list[str]) -> None:
        self.folder, self.said = folder, said

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Collector, name: str, obj: object
    ) -> list[pytest.Item] | None:
        """Leave classes alone: evidence is imported there, and some of it is called `Testing`."""
        inside = collector.path.parent == self.folder
        return [] if inside and inspect.isclass(obj) else None

    def pytest_report_header(self) -> list[str]:
        """The isolation, the flags, the notes."""
        from autograder.printing import one_line

        return [one_line(line, 300) for line in self.said]
