"""The cells of a notebook that has run, and what each of them raised.

Cells are told apart by their source: that is all that is known of one in a kernel and in the
sandbox alike.
"""

from __future__ import annotations

import ast
import linecache
import re
import traceback
from dataclasses import dataclass, field

from autograder.evidence.arrays import text
from autograder.evidence.schema import CellError

SHOWN = 60  # characters of a cell's first line


@dataclass
class History:
    """Sources in the order of the notebook, and what raised, with the source of its cell."""

    cells: list[str] = field(default_factory=list)
    errors: list[tuple[str, CellError]] = field(default_factory=list)
    runs: dict[str, list[str]] = field(default_factory=dict)  # sources of a cell's runs, by its id

    def failed(self, source: str, error: BaseException) -> None:
        """Remember that the cell with this source raised."""
        self.errors.append((source, self.cell_error(error)))

    def forget(self, source: str, cell: str = "") -> None:
        """A cell has run again, in a notebook: what its earlier runs raised is over.

        `cell` is its id; without one, earlier runs are those of the same source, or that bind only
        names that are bound now.
        """
        before = self.runs.setdefault(cell, []) if cell else []
        names = set() if cell else bound_names(source)
        self.errors[:] = [
            (old, error)
            for old, error in self.errors
            if old != source
            and old not in before
            and not (names and bound_names(old) and bound_names(old) <= names)
        ]
        before.append(source)

    def stale(self, *names: str) -> CellError | None:
        """What the last run of the cell that binds one of the names raised: it is older than that.

        None where nothing raised since, or only below the lines that bind the names.
        """
        for source, error in reversed(self.errors):
            if not error.blank and set(names) & _not_reached(source, error):
                return error
        return None

    def cell_error(self, error: BaseException) -> CellError:
        """An exception as evidence: the deepest line of it that stands in the student's cells."""
        cell, line, source, message = None, None, "", text(error)
        if isinstance(error, SyntaxError):
            line, source, message = error.lineno, error.text or "", error.msg
        for frame in traceback.extract_tb(error.__traceback__):
            found = self.cell_of(frame.filename)
            if found is not None:
                cell, line = found, frame.lineno
                source = linecache.getline(frame.filename, frame.lineno or 0)
        return CellError(
            name=text(type.__getattribute__(type(error), "__name__")),
            message=text(message),
            cell=cell,
            line=line,
            source=text(source.rstrip()),
            begins=text("" if cell is None else beginning(self.cells[cell])),
        )

    def cell_of(self, filename: str) -> int | None:
        """The number of the cell whose source is in this file."""
        source = "".join(linecache.getlines(filename)).strip()
        for number, cell in enumerate(self.cells):
            if source and source == cell.strip():
                return number
        return None


def _not_reached(source: str, error: CellError) -> set[str]:
    """Names that a cell binds in the statement that raised, or below it."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return bound_names(source)
    if error.line is None or error.begins != beginning(source):
        return bound_names(source)
    left = [node for node in statements if (node.end_lineno or 0) >= error.line]
    return bound_names(ast.unparse(ast.Module(left, [])))


def beginning(source: str) -> str:
    """The first line of a cell, by which a reader finds it; a long one is cut."""
    line = next((line.strip() for line in source.splitlines() if line.strip()), "")
    return line if len(line) <= SHOWN else f"{line[:SHOWN].rsplit(' ', 1)[0]} ..."


def bound_names(source: str) -> set[str]:
    """Names that a cell binds at its top level; by text where it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set(re.findall(r"^\s*(?:def |class )?(\w+)\s*(?:=[^=]|\(|,|:)", source, re.M))
    names = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    kinds = (ast.FunctionDef, ast.ClassDef)
    return names | {node.name for node in tree.body if isinstance(node, kinds)}


def called_names(source: str) -> set[str]:
    """Names that are called somewhere in a cell; none where it does not parse."""
    try:
        calls = [n.func for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    except (SyntaxError, ValueError):
        return set()
    return {func.id for func in calls if isinstance(func, ast.Name)}
