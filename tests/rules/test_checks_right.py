"""Right work passes every check and nothing is found in it, however unusual it is.

The variants are the case files in `cases/unusual`, in a folder for each step.
"""

from __future__ import annotations

import numpy as np
import pytest
from checks_course import EXERCISES, Case, Course, cases
from msgspec.structs import replace

from autograder.evidence.arrays import floats
from autograder.rules.gradients import SAME

MEASURED = "step6.auc.auc_is_measured"

SOLUTIONS = [Case("solution", step) for step in EXERCISES]
UNUSUAL = cases("unusual")


@pytest.mark.parametrize("case", SOLUTIONS, ids=str)
def test_every_check_passes_on_the_right(course: Course, case: Case) -> None:
    """The solution passes all checks of its step."""
    assert_all_pass(course, case)


@pytest.mark.parametrize("case", UNUSUAL, ids=lambda case: case.name)
def test_unusual_work_passes(course: Course, case: Case) -> None:
    """So does work that is right in another way."""
    assert_all_pass(course, case)


def assert_all_pass(course: Course, case: Case) -> None:
    """Every automatic check of the case's step has passed and names no misconception."""
    outcomes = [o for o in course.verdicts(case).values() if not o.check.by_hand]
    if case.step == "step6":  # what the grader computes again agrees, however it was written
        assert all(run.likeness > SAME for run in course.observe(case).step6.test.runs)
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


def test_variants_are_in_the_folders_of_their_steps() -> None:
    """And there are enough of them."""
    assert not [case.name for case in UNUSUAL if case.name.split("/")[0] != case.step]
    assert len(UNUSUAL) >= 25
