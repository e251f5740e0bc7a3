"""Step 5, training: the set-up, two spied calls of `train`, and the losses of the loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.arrays import Floats, Pairs, floats
from autograder.arrays import pairs as pair_array
from autograder.evidence import Absent, Call, Edges, Epoch, Loop, Setup, Step5, Training
from autograder.probes.session import Session, describe, number
from autograder.probes.spy import Notes, spying, untouched
from autograder.probes.step3 import edges
from autograder.reference import random_state

EPOCHS = 2


def probe(session: Session) -> Step5:
    """Look at `model`, `optimizer`, `loss_fn`, `train` and `losses`; all are left as they were."""
    return Step5(setup=_setup(session), train=_train(session), loop=_loop(session))


def _setup(session: Session) -> Setup | Absent:
    ns = session.ns
    model, optimizer = ns.get("model"), ns.get("optimizer")
    if not isinstance(model, nn.Module):
        return session.absent("model", "optimizer", "loss_fn")
    own = {id(p) for p in model.parameters()}
    held: set[int] = set()
    if isinstance(optimizer, torch.optim.Optimizer):
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    loss_fn = ns.get("loss_fn")
    return Setup(
        num_nodes=_num_nodes(ns),
        model_kind=type(model).__name__,
        model_rows=[m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding)],
        parameters=len(own),
        optimizer_kind=type(optimizer).__name__ if "optimizer" in ns else "",
        optimized=len(own & held),
        foreign=len(held - own),
        loss_kind=getattr(loss_fn, "__name__", type(loss_fn).__name__) if loss_fn else "",
    )


def _num_nodes(ns: dict[str, Any]) -> int:
    try:
        return int(ns["train_data"].num_nodes)
    except Exception:  # whatever the student's data object is
        return -1


def _train(session: Session) -> Training | Absent:
    ns = session.ns
    train, model = ns.get("train"), ns.get("model")
    data: Any = ns.get("train_data")
    positives = getattr(data, "pos_edge_label_index", None)
    if not callable(train):
        return session.absent("train")
    if not isinstance(model, nn.Module) or not isinstance(positives, Tensor):
        return session.absent("model" if isinstance(positives, Tensor) else "train_data")
    epochs: list[Epoch] = []
    with random_state(session.seed), untouched(ns), torch.enable_grad():
        before = {n: p.detach().clone() for n, p in model.named_parameters()}
        for _ in range(EPOCHS):
            with spying(ns, model) as notes:
                call, value = session.call(train, data.clone())
            if call.error:
                break
            epochs.append(_epoch(value, notes, positives))
        still = [n for n, p in model.named_parameters() if torch.equal(p.detach(), before[n])]
    return Training(
        call=Call(text=call.text, error=call.error),
        num_nodes=_num_nodes(ns),
        message_edges=pair_array(data.edge_index),
        positives=pair_array(positives),
        epochs=epochs,
        still=still[:40],
        tensors=len(before),
    )


def _epoch(value: object, notes: Notes, positives: Tensor) -> Epoch:
    pairs, labels = _labelled(notes, positives)
    return Epoch(
        returned=None if isinstance(value, Tensor) and value.requires_grad else number(value),
        returned_text=describe(value)
        + (" that still holds its graph" if getattr(value, "requires_grad", False) else ""),
        pairs=pairs,
        labels=labels,
        encoded=distinct(notes.encoded),
        loss_kind=notes.losses[0][0] if notes.losses else "",
        stale_gradients=any(notes.stale) if notes.stale else None,
    )


def distinct(tensors: list[Tensor]) -> list[Edges]:
    """Tensors as evidence, each different one once, three at most."""
    kept: list[Tensor] = []
    for tensor in tensors:
        if not any(torch.equal(tensor, other) for other in kept):
            kept.append(tensor)
    return [found for t in kept[:3] if (found := edges(t))]


def _labelled(notes: Notes, positives: Tensor) -> tuple[Pairs | None, Floats | None]:
    """The scored pairs and, where the loss saw these scores in this order, their labels."""
    pairs = [p for p in notes.pairs if p.ndim == 2 and p.size(0) == 2]
    if not pairs:  # scored without `decode`: the sampled negatives are all there is to see
        sampled = [p for p in notes.negatives if p.ndim == 2]
        return (pair_array(torch.cat([positives, *sampled], 1)) if sampled else None), None
    joined = torch.cat(pairs, dim=1)
    scores = torch.cat(notes.scores)
    if not notes.losses or len(scores) != joined.size(1):
        return pair_array(joined), None
    given = torch.cat([g for _, g, _ in notes.losses]).float()
    labels = torch.cat([t for _, _, t in notes.losses]).float()
    if given.shape != scores.shape or labels.shape != scores.shape:
        return pair_array(joined), None
    if not torch.allclose(given, scores):  # the loss saw them in another order: match by value
        order, other = scores.argsort(stable=True), given.argsort(stable=True)
        if not torch.allclose(scores[order], given[other]):
            return pair_array(joined), None
        labels = torch.empty_like(labels).scatter(0, order, labels[other])
    return pair_array(joined), floats(labels)


def _loop(session: Session) -> Loop | Absent:
    losses = session.ns.get("losses")
    if isinstance(losses, (Tensor, np.ndarray)):
        losses = losses.flatten().tolist()
    if not isinstance(losses, (list, tuple)) or not losses:
        return session.absent("losses")
    graphs = [isinstance(v, Tensor) and v.requires_grad for v in losses[:100_000]]
    kept = [None if g else number(v) for v, g in zip(losses, graphs, strict=False)]
    return Loop(losses=kept)
