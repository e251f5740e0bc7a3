"""The six notebooks as the repository ships them: built, worth 100 points, without answers."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from autograder import authoring, rules
from autograder.authoring import leaks, source
from autograder.contract import ASSIGNMENT, NOTEBOOKS

REPOSITORY = Path(__file__).parents[2]


def book(folder: str, step: str) -> nbformat.NotebookNode:
    return nbformat.read(
        REPOSITORY / folder / ASSIGNMENT / f"{NOTEBOOKS[step]}.ipynb", as_version=4
    )


def graded(step: str) -> list[nbformat.NotebookNode]:
    return [
        c for c in book("assignments", step).cells if c.metadata.get("nbgrader", {}).get("grade")
    ]


def test_the_built_notebooks_are_what_the_sources_give():
    assert [str(drift) for drift in authoring.check(REPOSITORY)] == []


def test_the_points_are_those_of_the_checks_and_add_up_to_100():
    found = {}
    for step in NOTEBOOKS:
        for cell in graded(step):
            name = cell.source.split('"')[1] if cell.cell_type == "code" else f"{step}.{cell.id}"
            found[name] = cell.metadata.nbgrader.points
    assert found == rules.points()
    assert sum(found.values()) == 100
    assert sum(rules.points(by_hand=False).values()) == 90


@pytest.mark.parametrize("step", NOTEBOOKS)
def test_every_solution_cell_is_blank_and_has_a_check(step):
    cells = book("assignments", step).cells
    exercises = [c for c in cells if c.metadata.get("nbgrader", {}).get("solution")]
    for cell in exercises:
        if cell.cell_type == "code":
            assert (
                "# YOUR CODE HERE" in cell.source and "raise NotImplementedError()" in cell.source
            )
        else:
            assert "YOUR ANSWER HERE" in cell.source
    assert exercises
    names = {c.id for c in graded(step)}
    assert all(c.id in names or f"check_{c.id}" in names or c.id == "model" for c in exercises)


@pytest.mark.parametrize("step", NOTEBOOKS)
def test_students_and_solutions_have_the_same_cells(step):
    student, solution = book("assignments", step).cells, book("solutions", step).cells
    assert [c.id for c in student] == [c.id for c in solution]


def test_no_answer_stands_in_a_student_notebook():
    sources = {
        step: source.read(REPOSITORY / "solutions" / f"{name}.py", Path(f"{name}.py"))
        for step, name in NOTEBOOKS.items()
    }
    secrets = leaks.secrets(sources.values())
    assert len(secrets) > 20, "the search for leaks has something to search for"
    text = "\n".join(c.source for step in NOTEBOOKS for c in book("assignments", step).cells)
    lines = {line.split("  # ")[0].strip() for line in text.splitlines()}
    assert lines.isdisjoint(secrets)


@pytest.mark.parametrize("step", NOTEBOOKS)
def test_prose_comes_before_code_and_exercises_are_short(step):
    cells = source.read(
        REPOSITORY / "solutions" / f"{NOTEBOOKS[step]}.py", Path(f"{NOTEBOOKS[step]}.py")
    )
    assert [c.kind for c in cells[:2]] == ["markdown", "markdown"], "aim and idea come first"
    for cell in cells:
        if cell.role == "solution":
            for region in cell.text.split("### BEGIN SOLUTION")[1:]:
                lines = region.split("### END SOLUTION")[0].strip().splitlines()
                assert len(lines) <= 12, f"{cell.id}: at most 12 lines to write"
