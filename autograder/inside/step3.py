"""Step 3, mapping, `Data` and split: indices, tensors and who shares which edge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch_geometric.data import Data

from autograder import truth
from autograder.evidence.arrays import array, ints, text
from autograder.evidence.schema import Absent, Edges, GraphData, Mapping, Part, Split, Step3
from autograder.inside.mapping import Sides, derive, edge_columns, find_mappings, is_raw, sides
from autograder.inside.session import Session, describe, whole

PARTS = ("train_data", "val_data", "test_data")


def probe(session: Session) -> Step3:
    """Look at `id_mapping`, `num_nodes`, `data` and the three parts of the split."""
    used = derive(session.ns, truth.truth(session.data))
    return Step3(mapping=_mapping(session, used), data=_data(session, used), split=_split(session))


def _mapping(session: Session, used: Sides | None) -> Mapping | Absent:
    known = truth.truth(session.data)
    found = find_mappings(session.ns, known, used)
    if not found and session.free_form:
        return _derived(session, known, used)
    if not found:
        return session.absent("id_mapping")
    values = [whole(v) for mapping in found for v in mapping.values()]
    users, artists = sides(found, known)
    if users is None and used and {*used[0].values(), *used[1].values()} <= set(values):
        users, artists = used
    return _evidence(session, known, values, (users, artists), is_raw(found, known), False)


def _derived(session: Session, known: truth.Truth, used: Sides | None) -> Mapping | Absent:
    """There is no dictionary: what the order of the edges says or, without one, their indices."""
    columns = edge_columns(session.ns)
    if columns is None:
        return session.absent("id_mapping")
    return _evidence(session, known, np.unique(columns).tolist(), used or (None, None), False, True)


def _evidence(
    session: Session,
    known: truth.Truth,
    values: list[int | None],
    by_side: tuple[dict | None, dict | None],
    raw: bool,
    derived: bool,
) -> Mapping:
    num_nodes = session.ns.get("num_nodes")
    users, artists = by_side
    return Mapping(
        size=len(values),
        values=ints([-1 if v is None else v for v in values]),
        num_nodes=whole(num_nodes),
        num_nodes_text=describe(num_nodes) if "num_nodes" in session.ns else "",
        user_index=None if users is None else ints(_indices(users, known.user_ids)),
        artist_index=None if artists is None else ints(_indices(artists, known.artist_ids)),
        raw=raw,
        derived=derived,
    )


def _indices(by_id: dict[int, int | None], ids: Iterable[int]) -> np.ndarray:
    found = [by_id.get(int(i)) for i in ids]
    return np.array([-1 if v is None else v for v in found], dtype=np.int64)


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


def _data(session: Session, used: Sides | None) -> GraphData | Absent:
    data = session.ns.get("data")
    if not hasattr(data, "edge_index") and not isinstance(data, Data):
        return session.absent("data", doing="Data(" if session.free_form else "")
    x = getattr(data, "x", None)
    index = x if isinstance(x, torch.Tensor) and x.ndim == 1 and not x.is_floating_point() else None
    try:
        num_nodes = whole(data.num_nodes)  # type: ignore[union-attr]
    except Exception:  # PyG infers it from edge_index, which may be anything
        num_nodes = None
    known = truth.truth(session.data)
    return GraphData(
        kind=type(data).__name__,
        num_nodes=num_nodes,
        x=None if index is None else ints(index),
        x_text=describe(x),
        edge_index=edges(getattr(data, "edge_index", None)),
        keys=_keys(data),
        user_index=None if used is None else ints(_indices(used[0], known.user_ids)),
        artist_index=None if used is None else ints(_indices(used[1], known.artist_ids)),
    )


def _split(session: Session) -> Split | Absent:
    parts = {name: session.ns.get(name) for name in PARTS}
    for name, value in parts.items():
        if value is None or not hasattr(value, "edge_index"):
            return session.absent(name, *PARTS, doing="Split(" if session.free_form else "")
    made = {name.removesuffix("_data"): _part(value) for name, value in parts.items()}
    whole_graph = edges(getattr(session.ns.get("data"), "edge_index", None))
    calls = session.recorder.log.split_calls() if session.recorder is not None else []
    given = _given(session)
    return Split(**made, undirected_edges=_undirected(whole_graph), calls=calls, given=given)


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
        keys=_keys(data),
    )


def _keys(data: Any) -> list[str]:
    keys = data.keys() if callable(getattr(data, "keys", None)) else []
    return [text(key) for key in keys][:40]


def _undirected(graph: Edges | None) -> int | None:
    if graph is None or graph.values is None or len(graph.shape) != 2 or graph.shape[0] != 2:
        return None
    return np.unique(np.sort(graph.values.numpy(), axis=0), axis=1).shape[1]
