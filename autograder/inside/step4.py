"""Step 4, the model class: built with four different sizes, `encode` and `decode` called."""

from __future__ import annotations

import contextlib
import copy
import inspect
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch_geometric.nn import MessagePassing, SAGEConv

from autograder.contract import METHODS, MODEL_CLASS
from autograder.evidence.arrays import array, matrix, pairs, text
from autograder.evidence.schema import (
    Absent,
    Call,
    Convolution,
    Edges,
    ModelClass,
    Step4,
    Unfollowed,
)
from autograder.inside.history import bound_names
from autograder.inside.objects import aside, find_method, methods, names_of, recording
from autograder.inside.randomness import random_state
from autograder.inside.session import Session
from autograder.inside.step3 import edges as edges_of


def probe(session: Session) -> Step4:
    """Build the student's class and call it on a small random graph, drawn from the seed."""
    trained: Any = None if session.recorder is None else session.recorder.log.model()
    if type(trained).__module__.startswith("torch_geometric."):
        return Step4(model=_other_model(trained))
    cls = find_class(session.ns)
    if cls is None:
        return Step4(model=_absent(session))
    with (
        random_state(session.seed),
        torch.set_grad_enabled(torch.is_grad_enabled()),
        aside(session),
    ):
        return Step4(model=_observe(session, cls))


def _absent(session: Session) -> Absent:
    for source, error in reversed(session.history.errors):
        if "class" in source and bound_names(source):
            return Absent(name=MODEL_CLASS, error=error)
    return session.absent(MODEL_CLASS)


def find_class(ns: dict[str, Any]) -> Any:
    """The class of that name, or else the one `nn.Module` that the notebook itself defines."""
    if isinstance(ns.get(MODEL_CLASS), type):
        return ns[MODEL_CLASS]
    own = ns.get("__name__", "__main__")
    made = [v for v in ns.values() if isinstance(v, type) and issubclass(v, nn.Module)]
    made = [cls for cls in dict.fromkeys(made) if cls.__module__ == own]
    return made[0] if len(made) == 1 else None


def _observe(session: Session, cls: Any) -> ModelClass | Unfollowed:
    rng = np.random.default_rng(session.seed)
    sizes = [int(n) for n in (rng.integers(23, 30), *(rng.permutation([5, 6, 7, 8, 9])[:3]))]
    with _made(nn.Module) as made:
        built, model = session.call(cls, *sizes)
    own = _own_model(session, cls) if built.error else None
    if own is not None:
        sizes = _sizes_of(own)
        if not sizes:
            return _other_model(own)
        with _made(nn.Module) as made:
            built, model = session.call(copy.deepcopy, own)
    facts: dict[str, Any] = {"sizes": sizes, "is_module": isinstance(model, nn.Module)}
    facts["takes"] = None if own is None else text(str(inspect.signature(cls)))
    facts["nested"] = [name for name in METHODS if name in _inner(cls) - set(names_of(cls))]
    if isinstance(model, nn.Module):
        prepared, _ = session.call(lambda: list(model.eval().modules()))
        built = prepared if prepared.error else built
    if not isinstance(model, nn.Module) or built.error:
        return ModelClass(built=built, methods=[cls.__name__, *names_of(cls)][:60], **facts)
    facts["built"] = Call(text=built.text)
    facts["methods"] = [cls.__name__, *names_of(cls)][:60]
    facts["unregistered"] = [name for name, _ in _hidden(model)][:20]
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    facts["frozen"] = [text(name) for name in frozen][:20]
    facts["lost"] = _lost(model, made)
    layers = [*model.modules(), *(m for _, m in _hidden(model))]
    facts["embeddings"] = [matrix(m.weight) for m in layers if isinstance(m, nn.Embedding)]
    n, out = sizes[0], sizes[3]
    x, z = torch.arange(n), torch.from_numpy(rng.normal(size=(n, out))).float()
    edges = torch.from_numpy(rng.integers(0, n - 2, size=(2, 60)))
    asked = torch.from_numpy(rng.integers(0, n, size=(2, 11)))
    with torch.no_grad():
        encode = find_method(model, "encode") or _like(session, model, (x, edges), 2)
        decode = find_method(model, "decode") or _like(session, model, (z, asked), 1)
    facts |= {"encode_name": encode, "decode_name": decode}
    facts |= _encode(session, model, encode, x, edges, layers)
    facts |= _decode(session, model, decode, z, asked)
    facts |= _forward(session, model, encode, x, edges, asked)
    shapes = {n: list(p.shape) for n, p in model.named_parameters() if not is_lazy(p)}
    facts["parameters"] = shapes
    return ModelClass(**facts)


def _own_model(session: Session, cls: Any) -> nn.Module | None:
    """The last model of this class that the notebook itself has made."""
    notes = [] if session.recorder is None else session.recorder.registry.models
    held = [*(note.ref() for note in notes), *session.ns.values()]
    own = [value for value in held if isinstance(value, nn.Module) and type(value) is cls]
    return own[-1] if own else None


def _sizes_of(model: nn.Module) -> list[int]:
    """The four sizes of a model with one table and convolutions; none of another architecture."""
    tables = [m for m in model.modules() if isinstance(m, nn.Embedding)]
    layers = [m for m in model.modules() if isinstance(m, MessagePassing)]
    widths = [_width(getattr(m, "out_channels", None)) for m in layers]
    if len(tables) != 1 or not layers or widths[0] is None or widths[-1] is None:
        return []
    return [tables[0].num_embeddings, tables[0].embedding_dim, widths[0], widths[-1]]


def _other_model(model: nn.Module) -> Unfollowed:
    return Unfollowed(name="model", kind=text(type(model).__name__), shown=text(repr(model)))


def _like(session: Session, model: nn.Module, given: tuple, dims: int) -> str:
    """The one method of another name that takes this and gives a tensor of so many dimensions."""
    found = []
    for name in methods(model):
        call, value = session.call(getattr(model, name), *given)
        right = isinstance(value, torch.Tensor) and value.is_floating_point()
        if call.error is None and right and value.ndim == dims:
            rows = given[0].size(0) if dims == 2 else given[1].size(1)
            found += [name] if value.size(0) == rows else []
    return found[0] if len(found) == 1 else ""


def _inner(cls: type) -> set[str]:
    """Names of the functions that are defined inside of the methods of a class."""
    codes = [f.__code__ for f in vars(cls).values() if isinstance(f, types.FunctionType)]
    return {c.co_name for code in codes for c in code.co_consts if isinstance(c, types.CodeType)}


def _lost(model: nn.Module, made: list[nn.Module]) -> list[str]:
    """Layers that were made with the model and that it does not hold in any way, in words."""
    kept = {id(m) for root in (model, *(m for _, m in _hidden(model))) for m in root.modules()}
    lost = [m for m in made if id(m) not in kept]
    inside = {id(child) for m in lost for child in m.modules() if child is not m}
    layers = [m for m in lost if isinstance(m, (nn.Embedding, MessagePassing))]
    return [text(type(m).__name__) for m in layers if id(m) not in inside][:20]


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
    x: torch.Tensor,
    edge_index: torch.Tensor,
    layers: list[nn.Module],
) -> dict[str, Any]:
    convolutions = [m for m in layers if isinstance(m, MessagePassing)]
    facts: dict[str, Any] = {"edge_index": pairs(edge_index)}
    calls: list[tuple[nn.Module, tuple]] = []
    if name:
        encode, empty = getattr(model, name), torch.empty(2, 0, dtype=torch.long)
        with torch.no_grad():
            with _recording(convolutions, calls):
                facts["encode"], first = session.call(encode, x, edge_index)
            with _made(nn.Embedding) as made:
                _, second = session.call(encode, x, edge_index)
            facts["encode_without_edges"], _ = session.call(encode, x, empty)
        facts["passed"] = _others([args for _, args in calls], edge_index)
        facts["embeddings_made"] = len(made)
        if isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
            facts["same_twice"] = first.shape == second.shape and torch.allclose(
                first, second, equal_nan=True
            )
            facts["cut_off"] = _cut_off(session, encode, x, edge_index, layers)
    called = [module for module, _ in calls]
    ordered = list(dict.fromkeys([*called, *convolutions]))
    facts["convolutions"] = [_convolution(m) for m in ordered]
    facts["convolution_calls"] = len(called)
    facts["convolutions_called"] = len(dict.fromkeys(called))
    return facts


def _others(calls: list[tuple], edge_index: torch.Tensor) -> Edges | None:
    """The first edges that a layer got which do not hold those that `encode` was given."""
    size = 1 + int(edge_index.max())
    for args in calls:
        for e in args:
            if not isinstance(e, torch.Tensor) or e.dtype != torch.long or e.ndim != 2:
                continue
            if e.size(0) == 2 and e.size(1):
                n = max(size, 1 + int(e.max()))
                if not torch.isin(edge_index[0] * n + edge_index[1], e[0] * n + e[1]).all():
                    return edges_of(e)
    return None


def _cut_off(
    session: Session,
    encode: Any,
    x: torch.Tensor,
    edge_index: torch.Tensor,
    layers: list[nn.Module],
) -> bool | None:
    """Whether an own embedding gets no gradient from what encode gives; None if it cannot tell."""
    weights = [m.weight for m in layers if isinstance(m, nn.Embedding)]
    with torch.enable_grad():
        _, z = session.call(encode, x, edge_index)
        if not weights or not isinstance(z, torch.Tensor) or not z.is_floating_point():
            return None
        if not z.requires_grad:
            return True
        try:
            found = torch.autograd.grad(z.sum(), weights, allow_unused=True)
        except RuntimeError:  # a weight that is frozen
            return True
    return any(gradient is None for gradient in found)


@contextlib.contextmanager
def _made(kind: type[nn.Module]) -> Iterator[list[nn.Module]]:
    """Every module of this kind that is made in the block."""
    made: list[nn.Module] = []
    original = kind.__init__

    def __init__(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append(self)

    kind.__init__ = __init__  # type: ignore[method-assign]
    try:
        yield made
    finally:
        kind.__init__ = original  # type: ignore[method-assign]


def _forward(
    session: Session,
    model: nn.Module,
    encode: str,
    x: torch.Tensor,
    edges: torch.Tensor,
    asked: torch.Tensor,
) -> dict[str, Any]:
    """Which edges `forward(x, edge_index, edge_label_index)`, where there is one, encodes with."""
    if not encode or "forward" not in methods(model):
        return {}
    with torch.no_grad(), recording(session) as log:
        session.call(model.forward, x, edges, asked)
    used = log.passed
    if not isinstance(used, torch.Tensor) or used.ndim != 2 or used.size(0) != 2:
        return {}
    return {"forward_edges": pairs(used)}


@contextlib.contextmanager
def _recording(modules: list[nn.Module], calls: list[tuple[nn.Module, tuple]]) -> Iterator[None]:
    """Each call of one of these modules, with what it was given."""

    def note(module: nn.Module, args: tuple, kwargs: dict) -> None:
        calls.append((module, (*args, *kwargs.values())))

    hooks = [m.register_forward_pre_hook(note, with_kwargs=True) for m in modules]
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
    session: Session, model: nn.Module, name: str, z: torch.Tensor, asked: torch.Tensor
) -> dict[str, Any]:
    facts: dict[str, Any] = {"z": matrix(z), "pairs": pairs(asked)}
    if name:
        with torch.no_grad():
            facts["decode"], scores = session.call(getattr(model, name), z, asked)
        if isinstance(scores, torch.Tensor):
            facts["decode_cut_off"] = _decode_cut_off(session, getattr(model, name), z, asked)
    return facts


def _decode_cut_off(
    session: Session, decode: Any, z: torch.Tensor, asked: torch.Tensor
) -> bool | None:
    """Whether no gradient comes from the scores to the embeddings; None if it cannot tell."""
    live = z.clone().requires_grad_()
    with torch.enable_grad():
        call, scores = session.call(decode, live, asked)
        if not isinstance(scores, torch.Tensor) or not scores.is_floating_point():
            if call.error is None:
                return None
            return "requires grad" in call.error.message  # NumPy refuses what has a gradient
        if not scores.requires_grad:
            return True
        return torch.autograd.grad(scores.sum(), live, allow_unused=True)[0] is None
