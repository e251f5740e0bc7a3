"""Whatever a notebook holds, checks judge the student and never trip over themselves.

The objects are in `weird_objects`; a `grader_error` on any of them is a bug of the grader.
"""

from __future__ import annotations

import copy

import pytest
import torch
import weird_objects
from checks_course import Case, Course, sent

from autograder.checks.plugin import Outcome
from autograder.probes import observe

EXITS = "SystemExit in the student's function ends the probe: Session.call catches Exception only"
BUGS = {  # case -> why it is expected to fail
    "step1-counts huge": "whole() gives an int of more than 64 bits, which does not encode",
    "step3-num_nodes a text": "num_nodes that is no number passes",
    "step3-num_nodes a tensor": "num_nodes that is no number passes",
    "step3-split with negative positives": "positives that are no edges of the graph pass",
    "step3-split with huge positives": "positives that are no edges of the graph pass",
    "step4-encode exits": EXITS,
    "step5-train exits": EXITS,
    "step6-test exits": EXITS,
    "own model huge": "beats_chance: scores that overflow to infinity are a grader_error",
    "own positives odd": "beats_chance: positives of another shape are a grader_error",
    "own positives of three rows": "beats_chance: positives of another shape are a grader_error",
    "own positives one": "beats_chance passes on one single held-out edge",
    "own positives of loops": "beats_chance passes on positives that are no edges",
}


def params(values: list) -> list:
    """Values as parameters; known bugs are expected to fail."""
    found = [(value, str(value)) for value in values]
    mark = pytest.mark.xfail
    return [
        pytest.param(
            v,
            id=n,
            marks=[mark(strict=True, reason=BUGS[n], raises=BaseException)] if n in BUGS else [],
        )
        for v, n in found
    ]


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
