"""`nbgrader generate_assignment` and `nbgrader validate`, as an instructor runs them."""

from __future__ import annotations

import nbformat
import pytest
from nbgrader_course import REPOSITORY

from autograder.contract import ASSIGNMENT, NOTEBOOKS

pytestmark = pytest.mark.slow


def test_nbgrader_releases_what_the_build_wrote(released):
    ours = REPOSITORY / "assignments" / ASSIGNMENT
    assert {p.name: p.read_bytes() for p in released.iterdir()} == {
        p.name: p.read_bytes() for p in ours.iterdir() if not p.name.startswith(".")
    }


def test_only_the_six_notebooks_are_released(course, nbgrader, released):
    for name in ("answers.py", "user_artists.dat", "gradebook.db"):
        (course / "solutions" / ASSIGNMENT / name).write_text("not for students")
    try:
        nbgrader("generate_assignment", ASSIGNMENT)
    finally:
        for name in ("answers.py", "user_artists.dat", "gradebook.db"):
            (course / "solutions" / ASSIGNMENT / name).unlink()
    assert {p.name for p in released.iterdir()} == {f"{n}.ipynb" for n in NOTEBOOKS.values()}


@pytest.mark.parametrize("step", NOTEBOOKS)
def test_a_solution_validates(nbgrader, step):
    printed = nbgrader("validate", f"solutions/{ASSIGNMENT}/{NOTEBOOKS[step]}.ipynb")
    assert "Success! Your notebook passes all the tests." in printed


@pytest.mark.parametrize("step", NOTEBOOKS)
def test_a_blank_notebook_does_not(nbgrader, released, step):
    path = released / f"{NOTEBOOKS[step]}.ipynb"
    graded = [
        cell
        for cell in nbformat.read(path, as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    ]
    printed = nbgrader("validate", str(path))
    assert f"VALIDATION FAILED ON {len(graded)} CELL(S)!" in printed
