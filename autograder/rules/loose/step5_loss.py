"""Misconceptions of step 5, third part: labels, the loss, and the edges that are trained on.

`autograder.rules.causes` runs them over the evidence of training.
"""

from __future__ import annotations

import math

from autograder.evidence.schema import Setup
from autograder.rules.cause import Case, cause
from autograder.rules.facts_of_case import epochs, training
from autograder.rules.training import label_means, messages

LOGITS = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")


@cause(
    "train.labels-swapped",
    title="Positives are labelled 0, negatives 1",
    why="The model learns what it is told: to score edges low. The loss falls all the same, and "
    "the AUC falls below 0.5.",
    question="Which label does the first pair of your joined tensor get? Is it an edge?",
    hints=(
        "Compare the order in which you join pairs with the order in which you join labels.",
        "Take one pair with label 1: is it in the graph?",
        "Ones belong to the positives; keep both in the same order.",
    ),
    at=("edge_label", "ones", "zeros", "cat", "train"),
    hides=("train.negative-positives", "train.negative-count", "train.labels-constant"),
)
def labels_swapped(case: Case) -> str | None:
    found = training(case)
    for epoch in epochs(case) if found else []:
        means = label_means(epoch, found)  # type: ignore[arg-type]
        if means and means[0] < 0.1 and means[1] > 0.9:
            return (
                f"the mean label of positives is {means[0]:.2f}, of all other pairs {means[1]:.2f}"
            )
    return None


@cause(
    "train.labels-constant",
    title="All pairs have the same label",
    why="With one label there is nothing to tell apart: the model learns to give one answer "
    "always, and the loss goes to 0.",
    question="How many different labels does the loss get?",
    hints=(
        "Print the mean of the labels.",
        "What is scored beside the positives, and which label does it get?",
        "Half of the pairs should be negatives, with label 0.",
    ),
    at=("edge_label", "ones", "train"),
    hides=("train.negative-count", "train.learning-rate"),
)
def labels_constant(case: Case) -> str | None:
    found = training(case)
    for epoch in epochs(case) if found else []:
        if epoch.labels is None:
            continue
        labels = epoch.labels.numpy()
        if len(labels) and labels.min() == labels.max():
            return f"all {len(labels):,} labels are {labels[0]:g}"
    return None


@cause(
    "train.loss-function",
    title="The loss is not binary cross-entropy on logits",
    why="A score is any real number. BCEWithLogitsLoss turns it into a probability and charges "
    "for being surely wrong. MSE wants the dot product to be 0 or 1, BCELoss wants a probability, "
    "and cross-entropy compares the pairs with each other.",
    question="Which numbers may your loss function be given? Which does `decode` give?",
    hints=(
        "Look up the input that your loss expects.",
        "It is a yes-or-no question for every pair, asked with raw scores.",
        "Take the loss that the assignment names.",
    ),
    at=("loss_fn", "loss"),
)
def loss_function(case: Case) -> str | None:
    error = case.error("all elements of input should be between 0 and 1")
    if error is not None:
        return f"BCELoss was given raw scores; {error}"
    for epoch in epochs(case):
        if not epoch.loss_kind or epoch.loss_kind in LOGITS:
            continue
        low, high = epoch.given_low, epoch.given_high
        squashed = low is not None and high is not None and 0 <= low <= high <= 1
        if epoch.loss_kind == "binary_cross_entropy" and squashed:
            continue  # after a sigmoid it is the same loss
        return f"`{epoch.loss_kind}` was given scores from {_shown(low)} to {_shown(high)}"
    return None


def _shown(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"


@cause(
    "train.loss-negated",
    title="The loss is maximised: its sign is turned round",
    why="An optimizer makes smaller what `backward()` is called on. With a minus sign that is the "
    "loss turned round, which has no lower end: it runs away.",
    question="Can the loss of a yes-or-no question be below 0?",
    hints=(
        "Print what you call `backward()` on.",
        "Is there a minus, or a factor, in front of it?",
        "Call `backward()` on the loss as the loss function gives it.",
    ),
    at=("backward", "loss", "train"),
    hides=("train.learning-rate",),
)
def loss_negated(case: Case) -> str | None:
    setup = case.evidence.step5.setup if case.evidence.step5 else None
    if isinstance(setup, Setup) and setup.maximized:
        return "the optimizer is set to maximise: it climbs where it should descend"
    found = [e.descended for e in epochs(case) if e.descended is not None]
    values = [v for v in found if math.isfinite(v) and v < 0]
    if not values:
        return None
    return f"`backward()` was called on {values[0]:.3f}; no such loss is below 0"


@cause(
    "train.label-dtype",
    title="The labels are whole numbers, the loss wants floats",
    why="Binary cross-entropy computes with labels as probabilities: 0.0 and 1.0.",
    question="What is the dtype of your labels, and what that of the scores?",
    hints=(
        "Read the error's last line: which two types does it name?",
        "Print the dtype of both tensors that the loss gets.",
        "Make the labels floats where you make them.",
    ),
    at=("edge_label", "loss_fn", "train"),
)
def label_dtype(case: Case) -> str | None:
    kinds = ("Long", "Int", "Short", "Byte", "Char", "Bool")
    texts = [f"can't be cast to the desired output type {kind}" for kind in kinds]
    texts += [f"Found dtype {kind} but expected Float" for kind in kinds]
    texts += [f"Float can't be cast to {kind}" for kind in kinds]
    texts += [f"expected scalar type Float but found {kind}" for kind in kinds]
    error = case.error(*texts)
    return str(error) if error is not None else None


@cause(
    "train.full-graph",
    title="Training passes messages along held-out edges",
    why="Validation and test edges are what the model will be asked about. Whoever encodes with "
    "them in training has seen the answers; the AUC hardly shows it.",
    question="How many edges does `encode` get in training, and how many has "
    "`train_data.edge_index`?",
    hints=(
        "Print both numbers.",
        "Which of your objects holds all edges, and which only those for training?",
        "Encode with the message-passing edges of the training part.",
    ),
    at=("encode", "train"),
)
def full_graph(case: Case) -> str | None:
    found = training(case)
    used = messages(found) if found and epochs(case) else None
    if used is None or not used.held_out or used.extra == used.asked:
        return None
    return (
        f"`encode` got {used.extra:,} edges that are not in train_data.edge_index "
        f"({used.allowed:,}); {used.held_out:,} of them are validation or test edges"
    )


@cause(
    "train.resplit",
    title="The data is split anew while the model is trained",
    why="Every new split draws other test edges. Over a few epochs the model trains on all of "
    "them, and nothing is unseen any more. The AUC looks the same or better.",
    question="Is an edge that is a test edge now also one in the epoch before?",
    hints=(
        "Count how often RandomLinkSplit is called.",
        "Is the transform called inside the loop, or inside a function that the loop calls?",
        "Split once, before training, and use these three parts to the end.",
    ),
    at=("transform", "RandomLinkSplit", "train_data"),
    hides=("train.full-graph", "encode.label-edges", "train.negative-positives", "test.hard-coded"),
)
def resplit(case: Case) -> str | None:
    found = training(case)
    if found is None or not found.resplits:
        return None
    return f"between steps of one optimizer RandomLinkSplit was called {found.resplits} times"
