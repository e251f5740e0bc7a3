"""What the grader reads in the source: work that no cell can have done is left to a person."""

from __future__ import annotations

import pytest

from autograder.grading.doubts import doubted, doubts, flags
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
