"""Notebook files to submissions: which cells belong to which step, whose they are.

The grader, `autograder check` and the student's own chain read notebooks only through here; no
file is ever written.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder import ASSIGNMENT, EXERCISES, NOTEBOOKS, STEPS

MAX_BYTES = 50 * 2**20
_STEP_OF_NAME = {name: step for step, name in NOTEBOOKS.items()}
_CHECK_CALL = re.compile(r"""^\s*check\(\s*["'](step[1-6](?:\.\w+)?)["']""", re.M)
_HEADING = re.compile(r"^[#*\s]*step\s*([1-6])\b", re.I | re.M)


class SubmissionError(Exception):
    """A file that cannot be graded; the message says what, where and what to do."""


class PathError(SubmissionError):
    """There is nothing of that name to grade, or to grade with."""


@dataclass(frozen=True)
class Cell:
    """One cell. `key` is the graded cell that a check cell asks for, such as `step3.mapping`."""

    kind: str  # code or markdown
    source: str
    id: str = ""
    key: str = ""
    step: str = ""


@dataclass(frozen=True)
class Notebook:
    """One notebook. `step` is set where it is one of the six; a free-form one has none."""

    path: Path
    cells: tuple[Cell, ...]
    step: str = ""

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that have a code cell here."""
        found = {cell.step for cell in self.cells if cell.kind == "code"}
        return tuple(step for step in STEPS if step in found)

    @property
    def report(self) -> str:
        """The written report of step 6: its own cell, or the prose after the last code cell."""
        for cell in self.cells:
            if cell.kind == "markdown" and cell.id == "report":
                return cell.source
        if self.step:
            return ""
        written = [c.source for c in self.cells if c.kind == "markdown" and c.step == "step6"]
        return "\n".join(text for text in written if len(text.split()) > 15)


@dataclass(frozen=True)
class Submission:
    """What one student handed in: six notebooks, some of them, or one free-form notebook.

    `problems` says of each file that could not be read why, and what to do.
    """

    student: str
    notebooks: tuple[Notebook, ...]
    problems: tuple[str, ...] = ()


def read(path: Path) -> Notebook:
    """Read one notebook.

    Raises:
        PathError: there is no such file.
        SubmissionError: it is empty, too large, not JSON, or no notebook.
    """
    cells = _cells(path)
    key = next((cell.key for cell in cells if cell.key), "")
    step = _STEP_OF_NAME.get(path.stem) or key.split(".")[0]
    if step and {cell.key.split(".")[0] for cell in cells if cell.key} <= {step}:
        return Notebook(path, tuple(_with_step(cell, step) for cell in cells), step)
    return Notebook(path, _by_content(cells))


def _with_step(cell: Cell, step: str) -> Cell:
    return Cell(cell.kind, cell.source, cell.id, cell.key, step)


def _cells(path: Path) -> list[Cell]:
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise PathError(f"{path}: {error.strerror or error}: check the path") from None
    if raw is None:
        raise SubmissionError(f"{path}: larger than 50 MB: clear its outputs and hand in again")
    if not raw.strip():
        raise SubmissionError(f"{path}: the file is empty: ask for it again")
    try:
        content = json.loads(_decoded(raw))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        advice = "not JSON, so no notebook: save it in Jupyter as .ipynb and hand in again"
        raise SubmissionError(f"{path}{where}: {advice}") from None
    try:
        book = nbformat.convert(nbformat.from_dict(content), 4)
        return [_cell(cell) for cell in book.cells]
    except Exception as error:  # nbformat raises whatever it trips over
        kind = type(error).__name__
        raise SubmissionError(
            f"{path}: JSON, but no notebook ({kind}): open it in Jupyter, save, hand in again"
        ) from None


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16")
    return raw.decode("utf-8-sig")


def _cell(cell: Any) -> Cell:
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else str(source)
    if cell.get("cell_type") != "code":
        grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
        return Cell("markdown", source, str(grade_id or cell.get("id", "")))
    meta = cell.get("metadata", {}).get("nbgrader", {})
    meta = meta if isinstance(meta, dict) else {}
    call = _CHECK_CALL.search(source)
    known = call and call.group(1) in EXERCISES and (meta.get("grade") or _only_checks(source))
    key = call.group(1) if call and known else ""
    return Cell("code", source, str(meta.get("grade_id") or cell.get("id", "")), key)


def _only_checks(source: str) -> bool:
    """Whether every statement is a call of `check`."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return False
    return all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", "") == "check"
        for node in body
    )


# What a line of each step's code looks like, for notebooks without headings.
_SIGNS = {
    "step1": r"read_csv|read_table|\.unique\(\)\.size|nunique",
    "step2": r"nx\.(Multi)?(Di)?Graph\(|add_nodes?(_from)?\(|add_edges?(_from)?\(",
    "step3": r"\bData\(|RandomLinkSplit|mapping\s*=|factorize|LabelEncoder|edge_index\s*=",
    "step4": r"class\s+\w+\(.*Module\)|SAGEConv\(|def (encode|decode)",
    "step5": r"optim\.|Adam\(|negative_sampling\(|\.backward\(|def train",
    "step6": r"roc_auc_score\(|def (test|evaluate)|no_grad",
}


def _by_content(cells: list[Cell]) -> tuple[Cell, ...]:
    """Give each cell of a free-form notebook its step: by headings `Step N`, else by its code."""
    headings = [_HEADING.search(c.source) for c in cells if c.kind == "markdown"]
    by_heading = len({h.group(1) for h in headings if h}) >= 3
    step, found = "step1", []
    for cell in cells:
        heading = _HEADING.search(cell.source) if cell.kind == "markdown" else None
        if by_heading and heading:
            step = f"step{heading.group(1)}"
        elif not by_heading and cell.kind == "code":
            step = max(step, _step_of_code(cell.source))
        found.append(_with_step(cell, step))
    return tuple(found)


def _step_of_code(source: str) -> str:
    lines = [li for li in source.splitlines() if not re.match(r"\s*(import|from|#|def __)", li)]
    text = "\n".join(lines)
    return max((s for s, sign in _SIGNS.items() if re.search(sign, text)), default="step1")


def load(path: Path) -> Submission:
    """One notebook file, or a folder with one student's notebooks, as a submission.

    Raises:
        PathError: there is no notebook at `path`.
        SubmissionError: it is a single file that cannot be read.
    """
    if path.is_file():
        return Submission(path.stem, (read(path),))
    if not path.is_dir():
        raise PathError(f"{path}: no such file or folder: check the path")
    folder = path / ASSIGNMENT if (path / ASSIGNMENT).is_dir() else path
    files = sorted(f for f in folder.glob("*.ipynb") if f.is_file())
    if not files:
        raise PathError(f"{folder}: holds no .ipynb file: name a notebook or its folder")
    found, problems = [], []
    for file in files:
        try:
            found.append(read(file))
        except SubmissionError as error:
            problems.append(str(error))
    return Submission(path.resolve().name, tuple(found), tuple(problems))


def load_class(folder: Path) -> list[Submission]:
    """All submissions under a folder: nbgrader's `submitted/STUDENT/gnn_recommender/*.ipynb`, a
    folder of students' folders, or loose notebooks, one a student.

    Raises:
        PathError: there is no such folder, or not one notebook in it.
    """
    if not folder.is_dir():
        raise PathError(f"{folder}: no such folder: name the one that holds the submissions")
    root = folder / "submitted" if (folder / "submitted").is_dir() else folder
    if len([name for name in _STEP_OF_NAME if (root / f"{name}.ipynb").is_file()]) > 1:
        return [load(root)]  # one student's own folder
    found: list[Submission] = []
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or not (path.is_dir() or path.suffix == ".ipynb"):
            continue
        try:
            found.append(load(path))
        except SubmissionError as error:
            found.append(Submission(path.stem if path.is_file() else path.name, (), (str(error),)))
    if not any(s.notebooks or s.problems for s in found):
        raise PathError(f"{folder}: no submission here: expected STUDENT/{ASSIGNMENT}/*.ipynb")
    return found
