"""Step 6, the result: the student's own model beats chance, and the report says so."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from autograder.evidence.schema import Auc, Evidence, Scoring, Testing
from autograder.rules import check
from autograder.rules.graphs import (
    among,
    auc_interval,
    non_edges,
    pairs,
    same_graph,
    two_sides,
)
from autograder.rules.teaching import (
    Message,
    NotAttempted,
    expect,
    need,
    present,
)
from autograder.truth import Truth

INDEX = "every index in edge_index is a node"
COVERAGE = "every listening pair is there, once, between the right nodes"
SIZES = "validation and test hold out 10% of the edges each"
LEAK = "no held-out edge is among the message-passing edges"


@check("step6.auc", points=1)
def test_auc_is_measured(auc: Auc, evidence: Evidence) -> None:
    """val_auc and test_auc are what test gives on the validation and test data"""
    returned = [run.returned for run in _runs(evidence) if not run.watched]
    expect(
        len(returned) < 2 or len(set(returned)) > 1 or all(map(_computed, _runs(evidence))),
        ran="what `test` returns for two different sets of edges",
        expected="two numbers",
        got=f"{returned[:1]} for both",
        why="A number that does not depend on the edges measures nothing.",
        next="Compute the AUC of the scores of the edges that `test` is given.",
    )
    both = [(auc.val_auc, auc.val_again), (auc.test_auc, auc.test_again)]
    both = [couple for couple in both if couple != (None, None)]
    expect(
        auc.test_auc is not None
        and all(a is not None and b is not None and abs(a - b) < 0.003 for a, b in both),
        ran="`val_auc` and `test_auc`, and `test` called again on `val_data` and `test_data`",
        expected=" and ".join(_rounded(again) for _, again in both),
        got=" and ".join(_rounded(noted) for noted, _ in both),
        why="A reported number must be one that can be measured again.",
        next="`test_auc = test(test_data)`, with the trained model.",
    )


def _computed(run: Scoring) -> bool:
    """Whether it is the AUC of what `roc_auc_score` got: 0.5 twice may be measured, too."""
    if not run.labels or not run.handed or run.returned is None:
        return False
    labels, handed = run.labels.numpy(), run.handed.numpy()
    both = len(labels) == len(handed) and set(labels.tolist()) == {0.0, 1.0}
    return both and abs(roc_auc_score(labels, handed) - run.returned) < 1e-6


def _runs(evidence: Evidence) -> list[Scoring]:
    found = evidence.step6.test if evidence.step6 else None
    return found.runs if isinstance(found, Testing) else []


def _rounded(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.4f}"


@check("step6.auc", points=2)
def test_beats_chance(evidence: Evidence, truth: Truth, known: np.ndarray | None) -> None:
    """Your own model beats random guessing on unseen edges"""
    chain = present(evidence.step6, "own")
    edges, asked, z = chain.edge_index.numpy(), chain.positives.numpy(), chain.z.numpy()
    seen = chain.message_edges.numpy()
    ends = np.concatenate([edges, asked, seen], axis=1)
    sane = edges.size and ends.min() >= 0 and ends.max() < len(z) < 10 * truth.num_nodes
    need(sane and np.isfinite(z).all(), "finite embeddings of every node", INDEX)
    n, graph = len(z), pairs(edges, len(z))
    right = len(graph) == truth.n_edges and same_graph(np.stack(np.divmod(graph, n)), truth)
    side = two_sides(edges, n) if right else None
    need(side is not None, "the whole graph, users and artists apart", COVERAGE)
    held = pairs(asked, n)
    need(among(held, graph).all() and len(held) > 0.05 * len(graph), "held-out edges", SIZES)
    need(not among(held, pairs(seen, n)).any(), "test edges that the model has not seen", LEAK)
    if known is not None and len(truth.unseen):  # on a twin: rows that its process never saw
        held = pairs(truth.numbered(truth.unseen), n)
    negatives = non_edges(edges, side, len(held), seed=0)  # type: ignore[arg-type]
    couples = np.concatenate([np.stack(np.divmod(held, n)), negatives], axis=1)
    scores = (z[couples[0]].astype(np.float64) * z[couples[1]]).sum(axis=1)
    labels = np.repeat([1, 0], [len(held), negatives.shape[1]])
    value = float(roc_auc_score(labels, scores))
    error = auc_interval(value, len(held), negatives.shape[1])
    expect(
        value - 2 * error > 0.5,
        ran="your trained model on held-out edges and on user-artist pairs that are no edges",
        expected="an AUC above 0.5 by more than twice its sampling error",
        got=f"{value:.3f} with a sampling error of {error:.3f}{_noted(evidence)}",
        why="0.5 is what guessing gives. The split's own negatives are mostly artist-artist pairs "
        "and can hide this, either way.",
        next="Far below 0.5: are the labels of step 5 the wrong way round?"
        if value < 0.35
        else "Does the loss fall? Clear the gradients in each epoch; a learning rate of 0.01 and "
        "100 epochs are enough.",
    )


def _noted(evidence: Evidence) -> str:
    """The AUC that the notebook itself has, against the split's own negatives."""
    found = evidence.step6.auc if evidence.step6 else None
    if not isinstance(found, Auc) or found.test_auc is None:
        return ""
    return f"; against the negatives of RandomLinkSplit your notebook has {found.test_auc:.3f}"


@check("step6.report", points=10, by_hand=True)
def test_report_written(evidence: Evidence) -> None:
    """The report gives the test AUC, compares it with guessing and names one improvement"""
    if not evidence.report.strip() or "YOUR ANSWER HERE" in evidence.report:
        raise NotAttempted(Message(got="no report yet", next="Write it where YOUR ANSWER HERE is."))
