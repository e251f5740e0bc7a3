"""Step 5, negative sampling: how many, where, never an edge, new in every epoch."""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Training
from autograder.rules import check
from autograder.rules.graphs import among, distinct, keys
from autograder.rules.observed import RUNS
from autograder.rules.teaching import count, expect, need
from autograder.rules.training import always_the_same, never_drawn, scored


@check("step5.train", points=1)
def test_negative_count(training: Training, negatives: list[np.ndarray]) -> None:
    """There are as many negatives as positives"""
    few = always_the_same(training)
    expect(
        few is None,
        ran="the positives that `train` scored, epoch by epoch",
        expected=count(training.positives.shape[1], "positives, or others each time"),
        got=f"the same {few} each time",
        why="What is never scored is never learned.",
        next="Take all columns of `pos_edge_label_index`.",
    )
    found = [n.shape[1] for n in negatives]
    positives = [scored(e).shape[1] - n for e, n in zip(training.epochs, found, strict=True)]
    expect(
        all(p and 0.9 * p <= n <= 1.1 * p for p, n in zip(positives, found, strict=True)),
        ran="the pairs that `train` scored, without the positives",
        expected=count(positives[0], "negatives, one a positive"),
        got=" and then ".join(f"{n:,}" for n in dict.fromkeys(found)) + " an epoch",
        why="With more of one kind, saying always that answer is already a small loss.",
        next="`num_neg_samples` is by default the number of message-passing edges: "
        "that is twice as many. Set it.",
    )


@check("step5.train", points=1)
def test_negatives_no_edges(training: Training, negatives: list[np.ndarray]) -> None:
    """No negative is an edge of the training graph, or outside of the graph"""
    n, found = training.num_nodes, np.concatenate(negatives, axis=1)
    need(found.size, "negatives", "there are as many negatives as positives")
    outside = int(((found < 0) | (found >= n)).any(axis=0).sum())
    loops = int((found[0] == found[1]).sum())
    inside = found[:, ((found >= 0) & (found < n)).all(axis=0)]
    edges = int(among(keys(inside, n), distinct(keys(training.message_edges.numpy(), n))).sum())
    expect(
        not edges and not outside and loops <= 0.01 * found.shape[1],
        ran=f"{found.shape[1]:,} negatives of two epochs beside the training edges",
        expected=f"0 of them edges, 0 outside of 0 to {n - 1:,}",
        got=f"{edges:,} are edges, {outside:,} outside, {loops:,} pair a node with itself",
        why="A true edge labelled 0 teaches the model the opposite of what it should learn.",
        next="`negative_sampling` takes the message-passing `edge_index` and avoids its edges.",
    )


@check("step5.train", points=1)
def test_negatives_side(training: Training, negatives: list[np.ndarray]) -> None:
    """The negatives reach both sides of the graph"""
    need(negatives[0].size, "negatives", "there are as many negatives as positives")
    missed = never_drawn(np.concatenate(negatives, axis=1), training)
    expect(
        not missed,
        ran="which nodes occur in the negatives",
        expected="users and artists, all over both",
        got=" and ".join(f"none of {m.missed:,} of the {m.nodes:,} {m.name}" for m in missed),
        why="Negatives between users alone teach to tell the sides apart, not what people like.",
        next="Sample over all nodes, or pair a user with an artist (mind the artists' offset).",
    )


@check("step5.train", points=1)
def test_negatives_anew(training: Training, negatives: list[np.ndarray]) -> None:
    """Negatives are drawn anew in every epoch"""
    need(len(negatives) > 1 and negatives[0].size, "negatives of two epochs", RUNS)
    n = max(training.num_nodes, *(int(neg.max()) + 1 for neg in negatives if neg.size))
    first, second = (distinct(keys(neg, n)) for neg in negatives[:2])
    common = len(np.intersect1d(first, second)) / max(1, len(first))
    expect(
        common < 0.5,
        ran="the negatives of two epochs",
        expected="hardly any in common",
        got=f"{common:.0%} of the first are in the second",
        why="The model learns a fixed set by heart, and not that all other pairs are unlikely too.",
        next="Call `negative_sampling` inside `train`.",
    )
