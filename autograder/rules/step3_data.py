"""Step 3, second exercise: the tensors of the `Data` object.

What can make a check fail stands beside it, the most fundamental cause first.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.evidence.schema import Edges, GraphData, Setup
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.graphs import pairs, two_sides
from autograder.rules.numbering import (
    columns,
    coverage,
    graph_data,
    held_out_twice,
    numberings,
    observed,
    of_mapping,
    orders,
)
from autograder.rules.observed import usable
from autograder.rules.step1 import TABLE
from autograder.rules.step2_graph import edges_missing
from autograder.rules.step3_mapping import MAPPED
from autograder.rules.teaching import count, expect, need, present
from autograder.truth import Truth

# What is known of the tensors


def _edges(case: Case) -> Edges | None:
    data = graph_data(case)
    return data.edge_index if data else None


def _nodes(case: Case) -> set[int]:
    """How many nodes the mapping, right or wrong, its `num_nodes` and the edges speak of."""
    said = {case.truth.num_nodes}
    mapping = observed(case)
    if mapping is not None and mapping.num_nodes is not None:
        said.add(mapping.num_nodes)
    for one in numberings(case):
        said |= {one.size, int(one.values.max()) + 1}
    return said


def reshaped(case: Case) -> str:
    """The first column of `edge_index`, where it is the first row of [E, 2] that was cut in two
    halves in place of being turned."""
    index = columns(_edges(case))
    if index is None or index.shape[1] < 4 or index.min() < 0:
        return ""
    one, two = index[:, 0]
    cut = _is_turned_list(index) or _is_cut(case, index, int(index.max()) + 1)
    return f"column 0 joins {one} and {two}" if cut else ""


def _is_turned_list(index: np.ndarray) -> bool:
    """Whether [2, E], read on as a list of pairs, joins two sides, and as it is joins none."""
    half = index.shape[1] // 2
    if half % 2 == 0 and (index[:, :half] == index[::-1, half : 2 * half]).all():
        index = index[:, :half]  # the reverse of each column was added afterwards
    if index.shape[1] % 2:
        return False
    listed = index.reshape(-1, 2)
    n = int(index.max()) + 1
    once = len(np.unique(pairs(listed.T, n))) in (len(listed), len(listed) / 2)
    return once and two_sides(listed.T, n) is not None and two_sides(index, n) is None


def _is_cut(case: Case, index: np.ndarray, n: int) -> bool:
    """Whether these pairs come of cutting the list of edges in two, by the mapping's numbers.

    That tells it even where the columns were sorted afterwards, as `to_undirected` does.
    """
    mapping, ids = of_mapping(case), (case.truth.user_ids, case.truth.artist_ids)
    if mapping is None or mapping.sides is None:
        return False
    known = pairs(index, n)
    for rows in orders(case):
        ends = [mapping.sides[i][np.searchsorted(ids[i], rows[:, i])] for i in (0, 1)]
        there, back = np.stack(ends, axis=1), np.stack(ends[::-1], axis=1)
        both = np.stack([there, back], axis=1)  # each edge, followed by its reverse
        for listed in (there, both, np.concatenate([there, back])):
            halves = listed.reshape(2, -1)
            if 0 <= halves.min() <= halves.max() < n and np.array_equal(pairs(halves, n), known):
                return not np.array_equal(pairs(there.T, n), known)
    return False


# Causes


@cause(
    "data.transposed",
    title="`edge_index` has one edge in each row: [E, 2]",
    why="PyG reads row 0 as all sources and row 1 as all targets. A list of pairs makes a tensor "
    "with one pair in each row: PyG would see the first two edges only, or raise an error.",
    question="What is `data.edge_index.shape`? What does PyG expect there?",
    hints=(
        "Print the shape of `edge_index`.",
        "PyG's documentation of `Data` says which dimension has length 2.",
        "Turn rows into columns. Look at the shape once more afterwards.",
    ),
    at=("edge_index", "tensor", "Data"),
)
def transposed(case: Case) -> str | None:
    edges = _edges(case)
    if edges is None or len(edges.shape) != 2 or edges.shape[1] != 2 or edges.shape[0] == 2:
        return None
    return f"`edge_index` is {edges.shape}: {edges.shape[0]:,} rows of two, for [2, E]"


@cause(
    "data.cat-dim",
    title="Edges were joined below each other instead of side by side",
    why="An edge is a column. Joined along dimension 0, two tensors [2, E] make [4, E]: the "
    "reverse edges become rows 2 and 3, which PyG does not read, or which make the convolution "
    "fail.",
    question="What are the shapes of the two tensors that you join, and of the result?",
    hints=(
        "Print the shape of `edge_index`.",
        "Draw two edges as columns, and put their reverse edges beside them. Which dimension grew?",
        "Say explicitly along which dimension you join.",
    ),
    at=("cat", "concat", "concatenate", "edge_index", "Data"),
)
def cat_dim(case: Case) -> str | None:
    edges = _edges(case)
    if edges is None or not edges.shape:
        return None
    stacked = len(edges.shape) == 2 and edges.shape[0] == 4
    if not stacked and not (len(edges.shape) == 1 and edges.shape[0] >= case.truth.n_edges):
        return None
    return f"`edge_index` has the shape {edges.shape}, for [2, E]"


@cause(
    "data.edge-dtype",
    title="`edge_index` is no tensor of 64-bit integers",
    why="Indices pick rows, so PyTorch wants whole numbers of type long. Floats come from a "
    "column with NaN or from a tensor made without a dtype, arrays from NumPy were never turned "
    "into a tensor.",
    question="What are `type(data.edge_index)` and `data.edge_index.dtype`?",
    hints=(
        "Print type and dtype of `edge_index`.",
        "Go back line by line: where are the numbers whole for the last time?",
        "Make it a tensor and name the dtype as you make it.",
    ),
    at=("edge_index", "tensor", "from_numpy", "Data"),
)
def edge_dtype(case: Case) -> str | None:
    edges = _edges(case)
    if edges is None or edges.dtype == "torch.int64":
        return None
    if not edges.dtype and not edges.shape and edges.type not in ("list", "tuple", "DataFrame"):
        return None
    return f"`edge_index` is a {edges.type} of {edges.dtype or 'Python objects'}"


@cause(
    "data.num-nodes",
    title="The number of nodes is wrong",
    why="The number of nodes sizes the embedding, and negatives are drawn from this range. Where "
    "it is too small, the last nodes have no row: index errors, or nodes that never occur in "
    "training.",
    question="How many nodes does `data` think it has, and how many users and artists are there?",
    hints=(
        "Print `data.num_nodes` and `num_nodes`.",
        "Compare with the number of users plus artists, and with the largest index plus one.",
        "Count both sides, and let everything else use this one number.",
    ),
    at=("num_nodes", "Data"),
    references=("PyG discussion 8902",),
)
def num_nodes(case: Case) -> str | None:
    data, mapping = graph_data(case), observed(case)
    said = {}
    nodes = case.truth.num_nodes
    if mapping is not None and mapping.num_nodes_text:
        said["`num_nodes`"] = mapping.num_nodes
    if data is not None and ("num_nodes" in data.keys or data.x is None):
        said["`data.num_nodes`"] = data.num_nodes
    rows = len(data.x.numpy()) if data is not None and data.x is not None else nodes
    setup = case.evidence.step5.setup if case.evidence.step5 else None
    sized = isinstance(setup, Setup) and rows in setup.model_rows
    if sized or rows == case.truth.distinct_ids:  # counted so for all that follows, not for `x`
        said["the length of `x` and of the embedding" if sized else "`x.size(0)`"] = rows
    own = {nodes, *(one.size for one in numberings(case))}
    wrong = {name: number for name, number in said.items() if number not in own}
    if not wrong:
        return None
    found = " and ".join(f"{name} is {number}" for name, number in wrong.items())
    return f"{found}, for {nodes:,} users and artists"


@cause(
    "data.x",
    title="`x` does not hold the index of every node",
    why="The model looks `x` up in its embedding. It has to be the whole numbers from 0 to "
    "num_nodes - 1, one for each node. Ones say the same of every node, and random numbers say "
    "nothing; a row for users only leaves the artists without an embedding.",
    question="What would `embedding(x)` look up for the last artist?",
    hints=(
        "Print shape, dtype and the first values of `data.x`.",
        "How many nodes are there, users and artists together? How many rows does `x` have?",
        "Make the row of all indices, as whole numbers, in order.",
    ),
    at=("x", "Data", "rand", "ones", "arange"),
)
def x(case: Case) -> str | None:
    data = graph_data(case)
    if data is None:
        return None
    nodes = case.truth.num_nodes
    if data.x is None:
        return f"`x` is {data.x_text}, for a tensor of the {nodes:,} indices"
    index = data.x.numpy()
    if not np.array_equal(index, np.arange(len(index))):
        return f"`x` is {data.x_text}, and not 0, 1, 2 and so on: it begins {index[:4].tolist()}"
    if len(index) in _nodes(case):
        return None
    return f"`x` has {len(index):,} rows for {nodes:,} nodes"


@cause(
    "data.duplicated-edges",
    title="The same edge stands in `edge_index` more than once",
    why="The split deals out columns. Where an edge has copies, one can be held out for testing "
    "while another stays among the edges for training: the test AUC then measures memory.",
    question="How many columns does `edge_index` have, and how many different ones?",
    hints=(
        "Compare the number of columns with the number of rows in the table.",
        "Each pair may be there once, or once in each direction. What do you have?",
        "Find the place where the reverse edges are added for the second time.",
    ),
    at=("edge_index", "cat", "to_undirected", "ToUndirected"),
)
def duplicated_edges(case: Case) -> str | None:
    cover = coverage(case)
    if cover is None or not cover.repeated:
        return None
    different = cover.columns - cover.repeated
    return (
        f"{cover.columns:,} columns, of which {different:,} are different, for "
        f"{case.truth.n_edges:,} rows{held_out_twice(case)}"
    )


@cause(
    "data.reshaped",
    title="The list of pairs was reshaped instead of transposed",
    why="`reshape(2, -1)` and `view(2, -1)` keep the order of the numbers: the first half of the "
    "pairs becomes row 0, the second half row 1. The shape is right, and every edge is wrong.",
    question="Which two nodes does column 0 of `edge_index` join? Who are they?",
    hints=(
        "Take three pairs of your own and look at the result.",
        "Column 0 should be your first pair. Which numbers are there?",
        "Turn rows into columns: transposing does, reshaping does not.",
    ),
    at=("reshape", "view", "edge_index", "Data"),
)
def cut_in_halves(case: Case) -> str | None:
    column = reshaped(case)
    return (
        f"`edge_index` has the right shape, but {column}, which are of one side" if column else None
    )


@cause(
    "data.other-edges",
    title="The edges join other pairs than the table",
    why="A column of `edge_index` is one row of the table: its user and its artist. Where one half "
    "of the tensor was shuffled, sorted or shifted by itself, every pair is another one, and the "
    "model learns another graph.",
    question="Whom does the first column of `edge_index` join, and does the table say so?",
    hints=(
        "Look up one column in the table, by hand.",
        "Find the line after which the two rows do not belong together any more.",
        "Whatever you do to the order of one row, do it to whole columns.",
    ),
    at=("edge_index", "randperm", "shuffle", "sort", "Data"),
)
def other_edges(case: Case) -> str | None:
    cover = coverage(case)
    if cover is None or cover.same:
        return None
    if cover.foreign:
        inside = cover.pairs - cover.foreign
        return (
            f"{inside / cover.pairs:.0%} of the {cover.pairs:,} pairs in `edge_index` are in the "
            f"file; {cover.example} share no row"
        )
    if cover.missing is None and cover.share is not None and cover.share < 0.9:
        return (
            f"{cover.share:.0%} of the {cover.pairs:,} pairs in `edge_index` are rows of the file, "
            "in whichever order its ids are numbered"
        )
    if cover.missing is None and not cover.repeated and cover.pairs == case.truth.n_edges:
        return f"{cover.pairs:,} pairs, as many as rows, make up another graph than the table's"
    return None


@cause(
    "data.edges-missing",
    title="Rows of the table are missing in `edge_index`",
    why="The model only ever sees what stands in `edge_index`: a row that is left out here is lost "
    "for training and for the test.",
    question="How many columns does `edge_index` have, and how many rows has the table?",
    hints=(
        "Print both numbers.",
        "Find the line after which they differ.",
        "Look for a slice, a condition, or a loop that ends too early.",
    ),
    at=("edge_index", "head", "Data"),
)
def fewer_edges(case: Case) -> str | None:
    cover = coverage(case)
    missing = cover.missing if cover else None
    if cover is None or not missing or cover.foreign:
        return None
    return f"{missing:,} of {case.truth.n_edges:,} rows of the table have no column"


TENSOR = (transposed, cat_dim, edge_dtype)
DATA = (*MAPPED, *TENSOR, *TABLE, num_nodes, x)
EDGES = (
    *MAPPED,
    *TENSOR,
    *TABLE,
    edges_missing,
    cut_in_halves,
    other_edges,
    duplicated_edges,
    fewer_edges,
)


# Checks


@pytest.fixture
def data(case: Case) -> GraphData:
    """The Data object, or what the parts of a split make up where no name is asked for."""
    return graph_data(case) or present(case.evidence.step3, "data")


@pytest.fixture
def edge_index(data: GraphData) -> np.ndarray:
    """[2, E] int64 of `data`."""
    return usable(data.edge_index, "`data.edge_index`")


@check("step3.data", points=1, causes=DATA)
def test_x(data: GraphData, truth: Truth) -> None:
    """x holds every node's index, 0 to num_nodes - 1"""
    right = data.x is not None and np.array_equal(data.x.numpy(), np.arange(truth.num_nodes))
    got = data.x_text
    if data.x is not None and data.x.shape[0] == truth.distinct_ids and truth.shared:
        got += f": {truth.distinct_ids:,} distinct ids instead of {truth.num_nodes:,} nodes"
    advice = "Count all users and all artists."
    if data.x is not None and data.x.shape[0] == truth.num_nodes:
        advice = "Let `x` be 0, 1, 2 and so on, in this order: `torch.arange(num_nodes)`."
    elif "float" in data.x_text:
        advice = "Indices are whole numbers: `torch.arange(num_nodes, dtype=torch.long)`."
    elif "shape [2, " in data.x_text:
        advice = "This looks like the edges: write `Data(x=..., edge_index=...)`, with the names."
    expect(
        right,
        ran="`data.x`",
        expected=f"torch.arange({truth.num_nodes}), dtype long",
        got=got,
        why="The model looks these indices up in its embedding: they are no features.",
        next=advice,
    )


@check("step3.data", points=1, causes=(*TENSOR, *MAPPED))
def test_edge_tensor(data: GraphData) -> None:
    """edge_index is [2, E], of dtype long"""
    edges = data.edge_index
    found = "no `edge_index`" if edges is None else f"{edges.type} {edges.shape}, {edges.dtype}"
    shape = [] if edges is None else edges.shape
    expect(
        len(shape) == 2 and shape[0] == 2 and edges.dtype == "torch.int64",  # type: ignore[union-attr]
        ran="shape and dtype of `data.edge_index`",
        expected="a tensor [2, E], torch.int64: sources above targets",
        got=found,
        why="PyG reads row 0 as sources and row 1 as targets.",
        next=_mend_edges(shape),
    )


def _mend_edges(shape: list[int]) -> str:
    """What to do with an `edge_index` of this shape, which is not as it should be."""
    if not shape:
        return "Give the edges to `Data` as a tensor, under the name `edge_index`."
    if len(shape) == 2 and shape[1] == 2 != shape[0]:
        return "The shape is [E, 2]: transpose it with `.t()`."
    if shape[0] == 2 and len(shape) == 2:
        return "Make it a tensor of whole numbers: `dtype=torch.long`."
    return "Where two tensors are joined, join them side by side, along `dim=1`."


@check("step3.data", points=2, causes=DATA)
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


@check("step3.data", points=2, causes=EDGES)
def test_coverage(case: Case, edge_index: np.ndarray, truth: Truth) -> None:
    """Every listening pair is there, once, between the right nodes"""
    cover = coverage(case)
    if cover is None:
        need(False, "indices that could be nodes", "step3.data.bounds")
        return
    got = f"{cover.pairs:,} pairs in {cover.columns:,} columns"
    advice = "Send both columns of `df` (or both ends of G's edges) through the same mapping."
    unknown = not cover.same and cover.missing is None and not cover.repeated
    if column := reshaped(case):
        got += f"; {column}, which are of one side"
        advice = "`reshape` does not transpose: use `.t()`."
    elif cover.foreign:
        inside = (cover.pairs - cover.foreign) / cover.pairs
        got += f"; {inside:.0%} of the pairs are rows of the table; {cover.example} share no row"
        advice = "Look up one column in the table: its user and its artist stand in one row."
    elif cover.repeated:
        got += f": {count(cover.repeated, 'repeated column')}"
        advice = "Find the place where edges, or their reverse, are added for the second time."
    elif unknown:
        share = "" if cover.share is None else f"; {cover.share:.0%} of them are rows of the table"
        got += f"{share}; as a graph they are not the table's: nodes have other neighbours"
    if cover.missing and not cover.foreign:
        got += f"; {count(cover.missing, 'row')} of the table without a column"
        advice = "Let every row of the table give one column."
    if cover.loops and not column:
        got += f"; {count(cover.loops, 'column')} from a node to itself"
        advice = (
            "A pair is a user and an artist: take the two ends of an edge of `G`, or one end "
            "from each column of `df`."
        )
    expect(
        cover.same,
        ran="the pairs in `data.edge_index` beside the rows of the table",
        expected=f"{truth.n_edges:,} pairs, in one direction or in both",
        got=got,
        why="Missing, merged or repeated edges are silent: the model trains on another graph.",
        next=advice,
    )
