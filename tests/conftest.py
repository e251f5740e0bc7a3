"""Fixtures that the tests of several folders share; what they import, they import when used."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from checks_course import Course

with contextlib.suppress(ImportError):
    import setuptools  # noqa: F401  # nbgrader needs it, and it refuses to come after distutils


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The solution notebooks on tiny data of 40 users and 120 artists, made once a session.

    `course_data.path()` finds it too.
    """
    from checks_course import Course

    import course_data
    from autograder.inside.randomness import one_thread

    one_thread()
    folder: Path = tmp_path_factory.mktemp("tiny")
    course_data.generate(seed=7, n_users=40, n_artists=120, per_user=20).write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(folder))
        patch.setenv("MPLBACKEND", "agg")
        yield Course(course_data.path())


@pytest.fixture
def on_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample, whatever other tests of this session have chosen."""
    monkeypatch.delenv("COURSE_DATA", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write(name, steps)` writes a free-form notebook: a heading and a code cell for each step."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    def write_notebook(name: str, steps: dict[int, str], headings: bool = True) -> Path:
        cells = []
        for step, source in steps.items():
            if headings:
                cells.append(new_markdown_cell(f"#### **Step {step}: as asked**"))
            cells.append(new_code_cell(source))
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return write_notebook
