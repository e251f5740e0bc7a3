"""The pytest plugin: `pytest --submission FILE` runs the checks on one submission, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest


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
    from autograder.grading.submission import observe_submission  # heavy: only for this option
    from autograder.handin.submission import SubmissionError
    from autograder.rules.judge import FOLDER, Judge
    from autograder.truth import truth

    try:
        evidence, data, steps, numbered = observe_submission(
            Path(chosen), config.getoption("--submission-data")
        )
    except SubmissionError as error:
        raise pytest.UsageError(str(error)) from None
    judge = Judge(evidence, truth(data), steps, numbered)
    config.pluginmanager.register(judge, "gnn_judge")
    config.args[:] = sorted(str(path) for path in FOLDER.glob("step*.py"))
