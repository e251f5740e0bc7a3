"""Wrong programs: marks are lost at the right step, and the mistake is named first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bank import Program, programs
from bank_run import Result

from autograder.rules import causes

Examined = Callable[[str], list[tuple[Program, Result]]]
MISTAKES = programs("mistakes")
NAMED = [p for p in MISTAKES if p.ids]


def test_every_misconception_has_two_programs_and_twenty_hold_two() -> None:
    alone = [p.ids[0] for p in NAMED if len(p.ids) == 1]
    assert set(causes()) <= {i for i in alone if alone.count(i) >= 2}
    assert sum(len(p.ids) == 2 for p in NAMED) >= 20
    assert len({p.name for p in MISTAKES}) == len(MISTAKES)
    assert len({p.source for p in MISTAKES}) == len(MISTAKES)


def test_a_third_was_held_out() -> None:
    assert sum(p.held_out for p in MISTAKES) >= len(MISTAKES) / 3


@pytest.mark.slow
def test_it_fails_at_its_step_and_is_named_first_and_nothing_else(examined: Examined) -> None:
    """Of all programs but a few: the aim is every one, and docs/measurements.md says which miss."""
    bad = {
        p.name: f"{r.ids}, not {p.ids}; lost in {r.lost}"
        for p, r in examined("mistakes")
        if not p.fits(r.ids, r.lost)
    }
    assert len(bad) <= 0.08 * len(MISTAKES), bad


@pytest.mark.slow
def test_two_bugs_are_both_named(examined: Examined) -> None:
    pairs = [(p, r) for p, r in examined("mistakes") if len(p.ids) == 2]
    alone = [f"{p.name}: {r.ids}" for p, r in pairs if not set(p.ids) <= set(r.ids)]
    assert len(alone) <= 0.2 * len(pairs), alone
