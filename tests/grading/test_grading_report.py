"""The written report is found wherever it stands in step 6, and never lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.contract import NOTEBOOKS
from autograder.handin.reading import TEXTS_OF_STEP_6, read

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "assignments" / "gnn_recommender" / f"{NOTEBOOKS['step6']}.ipynb"
TEXT = (
    "The test AUC is 0.84 against the negatives of the split. Guessing gets 0.5, so that this is "
    "better; I would draw the negatives among users and artists only."
)


def book(tmp_path: Path, **changes: str | None) -> Path:
    """The student's notebook with other sources for cells of these ids; None takes one away."""
    content = json.loads(BOOK.read_text(encoding="utf-8"))
    cells = [c for c in content["cells"] if changes.get(c["id"], "") is not None]
    for cell in cells:
        cell["source"] = changes.get(cell["id"]) or cell["source"]
    content["cells"] = cells
    path = tmp_path / BOOK.name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def with_cell(path: Path, kind: str, source: str) -> Path:
    """The notebook with one more cell at its end."""
    content = json.loads(path.read_text(encoding="utf-8"))
    cell = {"id": "4f2a9c1e", "cell_type": kind, "metadata": {}, "source": source}
    content["cells"].append(
        cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})
    )
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_our_own_texts_are_known_by_their_ids() -> None:
    cells = json.loads(BOOK.read_text(encoding="utf-8"))["cells"]
    assert {c["id"] for c in cells if c["cell_type"] == "markdown"} == set(TEXTS_OF_STEP_6)


def test_an_empty_form_is_no_report(tmp_path: Path) -> None:
    assert "YOUR ANSWER HERE" in read(book(tmp_path)).report


@pytest.mark.parametrize("form", ["report", None])
@pytest.mark.parametrize("kind", ["markdown", "code"])
def test_a_cell_of_the_students_own(tmp_path: Path, form: str | None, kind: str) -> None:
    path = book(tmp_path) if form else book(tmp_path, report=None)
    source = TEXT if kind == "markdown" else "\n".join(f"# {s}" for s in TEXT.split(". "))
    assert "The test AUC is 0.84" in read(with_cell(path, kind, source)).report


def test_a_text_in_quotes(tmp_path: Path) -> None:
    assert TEXT in read(with_cell(book(tmp_path), "code", f'"""{TEXT}"""')).report


def test_behind_the_question_to_think_about(tmp_path: Path) -> None:
    changes = {"think": f"## A question\n\n*Your thoughts (not graded):* {TEXT}"}
    assert read(book(tmp_path, **changes)).report.strip() == TEXT


def test_a_form_that_kept_its_placeholder(tmp_path: Path) -> None:
    report = read(book(tmp_path, report=f"**Test AUC:**\n\n{TEXT}\n\nYOUR ANSWER HERE")).report
    assert TEXT in report and "YOUR ANSWER HERE" not in report


def test_code_and_our_own_texts_are_no_report(tmp_path: Path) -> None:
    assert read(book(tmp_path, report=None)).report == ""
