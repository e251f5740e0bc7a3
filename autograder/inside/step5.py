"""Step 5, training: the set-up, two rounds of training, and the losses of the loop.

The rounds are spied calls of `train(train_data)`; where a free-form notebook has no such function,
those of its own loop, which the watch saw.
"""

from __future__ import annotations

import inspect
import types
from typing import Any

import msgspec
import numpy as np
import torch
from msgspec.structs import replace
from torch import Tensor, nn

from autograder.evidence.arrays import Pairs, text
from autograder.evidence.arrays import pairs as pair_array
from autograder.evidence.schema import (
    Absent,
    Call,
    CellError,
    Epoch,
    Loop,
    Setup,
    Step5,
    Training,
)
from autograder.inside.randomness import random_state
from autograder.inside.rounds import epoch, overlap, rounds
from autograder.inside.session import Session, bound_names, number
from autograder.inside.spy import spying, untouched
from autograder.inside.step4 import aside

EPOCHS = 2


def probe(session: Session) -> Step5:
    """Look at `model`, `optimizer`, `loss_fn`, `train` and `losses`; all are left as they were."""
    with aside(session):
        return Step5(setup=_setup(session), train=_train(session), loop=_loop(session))


def _setup(session: Session) -> Setup | Absent:
    ns, watched = session.ns, session.watched
    model, optimizer = ns.get("model"), ns.get("optimizer")
    if watched is not None and watched.notes.model is not None:
        model = watched.notes.model  # what was trained, whatever stands under the name now
        optimizer = watched.notes.optimizer or optimizer
    if not isinstance(model, nn.Module):
        return session.absent("model", "optimizer", "loss_fn")
    own = {id(p) for p in model.parameters()}
    held: set[int] = set()
    rate, climbs = None, False
    if isinstance(optimizer, torch.optim.Optimizer):
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        group = optimizer.param_groups[0]
        rate = number(group.get("initial_lr", group.get("lr")))
        climbs = bool(group.get("maximize"))
    loss_fn = ns.get("loss_fn")
    return Setup(
        num_nodes=_num_nodes(train_data(session)),
        model_kind=type(model).__name__,
        model_rows=[m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding)],
        parameters=len(own),
        optimizer_kind="" if optimizer is None else _kind(optimizer),
        optimized=len(own & held),
        foreign=len(held - own),
        loss_kind=_kind(loss_fn) if loss_fn else "",
        learning_rate=rate,
        maximized=climbs,
        embeddings=[
            f"{name}.weight" for name, m in model.named_modules() if isinstance(m, nn.Embedding)
        ][:20],
        widths=[m.embedding_dim for m in model.modules() if isinstance(m, nn.Embedding)],
        error=None if session.free_form else _error(session, "model", "optimizer", "loss_fn"),
    )


def _error(session: Session, *names: str) -> CellError | None:
    """What the last cell that binds one of these names raised, unless a later run mended it."""
    cells = [source.strip() for source in session.cells]
    binding = [source for source in cells if bound_names(source) & set(names)]
    raised = [e for source, e in session.errors if binding and source.strip() == binding[-1]]
    mended = len(raised) < cells.count(binding[-1]) if binding else True
    return raised[-1] if raised and not mended and not raised[-1].blank else None


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


def train_data(session: Session) -> Any:
    """The data that is trained on: `train_data`, or the part of the notebook's own splits whose
    positives were scored in its own loop."""
    named, watched = session.ns.get("train_data"), session.watched
    if watched is None or not watched.parts:
        return named
    candidates = [named, *(part for _, parts in watched.parts for part in parts)]
    candidates = [c for c in candidates if isinstance(_positives(c), Tensor)]
    asked = [(c, p) for c in candidates if (p := _positives(c)) is not None]
    shares = [overlap(rounds(watched.notes, p, 1), c) for c, p in asked]
    if not candidates or max(shares) < 0.5:
        return named if named is not None else watched.parts[-1][1][0]
    return candidates[shares.index(max(shares))]


def _positives(data: Any) -> Tensor | None:
    found = getattr(data, "pos_edge_label_index", None)
    right = isinstance(found, Tensor) and found.ndim == 2 and found.size(0) == 2
    return found if right else None


def _num_nodes(data: Any) -> int:
    try:
        return int(data.num_nodes)
    except Exception:  # whatever the student's data object is
        return -1


def _train(session: Session) -> Training | Absent:
    ns, data = session.ns, train_data(session)
    positives = _positives(data)
    own = _watched(session, data) if session.free_form else None
    function, model = ns.get("train"), ns.get("model")
    if not callable(function):
        return own or session.absent("train", doing=".backward(")
    if session.watched is not None and session.watched.notes.model is not None:
        trained = session.watched.notes.model
        if isinstance(model, nn.Module) and model is not trained:  # made anew after its training
            own = own or _watched(session, data)
            if own and own.call.error is None:
                return own
        model = trained
    if not isinstance(model, nn.Module) or positives is None:
        return own or session.absent("train_data" if positives is None else "model")
    called = _called(session, function, model, ns.get("train_data", data))
    if own and own.epochs and called.call.error and not _raised_before(session, called):
        return own  # it takes something else than the training data
    if own and called.call.error is None and not any(e.backwards for e in called.epochs):
        return own  # another function, which only begins with `train`
    return _with_loop(session, called)


def _called(session: Session, function: Any, model: nn.Module, data: Any) -> Training:
    """Call `train(train_data)`, twice unless one call holds two rounds."""
    positives, call = _positives(data), Call()
    epochs: list[Epoch] = []
    with random_state(session.seed), untouched(session.ns, session.watched), torch.enable_grad():
        before = {n: p.detach().clone() for n, p in model.named_parameters()}
        while len(epochs) < EPOCHS and not call.error:
            with spying(session.ns, model, session.watched) as notes:
                call, value = session.call(function, data.clone())
            found = rounds(notes, positives)  # type: ignore[arg-type]
            several = len(found) > 1
            for bundles in found[:EPOCHS] or [[]]:
                epochs.append(epoch(bundles, positives, value, called=not several))  # type: ignore[arg-type]
        still = [n for n, p in model.named_parameters() if torch.equal(p.detach(), before[n])]
    call = Call(text=call.text, error=call.error)
    return _training(session, data, call, epochs[:EPOCHS], still, len(before))


def _training(
    session: Session, data: Any, call: Call, epochs: list[Epoch], still: list[str], tensors: int
) -> Training:
    return Training(
        call=call,
        num_nodes=_num_nodes(data),
        message_edges=pair_array(data.edge_index),
        positives=pair_array(_positives(data)),
        epochs=epochs,
        still=still[:40],
        tensors=tensors,
        held_out=_held_out(session, data),
        resplits=(session.watched.resplits if session.watched is not None else 0)
        or sum(e.splits for e in epochs[1:]),
    )


def _held_out(session: Session, data: Any) -> Pairs | None:
    """Positives of the other parts of the split that the data is of."""
    named = [session.ns.get(f"{name}_data") for name in ("train", "val", "test")]
    splits = [parts for _, parts in session.watched.parts] if session.watched is not None else []
    for parts in (*splits, named):
        if any(part is data for part in parts):
            others = [_positives(part) for part in parts if part is not data]
            found = [p for p in others if p is not None]
            return pair_array(torch.cat(found, dim=1)) if found else None
    return None


def _raised_before(session: Session, called: Training) -> bool:
    """Whether the notebook's own cells raised the same as the call."""
    wanted = called.call.error
    return any(wanted and e.name == wanted.name for _, e in session.errors)


def _with_loop(session: Session, called: Training) -> Training:
    """What the notebook's own loop does around `train`: it may clear the gradients there."""
    watched, positives = session.watched, called.positives
    if watched is None or called.call.error:
        return called
    seen = rounds(watched.notes, torch.from_numpy(positives.numpy().copy()), EPOCHS)
    stale = [b.stale for bundles in seen for b in bundles if b.stale is not None]
    if len(stale) < 2 or not watched.notes.steps:
        return called
    epochs = [replace(e, stale_gradients=any(stale)) for e in called.epochs]
    return replace(called, epochs=epochs)


def _watched(session: Session, data: Any) -> Training | None:
    """The first rounds of the notebook's own loop, if the watch saw any."""
    watched, positives = session.watched, _positives(data)
    if watched is None or positives is None:
        return None
    found = [r for r in rounds(watched.notes, positives) if any(b.backwards for b in r)]
    if not found:
        return None
    same = found[: 1 if watched.resplits else EPOCHS]  # later ones have other positives
    epochs = [epoch(bundles, positives, called=False) for bundles in same]
    model, held = watched.notes.model, watched.notes.optimizer
    moved = {id(p) for g in held.param_groups for p in g["params"]} if held is not None else set()
    named = list(model.named_parameters()) if isinstance(model, nn.Module) else []
    still = [n for n, p in named if id(p) not in moved or p.grad is None and not _stepped(held, p)]
    text = "the notebook's own loop"
    cells = watched.training_cells
    error = next((e for _, e in session.errors if e.cell in cells), None)
    made = _training(session, data, Call(text=text, error=error), epochs, still, len(named))
    return replace(made, watched=True)


def _stepped(optimizer: Any, parameter: Tensor) -> bool:
    """Whether an optimizer holds a state of this parameter, as Adam does once it has moved it."""
    return bool(optimizer is not None and optimizer.state.get(parameter))


def takes(function: Any, *given: Any) -> bool:
    """Whether a function can be called with these positional arguments."""
    try:
        inspect.signature(function).bind(*given)
    except (TypeError, ValueError):
        return False
    return True


def _loop(session: Session) -> Loop | Absent:
    losses = session.ns.get("losses")
    if isinstance(losses, (Tensor, np.ndarray)):
        losses = losses.flatten().tolist()
    if isinstance(losses, dict):
        losses = list(losses.values())
    if not isinstance(losses, (list, tuple)) or not losses:
        return _free_loop(session) or session.absent("losses", doing=".backward(")
    found = _kept(losses)
    if session.watched is not None:
        found = msgspec.structs.replace(found, computed=len(session.watched.notes.values))
    return found


def _kept(losses: Any) -> Loop:
    graphs = [isinstance(v, Tensor) and v.requires_grad for v in losses[:100_000]]
    kept = [None if g else number(v) for v, g in zip(losses, graphs, strict=False)]
    return Loop(losses=kept, graphs=sum(graphs))


def _is_live(value: object) -> bool:
    return isinstance(value, Tensor) and value.numel() == 1 and value.requires_grad


def _free_loop(session: Session) -> Loop | None:
    """In a notebook of one's own: a list of loss tensors, or what `backward` was called on."""
    if not session.free_form or session.watched is None:
        return None
    for value in session.ns.values():
        if isinstance(value, list) and len(value) > 1 and all(_is_live(v) for v in value):
            return _kept(value)
    notes, positives = session.watched.notes, _positives(train_data(session))
    if not notes.values or positives is None:
        return None
    each = max(1, sum(b.backwards for r in rounds(notes, positives, 1) for b in r))
    chunks = [notes.values[i : i + each] for i in range(0, len(notes.values), each)]
    return Loop(losses=[float(np.mean(c)) for c in chunks], watched=True)
