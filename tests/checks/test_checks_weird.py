"""Whatever a notebook holds, checks judge the student and never trip over themselves.

The objects are in `weird_objects`; a `grader_error` on any of them is a bug of the grader.
"""

from __future__ import annotations

import copy

import pytest
import torch
import weird_objects
from checks_course import Case, Course, sent

from autograder.inside.observe import observe
from autograder.rules.outcome import Outcome


def params(values: list) -> list:
    """Values as parameters, each named by itself."""
    return [pytest.param(value, id=str(value)) for value in values]


@pytest.mark.parametrize("case", params(weird_objects.CASES))
def test_weird_objects_are_no_fault_of_the_grader(course: Course, case: Case) -> None:
    """Every check gives a verdict, and not all of them are satisfied."""
    session = course.session(case, own=False)
    assert not [e for source, e in session.errors if source == case.after], session.errors
    sound(course.judge(sent(observe(session, case.step)), case.step))


@pytest.mark.parametrize("name", params(list(weird_objects.OWN)))
def test_weird_chains_are_no_fault_of_the_grader(course: Course, name: str) -> None:
    """The same for what the student's own steps 1 to 5 leave behind."""
    session = course.session(Case("solution", "step6"))
    scope = {
        "own": copy.deepcopy({k: v for k, v in course.chain(()).items() if k in KEPT}),
        "torch": torch,
    }
    exec(weird_objects.OWN[name], scope)
    session.own = lambda: scope["own"]
    sound(course.judge(sent(observe(session, "step6")), "step6"))


KEPT = ("model", "data", "test_data", "losses")


def sound(outcomes: list[Outcome]) -> None:
    """No check failed by a fault of its own, and something was found wanting."""
    faults = [f"{o.check.id}: {o.message.got}" for o in outcomes if o.status == "grader_error"]
    assert not faults, "\n".join(faults)
    assert [o for o in outcomes if o.status != "passed" and not o.check.by_hand]


def test_there_are_enough() -> None:
    """At least forty objects, each of its own name."""
    names = [str(case) for case in weird_objects.CASES]
    assert len(set(names)) == len(names) >= 40
