"""Every check fails on wrong work, with a message that teaches; each check has an example.

The examples are the case files in `cases/wrong`, in a folder for each check.
"""

from __future__ import annotations

import pytest
from checks_course import Case, Course, cases

from autograder.rules import catalogue

WRONG = cases("wrong")
RAISES = next(c for c in WRONG if c.name == "step4.encode.encode_shape/raises")
PARTS = ("ran", "expected", "got", "why", "next")


def test_every_check_has_an_example() -> None:
    """Each check with points has one, none is for a check that is gone, each is in its folder.

    What costs nothing is tried in `test_checks_facts`.
    """
    automatic = {c.id for c in catalogue() if not c.by_hand and c.points}
    assert {case.check for case in WRONG} == automatic
    assert not [case.name for case in WRONG if case.name.split("/")[0] != case.check]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.name)
def test_every_check_fails_on_a_wrong(course: Course, case: Case) -> None:
    """The check that the mistake is about says so, in five parts, with its finding."""
    outcome = course.verdicts(case)[case.check]
    message = outcome.message
    assert outcome.status in case.status, f"{outcome.status}: {message}"
    assert not [part for part in PARTS if not getattr(message, part).strip()], message
    if case.finding is not None:
        assert (outcome.proof.cause if outcome.proof else "") == case.finding, outcome


def test_errors_are_among_the_examples(course: Course) -> None:
    """So a message about an exception of the student's has all five parts too."""
    outcome = course.verdicts(RAISES)["step4.encode.encode_shape"]
    assert (outcome.status, "line" in outcome.message.got) == ("student_error", True)


ADVICE = {  # the example -> what its message must and must not advise
    "step3.split.labels/no-negatives": ("add_negative_train_samples=False", "split_labels=True"),
}


@pytest.mark.parametrize("name", ADVICE)
def test_the_advice_fits_the_mistake(course: Course, name: str) -> None:
    """Where one check has several mistakes, its message is about the one that was made."""
    case = next(c for c in WRONG if c.name == name)
    said = str(course.verdicts(case)[case.check].message)
    due, misleading = ADVICE[name]
    assert due in said and misleading not in said
