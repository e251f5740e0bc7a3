"""Step 6, the result: the student's own model beats chance, and the report says so."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from autograder.checks import check
from autograder.checks.graphs import (
    auc_interval,
    non_edges,
    pairs,
    same_graph,
    two_sides,
)
from autograder.checks.teaching import (
    expect,
    need,
    present,
    unfinished,
)
from autograder.evidence import (
    Array,
    Auc,
    Evidence,
)
from autograder.reference import Truth


@check("step6.auc", points=1)
def test_auc_is_measured(auc: Auc) -> None:
    """val_auc and test_auc are what test gives on the validation and test data"""
    both = ((auc.val_auc, auc.val_again), (auc.test_auc, auc.test_again))
    expect(
        all(a is not None and b is not None and abs(a - b) < 0.02 for a, b in both),
        ran="`val_auc` and `test_auc`, and `test` called again on `val_data` and `test_data`",
        expected=f"{auc.val_again}, {auc.test_again}",
        got=f"{auc.val_auc}, {auc.test_auc}",
        why="A reported number must be one that can be measured again.",
        next="`test_auc = test(test_data)`, with the trained model.",
        finding="test.hard-coded",
    )


@check("step6.auc", points=2)
def test_beats_chance(evidence: Evidence, truth: Truth) -> None:
    """Your own model, steps 1 to 5 in one piece, beats random guessing on unseen edges"""
    chain = present(evidence.step6, "own")
    ends, positives = _graph(chain.edge_index), chain.positives.numpy()
    n = 1 + int(max(ends.max(initial=0), positives.max(initial=0)))
    z = chain.z.numpy()
    sane = ends.size and ends.min() >= 0 and n <= len(z) and np.isfinite(z).all() and z.ndim == 2
    need(sane, "finite embeddings of every node", "every index in edge_index is a node")
    known = pairs(ends, n)
    side = two_sides(ends, n)
    right = len(known) == truth.n_edges and same_graph(np.stack(np.divmod(known, n)), truth)
    need(right and side is not None, "the whole graph, users and artists apart", "steps 2 and 3")
    shown = np.intersect1d(pairs(positives, n), pairs(chain.message_edges.numpy(), n))
    need(not len(shown) and positives.size, "test edges that the model has not seen", "no leak")
    negatives = non_edges(ends, side, positives.shape[1], seed=0)  # type: ignore[arg-type]
    scores = [(z[a] * z[b]).sum(axis=1) for a, b in (positives, negatives)]
    labels = np.repeat([1, 0], [len(s) for s in scores])
    value = float(roc_auc_score(labels, np.concatenate(scores)))
    error = auc_interval(value, *map(len, scores))
    expect(
        value - 2 * error > 0.5,
        ran="your trained model on held-out edges and on user-artist pairs that are no edges",
        expected="an AUC above 0.5 by more than twice its sampling error",
        got=f"{value:.3f} with a sampling error of {error:.3f}",
        why="0.5 is what guessing gives. The split's own negatives are mostly artist-artist pairs "
        "and can hide this, either way.",
        next="Does the loss fall? More epochs and a learning rate of 0.01 help most.",
    )


@check("step6.report", points=10, by_hand=True)
def test_report_written(evidence: Evidence) -> None:
    """The report gives the test AUC, compares it with guessing and names one improvement"""
    report = evidence.step6.report if evidence.step6 else ""
    if not report.strip() or "YOUR ANSWER HERE" in report:
        raise unfinished("the report", None)


def _graph(edges: Array) -> np.ndarray:
    need(edges.shape[:1] == [2], "`data.edge_index` of shape [2, E]", "edge_index is [2, E]")
    return edges.numpy()
