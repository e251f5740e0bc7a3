"""The session that probes look into: the namespace, its cells' history, and what they showed.

The sandbox fills one while it runs cells, `autograder.notebook` one inside a student's kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.contract import TOYS
from autograder.evidence.arrays import text
from autograder.evidence.schema import Absent, Call, CellError
from autograder.inside.history import History, bound_names, called_names
from autograder.inside.values import describe, numbers


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
    history: History = field(default_factory=History)
    shown: list[Any] = field(default_factory=list)  # values and printed text
    own: Callable[[], dict[str, Any] | CellError | None] = lambda: None  # the student's own chain
    flags: list[str] = field(default_factory=list)  # look-alikes that were found
    recorder: Any = None  # that of `autograder.inside.recorder`, where it is installed
    names: dict[str, str] = field(default_factory=dict)  # the contract's name -> the notebook's own

    def begin(self, cells: list[str]) -> dict[str, Any]:
        """Go on to the next notebook, of these cells: an empty namespace."""
        self.ns, self.history.cells, self.shown = {}, cells, []
        if self.recorder is not None:
            self.recorder.begin_step()
        return self.ns

    def absent(self, *names: str, doing: str = "", like: type | None = None) -> Absent:
        """Say that no such name is defined, with the error of the last cell that would have.

        A cell that would have is one that binds a name, calls it, or whose source holds `doing`.
        Where none raised, `similar` is another name for an object `like` the one that is asked for.
        """
        found = describe(self.ns[names[0]]) if names[0] in self.ns else ""
        for source, error in reversed(self.history.errors):
            bound = any(name in bound_names(source) for name in names)
            called = bool(found) and names[0] in called_names(source)
            if not error.blank and (bound or called or (doing and doing in source)):
                return Absent(name=names[0], error=error, found=found)
        blank = next((error for _, error in reversed(self.history.errors) if error.blank), None)
        return Absent(name=names[0], error=blank, found=found, similar=self._similar(like))

    def _similar(self, like: type | None) -> str:
        """The student's name for the last object of this kind, if there is one."""
        named = [k for k, v in self.ns.items() if like and isinstance(v, like) and k[:1] != "_"]
        mine = {name for source in self.history.cells for name in bound_names(source)} - {*TOYS}
        return text(next((name for name in reversed(named) if name in mine), ""))

    def call(self, function: Callable[..., Any], *args: Any) -> tuple[Call, Any]:
        """Call the student's function; whatever it raises becomes evidence."""
        try:
            value = function(*args)
        except (Exception, SystemExit) as error:
            return Call(error=self.history.cell_error(error)), None
        return Call(output=numbers(value), text=describe(value)), value
