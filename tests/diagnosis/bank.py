"""The bank of programs that the diagnosis is tested on: whole projects, right and wrong.

A program is one of the `bases` (a right project in percent format) with some of its text replaced.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Program:
    """A base with edits: each `old` text occurs exactly once there and is replaced by `new`.

    `ids` are the misconceptions that are in it, the most fundamental first; none: it is right.
    """

    name: str
    base: str
    edits: tuple[tuple[str, str], ...] = ()
    ids: tuple[str, ...] = ()
    crashes: bool = False  # a cell raises when it is run from top to bottom
    held_out: bool = False  # not looked at while the detector was written
    unknown: bool = False  # wrong in a way that the catalogue does not name
    shows_in: str = ""  # the step whose check fails, where it is not that of the first id

    @property
    def step(self) -> str:
        """Where the first mistake is, by its id."""
        areas = {"load": 1, "graph": 2, "map": 3, "data": 3, "split": 3, "model": 4, "decode": 4}
        areas |= {"encode": 4, "train": 5, "test": 6}
        if self.shows_in:
            return self.shows_in
        return f"step{areas[self.ids[0].split('.')[0]]}" if self.ids else ""

    def fits(self, ids: tuple[str, ...], lost: tuple[str, ...]) -> bool:
        """Whether these names, and points lost in these steps, are what is due: the first one
        right and no other that is not true; a second bug may stay behind the first."""
        if not self.ids:
            return not ids and bool(lost) == self.unknown
        return ids[:1] == self.ids[:1] and set(ids) <= set(self.ids) and self.step in lost

    def source(self) -> str:
        """The program in percent format.

        Raises:
            ValueError: an `old` text is not there exactly once.
        """
        text = (FOLDER / "bases" / f"{self.base}.py").read_text(encoding="utf-8")
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: {text.count(old)} times in {self.base}: {old!r}")
            text = text.replace(old, new)
        return text


def programs(kind: str) -> list[Program]:
    """All programs in the modules of the folder `mistakes` or `right`."""
    found: list[Program] = []
    for module in pkgutil.iter_modules([str(FOLDER / kind)]):
        found += importlib.import_module(f"{kind}.{module.name}").PROGRAMS
    return found
