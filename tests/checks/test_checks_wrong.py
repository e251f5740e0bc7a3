"""Every check fails on wrong work, with a message that teaches; each check has an example.

The examples are in the four `wrong_*` modules.
"""

from __future__ import annotations

import pytest
import wrong_data
import wrong_graph
import wrong_model
import wrong_training
from checks_course import Case, Course

from autograder.rules import catalogue

TABLES = (wrong_graph, wrong_data, wrong_model, wrong_training)
WRONG = {check_id: cases for table in TABLES for check_id, cases in table.WRONG.items()}
RAISES = next(c for c in WRONG["step4.encode.encode_shape"] if c.name == "raises")
PARTS = ("ran", "expected", "got", "why", "next")
CASES = [
    pytest.param(
        check_id,
        case,
        id=f"{check_id}-{case.name}",
    )
    for check_id, cases in WRONG.items()
    for case in cases
]


def test_table_is_the_catalogue() -> None:
    """One entry for each automatic check, each with an example, none for a check that is gone.

    What costs nothing is tried in `test_checks_facts`.
    """
    automatic = {c.id for c in catalogue() if not c.by_hand and c.points}
    assert set(WRONG) == automatic
    assert not [check_id for check_id, cases in WRONG.items() if not cases]


@pytest.mark.parametrize(("check_id", "case"), CASES)
def test_every_check_fails_on_a_wrong(course: Course, check_id: str, case: Case) -> None:
    """The check that the mistake is about says so, in five parts, with its finding."""
    outcome = course.verdicts(case)[check_id]
    message = outcome.message
    assert outcome.status in case.status, f"{outcome.status}: {message}"
    assert not [part for part in PARTS if not getattr(message, part).strip()], message
    if case.finding is not None:
        assert (outcome.proof.cause if outcome.proof else "") == case.finding, outcome


def test_errors_are_among_the_examples(course: Course) -> None:
    """So a message about an exception of the student's has all five parts too."""
    outcome = course.verdicts(RAISES)["step4.encode.encode_shape"]
    assert (outcome.status, "line" in outcome.message.got) == ("student_error", True)
