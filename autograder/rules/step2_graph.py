"""Step 2: one node for every user and every artist, and edges only between the two sides.

What can make a check fail stands beside it, the most fundamental cause first.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.evidence.schema import Absent, Graph
from autograder.rules import check
from autograder.rules.cause import Case, cause, fact
from autograder.rules.graphs import among, distinct, keys, pairs, same_structure, two_sides
from autograder.rules.numbering import own_rows, rows_proven
from autograder.rules.outcome import Message
from autograder.rules.step1 import TABLE, lost_later
from autograder.rules.teaching import (
    NotAttempted,
    count,
    expect,
    need,
    not_judged,
    present,
    raised,
)
from autograder.truth import Truth

SIDES = ("user", "artist")
OTHER_SIDE = "users from `df['userID']`, artists from `df['artistID']`."
ADD_NODES = (
    "Add a node for each user and each artist, with `G.add_node(name, bipartite=...)`, and run the "
    "cell. If it has loops already: do they run over the columns of `df`, and does "
    "`G = nx.Graph()` stand above them?"
)
ADD_EDGES = (
    "Write the cell that adds the edges, and run it. Run it again whenever you have run the cell "
    "that makes `G`: that one begins with an empty graph."
)


# What is known of the graph


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


def _mismatched(graph: Graph) -> bool:
    """Whether some nodes have the attribute but no edge, others edges but no attribute."""
    ends = _ends(graph)
    if not ends.size:
        return False
    degree = np.bincount(ends.ravel(), minlength=len(graph.ids.numpy()))
    known = graph.sides.numpy() >= 0
    return bool((known & (degree == 0)).any() and (~known & (degree > 0)).any())


@fact
def _is_the_files(case: Case) -> bool:
    """Whether the edges make up the file's graph, whatever the nodes are called."""
    graph = _graph(case)
    if graph is None or len(graph.ids.numpy()) != case.truth.num_nodes:
        return False
    return same_structure(_ends(graph), case.truth) is not None


def foreign_names(case: Case, graph: Graph) -> str:
    """A node whose number is no id of its side, where all are on a side and the numbers are others
    than the file's; one number may be added to all. Empty where the edges prove the graph right."""
    ids, sides = graph.ids.numpy(), graph.sides.numpy()
    for side, known in enumerate((case.truth.user_ids, case.truth.artist_ids)):
        mine = np.sort(ids[sides == side])
        if len(mine) != len(known) or mine[0] < 0:
            continue
        if not np.array_equal(mine - mine[0], known - known[0]) and not _is_the_files(case):
            odd = np.setdiff1d(mine, known)
            return f"{odd[0]} is no {SIDES[side]}'s id" if len(odd) else f"a {SIDES[side]} twice"
    return ""


def joins_all(graph: Graph, truth: Truth) -> bool:
    """Whether every user is joined with every artist, which the table does not say."""
    return _ends(graph).shape[1] == truth.n_users * truth.n_artists > truth.n_edges


def extra_edges(graph: Graph, truth: Truth) -> tuple[int, str]:
    """Edges beside those of the table, where all of these are there; and one of them."""
    ends, sides, ids = _ends(graph), graph.sides.numpy(), graph.ids.numpy()
    if ends.shape[1] <= truth.n_edges or joins_all(graph, truth):
        return 0, ""
    ends = np.where(sides[ends[0]] == 1, ends[::-1], ends)
    across = (sides[ends[0]] == 0) & (sides[ends[1]] == 1)
    due = keys(truth.rows[:, :2].T, 10**9)
    found = keys(ids[ends], 10**9)
    if not np.isin(due, found[across]).all():
        return 0, ""
    other = np.flatnonzero(~(across & np.isin(found, due)))
    shown = " and ".join(str(i) for i in ids[ends[:, other[0]]]) if len(other) else ""
    return len(other), shown


# Causes


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
)
def float_nodes(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or not graph.twins:
        return None
    floats = f", {graph.decimal:,} names hold a decimal number" if graph.decimal else ""
    return (
        f"{len(graph.ids.numpy()):,} nodes for {case.truth.num_nodes:,} users and artists: "
        f"{graph.twins:,} are there twice in two spellings{floats}; such as "
        f"{graph.alone}"
    )


@cause(
    "graph.extra-edges",
    title="The graph holds more edges than the table has rows",
    why="A graph keeps what was added to it. Edges of an earlier run of the cell, or under names "
    "that are no longer in use, stay until the graph is made anew.",
    question="How many edges does `G` have before your loop begins?",
    hints=(
        "Print `G.number_of_edges()` before and after the loop.",
        "In which cell is the graph made? Have you run it again since you changed the loop?",
        "Run the cell that makes `G`, then the one that adds the edges, once each.",
    ),
    at=("add_edge", "add_edges_from", "G"),
)
def more_edges(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None:
        return None
    extra, shown = extra_edges(graph, case.truth)
    if not extra:
        return None
    return (
        f"all {case.truth.n_edges:,} edges of the table are there, and {extra:,} more, such as one "
        f"between nodes {shown}"
    )


@cause(
    "graph.all-pairs",
    title="Every user is joined with every artist",
    why="An edge says that this user has listened to this artist. A loop over all artists inside a "
    "loop over all users joins each with each, and the graph says nothing any more.",
    question="For how many pairs does your line with `add_edge` run, and how many rows are there?",
    hints=(
        "Compare `G.number_of_edges()` with `len(df)` and with `n_users * n_artists`.",
        "Is one loop inside the other? Then the inner line runs for every pair.",
        "Take one loop, over the rows of the table: each row has its user and its artist.",
    ),
    at=("add_edge", "add_edges_from", "product", "G"),
)
def all_pairs(case: Case) -> str | None:
    graph = _graph(case)
    if graph is None or not joins_all(graph, case.truth):
        return None
    return (
        f"{_ends(graph).shape[1]:,} edges = {case.truth.n_users:,} users x "
        f"{case.truth.n_artists:,} artists, for {case.truth.n_edges:,} rows"
    )


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
    "graph.positions-as-nodes",
    title="Nodes are numbers that are no ids of the file",
    why="A node stands for one user or one artist, and its name says whom. Ids have gaps: counted "
    "numbers name some who are not there, and leave others out.",
    question="Which user is your first node, and is there such a user in the file?",
    hints=(
        "Compare your first five nodes with the first five different ids.",
        "Where do the names come from: from a column of the table, or from counting?",
        "Loop over the different ids of the column.",
    ),
    at=("range", "enumerate", "add_node", "add_nodes_from", "G"),
)
def positions(case: Case) -> str | None:
    graph = _graph(case)
    odd = foreign_names(case, graph) if graph else ""
    return (
        f"there are nodes such as {', '.join(graph.sample)}, and {odd}" if graph and odd else None
    )


@cause(
    "graph.edges-missing",
    title="Not every row of the table became an edge",
    why="Each row is one user-artist pair. Where `add_edge` stands after the loop, or the loop "
    "runs over a part of the table, the graph looks fine and holds only some of what the data "
    "says.",
    question="How many rows does the table have, and how many edges does `G` have?",
    hints=(
        "Compare `len(df)` with `G.number_of_edges()`.",
        "How often does the line with `add_edge` run? Look at its indentation, and at its table.",
        "Let every single row of the whole table add one edge.",
    ),
    at=("add_edge", "add_edges_from", "head", "G"),
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
    if found >= due or found == len(own_rows(case)) or lost_later(case):
        return None
    return f"{count(found, 'edge')} for {case.truth.n_edges:,} rows: {due - found:,} missing"


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
    if total <= max(case.truth.n_users, case.truth.n_artists):  # the other side is not there yet
        return None
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


NAMES = (id_collision, float_nodes, all_pairs, more_edges, positions, endpoints_mismatch)
GRAPH = (*NAMES, edges_missing, attribute_overwritten, attribute_missing, *TABLE)


# Checks


@pytest.fixture
def nodes(case: Case) -> Graph:
    """The graph, for its nodes."""
    return _graph_itself(case, "nodes")


@pytest.fixture
def edges(case: Case) -> Graph:
    """The graph with its edges."""
    return _graph_itself(case, "edges")


def _graph_itself(case: Case, field: str) -> Graph:
    """The graph of step 2; not judged where nobody can see it and its edges were used later."""
    step2 = case.evidence.step2
    seen = getattr(step2, field) if step2 else None
    hidden = isinstance(seen, Absent) and seen.error is None and not seen.found
    if hidden and case.evidence.free_form and rows_proven(case):
        raise not_judged("no graph under a name of the notebook; its edges were used further on")
    blank = isinstance(seen, Absent) and (seen.error is None or seen.error.blank)
    if isinstance(seen, Absent) and seen.found.endswith("Graph") and blank:
        raise NotAttempted(Message(got="`G` is empty: it has no node and no edge", next=ADD_NODES))
    if field == "edges" and isinstance(seen, Absent) and step2 and isinstance(step2.nodes, Graph):
        if seen.error is not None and not seen.error.blank:
            raise raised("the cell that adds the edges to `G`", seen.error)
        raise NotAttempted(Message(got="`G` has no edge yet", next=ADD_EDGES))
    return present(step2, field)


@pytest.fixture
def sides(edges: Graph, truth: Truth) -> np.ndarray:
    """[N] int8, 0 for users and 1 for artists, where there are as many as due."""
    found = edges.sides.numpy()
    counts = [int((found == side).sum()) for side in (0, 1)]
    right = counts == [truth.n_users, truth.n_artists]
    need(right, "every node on its side", "step2.nodes.side_sizes")
    return found


@check("step2.nodes", points=1, causes=(directed,))
def test_kind(nodes: Graph) -> None:
    """G is an undirected graph without parallel edges"""
    expect(
        not nodes.directed and not nodes.multigraph,
        ran="the type of `G`",
        expected="Graph",
        got=nodes.kind,
        why="Listening joins a user and an artist; it has no direction here.",
        next="Begin with `nx.Graph()`.",
    )


@check("step2.nodes", points=4, causes=GRAPH)
def test_one_node_each(case: Case, nodes: Graph, truth: Truth) -> None:
    """Every user and every artist has a node of its own"""
    found = len(nodes.ids.numpy())
    collided = found == truth.distinct_ids and truth.shared > 0
    why = (
        f"{truth.shared:,} ids are both a user's and an artist's: with raw ids as nodes, "
        "a user and an artist of the same id become one node."
    )
    sample = ", ".join(nodes.sample)
    one_side = found in (truth.n_users, truth.n_artists) and len(set(nodes.sides.numpy())) == 1
    words = 0 < int((nodes.ids.numpy() < 0).sum()) <= 4  # few: every turn has given the same name
    expect(
        found == truth.num_nodes,
        ran="the number of nodes of `G`",
        expected=f"{truth.num_nodes:,} = {truth.n_users:,} users + {truth.n_artists:,} artists",
        got=f"{count(found, 'node')}, such as {sample}",
        why=why if collided else "Each is one thing that the model will learn about.",
        next="Some names hold no id: write the variable of your loop in the place of the id, "
        "without quotes, as in `('user', user_id)`."
        if words
        else "One side is there. Loop over the other column too: " + OTHER_SIDE
        if one_side
        else "Make the side a part of the node's name, as in `('user', 2)`, in `add_node` and in "
        "`add_edge` alike."
        if found < truth.num_nodes
        else "`add_edge` makes a node of every name that it does not know: did you "
        "give other names in `add_node`? Then run the cell that makes `G` again: a graph keeps "
        "what it has.",
    )
    odd = foreign_names(case, nodes)
    expect(
        not odd,
        ran="the numbers in the names of the nodes, beside the ids of the file",
        expected="the ids of the file",
        got=f"nodes such as {sample}: {odd}",
        why="Ids have gaps: a node with a number that is no id stands for nobody.",
        next="Take the names from the columns of `df`: `for user_id in df['userID'].unique()`.",
    )


@check("step2.nodes", points=1, causes=GRAPH)
def test_attribute(nodes: Graph) -> None:
    """Every node has the attribute bipartite, 0 or 1"""
    missing = int((nodes.sides.numpy() < 0).sum())
    expect(
        missing == 0,
        ran="the attribute `bipartite` of every node",
        expected="0 or 1",
        got=f"{count(missing, 'node')} with {nodes.odd_side}, which is neither"
        if nodes.odd_side
        else count(missing, "node") + " without it",
        why="It is how NetworkX, and you, tell users from artists.",
        next="Write the number 0 or 1, without quotes: in quotes it is text."
        if nodes.odd_side
        else "Give it in `add_node`. If you do, then `add_edge` has made other nodes, without "
        "it: its names differ from those in `add_node`.",
    )


@check("step2.nodes", points=2, causes=GRAPH)
def test_side_sizes(nodes: Graph, truth: Truth) -> None:
    """Every node is on its side: as many 0s as users, as many 1s as artists"""
    found = [int((nodes.sides.numpy() == side).sum()) for side in (0, 1)]
    turned = found == [truth.n_artists, truth.n_users]
    one_value, one_side = 0 in found, sum(found) in (truth.n_users, truth.n_artists)
    expect(
        found == [truth.n_users, truth.n_artists],
        ran="how many nodes have `bipartite` 0 and 1",
        expected=f"{truth.n_users:,} users and {truth.n_artists:,} artists",
        got=f"{count(found[0], 'node')} with 0, {count(found[1], 'node')} with 1",
        why="Where all nodes have one value it tells nobody apart."
        if one_value
        else "By the convention of the exercise 0 says user and 1 says artist."
        if turned
        else "A second `add_node` with the same name overwrites the first one's attribute.",
        next="Write the number 0 or 1, without quotes, as the attribute of every node."
        if nodes.odd_side
        else "Add the nodes of the other side too: " + OTHER_SIDE
        if one_value and one_side
        else "Users get `bipartite=0`, artists `bipartite=1`."
        if one_value or turned
        else "Do a user and an artist of the same id have different names?",
    )


@check("step2.edges", points=3, causes=GRAPH)
def test_edge_count(edges: Graph, truth: Truth) -> None:
    """Every row of the table has become one edge"""
    found = edges.edges.shape[1]  # type: ignore[union-attr]
    more, every = found > truth.n_edges, joins_all(edges, truth)
    few = found < 0.5 * truth.n_edges
    expect(
        found == truth.n_edges,
        ran="the number of edges of `G`",
        expected=count(truth.n_edges, "edge") + ", one for each row",
        got=f"{count(found, 'edge')}: {abs(found - truth.n_edges):,} "
        f"{'too many' if more else 'missing'}",
        why="An edge says that this user has listened to this artist."
        if every
        else "A graph keeps the edges of earlier runs of a cell."
        if more
        else "Each row of the table is one edge: who listened to whom."
        if few
        else "Where ids collide, two different pairs become the same edge.",
        next="This joins every user with every artist: go through the rows of `df` in one loop, "
        "and take both ends from the same row."
        if every
        else "Run the cell that makes `G` first, then this one, once each."
        if more
        else _one_edge(edges, truth)
        if found == 1
        else "Is `add_edge` inside the loop, and does the loop go through all rows of `df`?"
        if few
        else "Some are missing: do the names tell a user from an artist of the same id?",
    )


def _one_edge(graph: Graph, truth: Truth) -> str:
    """What to do where one row only became an edge: was it the first, or the last?"""
    ends = set(graph.ids.numpy()[_ends(graph)[:, 0]].tolist())
    first, last = (set(truth.rows[row, :2].tolist()) for row in (0, -1))
    if ends == first:
        return "Only the first row became an edge: what ends the loop so soon, a `break`?"
    if ends == last:
        return "Only the last row became an edge: indent `add_edge`, so that it is in the loop."
    return "Only one row became an edge: is `add_edge` inside the loop over the rows of `df`?"


@check("step2.edges", points=2, causes=GRAPH)
def test_bipartite(edges: Graph, truth: Truth) -> None:
    """Edges only join a user and an artist"""
    need((edges.sides.numpy() >= 0).any(), "the attribute `bipartite`", "step2.nodes.attribute")
    ends = edges.edges.numpy()  # type: ignore[union-attr]
    loops = int((ends[0] == ends[1]).sum())
    shown = edges.alone or ", ".join(edges.sample)
    same = int((edges.sides.numpy()[ends[0]] == edges.sides.numpy()[ends[1]]).sum())
    expect(
        same == 0,
        ran="both ends of every edge of `G`",
        expected="one user and one artist",
        got=f"{count(same, 'edge')} within one side, {loops:,} of them self-loops; nodes such as "
        f"{shown}",
        why="Nobody listens to a user here; a user of the same id as an artist makes it seem so.",
        next="`G` has all edges of the table, and others, of an earlier run. Run the "
        "cell that makes `G`, then this one."
        if extra_edges(edges, truth)[0]
        else "Use in `add_edge` the very names that you gave in `add_node`.",
    )


@check("step2.edges", points=1, causes=GRAPH)
def test_no_strays(edges: Graph) -> None:
    """Every node has at least one edge"""
    degree = np.bincount(edges.edges.numpy().ravel(), minlength=len(edges.ids.numpy()))  # type: ignore[union-attr]
    alone = int((degree == 0).sum())
    expect(
        alone == 0,
        ran="the degree of every node of `G`",
        expected="at least 1: everybody in the file listened to somebody",
        got=count(alone, "node")
        + " without an edge"
        + (f"; two names for one: {edges.alone}" if edges.alone else ""),
        why="A node without an edge can neither send nor receive a message.",
        next="Does every row of the table add an edge? And are the names in `add_edge` the very "
        "names that you gave in `add_node`? For a name it does not know it makes a new node.",
    )


@check("step2.edges", points=1, causes=GRAPH)
def test_degrees(case: Case, edges: Graph, sides: np.ndarray, truth: Truth) -> None:
    """Every user has as many artists, every artist as many users, as in the table"""
    ends = edges.edges.numpy()  # type: ignore[union-attr]
    ids = np.where(sides[ends[0]] == 0, ends, ends[::-1])  # users above artists
    listened = edges.ids.numpy()[ids]
    known = np.isin(np.unique(listened[1]), truth.artist_ids).all()
    named = bool(known) and len(np.unique(listened[0])) == truth.n_users
    if named:
        found = distinct(keys(listened, 10**9))
        wrong = found[~among(found, distinct(keys(truth.rows[:, :2].T, 10**9)))]
        first = [divmod(int(key), 10**9) for key in wrong[:1]]
        example = "".join(f", such as user {u} and artist {a}" for u, a in first)
        expect(
            not len(wrong),
            ran="the user and the artist of every edge, by the numbers in their names",
            expected="a row of the table for each",
            got=count(len(wrong), "edge") + " for which there is no row" + example,
            why="The graph says who listens to whom; here it says something else.",
            next="Take both ends of an edge from the same row.",
        )
    degree = np.bincount(edges.edges.numpy().ravel(), minlength=len(sides))  # type: ignore[union-attr]
    for side, name in enumerate(("user", "artist")):
        expected = np.sort(np.unique(truth.rows[:, side], return_counts=True)[1])
        found = np.sort(degree[sides == side])
        expect(
            np.array_equal(expected, found),
            ran=f"the degrees of the {name}s",
            expected=f"from {expected[0]:,} to {expected[-1]:,}, {expected.sum():,} in all",
            got=f"from {found[0]:,} to {found[-1]:,}, {found.sum():,} in all",
            why="The degree of a user is the number of artists the user listened to.",
            next="Take both ends of an edge from the same row.",
        )
    expect(
        named or _is_the_files(case),
        ran="the neighbours of every node, beside those in the table",
        expected="the graph of the table, whatever its nodes are called",
        got="as many neighbours for each, but other ones",
        why="The graph says who listens to whom; here it says something else.",
        next="Take both ends of an edge from the same row.",
    )
