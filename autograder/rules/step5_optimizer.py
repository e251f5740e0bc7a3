"""Step 5, the optimizer at work: gradients are cleared once for each step, and all weights move.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

from autograder.evidence.schema import Training
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.step4_layers import detached, frozen_weights
from autograder.rules.step5_setup import partial_optimizer, stale_optimizer
from autograder.rules.step5_train import graph_reused
from autograder.rules.teaching import count, expect, need


@cause(
    "train.no-step",
    title="No weight is moved: `backward()` or the optimizer's step is missing",
    why="`backward()` computes in which direction each weight should move. It is the optimizer's "
    "step that moves them.",
    question="Is any weight different after an epoch?",
    hints=(
        "Print one weight before and after an epoch.",
        "What comes after `backward()`? Is it called, with brackets, in every epoch?",
        "After the gradients are computed, tell the optimizer to use them.",
    ),
    at=("step", "backward", "train"),
)
def no_step(case: Case) -> str | None:
    if case.epochs and not any(e.backwards for e in case.epochs):
        return f"`backward()` was not called once in {len(case.epochs)} epochs"
    found = case.epochs
    if not found or any(e.steps for e in found) or not any(e.backwards for e in found):
        return None
    backwards = sum(e.backwards for e in found)
    return f"{backwards} calls of `backward()` and no step of an optimizer in {len(found)} epochs"


# --- cleared before they are computed anew


@cause(
    "train.no-zero-grad",
    title="Gradients are never cleared: they add up from epoch to epoch",
    why="`backward()` adds to the gradients that are there. Without clearing them each step "
    "follows the sum of all gradients so far: steps grow, and the loss jumps.",
    question="What does `parameter.grad` hold just before the second `backward()`?",
    hints=(
        "Print one gradient before and after `backward()`, in two epochs.",
        "Which call of the optimizer is there for this, and is it a call, with brackets?",
        "Clear the gradients once for each step, anywhere but between backward and step.",
    ),
    at=("zero_grad", "backward", "train"),
)
def no_zero_grad(case: Case) -> str | None:
    found = [e for e in case.epochs if e.stale_gradients]
    if not found or not any(e.steps for e in case.epochs):
        return None
    epochs = f"in {len(found)} of {len(case.epochs)} epochs"
    return f"{epochs} `backward()` found gradients of the epoch before"


@cause(
    "train.steps-lost",
    title="Gradients are thrown away before the optimizer has used them",
    why="`zero_grad()` clears what `backward()` has computed. Where several batches are cleared "
    "and one step follows, only the last batch is learned from.",
    question="How many calls of `backward()` does one epoch have, and how many steps?",
    hints=(
        "Count both in one epoch.",
        "Which of the three lines, zero_grad, backward and step, stand inside the inner loop?",
        "Take a step after each `backward()`, or clear once and add up the gradients.",
    ),
    at=("step", "zero_grad", "train"),
)
def steps_lost(case: Case) -> str | None:
    lost = sum(e.discarded for e in case.epochs)
    if not lost:
        return None
    backwards, steps = (sum(getattr(e, k) for e in case.epochs) for k in ("backwards", "steps"))
    return (
        f"{backwards:,} calls of `backward()` to {steps:,} steps; the gradients of {lost:,} were "
        "cleared before a step"
    )


@check(
    "step5.train",
    points=1,
    causes=(detached, stale_optimizer, partial_optimizer, no_step, steps_lost, no_zero_grad),
)
def test_clears_gradients(training: Training) -> None:
    """Gradients are cleared before they are computed anew"""
    known = [e.stale_gradients for e in training.epochs if e.stale_gradients is not None]
    need(known, "a call of `loss.backward()`", "step5.train.all_move")
    expect(
        not any(known),
        ran="the gradients of the model when `backward()` is called, in two epochs",
        expected="none, or zeros",
        got="those of the epoch before",
        why="`backward()` adds to what is there: the steps grow and the loss runs away.",
        next="Call `optimizer.zero_grad()` once in every epoch.",
    )
    lost, all_of = sum(e.discarded for e in training.epochs), [e.backwards for e in training.epochs]
    expect(
        not lost,
        ran="the calls of `backward()` and the steps of the optimizer, in two epochs",
        expected="a step before the gradients are cleared again",
        got=f"gradients of {lost:,} of {sum(all_of):,} calls were cleared without a step",
        why="What is cleared before a step is never learned.",
        next="Call `optimizer.step()` after each `backward()`, inside the loop over batches.",
    )


# --- all weights move


@cause(
    "train.cleared-before-step",
    title="The gradients are cleared between `backward()` and the step",
    why="The step uses the gradients that `backward()` has computed. Cleared in between there is "
    "nothing left to use: no weight moves.",
    question="What does `parameter.grad` hold when `optimizer.step()` is called?",
    hints=(
        "Print one gradient just before the step.",
        "In which order do backward, step and zero_grad stand?",
        "Clear first, or last: zero_grad, backward, step.",
    ),
    at=("zero_grad", "step", "train"),
)
def cleared_before_step(case: Case) -> str | None:
    setup, training, epochs = case.setup, case.training, case.epochs
    if setup is None or training is None or not epochs or len(training.still) < training.tensors:
        return None
    reached = all(e.steps and (e.reached or 0) >= setup.parameters for e in epochs)
    if not reached or setup.optimized < setup.parameters or not setup.learning_rate:
        return None
    return (
        f"`backward()` gave all {setup.parameters} tensors a gradient, "
        f"{count(epochs[0].steps, 'step')} followed in each epoch, and not one tensor moved"
    )


@check(
    "step5.train",
    points=1,
    causes=(
        graph_reused,
        frozen_weights,
        detached,
        stale_optimizer,
        partial_optimizer,
        no_step,
        cleared_before_step,
    ),
)
def test_all_move(training: Training, case: Case) -> None:
    """One epoch moves every parameter"""
    cleared = cleared_before_step.found(case) is not None
    expect(
        training.tensors and training.epochs and not training.still,
        ran="every parameter before and after two epochs",
        expected=f"all {training.tensors} have moved",
        got=f"unmoved: {', '.join(training.still) or 'all'}",
        why="`zero_grad` between `backward` and `step` clears what the step would use."
        if cleared
        else "What does not move does not learn.",
        next="Mind the order in each epoch: zero_grad, backward, step."
        if cleared
        else "Call `loss.backward()`, then `optimizer.step()`, for the model whose parameters the "
        "optimizer holds.",
    )
