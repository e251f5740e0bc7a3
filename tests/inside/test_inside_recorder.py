"""The recorder: a free-form notebook without `train` and `test` is judged by what its cells did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
import torch_geometric.utils
from checks_course import IMPORTS, Course, execute, seeded, sent
from sklearn import metrics
from torch import nn

from autograder import rules
from autograder.evidence.schema import Evidence
from autograder.inside.history import History
from autograder.inside.observe import observe
from autograder.inside.recorder import Recorder
from autograder.inside.session import Session
from autograder.rules.cause import Case
from autograder.rules.judge import judge
from autograder.rules.worked_out import worked_out
from autograder.truth import truth

MODEL = """
net = GNNLinkPredictor(num_nodes, 16, 16, 16)
adam = torch.optim.Adam(net.parameters(), lr=0.01)
"""
LOOP = """
for epoch in range(20):
    net.train()
    z = net.encode(train_data.x, train_data.edge_index)
    pos = train_data.pos_edge_label_index
    neg = negative_sampling(train_data.edge_index, num_nodes, pos.size(1))
    up, down = net.decode(z, pos), net.decode(z, neg)
    loss = F.binary_cross_entropy_with_logits(
        torch.cat([up, down]), torch.cat([torch.ones_like(up), torch.zeros_like(down)])
    )
    adam.zero_grad()
    loss.backward()
    adam.step()
"""
SCORE = """
net.eval()
with torch.no_grad():
    z = net.encode(test_data.x, test_data.edge_index)
    up = net.decode(z, test_data.pos_edge_label_index)
    down = net.decode(z, test_data.neg_edge_label_index)
auc = roc_auc_score([1] * len(up) + [0] * len(down), torch.cat([up, down]))
"""


@pytest.fixture
def run(course: Course) -> Iterator:
    """Runs cells beside the recorder; gives the evidence of steps 5 and 6."""
    installed: list[Recorder] = []

    def observed(*cells: str) -> Evidence:
        ns = {"__name__": "__main__"} | course.inputs("step6") | course.inputs("step5")
        ns.pop("model")
        session = Session(ns=ns, data=course.data, history=History(list(cells)), free_form=True)
        session.recorder = Recorder(session.history.cell_of)
        session.recorder.install(ns)
        installed.append(session.recorder)
        parts = [ns[f"{part}_data"] for part in ("train", "val", "test")]
        session.recorder.log.hand_out(None, parts)
        exec(IMPORTS, ns)
        with seeded():
            for number, source in enumerate(cells):
                execute(session, f"<watched {id(session)}, cell {number}>", source)
        found = {step: getattr(observe(session, step), step) for step in ("step5", "step6")}
        installed.pop().remove()
        return worked_out(sent(Evidence(**found)), truth(course.data))

    yield observed
    for left in installed:
        left.remove()


def failed(course: Course, found: Evidence) -> set[str]:
    """The checks that did not pass, but for the own chain, which there is none of here."""
    outcomes = judge(found, truth(course.data), ["step5", "step6"])
    wrong = {o.check.id for o in outcomes if o.status != "passed" and not o.check.by_hand}
    return wrong - {"step6.auc.beats_chance"}


def named(course: Course, found: Evidence) -> list[str]:
    """The misconceptions of steps 5 and 6 that the evidence holds."""
    case = Case(found, truth(course.data))
    entries = [e for e in rules.causes().values() if e.step in ("step5", "step6")]
    return [entry.id for entry in entries if entry.found(case)]


def test_an_inline_loop_is_right(course: Course, run) -> None:
    """Neither function is there, and nothing is wrong."""
    found = run(MODEL, LOOP, SCORE)
    assert found.step5.train.watched
    assert found.step6.test.runs[0].watched
    assert failed(course, found) == set()
    assert named(course, found) == []


WRONG = {
    "train.no-zero-grad": (MODEL, LOOP.replace("    adam.zero_grad()\n", ""), SCORE),
    "train.labels-swapped": (
        MODEL,
        LOOP.replace("ones", "x").replace("zeros", "ones").replace("x_like", "zeros_like"),
        SCORE,
    ),
    "train.negative-fixed": (
        MODEL,
        LOOP.replace("    neg =", "    torch_geometric.seed_everything(0)\n    neg ="),
        SCORE,
    ),
    "train.full-graph": (
        MODEL,
        LOOP.replace("(train_data.x, train_", "(test_data.x, test_"),
        SCORE,
    ),
    "train.no-step": (MODEL, LOOP.replace("    adam.step()\n", ""), SCORE),
    "train.stale-optimizer": (MODEL + MODEL.splitlines()[1], LOOP, SCORE),
    "test.untrained": (MODEL, LOOP, MODEL.splitlines()[1] + SCORE),
    "test.no-eval": (MODEL, LOOP, SCORE.replace("net.eval()", "net.train()")),
    "test.requires-grad": (
        MODEL,
        LOOP,
        SCORE.replace("no_grad", "enable_grad").replace("[up, down])", "[up, down]).detach()"),
    ),
    "test.labels-inverted": (
        MODEL,
        LOOP,
        SCORE.replace("[1] * len(up) + [0] * len(down)", "[0] * len(up) + [1] * len(down)"),
    ),
    "test.hard-threshold": (
        MODEL,
        LOOP,
        SCORE.replace("torch.cat([up, down]))", "torch.cat([up, down]) > 0)"),
    ),
}


@pytest.mark.parametrize("wanted", WRONG)
def test_an_inline_mistake_is_named(course: Course, run, wanted: str) -> None:
    """The check fails, and the first name is the right one."""
    found = run("import torch_geometric", *WRONG[wanted])
    assert failed(course, found)
    hidden = {"train.stale-optimizer": {"train.no-zero-grad", "test.untrained"}}
    assert [i for i in named(course, found) if i not in hidden.get(wanted, set())] == [wanted]


def test_all_is_taken_out_again(course: Course) -> None:
    """After `remove` the libraries are as they were."""
    places = [
        (F, "binary_cross_entropy_with_logits"),
        (torch.autograd, "backward"),
        (torch_geometric.utils, "negative_sampling"),
        (metrics, "roc_auc_score"),
        (nn.Module, "load_state_dict"),
    ]
    before = [getattr(owner, name) for owner, name in places]
    recorder = Recorder(lambda _: None)
    recorder.install({})
    recorder.remove()
    assert [getattr(owner, name) for owner, name in places] == before


def test_memory_is_bounded(course: Course, run) -> None:
    """Many scores without training do not pile up."""
    recorder = Recorder(lambda _: None)
    recorder.install({})
    try:
        with recorder.apart() as log:
            z = nn.Embedding(9, 4)(torch.arange(9))
            pairs = torch.zeros(2, 100_000, dtype=torch.long)
            for _ in range(200):
                kept = (z[pairs[0]] * z[pairs[1]]).sum(dim=1).detach()
        assert len(kept) == 100_000
        assert sum(score.count for score in log.recent()) <= 3_100_000
    finally:
        recorder.remove()
