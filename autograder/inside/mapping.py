"""Dictionaries that may number the nodes, and the order of the table's rows: plain facts.

Used by the probe of step 3; which index belongs to whom is worked out on the trusted side.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from autograder.evidence.arrays import Array, array, ints, text
from autograder.evidence.schema import Dictionary
from autograder.inside.step2 import label_and_id, plain
from autograder.inside.values import whole

MOST = 400_000  # entries of a dictionary that is looked at
MANY = 12  # dictionaries


def dictionaries(ns: dict[str, Any]) -> list[Dictionary]:
    """`id_mapping`, where there is one; else all that give numbers to names that hold an id."""
    named = ns.get("id_mapping")
    if isinstance(named, dict) and 0 < len(named) <= MOST:
        return [_dictionary("id_mapping", named)]
    held = {k: v for k, v in ns.items() if isinstance(v, dict) and not k.startswith("_")}
    once = {id(v): (k, v) for k, v in held.items() if _numbers(v)}
    return [_dictionary(name, value) for name, value in list(once.values())[:MANY]]


def _numbers(mapping: dict[Hashable, Any]) -> bool:
    """Whether it gives numbers to names that hold an id."""
    return 2 <= len(mapping) <= MOST and all(
        isinstance(value, (int, np.integer, float)) and label_and_id(key)[1] >= 0
        for key, value in mapping.items()
    )


def _dictionary(name: str, mapping: dict[Hashable, Any]) -> Dictionary:
    keys = [label_and_id(key) for key in mapping]
    words = list(dict.fromkeys(word for word, _ in keys))[:8]
    place = {word: number for number, word in enumerate(words)}
    values = [whole(value) for value in mapping.values()]
    first, value = next(iter(mapping.items()))
    return Dictionary(
        name=text(name),
        words=[text(word) for word in words],
        word=array([place.get(word, -1) for word, _ in keys], "int8"),
        ids=ints([number for _, number in keys]),
        values=ints([-1 if v is None else v for v in values]),
        sample=text(f"{plain(first)!r}: {plain(value)!r}"),
    )


def orders(ns: dict[str, Any]) -> list[Array]:
    """[n, 2] user and artist ids in the orders that edges may have: of the table, of the graph."""
    found = []
    df, graph = ns.get("df"), ns.get("G")
    if isinstance(df, pd.DataFrame) and {"userID", "artistID"} <= set(df.columns):
        found.append(df[["userID", "artistID"]].to_numpy())
    if isinstance(graph, nx.Graph) and graph.number_of_edges():
        number = {node: label_and_id(node)[1] for node in graph.nodes}
        ends = (_user_first(graph, u, v) for u, v in graph.edges())
        found.append(np.array([[number[u], number[v]] for u, v in ends]))
    return [rows for rows in map(_whole_rows, found) if rows is not None]


def _user_first(graph: nx.Graph, u: Hashable, v: Hashable) -> tuple[Hashable, Hashable]:
    return (v, u) if graph.nodes[v].get("bipartite") == 0 else (u, v)


def _whole_rows(rows: np.ndarray) -> Array | None:
    try:
        found = array(rows, "int32")
        return found if found.shape[1:] == [2] and (found.numpy() == rows).all() else None
    except (TypeError, ValueError, OverflowError):
        return None
