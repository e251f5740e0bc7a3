"""Step 5, `train`: what is sampled, labelled, encoded and moved in one epoch."""

from __future__ import annotations

from typing import cast

import numpy as np

from autograder.evidence.schema import Epoch, Training
from autograder.rules import check
from autograder.rules.teaching import count, expect, need, raised
from autograder.rules.training import Messages, label_means, messages


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
    )


@check("step5.train", points=1)
def test_labels(training: Training, epochs: list[Epoch]) -> None:
    """Positive edges have label 1, negatives label 0"""
    means = next((m for e in epochs if (m := label_means(e, training))), None)
    need(means, "scores that go to the loss as `decode` gave them", "the loss on logits")
    positive, negative = means or (0.0, 0.0)
    swapped = positive < 0.1 and negative > 0.9
    expect(
        positive > 0.99 and negative < 0.1,
        ran="the labels that the loss got",
        expected="1 for positives, 0 for negatives",
        got=f"on average {positive:.2f} for positives, {negative:.2f} for the others",
        why="With swapped labels the loss falls too, and the AUC with it."
        if swapped
        else "The labels are what the model learns.",
        next="Join labels in the order in which you joined the pairs.",
    )


@check("step5.train", points=1)
def test_message_edges(training: Training) -> None:
    """The model encodes with the message-passing edges of train_data"""
    expect(
        not training.resplits,
        ran="the calls of RandomLinkSplit between the steps of the optimizer",
        expected="none: one split for all epochs",
        got=count(training.resplits, "new splits"),
        why="Each new split trains on edges that were held out before: nothing is unseen.",
        next="Split once, before the loop.",
    )
    seen = messages(training)
    need(seen, "a call of `model.encode`", "encode and decode are called by their names")
    used = cast(Messages, seen)
    expect(
        used.extra == 0 and used.share > 0.9,
        ran="the `edge_index` that `train` handed to `encode`",
        expected=count(used.allowed, "message-passing edges of train_data"),
        got=f"{used.extra:,} other edges" if used.extra else f"{used.share:.0%} of them",
        why="Other edges are held-out ones, or the negatives themselves: the answer leaks in.",
        next="Encode with `train_data.edge_index`; only decode sees the supervision edges.",
    )


@check("step5.train", points=1)
def test_clears_gradients(training: Training) -> None:
    """Gradients are cleared before they are computed anew"""
    known = [e.stale_gradients for e in training.epochs if e.stale_gradients is not None]
    need(known, "a call of `loss.backward()`", "one epoch moves every parameter")
    expect(
        not any(known),
        ran="the gradients of the model when `backward()` is called, in two epochs",
        expected="none, or zeros",
        got="those of the epoch before",
        why="`backward()` adds to what is there: the steps grow and the loss runs away.",
        next="Call `optimizer.zero_grad()` once in every epoch.",
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
    )
