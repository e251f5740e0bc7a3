"""Copies beside the work: the fuller one counts, and a note names what was left out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from grading_project import PROJECT

from autograder.contract import NOTEBOOKS
from autograder.handin.submission import Submission, load

STEP1 = NOTEBOOKS["step1"]


def sources(submission: Submission) -> str:
    cells = [cell for book in submission.notebooks for cell in book.cells]
    return "\n".join(cell.source for cell in cells if cell.kind == "code")


def as_notebook(cells: list[str]) -> str:
    code = [{"cell_type": "code", "source": source, "metadata": {}} for source in cells]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize("mark", [" (1)", "-Copy1", " copy", " - Kopie", "_old", ".zip"])
@pytest.mark.parametrize("step", ["step1", "step4", "step6"])
def test_a_blank_copy_beside_finished_work(own: Path, blanks: Path, mark: str, step: str) -> None:
    name = NOTEBOOKS[step]
    shutil.copy(blanks / f"{name}.ipynb", own / f"{name}{mark}.ipynb")
    handed_in = load(own.parent)
    assert [book.step for book in handed_in.notebooks] == list(NOTEBOOKS)
    assert "NotImplementedError" not in sources(handed_in)
    assert f"{name}{mark}.ipynb: left out: {step} is taken from {name}.ipynb" in handed_in.notes


@pytest.mark.parametrize("mark", [" (1)", "-Copy1", " copy"])
def test_finished_work_in_the_copy(own: Path, blanks: Path, mark: str) -> None:
    (own / f"{STEP1}.ipynb").rename(own / f"{STEP1}{mark}.ipynb")
    shutil.copy(blanks / f"{STEP1}.ipynb", own)
    handed_in = load(own.parent)
    assert "NotImplementedError" not in sources(handed_in)
    assert [n for n in handed_in.notes if "left out" in n] == [
        f"{STEP1}.ipynb: left out: step1 is taken from {STEP1}{mark}.ipynb"
    ]


def test_finished_work_without_the_text_around_it(own: Path, blanks: Path) -> None:
    path = own / f"{STEP1}.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    kept = [c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    path.write_text(json.dumps(book | {"cells": kept}), encoding="utf-8")
    shutil.copy(blanks / f"{STEP1}.ipynb", own / f"{STEP1} (1).ipynb")
    assert "NotImplementedError" not in sources(load(own))


def test_a_copy_that_is_the_same_is_left_out_too(own: Path) -> None:
    shutil.copy(own / f"{STEP1}.ipynb", own / f"{STEP1} (2).ipynb")
    notes = load(own).left_out
    assert notes == (f"{STEP1} (2).ipynb: left out: step1 is taken from {STEP1}.ipynb",)


@pytest.mark.parametrize("name", ["project.ipynb", "Untitled.ipynb", "abgabe final.ipynb"])
def test_six_blanks_beside_a_finished_project(tmp_path: Path, blanks: Path, name: str) -> None:
    folder = tmp_path / "ada"
    shutil.copytree(blanks, folder)
    (folder / name).write_text(as_notebook(list(PROJECT.values())), encoding="utf-8")
    handed_in = load(folder)
    assert [book.path.name for book in handed_in.notebooks] == [name]
    assert len(handed_in.left_out) == 6 and all("blank beside" in n for n in handed_in.left_out)


def test_a_scratch_notebook_beside_six_finished_ones(own: Path) -> None:
    (own / "Untitled.ipynb").write_text(as_notebook(["1 + 1", "import this"]), encoding="utf-8")
    handed_in = load(own)
    assert [book.step for book in handed_in.notebooks] == list(NOTEBOOKS)
    assert any(note.startswith("Untitled.ipynb: left out") for note in handed_in.left_out)


def test_of_two_projects_the_fuller_one(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(as_notebook([PROJECT[1]]), encoding="utf-8")
    (tmp_path / "b.ipynb").write_text(as_notebook(list(PROJECT.values())), encoding="utf-8")
    (tmp_path / "c.ipynb").write_text(as_notebook([PROJECT[1], PROJECT[2]]), encoding="utf-8")
    assert [book.path.name for book in load(tmp_path).notebooks] == ["b.ipynb"]
