"""A training step and an evaluation computed once more: what torch gives agrees, what was made up
does not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch_geometric.nn import SAGEConv

import course_data
from autograder.evidence.arrays import array
from autograder.evidence.schema import Weights
from autograder.evidence.trace import Model as Noted
from autograder.evidence.trace import Parameter, Trace
from autograder.inside.recorder import Recorder
from autograder.rules.facts import facts_of
from autograder.rules.gradients import (
    SAME,
    gradients_alike,
    gradients_differ,
    likeness,
    may_be_too_large,
)
from autograder.truth import Truth
from autograder.truth import truth as truth_of

N = 30
Change = Callable[[nn.Module, Tensor], Tensor]


class Model(nn.Module):
    """The model of the course; its second layer is made first."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.conv2 = SAGEConv(6, 4)
        self.table = nn.Embedding(N, 5)
        self.conv1 = SAGEConv(5, 6)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, edges: Tensor, pairs: Tensor) -> Tensor:
        """Scores [P] of the pairs."""
        h = self.drop(self.conv1(self.table(x), edges).relu())
        z = self.conv2(h, edges)
        return (z[pairs[0]] * z[pairs[1]]).sum(dim=-1)


def trained(truth: Truth, change: Change = lambda _, loss: loss, **settings: Any) -> bool | None:
    """Train two steps under the recorder, and compute the first gradients once more."""
    return gradients_differ(facts_of(recorded(change, **settings), truth))


def recorded(change: Change = lambda _, loss: loss, cleared: bool = True, **settings: Any) -> Trace:
    torch.manual_seed(0)
    recorder = Recorder(lambda name: 0 if name == __file__ else None)
    recorder.install({})
    try:
        model = Model(**settings)
        optimizer = torch.optim.Adam(model.parameters())
        positives = torch.stack([torch.randint(0, 12, (60,)), torch.randint(12, N, (60,))])
        negatives = torch.stack([torch.randint(0, 12, (60,)), torch.randint(12, N, (60,))])
        edges = torch.cat([positives, positives.flip(0)], dim=1)
        labels = torch.cat([torch.ones(60), torch.zeros(60)])
        for parameter in model.parameters():
            parameter.grad = torch.randn_like(parameter)
        for _ in range(2):
            if cleared:
                optimizer.zero_grad()
            scores = model(torch.arange(N), edges, torch.cat([positives, negatives], dim=1))
            loss = nn.functional.binary_cross_entropy_with_logits(scores, labels)
            change(model, loss).backward()
            optimizer.step()
        return recorder.log.trace()
    finally:
        recorder.remove()


def shrink(_: nn.Module, loss: Tensor) -> Tensor:
    return -0.001 * loss


def decay(model: nn.Module, loss: Tensor) -> Tensor:
    return loss + 0.01 * sum(p.pow(2).sum() for p in model.parameters())


def make_up(model: nn.Module, loss: Tensor) -> Tensor:
    for parameter in model.parameters():
        parameter.register_hook(torch.randn_like)
    return loss


@pytest.fixture(scope="module")
def truth() -> Truth:
    return truth_of(course_data.path("user_artists.dat", "sample"))


@pytest.mark.parametrize("change", [lambda _, loss: loss, shrink, decay])
def test_what_torch_gives_agrees(truth: Truth, change: Change) -> None:
    assert trained(truth, change) is False


def test_made_up_gradients_differ(truth: Truth) -> None:
    assert trained(truth, make_up) is True


def test_gradients_that_were_left_from_before_are_no_part_of_them(truth: Truth) -> None:
    assert trained(truth, cleared=False) is False


def noise(model: nn.Module, loss: Tensor) -> Tensor:
    for parameter in model.parameters():
        parameter.register_hook(lambda g: g.sign() + 0.5 * torch.randn_like(g))
    return loss


def test_of_dropout_and_noise_a_share_is_left(truth: Truth) -> None:
    shares = [
        gradients_alike(facts_of(recorded(change, dropout=dropout), truth))
        for change, dropout in ((decay, 0.0), (decay, 0.9), (noise, 0.0), (make_up, 0.0))
    ]
    assert min(shares[:3]) > 0.05 and shares[3] < 0.02


def test_other_weights_labels_or_pairs_differ(truth: Truth) -> None:
    right = recorded()
    (weighed,) = right.weighed
    pool = [*right.pool, array(torch.randn(N, 5), "float32")]
    at = [p.name for p in right.models[weighed.model].parameters].index("table.weight")
    other = [*weighed.weights[:at], len(pool) - 1, *weighed.weights[at + 1 :]]
    changed = replace(right, pool=pool, weighed=[replace(weighed, weights=other)])
    assert gradients_differ(facts_of(changed, truth)) is True


def test_where_there_is_no_telling(truth: Truth) -> None:
    assert trained(truth, dropout=0.5) is None
    assert gradients_differ(facts_of(replace(recorded(), weighed=[]), truth)) is None


# --- an evaluation

Score = Callable[[Tensor, Tensor], Tensor]
SCORES: tuple[Score, ...] = (
    lambda a, b: (a * b).sum(dim=1),
    lambda a, b: (a * b).sum(dim=1).sigmoid_(),
    lambda a, b: 3 - (a * b).sum(dim=1) / 0.5,
    torch.cosine_similarity,
)


def evaluated(score: Score) -> tuple[Trace, Weights]:
    """Score pairs under the recorder and measure their AUC."""
    torch.manual_seed(0)
    recorder = Recorder(lambda name: 0 if name == __file__ else None)
    recorder.install({})
    try:
        from sklearn.metrics import roc_auc_score

        model = Model()
        edges = torch.stack([torch.randint(0, 12, (60,)), torch.randint(12, N, (60,))])
        edges, pairs = torch.cat([edges, edges.flip(0)], dim=1), torch.randint(0, N, (2, 40))
        with torch.no_grad():
            h = model.conv1(model.table(torch.arange(N)), edges).relu()
            z = model.conv2(h, edges)
            roc_auc_score([0, 1] * 20, score(z[pairs[0]], z[pairs[1]]))
        weights = recorder.log.weights()
        assert weights is not None
        return recorder.log.evaluation(), weights
    finally:
        recorder.remove()


@pytest.mark.parametrize("score", SCORES)
def test_scores_that_torch_gives_are_alike(truth: Truth, score: Score) -> None:
    trace, weights = evaluated(score)
    found = facts_of(trace, truth)
    (auc,) = found.aucs
    alike = likeness(found, auc, weights)
    assert alike is not None and alike > SAME


def test_made_up_scores_are_not(truth: Truth) -> None:
    trace, weights = evaluated(SCORES[0])
    found = facts_of(trace, truth)
    (auc,) = found.aucs
    drawn = torch.randn(len(auc.scores)).numpy()
    other = [array(torch.randn(v.shape), "float32") for v in weights.values]
    for scores, held in ((drawn, weights), (auc.scores, replace(weights, values=other))):
        alike = likeness(found, dataclasses.replace(auc, scores=scores), held)
        assert alike is not None and alike < 0.5
    unknown = dataclasses.replace(auc, model=-1)
    assert likeness(found, auc, None) == likeness(found, unknown, weights) == 0
    assert likeness(found, dataclasses.replace(auc, pairs=None), weights) is None


def test_only_a_model_that_fits_the_data_may_be_too_large(truth: Truth) -> None:
    def large(*shape: int) -> bool:
        part = Parameter(name="embedding.weight", shape=list(shape))
        return may_be_too_large(Noted(kind="Model", parameters=[part]), truth)

    nodes = truth.num_nodes
    assert not large(nodes, 32) and not large(nodes, 100_000) and not large(10**7, 32)
    assert large(nodes, 1024) == (nodes * 1024 > 3_000_000)
