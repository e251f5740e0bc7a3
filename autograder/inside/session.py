"""The session that probes look into: the namespace, what its cells raised, and what they showed.

The sandbox fills one while it runs cells, `autograder.notebook` one inside a student's kernel.
"""

from __future__ import annotations

import ast
import linecache
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.contract import TOYS
from autograder.evidence.arrays import Array, array, text
from autograder.evidence.schema import Absent, Call, CellError

SHOWN = 60  # characters of a cell's first line


class NotebookProblem(ValueError):
    """Something that the student has to do first; a notebook shows one line, and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass
class Session:
    """One run of a notebook: its namespace and history. `data` is the user_artists.dat in use."""

    ns: dict[str, Any]
    data: Path
    seed: int = 0
    aliased: set[str] = field(default_factory=set)  # names that were filled in for the student
    free_form: bool = False  # a notebook of the student's own form, where other names will do
    cells: list[str] = field(default_factory=list)  # sources, in the order of the notebook
    errors: list[tuple[str, CellError]] = field(default_factory=list)  # (cell source, error)
    shown: list[Any] = field(default_factory=list)  # values and printed text
    own: Callable[[], dict[str, Any] | CellError | None] = lambda: None  # the student's own chain
    flags: list[str] = field(default_factory=list)  # look-alikes that were found
    recorder: Any = None  # that of `autograder.inside.recorder`, where it is installed
    names: dict[str, str] = field(default_factory=dict)  # the contract's name -> the notebook's own
    sources: dict[str, list[str]] = field(default_factory=dict)  # of a cell's runs, by its id

    def begin(self, cells: list[str]) -> dict[str, Any]:
        """Go on to the next notebook, of these cells: an empty namespace."""
        self.ns, self.cells, self.shown = {}, cells, []
        if self.recorder is not None:
            self.recorder.begin_step()
        return self.ns

    def failed(self, source: str, error: BaseException) -> None:
        """Remember that the cell with this source raised."""
        self.errors.append((source, self.cell_error(error)))

    def forget(self, source: str, cell: str = "") -> None:
        """A cell has run again, in a notebook: what its earlier runs raised is over.

        `cell` is its id; without one, earlier runs are those of the same source, or that bind only
        names that are bound now.
        """
        before = self.sources.setdefault(cell, []) if cell else []
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

        None where a name was not bound by an earlier run, or nothing raised since.
        """
        for source, error in reversed(self.errors):
            if not error.blank and set(names) & bound_names(source):
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
        source = "".join(linecache.getlines(filename)).strip()
        for number, cell in enumerate(self.cells):
            if source and source == cell.strip():
                return number
        return None

    def absent(self, *names: str, doing: str = "", like: type | None = None) -> Absent:
        """Say that no such name is defined, with the error of the last cell that would have.

        A cell that would have is one that binds a name, calls it, or whose source holds `doing`.
        Where none raised, `similar` is another name for an object `like` the one that is asked for.
        """
        found = describe(self.ns[names[0]]) if names[0] in self.ns else ""
        for source, error in reversed(self.errors):
            bound = any(name in bound_names(source) for name in names)
            called = bool(found) and names[0] in called_names(source)
            if not error.blank and (bound or called or (doing and doing in source)):
                return Absent(name=names[0], error=error, found=found)
        blank = next((error for _, error in reversed(self.errors) if error.blank), None)
        return Absent(name=names[0], error=blank, found=found, similar=self._similar(like))

    def _similar(self, like: type | None) -> str:
        """The student's name for the last object of this kind, if there is one."""
        named = [k for k, v in self.ns.items() if like and isinstance(v, like) and k[:1] != "_"]
        mine = {name for source in self.cells for name in bound_names(source)} - {*TOYS}
        return text(next((name for name in reversed(named) if name in mine), ""))

    def call(self, function: Callable[..., Any], *args: Any) -> tuple[Call, Any]:
        """Call the student's function; whatever it raises becomes evidence."""
        try:
            value = function(*args)
        except (Exception, SystemExit) as error:
            return Call(error=self.cell_error(error)), None
        return Call(output=_numbers(value), text=describe(value)), value


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


def describe(value: object) -> str:
    """A value in a few words: the shape of a tensor, the text of a number, else the type."""
    shape = getattr(value, "shape", None)
    if shape == () and hasattr(value, "item"):
        return text(repr(value.item()))
    if shape is not None and getattr(value, "dtype", None) is not None:
        return text(f"a {type(value).__name__} of shape {list(shape)}, {value.dtype}")  # type: ignore[attr-defined]
    if value is None or isinstance(value, (bool, int, float, str)):
        return text(repr(value))
    if isinstance(value, (list, tuple, dict, set)):
        return f"a {type(value).__name__} of {len(value)}"
    return text(f"a {type(value).__name__}")


def _numbers(value: object) -> Array | None:
    """A tensor or number as float32 evidence, if it is one."""
    dims = getattr(value, "ndim", None)
    if isinstance(value, (bool, int, float)) or (isinstance(dims, int) and dims <= 2):
        try:
            return array(value, "float32")
        except (TypeError, ValueError, RuntimeError, OverflowError):
            return None
    return None


def number(value: object) -> float | None:
    """A Python, NumPy or zero-dimensional torch number as float; anything else is None."""
    if isinstance(value, str) or value is None:
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def whole(value: object) -> int | None:
    """A whole number as int, whatever its type; anything else is None."""
    found = number(value)
    if found is None or found != found or not found.is_integer() or abs(found) >= 2**62:
        return None
    return int(value) if isinstance(value, int) else int(found)
