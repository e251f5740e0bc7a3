"""What the grader reads in the source: work that no cell can have done is left to a person."""

from __future__ import annotations

import time

import pytest

from autograder.evidence import schema
from autograder.evidence.arrays import pairs
from autograder.evidence.schema import (
    Absent,
    Call,
    Evidence,
    Scoring,
    Step5,
    Step6,
    Training,
)
from autograder.grading.doubts import doubted, doubts, flags, other_gradients, other_scores
from autograder.inside.protocol import TaskCell
from autograder.rules import catalogue
from autograder.rules.outcome import Outcome

TRAIN = "def train(data):\n    loss = f(model(data))\n    loss.backward()\n    return loss.item()"
LOOP = "losses = [train(train_data) for _ in range(100)]"
BLANK = "def train(data):\n    '''Do one step.'''\n    raise NotImplementedError()"


def of(*sources: str, step: str = "step5", free_form: bool = False) -> dict[str, str]:
    return doubts([TaskCell(source, step) for source in sources], free_form)


@pytest.mark.parametrize(
    "sources",
    [
        (TRAIN, LOOP),
        ("exec(open('mine.py').read())",),
        ("import helper\ntrain = helper.train", LOOP),
        ("from helper import *",),
        ("%run mine.py",),
        ("import importlib\nglobals().update(vars(importlib.import_module('mine')))",),
        ("def step():\n    optimizer.zero_grad()\n    work()\ndef work():\n    loss.backward()",)
        + ("def train(data):\n    return step()", LOOP),
        ("class T:\n    def one(self):\n        self.loss.backward()",)
        + ("trainer = T()", "train = trainer.one", LOOP),
        ("train = lambda d: getattr(loss, 'backward')()", "losses: list = []"),
        ("import torch.autograd as ag\ndef train(d):\n    return ag.grad(loss, w)", LOOP),
        (TRAIN, "for losses in [[1.0]]:\n    pass"),
        (TRAIN, "with open('x') as losses:\n    pass"),
        ("%%time\n" + TRAIN, "%matplotlib inline\n" + LOOP),
    ],
)
def test_honest_work_is_not_doubted(sources: tuple[str, ...]) -> None:
    assert of(*sources) == {}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((BLANK, ""), {"step5.train", "step5.loop"}),
        ((BLANK, "losses = [2.0 - i / 100 for i in range(100)]"), {"step5.train"}),
        ((BLANK, "(3 * w).backward()", LOOP), {"step5.train"}),
        (("def train(d):\n    optimizer.zero_grad()\n    return 1.0", LOOP), {"step5.train"}),
        (("model.eval()", BLANK.replace("train", "other")), {"step5.train", "step5.loop"}),
    ],
)
def test_what_no_cell_can_have_done_is(sources: tuple[str, ...], expected: set[str]) -> None:
    assert set(of(*sources)) == expected


def test_of_the_other_steps() -> None:
    assert set(of("df = 1", step="step1")) == {"step1.explore"}
    assert set(of("", step="step2")) == {"step2.nodes", "step2.edges"}
    assert set(of("x = 1", step="step4")) == {"step4.layers", "step4.encode", "step4.decode"}
    blank = "def test(data):\n    raise NotImplementedError()"
    assert set(of(blank, step="step6")) == {"step6.test", "step6.auc"}
    assert of(blank.replace("raise NotImplementedError()", "return f(data)"), "val_auc = 1") == {
        "step5.train": "no cell of the notebook binds train",
        "step5.loop": "no cell of the notebook binds losses",
    }


def test_a_notebook_of_another_form() -> None:
    assert of("print(1)", free_form=True) == {"step5.train": "nothing in the notebook asks for "
    "gradients"}  # fmt: skip
    assert of("trainer.fit(x)", free_form=True) == {}


def test_points_wait_for_a_person_and_are_flagged() -> None:
    outcomes = [Outcome(check, "passed") for check in catalogue()]
    against = {"step5.train": "nothing asks for gradients"}
    after = doubted(outcomes, against)
    changed = [o for o in after if o.status != "passed"]
    assert {o.check.step for o in changed} == {"step5"}
    assert len(changed) == sum(o.check.step == "step5" for o in outcomes)
    assert all(o.status == "not_judged" and o.message.got for o in changed)
    assert flags(outcomes, against) == [
        "step5.train: its run tells of right work, but nothing asks for gradients"
    ]
    failed = [Outcome(o.check, "failed") for o in outcomes]
    assert doubted(failed, against) == failed and not flags(failed, against)


def told(
    source: str = TRAIN, stand_in: bool = True, failed: str = "", **training: bool | None
) -> dict[str, str]:
    """What is said of a training of which this was worked out."""
    none = pairs([[], []])
    made = Training(
        call=Call(),
        num_nodes=3,
        message_edges=none,
        positives=none,
        **training,  # type: ignore[arg-type]
    )
    absent = Absent(name="model")
    evidence = Evidence(step5=Step5(setup=absent, train=made, loop=absent))
    outcomes = [
        Outcome(check, "failed" if check.id == failed else "passed") for check in catalogue()
    ]
    return other_gradients(evidence, outcomes, [TaskCell(source, "step5")], stand_in)


def test_gradients_that_agree_are_not_doubted() -> None:
    assert told(differs=False) == {}


def test_gradients_that_differ_are() -> None:
    assert "step5" in told(differs=True)
    assert "step5" in told(differs=True, failed=catalogue_of("step5.train"))


def test_weights_that_did_not_come_are_doubted_in_our_own_notebooks() -> None:
    assert "step5" in told(differs=None, unweighed=True)
    assert told(differs=None, unweighed=True, watched=True) == {}


def test_what_cannot_be_computed_again_is_doubted_only_without_a_reason() -> None:
    assert "step5" in told(differs=None)
    assert told(differs=None, failed=catalogue_of("step5.setup")) == {}
    for word in ("F.dropout(z)", "p.register_hook(f)", "f(reduction='none')"):
        assert told(f"def train(data):\n    {word}\n    loss.backward()", differs=None) == {}
    assert told(TRAIN + "\nclass Mine(nn.Module):\n    pass", differs=True) == {}


def test_a_word_that_training_does_not_come_by_is_no_reason() -> None:
    assert "step5" in told(TRAIN + "\nF.dropout(nothing)", differs=None)


def test_a_class_that_nobody_has_seen_is_not_held_against_anybody() -> None:
    assert told(stand_in=False, differs=True) == {}


def catalogue_of(cell: str) -> str:
    """A check of an exercise."""
    return next(check.id for check in catalogue() if check.cell == cell)


def of_scores(likeness: float | None, source: str, stand_in: bool = True) -> dict[str, str]:
    """What is said of an evaluation whose scores are so like those that are due."""
    none = pairs([[], []])
    run = Scoring(
        call=Call(),
        returned=0.7,
        edge_index=none,
        positives=none,
        negatives=none,
        likeness=likeness,
    )
    absent = Absent(name="own")
    step6 = Step6(test=schema.Testing(runs=[run]), auc=absent, own=absent)
    outcomes = [Outcome(check, "passed") for check in catalogue()]
    return other_scores(Evidence(step6=step6), outcomes, [TaskCell(source, "step6")], stand_in)


def test_scores_have_to_be_those_of_the_model() -> None:
    plain = "def test(data):\n    return area(model.decode(z, pairs))"
    noisy = plain.replace("z, pairs", "z + noise, pairs")
    assert of_scores(1.0, plain) == of_scores(None, plain) == of_scores(0.8, noisy) == {}
    assert "step6.test" in of_scores(0.8, plain) and "step6.test" in of_scores(0.1, noisy)
    assert of_scores(0.0, plain + "\nclass Mine(nn.Module):\n    pass") == {}
    assert of_scores(0.0, plain, stand_in=False) == {}, "of an own class nothing was seen"


def test_many_names_bound_at_once_are_read_once() -> None:
    names = ",".join(f"n{number}" for number in range(8_000))
    begin = time.process_time()
    source = f"{names} = {names}\ndef train(data):\n    return n0"
    assert "step5.train" in doubts([TaskCell(source, "step5")], False)
    assert time.process_time() - begin < 10  # it was 86 s
