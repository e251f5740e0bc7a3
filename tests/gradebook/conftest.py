"""One course folder for nbgrader, made once: the repository's settings, notebooks and class."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader_course import REPOSITORY, SAMPLE_CLASS, run, students

from autograder.contract import ASSIGNMENT


@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Path:
    """Settings, solution notebooks beside their sources, and the sample class."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    shutil.copytree(REPOSITORY / "solutions", root / "solutions")
    for student in students():
        shutil.copytree(SAMPLE_CLASS / student, root / "submitted" / student)
    return root


@pytest.fixture(scope="session")
def nbgrader(course) -> Callable[..., str]:
    """`nbgrader ...` in the course's folder."""

    def command(*arguments: str) -> str:
        return run(sys.executable, "-m", "nbgrader", *arguments, cwd=course)

    return command


@pytest.fixture(scope="session")
def released(course, nbgrader) -> Path:
    """The folder of the student notebooks, after `nbgrader generate_assignment`."""
    nbgrader("generate_assignment", ASSIGNMENT)
    return course / "assignments" / ASSIGNMENT


@pytest.fixture(scope="session")
def autograded(course, nbgrader, released) -> Path:
    """The course's database, after `nbgrader autograde` on the sample class."""
    nbgrader("autograde", ASSIGNMENT)
    return course / "gradebook.db"
