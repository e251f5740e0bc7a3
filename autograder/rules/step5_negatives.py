"""Step 5, negative sampling: how many, where, never an edge, new in every epoch.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Training
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.graphs import among, distinct, keys
from autograder.rules.numbering import observed
from autograder.rules.step5_train import (
    are_lost,
    held_out_pairs,
    labels_constant,
    labels_swapped,
    labels_unrelated,
    resplit,
    unused_scores,
)
from autograder.rules.teaching import count, expect, need
from autograder.rules.training import always_the_same, never_drawn, scored
from autograder.rules.training import negatives as negatives_of

FEW, MANY = 0.9, 1.1  # negatives for each positive
LOOPS = 0.01  # negatives that may pair a node with itself, as a share
CHANCE = 4.0  # times the share that independent draws from the same nodes would give
AGAIN = 0.5  # negatives of one epoch that may be those of another, as a share


def drawn(case: Case) -> list[np.ndarray]:
    """[2, Q] negatives of every epoch in which any pairs were scored."""
    return [negatives_of(e, case.training) for e in case.epochs if e.pairs and case.training]


def joined(negatives: list[np.ndarray]) -> np.ndarray:
    """[2, Q] negatives of all epochs."""
    return np.concatenate(negatives, axis=1) if negatives else np.zeros((2, 0), dtype=np.int64)


# --- pairs that are no question


def self_share(negatives: np.ndarray) -> float:
    """Which share of pairs joins a node with itself."""
    return float((negatives[0] == negatives[1]).mean()) if negatives.shape[1] else 0.0


def are_self_pairs(negatives: np.ndarray) -> bool:
    """Whether more pairs join a node with itself than two independent draws would."""
    nodes = max(1, len(np.unique(negatives)))
    return self_share(negatives) > max(LOOPS, CHANCE / nodes)


@cause(
    "train.self-pairs",
    title="Negatives join a node with itself",
    why="A node with itself has the largest dot product of all. The model learns that similar "
    "vectors mean no: the opposite of what it is for.",
    question="In how many of your negatives are source and target the same?",
    hints=(
        "Compare row 0 of the negatives with row 1.",
        "Where do the targets come from?",
        "Draw the targets anew, apart from the sources.",
    ),
    at=("negative_sampling", "randint", "train"),
)
def self_pairs(case: Case) -> str | None:
    negatives = joined(drawn(case))
    if not are_self_pairs(negatives):
        return None
    return (
        f"{self_share(negatives):.0%} of {negatives.shape[1]:,} negatives join a node with itself"
    )


# --- a part of the graph only


@cause(
    "train.negative-side",
    title="The negatives come from a part of the graph only",
    why="Pairs among users, or artists whose numbers lack their offset, leave out nodes that the "
    "model will be asked about. It learns to tell sides apart, and not what anybody likes.",
    question="Which is the smallest, and which the largest, node among your negatives?",
    hints=(
        "Print the smallest and the largest number in both rows of the negatives.",
        "Where do the artists' numbers begin, and where do they end?",
        "Draw over all nodes, or pair a user with an artist, whose number has its offset.",
    ),
    at=("negative_sampling", "randint", "train"),
)
def negative_side(case: Case) -> str | None:
    negatives = joined(drawn(case))
    missed = never_drawn(negatives, case.training) if case.training and negatives.size else []
    mapping = observed(case)
    counted = mapping.num_nodes if mapping else None  # too small: then step 3 is what is wrong
    small = counted is not None and 0 < counted < case.truth.num_nodes
    if not missed or small and all(m.low >= counted for m in missed):  # type: ignore[operator]
        return None
    shown = " and ".join(
        f"{m.missed:,} of {m.nodes:,} {m.name} (nodes {m.low:,} to {m.high:,})" for m in missed
    )
    return f"in {count(negatives.shape[1], 'negative')} these never occur: {shown}"


@check("step5.train", points=1, causes=(self_pairs, negative_side))
def test_negatives_side(training: Training, negatives: list[np.ndarray]) -> None:
    """The negatives reach both sides of the graph"""
    need(negatives[0].size, "negatives", "step5.train.negative_count")
    missed = never_drawn(joined(negatives), training)
    expect(
        not missed,
        ran="which nodes occur in the negatives",
        expected="users and artists, all over both",
        got=" and ".join(f"{m.missed:,} of the {m.nodes:,} {m.name} in none" for m in missed),
        why="Negatives between users alone teach to tell the sides apart, not what people like.",
        next="Sample over all nodes, or pair a user with an artist (mind the artists' offset).",
    )


# --- how many


def odd_counts(training: Training) -> list[tuple[int, int]]:
    """Negatives and positives of each epoch, where they are not as many."""
    found = []
    for epoch in training.epochs:
        negatives = negatives_of(epoch, training).shape[1]
        positives = scored(epoch).shape[1] - negatives
        if not positives or not FEW * positives <= negatives <= MANY * positives:
            found.append((negatives, positives))
    return found


@cause(
    "train.negative-count",
    title="There are not as many negatives as positives",
    why="Each positive should have one counterexample. With many more negatives the easiest way "
    "to a small loss is to say no to everything; with hardly any, to say yes.",
    question="How many positives, and how many negatives, does your loss see in one epoch?",
    hints=(
        "Print the shapes of both before you join them.",
        "`num_neg_samples` has a default: the number of columns of the `edge_index` that it gets.",
        "Ask for as many as there are positive supervision edges.",
    ),
    at=("negative_sampling", "num_neg_samples", "train"),
)
def negative_count(case: Case) -> str | None:
    odd = [o for o in odd_counts(case.training) if all(o)] if case.training else []
    if not odd or not case.epochs:
        return None
    return f"{odd[0][0]:,} negatives to {odd[0][1]:,} positives in an epoch"


@check(
    "step5.train",
    points=1,
    causes=(
        resplit,
        unused_scores,
        labels_unrelated,
        labels_swapped,
        labels_constant,
        held_out_pairs,
        self_pairs,
        negative_side,
        negative_count,
    ),
)
def test_negative_count(training: Training, negatives: list[np.ndarray]) -> None:
    """There are as many negatives as positives"""
    few, wanted = always_the_same(training), training.positives.shape[1]
    lost = next((e for e in training.epochs if are_lost(e, training)), None)
    expect(
        lost is None,
        ran="the pairs that were scored, and those whose scores came to the loss",
        expected="the same",
        got=f"{count(lost.unused if lost else 0, 'score')} that never came to the loss",
        why="What the loss is not given is never learned.",
        next="See where these scores go: each batch needs its own loss and `backward()`, and a "
        "name that is used again loses what it held.",
    )
    expect(
        few is None,
        ran="the positives that `train` scored, epoch by epoch",
        expected=count(wanted, "positive") + ", or others each time",
        got=f"the same {few or 0:,} of {wanted:,} each time",
        why="What is never scored is never learned.",
        next="Take all columns of `pos_edge_label_index`.",
    )
    odd = odd_counts(training)
    total = scored(training.epochs[0]).shape[1]
    expect(
        not odd,
        ran=f"the {total:,} pairs that `train` scored in an epoch",
        expected="as many negatives as positives",
        got=" and then ".join(f"{n:,} negatives to {p:,} positives" for n, p in odd),
        why="With more of one kind, always giving that answer makes the loss small already.",
        next="`num_neg_samples` is by default the number of message-passing edges: "
        "that is twice as many. Set it.",
    )


# --- never an edge


def edges_among(negatives: np.ndarray, training: Training) -> int:
    """How many negatives are edges of the training graph."""
    n = training.num_nodes
    inside = negatives[:, ((negatives >= 0) & (negatives < n)).all(axis=0)]
    return int(among(keys(inside, n), distinct(keys(training.message_edges.numpy(), n))).sum())


@cause(
    "train.negative-positives",
    title="Some negatives are true edges",
    why="A pair that is drawn at random can be an edge. Labelled 0 it teaches the opposite of "
    "what the same pair teaches among the positives. The AUC hardly shows it.",
    question="How many of your negatives are edges of the training graph?",
    hints=(
        "Put the edges into a set and count how many negatives are in it.",
        "Mind that an edge is stored in both directions.",
        "Let the sampler check against all message-passing edges, or draw again what is an edge.",
    ),
    at=("negative_sampling", "randint", "randperm", "train"),
)
def negative_positives(case: Case) -> str | None:
    both = max((e.contradicted for e in case.epochs), default=0)
    if both:
        return f"{both:,} pairs were scored as a positive and as a negative in the same epoch"
    negatives = joined(drawn(case))
    edges = edges_among(negatives, case.training) if case.training else 0
    return f"{edges:,} of {negatives.shape[1]:,} negatives are training edges" if edges else None


@check(
    "step5.train",
    points=1,
    causes=(
        resplit,
        unused_scores,
        labels_unrelated,
        labels_swapped,
        held_out_pairs,
        self_pairs,
        negative_side,
        negative_positives,
    ),
)
def test_negatives_no_edges(training: Training, negatives: list[np.ndarray]) -> None:
    """No negative is an edge of the training graph, or outside of the graph"""
    n, pairs = training.num_nodes, joined(negatives)
    both = max((e.contradicted for e in training.epochs), default=0)
    need(pairs.size or both, "negatives", "step5.train.negative_count")
    outside = int(((pairs < 0) | (pairs >= n)).any(axis=0).sum())
    loops, edges = int((pairs[0] == pairs[1]).sum()), edges_among(pairs, training)
    expect(
        not edges and not outside and not both and not are_self_pairs(pairs),
        ran=f"{pairs.shape[1]:,} negatives of two epochs beside the training edges",
        expected=f"0 of them edges, 0 outside of 0 to {n - 1:,}",
        got=f"{edges:,} are edges, {outside:,} outside, {loops:,} join a node with itself"
        + (f", {both:,} are positives of the same epoch" if both else ""),
        why="A true edge labelled 0 teaches the model the opposite of what it should learn.",
        next="`negative_sampling` takes the message-passing `edge_index` and avoids its edges.",
    )


# --- new in every epoch


def repeated(negatives: list[np.ndarray]) -> tuple[int, int]:
    """How many of the distinct negatives of one epoch there are, and come again in the next."""
    n = 1 + max((int(neg.max()) for neg in negatives if neg.size), default=0)
    first, second = (distinct(keys(neg, n)) for neg in negatives[:2])
    return len(first), len(np.intersect1d(first, second))


@cause(
    "train.negative-fixed",
    title="The same negatives are used in every epoch",
    why="A model can learn a fixed list by heart. New negatives in each epoch show it always "
    "different pairs that are no edges.",
    question="Are the negatives of the second epoch other pairs than those of the first?",
    hints=(
        "Print the first three negatives in two epochs.",
        "Where is the sampling called: inside what is repeated, or before it? Is a seed set there?",
        "Draw inside the training step.",
    ),
    at=("negative_sampling", "seed", "train"),
)
def negative_fixed(case: Case) -> str | None:
    negatives = [d for d in drawn(case) if d.size]
    if len(negatives) < 2:
        return None
    first, again = repeated(negatives)
    if again < AGAIN * first:
        return None
    return f"{again:,} of {first:,} negatives of one epoch come again in the next"


@check("step5.train", points=1, causes=(self_pairs, negative_side, negative_fixed))
def test_negatives_anew(training: Training, negatives: list[np.ndarray]) -> None:
    """Negatives are drawn anew in every epoch"""
    see = "step5.train.negative_count"
    need(len(negatives) > 1 and negatives[0].size, "negatives of two epochs", see)
    first, again = repeated(negatives)
    expect(
        again < AGAIN * first,
        ran="the negatives of two epochs",
        expected="hardly any in common",
        got=f"{again:,} of {first:,} of the first are in the second",
        why="The model learns a fixed set by heart, and not that all other pairs are unlikely too.",
        next="Call `negative_sampling` inside `train`.",
    )
