"""Step 3, mapping, `Data` and split: dictionaries, tensors, and what each part holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch_geometric.data import Data, HeteroData

from autograder.evidence.arrays import Array, array, ints, text
from autograder.evidence.schema import (
    Absent,
    Edges,
    GraphData,
    Mapping,
    Part,
    Split,
    Step3,
    Unfollowed,
)
from autograder.inside.mapping import dictionaries, orders
from autograder.inside.session import Session
from autograder.inside.step1 import id_counts
from autograder.inside.values import describe, whole

PARTS = ("train_data", "val_data", "test_data")


def probe(session: Session) -> Step3:
    """Look at `id_mapping`, `num_nodes`, `data` and the three parts of the split."""
    return Step3(mapping=_mapping(session), data=_data(session), split=_split(session))


def _mapping(session: Session) -> Mapping | Unfollowed | Absent:
    if (other := _unfollowed(session, "data")) is not None:
        return other  # each type of nodes has numbers of its own
    found = dictionaries(session.ns)
    tensors = any(hasattr(session.ns.get(name), "edge_index") for name in ("data", *PARTS))
    if not found and not (session.free_form and tensors):
        return session.absent("id_mapping", like=dict)
    num_nodes = session.ns.get("num_nodes")
    return Mapping(
        dictionaries=found,
        num_nodes=whole(num_nodes),
        num_nodes_text=describe(num_nodes) if "num_nodes" in session.ns else "",
        free_form=session.free_form,
        counted=id_counts(session) if session.free_form else [],
        stale=session.history.stale("id_mapping", "num_nodes"),
    )


def _unfollowed(session: Session, *names: str) -> Unfollowed | None:
    """A heterogeneous graph, under one of the names or, in free form, under any."""
    held = [(name, session.ns.get(name)) for name in names]
    held += list(session.ns.items()) if session.free_form else []
    for name, value in held:
        if isinstance(value, HeteroData):
            return Unfollowed(name=text(name), kind=type(value).__name__, shown=text(value))
    return None


def edges(value: object) -> Edges | None:
    """A tensor of edges as evidence, whatever it turns out to be."""
    if value is None:
        return None
    shape = [int(s) for s in getattr(value, "shape", [])][:8]
    values = None
    if isinstance(value, (torch.Tensor, np.ndarray)) and value.ndim <= 2:
        tensor = torch.as_tensor(value)
        if not tensor.is_complex() and (tensor == tensor.long()).all():
            values = array(tensor.long(), "int64")
    kind = type(value).__name__
    return Edges(type=kind, dtype=str(getattr(value, "dtype", "")), shape=shape, values=values)


def _data(session: Session) -> GraphData | Unfollowed | Absent:
    data = session.ns.get("data")
    if not hasattr(data, "edge_index") and not isinstance(data, Data):
        other = _unfollowed(session, "data")
        return other or session.absent("data", doing="Data(", like=Data)
    x = getattr(data, "x", None)
    try:
        num_nodes = whole(data.num_nodes)  # type: ignore[union-attr]
    except Exception:  # PyG infers it from edge_index, which may be anything
        num_nodes = None
    return GraphData(
        kind=type(data).__name__,
        num_nodes=num_nodes,
        x=_indices(x),
        x_text=describe(x),
        edge_index=edges(getattr(data, "edge_index", None)),
        keys=_keys(data),
        orders=orders(session.ns),
        stale=session.history.stale("data"),
    )


def _indices(x: object) -> Any:
    index = x if isinstance(x, torch.Tensor) and x.ndim == 1 and not x.is_floating_point() else None
    return None if index is None else ints(index)


def _split(session: Session) -> Split | Unfollowed | Absent:
    parts = {name: session.ns.get(name) for name in PARTS}
    for name, value in parts.items():
        if value is None or not hasattr(value, "edge_index"):
            other = _unfollowed(session, *PARTS)
            return other or session.absent(name, *PARTS, doing="Split(")
    made = {name.removesuffix("_data"): _part(value) for name, value in parts.items()}
    calls = session.recorder.log.split_calls() if session.recorder is not None else []
    return Split(
        **made,
        calls=calls,
        given=_given(session),
        stale=session.history.stale(*PARTS),
    )


def _given(session: Session) -> Edges | None:
    """What was split in the notebook's cells last, if that is not `data` itself."""
    if session.recorder is None or not session.recorder.log.parts:
        return None
    given = getattr(session.recorder.log.parts[-1][0], "edge_index", None)
    own = getattr(session.ns.get("data"), "edge_index", None)
    same = isinstance(own, torch.Tensor) and isinstance(given, torch.Tensor) and own.equal(given)
    return None if same else edges(given)


def _part(data: Any) -> Part:
    return Part(
        edge_index=edges(getattr(data, "edge_index", None)),
        positives=edges(getattr(data, "pos_edge_label_index", None)),
        negatives=edges(getattr(data, "neg_edge_label_index", None)),
        labels=edges(getattr(data, "edge_label_index", None)),
        label=_label(getattr(data, "edge_label", None)),
        x=_indices(getattr(data, "x", None)),
        keys=_keys(data),
    )


def _label(value: object) -> Array | None:
    """The labels of `edge_label_index`, where they are 0 and 1."""
    if (
        not isinstance(value, torch.Tensor)
        or value.ndim != 1
        or not ((value == 0) | (value == 1)).all()
    ):
        return None
    return array(value, "int8")


def _keys(data: Any) -> list[str]:
    keys = (
        data.keys()
        if callable(getattr(data, "keys", None))
        else list(getattr(data, "__dict__", {}))
    )
    return [text(key) for key in keys][:40]
