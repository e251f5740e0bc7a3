"""The bank of programs that the diagnosis is tested on: whole projects, right and wrong.

Each is a case file in `cases`: a whole program, or a patch of one of the right programs in `bases`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cases import CaseFile, read_all

from autograder.contract import EXERCISES
from autograder.rules import causes

FOLDER = Path(__file__).parent / "cases"
BASES = Path(__file__).parent / "bases"
KEYS = ("base", "causes", "flags", "shows in", "waits", "what")
FLAGS = ("right", "unknown", "crashes", "held out")


@dataclass(frozen=True)
class Program:
    """A program in percent format, and what the grader and the diagnosis should say of it.

    `ids` are the misconceptions that are in it, the most fundamental first; none: it is right.
    """

    name: str
    source: str
    ids: tuple[str, ...] = ()
    crashes: bool = False  # a cell raises when it is run from top to bottom
    held_out: bool = False  # not looked at while the detector was written
    unknown: bool = False  # wrong in a way that the catalogue does not name
    shows_in: str = ""  # the step whose check fails, where it is not that of the first id
    waits: tuple[str, ...] = ()  # exercises of a right program that only a person can judge

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


def program_of(case: CaseFile) -> Program:
    """The program of a case file."""
    flags = case.words("flags", FLAGS)
    ids = case.words("causes", causes())
    if ("right" in flags) + ("unknown" in flags) + bool(ids) != 1:
        text = (
            "say `causes:`, or `right` or `unknown` among the `flags:`, and only one of the three"
        )
        raise case.error(1, text)
    source = case.program
    if "base" in case.header:
        base = case.one_of("base", (path.stem for path in BASES.glob("*.py")))
        source = (BASES / f"{base}.py").read_text(encoding="utf-8")
        source = case.patched({"": source}).get("", source)
    return Program(
        name=case.name,
        source=source,
        ids=ids,
        crashes="crashes" in flags,
        held_out="held out" in flags,
        unknown="unknown" in flags,
        waits=case.words("waits", EXERCISES),
        shows_in=case.one_of("shows in", (f"step{n}" for n in range(1, 7)), ""),
    )


@functools.cache
def _all() -> tuple[Program, ...]:
    return read_all(FOLDER, KEYS, program_of)


def programs(kind: str) -> list[Program]:
    """All programs of a kind: `mistakes` or `right`."""
    return [p for p in _all() if bool(p.ids or p.unknown) == (kind == "mistakes")]


def as_parameters(chosen: list[Program], missed: dict[str, str]) -> list[Any]:
    """One test a program; `missed` are those that must not pass yet, and why."""
    marks = {name: pytest.mark.xfail(strict=True, reason=why) for name, why in missed.items()}
    return [pytest.param(p, id=p.name, marks=marks.get(p.name, ())) for p in chosen]
