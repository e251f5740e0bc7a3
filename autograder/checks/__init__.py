"""The checks: pytest tests over evidence, with points, titles and teaching messages.

`autograder.marks` runs them; `autograder.authoring` reads their points; an instructor adds one by
writing a pytest test with `@check(cell, points=...)` in a file `stepN*.py` of this folder.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from autograder import EXERCISES


@dataclass(frozen=True)
class Check:
    """One check: id (`step3.mapping.size`), graded cell (`step3.mapping`), title, points."""

    id: str
    cell: str
    title: str
    points: float
    by_hand: bool = False

    @property
    def step(self) -> str:
        """The step that the check belongs to, such as `step3`."""
        return self.cell.split(".")[0]


def check(cell: str, points: float, by_hand: bool = False) -> Callable[[Callable], Callable]:
    """Mark a pytest test as a check of one graded cell.

    The id is the cell and the test's name, the title is the docstring's first line. `by_hand` marks
    a cell whose points a person gives: the test then only tells whether there is something to read.

    Raises:
        ValueError: the test has no docstring, so that it has no title.
    """

    def mark(test: Callable) -> Callable:
        if not test.__doc__:
            raise ValueError(f"{test.__name__} needs a docstring: its first line is the title")
        title = test.__doc__.strip().splitlines()[0].rstrip(".")
        name = test.__name__.removeprefix("test_")
        entry = Check(f"{cell}.{name}", cell, title, float(points), by_hand)
        return pytest.mark.check(entry)(test)

    return mark


@functools.cache
def catalogue() -> tuple[Check, ...]:
    """Every check, in the order of the exercises.

    Raises:
        ValueError: a check belongs to an exercise that there is not.
    """
    found: list[Check] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[:4] == "step"):
        for item in vars(importlib.import_module(f"{__name__}.{module}")).values():
            marks = getattr(item, "pytestmark", [])
            found += [mark.args[0] for mark in marks if mark.name == "check"]
    return tuple(sorted(found, key=lambda entry: EXERCISES.index(entry.cell)))


def points(by_hand: bool | None = None) -> dict[str, float]:
    """Points of each graded cell, such as `{"step3.mapping": 8.0}`; they add up to 100.

    `by_hand=False` keeps the automatic ones (90), `by_hand=True` those that a person gives (10).
    """
    total: dict[str, float] = {}
    for entry in catalogue():
        if by_hand is None or entry.by_hand == by_hand:
            total[entry.cell] = total.get(entry.cell, 0.0) + entry.points
    return total
