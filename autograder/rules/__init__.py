"""The rules: pytest tests over evidence, each with its points, its title and what makes it fail.

`judge` runs them; `autograder.authoring` compares their points with the contract. To add a check,
write a pytest test with `@check(cell, points=..., causes=...)` in a file `stepN*.py` here.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable

import pytest

from autograder.contract import EXERCISES
from autograder.rules.cause import Cause
from autograder.rules.outcome import Check


def check(
    cell: str,
    points: float,
    causes: tuple[Cause, ...] = (),
    by_hand: bool = False,
    of_training: bool = False,
) -> Callable[[Callable], Callable]:
    """Mark a pytest test as a check of one graded cell.

    The id is the cell and the test's name, the title is the docstring's first line. Where it fails,
    the first of its `causes` that has a proof names the failure. A check of 0 points costs nothing:
    it names what is wrong without a mark. `by_hand` marks a cell whose points a person gives: the
    test then only tells whether there is something to read. `of_training` says that it asks how
    well a training went, which may differ from file to file by chance.

    Raises:
        ValueError: the test has no docstring, so that it has no title.
    """

    def mark(test: Callable) -> Callable:
        if not test.__doc__:
            raise ValueError(f"{test.__name__} needs a docstring: its first line is the title")
        title = test.__doc__.strip().splitlines()[0].rstrip(".")
        id = f"{cell}.{test.__name__.removeprefix('test_')}"
        named = tuple(c.id for c in causes)
        entry = Check(id, cell, title, float(points), by_hand, named, of_training)
        return pytest.mark.check(entry, causes)(test)

    return mark


def check_of(test: Callable) -> Check:
    """The check behind a test function that `check` has marked."""
    return next(m.args[0] for m in test.pytestmark if m.name == "check")  # type: ignore[attr-defined]


@functools.cache
def _marks() -> tuple[tuple[Check, tuple[Cause, ...]], ...]:
    marks: list[tuple[Check, tuple[Cause, ...]]] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[:4] == "step"):
        for item in vars(importlib.import_module(f"{__name__}.{module}")).values():
            if getattr(item, "__module__", "") == f"{__name__}.{module}":
                own = [m.args for m in getattr(item, "pytestmark", []) if m.name == "check"]
                marks += [(entry, named) for entry, named in own]
    order = list(EXERCISES)
    if unknown := [entry for entry, _ in marks if entry.cell not in EXERCISES]:
        raise ValueError(
            f"the check {unknown[0].id} belongs to no exercise: choose one of "
            f"autograder/contract.py, or add {unknown[0].cell} there"
        )
    return tuple(sorted(marks, key=lambda mark: order.index(mark[0].cell)))


@functools.cache
def catalogue() -> tuple[Check, ...]:
    """Every check, in the order of the exercises.

    Raises:
        ValueError: a check belongs to an exercise that there is not.
    """
    return tuple(entry for entry, _ in _marks())


@functools.cache
def causes() -> dict[str, Cause]:
    """Every cause that a check names, by its id.

    Raises:
        ValueError: two causes share an id.
    """
    by_id: dict[str, Cause] = {}
    for _, named in _marks():
        for cause in named:
            if by_id.setdefault(cause.id, cause) is not cause:
                raise ValueError(f"two causes of one id: {cause.id}")
    return by_id


def points(by_hand: bool | None = None) -> dict[str, float]:
    """Points of each graded cell, such as `{"step3.mapping": 8.0}`; they add up to 100.

    `by_hand=False` keeps the automatic ones (90), `by_hand=True` those that a person gives (10).
    """
    total: dict[str, float] = {}
    for entry in catalogue():
        if by_hand is None or entry.by_hand == by_hand:
            total[entry.cell] = total.get(entry.cell, 0.0) + entry.points
    return total
