"""Whatever a notebook holds, checks judge the student and never trip over themselves.

Each case file in `cases/weird` makes one after the solution, in `chain` after the student's own
steps 1 to 5, whose namespace is `own`. A `grader_error` on any of them is a bug of the grader.
"""

from __future__ import annotations

import copy

import pytest
import torch
from checks_course import Case, Course, cases, sent

from autograder.inside.observe import observe
from autograder.rules.outcome import Outcome

WEIRD = cases("weird")
OBJECTS = [case for case in WEIRD if not case.chain]
CHAINS = [case for case in WEIRD if case.chain]


@pytest.mark.parametrize("case", OBJECTS, ids=lambda case: case.name)
def test_weird_objects_are_no_fault_of_the_grader(course: Course, case: Case) -> None:
    """Every check gives a verdict, and not all of them are satisfied."""
    session = course.session(case, own=False)
    assert not [e for source, e in session.history.errors if source == case.after], (
        session.history.errors
    )
    sound(course.judge(sent(observe(session, case.step)), case.step))


@pytest.mark.parametrize("case", CHAINS, ids=lambda case: case.name)
def test_weird_chains_are_no_fault_of_the_grader(course: Course, case: Case) -> None:
    """The same for what the student's own steps 1 to 5 leave behind."""
    session = course.session(Case("solution", "step6"))
    scope = {
        "own": copy.deepcopy({k: v for k, v in course.chain(()).items() if k in KEPT}),
        "torch": torch,
    }
    exec(case.chain, scope)
    session.own = lambda: scope["own"]
    sound(course.judge(sent(observe(session, "step6")), "step6"))


KEPT = ("model", "data", "test_data", "losses")


def sound(outcomes: list[Outcome]) -> None:
    """No check failed by a fault of its own, and something was found wanting."""
    faults = [f"{o.check.id}: {o.message.got}" for o in outcomes if o.status == "grader_error"]
    assert not faults, "\n".join(faults)
    assert [o for o in outcomes if o.status != "passed" and not o.check.by_hand]


def test_there_are_enough() -> None:
    """At least forty objects."""
    assert len(OBJECTS) >= 40
