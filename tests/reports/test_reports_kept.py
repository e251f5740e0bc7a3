"""Marks are never destroyed: who is not graded now stays, and what was there can be had back."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading.marks import Marks
from autograder.grading.records import Records
from autograder.grading.submission import Graded
from autograder.handin.submission import Submission
from autograder.reports import class_report, marks_folder
from autograder.rules import catalogue
from autograder.rules.outcome import Outcome


def graded(student: str, status: str = "passed") -> Graded:
    return Graded(student, Marks(tuple(Outcome(check, status) for check in catalogue())))


def totals(folder: Path) -> dict[str, float]:
    marks = json.loads((folder / "marks.json").read_text(encoding="utf-8"))["submissions"]
    with (folder / "marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {row["student"]: float(row["total"]) for row in csv.DictReader(stream)}
    assert rows == {mark["student"]: mark["total"] for mark in marks}
    return rows


CLASS = ["ada", "bob", "cleo"]
NOBODY = 65534  # the user who owns nothing


@pytest.mark.parametrize("again", [["bob"], ["zoe"], ["bob", "zoe"], []])
def test_who_is_not_graded_now_stays(tmp_path: Path, again: list[str]) -> None:
    class_report.write([graded(name) for name in CLASS], tmp_path, seed=1)
    before = totals(tmp_path)
    now = [graded(name, "failed") for name in again]
    class_report.write(now, tmp_path, seed=2)
    assert totals(tmp_path) == before | dict.fromkeys(again, 0.0)
    assert class_report.others(now, tmp_path) == [name for name in CLASS if name not in again]
    marks = json.loads((tmp_path / "marks.json").read_text(encoding="utf-8"))
    seeds = {mark["student"]: mark["graded_with"]["seed"] for mark in marks["submissions"]}
    assert seeds == dict.fromkeys(CLASS, 1) | dict.fromkeys(again, 2)


def test_the_last_ten_states_can_be_had_back(tmp_path: Path) -> None:
    for number in range(15):
        class_report.write([graded(f"s{number:02}")], tmp_path)
    states = sorted((tmp_path / marks_folder.STATES).iterdir(), key=lambda p: len(totals(p)))
    assert [len(totals(state)) for state in states] == list(range(5, 15))
    class_report.write([graded("s14")], tmp_path)  # nothing new: no state more
    assert len(list((tmp_path / marks_folder.STATES).iterdir())) == 10


def test_hand_marks_that_a_state_lacks_become_a_state(tmp_path: Path) -> None:
    class_report.write([graded("ada")], tmp_path)
    class_report.write([graded("bob")], tmp_path)
    (state,) = marks_folder.kept_states(tmp_path)
    marks_folder.restore(tmp_path, state)
    (tmp_path / "hand.csv").write_text("student,report,comment\nada,9,fine\n")
    marks_folder.restore(tmp_path, state)  # marks are as they are: only the hand marks go
    assert not (tmp_path / "hand.csv").exists()
    kept = [path / "hand.csv" for path in marks_folder.kept_states(tmp_path)]
    assert [path.read_text() for path in kept if path.is_file()] == [
        "student,report,comment\nada,9,fine\n"
    ]


def lines_of(*command: object) -> list[str]:
    result = CliRunner().invoke(app, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_what_restore_takes_back_is_said(tmp_path: Path) -> None:
    head = "student,test_auc,guessing,improvement,comment,override,reason\n"
    class_report.write([graded("ada"), graded("bob")], tmp_path)
    (tmp_path / "hand.csv").write_text(f"{head}ada,3,3,4,Fine,,\n")
    class_report.write([graded("cleo"), graded("bob", "failed")], tmp_path)
    (tmp_path / "hand.csv").write_text(f"{head}ada,1,3,4,Fine,,\nbob,,,,,total=50,ill\n")
    (state,) = marks_folder.kept_states(tmp_path)
    back = lines_of("restore", state.name, "--marks", tmp_path)
    assert back[0].startswith("bob: 0 -> 90 (step1.load +7") and back[1:-1] == [
        "cleo: gone, had 90",
        'ada: by hand test_auc 1, guessing 3, improvement 4, "Fine" -> '
        'test_auc 3, guessing 3, improvement 4, "Fine"',
        "bob: by hand total=50 -> nothing",
    ]
    (taken_back, *_) = marks_folder.kept_states(tmp_path)
    again = lines_of("restore", taken_back.name, "--marks", tmp_path)
    assert "cleo: new, 90" in again and "bob: by hand nothing -> total=50" in again


def test_the_first_marks_make_nobody_new() -> None:
    marks = [class_report.as_dict(graded(name)) for name in CLASS]
    assert marks_folder.changes([], marks) == [] == marks_folder.changes(marks, marks)
    assert marks_folder.changes(marks[1:], marks) == ["ada: new, 90"]


HandIn = marks_folder.HandIn
ONE = HandIn(name="Liam O'Brien", source="/a/liam")


@pytest.mark.parametrize(
    ("before", "now", "another"),
    [
        (ONE, ONE, False),
        (ONE, HandIn(name="O'Brien, Liam", source="/b/liam"), False),  # collected elsewhere
        (ONE, HandIn(name="Liam Neeson", source="/a/liam"), True),
        (HandIn(source="/a/liam"), HandIn(source="/a/liam"), False),
        (HandIn(source="/a/liam"), HandIn(source="/b/liam"), True),
        (HandIn(source="/a/liam.ipynb"), HandIn(source="/a/liam"), False),
        (HandIn(name="liam", source="/a/liam"), HandIn(name="liam", source="/b/liam"), True),
        (HandIn(), HandIn(source="/b/liam"), False),  # of an earlier release
    ],
)
def test_two_of_one_name_never_share_a_row(
    before: HandIn, now: HandIn, another: bool, tmp_path: Path
) -> None:
    class_report.write([graded("liam")], tmp_path, handed_in={"liam": before})
    found = marks_folder.namesakes(marks_folder.read(tmp_path), {"liam": now, "zoe": now})
    assert bool(found) == another and len(found) <= 1


def test_grade_refuses_another_student_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade_all(submissions: list[Submission], *_: object) -> list[Graded]:
        return [graded(submission.student) for submission in submissions]

    monkeypatch.setattr("autograder.grading.whole_class.grade", grade_all)
    monkeypatch.chdir(tmp_path)
    for place in ("one/liam", "other/liam"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "step1_data_loading.ipynb").write_text("{}")
    options = ("--output", "marks", "--isolation", "basic", "--no-twin")
    lines_of("grade", "one", *options)
    lines_of("grade", "one", *options)  # once more is the same student
    lines_of("grade", "one/liam", *options)
    assert list(totals(tmp_path / "marks")) == ["liam"]  # and no student called as the step
    kept = (tmp_path / "marks/marks.json").read_bytes()
    refused = CliRunner().invoke(app, ["grade", "other", *options])
    (line,) = refused.output.strip().splitlines()
    assert refused.exit_code == 2 and line.startswith("autograder: liam: the marks are of ")
    assert "one/liam, and this is " in line and "or say --same-students" in line
    assert (tmp_path / "marks/marks.json").read_bytes() == kept
    lines_of("grade", "other", *options, "--same-students")
    lines_of("grade", "other", *options)


@pytest.mark.parametrize("content", ["{", "[]", '{"submissions": [{"student": 3}]}', ""])
def test_a_file_that_is_none_of_ours_is_kept_too(tmp_path: Path, content: str) -> None:
    (tmp_path / "marks.json").write_text(content)
    (tmp_path / "marks.csv").write_text("typed in by hand")
    class_report.write([graded("ada")], tmp_path)
    assert list(totals(tmp_path)) == ["ada"]
    (state,) = (tmp_path / marks_folder.STATES).iterdir()
    assert (state / "marks.json").read_text() == content
    assert (state / "marks.csv").read_text() == "typed in by hand"


def test_one_student_does_not_end_a_class_that_was_stopped(tmp_path: Path) -> None:
    keys = {name: f"key {name}" for name in CLASS}
    stopped = Records(tmp_path)
    stopped.plan(keys)
    stopped.add(keys["ada"], graded("ada"))
    one = Records(tmp_path)
    one.plan({"bob": keys["bob"]})
    one.add(keys["bob"], graded("bob"))
    one.finish()
    again = Records(tmp_path)
    again.plan(keys)
    assert again.seed == stopped.seed == one.seed
    assert [again.find(key) is not None for key in keys.values()] == [True, True, False]
    again.add(keys["cleo"], graded("cleo"))
    again.finish()
    assert Records(tmp_path).seed != again.seed


def test_one_student_does_not_lose_the_records_of_the_class(tmp_path: Path) -> None:
    keys = {name: f"key {name}" for name in CLASS}
    whole = Records(tmp_path, seed=7)
    whole.plan(keys)
    for name, key in keys.items():
        whole.add(key, graded(name))
    whole.finish()
    one = Records(tmp_path)
    one.plan({"bob": "another key"})
    one.add("another key", graded("bob"))
    one.finish()
    again = Records(tmp_path, seed=7, go_on=True)
    again.plan(keys)
    assert all(again.find(key) for key in keys.values())


def test_students_whose_names_are_alike_have_copies_of_their_own(tmp_path: Path) -> None:
    names = ["a b", "a_b", "a/b", "a\\b", "a:b", ".", "..", "x" * 300, "Łuk"]
    for name in names:
        executed = {f"{name}.ipynb": name, "../out.ipynb": name}
        class_report.write_executed(Graded(name, Marks(()), executed=executed), tmp_path)
    folders = list((tmp_path / "executed").iterdir())
    assert len(folders) == len(names) and all(len(list(f.iterdir())) == 2 for f in folders)
    assert {path.parent.parent.name for path in tmp_path.rglob("*.ipynb")} == {"executed"}


def marks_file_is_a_folder(output: Path) -> str:
    (output / "marks.csv").mkdir(parents=True)
    return "marks/marks.csv: a folder, where a file is to be written"


def half_written_file_is_a_folder(output: Path) -> str:
    (output / "marks.json.part").mkdir(parents=True)
    return "marks/marks.json.part: a folder, where a file is to be written"


def output_is_a_file(output: Path) -> str:
    output.write_text("not a folder")
    return "marks: a file, where a folder is needed"


def folder_above_is_a_file(output: Path) -> str:
    output.parent.rmdir()
    output.parent.write_text("not a folder")
    return "term: a file, where a folder is needed"


def executed_copies_are_a_file(output: Path) -> str:
    output.mkdir()
    (output / "executed").write_text("not a folder")
    return "executed: a file, where a folder is needed"


def records_are_a_file(output: Path) -> str:
    output.mkdir()
    (output / ".graded").write_text("not a folder")
    return ".graded: a file, where a folder is needed"


WRITES = [
    marks_file_is_a_folder,
    half_written_file_is_a_folder,
    output_is_a_file,
    folder_above_is_a_file,
    executed_copies_are_a_file,
    records_are_a_file,
]


@pytest.mark.parametrize("prepare", WRITES)
def test_what_cannot_be_written_is_said_before_anything_is_run(
    prepare: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "step1_data_loading.ipynb").write_text("{}")
    (tmp_path / "term").mkdir()
    says = prepare(tmp_path / "term" / "marks")

    def never(*arguments: object) -> None:
        raise AssertionError("something was graded")

    monkeypatch.setattr("autograder.grading.whole_class.grade", never)
    command = ["grade", str(tmp_path / "in"), "--output", str(tmp_path / "term" / "marks")]
    result = CliRunner().invoke(app, [*command, "--isolation", "basic"])
    assert result.exit_code == 2, result.output
    (line,) = result.output.strip().splitlines()
    assert says in line and line.endswith("name another folder with --output")


def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    assert marks_folder.unwritable(tmp_path / "new" / "marks") == ""
    assert not (tmp_path / "new").exists()  # looking leaves nothing behind
    with tempfile.TemporaryDirectory() as name, as_somebody(Path(name)):
        Path(name).chmod(0o555)
        for folder in (Path(name), Path(name) / "new" / "marks"):
            said = marks_folder.unwritable(folder)
            assert said.startswith(f"{name}: nothing can be written there (Permission denied)")
        Path(name).chmod(0o755)


@contextlib.contextmanager
def as_somebody(folder: Path) -> Iterator[None]:
    """Without root's rights, to which every folder is open."""
    if os.geteuid():
        yield
        return
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
