"""Other names of steps 4 to 6: model, optimizer, loss, the two functions, losses and AUCs.

Part of `autograder.inside.aliases`.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.nn.modules.loss import _Loss

from autograder.inside.pool import Found
from autograder.inside.session import Session, number

TRAIN = ("train", "fit", "epoch", "step", "learn", "entren", "entra", "appren")
TEST = ("test", "eval", "score", "auc", "prueb")
LOSS = ("loss", "perte", "verlust", "perdid", "cost", "err")
AUC = ("auc", "roc", "score", "area")


def find(session: Session, own: list[Found]) -> dict[str, Found]:
    """By name of the contract, what stands in for it."""
    mine = session.ns.get("__name__", "__main__")
    found: dict[str, Found | None] = {"optimizer": _last(own, torch.optim.Optimizer)}
    found["model"] = _model(own, found["optimizer"])
    found["loss_fn"] = _last(own, _Loss)
    classes = [f for f in own if isinstance(f.value, type) and f.value.__module__ == mine]
    classes = [f for f in classes if issubclass(f.value, torch.nn.Module)]
    found["GNNLinkPredictor"] = classes[0] if len(classes) == 1 else None
    functions = [f for f in own if _takes_one(f.value)]
    found["train"] = _function(functions, TRAIN, "backward")
    found["test"] = _function(functions, TEST, "roc_auc_score")
    found["losses"] = _losses(own)
    for name, value in _aucs(own).items():
        found[name] = value
    return {name: value for name, value in found.items() if value is not None}


def _last(own: list[Found], kind: type) -> Found | None:
    kept = [f for f in own if isinstance(f.value, kind)]
    return kept[-1] if kept else None


def _model(own: list[Found], optimizer: Found | None) -> Found | None:
    """The last model of the notebook's own; one whose weights the optimizer holds before others."""
    models = [f for f in own if isinstance(f.value, torch.nn.Module)]
    models = [f for f in models if not type(f.value).__module__.startswith("torch")]
    held = optimizer.value.param_groups if optimizer else []
    ids = {id(p) for group in held for p in group["params"]}
    moved = [f for f in models if any(id(p) in ids for p in _parameters(f.value))]
    return next(iter((moved or models)[::-1]), None)


def _parameters(model: torch.nn.Module) -> list[Any]:
    try:
        return list(model.parameters())
    except Exception:  # a module without super().__init__()
        return []


def _takes_one(value: object) -> bool:
    """Whether it is a function of the notebook's own that can be called with one argument."""
    if not isinstance(value, (types.FunctionType, types.MethodType)):
        return False
    try:
        inspect.signature(value).bind(None)
    except (TypeError, ValueError):
        return False
    return True


def _function(functions: list[Found], stems: tuple[str, ...], calls: str) -> Found | None:
    """The function that calls this, the one of a fitting name first; else the one of that name."""
    fitting = [f for f in functions if any(s in f.path.lower() for s in stems)]
    calling = [f for f in functions if calls in f.value.__code__.co_names]
    both = [f for f in calling if f in fitting]
    choice = both or calling or fitting
    return choice[0] if len(choice) == 1 or both else None


def _losses(own: list[Found]) -> Found | None:
    """A list of numbers, one an epoch; of several the one whose name speaks of loss."""
    curves = []
    for f in own:
        for path, values in _curves(f.value):
            if len(values) >= 2 and all(_is_float(v) for v in values):
                curves.append(Found(f.path + path, values))
    named = [f for f in curves if any(stem in f.path.lower() for stem in LOSS)]
    plain = [f for f in curves if not any(stem in f.path.lower() for stem in AUC)]
    longest = max((len(f.value) for f in plain), default=0)
    plain = [f for f in plain if len(f.value) == longest]
    return named[0] if named else (plain[0] if len(plain) == 1 else None)


def _curves(value: object) -> Iterator[tuple[str, list[Any]]]:
    """Lists of numbers in a value: itself, or a column of a table of rows."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        yield "", list(value)
    elif isinstance(value, torch.Tensor) and value.ndim == 1 and value.is_floating_point():
        yield "", value.tolist()
    elif isinstance(value, (list, tuple)) and value and len(value) < 100_000:
        yield "", list(value)
        first = value[0]
        if isinstance(first, (tuple, list)) and all(
            isinstance(row, (tuple, list)) and len(row) == len(first) for row in value
        ):
            for i in range(len(first)):
                yield f"[:][{i}]", [row[i] for row in value]
        elif isinstance(first, dict) and all(isinstance(row, dict) for row in value):
            for key in first:
                yield f"[:][{key!r}]", [row.get(key) for row in value]


def _is_float(value: object) -> bool:
    scalar = isinstance(value, torch.Tensor) and value.ndim == 0 and value.is_floating_point()
    return scalar or isinstance(value, (float, np.floating))


def _aucs(own: list[Found]) -> dict[str, Found]:
    """The AUCs on test and validation data."""
    numbers = [f for f in own if _is_float(f.value) and "[" not in f.path]
    numbers = [f for f in numbers if 0 <= (number(f.value) or -1) <= 1]
    named = [f for f in numbers if any(stem in f.path.lower() for stem in AUC)]
    found: dict[str, Found] = {}
    for f in named:
        words = f.words
        held = any(w.startswith(("val", "dev", "best")) or w == "va" for w in words)
        tested = any(w.startswith(("test", "prueb", "exam", "final")) or w == "te" for w in words)
        plain = not held and not tested
        found.setdefault("val_auc" if held else ("auc" if plain else "test_auc"), f)
    if "auc" in found:
        plain_auc = found.pop("auc")
        found.setdefault("test_auc", plain_auc)
    return found
