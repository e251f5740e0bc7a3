"""Misconceptions of step 3, last part: how the edges were split.

`autograder.rules.causes` runs them over the three parts and the calls of `RandomLinkSplit`.
"""

from __future__ import annotations

import numpy as np

from autograder.contract import PARTS
from autograder.evidence.schema import Absent, Part, Split, SplitCall
from autograder.rules.cause import Case, cause
from autograder.rules.graphs import keys, missing_reverse, pairs
from autograder.rules.numbering import columns, graph_data


def _split(case: Case) -> Split | None:
    found = case.evidence.step3.split if case.evidence.step3 else None
    return found if isinstance(found, Split) else None


def _call(split: Split | None) -> SplitCall | None:
    """The call that gave the parts, as far as can be told: the last one."""
    return split.calls[-1] if split and split.calls else None


def _whole(case: Case) -> np.ndarray | None:
    """[2, E] of the graph that was split."""
    split, data = _split(case), graph_data(case)
    return columns(split.given if split and split.given else data.edge_index if data else None)


def _positives(part: Part) -> np.ndarray | None:
    return columns(part.positives or part.labels)


def _held_out_shown(split: Split) -> tuple[int, int]:
    """Held-out pairs of nodes that are among the edges for training, and held-out pairs in all."""
    shown = columns(split.train.edge_index)
    held = [_positives(part) for part in (split.val, split.test)]
    known = [index for index in held if index is not None]
    if shown is None or len(known) < 2:
        return 0, 0
    both: np.ndarray = np.concatenate(known, axis=1)
    n = 1 + int(max(shown.max(initial=0), both.max(initial=0)))
    asked = pairs(both, n)
    return len(np.intersect1d(asked, pairs(shown, n))), len(asked)


@cause(
    "split.directed",
    title="A graph with both directions was split as if it were directed",
    why="Each edge is stored twice, there and back. Split as directed, the two copies are dealt "
    "out apart: an edge is held out, and its reverse stays among the edges for training.",
    question="Take one test edge and turn it round. Is it in `train_data.edge_index`?",
    hints=(
        "Count how many test edges are, in either direction, in `train_data.edge_index`.",
        "What does RandomLinkSplit need to know about a graph that stores both directions?",
        "There is an argument of RandomLinkSplit that says so. What is its default?",
    ),
    at=("RandomLinkSplit", "is_undirected"),
    hides=("split.sizes", "split.one-way-graph"),
    references=("PyG issue 3440",),
)
def directed(case: Case) -> str | None:
    split, graph = _split(case), _whole(case)
    if split is None or graph is None or not graph.size or graph.min() < 0:
        return None
    call = _call(split)
    n = int(graph.max()) + 1
    once = len(np.unique(keys(graph, n))) == graph.shape[1]
    unaware = not call.is_undirected if call else once
    shown, asked = _held_out_shown(split)
    if not unaware or not shown or missing_reverse(graph, n):
        return None
    return (
        f"{shown:,} of {asked:,} held-out pairs are, in the other direction, among the "
        f"message-passing edges of `train_data`"
    )


@cause(
    "split.one-way-graph",
    title="Messages flow in one direction only",
    why="A node learns from the edges that point to it. With columns from users to artists alone, "
    "no user ever receives a message: users keep the embedding they started with.",
    question="How many edges of `train_data` point to a user?",
    hints=(
        "Ask `train_data.is_undirected()`.",
        "Which nodes occur in row 1 of `train_data.edge_index`?",
        "Let the split know that the graph is undirected, so that it adds each edge's reverse.",
    ),
    at=("RandomLinkSplit", "is_undirected", "edge_index"),
    hides=("split.sizes",),
)
def one_way_graph(case: Case) -> str | None:
    split, graph = _split(case), _whole(case)
    shown = columns(split.train.edge_index) if split else None
    if graph is None or shown is None or not shown.size or min(graph.min(), shown.min()) < 0:
        return None
    single = missing_reverse(shown, int(shown.max()) + 1)
    if not single or not missing_reverse(graph, int(graph.max()) + 1):
        return None
    never = len(np.setdiff1d(shown[0], shown[1]))
    return (
        f"{single:,} of {shown.shape[1]:,} message-passing edges have no reverse; {never:,} nodes "
        "send messages and never receive one"
    )


@cause(
    "split.labels",
    title="Positive and negative edges were not kept apart",
    why="Without `split_labels=True` the parts hold one `edge_label_index` with everything in it. "
    "The training loop asks for `pos_edge_label_index` and finds no such attribute.",
    question="Which attributes does `print(train_data)` show?",
    hints=(
        "Print `train_data` and read the names of its attributes.",
        "Which attribute does the error message, or the next step, ask for?",
        "RandomLinkSplit has an argument that makes one attribute for each kind of edge.",
    ),
    at=("RandomLinkSplit", "pos_edge_label_index"),
    hides=("split.sizes",),
    references=("PyG issue 3668", "PyG issue 8845"),
)
def labels(case: Case) -> str | None:
    split = _split(case)
    if split is None:
        return None
    parts = [name for name in PARTS if getattr(split, name).positives is None]
    together = [name for name in parts if getattr(split, name).labels is not None]
    if not together:
        return None
    return f"{', '.join(f'{name}_data' for name in parts)}: attributes {split.train.keys}"


def _order_of_sizes(split: Split) -> list[int] | None:
    """Positions of train, val, test by what RandomLinkSplit gives each; None where unclear."""
    sizes = []
    for part in (split.train, split.val, split.test):
        messages, asked = columns(part.edge_index), _positives(part)
        if messages is None or asked is None or not messages.size or not asked.size:
            return None
        sizes.append((-asked.shape[1], messages.shape[1]))
    return sorted(range(3), key=lambda i: sizes[i]) if len(set(sizes)) == 3 else None


@cause(
    "split.order",
    title="The three parts were given each other's names",
    why="RandomLinkSplit returns training, validation and test data in this order. In another "
    "order nothing raises, but the model is trained on a tenth of the edges, or measured on those "
    "it saw.",
    question="How many positive edges has each of your three parts? Which should have most?",
    hints=(
        "Print the three parts: which has the most positive edges?",
        "Validation and test have as many; which of them may use the other's edges as messages?",
        "Compare the order of your names with the one in PyG's example.",
    ),
    at=("train_data", "val_data", "test_data"),
    hides=("split.sizes",),
)
def order(case: Case) -> str | None:
    split = _split(case)
    if split is None or sizes.found(case):
        return None
    found = _order_of_sizes(split)
    if found in (None, [0, 1, 2]):
        return None
    said = []
    for name in PARTS:
        part = getattr(split, name)
        asked, messages = (part.positives or part.labels).shape[1], part.edge_index.shape[1]
        said.append(f"{name}_data {asked:,} positive and {messages:,} message")
    return "; ".join(said) + " edges"


@cause(
    "split.sizes",
    title="Validation and test are no tenth of the edges each",
    why="`num_val` and `num_test` below 1 are shares, whole numbers are counts of edges: 1 is one "
    "single edge. With too few edges an AUC says nothing, with too many little is left to learn "
    "from.",
    question="How many edges do `val_data` and `test_data` ask about, and how many did you want?",
    hints=(
        "Print the number of positive edges of the three parts.",
        "Look up in PyG's documentation what a whole number and what a decimal number means there.",
        "A tenth for each of the two, as a share.",
    ),
    at=("RandomLinkSplit", "num_val", "num_test"),
)
def sizes(case: Case) -> str | None:
    split = _split(case)
    call = _call(split)
    if call is None or split is None:
        return _failed(case) if split is None else None
    wrong = [
        f"{name} is {value:g}"
        for name, value in (("num_val", call.num_val), ("num_test", call.num_test))
        if abs((value if value < 1 else value / case.truth.n_edges) - 0.1) > 0.005
    ]
    asked = {name: _positives(getattr(split, name)) for name in PARTS}
    counts = {name: index.shape[1] for name, index in asked.items() if index is not None}
    tenth = case.truth.n_edges / 10
    if not wrong or all(0.95 * tenth < counts.get(name, 0) < 1.05 * tenth for name in PARTS[1:]):
        return None
    listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return f"{' and '.join(wrong)}: {listed} edges"


def _failed(case: Case) -> str | None:
    """The split raised because validation and test together take all edges."""
    found = case.evidence.step3.split if case.evidence.step3 else None
    error = found.error if isinstance(found, Absent) else None
    if error is None or "Insufficient number of edges" not in error.message:
        return None
    data = graph_data(case)
    index = columns(data.edge_index) if data else None
    if index is None or (index[0] <= index[1]).mean() < 0.4:  # dropped, as `is_undirected` does
        return None
    return f"{error.name}: {error.message}"


@cause(
    "split.train-negatives",
    title="The split drew the negatives for training, once and for all",
    why="Negatives that the split draws are the same in every epoch, and a model learns them by "
    "heart. Drawn anew in each epoch, they show it many more pairs that are no edges.",
    question="Does `train_data` have an attribute `neg_edge_label_index`? Who made it?",
    hints=(
        "Print `train_data` and read the names of its attributes.",
        "When are the negatives of step 5 drawn: once, or in each epoch?",
        "RandomLinkSplit draws negatives for training unless you tell it not to.",
    ),
    at=("RandomLinkSplit", "add_negative_train_samples"),
    references=("PyG discussion 6946",),
)
def train_negatives(case: Case) -> str | None:
    split = _split(case)
    if split is None:
        return None
    call, negatives = _call(split), split.train.negatives
    if call is not None and not call.add_negative_train_samples:
        return None
    if negatives is not None:
        fixed = negatives.shape[-1] if negatives.shape else 0
        return f"`train_data.neg_edge_label_index` is there, with {fixed:,} fixed negatives"
    if call is None or split.train.positives is not None:
        return None
    return "`add_negative_train_samples` was True: `train_data.edge_label` holds negatives too"
