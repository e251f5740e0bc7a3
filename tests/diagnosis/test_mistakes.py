"""Wrong programs: marks are lost at the right step, and the mistake is named first.

The bank is large enough that a program or two may come out otherwise; `make diagnosis-report` says
which share did. What has to hold is what issue 4 asks for.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bank import Program, programs
from bank_run import Result

from autograder.diagnosis import catalogue

Examined = Callable[[str], list[tuple[Program, Result]]]
MISTAKES = programs("mistakes")
NAMED = [p for p in MISTAKES if p.ids]


def test_every_misconception_has_two_programs_and_twenty_hold_two() -> None:
    alone = [p.ids[0] for p in NAMED if len(p.ids) == 1]
    assert {e.id for e in catalogue()} <= {i for i in alone if alone.count(i) >= 2}
    assert sum(len(p.ids) == 2 for p in NAMED) >= 20
    assert len({p.name for p in MISTAKES}) == len(MISTAKES)
    assert len({p.source() for p in MISTAKES}) == len(MISTAKES)


def test_a_third_was_held_out() -> None:
    assert sum(p.held_out for p in MISTAKES) >= len(MISTAKES) / 3


def at_least(share: float, good: list[tuple[bool, str]]) -> None:
    """So many have to be good; says which ones are not."""
    bad = [said for is_good, said in good if not is_good]
    assert len(good) - len(bad) >= share * len(good), "\n".join(bad)


@pytest.mark.slow
@pytest.mark.parametrize("crashes", [True, False], ids=["crashing", "silent"])
def test_marks_are_lost_at_its_step(examined: Examined, crashes: bool) -> None:
    found = [(p, r) for p, r in examined("mistakes") if p.ids and p.crashes is crashes]
    at_least(0.99, [(bool(r.failed), p.name) for p, r in found])
    at_least(0.96, [(p.step in r.lost, f"{p.name}: {r.lost}") for p, r in found])


@pytest.mark.slow
def test_it_is_named_first_and_nothing_else(examined: Examined) -> None:
    found = [(p, r) for p, r in examined("mistakes") if p.ids]
    at_least(0.95, [(r.ids[:1] == p.ids[:1], f"{p.name}: {r.ids}, not {p.ids}") for p, r in found])
    at_least(0.95, [(set(r.ids) <= set(p.ids), f"{p.name}: {r.ids}") for p, r in found])
    pairs = [(p, r) for p, r in found if len(p.ids) == 2]
    at_least(0.8, [(set(p.ids) <= set(r.ids), f"{p.name}: {r.ids}") for p, r in pairs])


@pytest.mark.slow
def test_what_has_no_name_is_mostly_not_given_one(examined: Examined) -> None:
    found = [(p, r) for p, r in examined("mistakes") if p.unknown]
    at_least(0.7, [(not r.ids, f"{p.name}: {r.ids}") for p, r in found])
    at_least(0.8, [(bool(r.failed), p.name) for p, r in found])
