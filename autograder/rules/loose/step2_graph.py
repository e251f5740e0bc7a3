"""Misconceptions of step 2: the graph has other nodes or edges than the table.

`autograder.rules.causes` runs them over the evidence of `G`.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Graph
from autograder.rules.cause import Case, cause
from autograder.rules.graphs import keys, pairs, two_sides
from autograder.rules.numbering import own_rows
from autograder.truth import Truth


def _graph(case: Case) -> Graph | None:
    """G with its edges or, where it has none yet, with its nodes alone."""
    step = case.evidence.step2
    if step is None:
        return None
    found = [part for part in (step.edges, step.nodes) if isinstance(part, Graph)]
    return found[0] if found else None


def _ends(graph: Graph) -> np.ndarray:
    """[2, E] positions."""
    return graph.edges.numpy() if graph.edges else np.zeros((2, 0), dtype=np.int64)


def _raw(graph: Graph, truth: Truth) -> bool:
    """Whether the names of the nodes are the ids as they stand in the file."""
    ids = np.union1d(truth.user_ids, truth.artist_ids)
    return graph.bare == len(graph.ids.numpy()) and bool(np.isin(graph.ids.numpy(), ids).all())


def _merged(graph: Graph, truth: Truth) -> int:
    """Nodes that stand for a user and for an artist at once."""
    names = graph.ids.numpy()
    ends = _ends(graph)
    if not _raw(graph, truth) or len(np.unique(names)) < len(names):
        return 0
    if not ends.size:
        return truth.shared if len(names) == truth.distinct_ids else 0
    rows = keys(truth.rows[:, :2].T, 10**9)
    forward, back = (np.isin(keys(names[e], 10**9), rows) for e in (ends, ends[::-1]))
    as_user = np.r_[names[ends[0][forward]], names[ends[1][back]]]
    as_artist = np.r_[names[ends[1][forward]], names[ends[0][back]]]
    return len(np.intersect1d(as_user, as_artist))


@cause(
    "graph.id-collision",
    title="Users and artists with the same id share a node",
    why="Many ids are both a user's and an artist's. NetworkX knows a node only by its name, so "
    "user 51 and artist 51 become one node: nodes and edges melt together, some edges become "
    "self-loops, and the graph is no longer bipartite.",
    question="Which node of your graph is user 51, and which one is artist 51?",
    hints=(
        "Compare `G.number_of_nodes()` with the number of users plus the number of artists.",
        "Try it on the toy graph: users 1, 2, 3 and artists 1, 2, 3, 4. How many nodes do you get?",
        "Give a node a name that says its side as well as its id, the same in nodes and edges.",
    ),
    at=("add_node", "add_nodes_from", "add_edge", "add_edges_from", "G"),
    hides=("graph.attribute-overwritten",),
)
def id_collision(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or graph.bare < len(graph.ids.numpy()):
        return None
    found, ends = len(graph.ids.numpy()), _ends(graph)
    merged = _merged(graph, case.truth)
    short = found < case.truth.num_nodes
    if not merged and not (short and ends.size and two_sides(ends, found) is None):
        return None
    loops = int((ends[0] == ends[1]).sum())
    shared = f"{merged:,} of them are a user and an artist at once, " if merged else ""
    return (
        f"{found:,} nodes for {case.truth.n_users:,} users and {case.truth.n_artists:,} artists "
        f"({case.truth.num_nodes:,}): {shared}{ends.shape[1]:,} edges for "
        f"{case.truth.n_edges:,} rows, {loops:,} of them self-loops"
    )


def _lost_before(case: Case) -> int:
    """Users and artists who are not in the table that step 1 left."""
    rows = own_rows(case)
    return case.truth.num_nodes - sum(len(np.unique(rows[:, i])) for i in (0, 1))


def _interrupted(case: Case, *words: str) -> bool:
    """Whether the graph is unfinished because a line that builds it raised."""
    return any(word in error.source for error in case.evidence.errors for word in words)


def _bipartite(graph: Graph) -> bool:
    ends = _ends(graph)
    return bool(ends.size) and two_sides(ends, len(graph.ids.numpy())) is not None


@cause(
    "graph.attribute-overwritten",
    title="The attribute `bipartite` is on the wrong side for some nodes",
    why="Setting an attribute again replaces the first value without a word. The graph's edges "
    "are as they should be, but whoever asks for the users by their attribute gets others as well.",
    question="How many nodes have `bipartite` 0, and how many users are there?",
    hints=(
        "Count the nodes with `bipartite` 0 and those with 1.",
        "Look for the second place that sets the attribute. Which nodes does it reach?",
        "Let the side follow from what the node is, not from its id or position.",
    ),
    at=("bipartite", "add_node", "add_nodes_from", "set_node_attributes", "G"),
)
def attribute_overwritten(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or not _bipartite(graph):
        return None
    sides, ends = graph.sides.numpy(), _ends(graph)
    if sides.min() < 0 or len(np.unique(sides)) < 2:
        return None
    within = int((sides[ends[0]] == sides[ends[1]]).sum())
    if not within:
        return None
    zeros, ones = (int((sides == side).sum()) for side in (0, 1))
    return (
        f"{zeros:,} nodes have `bipartite` 0 and {ones:,} have 1, for {case.truth.n_users:,} users "
        f"and {case.truth.n_artists:,} artists: {within:,} edges join two nodes of one value"
    )


@cause(
    "graph.attribute-missing",
    title="Users and artists cannot be told apart by `bipartite`",
    why="The attribute is how NetworkX, and whoever reads your graph, finds the two sides. A node "
    "that `add_edge` makes by itself has no attribute, and one value for all says nothing.",
    question="What does `G.nodes(data=True)` show for one user and for one artist?",
    hints=(
        "Print two nodes with their attributes: one user, one artist.",
        "Count the nodes for each value of `bipartite`, those without it too.",
        "Add the nodes themselves before the edges, users with one value, artists with the other.",
    ),
    at=("add_node", "add_nodes_from", "bipartite", "add_edge", "add_edges_from", "G"),
)
def attribute_missing(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or _mismatched(graph) or _interrupted(case, "add_node", "bipartite"):
        return None
    sides = graph.sides.numpy()
    without, total = int((sides < 0).sum()), len(sides)
    if without == _lost_before(case):
        without = 0
    if without:
        return f"{without:,} of {total:,} nodes have no `bipartite` of 0 or 1"
    values = np.unique(sides)
    return f"all {total:,} nodes have `bipartite` {values[0]}" if len(values) == 1 else None


@cause(
    "graph.directed",
    title="The graph is directed, or can hold parallel edges",
    why="Who listens to whom has no direction here. A directed graph gives only one neighbour of "
    "each edge, and several NetworkX functions refuse directed graphs and multigraphs.",
    question="What is `type(G)`? Is an artist a neighbour of its listeners in it?",
    hints=(
        "Ask `G.is_directed()` and `G.is_multigraph()`.",
        "Ask for the neighbours of one artist.",
        "NetworkX has four classes of graphs. Take the plain one.",
    ),
    at=("DiGraph", "MultiGraph", "MultiDiGraph", "G"),
    references=("NetworkXNotImplemented: not implemented for directed type",),
)
def directed(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or not (graph.directed or graph.multigraph):
        return None
    return f"`G` is a {graph.kind}: directed {graph.directed}, parallel edges {graph.multigraph}"


@cause(
    "graph.edges-missing",
    title="Not every row of the table became an edge",
    why="Each row is one user-artist pair. Where `add_edge` stands after the loop, or the loop "
    "runs over a part of the table, the graph looks fine and holds only some of what the data "
    "says.",
    question="How many rows has the table, and how many edges has `G`?",
    hints=(
        "Compare `len(df)` with `G.number_of_edges()`.",
        "How often does the line with `add_edge` run? Look at its indentation, and at its table.",
        "Let every single row of the whole table add one edge.",
    ),
    at=("add_edge", "add_edges_from", "head", "G"),
    hides=("graph.attribute-missing",),
)
def edges_missing(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or graph.edges is None or not graph.edges.shape[1]:
        return None
    if _interrupted(case, "add_edge"):
        return None
    found, due = graph.edges.shape[1], case.truth.n_edges
    merged = len(pairs(case.truth.rows[:, :2].T, 10**9))  # what raw ids leave of the rows
    if _raw(graph, case.truth) or (_mismatched(graph) and found == merged):
        due = due if graph.directed or graph.multigraph else merged
    elif id_collision.found(case):
        return None
    if found >= due or found == len(own_rows(case)):
        return None
    return f"{found:,} edges for {case.truth.n_edges:,} rows: {due - found:,} are missing"


def _mismatched(graph: Graph) -> bool:
    """Whether some nodes have the attribute but no edge, others edges but no attribute."""
    ends = _ends(graph)
    if not ends.size:
        return False
    degree = np.bincount(ends.ravel(), minlength=len(graph.ids.numpy()))
    known = graph.sides.numpy() >= 0
    return bool((known & (degree == 0)).any() and (~known & (degree > 0)).any())


@cause(
    "graph.endpoints-mismatch",
    title="Edges end at other names than the nodes have",
    why="`add_edge` makes a new node for every name that it does not know. So the nodes that you "
    "added stay alone, and the edges join others, which have no attribute.",
    question="What is the name of user 2 in `add_node`, and what in `add_edge`?",
    hints=(
        "Compare `G.number_of_nodes()` with users plus artists: where do the others come from?",
        "Print a node without neighbours, and one end of an edge, with their quotes.",
        "Make a node's name in one place, and use it for nodes and for edges.",
    ),
    at=("add_edge", "add_edges_from", "add_node", "add_nodes_from", "G"),
    hides=("graph.attribute-missing",),
)
def endpoints_mismatch(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or graph.twins or not _mismatched(graph):
        return None
    found = len(graph.ids.numpy())
    degree = np.bincount(_ends(graph).ravel(), minlength=found)
    new = int(((graph.sides.numpy() < 0) & (degree > 0)).sum())
    return (
        f"{found:,} nodes for {case.truth.num_nodes:,} users and artists: {new:,} have edges but "
        f"no "
        f"attribute, {int((degree == 0).sum()):,} have no edge; such as {', '.join(graph.sample)}"
    )


@cause(
    "graph.float-nodes",
    title="The same id is two nodes: once as a number, once as a float or as text",
    why="To NetworkX 2 and '2' are different nodes, and so are 'u2' and 'u2.0'. A row of a mixed "
    "table, as `iterrows` gives it, turns whole numbers into floats, and a line of text gives "
    "strings.",
    question="What is `type(...)` of the id when you add the node, and what when you add the edge?",
    hints=(
        "Compare `G.number_of_nodes()` with users plus artists.",
        "Print a node without neighbours and one end of an edge with `repr`.",
        "Make sure that ids are whole numbers in both places, before they become part of a name.",
    ),
    at=("iterrows", "add_edge", "add_edges_from", "G"),
    hides=("graph.endpoints-mismatch", "graph.attribute-missing"),
)
def float_nodes(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or not graph.twins:
        return None
    floats = f", {graph.decimal:,} names hold a decimal number" if graph.decimal else ""
    return (
        f"{len(graph.ids.numpy()):,} nodes for {case.truth.num_nodes:,} users and artists: "
        f"{graph.twins:,} are there twice in two spellings{floats}; such as "
        f"{', '.join(graph.sample)}"
    )
