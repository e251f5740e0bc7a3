"""Misconceptions of step 5, second part: the negatives.

`autograder.rules.causes` runs them over the pairs that were scored in two rounds of training.
"""

from __future__ import annotations

import numpy as np

from autograder.rules.cause import Case, cause
from autograder.rules.facts_of_case import epochs, negatives, training
from autograder.rules.graphs import keys
from autograder.rules.training import is_positive, label_means, never_drawn


def _self_pairs(drawn: np.ndarray) -> float:
    """Which share of pairs joins a node with itself."""
    return float((drawn[0] == drawn[1]).mean()) if drawn.shape[1] else 0.0


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
    found = training(case)
    if found is None:
        return None
    for epoch in epochs(case):
        drawn = negatives_of_one(case, epoch)
        positives = int(is_positive(epoch, found).sum()) if epoch.pairs else 0
        if not positives or drawn is None or not drawn.shape[1]:
            continue
        if not 0.9 * positives <= drawn.shape[1] <= 1.1 * positives:
            return f"{drawn.shape[1]:,} negatives to {positives:,} positives in an epoch"
    return None


def negatives_of_one(case: Case, epoch: object) -> np.ndarray | None:
    """[2, Q] negatives of one round."""
    scored = [e for e in epochs(case) if e.pairs]
    found = negatives(case)
    return next((n for e, n in zip(scored, found, strict=True) if e is epoch), None)


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
    hides=("train.negative-positives", "train.negative-count"),
)
def negative_side(case: Case) -> str | None:
    found, drawn = training(case), negatives(case)
    if found is None or not drawn:
        return None
    joined = np.concatenate(drawn, axis=1)
    missed = never_drawn(joined, found)
    if not missed or _self_pairs(joined) > 0.05:
        return None
    said = " and ".join(
        f"{m.missed:,} of {m.nodes:,} {m.name} (nodes {m.low:,} to {m.high:,})" for m in missed
    )
    return f"in {joined.shape[1]:,} negatives these never occur: {said}"


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
    found, drawn = training(case), negatives(case)
    if found is None or not drawn:
        return None
    joined, n = np.concatenate(drawn, axis=1), found.num_nodes
    inside = joined[:, ((joined >= 0) & (joined < n)).all(axis=0)]
    if not inside.size or _swapped(case):
        return None
    edges = int(np.isin(keys(inside, n), keys(found.message_edges.numpy(), n)).sum())
    return f"{edges:,} of {joined.shape[1]:,} negatives are training edges" if edges else None


def _swapped(case: Case) -> bool:
    """Whether positives are labelled 0: then what is left over tells nothing about negatives."""
    found = training(case)
    means = [label_means(e, found) for e in epochs(case)] if found else []
    return any(m is not None and m[0] < 0.1 and m[1] > 0.9 for m in means)


@cause(
    "train.negative-fixed",
    title="The same negatives are used in every epoch",
    why="A model can learn a fixed list by heart. New negatives in each epoch show it ever other "
    "pairs that are no edges.",
    question="Are the negatives of the second epoch other pairs than those of the first?",
    hints=(
        "Print the first three negatives in two epochs.",
        "Where is the sampling called: inside what is repeated, or before it? Is a seed set there?",
        "Draw inside the training step.",
    ),
    at=("negative_sampling", "seed", "train"),
)
def negative_fixed(case: Case) -> str | None:
    drawn = [d for d in negatives(case) if d.shape[1] >= 20]
    if len(drawn) < 2:
        return None
    n = 1 + max(int(d.max()) for d in drawn)
    first, second = (np.unique(keys(d, n)) for d in drawn[:2])
    common = len(np.intersect1d(first, second))
    if common < 0.5 * len(first):
        return None
    return f"{common:,} of {len(first):,} negatives of one epoch are there again in the next"


@cause(
    "train.self-pairs",
    title="Negatives pair a node with itself",
    why="A node with itself has the largest dot product of all. The model learns that similar "
    "vectors mean no: the opposite of what it is for.",
    question="In how many of your negatives are source and target the same?",
    hints=(
        "Compare row 0 of the negatives with row 1.",
        "Where do the targets come from?",
        "Draw the targets anew, apart from the sources.",
    ),
    at=("negative_sampling", "randint", "train"),
    hides=("train.negative-side", "train.negative-fixed"),
)
def self_pairs(case: Case) -> str | None:
    drawn = negatives(case)
    joined = np.concatenate(drawn, axis=1) if drawn else np.zeros((2, 0))
    share = _self_pairs(joined)
    if share <= 0.05:
        return None
    return f"{share:.0%} of {joined.shape[1]:,} negatives pair a node with itself"
