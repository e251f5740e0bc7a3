"""Step 2: one node for every user and every artist, and edges only between the two sides."""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Graph
from autograder.rules import check
from autograder.rules.teaching import (
    count,
    expect,
    need,
)
from autograder.truth import Truth


@check("step2.nodes", points=1)
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


@check("step2.nodes", points=4)
def test_one_node_each(nodes: Graph, truth: Truth) -> None:
    """Every user and every artist has a node of its own"""
    found = len(nodes.ids.numpy())
    collided = found == truth.distinct_ids and truth.shared > 0
    why = (
        f"{truth.shared:,} ids are both a user's and an artist's: with raw ids as nodes, "
        "a user and an artist of the same id become one node."
    )
    expect(
        found == truth.num_nodes,
        ran="the number of nodes of `G`",
        expected=f"{truth.num_nodes:,} = {truth.n_users:,} users + {truth.n_artists:,} artists",
        got=count(found, "nodes") + f", such as {', '.join(nodes.sample)}",
        why=why if collided else "Each is one thing that the model will learn about.",
        next="Make the side a part of the node's name, in `add_node` and in `add_edge` alike.",
    )


@check("step2.nodes", points=1)
def test_attribute(nodes: Graph) -> None:
    """Every node has the attribute bipartite, 0 or 1"""
    missing = int((nodes.sides.numpy() < 0).sum())
    expect(
        missing == 0,
        ran="the attribute `bipartite` of every node",
        expected="0 or 1",
        got=count(missing, "nodes without it"),
        why="It is how NetworkX, and you, tell users from artists.",
        next="Give it in `add_node`. Nodes that `add_edge` made by itself have none: names differ.",
    )


@check("step2.nodes", points=2)
def test_side_sizes(nodes: Graph, truth: Truth) -> None:
    """Every node is on its side: as many 0s as users, as many 1s as artists"""
    found = [int((nodes.sides.numpy() == side).sum()) for side in (0, 1)]
    found[1] == truth.n_artists and found[0] < truth.n_users
    expect(
        found == [truth.n_users, truth.n_artists],
        ran="how many nodes have `bipartite` 0 and 1",
        expected=f"{truth.n_users:,} users and {truth.n_artists:,} artists",
        got=f"{found[0]:,} and {found[1]:,}",
        why="A second `add_node` with the same name overwrites the first one's attribute.",
        next="Are users 0 and artists 1, and do a user and an artist of one id have two names?",
    )


@check("step2.edges", points=3)
def test_edge_count(edges: Graph, truth: Truth) -> None:
    """Every row of the table has become one edge"""
    found = edges.edges.shape[1]  # type: ignore[union-attr]
    expect(
        found == truth.n_edges,
        ran="the number of edges of `G`",
        expected=count(truth.n_edges, "edges, one a row"),
        got=count(found, "edges"),
        why="Where ids collide, two different pairs become the same edge.",
        next="Far too few: is `add_edge` inside the loop? A few too few: look at your node names.",
    )


@check("step2.edges", points=2)
def test_bipartite(edges: Graph) -> None:
    """Edges only join a user and an artist"""
    need((edges.sides.numpy() >= 0).any(), "the attribute `bipartite`", "the attribute bipartite")
    ends = edges.edges.numpy()  # type: ignore[union-attr]
    loops = int((ends[0] == ends[1]).sum())
    same = int((edges.sides.numpy()[ends[0]] == edges.sides.numpy()[ends[1]]).sum())
    expect(
        same == 0,
        ran="both ends of every edge of `G`",
        expected="one user and one artist",
        got=f"{same:,} edges within one side, {loops:,} of them self-loops",
        why="Nobody listens to a user here; a user of the same id as an artist makes it seem so.",
        next="Use in `add_edge` the very names that you gave in `add_node`.",
    )


@check("step2.edges", points=1)
def test_no_strays(edges: Graph) -> None:
    """Every node has at least one edge"""
    degree = np.bincount(edges.edges.numpy().ravel(), minlength=len(edges.ids.numpy()))  # type: ignore[union-attr]
    alone = int((degree == 0).sum())
    expect(
        alone == 0,
        ran="the degree of every node of `G`",
        expected="at least 1: everybody in the file listened to somebody",
        got=count(alone, "nodes without an edge"),
        why="A node without an edge can neither send nor receive a message.",
        next="Does every row of the table add an edge? And are the names in `add_edge` the very "
        "names that you gave in `add_node`? For a name it does not know it makes a new node.",
    )


@check("step2.edges", points=1)
def test_degrees(edges: Graph, sides: np.ndarray, truth: Truth) -> None:
    """Every user has as many artists, every artist as many users, as in the table"""
    ends = edges.edges.numpy()  # type: ignore[union-attr]
    ids = np.where(sides[ends[0]] == 0, ends, ends[::-1])  # users above artists
    listened = edges.ids.numpy()[ids]
    known = np.isin(np.unique(listened[1]), truth.artist_ids).all()
    if known and len(np.unique(listened[0])) == truth.n_users:
        rows = truth.rows[:, :2]
        wrong = len(set(map(tuple, listened.T.tolist())) - set(map(tuple, rows.tolist())))
        expect(
            not wrong,
            ran="the user and the artist of every edge, by the numbers in their names",
            expected="a row of the table for each",
            got=count(wrong, "edges that are no row"),
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
