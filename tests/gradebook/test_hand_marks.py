"""What a person gives counts and outlives every regrade; a slip is said by row and column."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder import course
from autograder.cli import app
from autograder.contract import STEPS
from autograder.gradebook import ExportError, doubts, hand, read_marks
from autograder.gradebook.hand import HandError
from autograder.gradebook.nbgrader_book import GivenThere
from autograder.grading.marks import Marks
from autograder.grading.submission import Graded
from autograder.reports import class_report, marks_folder
from autograder.reports.marks_folder import HandIn
from autograder.rules import catalogue, causes
from autograder.rules.diagnosis import Diagnosis, Finding
from autograder.rules.locate import Place
from autograder.rules.outcome import Outcome

HEAD = "student,test_auc,guessing,improvement,comment,override,reason\n"


def graded(student: str, not_passed: str = "", status: str = "failed", report: str = "") -> Graded:
    outcomes = [
        Outcome(check, status if not_passed and check.id.startswith(not_passed) else "passed")
        for check in catalogue()
    ]
    return Graded(student, Marks(tuple(outcomes)), report=report)


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["student"]: row for row in csv.DictReader(stream)}


def test_hand_marks_outlive_every_regrade(tmp_path: Path) -> None:
    class_report.write([graded("ada"), graded("bob", "step3")], tmp_path)
    hand.write(tmp_path, ["ada", "bob"])
    assert rows(tmp_path)["ada"]["total"] == "90" and rows(tmp_path)["ada"]["pending"] == "10"
    text = HEAD + 'ada,3,2.5,"3,5","Good, ""really""\nvery",,\nbob,3,3,4,=1+1,step3=12,ill\n'
    (tmp_path / "hand.csv").write_text(text)
    for names in (["ada", "bob"], ["bob"], ["ada"]):
        class_report.write([graded(n, "step3" if n == "bob" else "") for n in names], tmp_path)
        found = rows(tmp_path)
        assert found["ada"]["total"] == "99" and found["ada"]["max_total"] == "100"
        assert found["ada"]["report"] == "9" and found["ada"]["pending"] == "0"
        assert found["bob"]["total"] == "92" and found["bob"]["step3"] == "12"
    marks = {mark.student: mark for mark in read_marks(tmp_path)}
    assert "really" in marks["ada"].feedback and "ill" in marks["bob"].feedback
    hand.write(tmp_path, ["ada", "bob", "zoe"])
    again = hand.read(tmp_path)
    assert again["ada"].comment == 'Good, "really"\nvery' and again["bob"].comment == "=1+1"
    assert again["bob"].override == {"step3": 12} and again["zoe"].empty


def test_columns_of_ones_own_stay(tmp_path: Path) -> None:
    (tmp_path / "hand.csv").write_text("student;TA;test_auc\nada;Kim;3\n", encoding="utf-8-sig")
    hand.write(tmp_path, ["bob"])
    assert hand.read(tmp_path)["ada"].rest == {"ta": "Kim"}
    assert hand.read(tmp_path)["ada"].rubric == {"test_auc": 3}
    assert hand.read(tmp_path)["ada"].report is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ada,4,,,,,", "row 2, ada: test_auc: '4': expected a number from 0 to 3"),
        ("ada,x,,,,,", "row 2, ada: test_auc: 'x'"),
        ("ada,,,,,step3=9,", "row 2, ada: reason: empty: an override needs one"),
        ("ada,,,,,step3,why", "row 2, ada: override: 'step3': write such as"),
        ("ada,,,,,step3.split=7,why", "override: step3.split: '7': expected a number from 0 to 6"),
        ("ada,,,,,step6=11,why", "from 0 to 10"),
        ("ada,1,,,,,\nada,2,,,,,", "row 3: student: ada is in it twice"),
        (",1,,,,,", "row 2: student: nobody is named"),
    ],
)
def test_a_slip_is_said_by_row_and_column(tmp_path: Path, text: str, says: str) -> None:
    class_report.write([graded("ada")], tmp_path)
    (tmp_path / "hand.csv").write_text(HEAD + text + "\n")
    with pytest.raises(HandError) as error:
        hand.read(tmp_path)
    assert says in str(error.value)
    with pytest.raises(ExportError):
        read_marks(tmp_path)
    with pytest.raises(ExportError):
        class_report.write([graded("bob")], tmp_path)
    text = (tmp_path / "marks.json").read_text()
    assert {mark["student"] for mark in json.loads(text)["submissions"]} == {"ada", "bob"}


@pytest.mark.parametrize(
    ("override", "total", "pending"),
    [
        ("", 70, 30),
        ("step3.split=6", 76, 24),
        ("step3=20", 90, 10),
        ("step6.report=8", 78, 20),
        ("total=85", 85, 0),
        ("step3=20; step3.split=0", 84, 10),
        (f"{next(c.id for c in catalogue() if c.cell == 'step3.split' and c.points)}=0", 70, None),
    ],
)
def test_what_waits_is_decided_by_an_override(
    tmp_path: Path, override: str, total: float, pending: float | None
) -> None:
    class_report.write([graded("ada", "step3", "not_judged")], tmp_path)
    (tmp_path / "hand.csv").write_text(f"{HEAD}ada,,,,,{override},looked at it\n")
    (mark,) = read_marks(tmp_path)
    assert mark.total == total and mark.max_total == 100
    assert pending is None or mark.pending == pending
    assert pending is not None or mark.pending < 30


def test_late_work_costs_what_the_course_says(tmp_path: Path) -> None:
    path = tmp_path / "course.toml"
    path.write_text("[late]\ndue = 2026-03-01T12:00:00\nper_cent_a_day = 10\n")
    rules = course.read(path)
    times = {"ada": HandIn("2026-03-03 11:00", True), "bob": HandIn("2026-03-01 11:00")}
    class_report.write([graded("ada"), graded("bob")], tmp_path, rules, times)
    (tmp_path / "hand.csv").write_text(f"{HEAD}ada,3,3,4,,,\nbob,3,3,4,,,\n")
    class_report.write_table(tmp_path, rules)
    found = rows(tmp_path)
    assert (found["ada"]["total"], found["bob"]["total"]) == ("80", "100")
    assert found["ada"]["late"] == "2 days late: 20% off" and found["bob"]["late"] == ""
    path.write_text(path.read_text() + "[extensions]\nada = 1\n")
    assert {m.student: m.total for m in read_marks(tmp_path, course.read(path))} == {
        "ada": 90,
        "bob": 100,
    }


def only(student: str, *steps: str) -> Graded:
    record = graded(student, "step3")
    kept = tuple(o for o in record.marks.outcomes if o.check.step in steps)
    return Graded(student, Marks(kept))


def test_a_weekly_hand_in_keeps_the_steps_of_the_weeks_before(tmp_path: Path) -> None:
    class_report.write([only("ada", "step1", "step2")], tmp_path)
    (mark,) = read_marks(tmp_path)
    assert (mark.total, mark.max_total, list(mark.steps)) == (25, 25, ["step1", "step2"])
    class_report.write([only("ada", "step3", "step4")], tmp_path)
    class_report.write([only("ada", "step5", "step6")], tmp_path)
    (mark,) = read_marks(tmp_path)
    assert (mark.total, mark.max_total, mark.pending) == (70, 100, 10)
    assert len(mark.checks) == len(catalogue()) and list(mark.steps) == [
        f"step{n}" for n in range(1, 7)
    ]


def test_changes_and_states(tmp_path: Path) -> None:
    class_report.write([graded("ada", "step3.split"), graded("bob")], tmp_path)
    (tmp_path / "hand.csv").write_text(f"{HEAD}ada,3,3,4,,,\n")
    before: list[dict[str, Any]] = marks_folder.read(tmp_path)
    class_report.write([graded("ada")], tmp_path)
    lines = marks_folder.changes(before, marks_folder.read(tmp_path))
    assert lines == ["ada: 84 -> 90 (step3.split +6)"]
    (tmp_path / "hand.csv").unlink()
    (state,) = marks_folder.kept_states(tmp_path)
    marks_folder.restore(tmp_path, state)
    assert rows(tmp_path)["ada"]["total"] == "84"  # as the table was when the state was kept
    assert hand.read(tmp_path)["ada"].report == 10


def test_what_a_person_has_overruled_is_not_the_first_to_say(tmp_path: Path) -> None:
    cause = next(c for c in causes().values() if c.step == "step3")
    finding = Finding(cause.id, "step3", "the proof", Place(), True)
    record = replace(graded("ada", "step3"), diagnosis=Diagnosis((finding,), ()))
    class_report.write([record], tmp_path)
    (mark,) = read_marks(tmp_path)
    assert mark.first == f"{cause.title}: the proof"
    (tmp_path / "hand.csv").write_text(f"{HEAD}ada,,,,,step3=12,half right\n")
    (mark,) = read_marks(tmp_path)
    assert mark.first == f"{cause.title}: the proof"
    (tmp_path / "hand.csv").write_text(f"{HEAD}ada,,,,,step3=20,looked at\n")
    (mark,) = read_marks(tmp_path)
    assert "the proof" not in mark.first and "the proof" not in mark.feedback


def test_what_is_not_there_is_said_first(tmp_path: Path) -> None:
    blank = graded("bob", "step", "not_attempted")
    raised = replace(graded("eve", "step2", "not_attempted"), raised=(("step2", "NameError: G"),))
    class_report.write([graded("ada"), blank, raised, graded("zoe", "step4")], tmp_path)
    firsts = {mark.student: mark.first for mark in read_marks(tmp_path)}
    steps = ", ".join(STEPS)
    assert firsts["ada"] == "" and firsts["bob"] == f"not attempted: {steps}"
    assert firsts["eve"] == "step2: NameError: G" and firsts["zoe"].startswith("step4: ")


def test_late_by_nobody_knows_how_much_is_said_before_marks_go_out(tmp_path: Path) -> None:
    rules = course.Course(late=course.Late(per_cent_a_day=10))
    class_report.write([graded("ada"), graded("bob")], tmp_path, rules, {"bob": HandIn("", True)})
    marks = read_marks(tmp_path, rules)
    assert doubts(marks, tmp_path, rules) == [
        "Late, and the LMS does not say by how much: bob: nothing is taken off"
    ]


REPORT, CELL = "step6.report", "step3.mapping"


def brought(
    text: str, points: dict[str, float], comment: str = ""
) -> tuple[hand.HandMark, list[str]]:
    """What becomes of a row of hand.csv, and what could not go in."""
    return hand.bring(row(text), points, comment, "formgrader")


def row(text: str) -> hand.HandMark:
    with tempfile.TemporaryDirectory() as folder:
        header = HEAD.strip() + ",formgrader,formgrader comment\n"
        (Path(folder) / "hand.csv").write_text(f"{header}{text}\n")
        return hand.read(Path(folder))["ada"]


def test_marks_of_formgrader_come_in_and_follow_it() -> None:
    mark, kept = brought("ada,,,,,,,,", {REPORT: 8.5, CELL: 6}, "Well argued.")
    assert (
        not kept
        and mark.override == {REPORT: 8.5, CELL: 6}
        and mark.reason == "marked in formgrader"
    )
    assert mark.comment == "Well argued."
    assert hand.bring(mark, {REPORT: 8.5, CELL: 6}, "Well argued.", "formgrader") == (mark, [])
    mark, kept = hand.bring(mark, {REPORT: 9}, "Better.", "formgrader")  # changed and taken back
    assert not kept and mark.override == {REPORT: 9} and mark.comment == "Better."
    mark, kept = hand.bring(mark, {}, "", "formgrader")
    assert not kept and not mark.override and mark.empty


@pytest.mark.parametrize(
    ("text", "points", "says"),
    [
        ("ada,3,3,4,,,,,", {REPORT: 8.5}, "step6.report is 10 here and 8.5 in formgrader"),
        ("ada,,,,,step3.mapping=2,why,,", {CELL: 6}, "step3.mapping is 2 here and 6 in formgrader"),
        (
            "ada,,,,,step3.mapping=2,why,step3.mapping=5,",
            {CELL: 6},
            "step3.mapping is 2 here and 6 in formgrader",
        ),
        ("ada,,,,,,,,", {REPORT: 12}, "step6.report is 12 in formgrader, of 10"),
    ],
)
def test_what_stands_in_hand_csv_is_not_written_over(
    text: str, points: dict[str, float], says: str
) -> None:
    mark, kept = brought(text, points)
    assert kept == [says]
    assert (mark.override, mark.rubric) == (row(text).override, row(text).rubric)
    same, kept = brought("ada,3,3,4,,,,,", {REPORT: 10})  # typed by two persons
    assert not kept and same == row("ada,3,3,4,,,,,")
    mark, kept = brought("ada,,,,My own words,,,,Old words", {}, "New words")
    assert mark.comment == "My own words" and kept[0].startswith("there is a comment here")


def test_formgraders_marks_reach_every_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_report.write([graded("ada", report="0.8"), graded("bob")], tmp_path)
    given = {"ada": GivenThere({REPORT: 8.5}, {REPORT: "Fine.", CELL: "Why?"}, 1.0)}
    given |= {"bob": GivenThere(), "gone": GivenThere({REPORT: 3.0})}
    monkeypatch.setattr("autograder.gradebook.nbgrader_book.given", lambda root: given)
    command = ["gradebook", "--from", "nbgrader", "--marks", str(tmp_path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "Not in these marks (1):\n  gone\n" in result.output
    assert rows(tmp_path)["ada"]["report"] == "8.5" and rows(tmp_path)["ada"]["total"] == "98.5"
    assert rows(tmp_path)["ada"]["comment"] == "Fine. step3.mapping: Why?; marked in formgrader"
    assert rows(tmp_path)["bob"]["total"] == "90"
    class_report.write([graded("ada", "step3")], tmp_path)  # a regrade
    assert rows(tmp_path)["ada"]["total"] == "78.5"
