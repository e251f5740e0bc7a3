"""Spies: functions in place of the student's methods and of the libraries', that write down notes.

`spying` puts them in for the time of a block; `watch` uses the same ones for a whole notebook. A
spy calls the original and gives back its result unchanged.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import sklearn.metrics
import torch
import torch.nn.functional as F
import torch_geometric.utils
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch_geometric.transforms import RandomLinkSplit

from autograder.inside.notes import Notes
from autograder.inside.session import number

LOSSES = (
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy",
    "mse_loss",
    "cross_entropy",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "hinge_embedding_loss",
    "cosine_embedding_loss",
    "kl_div",
    "nll_loss",
    "soft_margin_loss",
    "margin_ranking_loss",
)
To = Callable[[], "Notes | None"]  # where a spy writes; None: nowhere, now


@contextlib.contextmanager
def spying(ns: dict[str, Any], model: object, watched: Any = None) -> Iterator[Notes]:
    """Take notes of what the block does with the model, losses, samplers and optimizers."""
    notes = Notes()
    optimizer = ns.get("optimizer") if watched is None else watched.notes.optimizer
    if isinstance(optimizer, torch.optim.Optimizer):
        notes.optimizer = optimizer
    with contextlib.ExitStack() as stack:
        if watched is not None:
            stack.enter_context(watched.instead(notes))
        else:
            stack.enter_context(libraries(lambda: notes, ns))
        for name in ("encode", "decode"):
            found = find_method(model, name)
            if found and not getattr(getattr(model, found), "is_spy", False):
                bound = functools.partial(_unbound, getattr(model, found))
                spy = types.MethodType(method_spy(bound, name, lambda: notes), model)
                stack.enter_context(_patched(model, found, spy))
        yield notes


def _unbound(bound: Callable, _: object, *args: Any, **kwargs: Any) -> Any:
    return bound(*args, **kwargs)


@contextlib.contextmanager
def libraries(to: To, ns: dict[str, Any]) -> Iterator[None]:
    """Spies on losses, samplers, backward, optimizers, splits and AUCs, in `ns` too."""
    utils, metrics = torch_geometric.utils, sklearn.metrics
    with contextlib.ExitStack() as stack:
        for name in LOSSES:
            spy = loss_spy(getattr(F, name), name, to)
            stack.enter_context(_replaced(ns, (F,), name, spy))
        spy = sampling_spy(utils.negative_sampling, to)
        inner = getattr(utils, "_negative_sampling", utils)
        stack.enter_context(_replaced(ns, (utils, inner), "negative_sampling", spy))
        spy = auc_spy(metrics.roc_auc_score, to)
        inner = getattr(metrics, "_ranking", metrics)
        stack.enter_context(_replaced(ns, (metrics, inner), "roc_auc_score", spy))
        spy = backward_spy(torch.autograd.backward, to)
        stack.enter_context(_replaced({}, (torch.autograd,), "backward", spy))
        spy = split_spy(RandomLinkSplit.forward, to)
        stack.enter_context(_replaced({}, (RandomLinkSplit,), "forward", spy))
        hook = register_optimizer_step_post_hook(functools.partial(_after_step, to))
        stack.callback(hook.remove)
        yield


def _after_step(to: To, optimizer: Any, *_: Any) -> None:
    notes = to()
    if notes is not None:
        notes.stepped(optimizer)


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
def _replaced(ns: dict[str, Any], owners: tuple, name: str, spy: Callable) -> Iterator[None]:
    """Replace a library function in its modules and wherever the notebook imported it."""
    originals = [(owner, getattr(owner, name)) for owner in owners if hasattr(owner, name)]
    original = originals[0][1]
    places = [key for key, value in ns.items() if value is original]
    for owner, _ in originals:
        setattr(owner, name, spy)
    ns.update(dict.fromkeys(places, spy))
    try:
        yield
    finally:
        for owner, before in originals:
            setattr(owner, name, before)
        ns.update({key: original for key in places if ns.get(key) is spy})


def method_spy(original: Callable, kind: str, to: To) -> Callable:
    """A spy on a method of a model. `kind`: encode, decode, or empty: by its arguments."""

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        notes = to()
        if notes is None or kind in notes.inside or (not kind and notes.inside):
            return original(self, *args, **kwargs)
        before, made = notes.count, None
        if kind == "encode":
            made = notes.encoding(self, _edges(args, kwargs, "edge_index"))
        with _marked(notes.inside, kind):
            value = original(self, *args, **kwargs)
        if made is not None:
            made.live = isinstance(value, Tensor) and value.requires_grad
        elif kind == "decode":
            notes.decoded(_edges(args, kwargs, "edge_label_index"), value)
        elif notes.count == before:
            _by_shape(notes, self, args, kwargs, value)
        return value

    method.is_spy = True  # type: ignore[attr-defined]
    return method


@contextlib.contextmanager
def _marked(inside: set[str], kind: str) -> Iterator[None]:
    if kind:
        inside.add(kind)
    try:
        yield
    finally:
        inside.discard(kind)


def _whole_pairs(args: tuple, kwargs: dict[str, Any]) -> list[Tensor]:
    tensors = [v for v in (*args, *kwargs.values()) if isinstance(v, Tensor)]
    return [t for t in tensors if t.ndim == 2 and not t.is_floating_point()]


def _edges(args: tuple, kwargs: dict[str, Any], name: str) -> object:
    """The edges among the arguments: by name, else the last whole-numbered matrix, else no. 2."""
    if name in kwargs:
        return kwargs[name]
    found = _whole_pairs(args, kwargs)
    values = [*args, *kwargs.values()]
    return found[-1] if found else values[1] if len(values) > 1 else None


def _by_shape(notes: Notes, model: Any, args: tuple, kwargs: dict[str, Any], value: object) -> None:
    """A method of another name: does it encode (nodes, channels), or decode (one score a pair)?"""
    pairs = [t for t in _whole_pairs(args, kwargs) if t.size(0) == 2]
    if not pairs or not isinstance(value, Tensor) or not value.is_floating_point():
        return
    scores = value.ndim == 1 and len(value) == pairs[-1].size(1)
    if value.ndim == 2 or (scores and len(pairs) > 1):
        notes.encoding(model, pairs[0]).live = value.requires_grad
    if scores:
        notes.decoded(pairs[-1], value)


def loss_spy(original: Callable, name: str, to: To) -> Callable:
    """A spy on a function of torch.nn.functional."""

    @functools.wraps(original)
    def loss(*args: Any, **kwargs: Any) -> Any:
        notes = to()
        if notes is not None:
            values = [*args, *kwargs.values()]
            given = kwargs.get("input", values[0] if values else None)
            notes.lost(name, given, kwargs.get("target", values[1] if len(values) > 1 else None))
        return original(*args, **kwargs)

    return loss


def backward_spy(original: Callable, to: To) -> Callable:
    """A spy on torch.autograd.backward, through which Tensor.backward goes."""

    @functools.wraps(original)
    def backward(*args: Any, **kwargs: Any) -> Any:
        notes = to()
        if notes is None:
            return original(*args, **kwargs)
        notes.backward_begins(args[0] if args else kwargs.get("tensors"))
        value = original(*args, **kwargs)
        notes.backward_ended()
        return value

    return backward


def sampling_spy(original: Callable, to: To) -> Callable:
    """A spy on negative_sampling."""

    @functools.wraps(original)
    def negative_sampling(*args: Any, **kwargs: Any) -> Any:
        negatives = original(*args, **kwargs)
        notes = to()
        if notes is not None:
            notes.sampled(negatives)
        return negatives

    return negative_sampling


def auc_spy(original: Callable, to: To) -> Callable:
    """A spy on roc_auc_score; where it raises, what it was given is written down all the same."""

    @functools.wraps(original)
    def roc_auc_score(*args: Any, **kwargs: Any) -> Any:
        notes, value = to(), None
        try:
            value = original(*args, **kwargs)
            return value
        finally:
            if notes is not None:
                values = [*args, *kwargs.values(), None, None]
                labels = kwargs.get("y_true", values[0])
                call = notes.measured(labels, kwargs.get("y_score", values[1]), number(value))
                notes.aucs = [*notes.aucs[-7:], call]

    return roc_auc_score


def split_spy(original: Callable, to: To) -> Callable:
    """A spy on RandomLinkSplit."""

    @functools.wraps(original)
    def forward(self: Any, data: Any) -> Any:
        parts = original(self, data)
        notes = to()
        if notes is not None:
            notes.split()
            getattr(notes, "after_split", lambda *_: None)(self, data, parts)
        return parts

    return forward


def find_method(model: object, name: str) -> str:
    """`encode`, or else the one method whose name begins like it (`encoder`); empty if none."""
    if callable(getattr(model, name, None)):
        return name
    stem = name[:3]
    like = [m for m in methods(model) if m.lower().lstrip("_").startswith(stem)]
    return like[0] if len(like) == 1 else ""


def methods(model: object) -> list[str]:
    """Names of the methods that the student's class itself defines."""
    return names_of(type(model))


def names_of(cls: type) -> list[str]:
    """Names of the methods that a class itself defines."""
    return [k for k, v in vars(cls).items() if callable(v) and not k.startswith("__")]


@contextlib.contextmanager
def untouched(ns: dict[str, Any], watched: Any = None) -> Iterator[None]:
    """Put models, optimizers and the loss list back as they were before the block."""
    values = [ns.get(name) for name in ("model", "optimizer", "losses")]
    values += [v for v in ns.values() if isinstance(v, (nn.Module, torch.optim.Optimizer))][:20]
    values += [watched.notes.model, watched.notes.optimizer] if watched is not None else []
    with contextlib.ExitStack() as undo:
        for value in {id(v): v for v in values}.values():
            if isinstance(value, nn.Module):
                undo.callback(value.zero_grad)
                undo.callback(value.train, value.training)
                undo.callback(value.load_state_dict, copy.deepcopy(value.state_dict()))
            elif isinstance(value, torch.optim.Optimizer):
                undo.callback(value.load_state_dict, copy.deepcopy(value.state_dict()))
            elif isinstance(value, list):
                undo.callback(value.__setitem__, slice(None), list(value))
        yield
