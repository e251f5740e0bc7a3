"""Reads a notebook's source, `solutions/stepN_*.py` in percent format, into cells.

Called by `autograder.authoring`; refuses with one line whatever would go wrong later, in nbgrader
or in a student's hands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from .errors import AuthoringError
from .regions import HIDDEN_TESTS, SOLUTION, UnbalancedRegion, split

MAX_BYTES = 15_000
ROLES = ("given", "solution", "check", "report")
ID = re.compile(r"[a-z0-9_]{1,64}")
MARKER = re.compile(r"\s*#\s*%%")


@dataclass(frozen=True)
class Cell:
    """One cell of a source: `kind` is code or markdown, `role` one of ROLES, empty when free."""

    id: str
    kind: str
    role: str
    text: str
    path: Path
    line: int  # of the cell's `# %%` line, from 1

    def error(self, message: str, offset: int = 0) -> AuthoringError:
        """The error about this cell, `offset` lines below its `# %%` line."""
        return AuthoringError(f"{self.path}:{self.line + offset}: cell {self.id}: {message}")


def read(path: Path, shown: Path) -> list[Cell]:
    """The cells of the source at `path`, which messages call `shown`.

    Raises:
        AuthoringError: the file is too big, is not UTF-8, or a cell breaks a rule of the format.
    """
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise AuthoringError(
            f"{shown}: {len(raw):,} bytes, {MAX_BYTES:,} at most: say it shorter, or move"
            " what students need not read into the package"
        )
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        raise AuthoringError(
            f"{shown}: byte {problem.start} is not UTF-8: save the file as UTF-8"
        ) from None
    lines = [n for n, line in enumerate(text.split("\n"), start=1) if MARKER.match(line)]
    nodes = jupytext.reads(text, fmt="py:percent").cells
    if len(nodes) != len(lines):
        raise AuthoringError(
            f"{shown}:1: there is something before the first cell: start the file with # %%"
        )
    cells: list[Cell] = []
    for node, line in zip(nodes, lines, strict=True):
        cell = _cell(node, shown, line)
        first = next((other for other in cells if other.id == cell.id), None)
        if first:
            raise cell.error(f"line {first.line} has the same id: give each cell its own")
        _check_regions(cell)
        cells.append(cell)
    if not cells:
        raise AuthoringError(f"{shown}:1: no cells: start each one with # %% and an id")
    return cells


def _cell(node: NotebookNode, shown: Path, line: int) -> Cell:
    options = {k: v for k, v in node.metadata.items() if k != "lines_to_next_cell"}
    where = f"{shown}:{line}: "
    name, role = options.pop("id", None), options.pop("role", "")
    if name is None:
        raise AuthoringError(where + 'cell without an id: write # %% id="..."')
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise AuthoringError(where + f"id {name!r}: use only a-z, 0-9 and _, 64 characters at most")
    cell = Cell(name, node.cell_type, role, node.source, shown, line)
    if options:
        raise cell.error(
            f"unknown option {', '.join(sorted(options))}: a cell has an id and a role"
        )
    if node.cell_type not in ("code", "markdown"):
        raise cell.error(f"{node.cell_type} cell: make it code or [markdown]")
    if role and role not in ROLES:
        raise cell.error(f"unknown role {role!r}: use {', '.join(ROLES)}, or none for a free cell")
    if role == "report" and cell.kind != "markdown":
        raise cell.error("a report is written in a [markdown] cell: write # %% [markdown]")
    if role in ("solution", "check") and cell.kind != "code":
        raise cell.error(f"role {role} is for a code cell: take [markdown] away")
    return cell


def _check_regions(cell: Cell) -> None:
    try:
        solutions = split(cell.text, SOLUTION)
        hidden = split(cell.text, HIDDEN_TESTS)
    except UnbalancedRegion as problem:
        raise cell.error(f"{problem}: close each region once", problem.line + 1) from None
    if cell.role in ("solution", "report"):
        if not solutions.count:
            raise cell.error(
                "no ### BEGIN SOLUTION ... ### END SOLUTION: nbgrader would blank the whole cell"
            )
        if not any(line.strip() for line in solutions.inside):
            raise cell.error("the solution region is empty: write the solution in it")
    elif solutions.count:
        raise cell.error('solution region in a cell without role="solution": students would see it')
    if cell.role == "check":
        if not hidden.count:
            raise cell.error("no hidden tests: add ### BEGIN HIDDEN TESTS ... ### END HIDDEN TESTS")
    elif hidden.count:
        raise cell.error('hidden tests in a cell without role="check": move them to a check cell')
