"""Step 2, the bipartite graph: its nodes, sides and edges."""

from __future__ import annotations

import re
from numbers import Number
from typing import Any

import networkx as nx
import numpy as np

from autograder.evidence import Graph, Step2, array, text
from autograder.probes.session import Session


def probe(session: Session) -> Step2:
    """Look at `G`; before any edge is added only its nodes are there to see."""
    graph = session.ns.get("G")
    if not isinstance(graph, nx.Graph):
        absent = session.absent("G")
        return Step2(nodes=absent, edges=absent)
    if graph.number_of_nodes() == 0:
        return Step2(nodes=session.absent("G"), edges=session.absent("G"))
    edges = graph.number_of_edges() > 0
    return Step2(
        nodes=observe(graph, edges=False),
        edges=observe(graph, edges=True) if edges else session.absent("edges of G"),
    )


def observe(graph: nx.Graph, edges: bool) -> Graph:
    """A graph as evidence, nodes numbered in the graph's own order."""
    nodes = list(graph.nodes)
    position = {node: i for i, node in enumerate(nodes)}
    pairs = np.array([[position[u], position[v]] for u, v in graph.edges()], dtype=np.int64)
    return Graph(
        kind=type(graph).__name__,
        directed=graph.is_directed(),
        multigraph=graph.is_multigraph(),
        sides=array([_side(graph.nodes[node]) for node in nodes], "int8"),
        ids=array([id_of(node) for node in nodes], "int64"),
        plain=sum(isinstance(node, Number) for node in nodes),
        edges=array(pairs.reshape(-1, 2).T, "int64") if edges else None,
        sample=[text(repr(node)) for node in nodes[:2] + nodes[-2:]],
    )


def _side(attributes: dict[str, Any]) -> int:
    side = attributes.get("bipartite")
    return int(side) if isinstance(side, (int, np.integer)) and side in (0, 1) else -1


def id_of(node: object) -> int:
    """The last whole number in a node's name (`("user", 2)`, `"u2"`, `2`, `2.0`), or -1."""
    if isinstance(node, tuple) and node:
        node = node[-1]
    found = re.findall(r"\d+", re.sub(r"\.0$", "", str(node)))
    return int(found[-1]) if found and len(found[-1]) < 18 else -1
