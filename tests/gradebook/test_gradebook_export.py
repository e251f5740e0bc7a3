"""Made-up marks exported to five formats: nobody's row is lost, and no mark is guessed."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.contract import STEPS

# login, name as Canvas has it, number, marks (None: handed in nothing)
PEOPLE = [
    ("adal", "Lovelace, Ada", 10001, 90),
    ("quentins", "Smith, Jr., Quentin", 10002, 63.5),
    ("bobbyt", 'Tables, Robert "Bobby"', 10003, 75),
    ("mariac", "Carreño Quiñones, María José", 10004, 64),
    ("excel", "Excel, =HYPERLINK(1)", 10005, 0),
    ("lina", "娜, 李", 10006, 33),
    ("liamo", "O'Brien, Liam", 10007, 10),
    ("liamo2", "O'Brien, Liam", 10008, 15),
    ("xenan", "Nothing, Xena", 10009, None),
]
HOSTILE = "<b>&</b> \x00\x1b[31m ]]> \ufffe"


def mark(student: str, total: float) -> dict[str, Any]:
    """A student's entry of marks.json, with one check of each kind."""
    kinds = ("passed", "failed", "student_error", "blocked", "not_judged", "not_attempted")
    checks = [
        {
            "id": f"{step}.a.b",
            "cell": f"{step}.a",
            "title": f"Check {HOSTILE}" if kind == "failed" else f"Check {step}",
            "status": kind,
            "points": 5.0 if kind == "passed" else 0.0,
            "max_points": 5.0,
            "by_hand": False,
            "message": {"ran": "x", "expected": "1", "got": HOSTILE, "why": "y", "next": "z"},
        }
        for step, kind in zip(STEPS, kinds, strict=True)
    ]
    by_hand = checks[0] | {"id": "step6.report", "by_hand": True, "points": 10.0, "max_points": 10}
    return {
        "student": student,
        "total": total,
        "max_total": 90,
        "pending": 10,
        "steps": {step: {"score": total / 6, "max_score": 15} for step in STEPS},
        "checks": [*checks, by_hand],
        "findings": [
            {"id": "same-ids", "step": "step2", "title": "Ids collide", "proof": "5 < 7, =1+1"}
        ],
        "problems": [],
        "status": "graded",
    }


def marks_file(folder: Path, marks: list[dict[str, Any]] | None = None) -> Path:
    """Write marks.json for the class."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [mark(login, points) for login, _, _, points in PEOPLE if points is not None]
    text = json.dumps({"seed": 1, "submissions": known if marks is None else marks})
    (folder / "marks.json").write_text(text, encoding="utf-8")
    return folder


def table(path: Path, rows: list[list[Any]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def canvas_roster(path: Path, *more: str) -> Path:
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    header += ["GNN recommender (991)", *more, "Current Score"]
    rows: list[list[Any]] = [header, ["    Points Possible", "", "", "", "", 100, "(read only)"]]
    for login, name, number, _ in PEOPLE:
        rows.append([name, number, f"S{number}", login, "A", "7" if login == "xenan" else "", "1"])
    rows.append(["Student, Test", 99999, "", "test", "A", "", ""])
    return table(path, rows)


def read(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> list[list[str]]:
    with path.open(newline="", encoding=encoding) as stream:
        return list(csv.reader(stream, delimiter=delimiter))


def export(to: str, tmp_path: Path, *more: str, code: int = 0) -> str:
    """Run the command; what it printed."""
    where = ["--marks", str(tmp_path / "marks"), "--output", str(tmp_path / "out")]
    where += ["--submitted", str(tmp_path / "submitted")]
    result = CliRunner().invoke(app, ["export", "--to", to, *where, *more])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def test_canvas_gets_its_own_table_back(tmp_path: Path) -> None:
    marks_file(tmp_path / "marks")
    roster = canvas_roster(tmp_path / "roster.csv")
    said = export("canvas", tmp_path, "--roster", str(roster))
    before, after = read(roster), read(tmp_path / "out/canvas.csv")
    assert [row[:5] for row in after] == [row[:5] for row in before]
    assert after[0][5:] == ["GNN recommender (991)"]
    assert after[1] == ["    Points Possible", "", "", "", "", "100"]
    given = {row[3]: row[5] for row in after[2:]}
    points = {login: f"{p:g}" for login, _, _, p in PEOPLE if p is not None}
    assert given == points | {"xenan": "7", "test": ""}  # what Canvas had stays
    assert "8 of 9 students of the roster have a mark." in said
    assert "  Nothing, Xena (xenan): no marks" in said
    assert "up to 15 each" in said  # the report, and a check that nobody could judge


def test_which_of_canvas_columns(tmp_path: Path) -> None:
    marks_file(tmp_path / "marks")
    roster = canvas_roster(tmp_path / "roster.csv", "GNN recommender, late (992)")
    line = export("canvas", tmp_path, "--roster", str(roster), code=2)
    assert "which column?" in line and "'GNN recommender, late (992)'" in line
    for column in ("GNN recommender", "GNN recommender (991)"):
        export("canvas", tmp_path, "--roster", str(roster), "--column", column)
        assert read(tmp_path / "out/canvas.csv")[2][5] == "90"
    none = table(tmp_path / "none.csv", [["Student", "ID", "Section"], ["Ada", 1, "A"]])
    line = export("canvas", tmp_path, "--roster", str(none), code=2)
    assert "make the assignment in Canvas" in line


WORKSHEET = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"]
WORKSHEET += ["Grade can be changed", "Last modified (submission)", "Last modified (grade)"]
WORKSHEET += ["Feedback comments"]


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-16")]
)
def test_moodles_worksheet_keeps_every_other_cell(
    delimiter: str, encoding: str, tmp_path: Path
) -> None:
    rows: list[list[Any]] = [WORKSHEET]
    for login, name, number, _ in PEOPLE:
        can = "No" if login == "lina" else "Yes"
        start = [f"Participant {number}", name, f"{login}@uni.example", "Submitted", "", "100.00"]
        rows.append([*start, can, "Thursday, 20 November 2025, 8:00 PM", "-", ""])
    roster = table(tmp_path / "roster.csv", rows, delimiter, encoding)
    marks_file(tmp_path / "marks")  # by logins: the first halves of the addresses
    said = export("moodle", tmp_path, "--roster", str(roster))
    after = read(tmp_path / "out/moodle.csv", delimiter, encoding)
    assert after[0] == WORKSHEET
    for (login, _, _, points), row, before in zip(PEOPLE, after[1:], rows[1:], strict=True):
        others = [cell for n, cell in enumerate(row) if n not in (4, 9)]
        assert others == [str(cell) for n, cell in enumerate(before) if n not in (4, 9)]
        written = "" if points is None or login == "lina" else f"{points:g}"
        assert row[4] == written
        assert ("Ids collide: 5 &lt; 7" in row[9]) == bool(written)
    assert "Moodle has locked the grade of" in said


def test_moodles_import_erases_no_grade(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["First name", "Last name", "ID number", "Email address"]]
    for login, name, number, _ in PEOPLE:
        last, _, first = name.rpartition(", ")
        rows.append([first, last, number, f"{login}@uni.example"])
    roster = table(tmp_path / "roster.csv", rows)
    marks_file(tmp_path / "marks", [mark(str(n), p) for _, _, n, p in PEOPLE if p is not None])
    export("moodle", tmp_path, "--roster", str(roster))
    after = read(tmp_path / "out/moodle.csv")
    assert after[0][-2:] == ["GNN recommender", "Feedback"]
    assert {row[2]: row[4] for row in after[1:]} == {
        str(number): f"{points:g}" for _, _, number, points in PEOPLE if points is not None
    }
    assert after[5][:2] == ["=HYPERLINK(1)", "Excel"] or after[5][1] == "=HYPERLINK(1)"


def test_gradescope_reads_its_results(tmp_path: Path) -> None:
    marks_file(tmp_path / "marks")
    export("gradescope", tmp_path)
    files = sorted((tmp_path / "out/gradescope").iterdir())
    assert [f.name for f in files] == sorted(login for login, *_, p in PEOPLE if p is not None)
    result = json.loads((tmp_path / "out/gradescope/adal/results.json").read_bytes())
    known = {"score", "output", "output_format", "test_output_format", "test_name_format"}
    known |= {"visibility", "stdout_visibility", "extra_data", "tests"}
    assert set(result) == known and result["score"] == 90
    tests = result["tests"]
    assert [t["status"] for t in tests] == ["passed"] + ["failed"] * 5  # none by hand
    of_a_test = {"score", "max_score", "status", "name", "number", "output", "tags"}
    assert all(set(t) == of_a_test | {"visibility", "extra_data"} for t in tests)
    assert tests[1]["max_score"] == 5 and "Expected: 1" in tests[1]["output"]
    assert not any(c in tests[1]["output"] for c in "\x00\x1b")


def test_junit_is_xml_that_can_be_read(tmp_path: Path) -> None:
    marks_file(tmp_path / "marks")
    roster = canvas_roster(tmp_path / "roster.csv")
    export("junit", tmp_path, "--roster", str(roster))
    root = ET.parse(tmp_path / "out/junit.xml").getroot()
    suites = {suite.get("name"): suite for suite in root}
    assert sorted(suites) == sorted(login for login, *_ in PEOPLE)
    ada = suites["adal"]
    counts = [ada.get(key) for key in ("tests", "failures", "errors", "skipped")]
    assert counts == ["7", "2", "1", "3"]
    kinds = [[child.tag for child in case][1:] for case in ada.iter("testcase")]
    assert kinds == [[], ["failure"], ["error"], ["skipped"], ["skipped"], ["failure"], ["skipped"]]
    wrong = [c for c in ada.iter("testcase") if c.find("failure") is not None][0]
    values = {p.get("name"): p.get("value") for p in wrong.iter("property")}
    assert values == {
        "id": "step2.a.b",
        "points": "0",
        "max_points": "5",
        "misconception": "same-ids",
    }
    skipped = suites["xenan"].find("testcase/skipped")
    assert skipped is not None and skipped.get("message") == "no marks"
    total = sum(int(suite.get("tests", "0")) for suite in root)
    assert root.get("tests") == str(total) == str(8 * 7 + 1)


def test_plain_csv_has_everybody_once(tmp_path: Path) -> None:
    marks_file(tmp_path / "marks")
    roster = canvas_roster(tmp_path / "roster.csv")
    (tmp_path / "submitted").mkdir()
    table(
        tmp_path / "submitted/collected.csv",
        [["student", "status"], ["xenan", "handed in nothing"]],
    )
    export("csv", tmp_path, "--roster", str(roster))
    rows = read(tmp_path / "out/marks.csv", encoding="utf-8-sig")
    by_login = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert list(by_login) == [login for login, *_ in PEOPLE] and len(rows) == len(PEOPLE) + 1
    assert by_login["quentins"]["total"] == "63.5"
    assert by_login["mariac"]["name"] == "Carreño Quiñones, María José"
    assert by_login["xenan"]["status"] == "no marks"
    assert by_login["xenan"]["remark"] == "handed in nothing"
    export("csv", tmp_path)  # without a roster: who has marks
    assert len(read(tmp_path / "out/marks.csv", encoding="utf-8-sig")) == 9


def test_a_formula_for_a_name_is_text_in_the_plain_table(tmp_path: Path) -> None:
    marks_file(tmp_path / "marks", [mark("=cmd|' /C calc'!A0", 5)])
    export("csv", tmp_path)
    assert read(tmp_path / "out/marks.csv", encoding="utf-8-sig")[1][0] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("to", ["canvas", "junit", "csv"])
def test_what_fits_nobody_or_two_is_listed(to: str, tmp_path: Path) -> None:
    students = ["Ada Lovelace", "Liam O'Brien", "goran", "mariac", "María José Carreño Quiñones"]
    marks_file(tmp_path / "marks", [mark(student, 50 + n) for n, student in enumerate(students)])
    roster = canvas_roster(tmp_path / "roster.csv")
    said = export(to, tmp_path, "--roster", str(roster), code=1)
    assert "Marks that belong to no row (4):" in said
    assert "Liam O'Brien: 51 points; 2 of the roster are called so (liamo, liamo2)" in said
    assert "goran: 52 points; nobody of the roster is goran" in said
    assert "mariac: 53 points; one of several of mariac" in said
    if to == "canvas":
        given = {row[3]: row[5] for row in read(tmp_path / "out/canvas.csv")[2:]}
        assert {k: v for k, v in given.items() if v} == {"adal": "50", "xenan": "7"}


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"submissions": [{"student": 1}]}', '{"submissions": [{"student": "a"}]}'],
)
def test_bad_marks_are_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks/marks.json").write_text(content)
    line = export("csv", tmp_path, code=2)
    assert len(line.strip().splitlines()) == 1 and "not the marks.json that `grade` writes" in line


def test_bad_arguments_are_one_line(tmp_path: Path) -> None:
    assert "--marks" in export("csv", tmp_path, code=2)
    marks_file(tmp_path / "marks")
    assert "choose canvas, moodle, gradescope, junit, csv" in export("excel", tmp_path, code=2)
    assert "--roster FILE" in export("canvas", tmp_path, code=2)
    people = table(tmp_path / "people.csv", [["Name"], ["Ada"]])
    assert "not what Canvas exports" in export("canvas", tmp_path, "--roster", str(people), code=2)
    assert "Moodle finds" in export("moodle", tmp_path, "--roster", str(people), code=2)
    (tmp_path / "file").write_text("a file")
    where = ["--marks", str(tmp_path / "marks"), "--output", str(tmp_path / "file")]
    result = CliRunner().invoke(app, ["export", "--to", "csv", *where])
    assert result.exit_code == 2 and "name another folder with --output" in result.output
