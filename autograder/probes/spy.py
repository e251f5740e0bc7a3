"""Spies: what the student's `train` and `test` hand to the model and to the loss, written down.

Used by the probes of steps 5 and 6. A spy calls the original and gives back its result unchanged.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
import torch_geometric.utils
from torch import Tensor, nn

from autograder.probes.step4 import find_method

LOSSES = (
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy",
    "mse_loss",
    "cross_entropy",
    "l1_loss",
    "soft_margin_loss",
    "margin_ranking_loss",
)


@dataclass
class Notes:
    """What the spies saw, in order; tensors are detached copies."""

    encoded: list[Tensor] = field(default_factory=list)  # edge_index of each encode
    grad_enabled: list[bool] = field(default_factory=list)  # while encoding
    training: list[bool] = field(default_factory=list)  # while encoding
    pairs: list[Tensor] = field(default_factory=list)  # edge_label_index of each decode
    scores: list[Tensor] = field(default_factory=list)  # and what came out
    losses: list[tuple[str, Tensor, Tensor]] = field(default_factory=list)  # name, input, target
    negatives: list[Tensor] = field(default_factory=list)  # from negative_sampling
    stale: list[bool] = field(default_factory=list)  # gradients left at a step's first backward
    stepped: bool = True  # since the last backward


@contextlib.contextmanager
def spying(ns: dict[str, Any], model: nn.Module) -> Iterator[Notes]:
    """Spy on `model.encode`, `model.decode`, losses and `negative_sampling` inside the block."""
    notes = Notes()
    with contextlib.ExitStack() as stack:
        for name, spy in (("encode", _encode_spy), ("decode", _decode_spy)):
            found = find_method(model, name)
            if found:
                stack.enter_context(
                    _patched(model, found, spy(getattr(model, found), model, notes))
                )
        for name in LOSSES:
            original = getattr(F, name)
            stack.enter_context(_replaced(ns, F, name, _loss_spy(original, name, notes)))
        sampling = _sampling_spy(torch_geometric.utils.negative_sampling, notes)
        stack.enter_context(_replaced(ns, torch_geometric.utils, "negative_sampling", sampling))
        backward = _backward_spy(torch.autograd.backward, model, notes)
        stack.enter_context(_replaced({}, torch.autograd, "backward", backward))
        if isinstance(ns.get("optimizer"), torch.optim.Optimizer):
            hook = ns["optimizer"].register_step_post_hook(
                lambda *_: setattr(notes, "stepped", True)
            )
            stack.callback(hook.remove)
        yield notes


@contextlib.contextmanager
def _patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Set an instance attribute that hides the class's method, and take it away again."""
    object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        with contextlib.suppress(AttributeError):
            object.__delattr__(owner, name)


@contextlib.contextmanager
def _replaced(ns: dict[str, Any], module: Any, name: str, spy: Callable) -> Iterator[None]:
    """Replace a library function in its module and wherever the notebook imported it."""
    original = getattr(module, name)
    places = [key for key, value in ns.items() if value is original]
    setattr(module, name, spy)
    ns.update(dict.fromkeys(places, spy))
    try:
        yield
    finally:
        setattr(module, name, original)
        ns.update({key: original for key in places if ns.get(key) is spy})


def _copy(value: object) -> Tensor:
    return value.detach().clone() if isinstance(value, Tensor) else torch.empty(0)


def _argument(args: tuple, kwargs: dict[str, Any], position: int) -> object:
    values = [*args, *kwargs.values()]
    return values[position] if len(values) > position else None


def _encode_spy(original: Callable, model: nn.Module, notes: Notes) -> Callable:
    def encode(*args: Any, **kwargs: Any) -> Any:
        edges = kwargs.get("edge_index", _argument(args, kwargs, 1))
        notes.encoded.append(_copy(edges))
        notes.grad_enabled.append(torch.is_grad_enabled())
        notes.training.append(model.training)
        return original(*args, **kwargs)

    return encode


def _decode_spy(original: Callable, model: nn.Module, notes: Notes) -> Callable:
    def decode(*args: Any, **kwargs: Any) -> Any:
        scores = original(*args, **kwargs)
        notes.pairs.append(_copy(kwargs.get("edge_label_index", _argument(args, kwargs, 1))))
        notes.scores.append(_copy(scores).flatten())
        return scores

    return decode


def _loss_spy(original: Callable, name: str, notes: Notes) -> Callable:
    def loss(*args: Any, **kwargs: Any) -> Any:
        given, target = _argument(args, kwargs, 0), _argument(args, kwargs, 1)
        notes.losses.append((name, _copy(given).flatten(), _copy(target).flatten()))
        return original(*args, **kwargs)

    return loss


def _backward_spy(original: Callable, model: nn.Module, notes: Notes) -> Callable:
    def backward(*args: Any, **kwargs: Any) -> Any:
        if notes.stepped:
            left = [p.grad for p in model.parameters() if p.grad is not None]
            notes.stale.append(any(bool(grad.any()) for grad in left))
        notes.stepped = False
        return original(*args, **kwargs)

    return backward


def _sampling_spy(original: Callable, notes: Notes) -> Callable:
    def negative_sampling(*args: Any, **kwargs: Any) -> Any:
        negatives = original(*args, **kwargs)
        notes.negatives.append(_copy(negatives))
        return negatives

    return negative_sampling


@contextlib.contextmanager
def untouched(ns: dict[str, Any]) -> Iterator[None]:
    """Put model, optimizer and loss list back as they were before the block."""
    with contextlib.ExitStack() as undo:
        model, optimizer, losses = (ns.get(name) for name in ("model", "optimizer", "losses"))
        if isinstance(model, nn.Module):
            undo.callback(model.zero_grad)
            undo.callback(model.train, model.training)
            undo.callback(model.load_state_dict, copy.deepcopy(model.state_dict()))
        if isinstance(optimizer, torch.optim.Optimizer):
            undo.callback(optimizer.load_state_dict, copy.deepcopy(optimizer.state_dict()))
        if isinstance(losses, list):
            undo.callback(losses.__setitem__, slice(None), list(losses))
        yield
