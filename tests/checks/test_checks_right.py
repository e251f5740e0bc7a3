"""Right work passes every check and nothing is found in it, however unusual it is.

The variants are in the three `unusual_*` modules.
"""

from __future__ import annotations

import numpy as np
import pytest
import unusual_graph
import unusual_model
import unusual_training
from checks_course import EXERCISES, Case, Course
from msgspec.structs import replace

from autograder.evidence.arrays import floats

MEASURED = "step6.auc.auc_is_measured"

SOLUTIONS = [Case("solution", step) for step in EXERCISES]
UNUSUAL = [*unusual_graph.RIGHT, *unusual_model.RIGHT, *unusual_training.RIGHT]


def params(cases: list[Case]) -> list:
    """Cases as parameters; those that the checks are known to accuse are expected to fail."""
    return [
        pytest.param(
            case,
            id=str(case),
        )
        for case in cases
    ]


@pytest.mark.parametrize("case", params(SOLUTIONS))
def test_every_check_passes_on_the_right(course: Course, case: Case) -> None:
    """The solution passes all checks of its step."""
    assert_all_pass(course, case)


@pytest.mark.parametrize("case", params(UNUSUAL))
def test_unusual_work_passes(course: Course, case: Case) -> None:
    """So does work that is right in another way."""
    assert_all_pass(course, case)


def assert_all_pass(course: Course, case: Case) -> None:
    """Every automatic check of the case's step has passed and names no misconception."""
    outcomes = [o for o in course.verdicts(case).values() if not o.check.by_hand]
    assert len(outcomes) >= 6
    wrong = [f"{o.check.id} {o.status}: {o.message}" for o in outcomes if o.status != "passed"]
    assert not wrong, "\n".join(wrong)
    assert not [o.proof for o in outcomes if o.proof]


def test_half_twice_may_be_measured(course: Course) -> None:
    """A number that is the same on two sets is accused only where it is not the AUC of scores."""
    found = course.observe(Case("solution", "step6"))
    runs = [replace(run, returned=0.5) for run in found.step6.test.runs]
    flat = [replace(run, handed=floats(np.zeros(run.handed.shape))) for run in runs]
    for tried, status in ((flat, "passed"), (runs, "failed")):
        step6 = replace(found.step6, test=replace(found.step6.test, runs=tried))
        outcomes = course.judge(replace(found, step6=step6), "step6")
        assert {o.status for o in outcomes if o.check.id == MEASURED} == {status}


def test_names_are_unique() -> None:
    """No variant hides another."""
    names = [str(case) for case in UNUSUAL]
    assert len(names) == len(set(names))
    assert len(UNUSUAL) >= 25
