"""Misconceptions of step 6, first part: which model is scored, on which edges, in which mode.

`autograder.rules.causes` runs them over calls of `test`, or over AUCs that were watched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.evidence.schema import Scoring
from autograder.rules.cause import Case, cause
from autograder.rules.facts_of_case import runs
from autograder.rules.graphs import keys, pairs, two_sides
from autograder.rules.training import handed_over


@dataclass(frozen=True)
class Leak:
    """What the encoder got beside the message-passing edges of the data."""

    extra: int
    asked: int  # positives that are asked for
    label: bool  # the extra edges are the label edges of this data, and no others
    given: int


def _leak(run: Scoring) -> Leak | None:
    """The held-out positives among the edges that were encoded, if there are any."""
    positives, negatives = run.positives.numpy(), run.negatives.numpy()
    given, encoded = run.edge_index.numpy(), handed_over(run.encoded)
    if not encoded:
        return None
    n = 1 + max(int(e.max(initial=0)) for e in (positives, negatives, given, *encoded))
    label = np.concatenate([pairs(positives, n), pairs(negatives, n)])
    known = pairs(given, n)
    for edges in encoded:
        used = pairs(edges, n)
        asked = int(np.isin(used, pairs(positives, n)).sum())
        extra = used[~np.isin(used, known)]
        if not asked or asked <= np.isin(known, pairs(positives, n)).sum():
            continue
        begins = edges.shape[1] >= given.shape[1] and (edges[:, : given.shape[1]] == given).all()
        own = bool(np.isin(extra, label).all()) and bool(np.isin(known, used).all())
        own = own and (begins or bool(np.isin(extra, pairs(negatives, n)).any()))
        return Leak(len(extra), asked, own, len(known))
    return None


@cause(
    "test.full-graph-leak",
    title="Evaluation encodes with the whole graph, test edges included",
    why="A model that passes messages along an edge has been shown that edge. The AUC is then high "
    "for the wrong reason: 0.95 and more.",
    question="Is the edge that you are asking about among the edges that `encode` gets?",
    hints=(
        "Count the edges that `encode` gets in `test`, and those of `data.edge_index` there.",
        "Which object's `edge_index` holds every edge of the file?",
        "Encode with the `edge_index` of the data object that `test` is given.",
    ),
    at=("encode", "test"),
    hides=("test.label-edges-leak",),
)
def full_graph_leak(case: Case) -> str | None:
    leaks = [leak for run in runs(case) if (leak := _leak(run)) and not leak.label]
    if not leaks:
        return None
    leak = leaks[0]
    return f"`encode` got {leak.extra:,} more edges, {leak.asked:,} of them asked for as positives"


@cause(
    "test.label-edges-leak",
    title="The pairs in question are added to the message-passing edges",
    why="Label edges are questions, not messages. Joined to `edge_index` they tell the model which "
    "pairs it will be asked about.",
    question="What is the difference between `edge_index` and `pos_edge_label_index`?",
    hints=(
        "Compare the number of edges before and after you join them.",
        "Which method needs the label edges, and which must not see them?",
        "Hand `data.edge_index` to `encode` as it is.",
    ),
    at=("encode", "test"),
)
def label_edges_leak(case: Case) -> str | None:
    found = runs(case)
    leaks = [leak for run in found if (leak := _leak(run))]
    if not leaks or not all(leak.label for leak in leaks):
        return None
    leak = leaks[0]
    return f"to {leak.given:,} message-passing edges {leak.extra:,} label edges were added"


def _sides(run: Scoring) -> np.ndarray | None:
    """[2, Q] sides of the scored pairs that are neither positives nor given negatives."""
    if not run.pairs:
        return None
    scored, positives = run.pairs.numpy(), run.positives.numpy()
    negatives, messages = run.negatives.numpy(), run.edge_index.numpy()
    n = 1 + max(int(e.max(initial=0)) for e in (scored, positives, negatives, messages))
    edges = np.concatenate([messages, positives], axis=1)
    side, has_edge = two_sides(edges, n), np.bincount(edges.ravel(), minlength=n) > 0
    own = ~np.isin(keys(np.sort(scored, axis=0), n), np.r_[pairs(positives, n), pairs(messages, n)])
    own &= has_edge[scored].all(axis=0)  # of a node without edges the side is not known
    given = np.isin(keys(scored[:, own], n), keys(negatives, n))
    if side is None or not own.any() or given.mean() > 0.5:
        return None
    return side[scored[:, own]]


@cause(
    "test.train-edges",
    title="The AUC is computed on training edges",
    why="What a model was trained on it knows. An AUC on those edges says nothing about new ones.",
    question="Are the positives that you score among the message-passing edges of the same data?",
    hints=(
        "Compare the positives in `test` with `test_data.pos_edge_label_index`.",
        "Does the function use its argument, or a data set from outside?",
        "Score the label edges of the data object that `test` is given.",
    ),
    at=("decode", "test", "train_data"),
)
def train_edges(case: Case) -> str | None:
    for run in runs(case):
        if not run.pairs:
            continue
        scored, positives = run.pairs.numpy(), run.positives.numpy()
        messages = run.edge_index.numpy()
        n = 1 + max(int(e.max(initial=0)) for e in (scored, positives, messages))
        keyed = keys(np.sort(scored, axis=0), n)
        seen = int(
            (np.isin(keyed, pairs(messages, n)) & ~np.isin(keyed, pairs(positives, n))).sum()
        )
        held = int(np.isin(pairs(positives, n), keyed).sum())
        if seen > 0.2 * scored.shape[1] and held < 0.5 * positives.shape[1]:
            return (
                f"{seen:,} of {scored.shape[1]:,} scored pairs are message-passing edges of the "
                f"data, {held:,} of its {positives.shape[1]:,} held-out positives were scored"
            )
    return None


@cause(
    "test.easy-negatives",
    title="The negatives of the evaluation lie within one side",
    why="A user with a user, or an artist with an artist, is never an edge. To tell these from "
    "user-artist pairs needs no taste: the number says nothing about recommending.",
    question="Could one of your negatives be an edge at all?",
    hints=(
        "Print a few negatives: are they users or artists?",
        "The data object brings negatives of its own.",
        "Use `neg_edge_label_index`; for a harder test, user-artist pairs that are no edges.",
    ),
    at=("neg_edge_label_index", "randint", "test"),
)
def easy_negatives(case: Case) -> str | None:
    for run in runs(case):
        sides = _sides(run)
        if sides is not None and (sides[0] == sides[1]).all():
            return f"all {sides.shape[1]:,} negatives join two nodes of the same side"
    return None


@cause(
    "test.requires-grad",
    title="Evaluation records gradients",
    why="Nothing is learned here: the bookkeeping costs memory, and NumPy refuses such tensors "
    "with an error.",
    question="Does `z` have a `grad_fn` in your `test`?",
    hints=(
        "Print `z.requires_grad` inside `test`.",
        "Which decorator, or which `with` block, switches gradients off?",
        "Switch them off for the whole function.",
    ),
    at=("test", "encode", "numpy"),
)
def requires_grad(case: Case) -> str | None:
    text = "Can't call numpy() on Tensor that requires grad"
    error = case.error(text, step="step6") or (None if runs(case) else case.error(text))
    if error is not None:
        return str(error)
    if any(run.grad_enabled for run in runs(case)):
        return "`torch.is_grad_enabled()` is True while `test` encodes"
    return None


@cause(
    "test.no-eval",
    title="The model is not in evaluation mode",
    why="In training mode dropout goes on dropping numbers: every call gives another AUC, a worse "
    "one. Without dropout it changes nothing today, and hides until somebody adds it.",
    question="What is `model.training` when `test` encodes?",
    hints=(
        "Print `model.training` inside `test`.",
        "Training switches one mode on; who switches it off?",
        "Set the evaluation mode in the first line of `test`.",
    ),
    at=("test", "eval"),
)
def no_eval(case: Case) -> str | None:
    if any(run.training_mode and run.trained is not False for run in runs(case)):
        return "`model.training` is True while `test` encodes"
    return None


@cause(
    "test.untrained",
    title="A new, untrained model is evaluated",
    why="A model that is made anew starts from random weights. Its AUC is that of guessing, "
    "whatever the other one has learned.",
    question="Is the model in `test` the one that was trained? How could you tell?",
    hints=(
        "Look for every line that makes a model.",
        "Compare a weight after training with the same weight in `test`.",
        "Make the model once, before training, and use it to the end.",
    ),
    at=("GNNLinkPredictor", "test"),
    hides=("test.no-eval",),
)
def untrained(case: Case) -> str | None:
    if any(run.trained is False for run in runs(case)):
        return "no optimizer has ever moved a parameter of the model that was scored"
    return None
