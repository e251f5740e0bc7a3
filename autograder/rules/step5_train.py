"""Step 5, `train`: what is labelled and encoded in one epoch, and what it returns.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from autograder.evidence.schema import Epoch, Training
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.step4_decode import squashes
from autograder.rules.step4_encode import label_edges, other_edges
from autograder.rules.step4_layers import detached
from autograder.rules.step5_setup import (
    is_squashed,
    loss_arguments,
    loss_function,
    shown,
    sigmoid_before_loss,
    stale_optimizer,
    takes_labels_for_scores,
)
from autograder.rules.teaching import count, expect, need, raised
from autograder.rules.training import Messages, held_out_as_positives, label_means, messages

LOST = 0.2  # pairs whose scores never come to the loss, for each training positive

# --- what comes back


@cause(
    "train.graph-reused",
    title="The embeddings are computed once, outside of the training step",
    why="`backward()` uses up the graph of operations that led to the loss, and the step changes "
    "the weights. Each epoch needs embeddings of its own, from the weights as they are then.",
    question="How often is `encode` called in 30 epochs?",
    hints=(
        "Look which line of the epoch uses the model's weights first.",
        "Is `z` computed inside the loop or before it?",
        "Encode anew in every epoch; `retain_graph=True` does not help.",
    ),
    at=("encode", "backward", "retain_graph"),
)
def graph_reused(case: Case) -> str | None:
    error = case.error("backward through the graph a second time")
    if error is not None:
        return str(error)
    error = case.error("has been modified by an inplace operation")
    epochs = case.training.epochs if case.training else []
    if error is None or not epochs or any(e.encoded for e in epochs[1:]):
        return None
    return f"`encode` is not called in the training step; {error}"


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
    "train.returns-tensor",
    title="The loss is kept as a tensor that holds its whole graph",
    why="Such a tensor keeps all that was computed in its epoch in memory. Collected over 100 "
    "epochs this is 100 times the memory; and plots cannot draw it.",
    question="What is the type of an entry of your list of losses?",
    hints=(
        "Print the last loss: does it say `grad_fn`?",
        "Which method turns a tensor with one number into a Python number?",
        "Return the number, not the tensor.",
    ),
    at=("train", "losses", "append"),
)
def returns_tensor(case: Case) -> str | None:
    held = [e.returned_text for e in case.epochs if e.holds_graph]
    if held:
        return f"`train` returned {held[0]}"
    step5 = case.evidence.step5
    kept = getattr(step5.loop, "graphs", 0) if step5 else 0
    return f"{kept} losses in the list are tensors that hold their graph" if kept else None


@check(
    "step5.train",
    points=1,
    causes=(
        graph_reused,
        detached,
        label_dtype,
        loss_function,
        loss_arguments,
        stale_optimizer,
        returns_tensor,
    ),
)
def test_returns_loss(train_called: Training) -> None:
    """train runs and returns the loss as a number"""
    if train_called.call.error is not None:
        raise raised("`train(train_data)`", train_called.call.error)
    values = [e.returned for e in train_called.epochs]
    held = any(e.holds_graph for e in train_called.epochs)
    expect(
        values and all(v is not None and np.isfinite(v) for v in values),
        ran="`train(train_data)`, twice",
        expected="a finite float each time",
        got=", ".join(e.returned_text for e in train_called.epochs) or "nothing",
        why="A tensor that keeps its graph keeps the memory of its whole epoch."
        if held
        else "The loop keeps one number for each epoch, and the curve shows these numbers.",
        next="End `train` with `return loss.item()`.",
    )


# --- scores that are lost


@cause(
    "train.unused-scores",
    title="Pairs are scored whose scores never come to the loss",
    why="The loss learns from the scores that it is given. A score that is computed and left "
    "behind, in a batch before the last one or under a name that is not used again, teaches "
    "nothing.",
    question="How many pairs are scored in one epoch, and how many scores does `backward()` see?",
    hints=(
        "Count the scores that you compute in an epoch, and those that the loss is given.",
        "Is every name that holds scores used again? Is `backward()` inside the loop over batches?",
        "Every batch needs its own loss, `backward()` and step; and each loss the scores that it "
        "is about.",
    ),
    at=("loss", "backward", "train"),
)
def unused_scores(case: Case) -> str | None:
    for epoch in case.epochs:
        if case.training and are_lost(epoch, case.training):
            used = epoch.pairs.shape[1] if epoch.pairs else 0
            return (
                f"the loss was given {used:,} scores; those of {epoch.unused:,} other pairs "
                "never came to it"
            )
    return None


def are_lost(epoch: Epoch, training: Training) -> bool:
    """Whether many pairs were scored in vain."""
    return epoch.unused > LOST * training.positives.shape[1]


# --- labels


@cause(
    "train.held-out-pairs",
    title="Validation or test edges are trained on",
    why="A model knows what it was trained on: the AUC of these edges says nothing about edges "
    "that it has never seen.",
    question="Which of the pairs that your loss calls edges are in `test_data`?",
    hints=(
        "Count the positives that you score and those of `train_data`.",
        "Which objects do the positives come from?",
        "Take the positives of the training part, and no others.",
    ),
    at=("pos_edge_label_index", "train"),
)
def held_out_pairs(case: Case) -> str | None:
    for epoch in case.epochs if case.training else []:
        hits = held_out_as_positives(epoch, case.training)  # type: ignore[arg-type]
        if hits:
            return f"{hits:,} pairs with label 1 are validation or test edges"
    return None


def are_swapped(means: tuple[float, float]) -> bool:
    """Whether positives are labelled 0 and all others 1."""
    return means[0] < 0.1 and means[1] > 0.9


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
)
def labels_swapped(case: Case) -> str | None:
    for epoch in case.epochs if case.training else []:
        means = label_means(epoch, case.training)  # type: ignore[arg-type]
        if means and are_swapped(means):
            return (
                f"the mean label of positives is {means[0]:.2f}, of all other pairs {means[1]:.2f}"
            )
    return None


def are_unrelated(means: tuple[float, float]) -> bool:
    """Whether positives and all others have the same mix of labels."""
    return abs(means[0] - means[1]) < 0.1 and 0.1 < means[0] < 0.9


@cause(
    "train.labels-unrelated",
    title="The labels have nothing to do with the pairs that are scored",
    why="Label i has to be the label of pair i. Where labels are drawn, or rows of `z` or of the "
    "pairs are put into another order, the model is told about other pairs than those it scores.",
    question="Take one pair that is scored: which label does it get, and is it an edge?",
    hints=(
        "Print the mean label of the pairs that are edges, and of all others.",
        "Find the line after which pairs, rows of `z` and labels are in another order.",
        "Put pairs and labels into the same order, and leave the rows of `z` where they are.",
    ),
    at=("randperm", "shuffle", "edge_label", "labels", "train"),
)
def labels_unrelated(case: Case) -> str | None:
    for epoch in case.epochs if case.training else []:
        means = label_means(epoch, case.training)  # type: ignore[arg-type]
        if means and are_unrelated(means):
            return (
                f"the mean label of the scored pairs that are edges is {means[0]:.2f}, of all "
                f"others {means[1]:.2f}"
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
)
def labels_constant(case: Case) -> str | None:
    for epoch in case.epochs:
        labels = epoch.labels.numpy() if epoch.labels is not None else np.zeros(0)
        if len(labels) and labels.min() == labels.max() and not epoch.contradicted:
            return f"all {len(labels):,} labels are {labels[0]:g}"
    return None


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
)
def loss_negated(case: Case) -> str | None:
    if case.setup is not None and case.setup.maximized:
        return "the optimizer is set to maximise: it climbs where it should descend"
    roots = [e.descended for e in case.epochs if e.descended is not None]
    below = [v for v in roots if math.isfinite(v) and v < 0]
    if not below:
        return None
    return f"`backward()` was called on {below[0]:.3f}; no such loss is below 0"


@check(
    "step5.train",
    points=1,
    causes=(
        loss_arguments,
        unused_scores,
        loss_negated,
        labels_unrelated,
        labels_swapped,
        labels_constant,
        held_out_pairs,
    ),
)
def test_labels(training: Training, epochs: list[Epoch]) -> None:
    """Positive edges have label 1, negatives label 0"""
    means = next((m for e in epochs if (m := label_means(e, training))), None)
    see = "step5.setup.loss_function"
    need(means, "scores that go to the loss as `decode` gave them", see)
    positive, negative = means or (0.0, 0.0)
    held = max(held_out_as_positives(e, training) for e in epochs)
    expect(
        not held,
        ran="the pairs with label 1, beside the edges of the other parts of the split",
        expected="edges of the training part only",
        got=f"{held:,} of them are validation or test edges",
        why="A model knows what it was trained on: the test then says nothing.",
        next="Take the positives of `train_data`, and no others.",
    )
    expect(
        positive > 0.99 and negative < 0.1,
        ran="the labels that the loss got",
        expected="1 for positives, 0 for negatives",
        got="labels in the place of the scores, and scores in that of the labels"
        if not np.isfinite(negative)
        else f"on average {positive:.2f} for positives, {negative:.2f} for the others"
        + (
            ": labels that have nothing to do with the pairs"
            if are_unrelated((positive, negative))
            else ""
        ),
        why="With swapped labels the loss falls too, and the AUC with it."
        if are_swapped((positive, negative))
        else "The labels are what the model learns.",
        next="`loss_fn(scores, labels)`: what `decode` gave comes first."
        if not np.isfinite(negative)
        else "Join labels in the order in which you joined the pairs.",
    )


@check("step5.train", points=0, causes=(loss_arguments, sigmoid_before_loss))
def test_raw_scores(epochs: list[Epoch], case: Case) -> None:
    """The loss gets the scores first, raw as `decode` gave them"""
    odd = [e for e in epochs if is_squashed(e) or takes_labels_for_scores(e)]
    raw = not any(map(is_squashed, odd)) or not squashes(case.model)
    need(raw, "raw scores from `decode`", "step4.decode.dot_product")
    expect(
        not odd,
        ran="the first argument of the loss, in two epochs",
        expected="raw scores, any real numbers",
        got=" and ".join(f"{shown(e.given_low)} to {shown(e.given_high)}" for e in odd),
        why="BCEWithLogitsLoss applies the sigmoid itself, to its first argument.",
        next="`loss_fn(scores, labels)`, with the scores as `decode` gives them. (This costs its "
        "point in `step5.setup`.)",
    )


# --- message-passing edges


@cause(
    "train.resplit",
    title="The data is split anew while the model is trained",
    why="Every new split draws other test edges. Over a few epochs the model trains on all of "
    "them, and nothing is unseen any more. The AUC looks the same or better.",
    question="Take an edge that is a test edge now: was it one in the epoch before?",
    hints=(
        "Count how often RandomLinkSplit is called.",
        "Is the transform called inside the loop, or inside a function that the loop calls?",
        "Split once, before training, and use these three parts to the end.",
    ),
    at=("transform", "RandomLinkSplit", "train_data"),
)
def resplit(case: Case) -> str | None:
    found = case.training
    if found is None or not found.resplits:
        return None
    return f"between steps of one optimizer RandomLinkSplit was called {found.resplits} times"


@cause(
    "train.full-graph",
    title="Training passes messages along held-out edges",
    why="Validation and test edges are what the model will be asked about. Encoded with in "
    "training, they give the answers away, and the AUC hardly shows it.",
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
    training = case.training if case.epochs else None
    used = messages(training, case.truth.edges) if training else None
    if used is None or used.extra == used.asked or used.held_out <= 0.1 * used.extra:
        return None
    return (
        f"`encode` got {used.extra:,} edges that are not in train_data.edge_index "
        f"({used.allowed:,}); {used.held_out:,} of them are validation or test edges"
    )


@cause(
    "train.raw-embedding",
    title="The embedding table is trained, and the layers have no part in it",
    why="The loss only moves what led to the scores. Where the table itself is scored, both layers "
    "keep their random weights, and no edge is looked at.",
    question="Which parameters have a gradient after `backward()`?",
    hints=(
        "Print `parameter.grad` of the first layer after `backward()`.",
        "Is what you hand to `decode` the result of `encode`, or `embedding.weight`?",
        "Call `encode` in every epoch, and score what it returns.",
    ),
    at=("decode", "embedding", "weight", "train"),
)
def raw_embedding(case: Case) -> str | None:
    bare = [e for e in case.epochs if e.bare and e.pairs]
    if not bare:
        return None
    scored = bare[0].pairs.shape[1]  # type: ignore[union-attr]
    return f"{scored:,} pairs were scored, and only the embedding table got a gradient"


@cause(
    "train.eval-mode",
    title="The model is in evaluation mode while it trains",
    why="Evaluation mode switches dropout off and makes batch norm use old averages: what they are "
    "there for, in training, does not happen.",
    question="What is `model.training` when `encode` is called in an epoch?",
    hints=(
        "Print `model.training` inside `train`, in two epochs.",
        "Which call sets it to False, and which one sets it back?",
        "Call `model.train()` first thing in every epoch.",
    ),
    at=("eval", "train"),
)
def eval_mode(case: Case) -> str | None:
    wrong = [e for e in case.epochs if e.training is False]
    if not wrong:
        return None
    return f"`model.training` is False in {len(wrong)} of {len(case.epochs)} epochs looked at"


@check(
    "step5.train",
    points=1,
    causes=(resplit, raw_embedding, other_edges, label_edges, full_graph, eval_mode),
)
def test_message_edges(training: Training) -> None:
    """The model encodes in training mode, with the message-passing edges of train_data"""
    expect(
        not any(e.bare for e in training.epochs),
        ran="the way from the embedding table to the scores",
        expected="through both layers, with `train_data.edge_index`",
        got="no messages were passed: the table itself was scored",
        why="The layers then never learn anything.",
        next="Score what `encode` returns.",
    )
    expect(
        not training.resplits,
        ran="the calls of RandomLinkSplit between the steps of the optimizer",
        expected="none: one split for all epochs",
        got=count(training.resplits, "new split"),
        why="Each new split trains on edges that were held out before: nothing is unseen.",
        next="Split once, before the loop.",
    )
    seen = messages(training)
    need(seen, "a call of `model.encode`", "step4.encode.method_names")
    used = cast(Messages, seen)
    expect(
        used.right,
        ran="the `edge_index` that `train` handed to `encode`",
        expected=count(used.allowed, "message-passing edge") + " of train_data",
        got=f"{used.extra:,} other edges" if used.extra else f"{used.share:.0%} of them",
        why="Other edges are held-out ones, or the negatives themselves: the answer leaks in.",
        next="Encode with `train_data.edge_index`; only decode sees the supervision edges.",
    )
    expect(
        not any(e.training is False for e in training.epochs),
        ran="`model.training` while `train` encodes",
        expected="True",
        got="False",
        why="Evaluation mode is for `test`: dropout does nothing in it.",
        next="`model.train()` in the first line of `train`.",
    )
