"""The sample class is what its answers say, and `autograder grade` marks it as a person would."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from make import RELEASED, class_files, drifts, stepwise

from autograder import rules
from autograder.contract import ASSIGNMENT, NOTEBOOKS
from autograder.wall import isolation

HERE = Path(__file__).parent
SUBMITTED = HERE / "submitted"
EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
STUDENTS = sorted(EXPECTED)


def test_the_notebooks_are_what_make_gives():
    assert drifts() == [], "run python tests/sample_class/make.py"


def test_a_changed_notebook_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("make.HERE", tmp_path)
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "zoe.md").write_text("# zoe\n\nHands in: step1\n", encoding="utf-8")
    name = f"zoe/{ASSIGNMENT}/{NOTEBOOKS['step1']}.ipynb"
    assert drifts() == [name]
    target = tmp_path / "submitted" / name
    target.parent.mkdir(parents=True)
    target.write_bytes((RELEASED / target.name).read_bytes())
    assert drifts() == [], "a blank notebook is the released one"
    target.write_bytes(target.read_bytes() + b"\n")
    assert drifts() == [name]


@pytest.mark.parametrize("cell", ["step1.nowhere", "step1.check_load", "step1.setup_imports"])
def test_an_answer_needs_a_cell_to_fill_in(cell):
    with pytest.raises(ValueError, match=f"zoe.md: {cell}: the released notebook has no such cell"):
        stepwise(f"## {cell}\n```python\ndf = 1\n```", "zoe.md")


def test_every_student_has_an_answer_a_notebook_and_expected_marks():
    assert sorted({path.parts[0] for path in class_files()}) == STUDENTS
    for student, one in EXPECTED.items():
        assert set(one["cells"]) == set(rules.points(by_hand=False)), student


@pytest.mark.parametrize("path", sorted(SUBMITTED.rglob("*.ipynb")), ids=lambda p: p.parts[-3])
def test_the_notebooks_are_stored_clean(path):
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert path.stat().st_size < 20_000


@pytest.mark.parametrize(
    "path", sorted(SUBMITTED.glob("*/*/step*.ipynb")), ids=lambda p: p.parts[-3]
)
def test_locked_cells_are_untouched(path):
    mine, released = (nbformat.read(p, as_version=4).cells for p in (path, RELEASED / path.name))
    own = {cell.id: cell for cell in mine}
    locked = [c for c in released if c.metadata.get("nbgrader", {}).get("locked")]
    assert locked
    assert all(own[cell.id] == cell for cell in locked)


@dataclass(frozen=True)
class Graded:
    """One run of `autograder grade`: what it said, and what it wrote."""

    code: int
    printed: str
    errors: str
    output: Path
    before: dict[str, str]

    @property
    def records(self) -> dict[str, dict]:
        marks = json.loads((self.output / "marks.json").read_text(encoding="utf-8"))
        assert sorted(marks) == ["course_file", "isolation", "seed", "submissions", "twin"]
        return {record["student"]: record for record in marks["submissions"]}

    @property
    def rows(self) -> list[dict[str, str]]:
        with (self.output / "marks.csv").open(newline="", encoding="utf-8-sig") as stream:
            return list(csv.DictReader(stream))


def hashes() -> dict[str, str]:
    """SHA-256 of every file in `submitted/`."""
    files = (path for path in SUBMITTED.rglob("*") if path.is_file())
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="session")
def graded(tmp_path_factory) -> Graded:
    folder = tmp_path_factory.mktemp("grading")
    env = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
    env |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200", "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-m", "autograder.cli", "grade", str(HERE)]
    command += ["--output", str(folder / "marks"), "--data", "sample"]
    command += ["--isolation", "basic" if isolation.missing() else "full"]
    before = hashes()
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=1200
    )
    return Graded(done.returncode, done.stdout, done.stderr, folder / "marks", before)


@pytest.mark.slow
def test_grading_goes_through_whatever_the_marks(graded):
    assert graded.code == 0, graded.errors
    assert "Traceback" not in graded.printed + graded.errors


@pytest.mark.slow
def test_every_student_has_one_record(graded):
    assert sorted(graded.records) == STUDENTS
    assert [row["student"] for row in graded.rows] == STUDENTS
    assert {record["status"] for record in graded.records.values()} == {"graded"}


@pytest.mark.slow
@pytest.mark.parametrize("student", STUDENTS)
def test_marks_are_those_given_by_hand(graded, student):
    record, expected = graded.records[student], EXPECTED[student]
    assert record["cells"] == expected["cells"]
    assert record["total"] == sum(expected["cells"].values())
    assert (record["max_total"], record["pending"]) == (90, expected["pending"])


@pytest.mark.slow
@pytest.mark.parametrize("student", STUDENTS)
def test_first_finding_is_the_mistake_that_was_made(graded, student):
    found, expected = graded.records[student]["findings"], EXPECTED[student]["first_finding"]
    first = {key: found[0][key] for key in ("id", "title")} if found else None
    assert first == expected


@pytest.mark.slow
def test_steps_and_totals_agree_in_all_that_is_written(graded):
    for row in graded.rows:
        record = graded.records[row["student"]]
        steps = {step: one["score"] for step, one in record["steps"].items()}
        assert {step: float(row[step]) for step in NOTEBOOKS} == steps
        assert float(row["total"]) == record["total"] == sum(steps.values())
        assert sum(c["points"] for c in record["checks"] if not c["by_hand"]) == record["total"]


@pytest.mark.slow
@pytest.mark.parametrize("student", STUDENTS)
def test_the_table_shows_every_student_and_total(graded, student):
    line = next(li for li in graded.printed.splitlines() if student in li)
    shown = line.replace("│", " ").split()
    steps = {step: int(one["score"]) for step, one in graded.records[student]["steps"].items()}
    assert shown[:8] == [student, *map(str, steps.values()), str(sum(steps.values()))]


def test_the_readme_has_the_marks_given_by_hand():
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in readme.splitlines() if line.startswith("| `")]
    totals = {row[1].strip(" `"): int(row[3]) for row in rows}
    assert totals == {s: sum(one["cells"].values()) for s, one in EXPECTED.items()}


@pytest.mark.slow
def test_no_submission_is_changed(graded):
    assert hashes() == graded.before
