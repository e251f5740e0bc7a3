"""Step 5, `train`: what is sampled, labelled, encoded and moved in one epoch."""

from __future__ import annotations

import numpy as np

from autograder.checks import check
from autograder.checks.graphs import (
    keys,
    pairs,
)
from autograder.checks.observed import (
    RUNS,
)
from autograder.checks.teaching import (
    count,
    expect,
    need,
    raised,
)
from autograder.evidence import (
    Epoch,
    Training,
)


@check("step5.train", points=1)
def test_returns_loss(train_called: Training) -> None:
    """train runs and returns the loss as a number"""
    if train_called.call.error is not None:
        raise raised("`train(train_data)`", train_called.call.error)
    training = train_called
    values = [e.returned for e in training.epochs]
    expect(
        values and all(v is not None and np.isfinite(v) for v in values),
        ran="`train(train_data)`, twice",
        expected="a finite float each time",
        got=", ".join(e.returned_text for e in training.epochs) or "nothing",
        why="A tensor that keeps its graph keeps the memory of its whole epoch.",
        next="`return loss.item()`.",
        finding="train.returns-tensor",
    )


@check("step5.train", points=2)
def test_negative_count(training: Training, negatives: list[np.ndarray]) -> None:
    """There are as many negatives as positives"""
    positives = training.positives.shape[1]
    found = [n.shape[1] for n in negatives]
    expect(
        all(abs(n - positives) <= 0.01 * positives for n in found),
        ran="the pairs that `train` scored, without the positives",
        expected=count(positives, "negatives, one a positive"),
        got=" and ".join(count(n, "") + "in one epoch" for n in found),
        why="With more of one kind, saying always that answer is already a small loss.",
        next="`num_neg_samples` is by default the number of message-passing edges: "
        "that is twice as many. Set it.",
        finding="train.negative-count",
    )


@check("step5.train", points=1)
def test_negatives_no_edges(training: Training, negatives: list[np.ndarray]) -> None:
    """No negative is an edge of the training graph, or outside of the graph"""
    n, found = training.num_nodes, np.concatenate(negatives, axis=1)
    need(found.size, "negatives", "there are as many negatives as positives")
    outside = int(((found < 0) | (found >= n)).any(axis=0).sum())
    loops = int((found[0] == found[1]).sum())
    inside = found[:, ((found >= 0) & (found < n)).all(axis=0)]
    known = pairs(training.message_edges.numpy(), n)
    edges = int(np.isin(keys(np.sort(inside, axis=0), n), known).sum())
    expect(
        not edges and not outside and loops <= 0.01 * found.shape[1],
        ran=f"{found.shape[1]:,} negatives of two epochs beside the training edges",
        expected=f"0 of them edges, 0 outside of 0 to {n - 1:,}",
        got=f"{edges:,} are edges, {outside:,} outside, {loops:,} pair a node with itself",
        why="A true edge labelled 0 teaches the model the opposite of what it should learn.",
        next="`negative_sampling` takes the message-passing `edge_index` and avoids its edges.",
        finding="train.negative-positives" if edges else "train.self-pairs" if loops else "",
    )


@check("step5.train", points=1)
def test_negatives_side(training: Training, negatives: list[np.ndarray]) -> None:
    """The negatives reach both sides of the graph"""
    need(negatives[0].size, "negatives", "there are as many negatives as positives")
    wanted = [
        set(np.unique(row // max(1, training.num_nodes // 20)))
        for row in training.positives.numpy()
    ]
    found = {*np.unique(np.concatenate(negatives, axis=1) // max(1, training.num_nodes // 20))}
    expect(
        all(len(found & side) >= 0.8 * len(side) for side in wanted),
        ran="which nodes occur in the negatives",
        expected="users and artists, all over both",
        got="a part of the graph's nodes only",
        why="Negatives between users alone teach to tell the sides apart, not what people like.",
        next="Sample over all nodes, or pair a user with an artist (mind the artists' offset).",
        finding="train.negative-side",
    )


@check("step5.train", points=1)
def test_negatives_anew(training: Training, negatives: list[np.ndarray]) -> None:
    """Negatives are drawn anew in every epoch"""
    need(len(negatives) > 1 and negatives[0].size, "negatives of two epochs", RUNS)
    n = max(training.num_nodes, *(int(neg.max()) + 1 for neg in negatives if neg.size))
    first, second = (np.unique(keys(neg, n)) for neg in negatives[:2])
    common = len(np.intersect1d(first, second)) / max(1, len(first))
    expect(
        common < 0.5,
        ran="the negatives of two epochs",
        expected="hardly any in common",
        got=f"{common:.0%} of the first are in the second",
        why="The model learns a fixed set by heart, and not that all other pairs are unlikely too.",
        next="Call `negative_sampling` inside `train`.",
        finding="train.negative-fixed",
    )


@check("step5.train", points=1)
def test_labels(training: Training, epochs: list[Epoch]) -> None:
    """Positive edges have label 1, negatives label 0"""
    labelled = [e for e in epochs if e.labels is not None and e.labels.shape == e.pairs.shape[1:]]  # type: ignore[union-attr]
    need(labelled, "scores that go to the loss as `decode` gave them", "the loss on logits")
    scored, labels = labelled[0].pairs.numpy(), labelled[0].labels.numpy()  # type: ignore[union-attr]
    n = max(training.num_nodes, int(scored.max(initial=0)) + 1)
    positive = np.isin(keys(scored, n), keys(training.positives.numpy(), n))
    means = [float(labels[m].mean()) if m.any() else float("nan") for m in (positive, ~positive)]
    swapped = means[0] < 0.5 < means[1]
    expect(
        means[0] > 0.99 and means[1] < 0.1,
        ran="the labels that the loss got",
        expected="1 for positives, 0 for negatives",
        got=f"on average {means[0]:.2f} for positives, {means[1]:.2f} for the others",
        why="With swapped labels the loss falls too, and the AUC with it."
        if swapped
        else "The labels are what the model learns.",
        next="Join labels in the order in which you joined the pairs.",
        finding="train.labels-swapped" if swapped else "train.labels-constant",
    )


@check("step5.train", points=1)
def test_message_edges(training: Training) -> None:
    """The model encodes with the message-passing edges of train_data"""
    encoded = [e for epoch in training.epochs for e in epoch.encoded]
    need(encoded, "a call of `model.encode`", "encode and decode are called by their names")
    n = max(training.num_nodes, *(int(e.numpy().max(initial=0)) + 1 for e in encoded))
    allowed = np.unique(keys(training.message_edges.numpy(), n))
    used = [
        np.unique(keys(e.numpy(), n)) if e.shape[:1] == [2] else np.array([-1]) for e in encoded
    ]
    extra = max(int((~np.isin(u, allowed)).sum()) for u in used)
    share = min(len(u) for u in used) / max(1, len(allowed))
    expect(
        extra == 0 and share > 0.9,
        ran="the `edge_index` that `train` handed to `encode`",
        expected=count(len(allowed), "message-passing edges of train_data"),
        got=f"{extra:,} other edges" if extra else f"{share:.0%} of them",
        why="Other edges are held-out ones, or the negatives themselves: the answer leaks in.",
        next="Encode with `train_data.edge_index`; only decode sees the supervision edges.",
        finding="train.full-graph" if extra else "encode.label-edges",
    )


@check("step5.train", points=1)
def test_all_move(training: Training) -> None:
    """One epoch moves every parameter"""
    expect(
        training.tensors and training.epochs and not training.still,
        ran="every parameter before and after two epochs",
        expected=f"all {training.tensors} have moved",
        got=f"unmoved: {training.still}",
        why="What does not move does not learn.",
        next="loss.backward(), then optimizer.step(), on the model that the optimizer holds.",
        finding="train.no-step" if len(training.still) == training.tensors else "",
    )
