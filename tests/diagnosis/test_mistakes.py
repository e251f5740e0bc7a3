"""Each wrong program of the bank: a check of its step fails, and its mistake is named first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bank import Program, programs
from bank_run import Result

from autograder.diagnosis import catalogue

MISTAKES = programs("mistakes")
NAMED = [p for p in MISTAKES if p.ids]
UNKNOWN = [p for p in MISTAKES if p.unknown]
named = pytest.mark.parametrize("program", NAMED, ids=lambda p: p.name)


def test_every_misconception_has_two_programs_and_twenty_hold_two() -> None:
    alone = [p.ids[0] for p in NAMED if len(p.ids) == 1]
    assert {e.id for e in catalogue()} <= {i for i in alone if alone.count(i) >= 2}
    assert sum(len(p.ids) == 2 for p in NAMED) >= 20
    assert len({p.name for p in MISTAKES}) == len(MISTAKES)
    assert len({p.source() for p in MISTAKES}) == len(MISTAKES)


def test_a_third_was_held_out() -> None:
    assert sum(p.held_out for p in MISTAKES) >= len(MISTAKES) / 3


@pytest.mark.slow
@named
def test_marks_are_lost_at_its_step(program: Program, examined: Callable[..., Result]) -> None:
    assert program.step in examined(program).lost, examined(program)


@pytest.mark.slow
@named
def test_it_is_named_first_and_nothing_else(
    program: Program, examined: Callable[..., Result]
) -> None:
    found = examined(program).ids
    assert found[:1] == program.ids[:1]
    assert set(found) <= set(program.ids)


@pytest.mark.slow
@pytest.mark.parametrize("program", UNKNOWN, ids=lambda p: p.name)
def test_what_has_no_name_is_not_given_one(
    program: Program, examined: Callable[..., Result]
) -> None:
    result = examined(program)
    assert result.failed and result.unexplained and not result.ids
