"""Misconceptions of step 3, first part: which index every user and every artist gets.

`autograder.rules.causes` runs them over the evidence of `id_mapping`, or of what stands in for it.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Split
from autograder.rules.cause import Case, cause
from autograder.rules.numbering import Numbering, columns, in_any, own_rows

COLLIDED_ERRORS = ("PyG discussion 8902", "PyG issue 1016", "PyG issue 4588")


def _shared_alike(case: Case, one: Numbering) -> int:
    """Ids of a user and of an artist that have one index, where all of them have."""
    if one.sides is None:
        return 0
    _, first, second = np.intersect1d(
        case.truth.user_ids, case.truth.artist_ids, return_indices=True
    )
    users, artists = one.sides[0][first], one.sides[1][second]
    known = (users >= 0) & (artists >= 0)
    alike = users[known] == artists[known]
    return int(alike.sum()) if alike.size > 1 and alike.all() else 0


def _kept(case: Case) -> str:
    """What the split left of the edges: `is_undirected` keeps columns with source <= target."""
    split = case.evidence.step3.split if case.evidence.step3 else None
    parts = (split.train, split.val, split.test) if isinstance(split, Split) else ()
    found = [columns(part.positives) for part in parts]
    asked = [index for index in found if index is not None]
    if len(asked) < 3:
        return ""
    kept, rows = sum(index.shape[1] for index in asked), case.truth.n_edges
    return f"; the split kept {kept:,} of {rows:,} edges" if kept < 0.99 * rows else ""


def _size(case: Case, one: Numbering) -> str:
    truth = case.truth
    both = f"{truth.n_users:,} users and {truth.n_artists:,} artists ({truth.num_nodes:,})"
    return f"{one.size:,} indices in {one.of} for {both}"


@cause(
    "map.id-collision",
    title="One dictionary for users and artists, keyed by raw ids",
    why="A dictionary holds one entry for a key. Many ids are both a user's and an artist's, so "
    "the artist's index replaces the user's: both share one row of the embedding. Indices still "
    "run up to the number of all nodes, so there are fewer entries than the largest index says, "
    "and PyG may raise IndexError much later.",
    question="What does your dictionary say for user 51, and what for artist 51?",
    hints=(
        "Compare the length of the dictionary with the number of users plus artists.",
        "Look up one id that is both a user's and an artist's. Which of the two do you get?",
        "Use keys that differ for a user and an artist of the same id, or two dictionaries.",
    ),
    at=("id_mapping", "update"),
    hides=("map.no-offset", "data.x", "data.num-nodes", "data.duplicated-edges", "split.sizes"),
    references=COLLIDED_ERRORS,
)
@in_any
def id_collision(case: Case, one: Numbering) -> str | None:
    alike = _shared_alike(case, one)
    if not alike or one.in_one_go or _follows_ids(case, one):
        return None
    return (
        f"{_size(case, one)}: {alike:,} ids are a user's and an artist's at once and have one "
        f"index for both; the largest index is {one.values.max():,}{_kept(case)}"
    )


@cause(
    "map.union",
    title="Users and artists were numbered together, by distinct id",
    why="A set of all ids holds a number once, though it is both a user's and an artist's. All "
    "fits together, no error comes, and yet each such pair is one node with one embedding, whose "
    "neighbours are those of both.",
    question="How many nodes do you count, and how many are users plus artists?",
    hints=(
        "Compare the number of your nodes with the number of users plus artists.",
        "On the toy graph: users 1, 2, 3 and artists 1, 2, 3, 4. How many distinct numbers?",
        "Number the users and the artists apart from each other, with no index in common.",
    ),
    at=("id_mapping", "union", "unique", "set"),
    hides=("data.x", "data.num-nodes", "data.duplicated-edges", "split.sizes"),
)
@in_any
def union(case: Case, one: Numbering) -> str | None:
    blind = one.sides is None and one.size == case.truth.distinct_ids and case.truth.shared
    if not one.in_one_go or not (_shared_alike(case, one) or blind) or _follows_ids(case, one):
        return None
    return (
        f"{_size(case, one)}: the {case.truth.shared:,} ids that are a user's and an artist's "
        f"have one index for both{_kept(case)}"
    )


@cause(
    "map.no-offset",
    title="Artists are numbered from the start again",
    why="User 0 and artist 0 are then one node with one embedding, and messages go to both. No "
    "error comes as long as the embedding has rows enough.",
    question="Which node is index 0: a user or an artist?",
    hints=(
        "Print the smallest and the largest index of the users, and then of the artists.",
        "How many indices are a user's and an artist's too?",
        "Let the numbers of one side begin where those of the other end.",
    ),
    at=("id_mapping", "enumerate", "factorize", "fit_transform"),
    hides=("data.x", "data.num-nodes", "data.duplicated-edges", "split.sizes"),
)
@in_any
def no_offset(case: Case, one: Numbering) -> str | None:
    if one.raw or _follows_ids(case, one) or _shared_alike(case, one):
        return None
    if one.sides is None:
        most = max(case.truth.n_users, case.truth.n_artists)
        return _size(case, one) if one.size == most and one.in_one_go else None
    users, artists = (side[side >= 0] for side in one.sides)
    common = np.intersect1d(users, artists)
    if len(common) == 0 or (len(common) == 1 and _begins_late(case, one)):
        return None
    return (
        f"users have the indices {_range(one.sides[0])}, artists {_range(one.sides[1])}: "
        f"{len(common):,} indices are a user's and an artist's{_kept(case)}"
    )


def _range(index: np.ndarray) -> str:
    known = index[index >= 0]
    return f"{known.min():,} to {known.max():,}" if known.size else "none"


@cause(
    "map.raw-ids",
    title="The ids of the file are used as indices",
    why="Ids have gaps and do not begin at 0. As indices they leave rows of the embedding unused, "
    "go beyond the number of nodes, and where nothing is added a user and an artist share a row.",
    question="What is your smallest index, what your largest, and how many nodes are there?",
    hints=(
        "Compare the largest index with the number of nodes minus one.",
        "Which indices between 0 and the largest belong to nobody?",
        "Give every user and artist a number of its own from 0 on, without gaps.",
    ),
    at=("id_mapping", "edge_index"),
    hides=("map.*", "data.x", "data.num-nodes", "data.duplicated-edges", "split.sizes"),
)
@in_any
def raw_ids(case: Case, one: Numbering) -> str | None:
    if not _follows_ids(case, one):
        return None
    low, high = one.values.min(), one.values.max()
    unused = int(high) + 1 - len(np.unique(one.values))
    return (
        f"the indices in {one.of}, {low:,} to {high:,}, follow the ids of the file: "
        f"{case.truth.num_nodes:,} nodes, and {unused:,} indices up to the largest are nobody's"
    )


def _follows_ids(case: Case, one: Numbering) -> bool:
    """Whether the indices of users or of artists are their ids, plus one number for all."""
    ids = case.truth.user_ids, case.truth.artist_ids
    if one.sides is None:
        return np.array_equal(np.unique(one.values), np.union1d(*ids))
    return any(_shifted(side, own) for side, own in zip(one.sides, ids, strict=True))


def _shifted(index: np.ndarray, ids: np.ndarray) -> bool:
    known = index >= 0
    steps = np.unique(index[known] - ids[known])
    gaps = known.sum() > 2 and ids[known].max() - ids[known].min() >= known.sum()
    return bool(gaps) and len(steps) == 1


@cause(
    "map.from-one",
    title="The indices begin at 1",
    why="Python and PyTorch count rows from 0. Counting from 1, row 0 belongs to nobody, and the "
    "last node has an index that is one too large: an index error in the embedding or in the "
    "convolution.",
    question="Which indices has a table with `num_nodes` rows, from which to which?",
    hints=(
        "Print the smallest and the largest index.",
        "Compare the largest index with `num_nodes - 1`.",
        "Begin to count where PyTorch does.",
    ),
    at=("id_mapping", "enumerate", "range"),
    hides=("data.x", "data.num-nodes"),
    references=COLLIDED_ERRORS,
)
@in_any
def from_one(case: Case, one: Numbering) -> str | None:
    if _follows_ids(case, one) or not _begins_late(case, one):
        return None
    last = case.truth.num_nodes - 1
    return (
        f"indices from {one.values.min():,} to {one.values.max():,} in {one.of}, for "
        f"{case.truth.num_nodes:,} nodes: 0 to {last:,} are due"
    )


def _begins_late(case: Case, one: Numbering) -> bool:
    """Whether all, or one side without gaps, begin one too late."""
    truth = case.truth
    ends = truth.num_nodes, truth.distinct_ids
    if one.values.min() == 1 and (one.in_one_go or one.values.max() in ends):
        return True
    before = truth.n_artists, truth.n_users  # how many may stand before a side
    return any(
        len(np.unique(side)) == len(side) == side.max() - side.min() + 1
        and side.min() in (1, count + 1)
        for side, count in zip(one.sides or (), before, strict=False)
    )


@cause(
    "map.subset",
    title="Some users or artists have no index",
    why="The mapping was built on a part of the data. Looking up the others raises KeyError, or "
    "`map` gives NaN for them, which becomes a huge negative number as soon as it is cast to an "
    "integer.",
    question="Has every id in the table an entry in your mapping?",
    hints=(
        "Compare the ids in the table with the keys of the mapping.",
        "Look for negative numbers in `edge_index`, and for NaN in the column that you mapped.",
        "Build the mapping from every user and every artist in the whole table.",
    ),
    at=("id_mapping", "head", "map", "edge_index"),
    hides=("data.x", "data.num-nodes", "data.edge-dtype", "train.negative-side"),
)
def subset(case: Case) -> str | None:
    found = in_any(_without_index)(case)
    lost = case.error("previously unseen labels")
    return found or (f"looking up all of them raised {lost.name}: {lost.message}" if lost else None)


def _without_index(case: Case, one: Numbering) -> str | None:
    if one.sides is None:
        return None
    ids = case.truth.user_ids, case.truth.artist_ids
    rows = own_rows(case)
    known = [np.isin(own, rows[:, i]) for i, own in enumerate(ids)]  # the others were lost before
    users, artists = (int(((s < 0) & k).sum()) for s, k in zip(one.sides, known, strict=True))
    if not users and not artists:
        return None
    lost = case.error("KeyError", "previously unseen labels")
    raised = f"; looking one up raised {lost.name}: {lost.message}" if lost else ""
    return (
        f"{users:,} of {case.truth.n_users:,} users and {artists:,} of "
        f"{case.truth.n_artists:,} artists have no index{raised}"
    )
