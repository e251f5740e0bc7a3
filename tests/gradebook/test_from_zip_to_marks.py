"""A class of 30, from what an LMS gives to marks in the LMS, with a person's marks in between."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from autograder.cli import app

ROOT = Path(__file__).parents[2]
STEP1, STEP6 = "step1_data_loading.ipynb", "step6_evaluation.ipynb"
HEAD = "student,test_auc,guessing,improvement,comment,override,reason\n"
REPORTERS = 3  # who hand in step 6 too: it takes the longest


def shapes_module() -> ModuleType:
    """The generator of what LMSs give, which tests/handin has."""
    path = ROOT / "tests" / "handin" / "collect_shapes.py"
    spec = importlib.util.spec_from_file_location("shapes_of_thirty", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def with_name(path: Path, who: str) -> bytes:
    """A notebook that nobody else has: the same work, signed."""
    book = json.loads(path.read_bytes())
    cell = {"cell_type": "code", "id": "signed", "metadata": {}, "execution_count": None}
    book["cells"].append(cell | {"outputs": [], "source": f"# {who}"})
    return json.dumps(book).encode()


@pytest.fixture(scope="module")
def shapes() -> Iterator[ModuleType]:
    """The names of that class and eleven more: right, unfinished, or nothing at all."""
    module = shapes_module()
    people = [(s.given, s.family, s.login) for s in module.CLASS]
    people += [(f"Given{n}", f"Family{n}", f"person{n}") for n in range(30 - len(people))]
    done, blank = ROOT / "solutions/gnn_recommender", ROOT / "assignments/gnn_recommender"
    members = []
    for n, (given, family, login) in enumerate(people):
        work = {} if login == "xenan" else {STEP1: with_name((blank, done)[n % 2] / STEP1, login)}
        if 2 < n <= 2 + 2 * REPORTERS and n % 2:
            work[STEP6] = with_name(done / STEP6, login)
        number = 10001 + n
        members.append(module.Student(given, family, login, number, work, {}, login == "yukil"))
    module.CLASS = tuple(members)
    yield module
    del sys.modules["shapes_of_thirty"]


def run(*command: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in command])
    assert result.exit_code == code, (command, result.output, result.exception)
    return result.output


def rows(path: Path, key: str) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        found = [row for row in csv.DictReader(stream) if row[key]]
    assert len({row[key] for row in found}) == len(found), "somebody has two rows"
    return {row[key]: row for row in found}


@pytest.mark.slow
def test_from_zip_to_marks(
    shapes: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_the_sample: None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course.toml").write_text('steps = ["step1", "step6"]\n')
    roster = shapes.roster(tmp_path / "roster.csv")
    people = {s.login: s for s in shapes.CLASS}
    assert len(people) == 30
    work = {login: s for login, s in people.items() if s.work}
    grade = ["--data", "sample", "--isolation", "basic", "--no-twin", "--seed", 7, "--resume"]
    for shape in ("canvas", "canvas_zips", "gradescope", "github_classroom", "nbgrader_inbound"):
        source = shapes.write_shape(shape, tmp_path / "lms")
        said = run("collect", source, "--roster", roster, "--into", f"in-{shape}")
        assert "29 of 30 students have handed in." in said
        said = run("grade", f"in-{shape}", "--output", "marks", *grade)
        found = rows(tmp_path / "marks/marks.csv", "student")
        assert found.keys() == work.keys()
        assert shape == "canvas" or "Changed since" not in said  # the same work, the same marks
    expected = {login: 10.0 * (n % 2) for n, login in enumerate(people)}
    for login in work:
        assert float(found[login]["step1"]) == expected[login], login
    reporters = [login for login in work if STEP6 in people[login].work]
    automatic = {login: float(found[login]["total"]) for login in work}
    assert all(automatic[login] > 10 for login in reporters) and len(reporters) == REPORTERS
    assert {row["pending"] for login, row in found.items() if login in reporters} == {"10"}

    assert f"{REPORTERS} reports to grade" in run("reports", "marks")
    given = "".join(f"{login},3,2,4,Good,,\n" for login in reporters[:-1])
    given += f"{reporters[-1]},3,3,4,,step1=9,agreed in the office hour\n"
    (tmp_path / "marks/hand.csv").write_text(HEAD + given)
    run("grade", "in-canvas", "--output", "marks", *grade[:-1], "--fresh", "--only", reporters[0])
    due = automatic | {login: automatic[login] + 9 for login in reporters[:-1]}
    due[reporters[-1]] = automatic[reporters[-1]] + 10 - 1
    found = rows(tmp_path / "marks/marks.csv", "student")
    assert {login: float(row["total"]) for login, row in found.items()} == due

    shared = ["--marks", "marks", "--roster", roster, "--submitted", "in-canvas", "--output", "out"]
    worksheet = tmp_path / "moodle_roster.csv"
    columns = ("First name", "Last name", "ID number", "Username")
    lines = [columns, *((s.given, s.family, s.number, s.login) for s in people.values())]
    with worksheet.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(lines)
    moodle = [*shared[:3], worksheet, *shared[4:]]
    for name in ("canvas", "moodle", "gradescope", "junit", "csv"):
        run("export", "--to", name, *(shared if name != "moodle" else moodle))
    canvas = rows(tmp_path / "out/canvas.csv", "SIS Login ID")
    marks = {
        login: row["GNN recommender (991)"] for login, row in canvas.items() if login in people
    }
    assert {login: float(text) for login, text in marks.items() if text} == due
    assert marks.keys() == people.keys() and marks["xenan"] == ""
    plain = rows(tmp_path / "out/marks.csv", "student")
    assert plain.keys() == people.keys() and plain["xenan"]["remark"] == "handed in nothing"
    results = {
        p.parent.name: json.loads(p.read_bytes()) for p in tmp_path.glob("out/gradescope/*/*")
    }
    assert {login: result["score"] for login, result in results.items()} == due
    suites = ET.parse(tmp_path / "out/junit.xml").getroot()
    assert sorted(suite.get("name", "") for suite in suites) == sorted(people)

    run("feedback", "marks")
    run("report", "marks")
    page = (tmp_path / "marks/class.html").read_text(encoding="utf-8")
    assert all(f"feedback/{login}.html" in page for login in work)
    feedback = (tmp_path / f"marks/feedback/{reporters[-1]}.html").read_text(encoding="utf-8")
    assert "agreed in the office hour" in feedback and "10 of 10" in feedback
