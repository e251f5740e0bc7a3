"""Each metric against an independent implementation: PyG's, scikit-learn's, or a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import ndcg_score, roc_auc_score
from torch_geometric.metrics import (
    LinkPredCoverage,
    LinkPredMRR,
    LinkPredNDCG,
    LinkPredRecall,
)

from recommenders import metrics, protocol
from recommenders.models import RECOMMENDERS

USERS, ARTISTS, K = 40, 60, 20


class Case:
    """Random scores, known pairs and positives; each user has a positive, and none is known."""

    def __init__(self, seed: int, ties: bool = False) -> None:
        random = np.random.default_rng(seed)
        self.scores = random.random((USERS, ARTISTS)).astype(np.float32)
        if ties:
            self.scores = np.round(self.scores, 1)
        role = random.choice(3, (USERS, ARTISTS), p=[0.6, 0.3, 0.1])
        role[np.arange(USERS), random.integers(0, ARTISTS, USERS)] = 2
        self.known, self.positive = role == 1, role == 2
        self.count = self.positive.sum(axis=1)
        self.masked = np.where(self.known, -np.inf, self.scores)
        self.label = torch.from_numpy(np.stack(self.positive.nonzero()))  # [2, P]

    def ranking(self, k: int) -> np.ndarray:
        return np.argsort(-self.masked, axis=1, kind="stable")[:, :k]

    def hit(self, k: int) -> np.ndarray:
        return np.take_along_axis(self.positive, metrics.top_k(self.scores, self.known, k), axis=1)

    def by_pyg(self, metric) -> float:
        metric.update(torch.from_numpy(self.ranking(metric.k)), self.label)
        return float(metric.compute())


@pytest.fixture(params=range(5))
def case(request) -> Case:
    return Case(request.param)


def test_top_k_is_a_stable_sort(case):
    assert np.array_equal(metrics.top_k(case.scores, case.known, K), case.ranking(K))


@pytest.mark.parametrize("seed", range(3))
def test_top_k_and_rank_with_ties(seed):
    case = Case(seed, ties=True)
    assert np.array_equal(metrics.top_k(case.scores, case.known, K), case.ranking(K))
    order = case.ranking(ARTISTS)
    first = np.take_along_axis(case.positive, order, axis=1).argmax(axis=1)
    ours = metrics.reciprocal_rank(case.scores, case.known, case.positive)
    assert ours == pytest.approx(1 / (1 + first))


def test_top_k_leaves_places_empty_rather_than_recommend_what_is_known():
    top = metrics.top_k(np.array([[3.0, 2.0, 1.0]]), np.array([[True, False, True]]), 2)
    assert top.tolist() == [[1, -1]]


def test_recall_is_pygs(case):
    ours = metrics.recall(case.hit(K), case.count).mean()
    assert ours == pytest.approx(case.by_pyg(LinkPredRecall(k=K)), abs=1e-6)


def test_ndcg_is_pygs_and_scikit_learns(case):
    ours = metrics.ndcg(case.hit(K), case.count).mean()
    assert ours == pytest.approx(case.by_pyg(LinkPredNDCG(k=K)), abs=1e-6)
    finite = np.where(case.known, -1.0, case.scores)
    assert ours == pytest.approx(ndcg_score(case.positive, finite, k=K), abs=1e-6)


def test_mrr_over_the_full_ranking_is_pygs(case):
    ours = metrics.reciprocal_rank(case.scores, case.known, case.positive).mean()
    assert ours == pytest.approx(case.by_pyg(LinkPredMRR(k=ARTISTS)), abs=1e-6)


def test_coverage_is_pygs(case):
    top = metrics.top_k(case.scores, case.known, 2)
    other = LinkPredCoverage(k=2, num_dst_nodes=ARTISTS)
    assert metrics.coverage(top, ARTISTS) == pytest.approx(case.by_pyg(other))


def test_auc_is_scikit_learns_and_a_plain_count(case):
    positive, negative = case.scores[case.positive], case.scores[~case.positive]
    ours = metrics.auc(positive, negative)
    label = case.positive.ravel()
    assert ours == pytest.approx(roc_auc_score(label, case.scores.ravel()))
    couples = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    assert ours == pytest.approx(couples)


def test_the_long_tail_is_the_least_heard_fifth_of_the_edges():
    assert metrics.long_tail(np.array([10, 1, 70, 9, 10])).tolist() == [1, 1, 0, 1, 0]


def test_the_protocol_as_a_whole_is_what_pyg_says(parts, fixed):
    """The same ranking, made here from dense matrices, with PyG's metrics."""
    model = RECOMMENDERS["svd"]().fit(parts.train)
    scores = model.scores(np.arange(parts.train.n_users))
    result = protocol.measure(fixed(scores), protocol.questions(parts))
    known = (parts.train.matrix() + parts.val.matrix()).toarray() > 0
    ranking = torch.from_numpy(np.argsort(-np.where(known, -np.inf, scores), axis=1))
    test = torch.from_numpy(np.stack([parts.test.user, parts.test.artist]))
    asked = np.unique(parts.test.user)
    row = torch.from_numpy(np.searchsorted(asked, test[0].numpy()))
    for metric, value in (
        (LinkPredRecall(k=20), result.recall),
        (LinkPredNDCG(k=20), result.ndcg),
        (LinkPredMRR(k=scores.shape[1]), result.mrr),
    ):
        metric.update(ranking[asked], torch.stack([row, test[1]]))
        assert value == pytest.approx(float(metric.compute()), abs=1e-6)
