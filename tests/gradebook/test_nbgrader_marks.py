"""`nbgrader autograde`, `generate_feedback` and `export` on the sample class.

`autograder grade` grades the same notebooks on the same data: each graded cell has to get the same
points from both.
"""

from __future__ import annotations

import csv
import json
import sys

import nbformat
import pytest
from nbgrader_course import REPOSITORY, SAMPLE_CLASS, run, students

from autograder import rules
from autograder.contract import ASSIGNMENT, NOTEBOOKS

pytestmark = pytest.mark.slow
Marks = dict[str, dict[str, float]]  # student -> key of a graded cell -> points


def keys() -> dict[tuple[str, str], str]:
    """The key of each automatically graded cell, by notebook and cell id."""
    found = {}
    for name in NOTEBOOKS.values():
        path = REPOSITORY / "assignments" / ASSIGNMENT / f"{name}.ipynb"
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
                found[name, cell.id] = cell.source.split('"')[1]
    return found


@pytest.fixture(scope="module")
def by_nbgrader(autograded) -> Marks:
    from nbgrader.api import Gradebook

    key = keys()
    marks: Marks = {}
    with Gradebook(f"sqlite:///{autograded}") as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            marks[submission.student.id] = {
                key[notebook.name, grade.cell.name]: grade.auto_score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if (notebook.name, grade.cell.name) in key
            }
    return marks


@pytest.fixture(scope="module")
def by_us(tmp_path_factory) -> Marks:
    output = tmp_path_factory.mktemp("marks")
    command = "from autograder.cli import main; main()"
    run(
        *(sys.executable, "-c", command, "grade", str(SAMPLE_CLASS.parent)),
        *("--isolation", "basic", "--no-twin"),
        *("--output", str(output), "--data", "sample", "--jobs", "1"),
        cwd=output,
    )
    marks = json.loads((output / "marks.json").read_text(encoding="utf-8"))
    automatic = rules.points(by_hand=False)
    return {
        one["student"]: {key: score for key, score in one["cells"].items() if key in automatic}
        for one in marks["submissions"]
    }


def test_nbgrader_grades_every_cell_of_every_student(by_nbgrader):
    assert sorted(by_nbgrader) == students()
    for student, cells in by_nbgrader.items():
        assert set(cells) == set(rules.points(by_hand=False)), student


def test_the_points_are_those_of_the_checks(autograded):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{autograded}") as gradebook:
        assignment = gradebook.find_assignment(ASSIGNMENT)
        assert assignment.max_score == 100
        assert assignment.max_written_score == 10


REPAIRED = {("goran", "step6.test"), ("goran", "step6.auc")}  # an import of step 3, by ours


def test_both_graders_agree_cell_by_cell(by_nbgrader, by_us):
    different = [
        f"{student}, {key}: nbgrader {score}, autograder {by_us[student].get(key)}"
        for student, cells in by_nbgrader.items()
        for key, score in cells.items()
        if (student, key) not in REPAIRED
        and score != pytest.approx(by_us[student].get(key), abs=1e-6)
    ]
    assert by_nbgrader
    assert different == []


def test_the_marks_tell_the_students_apart(by_nbgrader):
    totals = [sum(cells.values()) for cells in by_nbgrader.values()]
    assert max(totals) == 90, "somebody has everything right"
    assert min(totals) == 0, "somebody handed in blank notebooks"
    assert len(set(totals)) > 3, "the others lie between"


def test_no_honest_warning_costs_points(autograded, course):
    """nbgrader gives 0 to a cell that printed to stderr: no graded cell of ours may do so."""
    for path in sorted((course / "autograded").glob(f"*/{ASSIGNMENT}/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
                kinds = {output.get("name", output.output_type) for output in cell.outputs}
                assert "stderr" not in kinds, f"{path.parent.parent.name}, {path.name}, {cell.id}"


def test_feedback_is_written_for_every_student(nbgrader, autograded, course):
    nbgrader("generate_feedback", ASSIGNMENT)
    pages = list((course / "feedback").glob(f"*/{ASSIGNMENT}/*.html"))
    assert {page.parent.parent.name for page in pages} == set(students())


def test_export_has_one_row_a_student(nbgrader, autograded, course, by_nbgrader):
    nbgrader("export", "--to", "grades.csv")
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert sorted(rows) == students()
    for student, row in rows.items():
        assert float(row["max_score"]) == 100
        assert float(row["score"]) == pytest.approx(sum(by_nbgrader[student].values()))


def test_no_submission_is_changed(autograded, course):
    copies = [path for path in (course / "submitted").rglob("*") if path.is_file()]
    assert copies
    for path in copies:
        assert (
            path.read_bytes()
            == (SAMPLE_CLASS / path.relative_to(course / "submitted")).read_bytes()
        )
