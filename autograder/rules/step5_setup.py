"""Step 5, before and after: model, optimizer and loss fit together, and the loss falls."""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Evidence, Loop, Setup, Training
from autograder.rules import check
from autograder.rules.observed import (
    RUNS,
)
from autograder.rules.teaching import (
    expect,
    need,
)


@check("step5.setup", points=1)
def test_model(setup: Setup) -> None:
    """The model has an embedding for every node of the graph"""
    expect(
        setup.model_rows and all(rows == setup.num_nodes for rows in setup.model_rows),
        ran="the rows of the model's embedding",
        expected=f"{setup.num_nodes:,}, the nodes of train_data",
        got=f"{setup.model_rows}",
        why="Too few rows end in an IndexError, too many hide a wrong mapping.",
        next="Give the class `num_nodes` as its first argument.",
    )


@check("step5.setup", points=1)
def test_optimizer(setup: Setup) -> None:
    """An Adam optimizer holds every parameter of the model"""
    whole = setup.optimized == setup.parameters > 0 and not setup.foreign
    expect(
        whole and setup.optimizer_kind.startswith("Adam"),
        ran="`optimizer`, beside `model.parameters()`",
        expected=f"Adam with all {setup.parameters} tensors of the model",
        got=f"{setup.optimizer_kind or 'no optimizer'} with {setup.optimized} of them"
        + (f" and {setup.foreign} of another model" if setup.foreign else ""),
        why="A tensor that the optimizer does not hold never changes.",
        next="Make the model first, then `torch.optim.Adam(model.parameters(), ...)`; "
        "a new model needs a new optimizer.",
    )


@check("step5.setup", points=1)
def test_loss_function(setup: Setup, evidence: Evidence) -> None:
    """The loss is binary cross-entropy on logits"""
    found = evidence.step5.train if evidence.step5 else None
    used = {e.loss_kind for e in found.epochs} if isinstance(found, Training) else set()
    stuck = isinstance(found, Training) and found.call.error is not None
    need(setup.loss_kind or not stuck, "`loss_fn`, or a `train` that runs", RUNS)
    right = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
    spied = used <= set(right) if used - {""} else setup.loss_kind in right
    expect(
        spied and (setup.loss_kind in right or used & set(right)),
        ran="`loss_fn`, and the loss that `train` calls",
        expected="BCEWithLogitsLoss",
        got=", ".join(sorted({setup.loss_kind, *used} - {""})) or "none",
        why="A dot product is any real number; the loss must turn it into a probability itself.",
        next="`torch.nn.BCEWithLogitsLoss()`, without a sigmoid before it.",
    )


@check("step5.loop", points=1)
def test_losses_kept(loop: Loop) -> None:
    """The loss of every epoch is kept, as a number"""
    bad = sum(v is None or not np.isfinite(v) for v in loop.losses)
    expect(
        len(loop.losses) >= 5 and not bad,
        ran="`losses`",
        expected="one finite float an epoch, 5 epochs or more",
        got=f"{len(loop.losses)} entries, {bad} of them no number",
        why="A curve shows at a glance whether training works.",
        next="Append what `train(train_data)` returns, inside the loop.",
    )


@check("step5.loop", points=2)
def test_loss_falls(loop: Loop) -> None:
    """The loss falls"""
    values = np.array([np.nan if v is None else v for v in loop.losses], dtype=float)
    need(len(values) >= 5 and np.isfinite(values).all(), "losses of 5 epochs", "the loss is kept")
    few = max(1, len(values) // 10)
    start, end, peak = float(values[0]), float(values[-few:].mean()), float(values.max())
    expect(
        0 <= end < start - 0.02 * abs(start) and peak < 50 * start,
        ran=f"the first and the last {few} of {len(values)} losses, and the largest",
        expected="clearly smaller at the end, never below 0, and no jump to 50 times the first",
        got=f"{start:.3f}, then {end:.3f}, at most {peak:,.3f}",
        why="A flat loss learns nothing; one that climbs or is negative has a wrong sign or rate.",
        next="zero_grad, backward, step, in every epoch; then try a learning rate of 0.01.",
    )
