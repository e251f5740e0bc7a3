"""Six notebooks as the one that the assignment asks for, and back: `autograder join` and `split`.

A cell of the one notebook tells by its id which step it is from: `step3-mapping`.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import nbformat

from autograder.contract import ASSIGNMENT, BY_HAND_POINTS, EXERCISES, NOTEBOOKS, STEPS
from autograder.desk import progress
from autograder.desk.progress import Mark
from autograder.handin.reading import WORDS, SubmissionError, apart, filled_in, read

JOINED = f"{ASSIGNMENT}.ipynb"
_ID = re.compile(r"(step[1-6])-(.+)")
_HEADING = re.compile(r"^#{1,3} step ([1-6]) of 6\b", re.I | re.M)


class JoinError(Exception):
    """The notebooks cannot be joined or split; one line says what is wrong and what to do."""


def join(folder: Path) -> nbformat.NotebookNode:
    """The six notebooks of a folder as one, in their order, without outputs.

    Raises:
        JoinError: one of them is not there, or cannot be read.
    """
    missing = [n for n in NOTEBOOKS.values() if not (folder / f"{n}.ipynb").is_file()]
    if missing:
        names = ", ".join(f"{name}.ipynb" for name in missing)
        raise JoinError(f"{folder}: {names}: not found: give the folder with your six notebooks")
    joined: nbformat.NotebookNode | None = None
    for step in STEPS:
        book = _read(folder / f"{NOTEBOOKS[step]}.ipynb")
        for cell in book.cells:
            _rename(cell, f"{step}-{cell.id}"[:64])
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        if joined is None:
            joined = book
            joined.metadata["gnn_recommender"] = {"joined": True}
        else:
            joined.cells += book.cells
    assert joined is not None
    return joined


def split(path: Path) -> dict[str, nbformat.NotebookNode]:
    """The one notebook as six, by their files' names: what `join` has put together, as it is now.

    Raises:
        JoinError: it cannot be read, or does not hold the steps.
    """
    book = _read(path)
    steps: dict[str, list[Any]] = {step: [] for step in STEPS}
    step = STEPS[0]
    for cell in book.cells:
        own, heading = _ID.fullmatch(cell.id), _HEADING.search(cell.source)
        if own:
            step = own.group(1)
            _rename(cell, own.group(2))
        elif heading and cell.cell_type == "markdown":
            step = f"step{heading.group(1)}"
        steps[step].append(cell)
    empty = [step for step, cells in steps.items() if not cells]
    if empty:
        raise JoinError(
            f"{path}: no cells of {', '.join(empty)}: give a notebook that `autograder join` made"
        )
    metadata = copy.deepcopy(book.metadata)
    metadata.pop("gnn_recommender", None)
    return {
        f"{NOTEBOOKS[step]}.ipynb": nbformat.v4.new_notebook(
            cells=cells, metadata=metadata, nbformat_minor=5
        )
        for step, cells in steps.items()
    }


def _rename(cell: nbformat.NotebookNode, id_: str) -> None:
    """Give a cell another id, in nbgrader's metadata too."""
    cell.id = id_
    if "grade_id" in cell.metadata.get("nbgrader", {}):
        cell.metadata.nbgrader.grade_id = id_


def write(book: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook, whole or not at all.

    Raises:
        OSError: there is no room, or no right to write.
    """
    text = nbformat.writes(book, version=4).rstrip("\n") + "\n"
    progress.write_whole(path, text.encode())


def is_joined(path: Path) -> bool:
    """Whether a file is a notebook that `join` has made."""
    try:
        return bool(_read(path).metadata.get("gnn_recommender"))
    except JoinError:
        return False


def lacking(path: Path, marks: dict[str, Mark]) -> list[str]:
    """What is not ready to be handed in, a line each; `marks` are those of a run of this file.

    Raises:
        JoinError: it cannot be read.
    """
    lines = []
    for key, exercise in EXERCISES.items():
        mark = marks.get(key)
        if exercise.by_hand:
            continue
        if mark is None:
            lines.append(f"{key}: its check cell is not there: copy it from the course's notebook")
        elif not mark.attempted:
            lines.append(f"{key}: not attempted ({exercise.points:g} points)")
        elif mark.passed < mark.checks:
            points = f"{mark.earned:g} of {exercise.points:g} points"
            lines.append(f"{key}: {mark.passed} of {mark.checks} checks pass, {points}")
    auc = marks.get("step6.auc")
    if auc is None or not auc.attempted:
        lines.append("the test AUC: the assignment asks for `test_auc`, at the end of step 6")
    words = _words_of_the_report(path)
    if words <= WORDS:
        lines.append(
            "the reflection: the report of step 6 is empty "
            f"({BY_HAND_POINTS:g} points, graded by hand)"
        )
    return lines


def _words_of_the_report(path: Path) -> int:
    try:
        book = read(path)
    except SubmissionError as error:
        raise JoinError(str(error)) from None
    last = apart(book)[-1]
    return len(filled_in(last.report).split())


def _read(path: Path) -> nbformat.NotebookNode:
    try:
        read(path)  # says in one line what is wrong with a file
        return nbformat.read(path, as_version=4)
    except SubmissionError as error:
        raise JoinError(str(error)) from None
    except Exception as error:  # what nbformat cannot make of it
        raise JoinError(f"{path}: {type(error).__name__}: open it in Jupyter and save it") from None
