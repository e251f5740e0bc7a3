"""Step 5, the loop: the losses are kept, and they fall.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autograder.evidence.schema import Loop
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.step4_layers import detached
from autograder.rules.step5_optimizer import cleared_before_step, no_step, no_zero_grad
from autograder.rules.step5_setup import (
    loss_arguments,
    loss_function,
    partial_optimizer,
    sigmoid_before_loss,
    stale_optimizer,
)
from autograder.rules.step5_train import (
    graph_reused,
    labels_constant,
    loss_negated,
    returns_tensor,
)
from autograder.rules.teaching import count, expect, need

ASKED = 100  # epochs, by the exercise of our own notebook
EPOCHS = 5  # fewer are no loop
CLIMBS = 2.0  # times the first loss: it runs away
REACH = 0.1  # steps times rate: how far Adam can move a weight, whose size is about 1
GUESSING = 0.002  # how near to 0.693 a loss has to end to be that of guessing
TRAINED = 0.6  # a first loss below this is of a model that was trained before; guessing has 0.693


@cause(
    "train.state-is-alias",
    title="The weights that are kept as the best are the live ones",
    why="`state_dict()` does not copy: it holds the very tensors that the optimizer goes on to "
    "change. What was kept at the best epoch is always the state of the last one.",
    question="Does a number in what you kept change when the next epoch is trained?",
    hints=(
        "Print one weight of the kept state, train an epoch, and print it again.",
        "What does a shallow copy, `dict(...)` or `.copy()`, copy: the tensors, or their names?",
        "Keep `copy.deepcopy(model.state_dict())`.",
    ),
    at=("state_dict", "load_state_dict", "copy"),
)
def state_is_alias(case: Case) -> str | None:
    loop = case.evidence.step5.loop if case.evidence.step5 else None
    if not isinstance(loop, Loop) or not loop.aliased:
        return None
    return "what was loaded shares its memory with the model: it is what was there already"


@check("step5.loop", points=1, causes=(returns_tensor, graph_reused, detached, state_is_alias))
def test_losses_kept(loop: Loop, free_form: bool) -> None:
    """The loss of every epoch is kept, as a number; weights that are kept are copies"""
    bad = sum(v is None or not np.isfinite(v) for v in loop.losses)
    asked = EPOCHS if free_form else ASKED
    expect(
        len(loop.losses) >= asked and not bad,
        ran="`losses`",
        expected=f"{asked} numbers or more, one for each epoch",
        got=count(len(loop.losses), "entry", "entries")
        + (f", {bad} of them not a finite number" if bad else ""),
        why="The list holds what `train` returns: each entry must be a number."
        if bad
        else "A curve shows at a glance whether the training works.",
        next=_how_to_keep(loop, bad, asked),
    )
    expect(
        not loop.aliased,
        ran="the state that was loaded into the model, beside its weights",
        expected="a copy, of an earlier epoch",
        got="the weights themselves, as they were just before",
        why="`state_dict()` does not copy: what it holds goes on to be trained.",
        next="Keep `copy.deepcopy(model.state_dict())`.",
    )


def _how_to_keep(loop: Loop, bad: int, asked: int) -> str:
    """What to do where the list of losses is not what was asked for."""
    kept = len(loop.losses)
    if not kept:
        return "Append what `train(train_data)` returns, inside the loop."
    if bad:
        return "Let `train` return `loss.item()`, and look at the first loss that is no number."
    if kept == asked - 1:
        return f"`range(1, {asked})` ends before {asked}: `range({asked})` has {asked} turns."
    if kept < asked and (loop.steps or 0) >= asked:
        return "Append in every epoch: is the line inside the `if` that prints every tenth loss?"
    return f"Let the loop run for {asked} epochs, and append the loss in each of them."


@dataclass(frozen=True)
class Course:
    """How the losses went: the first, the mean of the last tenth, and the largest."""

    start: float
    end: float
    peak: float
    few: int  # losses in the last tenth

    @property
    def falls(self) -> bool:
        """Whether the model learned; one that was trained before starts low, and may stay there."""
        low = self.start < TRAINED and self.end <= self.start + 0.05
        falls = self.end < self.start - 0.02 * abs(self.start)
        falls = falls and not self.guesses
        return self.end >= 0 and self.peak < 50 * self.start and (falls or low)

    @property
    def guesses(self) -> bool:
        """Whether it ends at what guessing costs, of one loss or of two that were added."""
        return any(abs(self.end - n * math.log(2)) < GUESSING for n in (1, 2))


def course(losses: list[float]) -> Course:
    """How these losses, one at least, went."""
    few = max(1, len(losses) // 10)
    return Course(losses[0], float(np.mean(losses[-few:])), max(losses), few)


def _steps_before(case: Case) -> int:
    """Steps that the optimizer had taken before the loop whose losses these are."""
    loop = case.evidence.step5.loop if case.evidence.step5 else None
    if not isinstance(loop, Loop) or loop.steps is None or not case.epochs:
        return 0
    of_the_loop = len(loop.losses) * max(1, *(epoch.steps for epoch in case.epochs), 1)
    return max(0, loop.steps - of_the_loop)


@cause(
    "train.learning-rate",
    title="The learning rate does not let the model learn",
    why="A step far too large throws the weights across the valley: the loss explodes. One far "
    "too small moves them by nothing that could be seen.",
    question="By how much can one step of Adam change a weight at most, at this rate?",
    hints=(
        "Plot the losses of the first ten epochs.",
        "Compare the rate with the size of the weights, which is about 1.",
        "Try rates between 0.001 and 0.1.",
    ),
    at=("Adam", "optimizer", "lr"),
)
def learning_rate(case: Case) -> str | None:
    setup, losses = case.setup, case.losses
    if setup is None or setup.learning_rate is None or len(losses) < 2 or not case.epochs:
        return None
    went = course(losses)
    rates = setup.rates or [setup.learning_rate]
    mean = sum(rates) / len(rates)
    steps = len(losses) * max(e.steps for e in case.epochs)
    explodes, barely = went.peak > CLIMBS * abs(went.start), steps * mean < REACH
    if not all(e.steps for e in case.epochs) or not (explodes or barely):
        return None
    over = f"{rates[0]:g}" if len(set(rates)) == 1 else f"{rates[0]:g}, later {rates[-1]:g},"
    return (
        f"at a rate of {over} the loss goes from {went.start:.3f} over {went.peak:,.3f} to "
        f"{went.end:,.3f}"
    )


@cause(
    "train.weight-decay",
    title="Weight decay pulls every weight to 0",
    why="Weight decay adds a pull towards 0 to each step. Where it is stronger than what the loss "
    "asks for, all vectors shrink, every score is 0, and the loss stays at 0.693.",
    question="How large are the numbers of your embedding after training?",
    hints=(
        "Print the mean absolute value of one weight, before and after.",
        "Which argument of the optimizer shrinks weights, and how large is it?",
        "Leave it out, or try 1e-5.",
    ),
    at=("weight_decay", "Adam", "optimizer"),
)
def weight_decay(case: Case) -> str | None:
    setup, losses = case.setup, case.losses
    if setup is None or not setup.weight_decay or not losses:
        return None
    went = course(losses)
    if not went.guesses:
        return None
    return (
        f"with a weight decay of {setup.weight_decay:g} the loss ends at {went.end:.3f}: guessing"
    )


@check(
    "step5.loop",
    points=2,
    causes=(
        graph_reused,
        detached,
        stale_optimizer,
        partial_optimizer,
        no_step,
        cleared_before_step,
        no_zero_grad,
        loss_arguments,
        loss_negated,
        labels_constant,
        loss_function,
        sigmoid_before_loss,
        weight_decay,
        learning_rate,
    ),
    of_training=True,
)
def test_loss_falls(case: Case, loop: Loop) -> None:
    """The loss falls"""
    values = [math.nan if v is None else v for v in loop.losses]
    whole = len(values) >= EPOCHS and np.isfinite(values).all()
    need(whole, f"losses of {EPOCHS} epochs", "step5.loop.losses_kept")
    went, before = course(values), _steps_before(case)
    expect(
        went.falls,
        ran=f"the first and the last {went.few} of {len(values)} losses, and the largest",
        expected="clearly smaller at the end, never below 0, and no jump to 50 times the first",
        got=f"{went.start:.3f}, then {went.end:.3f}, at most {went.peak:,.3f}",
        why="The model was trained before this loop: with a first loss below 0.693, which is what "
        "guessing costs, there is little left to learn."
        if went.start < TRAINED
        else f"The optimizer had taken {before:,} step{'s' * (before > 1)} before this loop, "
        "which begins with the weights that they left: a mistake of then, mended or not, is still "
        "in them."
        if before
        else "0.693 is what guessing costs: every score is about 0, and nothing was learned."
        if went.guesses
        else "A flat loss learns nothing; one that climbs or is negative has a wrong sign or rate.",
        next="Run the cell that makes the model and the optimizer once more, then this loop."
        if went.start < TRAINED or before
        else "zero_grad, backward, step, in every epoch; then try a learning rate of 0.01.",
    )
