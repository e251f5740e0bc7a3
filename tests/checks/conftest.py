"""A tiny data set of 40 users and 120 artists, and one course of solution notebooks on it.

Every test of this folder starts here; the data is made once a session, in a temporary folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from checks_course import Course

import course_data
from autograder.inside.randomness import one_thread


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The solution notebooks on tiny data, which `course_data.path()` finds too."""
    one_thread()
    folder: Path = tmp_path_factory.mktemp("tiny")
    course_data.generate(seed=7, n_users=40, n_artists=120, per_user=20).write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(folder))
        patch.setenv("MPLBACKEND", "agg")
        yield Course(course_data.path())
