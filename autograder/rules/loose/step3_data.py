"""Misconceptions of step 3, second part: the tensors of the `Data` object.

`autograder.rules.causes` runs them over the evidence of `data`.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Edges, Setup
from autograder.rules.cause import Case, cause
from autograder.rules.graphs import missing_reverse
from autograder.rules.numbering import columns, graph_data, numberings, observed


def _edges(case: Case) -> Edges | None:
    data = graph_data(case)
    return data.edge_index if data else None


@cause(
    "data.transposed",
    title="`edge_index` has one edge a row: [E, 2]",
    why="PyG reads row 0 as all sources and row 1 as all targets. A list of pairs makes a tensor "
    "with one pair a row, of which PyG would only see the first two edges, or raise an error.",
    question="What is `data.edge_index.shape`? What does PyG expect there?",
    hints=(
        "Print the shape of `edge_index`.",
        "PyG's documentation of `Data` says which dimension has length 2.",
        "Turn rows into columns. Look at the shape once more afterwards.",
    ),
    at=("edge_index", "tensor", "Data"),
    hides=("split.*",),
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
    question="What shapes have the two tensors that you join, and what shape has the result?",
    hints=(
        "Print the shape of `edge_index`.",
        "Draw two edges as columns, and put their reverse edges beside them. Which dimension grew?",
        "Say explicitly along which dimension you join.",
    ),
    at=("cat", "concat", "concatenate", "edge_index", "Data"),
    hides=("split.*",),
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


def _nodes(case: Case) -> set[int]:
    """How many nodes the mapping, right or wrong, its `num_nodes` and the edges speak of."""
    said = {case.truth.num_nodes}
    mapping = observed(case)
    if mapping is not None and mapping.num_nodes is not None:
        said.add(mapping.num_nodes)
    for one in numberings(case):
        said |= {one.size, int(one.values.max()) + 1}
    return said


@cause(
    "data.x",
    title="`x` does not hold the index of every node",
    why="The model looks `x` up in its embedding. It has to be the whole numbers from 0 to "
    "num_nodes - 1, one a node. Random numbers or ones say the same, or nothing, of every node; a "
    "row for users only leaves the artists without embedding.",
    question="What would `embedding(x)` look up for the last artist?",
    hints=(
        "Print shape, dtype and the first values of `data.x`.",
        "How many nodes are there, users and artists together? How many rows has `x`?",
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
    hides=("data.x", "model.embedding-size"),
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
    "data.duplicated-edges",
    title="The same edge stands in `edge_index` more than once",
    why="The split deals out columns. Where an edge has copies, one can be held out for testing "
    "while another stays among the edges for training: the test AUC then measures memory.",
    question="How many columns has `edge_index`, and how many different ones?",
    hints=(
        "Compare the number of columns with the number of rows in the table.",
        "Each pair may be there once, or once in each direction. What do you have?",
        "Find the place where the reverse edges are added for the second time.",
    ),
    at=("edge_index", "cat", "to_undirected", "ToUndirected"),
    hides=("split.directed", "split.sizes"),
)
def duplicated_edges(case: Case) -> str | None:
    index = columns(_edges(case))
    if index is None or not index.size or index.min() < 0:
        return None
    total, n = index.shape[1], int(index.max()) + 1
    different = len(np.unique(index[0] * n + index[1]))
    one_way = missing_reverse(index, n) > 0
    if different == total or not (
        total > 2 * case.truth.n_edges or (one_way and 2 * different <= total)
    ):
        return None
    return (
        f"{total:,} columns, of which {different:,} are different, for {case.truth.n_edges:,} rows"
    )
