"""What the trace of a run tells beyond a call of `train` or `test`: each fact costs and is named.

The evidence of right work is changed in one fact at a time.
"""

from __future__ import annotations

from typing import Any

import pytest
from checks_course import Case, Course, swap
from msgspec.structs import replace

from autograder.evidence.schema import Auc, Evidence
from autograder.rules.judge import judge
from autograder.rules.outcome import Outcome
from autograder.rules.scores import reported
from autograder.rules.worked_out import worked_out
from autograder.truth import truth

EPOCHS = {  # fact of every epoch -> the check that fails, the cause
    "squashed": ({"squashed": True}, "step5.setup.loss_function", "train.sigmoid-before-loss"),
    "discarded": (
        {"discarded": 3, "backwards": 4},
        "step5.train.clears_gradients",
        "train.steps-lost",
    ),
    "eval mode": ({"training": False}, "step5.train.message_edges", "train.eval-mode"),
    "bare": ({"bare": True}, "step5.train.message_edges", "train.raw-embedding"),
    "unused": ({"unused": 9000}, "step5.train.negative_count", "train.unused-scores"),
    "contradicted": (
        {"contradicted": 40},
        "step5.train.negatives_no_edges",
        "train.negative-positives",
    ),
}
RUNS = {
    "before training": (
        {"steps_before": 0, "steps_after": 30},
        "step6.auc.auc_is_measured",
        "test.before-training",
    ),
    "bare": ({"bare": True}, "step6.test.message_edges", "test.raw-embedding"),
}


def right(course: Course, step: str) -> Evidence:
    """Evidence of the solution's step."""
    return worked_out(course.observe(Case("right", step)), truth(course.data))


def judged(course: Course, found: Evidence, step: str) -> dict[str, Outcome]:
    return {o.check.id: o for o in judge(found, truth(course.data), [step])}


def wrong(outcomes: dict[str, Outcome]) -> dict[str, str]:
    """Checks that did not pass, with the cause that names them."""
    return {
        o.check.id: o.proof.cause if o.proof else ""
        for o in outcomes.values()
        if o.status in ("failed", "student_error")
    }


@pytest.mark.parametrize("name", list(EPOCHS))
def test_a_fact_of_training(course: Course, name: str) -> None:
    change, check, cause = EPOCHS[name]
    found = right(course, "step5")
    assert found.step5 is not None
    train: Any = found.step5.train
    epochs = [replace(e, **change) for e in train.epochs]
    changed = replace(found, step5=replace(found.step5, train=replace(train, epochs=epochs)))
    said = {check: cause}
    if name == "squashed":  # in the exercise of `train` too, at no cost
        said["step5.train.raw_scores"] = cause
    assert wrong(judged(course, changed, "step5")) == said


@pytest.mark.parametrize("name", list(RUNS))
def test_a_fact_of_evaluation(course: Course, name: str) -> None:
    change, check, cause = RUNS[name]
    found = right(course, "step6")
    assert found.step6 is not None
    test: Any = found.step6.test
    runs = [replace(r, **change) for r in test.runs]
    changed = replace(found, step6=replace(found.step6, test=replace(test, runs=runs)))
    assert wrong(judged(course, changed, "step6")) == {check: cause}


def test_the_best_of_several_test_aucs_is_named_and_costs_nothing(course: Course) -> None:
    found = right(course, "step6")
    assert found.step6 is not None
    auc: Any = found.step6.auc
    tests = [(10, auc.test_auc - 0.1), (20, auc.test_auc), (30, auc.test_auc - 0.05)]
    auc = replace(auc, test_again=auc.test_auc + 1e-5, tests=tests)
    outcomes = judged(course, replace(found, step6=replace(found.step6, auc=auc)), "step6")
    assert wrong(outcomes) == {"step6.auc.chosen_by_validation": "test.chosen-by-test"}
    assert outcomes["step6.auc.chosen_by_validation"].check.points == 0


SERIES = [(10, 0.7), (20, 0.812345678912), (30, 0.75)]  # steps before, and test AUC


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"shown": [0.7, 0.8123, 0.75]}, None),  # the last epoch is shown last
        ({"shown": [0.7, 0.8123, 0.75, 0.8123]}, "best"),
        ({"shown": [0.7541]}, "mean"),
        ({"named": [0.812345678912]}, "best"),
        ({"named": [0.8123]}, None),  # rounded, it can be anything
        ({"shown": [0.8123], "vals": [(10, 0.7), (20, 0.9), (30, 0.8)]}, None),
        ({"shown": [0.8123], "vals": [(10, 0.7), (20, 0.8), (30, 0.9)]}, "best"),
        ({"shown": [0.8123], "vals": [(30, 0.8123)]}, None),  # of the validation part
        ({"test_auc": 0.812345678912}, "best"),
        ({"test_auc": 0.75}, None),
    ],
)
def test_what_number_is_reported(change: dict[str, Any], kind: str | None) -> None:
    values = {"val_auc": None, "test_auc": 0.75, "val_again": None, "test_again": 0.75}
    found = reported(Auc(**values | {"tests": SERIES} | change), loaded=False)
    assert (found.kind if found else None) == kind


def test_a_state_that_validation_chose_is_no_choice_by_the_test() -> None:
    tests = [(10, 0.7), (20, 0.8), (30, 0.75), (30, 0.8)]
    auc = Auc(val_auc=None, test_auc=0.8, val_again=None, test_again=0.8, tests=tests)
    by_test, by_val = (reported(replace(auc, vals=vals), True) for vals in ([], [(20, 0.9)]))
    assert by_test is not None
    assert (by_test.kind, by_val) == ("best", None)


def test_what_cannot_be_followed_waits_for_a_person(course: Course) -> None:
    """Not one check of training is a mistake, and none is given away."""
    found = right(course, "step5")
    assert found.step5 is not None
    train = replace(found.step5.train, not_judged="200 calls of `backward()`", epochs=[])
    changed = replace(found, step5=replace(found.step5, train=train))
    outcomes = judged(course, changed, "step5")
    statuses = {o.status for i, o in outcomes.items() if i.startswith("step5.train.")}
    assert statuses == {"not_judged"}
    assert "200 calls" in outcomes["step5.train.labels"].message.got
    assert not wrong(outcomes)


def test_scores_without_an_auc_wait_for_a_person(course: Course) -> None:
    found = right(course, "step6")
    assert found.step6 is not None
    auc = replace(found.step6.auc, not_judged="1,040 pairs were scored")
    outcomes = judged(course, replace(found, step6=replace(found.step6, auc=auc)), "step6")
    statuses = {o.status for i, o in outcomes.items() if i.startswith("step6.test.")}
    assert statuses == {"not_judged"}
    assert outcomes["step6.auc.auc_is_measured"].status == "not_judged"


def test_a_loop_that_goes_on_is_right(course: Course) -> None:
    """Run once more, the losses begin where the last run ended."""
    after = "losses = []\nfor epoch in range(12):\n    losses.append(train(train_data))"
    outcomes = course.verdicts(Case("fourth run", "step5", after="\n".join(3 * [after])))
    assert outcomes["step5.loop.loss_falls"].status == "passed", outcomes


def test_encode_stands_alone(course: Course) -> None:
    """A right `encode` has its points while `decode` is still blank."""
    dot = "return (source * destination).sum(dim=-1)"
    edit = swap("model", dot, "raise NotImplementedError()")
    outcomes = course.verdicts(Case("blank decode", "step4", (edit,)))
    encode = [o for i, o in outcomes.items() if i.startswith("step4.encode.")]
    assert {o.status for o in encode} == {"passed"}
    decode = [o for i, o in outcomes.items() if i.startswith("step4.decode.")]
    assert {o.status for o in decode} == {"not_attempted"}
    assert all(o.message.got for o in decode)
