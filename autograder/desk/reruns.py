"""Says of a wrong result that it may be older than what it was made from: a cell to run again."""

from __future__ import annotations

from dataclasses import replace

from autograder.contract import EXERCISES, MAKES
from autograder.inside.history import bound_names
from autograder.rules.outcome import Outcome

OLDER = "run.older-value"  # of `rules.exceptions`


def with_reruns(outcomes: list[Outcome], cells: list[str]) -> list[Outcome]:
    """The outcomes; those of exercises whose cell ran before an earlier exercise's say so.

    `cells` are the sources in the order in which they ran.
    """
    if all(outcome.status == "passed" for outcome in outcomes):
        return outcomes
    last = {
        name: number
        for number, source in enumerate(cells)
        if "checkpoint(" not in source
        for name in bound_names(source)
    }
    return [_with_rerun(outcome, last) for outcome in outcomes]


def ran_since(key: str, cells: list[str]) -> bool:
    """Whether one of the cells makes a name of this exercise."""
    names = names_of(key)
    return any(names & bound_names(source) for source in cells if "checkpoint(" not in source)


def names_of(key: str) -> set[str]:
    """The names that an exercise makes; where it has none of its own, those of its step."""
    of_step = [name for k in MAKES if _same_step(k, key) for name in MAKES[k]]
    return {*(MAKES.get(key) or of_step)}


def _with_rerun(outcome: Outcome, last: dict[str, int]) -> Outcome:
    key = outcome.check.cell
    if outcome.status not in ("failed", "student_error", "blocked"):
        return outcome
    made = [name for name in MAKES.get(key, ()) if name in last]
    before = [k for k in list(EXERCISES)[: list(EXERCISES).index(key)] if _same_step(k, key)]
    newer = [
        name
        for k in before
        for name in MAKES.get(k, ())
        if made and last.get(name, -1) > max(last[own] for own in made)
    ]
    if not newer:
        return outcome
    next = f"Run this exercise's cell again first: `{newer[-1]}` is newer than `{made[0]}`."
    message = replace(outcome.message, next=f"{next} {outcome.message.next}")
    return replace(outcome, message=message, proof=None, behind=OLDER)


def _same_step(one: str, other: str) -> bool:
    return one.split(".")[0] == other.split(".")[0]
