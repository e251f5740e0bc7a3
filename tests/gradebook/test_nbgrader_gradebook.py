"""Marks of `autograder grade` in nbgrader's gradebook, with the real nbgrader around them."""

from __future__ import annotations

import csv
import json
import random
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import OUTPUT, browser
from formgrader import enter, formgrader, open_notebook
from nbgrader_course import REPOSITORY, SAMPLE_CLASS, environment, run
from typer.testing import CliRunner

from autograder.cli import app
from autograder.contract import ASSIGNMENT, EXERCISES, NOTEBOOKS
from autograder.desk import one_notebook
from autograder.gradebook import ExportError, read_marks
from autograder.grading.executed import executed
from autograder.grading.marks import Marks
from autograder.grading.submission import Graded
from autograder.handin.submission import load
from autograder.reports import class_report
from autograder.rules import catalogue
from autograder.rules.outcome import Message, Outcome

STUDENTS = ("ada", "hana")  # six notebooks, and a whole project in one


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course that nbgrader knows."""
    folder: Path = tmp_path_factory.mktemp("nbgrader")
    shutil.copy(REPOSITORY / "nbgrader_config.py", folder)
    shutil.copytree(REPOSITORY / "solutions", folder / "solutions")
    run(sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, cwd=folder)
    return folder


def graded(student: str, seed: int, work: Path | None = None) -> Graded:
    """A record with points that the seed draws, and the copies of the student's own notebooks."""
    draw = random.Random(f"{student} {seed}")
    outcomes = []
    for check in catalogue():
        status = "passed" if check.by_hand else draw.choice(["passed", "passed", "failed"])
        message = (
            Message("x", "<b>1</b>", "2", "because", "look") if status == "failed" else Message()
        )
        outcomes.append(Outcome(check, status, message))
    copies = executed(load(work or SAMPLE_CLASS / student), [])
    return replace(
        Graded(student, Marks(tuple(outcomes))), executed=copies, report="0.8, of course."
    )


def put(root: Path, seed: int, work: dict[str, Path] | None = None) -> dict[str, dict[str, float]]:
    """Grade, fill the gradebook, and say what each cell should have."""
    marks = root / "marks"
    records = [graded(student, seed, path) for student, path in (work or {}).items()]
    records = records or [graded(student, seed) for student in STUDENTS]
    class_report.write(records, marks)
    for record in records:
        class_report.write_executed(record, marks)
    command = ["gradebook", "--to", "nbgrader", "--marks", str(marks), "--root", str(root)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing that an instructor cannot do anything about
        result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, (result.output, result.exception)
    place = root / "autograded" / "STUDENT" / ASSIGNMENT
    assert f"the gradebook, and {place}" in result.output.replace("\n", "")
    return {record.student: record.marks.cells() for record in records}


def bring(root: Path) -> str:
    command = ["gradebook", "--from", "nbgrader", "--marks", str(root / "marks")]
    result = CliRunner().invoke(app, [*command, "--root", str(root)])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def scores(root: Path) -> dict[str, dict[str, float | None]]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        return {
            student: {
                f"{notebook.name[:5]}.{grade.cell.name.removeprefix('check_')}": grade.auto_score
                for notebook in book.find_submission(ASSIGNMENT, student).notebooks
                for grade in notebook.grades
            }
            for student in STUDENTS
        }


@pytest.mark.slow
def test_nbgrader_stays_the_gradebook(root: Path) -> None:
    from nbgrader.api import Gradebook

    due = put(root, 1)
    for student, cells in scores(root).items():
        assert cells.keys() == EXERCISES.keys()
        assert {key: value for key, value in cells.items() if key != "step6.report"} == due[student]
        assert cells["step6.report"] is None
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:  # as formgrader does
        report = book.find_grade("report", NOTEBOOKS["step6"], ASSIGNMENT, "ada")
        assert report.needs_manual_grade
        report.manual_score, report.extra_credit = 8.5, 1.0
        report.needs_manual_grade = False
        comment = book.find_comment("mapping", NOTEBOOKS["step3"], ASSIGNMENT, "hana")
        comment.manual_comment = "Well argued."
        book.db.commit()
    due = put(root, 2)
    twice = put(root, 2)
    assert due == twice
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        report = book.find_grade("report", NOTEBOOKS["step6"], ASSIGNMENT, "ada")
        assert (report.manual_score, report.extra_credit) == (8.5, 1.0)
        assert not report.needs_manual_grade
        comment = book.find_comment("mapping", NOTEBOOKS["step3"], ASSIGNMENT, "hana")
        assert comment.comment == "Well argued."
        total = book.find_submission(ASSIGNMENT, "ada").score
        assert total == pytest.approx(sum(due["ada"].values()) + 9.5)
    said = bring(root)
    marks = {mark.student: mark for mark in read_marks(root / "marks")}
    assert marks["ada"].total == sum(due["ada"].values()) + 8.5 and not marks["ada"].report_waits
    assert marks["hana"].hand and marks["hana"].hand.comment == "step3.mapping: Well argued."
    assert "ada: by hand nothing -> step6.report=8.5" in said
    assert "Extra credit, which stays in nbgrader only (1):\n  ada: 1" in said
    assert "Brought" not in bring(root)  # twice is once
    run(sys.executable, "-m", "nbgrader", "generate_feedback", ASSIGNMENT, cwd=root)
    for student in STUDENTS:
        found = sorted((root / "feedback" / student / ASSIGNMENT).glob("*.html"))
        assert [path.stem for path in found] == sorted(NOTEBOOKS.values())
        text = found[2].read_text(encoding="utf-8")
        assert "step3.mapping: " in text and "<b>1</b>" not in text
    assert "Well argued." in (
        root / "feedback" / "hana" / ASSIGNMENT / f"{NOTEBOOKS['step3']}.html"
    ).read_text(encoding="utf-8")
    run(sys.executable, "-m", "nbgrader", "export", cwd=root)
    with (root / "grades.csv").open(encoding="utf-8") as stream:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(stream)}
    assert exported["ada"] == pytest.approx(total)
    hana = json.loads((root / "autograded/hana" / ASSIGNMENT / "step4_model.ipynb").read_text())
    assert any("class" in "".join(cell["source"]) for cell in hana["cells"])


@pytest.mark.slow
def test_a_mark_given_in_formgrader_outlives_a_regrade(root: Path, tmp_path: Path) -> None:
    """For six notebooks, for the one that `autograder join` makes of them, and a free-form one."""
    joined = tmp_path / "joined" / ASSIGNMENT / one_notebook.JOINED
    joined.parent.mkdir(parents=True)
    one_notebook.write(one_notebook.join(SAMPLE_CLASS / "ada" / ASSIGNMENT), joined)
    work = {"six": SAMPLE_CLASS / "emmy", "joined": tmp_path / "joined"}
    work["free"] = SAMPLE_CLASS / "hana"
    words = {"six": "on the sample", "joined": "I quote the right column", "free": "of course."}
    report, mapping = NOTEBOOKS["step6"], NOTEBOOKS["step3"]
    put(root, 1, work)
    with formgrader(root, tmp_path / "jupyter") as address, browser() as chromium:
        for student in work:
            page = open_notebook(chromium, address, student, report)
            cell = page.locator(".nbgrader_cell", has=page.locator("#report"))
            assert words[student] in cell.inner_text()
            assert "needs_manual_grade" in (page.locator("#report").get_attribute("class") or "")
            assert page.locator("#report").input_value() == ""
            enter(page, "report", "8.5")
            enter(page, "report-comment", f"Well argued, {student}.")
            OUTPUT.mkdir(exist_ok=True)
            page.screenshot(path=OUTPUT / f"formgrader-{student}.png", full_page=True)
            page.close()
        due = put(root, 2, work)
        for student in work:
            page = open_notebook(chromium, address, student, report)
            assert page.locator("#report").input_value() == "8.5"
            assert page.locator("#report-comment").input_value() == f"Well argued, {student}."
            look = page.locator("#report").get_attribute("class") or ""
            assert "needs_manual_grade" not in look
            page.close()
            page = open_notebook(chromium, address, student, mapping)
            score = page.locator("#check_mapping").get_attribute("placeholder")
            assert float(score or "nan") == due[student]["step3.mapping"], "of the regrade"
            page.close()


def test_a_course_that_nbgrader_does_not_know_is_one_line(tmp_path: Path) -> None:
    class_report.write([graded("ada", 1)], tmp_path / "marks")
    command = ["gradebook", "--marks", str(tmp_path / "marks"), "--root", str(tmp_path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert f"run nbgrader generate_assignment {ASSIGNMENT} there first" in result.output
    assert not (tmp_path / "gradebook.db").exists()


@pytest.mark.parametrize("way", ["--to", "--from"])
def test_two_who_write_at_once_are_one_line(tmp_path: Path, way: str) -> None:
    """The lock of the one keeps the other out, and is taken away by the one only."""
    from autograder.gradebook.nbgrader_book import LOCK, _alone

    with _alone(tmp_path):
        with (
            pytest.raises(ExportError, match=rf"{LOCK}: another command is writing"),
            _alone(tmp_path),
        ):
            raise AssertionError("both write")
        assert (tmp_path / LOCK).is_file()
    assert not (tmp_path / LOCK).exists()
    with pytest.raises(ValueError, match="in the middle"), _alone(tmp_path):
        raise ValueError("in the middle")
    assert not (tmp_path / LOCK).exists()
    command = ["gradebook", way, "nbgrader", "--marks", str(tmp_path), "--root", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 2  # neither marks nor a course


@pytest.mark.slow
def test_autograde_before_generate_assignment_is_one_line(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "nbgrader_config.py", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "run nbgrader generate_assignment gnn_recommender first" in done.stderr
