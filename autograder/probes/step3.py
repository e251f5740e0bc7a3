"""Step 3, mapping, `Data` and split: indices, tensors and who shares which edge."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch_geometric.data import Data

from autograder import reference
from autograder.arrays import array, ints, text
from autograder.evidence import Absent, Edges, GraphData, Mapping, Part, Split, Step3
from autograder.probes.session import Session, describe, whole
from autograder.probes.step2 import label_and_id

PARTS = ("train_data", "val_data", "test_data")


def probe(session: Session) -> Step3:
    """Look at `id_mapping`, `num_nodes`, `data` and the three parts of the split."""
    return Step3(mapping=_mapping(session), data=_data(session), split=_split(session))


def _mapping(session: Session) -> Mapping | Absent:
    known = reference.truth(session.data)
    found = find_mappings(session.ns, known)
    if not found:
        return session.absent("id_mapping")
    num_nodes = session.ns.get("num_nodes")
    values = [whole(v) for mapping in found for v in mapping.values()]
    users, artists = _sides(found, known)
    return Mapping(
        size=len(values),
        values=ints([-1 if v is None else v for v in values]),
        num_nodes=whole(num_nodes),
        num_nodes_text=describe(num_nodes) if "num_nodes" in session.ns else "",
        user_index=None if users is None else ints(users),
        artist_index=None if artists is None else ints(artists),
        raw=_raw(found, known),
    )


def find_mappings(ns: dict[str, Any], known: reference.Truth) -> list[dict[Hashable, Any]]:
    """`id_mapping`, or else two dictionaries whose keys are the users and the artists."""
    if isinstance(ns.get("id_mapping"), dict) and ns["id_mapping"]:
        return [ns["id_mapping"]]
    dicts = [v for k, v in ns.items() if isinstance(v, dict) and not k.startswith("_")]
    sides = []
    for ids in (known.user_ids, known.artist_ids):
        wanted = set(ids.tolist())
        match = [d for d in dicts if len(d) == len(wanted) and set(_by_id(d)) == wanted]
        sides += match[:1]
    return sides if len(sides) == 2 else []


def _by_id(mapping: dict[Hashable, Any]) -> dict[int, int | None]:
    return {label_and_id(key)[1]: whole(value) for key, value in mapping.items()}


def _raw(mappings: list[dict[Hashable, Any]], known: reference.Truth) -> bool:
    """Whether one dictionary is keyed by the ids as they stand in the file."""
    ids = {*known.user_ids.tolist(), *known.artist_ids.tolist()}
    plain_keys = len(mappings) == 1 and all(isinstance(key, Number) for key in mappings[0])
    return plain_keys and {whole(key) for key in mappings[0]} <= ids


def _sides(
    mappings: list[dict[Hashable, Any]], known: reference.Truth
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Index of every user and every artist, or None where the keys do not tell them apart."""
    groups = mappings
    if len(mappings) == 1:
        grouped: dict[str, dict[Hashable, Any]] = {}
        for key, value in mappings[0].items():
            grouped.setdefault(label_and_id(key)[0], {})[key] = value
        groups = list(grouped.values())
    if _raw(mappings, known):  # a shared id has one index for both
        groups = [mappings[0], mappings[0]]
    if len(groups) != 2:
        return None, None
    users, artists = (_by_id(group) for group in groups)
    if set(artists) == set(known.user_ids.tolist()) != set(users):
        users, artists = artists, users
    return _indices(users, known.user_ids), _indices(artists, known.artist_ids)


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


def _data(session: Session) -> GraphData | Absent:
    data = session.ns.get("data")
    if not hasattr(data, "edge_index") and not isinstance(data, Data):
        return session.absent("data")
    x = getattr(data, "x", None)
    index = x if isinstance(x, torch.Tensor) and x.ndim == 1 and not x.is_floating_point() else None
    try:
        num_nodes = whole(data.num_nodes)  # type: ignore[union-attr]
    except Exception:  # PyG infers it from edge_index, which may be anything
        num_nodes = None
    return GraphData(
        kind=type(data).__name__,
        num_nodes=num_nodes,
        x=None if index is None else ints(index),
        x_text=describe(x),
        edge_index=edges(getattr(data, "edge_index", None)),
        keys=_keys(data),
    )


def _split(session: Session) -> Split | Absent:
    parts = {name: session.ns.get(name) for name in PARTS}
    for name, value in parts.items():
        if value is None or not hasattr(value, "edge_index"):
            return session.absent(name, *PARTS)
    made = {name.removesuffix("_data"): _part(value) for name, value in parts.items()}
    whole_graph = edges(getattr(session.ns.get("data"), "edge_index", None))
    return Split(**made, undirected_edges=_undirected(whole_graph))


def _part(data: Any) -> Part:
    return Part(
        edge_index=edges(getattr(data, "edge_index", None)),
        positives=edges(getattr(data, "pos_edge_label_index", None)),
        negatives=edges(getattr(data, "neg_edge_label_index", None)),
        keys=_keys(data),
    )


def _keys(data: Any) -> list[str]:
    keys = data.keys() if callable(getattr(data, "keys", None)) else []
    return [text(key) for key in keys][:40]


def _undirected(graph: Edges | None) -> int | None:
    if graph is None or graph.values is None or len(graph.shape) != 2 or graph.shape[0] != 2:
        return None
    return np.unique(np.sort(graph.values.numpy(), axis=0), axis=1).shape[1]
