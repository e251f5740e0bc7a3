"""Step 5, training: the set-up, what training did, and the losses of the loop.

In our own notebooks `train(train_data)` is called, with the recorder beside it; of a notebook of
another form it is what its own cells did.
"""

from __future__ import annotations

import types
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.evidence.arrays import Pairs, text
from autograder.evidence.arrays import pairs as pair_array
from autograder.evidence.schema import Absent, Call, Loop, Setup, Step5, TrainSeen
from autograder.evidence.trace import Backward
from autograder.inside.objects import aside, recording, untouched
from autograder.inside.randomness import random_state
from autograder.inside.session import Session
from autograder.inside.values import describe, number

CALLS, LONG = 2, 20.0  # calls of `train`; none after one of so many seconds


def probe(session: Session) -> Step5:
    """Look at `model`, `optimizer`, `loss_fn`, `train` and `losses`; all are left as they were."""
    with aside(session):
        return Step5(setup=_setup(session), train=_train(session), loop=_loop(session))


def _setup(session: Session) -> Setup | Absent:
    ns, recorder = session.ns, session.recorder
    model, optimizer = ns.get("model"), ns.get("optimizer")
    if recorder is not None and recorder.log.model() is not None:
        model = recorder.log.model()  # what was trained, whatever stands under the name now
        optimizer = recorder.log.optimizer() or optimizer
    if not isinstance(model, nn.Module):
        return session.absent("model", "optimizer", "loss_fn")
    own = {id(p) for p in model.parameters()}
    held: set[int] = set()
    rate, climbs, decay = None, False, None
    if isinstance(optimizer, torch.optim.Optimizer):
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        group = optimizer.param_groups[0]
        rate = number(group.get("initial_lr", group.get("lr")))
        climbs, decay = bool(group.get("maximize")), number(group.get("weight_decay"))
    loss_fn = ns.get("loss_fn")
    tables = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Embedding)]
    return Setup(
        num_nodes=_num_nodes(ns.get("train_data")),
        model_kind=type(model).__name__,
        model_rows=[m.num_embeddings for _, m in tables],
        parameters=len(own),
        optimizer_kind="" if optimizer is None else _kind(optimizer),
        optimized=len(own & held),
        foreign=len(held - own),
        loss_kind=_kind(loss_fn) if loss_fn else "",
        learning_rate=rate,
        maximized=climbs,
        embeddings=[f"{name}.weight" for name, _ in tables][:20],
        weight_decay=decay,
        frozen=[text(n) for n, p in model.named_parameters() if not p.requires_grad][:40],
        widths=[m.embedding_dim for m in model.modules() if isinstance(m, nn.Embedding)],
        stale=None if session.free_form else session.history.stale("model", "optimizer", "loss_fn"),
    )


def _kind(value: Any) -> str:
    """The name of torch's own class or function that it is, or else of the notebook's."""
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType):
        own = getattr(value, "__module__", None) == "__main__"
        return text(f"{value.__name__} of the notebook's" if own else value.__name__)
    if isinstance(value, type):
        return text(f"the class {value.__name__}, which is not called")
    for cls in type(value).__mro__:
        if cls.__module__.split(".")[0] in ("torch", "torch_geometric"):
            return text(cls.__name__)
    return text(f"{type(value).__name__} of the notebook's")


def _positives(data: Any) -> Tensor | None:
    positives = getattr(data, "pos_edge_label_index", None)
    right = isinstance(positives, Tensor) and positives.ndim == 2 and positives.size(0) == 2
    return positives if right else None


def _num_nodes(data: Any) -> int:
    try:
        return int(data.num_nodes)
    except Exception:  # whatever the student's data object is
        return -1


def _train(session: Session) -> TrainSeen | Absent:
    if session.free_form:
        return _watched(session)
    ns = session.ns
    function, model, data = ns.get("train"), ns.get("model"), ns.get("train_data")
    if not callable(function):
        return session.absent("train", doing=".backward(")
    recorder = session.recorder
    if recorder is not None and isinstance(recorder.log.model(), nn.Module):
        model = recorder.log.model()
    if not isinstance(model, nn.Module) or _positives(data) is None:
        return session.absent("train_data" if _positives(data) is None else "model")
    return _called(session, function, model, data)


def _called(session: Session, function: Any, model: nn.Module, data: Any) -> TrainSeen:
    """Call `train(train_data)`, twice."""
    positives, call = _positives(data), Call()
    values: list[Any] = []
    begin = monotonic()
    with random_state(session.seed), untouched(session), torch.enable_grad():
        before = {n: p.detach().clone() for n, p in model.named_parameters()}
        model.train()  # a right `train` does so itself: who switches to evaluation there is seen
        with recording(session) as log:
            if isinstance(session.ns.get("optimizer"), torch.optim.Optimizer):
                log.optimizer_made(session.ns["optimizer"])
            while len(values) < CALLS and not call.error and monotonic() - begin < LONG:
                call, value = session.call(function, data.clone())
                values.append(value)
        trace = log.trace()
        still = [n for n, p in model.named_parameters() if torch.equal(p.detach(), before[n])]
    around: list[tuple[bool, int]] = []
    steps = resplits = 0
    if session.recorder is not None:
        cells = session.recorder.log
        turns = [e for e in cells.events if isinstance(e, Backward) and e.stale is not None]
        around = [(bool(e.stale), e.steps) for e in turns][:100]
        steps, resplits = cells.steps, cells.resplits()
    graphs = [bool(getattr(value, "requires_grad", False)) for value in values]
    return TrainSeen(
        call=Call(text=call.text, error=call.error),
        trace=trace,
        returned=[None if g else number(v) for v, g in zip(values, graphs, strict=True)],
        returned_texts=[describe(value) for value in values],
        graphs=graphs,
        num_nodes=_num_nodes(data),
        message_edges=pair_array(data.edge_index),
        positives=pair_array(positives),
        held_out=_held_out(session, data),
        still=still[:40],
        tensors=len(before),
        around=around,
        steps_around=steps,
        resplits=resplits,
    )


def _held_out(session: Session, data: Any) -> Pairs | None:
    """Positives of the other parts of the split that the data is of."""
    parts = [session.ns.get(f"{name}_data") for name in ("train", "val", "test")]
    if session.recorder is not None:
        for _, made in session.recorder.log.parts:
            if any(part is data for part in made):
                parts = list(made)
    others = [_positives(part) for part in parts if part is not data]
    asked = [p for p in others if p is not None]
    return pair_array(torch.cat(asked, dim=1)) if asked else None


def _watched(session: Session) -> TrainSeen | Absent:
    """What the notebook's own cells trained."""
    recorder = session.recorder
    if recorder is None or not recorder.log.backwards:
        return session.absent("train", doing=".backward(")
    log = recorder.log
    error = next((e for _, e in session.history.errors if e.cell in log.training_cells), None)
    return TrainSeen(
        call=Call(text="the notebook's own loop", error=error), trace=log.trace(), watched=True
    )


def _loop(session: Session) -> Loop | Absent:
    losses = session.ns.get("losses")
    if session.free_form and not isinstance(losses, (Tensor, np.ndarray, dict, list, tuple)):
        losses = _live_losses(session)
    if isinstance(losses, (Tensor, np.ndarray)):
        losses = losses.flatten().tolist()
    if isinstance(losses, dict):
        losses = list(losses.values())
    if not isinstance(losses, (list, tuple)) or not losses:
        absent = session.absent("losses", doing=".backward(")
        began = isinstance(losses, (list, tuple)) and not session.free_form
        return Loop(losses=[]) if began and absent.error is None else absent
    graphs = [_is_live(v) for v in losses[:100_000]]
    kept = [None if g else number(v) for v, g in zip(losses, graphs, strict=False)]
    computed = None if session.recorder is None else session.recorder.log.backwards
    steps = steps_of(session.ns.get("optimizer"))
    return Loop(
        losses=kept,
        graphs=sum(graphs),
        computed=computed,
        steps=steps,
        stale=None if session.free_form else session.history.stale("losses"),
    )


def steps_of(optimizer: object) -> int | None:
    """How many steps an optimizer has taken since it was made; None where it keeps no count."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        return None
    if not optimizer.state and isinstance(optimizer, torch.optim.Adam):
        return 0
    counts = [number(kept["step"]) for kept in optimizer.state.values() if "step" in kept]
    return int(max(counts)) if counts and all(c is not None for c in counts) else None  # type: ignore[type-var,arg-type]


def _is_live(value: object) -> bool:
    return isinstance(value, Tensor) and value.numel() == 1 and value.requires_grad


def _live_losses(session: Session) -> list[Any] | None:
    """A list of losses that keep their graphs, under whatever name."""
    for value in session.ns.values():
        if isinstance(value, list) and len(value) > 1 and all(map(_is_live, value)):
            return value
    return None
