"""Step 6: test measures the right thing, and the student's own model beats chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from autograder.checks import check
from autograder.checks.graphs import auc_interval, keys, non_edges, pairs, same_graph, two_sides
from autograder.checks.teaching import count, expect, need, present, raised, unfinished
from autograder.evidence import Array, Auc, Chain, Evidence, Scoring
from autograder.reference import Truth


@pytest.fixture
def run(evidence: Evidence) -> Scoring:
    """The first of the calls of test, on a part of the test data."""
    found = present(evidence.step6, "test").runs
    need(found, "test data", "steps 3 and 6 share the split")
    for one in found:
        if one.call.error is not None:
            if one.call.error.blank:
                raise unfinished("test", one.call.error)
            raise raised("`test(data)`", one.call.error)
    return found[0]


@pytest.fixture
def runs(evidence: Evidence, run: Scoring) -> list[Scoring]:
    """All calls of test."""
    return present(evidence.step6, "test").runs


@pytest.fixture
def auc(evidence: Evidence) -> Auc:
    return present(evidence.step6, "auc")


@check("step6.test", points=1)
def test_returns_auc(runs: list[Scoring]) -> None:
    """test returns one number between 0 and 1"""
    expect(
        all(r.returned is not None and 0 <= r.returned <= 1 for r in runs),
        ran="`test(data)` on parts of the test and of the validation data",
        expected="an AUC",
        got=", ".join(r.call.text for r in runs),
        why="NaN means that only one class was scored; None that nothing was returned.",
        next="Return what `roc_auc_score(labels, scores)` gives.",
        finding="test.one-class",
    )


@check("step6.test", points=1)
def test_scores_all(runs: list[Scoring]) -> None:
    """test scores exactly the positive and negative edges of its data"""
    for r in runs:
        need(r.pairs and r.pairs.shape[:1] == [2], "`model.decode` to be called", "test returns")
        scored, asked = _scored(r), np.concatenate([r.positives.numpy(), r.negatives.numpy()], 1)
        n = 1 + int(max(scored.max(initial=0), asked.max(initial=0)))
        got, wanted = (np.unique(keys(e, n)) for e in (scored, asked))
        expect(
            np.array_equal(got, wanted),
            ran="the pairs that `test(data)` decoded",
            expected=count(asked.shape[1], "pairs: pos_ and neg_edge_label_index of data"),
            got=f"{scored.shape[1]:,} pairs, {np.isin(got, wanted).sum():,} of those asked for",
            why="An AUC over other edges answers another question.",
            next="Use the data object that `test` is given, not a global one.",
            finding="test.train-edges",
        )


@check("step6.test", points=2)
def test_auc_right(runs: list[Scoring]) -> None:
    """The number is the AUC of these scores, positives labelled 1"""
    for r in runs:
        need(r.scores and r.pairs, "scores from `model.decode`", "test scores all edges")
        scored = _scored(r)
        n = 1 + int(max(scored.max(initial=0), r.positives.numpy().max(initial=0)))
        labels = np.isin(keys(scored, n), keys(r.positives.numpy(), n))
        need(labels.any() and not labels.all(), "scores of both classes", "test scores all edges")
        scores = r.scores.numpy()  # type: ignore[union-attr]
        need(np.isfinite(scores).all(), "finite scores", "the loss falls")
        right = float(roc_auc_score(labels, scores))
        got = -1.0 if r.returned is None else r.returned
        inverted = abs(got - (1 - right)) < 0.005 < abs(got - right)
        expect(
            abs(got - right) < 0.005,
            ran="what `test(data)` returned, beside the AUC of the very scores it computed",
            expected=f"{right:.4f}",
            got=r.call.text,
            why="Rounding scores to 0 and 1 first, or swapped labels, gives another number.",
            next="Ones for positives, in the order of the scores; hand over raw scores.",
            finding="test.labels-inverted" if inverted else "test.hard-threshold",
        )


@check("step6.test", points=1)
def test_eval_mode(run: Scoring) -> None:
    """The model is in evaluation mode"""
    need(run.training_mode is not None, "a call of `model.encode`", "test scores all edges")
    expect(
        run.training_mode is False,
        ran="`model.training` while `test` encodes",
        expected="False",
        got=run.training_mode,
        why="In training mode a dropout layer would drop other numbers at every call.",
        next="Call `model.eval()` inside `test`.",
        finding="test.no-eval",
    )


@check("step6.test", points=1)
def test_no_grad(run: Scoring) -> None:
    """No gradients are recorded"""
    need(run.grad_enabled is not None, "a call of `model.encode`", "test scores all edges")
    expect(
        run.grad_enabled is False,
        ran="`torch.is_grad_enabled()` while `test` encodes",
        expected="False",
        got=run.grad_enabled,
        why="Evaluation needs no gradients: they cost memory, and NumPy refuses such tensors.",
        next="Decorate `test` with `@torch.no_grad()`.",
        finding="test.requires-grad",
    )


@check("step6.test", points=1)
def test_message_edges(runs: list[Scoring]) -> None:
    """test encodes with the message-passing edges of its data"""
    for r in runs:
        need(r.encoded, "a call of `model.encode`", "test scores all edges")
        n = 1 + max(int(e.numpy().max(initial=0)) for e in [*r.encoded, r.edge_index, r.positives])
        used = np.concatenate([pairs(e.numpy(), n) for e in r.encoded])
        leaked = int(np.isin(used, pairs(r.positives.numpy(), n)).sum())
        same = all(np.array_equal(np.unique(keys(e.numpy(), n)), np.unique(keys(r.edge_index.numpy(), n))) for e in r.encoded)
        expect(
            same,
            ran="the `edge_index` that `test(data)` handed to `encode`",
            expected=count(r.edge_index.shape[1], "message-passing edges, `data.edge_index`"),
            got=f"other edges, {leaked:,} of them edges that are asked for",
            why="A model that is shown the edges in question scores high and has learned nothing.",
            next="Encode with the `edge_index` of the data object that `test` is given.",
            finding="test.full-graph-leak" if leaked else "",
        )


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


def _graph(edges: Array) -> np.ndarray:
    need(edges.shape[:1] == [2], "`data.edge_index` of shape [2, E]", "edge_index is [2, E]")
    return edges.numpy()


def _scored(run: Scoring) -> np.ndarray:
    """[2, S] pairs that were decoded."""
    return run.pairs.numpy()  # type: ignore[union-attr]


@check("step6.report", points=10, by_hand=True)
def test_report_written(evidence: Evidence) -> None:
    """The report gives the test AUC, compares it with guessing and names one improvement"""
    report = evidence.step6.report if evidence.step6 else ""
    if not report.strip() or "YOUR ANSWER HERE" in report:
        raise unfinished("the report", None)
