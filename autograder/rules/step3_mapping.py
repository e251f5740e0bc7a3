"""Step 3, first exercise: an index for every node.

What can make a check fail stands beside it, the most fundamental cause first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pytest

from autograder.evidence.schema import Mapping
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.numbering import (
    NOBODY,
    Numbering,
    numberings,
    observed,
    of_mapping,
    own_rows,
    positives_of,
    split_of,
)
from autograder.rules.outcome import Message
from autograder.rules.step1 import TABLE
from autograder.rules.step2_graph import edges_missing
from autograder.rules.teaching import NotAttempted, count, expect, need, present
from autograder.truth import Truth

COLLIDED_ERRORS = ("PyG discussion 8902", "PyG issue 1016", "PyG issue 4588")


# What is known of the numbering


def in_any(proof: Callable[[Case, Numbering], str | None]) -> Callable[[Case], str | None]:
    """A predicate that holds where the proof does for what the edges use, or for the mapping."""

    @functools.wraps(proof)
    def found(case: Case) -> str | None:
        return next(filter(None, (proof(case, one) for one in numberings(case))), None)

    return found


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
    split = split_of(case)
    parts = (split.train, split.val, split.test) if split else ()
    found = [positives_of(part) for part in parts]
    asked = [index for index in found if index is not None]
    if len(asked) < 3:
        return ""
    kept, rows = sum(index.shape[1] for index in asked), case.truth.n_edges
    return f"; the split kept {kept:,} of {rows:,} edges" if kept < 0.99 * rows else ""


def _size(case: Case, one: Numbering) -> str:
    truth = case.truth
    both = f"{truth.n_users:,} users and {truth.n_artists:,} artists ({truth.num_nodes:,})"
    return f"{one.size:,} indices in {one.of} for {both}"


def _range(index: np.ndarray) -> str:
    known = index[index >= 0]
    return f"{known.min():,} to {known.max():,}" if known.size else "none"


def _follows_ids(case: Case, one: Numbering) -> bool:
    """Whether the indices of users or of artists are their ids, plus one number for all."""
    ids = case.truth.user_ids, case.truth.artist_ids
    if one.sides is None:
        return np.array_equal(np.unique(one.values), np.union1d(*ids))
    if _shared_alike(case, one) and any(_gapless(side) for side in one.sides):
        users, artists = (
            np.where(side == own, own, -1) for side, own in zip(one.sides, ids, strict=True)
        )
        ids = users, artists
    return any(_shifted(side, own) for side, own in zip(one.sides, ids, strict=True))


def _gapless(side: np.ndarray) -> bool:
    """Whether the indices of a side, as many as it has, follow on each other."""
    return side.min() >= 0 and len(np.unique(side)) == len(side) == np.ptp(side) + 1


def _shifted(index: np.ndarray, ids: np.ndarray) -> bool:
    known = index >= 0
    steps = np.unique(index[known] - ids[known])
    gaps = known.sum() > 2 and ids[known].max() - ids[known].min() >= known.sum()
    return bool(gaps) and len(steps) == 1


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


def _without_index(case: Case, one: Numbering) -> str | None:
    if one.sides is None:
        return None
    ids = case.truth.user_ids, case.truth.artist_ids
    rows = own_rows(case)
    known = [np.isin(own, rows[:, i]) for i, own in enumerate(ids)]  # the others were lost before
    named = one.of == "the mapping"  # the edges may be of a part of the table only
    users, artists = (
        int(((side < 0) & own & (named | (side != NOBODY))).sum())
        for side, own in zip(one.sides, known, strict=True)
    )
    if not users and not artists:
        return None
    lost = case.error("KeyError", "previously unseen labels")
    raised = f"; looking one up raised {lost.name}: {lost.message}" if lost else ""
    return (
        f"{users:,} of {case.truth.n_users:,} users and {artists:,} of "
        f"{case.truth.n_artists:,} artists have no index{raised}"
    )


def wrong_keys(case: Case) -> str:
    """The first entry, where the keys say whom an index belongs to in no way that can be read."""
    mapped = of_mapping(case)
    if mapped is None or mapped.told or mapped.of == "the edges":
        return ""
    blind = mapped.size in (case.truth.num_nodes, case.truth.distinct_ids)
    return mapped.sample if blind else ""


# Causes


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
    references=COLLIDED_ERRORS,
)
@in_any
def id_collision(case: Case, one: Numbering) -> str | None:
    alike = _shared_alike(case, one)
    if not alike or (one.in_one_go and not one.values.min()) or _follows_ids(case, one):
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
)
@in_any
def union(case: Case, one: Numbering) -> str | None:
    blind = one.sides is None and one.size == case.truth.distinct_ids and case.truth.shared
    if (
        not one.in_one_go
        or one.values.min()
        or not (_shared_alike(case, one) or blind)
        or _follows_ids(case, one)
    ):
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


@cause(
    "map.from-one",
    title="The indices begin at 1",
    why="Python and PyTorch count rows from 0. Counting from 1, row 0 belongs to nobody, and the "
    "last node has an index that is one too large: an index error in the embedding or in the "
    "convolution.",
    question="From which index to which do the rows of a table with `num_nodes` rows go?",
    hints=(
        "Print the smallest and the largest index.",
        "Compare the largest index with `num_nodes - 1`.",
        "Begin to count where PyTorch does.",
    ),
    at=("id_mapping", "enumerate", "range"),
    references=COLLIDED_ERRORS,
)
@in_any
def from_one(case: Case, one: Numbering) -> str | None:
    if _follows_ids(case, one) or not _begins_late(case, one):
        return None
    last = case.truth.num_nodes - 1
    return (
        f"indices from {one.values.min():,} to {one.values.max():,} in {one.of}, for "
        f"{case.truth.num_nodes:,} nodes; they should be 0 to {last:,}"
    )


@cause(
    "map.subset",
    title="Some users or artists have no index",
    why="The mapping was built on a part of the data. Looking up the others raises KeyError, or "
    "`map` gives NaN for them, which becomes a huge negative number as soon as it is cast to an "
    "integer.",
    question="Does every id in the table have an entry in your mapping?",
    hints=(
        "Compare the ids in the table with the keys of the mapping.",
        "Look for negative numbers in `edge_index`, and for NaN in the column that you mapped.",
        "Build the mapping from every user and every artist in the whole table.",
    ),
    at=("id_mapping", "head", "map", "edge_index"),
)
def subset(case: Case) -> str | None:
    found = in_any(_without_index)(case)
    lost = case.error("previously unseen labels")
    return found or (f"looking up all of them raised {lost.name}: {lost.message}" if lost else None)


@cause(
    "map.keys",
    title="The keys of the mapping are not the nodes",
    why="The mapping is looked up with a node. Where a key is something else, a pair of a node and "
    "its attribute, a position, or an index whose value is the node, the look-up raises KeyError.",
    question="What does `next(iter(id_mapping.items()))` show, and what is a node of your graph?",
    hints=(
        "Print one entry of the mapping, and beside it one node.",
        "What does your loop give in each round: a node, or a node with something else?",
        "Take the node alone as key, and its number as value.",
    ),
    at=("id_mapping", "enumerate"),
)
def other_keys(case: Case) -> str | None:
    entry = wrong_keys(case)
    return f"an entry is {entry}; a key should be one node, its value a number" if entry else None


MAPPED = (raw_ids, id_collision, union, no_offset, from_one, subset, other_keys)
MAPPING = (*MAPPED, *TABLE, edges_missing)


# Checks


@pytest.fixture
def mapping(case: Case) -> Numbering:
    """The indices, in one dictionary or two or, in a notebook of the student's own form, in the
    edges."""
    present(case.evidence.step3, "mapping")
    found = of_mapping(case)
    if found is None:
        said = Message(got="there is no `id_mapping` yet", next="Write the cell that defines it.")
        raise NotAttempted(said)
    return found


@check("step3.mapping", points=3, causes=MAPPING)
def test_size(case: Case, mapping: Numbering, truth: Truth) -> None:
    """The mapping has one entry for every node, and num_nodes says how many"""
    found: Mapping = observed(case)  # type: ignore[assignment]
    named, text = found.num_nodes, found.num_nodes_text
    collided = mapping.size == truth.distinct_ids and truth.shared > 0
    entry = wrong_keys(case)
    expect(
        not entry,
        ran="the entries of `id_mapping`",
        expected="a node as key and a number as value, such as ('user', 2): 0",
        got=entry,
        why="Every edge looks its two nodes up in this dictionary.",
        next="Look at what your loop gives in each round: take the node alone as key.",
    )
    why = (
        f"{truth.shared:,} ids are both a user's and an artist's: in one dictionary keyed by raw "
        "ids the artist's entry replaces the user's, and both share one embedding."
    )
    size = mapping.size == truth.num_nodes
    method = text.endswith("method")
    one_short = named == truth.num_nodes - 1
    advice = "Use keys that tell a user from an artist, as the nodes of `G` do."
    if size and method:
        advice = "`num_nodes` is a number: call what counts, with brackets."
    elif size and one_short:
        advice = "The largest index is one less than the number of nodes: `len` counts them."
    elif size:
        advice = "Let `num_nodes` be `len(id_mapping)`."
    expect(
        size and (named == truth.num_nodes or not text),
        ran="`len(id_mapping)` and `num_nodes`",
        expected=f"{truth.num_nodes:,} = {truth.n_users:,} users + {truth.n_artists:,} artists",
        got=f"{count(mapping.size, 'entry', 'entries')}, `num_nodes` {text or 'not defined'}",
        why=why if collided else "The embedding layer has one row for every index.",
        next=advice,
    )


@check("step3.mapping", points=2, causes=MAPPING)
def test_indices(case: Case, mapping: Numbering, truth: Truth) -> None:
    """The indices are 0 to num_nodes - 1, each once"""
    need(not wrong_keys(case), "a mapping whose keys are the nodes", "step3.mapping.size")
    found = mapping.values
    low, high, distinct = int(found.min()), int(found.max()), len(np.unique(found))
    expect(
        low == 0 and high == truth.num_nodes - 1 and distinct == truth.num_nodes,
        ran="the values of `id_mapping`",
        expected=f"every whole number from 0 to {truth.num_nodes - 1:,}",
        got=f"{distinct:,} different ones, from {low:,} to {high:,}",
        why="An index is a row of the embedding: a gap wastes a row, and an index that is used "
        "twice mixes two nodes.",
        next="Number users and artists in one go, from 0."
        if high >= 0
        else "The values are not whole numbers: are keys and values swapped?",
    )


@check("step3.mapping", points=2, causes=MAPPING)
def test_disjoint(mapping: Numbering, truth: Truth) -> None:
    """No user and artist share an index"""
    if mapping.sides is None:  # keys of another kind
        values = mapping.values
        whole = len(np.unique(values)) == len(values) == truth.num_nodes
        whole = whole and (mapping.told or mapping.of == "the edges")
        need(whole, "an index of its own for every node", "step3.mapping.size")
        return
    common = np.intersect1d(mapping.known(0), mapping.known(1))
    expect(
        len(common) == 0,
        ran="the indices of all users beside those of all artists",
        expected="nothing in common",
        got=count(len(common), "index", "indices") + " of both a user and an artist",
        why="A user and an artist with one index are one node with one embedding.",
        next="Let the artists' numbers begin where the users' end, and keep their keys apart.",
    )


@check("step3.mapping", points=1, causes=MAPPING)
def test_users_first(case: Case, mapping: Numbering) -> None:
    """Users come first, then artists, where the exercise asks for it"""
    found: Mapping = observed(case)  # type: ignore[assignment]
    if found.free_form:
        return
    told = mapping.sides is not None and mapping.known(0).size and mapping.known(1).size
    need(told, "keys that tell users from artists", "step3.mapping.size")
    users, artists = mapping.known(0), mapping.known(1)
    expect(
        users.max() < artists.min(),
        ran="the indices of the users, and those of the artists",
        expected=f"users 0 to {len(users) - 1:,}, artists from {len(users):,} on",
        got=f"users {users.min():,} to {users.max():,}, artists {artists.min():,} to "
        f"{artists.max():,}",
        why="`is_undirected=True` keeps the columns whose source is not above their target: with "
        "users first each edge runs from its user to its artist, and none is dropped.",
        next="Put the users before the artists in the list that you number.",
    )
