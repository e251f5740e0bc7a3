"""Step 3, third exercise: a split that holds out a random tenth twice and leaks nothing.

What can make a check fail stands beside it, the most fundamental cause first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from autograder.contract import PARTS
from autograder.evidence.schema import Absent, CellError, GraphData, Split, SplitCall
from autograder.rules import check
from autograder.rules.cause import Case, cause, fact
from autograder.rules.graphs import among, distinct, keys, missing_reverse, pairs
from autograder.rules.numbering import columns, graph_data, of_edges, positives_of, split_of
from autograder.rules.observed import usable
from autograder.rules.step1 import TABLE
from autograder.rules.step2_graph import edges_missing
from autograder.rules.step3_data import (
    TENSOR,
    cut_in_halves,
    duplicated_edges,
    fewer_edges,
    other_edges,
)
from autograder.rules.step3_mapping import MAPPED
from autograder.rules.teaching import count, expect, need, present, raised
from autograder.truth import Truth

LEAK = "step3.split.no_leak"
SMALLER_FIRST = (
    "In the cell that makes `data`, put the smaller index of each pair first, or store both "
    "directions: the split drops an edge whose source is above its target."
)


# What is known of the split


def _call(split: Split | None) -> SplitCall | None:
    """The call that gave the parts, as far as can be told: the last one."""
    return split.calls[-1] if split and split.calls else None


def _whole(case: Case) -> np.ndarray | None:
    """[2, E] of the graph that was split."""
    split, data = split_of(case), graph_data(case)
    return columns(split.given if split and split.given else data.edge_index if data else None)


def _held_out_shown(split: Split) -> tuple[int, int]:
    """Held-out pairs of nodes that are among the edges for training, and held-out pairs in all."""
    shown = columns(split.train.edge_index)
    held = [positives_of(part) for part in (split.val, split.test)]
    known = [index for index in held if index is not None]
    if shown is None or len(known) < 2:
        return 0, 0
    both: np.ndarray = np.concatenate(known, axis=1)
    n = 1 + int(max(shown.max(initial=0), both.max(initial=0)))
    asked = pairs(both, n)
    return len(np.intersect1d(asked, pairs(shown, n))), len(asked)


@dataclass(frozen=True)
class Sizes:
    """Edges of each part, those due, and whether they are as many."""

    found: dict[str, int]
    due: dict[str, int]

    @property
    def right(self) -> bool:
        """Whether each part has as many as it should, within a hundredth."""
        return all(abs(self.found[p] - n) <= max(2, 0.01 * n) for p, n in self.due.items())


@fact
def part_sizes(case: Case) -> Sizes | None:
    """Positive edges of the parts; of training also those that only pass messages."""
    split = split_of(case)
    asked = {p: positives_of(getattr(split, p)) for p in PARTS} if split else {}
    if split is None or any(index is None for index in asked.values()):
        return None
    found = {part: index.shape[1] for part, index in asked.items() if index is not None}
    messages = columns(split.train.edge_index)
    train = [index for index in (asked["train"], messages) if index is not None]
    both: np.ndarray = np.concatenate(train, axis=1)
    if both.size and both.min() >= 0:
        found["train"] = len(pairs(both, 1 + int(both.max())))
    total, tenth = case.truth.n_edges, case.truth.n_edges // 10
    return Sizes(found, {"train": total - 2 * tenth, "val": tenth, "test": tenth})


def odd_shares(case: Case) -> list[str]:
    """Settings of the last RandomLinkSplit that are no tenth, each in words."""
    call = _call(split_of(case))
    settings = (("num_val", call.num_val), ("num_test", call.num_test)) if call else ()
    return [
        f"{name} is {value:g}"
        for name, value in settings
        if abs((value if value < 1 else value / case.truth.n_edges) - 0.1) > 0.005
    ]


def out_of_order(case: Case) -> bool:
    """Whether the parts bear each other's names: what is called training should ask about most, and
    what is called test may use the edges of validation as messages."""
    split = split_of(case)
    sizes = part_sizes(case)
    shown = [columns(getattr(split, p).edge_index) for p in PARTS] if split else []
    if sizes is None or any(index is None for index in shown) or odd_shares(case):
        return False
    asked = [positives_of(getattr(split, p)).shape[1] for p in PARTS]  # type: ignore[union-attr]
    messages = [index.shape[1] for index in shown if index is not None]
    few_asked = max(asked[1:]) > 2 * asked[0]
    return few_asked or messages[1] > messages[2] + max(2, 0.01 * messages[2])


def concentrated(case: Case) -> tuple[str, str, int, int] | None:
    """A held-out part whose edges are those of too few nodes to be drawn at random: its name, which
    nodes, how many of them it has, and how many a random draw would have.

    A node of degree d is in a random share f with probability 1 - (1 - f)^d.
    """
    split = split_of(case)
    if split is None:
        return None
    every = [columns(getattr(split, p).edge_index) for p in PARTS]
    every += [positives_of(getattr(split, p)) for p in PARTS]
    known = [index for index in every if index is not None and index.size and index.min() >= 0]
    if len(known) < len(every) or max(i.max() for i in known) >= 10 * case.truth.num_nodes:
        return None
    n = 1 + max(int(index.max()) for index in known)
    whole = pairs(np.concatenate(known, axis=1), n)
    degree = np.bincount(np.concatenate(np.divmod(whole, n)), minlength=n)
    used = of_edges(case)
    groups = {"users or artists": np.arange(n)}
    if used and used.sides:
        groups = {"users": used.known(0), "artists": used.known(1)}
    for part, index in zip(PARTS[1:], known[4:], strict=True):
        held = pairs(index, n)
        share = len(held) / len(whole)
        chance = 1 - (1 - share) ** degree
        there = np.bincount(np.concatenate(np.divmod(held, n)), minlength=n) > 0
        for kind, mine in groups.items():
            here = mine[mine < n]
            due, spread = chance[here].sum(), np.sqrt((chance * (1 - chance))[here].sum())
            if there[here].sum() < due - 6 * max(spread, 1):
                return f"the {part} edges", kind, int(there[here].sum()), round(due)
    return None


@fact
def _turned(case: Case) -> np.ndarray | None:
    """[2, E] of the graph that was split, where the split drops columns: they have no reverse."""
    data = graph_data(case)
    graph = _whole(case) if split_of(case) else columns(data.edge_index) if data else None
    if graph is None or not graph.size or graph.min() < 0:
        return None
    n = int(graph.max()) + 1
    away = graph[:, graph[0] > graph[1]]
    there = distinct(keys(graph, n))
    return graph if (~among(keys(away[::-1], n), there)).mean() > 0.5 else None


# Causes


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
    references=("PyG issue 3440",),
)
def directed(case: Case) -> str | None:
    split, graph = split_of(case), _whole(case)
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
    "split.several-splits",
    title="The three parts come from different splits",
    why="Every call of the transform deals all edges out anew. An edge that is held out in one of "
    "them is among the edges for training in another.",
    question="How often is the transform called, and which of its results do you keep?",
    hints=(
        "Count the calls of your transform.",
        "How many edges do the test part and the training part have in common?",
        "One call gives all three parts: take them from the same one.",
    ),
    at=("train_data", "transform", "RandomLinkSplit"),
)
def several_splits(case: Case) -> str | None:
    split = split_of(case)
    if split is None or len(split.calls) < 2 or not all(c.is_undirected for c in split.calls):
        return None
    shown, asked = _held_out_shown(split)
    if shown < 0.1 * asked:
        return None
    return (
        f"RandomLinkSplit was called {len(split.calls)} times; {shown:,} of {asked:,} held-out "
        "edges are among the message-passing edges of `train_data`"
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
)
def one_way_graph(case: Case) -> str | None:
    split, graph = split_of(case), _whole(case)
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
    "split.turned-columns",
    title="The split drops edges whose source has the higher index",
    why="With `is_undirected=True` the split assumes that each edge is stored in both directions, "
    "and keeps only the columns whose source is not above their target. An edge that is stored "
    "once, from a higher index to a lower one, is lost.",
    question="In how many columns of `data.edge_index` is the source above the target?",
    hints=(
        "Count them: `(data.edge_index[0] > data.edge_index[1]).sum()`.",
        "Go back to the cell that makes `data`: which end of an edge stands in row 0?",
        "Put the smaller index of each pair first, or store both directions of every edge.",
    ),
    at=("edge_index", "Data", "RandomLinkSplit"),
)
def turned_columns(case: Case) -> str | None:
    split, graph = split_of(case), _turned(case)
    if split is None:
        lost = _insufficient(case) is not None
    else:
        sized = part_sizes(case)
        lost = sized is not None and sum(sized.found.values()) < 0.99 * case.truth.n_edges
    if graph is None or not lost:
        return None
    away = int((graph[0] > graph[1]).sum())
    return (
        f"in {away:,} of {graph.shape[1]:,} columns of `edge_index` the source is the higher index"
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
    references=("PyG issue 3668", "PyG issue 8845"),
)
def labels(case: Case) -> str | None:
    split = split_of(case)
    if split is None:
        return None
    parts = [name for name in PARTS if getattr(split, name).positives is None]
    together = [name for name in parts if getattr(split, name).labels is not None]
    if not together:
        return None
    return f"{', '.join(f'{name}_data' for name in parts)}: attributes {split.train.keys}"


@cause(
    "split.order",
    title="The three parts were given each other's names",
    why="RandomLinkSplit returns training, validation and test data in this order. In another "
    "order nothing raises, but the model is trained on a tenth of the edges, or measured on those "
    "it saw.",
    question="How many positive edges does each of your three parts have? Which should have most?",
    hints=(
        "Print the three parts: which has the most positive edges?",
        "Validation and test have equally many: which may use the other's edges as messages?",
        "Compare the order of your names with the one in PyG's example.",
    ),
    at=("train_data", "val_data", "test_data"),
)
def order(case: Case) -> str | None:
    split = split_of(case)
    if split is None or not out_of_order(case):
        return None
    said = []
    for name in PARTS:
        part = getattr(split, name)
        asked, messages = positives_of(part), columns(part.edge_index)
        counts = [0 if index is None else index.shape[1] for index in (asked, messages)]
        said.append(f"{name}_data {counts[0]:,} positive and {counts[1]:,} message")
    return "; ".join(said) + " edges"


@cause(
    "split.sizes",
    title="Validation and test do not have a tenth of the edges each",
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
    split, sized = split_of(case), part_sizes(case)
    if split is None:
        return _failed(case)
    if sized is None or sized.right:
        return None
    call, odd = _call(split), odd_shares(case)
    if call is not None and not odd:  # the settings are right: the graph is not
        return None
    listed = ", ".join(f"{name} {count:,}" for name, count in sized.found.items())
    due = ", ".join(f"{count:,}" for count in sized.due.values())
    return f"{' and '.join(odd)}: {listed} edges" if odd else f"{listed} edges; it should be {due}"


def _insufficient(case: Case) -> CellError | None:
    """PyG's word that no edge would be left to train on, if that is what the split raised."""
    found = case.evidence.step3.split if case.evidence.step3 else None
    error = found.error if isinstance(found, Absent) else None
    return error if error and "Insufficient number of edges" in error.message else None


def _failed(case: Case) -> str | None:
    """The split raised because validation and test together take all edges."""
    error = _insufficient(case)
    if error is None:
        return None
    data = graph_data(case)
    index = columns(data.edge_index) if data else None
    if index is None or (index[0] <= index[1]).mean() < 0.4:  # dropped, as `is_undirected` does
        return None
    return f"{error.name}: {error.message}"


@cause(
    "split.not-shuffled",
    title="The edges were not shuffled before they were split",
    why="The file is sorted by user. Its last rows are those of a few users only: in training they "
    "have no edge at all, and what the test measures is not what was learned.",
    question="How many different users have a test edge, and how many users are there?",
    hints=(
        "Count the different users among the test edges, and among all.",
        "In which order do the rows stand in the file?",
        "Draw a random order of the edges first, and cut that.",
    ),
    at=("test_data", "slice", "randperm"),
)
def not_shuffled(case: Case) -> str | None:
    found = concentrated(case)
    if found is None:
        return None
    part, kind, nodes, due = found
    return f"{part} join only {nodes:,} {kind}; a random draw would join about {due:,}"


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
    split = split_of(case)
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


ROOTS = (
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
def split(case: Case) -> Split:
    """The three parts, where there is a graph that was split."""
    parts = case.evidence.step3.split if case.evidence.step3 else None
    error = parts.error if isinstance(parts, Absent) else None
    if error is not None and "values to unpack" in error.message:
        advice = "`transform(data)` returns three parts, train, val and test: give it three names."
        raise raised("the cell that should define `train_data`", error, advice)
    if error is not None and turned_columns.found(case):
        raise raised("the cell that should define `train_data`", error, SMALLER_FIRST)
    found = present(case.evidence.step3, "split")
    if not isinstance(graph_data(case), GraphData):
        need(False, "the `data` that was split", "step3.data.edge_tensor")
    return found


@pytest.fixture
def messages(split: Split) -> dict[str, np.ndarray]:
    """Message-passing edges [2, E] of each part."""
    return {p: usable(getattr(split, p).edge_index, f"`{p}_data.edge_index`") for p in PARTS}


@pytest.fixture
def positives(split: Split) -> dict[str, np.ndarray]:
    """Positive supervision edges [2, P] of each part."""
    found = {part: positives_of(getattr(split, part)) for part in PARTS}
    whole = all(index is not None for index in found.values())
    need(whole, "positive edges in every part", "step3.split.labels")
    return {part: index for part, index in found.items() if index is not None}


@check(
    "step3.split",
    points=1,
    causes=(*ROOTS, turned_columns, directed, one_way_graph, order, sizes, not_shuffled),
)
def test_sizes(
    case: Case, positives: dict[str, np.ndarray], messages: dict[str, np.ndarray], truth: Truth
) -> None:
    """Validation and test hold out a random 10% of the edges each, training keeps the rest"""
    sized: Sizes = part_sizes(case)  # type: ignore[assignment]
    asked = sum(index.shape[1] for index in positives.values())
    need(asked < 1.9 * truth.n_edges, "each edge in one part", LEAK)
    total = sum(sized.found.values())
    dropped = total < 0.99 * truth.n_edges
    got = ", ".join(f"{part} {size:,}" for part, size in sized.found.items())
    expect(
        sized.right,
        ran="the number of positive edges of the three parts",
        expected=", ".join(f"{part} {size:,}" for part, size in sized.due.items()),
        got=f"{got}; {total:,} of {truth.n_edges:,} edges kept" if dropped else got,
        why="`is_undirected=True` keeps only columns whose source is not above their target, and "
        "drops the others without a word."
        if dropped
        else "The order is train, val, test; num_val and num_test are shares below 1.",
        next=SMALLER_FIRST
        if dropped and turned_columns.found(case)
        else "Give every node an index of its own, users first: then every user's index lies "
        "below every artist's."
        if dropped
        else "Look at num_val, num_test and at the order of the three names.",
    )
    few = concentrated(case)
    part, kind, nodes, due = few or ("", "", 0, 0)
    expect(
        few is None,
        ran=f"the nodes that {part} join",
        expected=f"about {due:,} {kind}, as in a random draw",
        got=f"{nodes:,} {kind}",
        why="The file is sorted by user: its last rows are those of a few users, who then have no "
        "edge in training.",
        next="Shuffle the edges before you cut them into parts.",
    )


@check("step3.split", points=1, causes=(labels,))
def test_labels(split: Split) -> None:
    """Each part has its positive edges, validation and test their negatives too"""
    wanted = [
        f"{p}_data.pos_edge_label_index" for p in PARTS if getattr(split, p).positives is None
    ]
    bare = [p for p in PARTS[1:] if not getattr(split, p).negatives]
    kept_apart = not wanted  # positives of their own: `split_labels` was True
    wanted += [f"{p}_data.neg_edge_label_index" for p in bare]
    expect(
        not wanted,
        ran="the attributes of `train_data`, `val_data` and `test_data`",
        expected="pos_edge_label_index in all, neg_edge_label_index in val and test",
        got="missing: " + ", ".join(wanted),
        why="Training and evaluation take their edges from these attributes.",
        next="`neg_sampling_ratio=0` removes the negatives of validation and test too; for "
        "training only, use `add_negative_train_samples=False`."
        if kept_apart
        else "Ask RandomLinkSplit for `split_labels=True`.",
    )


@check("step3.split", points=1, causes=(train_negatives,))
def test_no_train_negatives(split: Split) -> None:
    """Training negatives are left to the training loop"""
    label = split.train.label
    among_labels = split.train.positives is None and label is not None and not label.numpy().all()
    fixed = split.train.negatives
    expect(
        (fixed is None or 0 in fixed.shape) and not among_labels,
        ran="the supervision edges of `train_data`",
        expected="positives only",
        got="a fixed set of negatives beside them",
        why="Negatives that are drawn once are the same in every epoch, and get learned by heart.",
        next="`add_negative_train_samples=False`: step 5 draws new ones in each epoch.",
    )


@check("step3.split", points=2, causes=(*ROOTS, several_splits, directed, order))
def test_no_leak(
    case: Case, messages: dict[str, np.ndarray], positives: dict[str, np.ndarray]
) -> None:
    """No held-out edge, nor its reverse, is among the message-passing edges"""
    data = graph_data(case)
    graph = data.edge_index if data else None
    whole = usable(graph, "`data.edge_index`") if graph else np.zeros((2, 0), dtype=int)
    n = 1 + max(int(e.max(initial=0)) for e in [*messages.values(), *positives.values(), whole])
    asked = {part: pairs(edges, n) for part, edges in positives.items()}
    shown = {part: pairs(edges, n) for part, edges in messages.items()}
    leaks = {
        f"{held} edges are among the message-passing edges of {part}_data": (held, shown[part])
        for held, parts in (("val", PARTS[:2]), ("test", PARTS))
        for part in parts
    }
    leaks |= {
        f"{held} edges are supervision edges of {part}_data too": (held, asked[part])
        for held, part in (("val", "train"), ("test", "train"), ("test", "val"))
    }
    where, leaked = max(
        ((words, int(among(asked[h], other).sum())) for words, (h, other) in leaks.items()),
        key=lambda item: item[1],
    )
    foreign = sum(int((~among(e, pairs(whole, n))).sum()) for e in asked.values())
    expect(
        leaked == 0 and all(len(e) for e in asked.values()) and not (whole.size and foreign),
        ran="the unordered pairs of held-out and of message-passing edges",
        expected="none in common",
        got=f"{leaked:,} {where}"
        if leaked
        else f"{count(foreign, 'positive edge')} that `data` does not have",
        why="The model would be asked for edges that it has already been shown: leakage.",
        next="Edges stored in both directions need `is_undirected=True`. The three parts come as "
        "train, val, test, in this order. And every node needs an index of its own.",
    )


@check("step3.split", points=1, causes=(*ROOTS, turned_columns, one_way_graph))
def test_both_ways(messages: dict[str, np.ndarray]) -> None:
    """Messages flow both ways: users hear from artists and artists from users"""
    n = 1 + max(int(e.max(initial=0)) for e in messages.values())
    single = {part: missing_reverse(edges, n) for part, edges in messages.items()}
    part, lonely = max(single.items(), key=lambda item: item[1])
    expect(
        lonely == 0 and all(e.size for e in messages.values()),
        ran="the message-passing edges of the three parts",
        expected="every edge in both directions",
        got=f"{count(lonely, 'edge')} of {part}_data without the reverse",
        why="A node without incoming edges never receives a message.",
        next="`is_undirected=True` adds the reverse of every edge after the split.",
    )
