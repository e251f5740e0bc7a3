"""`course.toml`: what is in it takes effect, and what is wrong with it is one line with the key."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import course_data
from autograder import course
from autograder.cli import app
from autograder.course import Course, CourseError, lateness
from autograder.truth import truth

RULES = """\
steps = ["step2", "1"]
[late]
due = 2026-03-01T23:59:00+01:00
per_cent_a_day = 10
free_days = 1
last_day = 5
[extensions]
bob = 2
"eve@uni.example" = {days = 7, reason = "ill"}
[limits]
cell_seconds = 30
memory_gb = 2.5
"""


def read(tmp_path: Path, text: str) -> Course:
    path = tmp_path / "course.toml"
    path.write_text(text, encoding="utf-8")
    return course.read(path)


def test_a_course_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = read(tmp_path, RULES)
    assert rules.steps == ["step1", "step2"] and rules.limits.memory_gb == 2.5
    monkeypatch.chdir(tmp_path)
    assert course.read().limits.cell_seconds == 30
    (tmp_path / "course.toml").unlink()
    assert course.read() == Course()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[late]\nper_cent = 3", "late.per_cent: there is no such key: choose of due"),
        ("late_days = 3", "late_days: there is no such key: choose of steps"),
        ("[late]\nper_cent_a_day = 300", "late.per_cent_a_day: expected `float` <= 100"),
        ('[late]\ndue = "soon"', "late.due: "),
        ("[late]\ndue = 2026-03-01", "late.due: a day only: write the time too, such as 2026"),
        ("[limits]\nmemory_gb = 0", "limits.memory_gb: expected `float` >= 0.5"),
        ("[extensions]\nada = -1", "extensions"),
        ("[extensions]\nada = {day = 1}", "there is no such key: choose of days, reason"),
        ('steps = ["step7"]', "steps: step7: choose of step1"),
        ("steps = []", "steps: none is named"),
        ("[late]\nfree_days = 3\nlast_day = 2", "late.last_day: 2 is before late.free_days"),
        ("[data]\nuser = 'u'", "file"),
        ("path = 'x'", "path: there is no such key"),
        ("= 3", "no TOML"),
    ],
)
def test_a_wrong_course_file_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(CourseError) as error:
        read(tmp_path, text)
    assert says in str(error.value) and "\n" not in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "course.toml"))


@pytest.mark.parametrize(
    ("student", "when", "factor", "says"),
    [
        ("ada", "2026-03-01 22:58:59 UTC", 1.0, ""),
        ("ada", "2026-03-01T23:00:01+00:00", 1.0, "1 day late: 0% off"),
        ("ada", "2026-03-03T00:00:00+01:00", 0.9, "2 days late: 10% off"),
        ("ada", "2026-03-07T00:00:00+01:00", 0.0, "6 days late: too late, no points"),
        ("ada", "2026-03-03T00:00:00", 0.9, "2 days late: 10% off"),
        ("BOB", "2026-03-03 12:00:00 +0100", 1.0, "in time after an extension of 2 days"),
        ("bob", "2026-03-05 12:00:00 +0100", 0.9, "2 days late after an extension of 2 days"),
        ("eve@uni.example", "2026-03-05T12:00:00", 1.0, "in time after an extension of 7 days"),
        ("bob", "2026-03-05T12:00:00+0100", 0.9, "2 days late after an extension of 2 days"),
        ("ada", "no time", 1.0, ""),
    ],
)
def test_lateness(tmp_path: Path, student: str, when: str, factor: float, says: str) -> None:
    found = lateness(read(tmp_path, RULES), student, when)
    assert found.factor == pytest.approx(factor)
    assert found.says.startswith(says) and bool(found.says) == bool(says)


def test_late_without_a_time_is_said_and_costs_nothing(tmp_path: Path) -> None:
    found = lateness(read(tmp_path, RULES), "ada", "", marked_late=True)
    assert found.factor == 1 and "not by how much" in found.says


DATA = '[data]\nfile = "r.csv"\nseparator = ","\nuser = "u"\nitem = "film"\ncount = "stars"\n'


def test_another_file_becomes_the_courses(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text('film,title,u,stars\n7,"A, B",1,4.5\n9,C,1,3\n7,"A, B",2,1\n')
    rules = read(tmp_path, DATA + 'names = "title"\n')
    path = course.data_file(rules, tmp_path / "out")
    assert course_data.validate(path) == [] == course_data.validate(path.with_name("artists.dat"))
    assert truth(path).rows.tolist() == [[1, 7, 4], [1, 9, 3], [2, 7, 1]]
    assert "7\tA, B" in path.with_name("artists.dat").read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("user,film,stars\n", "line 1: no column 'u' (data.user)"),
        ("u,film,stars\n", "line 1: there are no rows"),
        ("u,film,stars\n1,2,3\n1,x,3\n", "line 3: film is 'x', not a whole number"),
        ("u,film,stars\n1,2,0\n", "line 2: stars is '0', not above 0"),
        ("u,film,stars\n1,2\n", "line 2: 2 columns, 3 are due"),
        ("u,film,stars\n1,2,3\n\n1,2,4\n", "already on line 2"),
    ],
)
def test_a_wrong_file_is_said_by_its_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(CourseError) as error:
        course.data_file(read(tmp_path, DATA), tmp_path / "out")
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--steps", "step9"], "--steps step9: choose of step1"),
        (["--course", "nowhere.toml"], "nowhere.toml: No such file"),
        (["--data", "bad.dat"], "bad.dat: line 1: the file is comma-separated"),
    ],
)
def test_grade_says_so_before_anything_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.dat").write_text("userID,artistID,weight\n1,2,3\n")
    result = CliRunner().invoke(app, ["grade", "class", "--isolation", "basic", *options])
    assert result.exit_code == 2 and says in result.output


def test_an_extension_is_for_who_is_spelled_so(tmp_path: Path) -> None:
    late = "[late]\ndue = 2026-03-01T00:00:00\nper_cent_a_day = 10\n[extensions]\n"
    one, both = read(tmp_path, late + "anna = 9"), read(tmp_path, late + "anna = 9\nAnna = 1")
    when = "2026-03-04T12:00:00"

    def factors(rules: Course, *students: str) -> list[float]:
        found = [lateness(rules, name, when, students=students).factor for name in students]
        return [round(factor, 2) for factor in found]

    assert factors(one, "Anna") == [1.0]  # typed in another way, and there is only one
    assert factors(one, "Anna", "anna") == [0.6, 1.0]
    assert factors(both, "Anna", "anna") == [0.7, 1.0]
    assert factors(both, "ANNA") == [0.6]  # it could be either


def made_up(folder: Path, *students: str, **how: str) -> Path:
    """Marks of nothing for these students."""
    mark = {"total": 5, "max_total": 10, "steps": {}, "checks": [], "graded_with": how}
    marks = [mark | {"student": name} for name in students]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "marks.json").write_text(json.dumps({"submissions": marks}), encoding="utf-8")
    return folder


def said(*command: str) -> str:
    result = CliRunner().invoke(app, list(command))
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_a_course_file_that_is_not_there_at_export_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    marks = made_up(tmp_path / "marks", "ada", course_file="course.toml")
    command = ["export", "--to", "csv", "--marks", str(marks)]
    line = "The class was graded with course.toml, and no course file is read now: late rules and"
    assert line in said(*command)
    (tmp_path / "other.toml").write_text("[late]\nfree_days = 1\n")
    assert "no course file" not in said(*command, "--course", "other.toml")
    result = CliRunner().invoke(app, [*command, "--course", "course.toml"])
    assert result.exit_code == 2 and "course.toml: No such file or directory" in result.output
    (tmp_path / "course.toml").write_text("[late]\nfree_days = 1\n")
    assert "no course file" not in said(*command)
    assert "no course file" not in said(
        *command[:-1], str(made_up(tmp_path / "marks2", "ada")), "--course", "other.toml"
    )


def test_names_that_differ_in_case_only_are_said_at_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    marks = made_up(tmp_path / "marks", "anna", "Anna", "bob")
    text = said("export", "--to", "csv", "--marks", str(marks))
    assert "Anna and anna differ in case only: they are kept apart here" in text
    with (tmp_path / "export/marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["student"] for row in csv.DictReader(stream)] == ["anna", "Anna", "bob"]


def test_marks_by_hand_for_nobody_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    marks = made_up(tmp_path / "marks", "adal", "bob")
    head = "student,test_auc,guessing,improvement,comment,override,reason\n"
    (marks / "hand.csv").write_text(head + "adall,3,3,4,,,\nnobody,,,,,,\n")
    text = said("queue", str(marks))
    assert "hand.csv has marks of adall, and nobody is called so here (did you mean adal?)" in text
    assert "marks of nobody" not in text  # an empty row


def test_an_extension_for_nobody_is_said(tmp_path: Path) -> None:
    (tmp_path / "marks.json").write_text('{"submissions": []}')
    (tmp_path / "course.toml").write_text("[extensions]\nadaa = 3\n")
    command = ["queue", str(tmp_path), "--course", str(tmp_path / "course.toml")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0 and "extension to adaa, and nobody is called so" in result.output
