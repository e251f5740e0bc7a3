"""Where in a submission to point at: the cell and line where a name is bound, called or defined.

Positions come from the syntax tree of the student's cells; what is wrong does not.
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass, replace

from autograder.contract import EXERCISES
from autograder.evidence.schema import CellError
from autograder.handin.submission import Cell, Submission
from autograder.inside.history import beginning
from autograder.limits import NOTEBOOK_CELLS
from autograder.rules.cause import Cause
from autograder.rules.teaching import exercise_words


@dataclass(frozen=True)
class Place:
    """A code cell of a notebook and a line in it, counted from 1; None if there is no telling.

    `words` say which cell it is by what a reader of the notebook sees: notebooks show no numbers.
    """

    notebook: str = ""
    cell: int | None = None
    line: int | None = None
    source: str = ""
    words: str = ""


def code_cells(submission: Submission) -> list[tuple[str, int, Cell]]:
    """Every code cell with its notebook's name and its number there, counted from 1."""
    return [
        (book.path.name, number, cell)
        for book in submission.notebooks
        for number, cell in enumerate((c for c in book.cells if c.kind == "code"), start=1)
    ]


def in_words(place: Place, submission: Submission) -> Place:
    """The place with the words for its cell: the exercise, or its heading and its first line."""
    for book in submission.notebooks:
        code = [n for n, cell in enumerate(book.cells) if cell.kind == "code"]
        if book.path.name != place.notebook or not 1 <= (place.cell or 0) <= len(code):
            continue
        at = code[(place.cell or 1) - 1]
        cell = book.cells[at]
        if f"{cell.step}.{cell.id}" in EXERCISES:
            return replace(place, words=exercise_words(f"{cell.step}.{cell.id}"))
        begins = f"the cell that begins `{beginning(cell.source)}`"
        above = [c.source for c in book.cells[:at] if c.kind == "markdown"]
        headings = re.findall(r"^#+ +(.+)$", "\n".join(above), re.M)
        under = f'under "{headings[-1].replace("*", "").strip()}", ' if headings else ""
        return replace(place, words=under + begins)
    return place


def place_of(
    cause: Cause, submission: Submission, names: dict[str, str], errors: list[CellError]
) -> Place:
    """The first line of the cause's step that binds, calls or defines what the cause points at.

    In our own notebooks the cells of the exercises come first: the others are ours. `names` are the
    notebook's own names for those of the contract.
    """
    cells = code_cells(submission)
    here = [found for found in cells if _is_work(found[2], cause.step)]
    exercises = [found for found in here if f"{cause.step}.{found[2].id}" in EXERCISES]
    there = [found for found in cells if not _is_work(found[2], cause.step)]
    for group in (exercises, [*here, *there]):
        for name in cause.at:
            for notebook, number, cell in group:
                known = _first_lines(cell.source)
                if lines := [known[n] for n in {name, names.get(name, name)} if n in known]:
                    source = cell.source.splitlines()[min(lines) - 1].strip()
                    return Place(notebook, number, min(lines), source)
    for error in errors:
        for notebook, number, _ in here:
            if error.cell == number - 1 and error.line:
                return Place(notebook, number, error.line, error.source.strip())
    return first_cell(submission, cause.step)


def first_cell(submission: Submission, step: str) -> Place:
    """The first code cell of a step."""
    here = [(name, n) for name, n, cell in code_cells(submission) if cell.step == step]
    return Place(*here[0]) if here else Place()


def _is_work(cell: Cell, step: str) -> bool:
    return cell.step == step and not cell.key


@functools.lru_cache(maxsize=NOTEBOOK_CELLS)  # once a cell, however many names are looked for
def _first_lines(source: str) -> dict[str, int]:
    """Each name that a cell binds, defines or calls, and the first line that does."""
    tree, found = parsed(source), dict[str, int]()
    for node in ast.walk(tree) if tree is not None else ():
        if (name := _said(node)) and (line := getattr(node, "lineno", 0)):
            found[name] = min(line, found.get(name, line))
    return found


def parsed(source: str) -> ast.AST | None:
    """The syntax tree of a cell, where it has one."""
    try:
        return ast.parse(_without_magics(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _said(node: ast.AST) -> str:
    """The name that a node binds, defines or calls; empty where it does nothing of these."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return node.name
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    if isinstance(node, ast.keyword):
        return node.arg or ""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return ""


def _without_magics(source: str) -> str:
    """The cell with IPython's own lines left empty, so that it parses and keeps its numbers."""
    lines = source.splitlines()
    return "\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in lines)
