"""Step 4, the model class: built with four different sizes, `encode` and `decode` called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch_geometric.nn import MessagePassing, SAGEConv

from autograder.arrays import array, matrix, pairs, text
from autograder.evidence import Absent, Call, Convolution, ModelClass, Step4
from autograder.probes.session import Session, bound_names
from autograder.reference import random_state

NAME = "GNNLinkPredictor"


def probe(session: Session) -> Step4:
    """Build the student's class and call it on a small random graph, drawn from the seed."""
    cls = find_class(session.ns)
    if cls is None:
        return Step4(model=_absent(session))
    training = torch.is_grad_enabled()
    with random_state(session.seed), torch.set_grad_enabled(training):
        return Step4(model=_observe(session, cls))


def _absent(session: Session) -> Absent:
    for source, error in reversed(session.errors):
        if "class" in source and bound_names(source):
            return Absent(name=NAME, error=error)
    return session.absent(NAME)


def find_class(ns: dict[str, Any]) -> Any:
    """The class of that name, or else the one `nn.Module` that the notebook itself defines."""
    if isinstance(ns.get(NAME), type):
        return ns[NAME]
    own = ns.get("__name__", "__main__")
    made = [v for v in ns.values() if isinstance(v, type) and issubclass(v, nn.Module)]
    made = [cls for cls in dict.fromkeys(made) if cls.__module__ == own]
    return made[0] if len(made) == 1 else None


def find_method(model: object, name: str) -> str:
    """`encode`, or else the one method whose name begins like it (`encoder`); empty if none."""
    if callable(getattr(model, name, None)):
        return name
    stem = name[:5] if name == "encode" else name[:4]
    like = [m for m in methods(model) if m.lower().startswith(stem)]
    return like[0] if len(like) == 1 else ""


def methods(model: object) -> list[str]:
    """Names of the methods that the student's class itself defines."""
    return [k for k, v in vars(type(model)).items() if callable(v) and not k.startswith("__")]


def _observe(session: Session, cls: Any) -> ModelClass:
    rng = np.random.default_rng(session.seed)
    sizes = [int(n) for n in (rng.integers(23, 30), *(rng.permutation([5, 6, 7, 8, 9])[:3]))]
    built, model = session.call(cls, *sizes)
    facts: dict[str, Any] = {"sizes": sizes, "is_module": isinstance(model, nn.Module)}
    if not isinstance(model, nn.Module):
        return ModelClass(built=built, methods=[], **facts)
    model.eval()
    facts["built"] = Call(text=built.text)
    facts["methods"] = [cls.__name__, *methods(model)][:60]
    facts["unregistered"] = [name for name, _ in _hidden(model)][:20]
    layers = [*model.modules(), *(m for _, m in _hidden(model))]
    facts["embeddings"] = [matrix(m.weight) for m in layers if isinstance(m, nn.Embedding)]
    facts["encode_name"], facts["decode_name"] = (
        find_method(model, name) for name in ("encode", "decode")
    )
    facts |= _encode(session, model, facts["encode_name"], sizes, rng, layers)
    facts |= _decode(session, model, facts["decode_name"], sizes, rng)
    shapes = {n: list(p.shape) for n, p in model.named_parameters() if not is_lazy(p)}
    facts["parameters"] = shapes
    return ModelClass(**facts)


def _hidden(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Modules in plain lists or dictionaries, which `parameters()` does not see."""
    found = []
    for name, value in vars(model).items():
        if name.startswith("_") or not isinstance(value, (list, tuple, dict)):
            continue
        values = value.values() if isinstance(value, dict) else value
        found += [(name, m) for m in values if isinstance(m, nn.Module)]
    return found


def _encode(
    session: Session,
    model: nn.Module,
    name: str,
    sizes: list[int],
    rng: np.random.Generator,
    layers: list[nn.Module],
) -> dict[str, Any]:
    convolutions = [m for m in layers if isinstance(m, MessagePassing)]
    edge_index = torch.from_numpy(rng.integers(0, sizes[0] - 2, size=(2, 60)))
    x = torch.arange(sizes[0])
    facts: dict[str, Any] = {"edge_index": pairs(edge_index)}
    calls: list[nn.Module] = []
    if name:
        with _recording(convolutions, calls), torch.no_grad():
            facts["encode"], _ = session.call(getattr(model, name), x, edge_index)
        with torch.no_grad():
            empty = torch.empty(2, 0, dtype=torch.long)
            facts["encode_without_edges"], _ = session.call(getattr(model, name), x, empty)
    ordered = list(dict.fromkeys([*calls, *convolutions]))
    facts["convolutions"] = [_convolution(m) for m in ordered]
    facts["convolution_calls"] = len(calls)
    return facts


@contextlib.contextmanager
def _recording(modules: list[nn.Module], calls: list[nn.Module]) -> Iterator[None]:
    hooks = [m.register_forward_pre_hook(lambda m, _: calls.append(m)) for m in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _convolution(module: nn.Module) -> Convolution:
    sage = isinstance(module, SAGEConv)
    options: dict[str, bool | str | list[str] | None] = {}
    if sage:
        options = {k: bool(getattr(module, k)) for k in ("normalize", "root_weight", "project")}
        options["aggr"] = _names(module.aggr)
        options["bias"] = getattr(module.lin_l, "bias", None) is not None
    return Convolution(
        kind=type(module).__name__,
        sage=sage,
        in_channels=_width(getattr(getattr(module, "lin_r", None), "in_channels", None))
        or _width(getattr(module, "in_channels", None)),
        out_channels=_width(getattr(module, "out_channels", None)),
        options=options,
        weights={n: array(p, "float32") for n, p in module.named_parameters() if not is_lazy(p)},
    )


def _names(aggr: object) -> str | list[str] | None:
    """An aggregation, or several, by name; None for one of the student's own making."""
    if isinstance(aggr, (list, tuple)) and all(isinstance(a, str) for a in aggr):
        return [text(a) for a in aggr]
    return text(aggr) if isinstance(aggr, str) else None


def _width(channels: object) -> int | None:
    if isinstance(channels, (tuple, list)) and len(set(channels)) == 1:
        channels = channels[0]
    return channels if isinstance(channels, int) else None


def _decode(
    session: Session, model: nn.Module, name: str, sizes: list[int], rng: np.random.Generator
) -> dict[str, Any]:
    z = torch.from_numpy(rng.normal(size=(sizes[0], sizes[3]))).float()
    asked = torch.from_numpy(rng.integers(0, sizes[0], size=(2, 11)))
    facts: dict[str, Any] = {"z": matrix(z), "pairs": pairs(asked)}
    if name:
        with torch.no_grad():
            facts["decode"], _ = session.call(getattr(model, name), z, asked)
    return facts
