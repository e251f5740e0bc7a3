"""Step 3, first half: an index for every node, and edges within bounds."""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Evidence, GraphData, Mapping
from autograder.rules import check
from autograder.rules.graphs import pairs, same_graph
from autograder.rules.teaching import count, expect, need
from autograder.truth import Truth

ONCE = "the indices are 0 to num_nodes - 1, each once"


@check("step3.mapping", points=4)
def test_size(mapping: Mapping, truth: Truth) -> None:
    """The mapping has one entry for every node, and num_nodes says how many"""
    collided = mapping.size == truth.distinct_ids and truth.shared > 0
    named = mapping.num_nodes
    why = (
        f"{truth.shared:,} ids are both a user's and an artist's: in one dictionary keyed by raw "
        "ids the artist's entry replaces the user's, and both share one embedding."
    )
    expect(
        mapping.size == truth.num_nodes
        and (named == truth.num_nodes or not mapping.num_nodes_text),
        ran="`len(id_mapping)` and `num_nodes`",
        expected=f"{truth.num_nodes:,} = {truth.n_users:,} users + {truth.n_artists:,} artists",
        got=f"{mapping.size:,} entries, `num_nodes` {mapping.num_nodes_text or 'not defined'}",
        why=why if collided else "The embedding layer has one row for every index.",
        next="Use keys that tell a user from an artist, as the nodes of `G` do.",
    )


@check("step3.mapping", points=2)
def test_indices(mapping: Mapping, truth: Truth) -> None:
    """The indices are 0 to num_nodes - 1, each once"""
    found = mapping.values.numpy()
    low, high, distinct = int(found.min()), int(found.max()), len(np.unique(found))
    "map.from-one" if low == 1 and distinct == len(found) else ""
    expect(
        low == 0 and high == truth.num_nodes - 1 and distinct == truth.num_nodes,
        ran="the values of `id_mapping`",
        expected=f"every whole number from 0 to {truth.num_nodes - 1:,}",
        got=f"{distinct:,} different ones, from {low:,} to {high:,}",
        why="An index is a row of the embedding: a gap wastes a row, a double mixes two nodes.",
        next="Number users and artists in one go, from 0."
        if high >= 0
        else "These are no whole numbers: are keys and values swapped?",
    )


@check("step3.mapping", points=2)
def test_disjoint(mapping: Mapping, truth: Truth) -> None:
    """No user and artist share an index"""
    if mapping.user_index is None or mapping.artist_index is None:  # keys of another kind
        values = mapping.values.numpy()
        whole = len(np.unique(values)) == len(values) == truth.num_nodes
        need(whole, "an index of its own for every node", ONCE)
        return
    users, artists = mapping.user_index.numpy(), mapping.artist_index.numpy()
    common = np.intersect1d(users[users >= 0], artists[artists >= 0])
    expect(
        len(common) == 0,
        ran="the indices of all users beside those of all artists",
        expected="nothing in common",
        got=count(len(common), "indices that are both a user's and an artist's"),
        why="A user and an artist with one index are one node with one embedding.",
        next="Let the artists' numbers begin where the users' end, and keep their keys apart.",
    )


@check("step3.data", points=1)
def test_x(data: GraphData, truth: Truth) -> None:
    """x holds every node's index, 0 to num_nodes - 1"""
    right = data.x is not None and np.array_equal(data.x.numpy(), np.arange(truth.num_nodes))
    got = data.x_text
    if data.x is not None and data.x.shape[0] == truth.distinct_ids and truth.shared:
        got += f": {truth.distinct_ids:,} distinct ids instead of {truth.num_nodes:,} nodes"
    expect(
        right,
        ran="`data.x`",
        expected=f"torch.arange({truth.num_nodes}), dtype long",
        got=got,
        why="The model looks these indices up in its embedding: they are no features.",
        next="Count all users and all artists.",
    )


@check("step3.data", points=1)
def test_edge_tensor(data: GraphData) -> None:
    """edge_index is [2, E], of dtype long"""
    edges = data.edge_index
    found = "nothing" if edges is None else f"{edges.type} {edges.shape}, {edges.dtype}"
    shape = [] if edges is None else edges.shape
    expect(
        len(shape) == 2 and shape[0] == 2 and edges.dtype == "torch.int64",  # type: ignore[union-attr]
        ran="shape and dtype of `data.edge_index`",
        expected="a tensor [2, E], torch.int64: sources above targets",
        got=found,
        why="PyG reads row 0 as sources and row 1 as targets.",
        next="`[E, 2]`: transpose. Floats: ask for `dtype=torch.long`.",
    )


@check("step3.data", points=2)
def test_bounds(data: GraphData, edge_index: np.ndarray) -> None:
    """Every index in edge_index is a node: 0 <= index < num_nodes"""
    said = [data.num_nodes, None if data.x is None else len(data.x.numpy())]
    counts = {number for number in said if number is not None}
    nodes = min(counts, default=0)
    low, high = (edge_index.min(), edge_index.max()) if edge_index.size else (0, -1)
    found = f"from {low:,} to {high:,}" if edge_index.size else "no edge at all"
    apart = f"; `x` has {said[1]} rows, `data.num_nodes` is {said[0]}" if len(counts) == 2 else ""
    expect(
        len(counts) == 1 and edge_index.size and low >= 0 and high < nodes,
        ran="smallest and largest index in `data.edge_index`",
        expected=f"within 0 and {nodes - 1:,}",
        got=found + apart,
        why="A larger one gives PyG's IndexError in training; a negative one reads another row.",
        next="Compare `len(id_mapping)` with the largest index it gives out.",
    )


@check("step3.data", points=2)
def test_coverage(
    evidence: Evidence, data: GraphData, edge_index: np.ndarray, truth: Truth
) -> None:
    """Every listening pair is there, once, between the right nodes"""
    sane = edge_index.size and edge_index.min() >= 0 and edge_index.max() < 10 * truth.num_nodes
    need(sane, "indices that could be nodes", "every index in edge_index is a node")
    n = int(edge_index.max()) + 1
    found = pairs(edge_index, n)
    directed = len(np.unique(edge_index, axis=1).T)
    whole = directed == edge_index.shape[1] and directed in (len(found), 2 * len(found))
    right = whole and len(found) == truth.n_edges
    right = right and same_graph(np.stack(np.divmod(found, n)), truth)
    mapped = _mapped(evidence, truth)
    if right and mapped is not None:
        right = np.array_equal(pairs(mapped, n), found)
    expect(
        right,
        ran="the pairs in `data.edge_index` beside the rows of the table",
        expected=f"{truth.n_edges:,} pairs, in one direction or in both",
        got=f"{len(found):,} pairs in {edge_index.shape[1]:,} columns",
        why="Missing, merged or repeated edges are silent: the model trains on another graph.",
        next="Send both columns of `df` (or both ends of G's edges) through the same mapping.",
    )


def _mapped(evidence: Evidence, truth: Truth) -> np.ndarray | None:
    """[2, E] of the table's rows under the student's own mapping, where that names every node."""
    mapping = evidence.step3.mapping if evidence.step3 else None
    if not isinstance(mapping, Mapping) or not mapping.user_index or not mapping.artist_index:
        return None
    ends = []
    users, artists = mapping.user_index.numpy(), mapping.artist_index.numpy()
    sides = ((truth.user_ids, users), (truth.artist_ids, artists))
    for column, (ids, index) in enumerate(sides):
        if len(index) != len(ids) or index.min(initial=0) < 0:
            return None
        ends.append(index[np.searchsorted(ids, truth.rows[:, column])])
    return np.stack(ends)
