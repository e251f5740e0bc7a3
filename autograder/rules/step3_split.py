"""Step 3, second half: a split that holds out a tenth twice and leaks nothing."""

from __future__ import annotations

import numpy as np

from autograder.contract import PARTS
from autograder.evidence.schema import Evidence, GraphData, Split
from autograder.rules import check
from autograder.rules.graphs import among, missing_reverse, pairs
from autograder.rules.observed import usable
from autograder.rules.teaching import expect, need
from autograder.truth import Truth

LEAK = "no held-out edge, nor its reverse, is among the message-passing edges"


@check("step3.split", points=1)
def test_sizes(
    positives: dict[str, np.ndarray], messages: dict[str, np.ndarray], truth: Truth
) -> None:
    """Validation and test hold out 10% of the edges each, training keeps the rest"""
    tenth = truth.n_edges // 10
    expected = {"train": truth.n_edges - 2 * tenth, "val": tenth, "test": tenth}
    found = {part: index.shape[1] for part, index in positives.items()}
    need(sum(found.values()) < 1.9 * truth.n_edges, "each edge in one part", LEAK)
    train = np.concatenate([positives["train"], messages["train"]], axis=1)
    found["train"] = len(pairs(train, 1 + int(train.max(initial=0))))  # whichever job it has
    total = sum(found.values())
    dropped = total < 0.99 * truth.n_edges
    got = ", ".join(f"{part} {size:,}" for part, size in found.items())
    expect(
        all(abs(found[p] - expected[p]) <= max(2, 0.01 * expected[p]) for p in PARTS),
        ran="the number of positive edges of the three parts",
        expected=", ".join(f"{part} {size:,}" for part, size in expected.items()),
        got=f"{got}; {total:,} of {truth.n_edges:,} edges kept" if dropped else got,
        why="`is_undirected=True` keeps only columns whose source is not above their target: "
        "where users and artists share index ranges, the others are dropped without a word."
        if dropped
        else "The order is train, val, test; num_val and num_test are shares below 1.",
        next="Give every node an index of its own, users first: then every user's index lies "
        "below every artist's."
        if dropped
        else "Look at num_val, num_test and at the order of the three names.",
    )


@check("step3.split", points=1)
def test_labels(split: Split) -> None:
    """Each part has its positive edges, validation and test their negatives too"""
    wanted = [
        f"{p}_data.pos_edge_label_index" for p in PARTS if getattr(split, p).positives is None
    ]
    held = PARTS[1:]
    wanted += [f"{p}_data.neg_edge_label_index" for p in held if not getattr(split, p).negatives]
    expect(
        not wanted,
        ran="the attributes of `train_data`, `val_data` and `test_data`",
        expected="pos_edge_label_index in all, neg_edge_label_index in val and test",
        got="missing: " + ", ".join(wanted),
        why="Training and evaluation take their edges from these attributes.",
        next="Ask RandomLinkSplit for `split_labels=True`.",
    )


@check("step3.split", points=1)
def test_no_train_negatives(split: Split) -> None:
    """Training negatives are left to the training loop"""
    expect(
        split.train.negatives is None,
        ran="`train_data.neg_edge_label_index`",
        expected="no such attribute",
        got="a fixed set of negatives",
        why="Negatives that are drawn once are the same in every epoch, and get learned by heart.",
        next="`add_negative_train_samples=False`: step 5 draws new ones in each epoch.",
    )


@check("step3.split", points=2)
def test_no_leak(
    evidence: Evidence, messages: dict[str, np.ndarray], positives: dict[str, np.ndarray]
) -> None:
    """No held-out edge, nor its reverse, is among the message-passing edges"""
    data = evidence.step3.data if evidence.step3 else None
    graph = data.edge_index if isinstance(data, GraphData) else None
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
        ((words, len(np.intersect1d(asked[h], other))) for words, (h, other) in leaks.items()),
        key=lambda item: item[1],
    )
    foreign = sum(int((~among(e, pairs(whole, n))).sum()) for e in asked.values())
    expect(
        leaked == 0 and all(len(e) for e in asked.values()) and not (whole.size and foreign),
        ran="the unordered pairs of held-out and of message-passing edges",
        expected="none in common",
        got=f"{leaked:,} {where}" if leaked else f"{foreign:,} positive edges are none of `data`",
        why="The model would be asked for edges that it has already been shown: leakage.",
        next="Edges stored in both directions need `is_undirected=True`. The three parts come as "
        "train, val, test. And does every node have an index of its own?",
    )


@check("step3.split", points=1)
def test_both_ways(messages: dict[str, np.ndarray]) -> None:
    """Messages flow both ways: users hear from artists and artists from users"""
    n = 1 + max(int(e.max(initial=0)) for e in messages.values())
    single = {part: missing_reverse(edges, n) for part, edges in messages.items()}
    part, lonely = max(single.items(), key=lambda item: item[1])
    expect(
        lonely == 0 and all(e.size for e in messages.values()),
        ran="the message-passing edges of the three parts",
        expected="every edge in both directions",
        got=f"{lonely:,} edges of {part}_data without their reverse",
        why="A node without incoming edges never receives a message.",
        next="`is_undirected=True` adds the reverse of every edge after the split.",
    )
