"""Step 2, the bipartite graph: its nodes, sides and edges."""

from __future__ import annotations

import re
from numbers import Number
from typing import Any

import networkx as nx
import numpy as np
from msgspec.structs import replace

from autograder.evidence.arrays import array, ints, pairs, text
from autograder.evidence.schema import CellError, Graph, Step2
from autograder.inside.session import Session


def probe(session: Session) -> Step2:
    """Look at `G`; before any edge is added only its nodes are there to see."""
    graph = session.ns.get("G")
    if not isinstance(graph, nx.Graph):
        absent = session.absent("G", like=nx.Graph)
        return Step2(nodes=absent, edges=absent)
    if graph.number_of_nodes() == 0:
        return Step2(nodes=session.absent("G"), edges=session.absent("G"))
    whole = observe(graph, stale=session.history.stale("G"))
    return Step2(
        nodes=replace(whole, edges=None),
        edges=whole if graph.number_of_edges() else session.absent("edges of G", doing="add_edge"),
    )


def observe(graph: nx.Graph, stale: CellError | None = None) -> Graph:
    """A graph as evidence, nodes numbered in the graph's own order."""
    nodes, twins = list(graph.nodes), _twins(graph)
    position = {node: i for i, node in enumerate(nodes)}
    labels = [label_and_id(node)[0] for node in nodes]
    ends = np.array([[position[u], position[v]] for u, v in graph.edges()], dtype=np.int64)
    return Graph(
        kind=type(graph).__name__,
        directed=graph.is_directed(),
        multigraph=graph.is_multigraph(),
        sides=array([_side(graph.nodes[node]) for node in nodes], "int8"),
        ids=ints([label_and_id(node)[1] for node in nodes]),
        plain=sum(isinstance(node, Number) for node in nodes),
        edges=pairs(ends.reshape(-1, 2).T),
        decimal=sum(bool(re.search(r"\d\.\d", _name(node))) for node in nodes),
        bare=len(nodes) if len(set(labels)) == 1 else labels.count(""),
        twins=len(twins),
        alone=text(f"{plain(twins[0][0])!r} and {plain(twins[0][1])!r}") if twins else "",
        odd_side=_odd_side(graph),
        stale=stale,
        sample=[text(repr(plain(node))) for node in nodes[:2] + nodes[-2:]],
    )


def _name(node: object) -> str:
    return repr(plain(node)) if isinstance(node, tuple) else str(plain(node))


def _twins(graph: nx.Graph) -> list[tuple[object, object]]:
    """Nodes without an edge, each with the one that has some under the same name, spelled
    otherwise: `2` and `"2"`, `u2` and `u2.0`."""
    spelled = {node: re.sub(r"(\d)\.0+\b|['\"]", r"\1", _name(node)) for node in graph.nodes}
    joined = {name: node for node, name in spelled.items() if graph.degree[node]}
    return [
        (node, joined[name])
        for node, name in spelled.items()
        if name in joined and not graph.degree[node]
    ]


def _odd_side(graph: nx.Graph) -> str:
    """The first `bipartite` that is there and neither 0 nor 1."""
    sides = (attributes for _, attributes in graph.nodes(data=True) if "bipartite" in attributes)
    odd = (repr(plain(found["bipartite"])) for found in sides if _side(found) < 0)
    return text(next(odd, ""))


def _side(attributes: dict[str, Any]) -> int:
    side = attributes.get("bipartite")
    return int(side) if isinstance(side, (int, np.integer)) and side in (0, 1) else -1


def plain(node: object) -> object:
    """A node's name without NumPy's number types: 2, not np.int64(2)."""
    if isinstance(node, tuple):
        return tuple(plain(part) for part in node)
    return node.item() if isinstance(node, np.generic) else node


def with_pairs(graph: Any) -> Any:
    """A graph with nodes named `("user", id)` and `("artist", id)`, as step 3 says they are.

    It is the same object where they are so, where the names do not tell the ids, or for no graph.
    """
    if not isinstance(graph, nx.Graph):
        return graph
    sides = ("user", "artist")
    names = {node: (_side(graph.nodes[node]), label_and_id(node)[1]) for node in graph.nodes}
    if any(side < 0 or number < 0 for side, number in names.values()):
        return graph
    renamed = {node: (sides[side], number) for node, (side, number) in names.items()}
    if len(set(renamed.values())) < len(renamed) or all(n == pair for n, pair in renamed.items()):
        return graph
    return nx.relabel_nodes(graph, renamed)


def label_and_id(node: object) -> tuple[str, int]:
    """What a node's name says of its side, and its id: `("user", 2)`, `"u2"`, `2`, `"2_user"`.

    The id is the last whole number in the name, -1 where there is none.
    """
    name = repr(plain(node)) if isinstance(node, tuple) else str(plain(node))
    if isinstance(node, float) and node.is_integer():
        name = str(int(node))
    found = list(re.finditer(r"\d+", name))
    if not found or len(found[-1].group()) >= 18:
        return name, -1
    last = found[-1]
    return name[: last.start()] + name[last.end() :], int(last.group())
