"""Misconceptions of step 5, first part: gradients, the optimizer, its steps and its rate.

`autograder.rules.causes` runs them over the evidence of training.
"""

from __future__ import annotations

from autograder.rules.cause import Case, cause
from autograder.rules.facts_of_case import epochs, losses, setup, training


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
    hides=("train.learning-rate", "train.loss-negated"),
)
def no_zero_grad(case: Case) -> str | None:
    found = [e for e in epochs(case) if e.stale_gradients]
    if not found or not any(e.steps for e in epochs(case)):
        return None
    return f"in {len(found)} of {len(epochs(case))} epochs `backward()` met the gradients of before"


@cause(
    "train.no-step",
    title="The optimizer never takes a step",
    why="`backward()` computes in which direction each weight should move. It is the optimizer's "
    "step that moves them.",
    question="Is any weight different after an epoch?",
    hints=(
        "Print one weight before and after an epoch.",
        "What comes after `backward()`? Is it called, with brackets, in every epoch?",
        "After the gradients are computed, tell the optimizer to use them.",
    ),
    at=("step", "backward", "train"),
    hides=("train.no-zero-grad", "train.learning-rate", "test.untrained"),
)
def no_step(case: Case) -> str | None:
    found = epochs(case)
    if not found or any(e.steps for e in found) or not any(e.backwards for e in found):
        return None
    backwards = sum(e.backwards for e in found)
    return f"{backwards} calls of `backward()` and no step of an optimizer in {len(found)} epochs"


@cause(
    "train.stale-optimizer",
    title="The optimizer holds the parameters of another model",
    why="An optimizer moves the tensors that it was made with. A model that is made anew has new "
    "tensors, which this optimizer does not know.",
    question="Which model existed when the optimizer was made? Which one computes the loss?",
    hints=(
        "Look for every place where a model is made, and in which order the cells run.",
        "Compare the first tensor of the optimizer with the first parameter of the model: `is`.",
        "Make the model once, then its optimizer; a new model needs a new optimizer.",
    ),
    at=("optimizer", "Adam", "GNNLinkPredictor"),
    hides=("train.no-step", "train.no-zero-grad", "train.learning-rate", "test.untrained"),
)
def stale_optimizer(case: Case) -> str | None:
    made = setup(case)
    if made is None or not made.parameters or not made.foreign or made.optimized:
        return None
    return (
        f"the optimizer holds {made.foreign} tensors, not one of them among the "
        f"{made.parameters} of the model that is trained"
    )


@cause(
    "train.partial-optimizer",
    title="The optimizer holds only some of the model's parameters",
    why="What it does not hold keeps its random start: the rest has to learn around it.",
    question="Which parameters does the model have, and which does the optimizer hold?",
    hints=(
        "Count both: `list(model.parameters())` and the optimizer's groups.",
        "What exactly stands in the brackets of the optimizer?",
        "Hand it the parameters of the whole model.",
    ),
    at=("optimizer", "Adam"),
    hides=("train.learning-rate", "train.no-zero-grad"),
)
def partial_optimizer(case: Case) -> str | None:
    made = setup(case)
    if made is None or not 0 < made.optimized < made.parameters:
        return None
    found = training(case)
    still = f"; unmoved: {', '.join(found.still)}" if found and found.still else ""
    return f"it holds {made.optimized} of {made.parameters} tensors{still}"


@cause(
    "train.detached",
    title="The loss is cut off from the model's parameters",
    why="Gradients flow back along the operations that made the loss. `detach()`, `no_grad()`, or "
    "a new tensor made of the numbers, cuts that path: nothing is learned.",
    question="Which operation lies between the embeddings and the loss that keeps no `grad_fn`?",
    hints=(
        "Print `grad_fn` of z, of the scores and of the loss.",
        "Where does it become None?",
        "Leave out what cuts there; numbers for printing are taken after the step.",
    ),
    at=("detach", "no_grad", "tensor", "backward", "train"),
    hides=("train.no-step", "train.learning-rate", "train.no-zero-grad", "test.untrained"),
)
def detached(case: Case) -> str | None:
    error = case.error("does not require grad", step="step5") or case.error("does not require grad")
    if error is not None:
        return str(error)
    found = [e for e in epochs(case) if e.backwards and e.reached is not None]
    made, rounds = setup(case), training(case)
    if not found or made is None or not made.parameters or rounds is None:
        return None
    if not any(e.reached for e in found):
        return f"after `backward()` none of the model's {made.parameters} tensors has a gradient"
    cut = [name for name in made.embeddings if name in rounds.still]
    whole = made.optimized == made.parameters and all(e.steps for e in found)
    if not cut or not whole or any((e.reached or 0) >= made.parameters for e in found):
        return None
    return f"after `backward()` `{cut[0]}` has no gradient, though the optimizer holds it"


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
    hides=("train.no-step", "train.stale-optimizer", "train.learning-rate", "test.untrained"),
)
def graph_reused(case: Case) -> str | None:
    error = case.error("backward through the graph a second time")
    if error is not None:
        return str(error)
    error = case.error("has been modified by an inplace operation")
    found = training(case)
    if (
        error is None
        or found is None
        or not found.epochs
        or any(e.encoded for e in found.epochs[1:])
    ):
        return None
    return f"`encode` is not called in the training step; {error}"


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
    made, values = setup(case), losses(case)
    if made is None or made.learning_rate is None or len(values) < 2 or not epochs(case):
        return None
    rate, first = made.learning_rate, float(values[0])
    last, peak = float(values[-max(1, len(values) // 10) :].mean()), float(values.max())
    exploded = peak > 10 * abs(first) and (rate >= 0.3 or (rate >= 0.05 and last >= 0.69))
    stuck = rate <= 2e-4 and last > 0.98 * first > 0
    moved = all(e.steps for e in epochs(case))
    if not moved or not (exploded or stuck):
        return None
    return f"at a rate of {rate:g} the loss goes from {first:.3f} over {peak:,.3f} to {last:,.3f}"


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
    held = [e.returned_text for e in epochs(case) if e.returned_text.endswith("holds its graph")]
    if held:
        return f"`train` returned {held[0]}"
    step5 = case.evidence.step5
    kept = getattr(step5.loop, "graphs", 0) if step5 else 0
    return f"{kept} losses in the list are tensors that hold their graph" if kept else None
