"""Which index every user and every artist has: from a dictionary, or from the order of the edges.

Used by the probe of step 3. `Sides` are the two dictionaries from raw id to index.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import torch

from autograder.inside.session import whole
from autograder.inside.step2 import label_and_id
from autograder.truth import Truth

Mappings = list[dict[Hashable, Any]]
Sides = tuple[dict[int, int | None], dict[int, int | None]]


def find_mappings(ns: dict[str, Any], known: Truth, used: Sides | None) -> Mappings:
    """`id_mapping`, or else what serves as it: one dictionary, or one for each side.

    `used` is what the edges say; where that is known, only what agrees with it will do.
    """
    named = ns.get("id_mapping")
    if isinstance(named, dict) and named:
        return [named]
    dicts = [v for k, v in ns.items() if isinstance(v, dict) and v and not k.startswith("_")]
    dicts = [d for d in {id(d): d for d in dicts}.values() if _is_numbering(d, known)]
    for choice in _choices(dicts, known):
        found = sides(choice, known)
        if None not in found and (not used or all(map(_agree, found, used))):
            return choice
    single = [[d] for d in dicts if len(d) > max(known.n_users, known.n_artists)]
    return single[0] if len(single) == 1 and not used else []


def _is_numbering(mapping: dict[Hashable, Any], known: Truth) -> bool:
    """Whether it gives whole numbers to names that hold an id."""
    if not 2 <= len(mapping) <= 4 * known.num_nodes:
        return False
    return all(
        isinstance(value, (int, np.integer, float)) and label_and_id(key)[1] >= 0
        for key, value in mapping.items()
    )


def _choices(dicts: Mappings, known: Truth) -> Iterator[Mappings]:
    """One dictionary with both sides; then two, those that hold all of a side first."""
    users, artists = set(known.user_ids.tolist()), set(known.artist_ids.tolist())
    ids = [{label_and_id(key)[1] for key in d} for d in dicts]
    for d, found in zip(dicts, ids, strict=True):
        if len({label_and_id(key)[0] for key in d}) == 2 or found - users and found - artists:
            yield [d]
    by_size = sorted(range(len(dicts)), key=lambda i: -len(dicts[i]))
    left = sorted((i for i in by_size if ids[i] <= users), key=lambda i: ids[i] != users)
    right = sorted((i for i in by_size if ids[i] <= artists), key=lambda i: ids[i] != artists)
    yield from ([dicts[i], dicts[j]] for i in left for j in right if i != j)


def _agree(mine: dict | None, used: dict[int, int | None]) -> bool:
    return mine is not None and all(used.get(key, value) == value for key, value in mine.items())


def by_id(mapping: dict[Hashable, Any]) -> dict[int, int | None]:
    """The same with the ids alone as keys."""
    return {label_and_id(key)[1]: whole(value) for key, value in mapping.items()}


def is_raw(mappings: Mappings, known: Truth) -> bool:
    """Whether one dictionary is keyed by the ids as they stand in the file, whatever the words
    around them, if these are the same for users and artists."""
    if len(mappings) != 1:
        return False
    labels = {label_and_id(key)[0] for key in mappings[0]}
    same_for_both = len(labels) == 1 and len(mappings[0]) > max(known.n_users, known.n_artists)
    if labels != {""} and not same_for_both:
        return False
    return set(by_id(mappings[0])) <= {*known.user_ids.tolist(), *known.artist_ids.tolist()}


def sides(mappings: Mappings, known: Truth) -> tuple[dict | None, dict | None]:
    """Users' and artists' indices by id, or None where the keys do not tell them apart."""
    groups = mappings
    if is_raw(mappings, known):  # a shared id has one index for both
        groups = [mappings[0], mappings[0]]
    elif len(mappings) == 1:
        grouped: dict[str, dict[Hashable, Any]] = {}
        for key, value in mappings[0].items():
            grouped.setdefault(label_and_id(key)[0], {})[key] = value
        groups = list(grouped.values())
    if len(groups) != 2:
        return None, None
    users, artists = (by_id(group) for group in groups)
    if set(artists) == set(known.user_ids.tolist()) != set(users):
        users, artists = artists, users
    return users, artists


def derive(ns: dict[str, Any], known: Truth) -> Sides | None:
    """Index of each id as the columns of `data.edge_index` beside the rows of a table say.

    None where no order of the rows makes that a function on both sides.
    """
    columns = edge_columns(ns)
    if columns is None:
        return None
    for rows in _orders(ns, known):
        for chosen in (columns[:, : len(rows)], columns[:, ::2][:, : len(rows)]):
            for ends in (chosen, chosen[::-1]):
                found = [_function(rows[:, i], ends[i]) for i in (0, 1)]
                if ends.shape[1] == len(rows) and found[0] is not None and found[1] is not None:
                    return found[0], found[1]
    return None


def edge_columns(ns: dict[str, Any]) -> np.ndarray | None:
    """[2, E] of `data.edge_index`, also where that lies the other way round."""
    edges = getattr(ns.get("data"), "edge_index", None)
    if not isinstance(edges, (torch.Tensor, np.ndarray)) or edges.ndim != 2:
        return None
    found = np.asarray(edges)
    if found.shape[0] != 2 and found.shape[1] == 2:
        found = found.T
    if found.shape[0] not in (2, 4) or not found.size or (found != found.astype(np.int64)).any():
        return None
    return found[:2].astype(np.int64)


def _orders(ns: dict[str, Any], known: Truth) -> Iterator[np.ndarray]:
    """[n, 2] user and artist ids in the orders that edges may have: file, table, graph."""
    yield known.rows[:, :2]
    df, graph = ns.get("df"), ns.get("G")
    if isinstance(df, pd.DataFrame) and {"userID", "artistID"} <= set(df.columns):
        try:
            rows = df[["userID", "artistID"]].to_numpy().astype(np.int64)
        except (TypeError, ValueError):
            rows = np.zeros((0, 2), dtype=np.int64)
        if len(rows) and _ids(rows, known):
            yield rows
    if isinstance(graph, nx.Graph) and graph.number_of_edges():
        ends = [_user_first(graph, u, v) for u, v in graph.edges()]
        rows = np.array([[label_and_id(node)[1] for node in pair] for pair in ends])
        if _ids(rows, known):
            yield rows


def _user_first(graph: nx.Graph, u: Hashable, v: Hashable) -> tuple[Hashable, Hashable]:
    return (v, u) if graph.nodes[v].get("bipartite") == 0 else (u, v)


def _ids(rows: np.ndarray, known: Truth) -> bool:
    sides = (known.user_ids, known.artist_ids)
    return all(np.isin(rows[:, i], ids).all() for i, ids in enumerate(sides))


def _function(ids: np.ndarray, index: np.ndarray) -> dict[int, int | None] | None:
    """Id to index, or None where one id has several."""
    if len(ids) != len(index):
        return None
    found = np.unique(np.stack([ids, index]), axis=1)
    return dict(found.T.tolist()) if len(np.unique(found[0])) == found.shape[1] else None
