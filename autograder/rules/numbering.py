"""Which index every user and every artist has: facts of step 3, for its checks and their causes.

A dictionary says so, or the columns of `edge_index` beside the rows of a table, or the structure of
the graph alone; so any numbering is understood, and right edges prove a right mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autograder.contract import PARTS
from autograder.evidence.schema import (
    Dictionary,
    Edges,
    Frame,
    Graph,
    GraphData,
    Mapping,
    Part,
    Split,
)
from autograder.rules.cause import Case, fact
from autograder.rules.graphs import among, distinct, keys, pairs, same_structure
from autograder.truth import Truth

NOBODY = -(2**62)  # in place of an index: the id does not occur
Sides = tuple[np.ndarray, np.ndarray]  # index of each user and of each artist, by sorted id


@dataclass(frozen=True)
class Numbering:
    """Which index everybody has: `values` are all indices, `sides` those of users and of artists.

    `of` says where it was seen: in the mapping, or in the edges, which may go past it. `raw`: its
    keys are plain ids, so that a user and an artist can share one. `told`: whose index is whose is
    known. `by_structure`: it is, but for nodes that nothing in the graph tells apart.
    """

    of: str
    values: np.ndarray
    sides: Sides | None  # None where it is not known
    size: int
    raw: bool = False
    told: bool = True
    by_structure: bool = False
    sample: str = ""

    @property
    def in_one_go(self) -> bool:
        """Whether the indices follow on each other without gap or double."""
        distinct = len(np.unique(self.values))
        span = int(self.values.max()) - int(self.values.min()) + 1
        return distinct == len(self.values) == span

    def known(self, side: int) -> np.ndarray:
        """The indices of one side, without those that are none."""
        index = self.sides[side] if self.sides else np.zeros(0, dtype=np.int64)
        return index[index >= 0]


def own_rows(case: Case) -> np.ndarray:
    """[n, 3] of the table that step 1 left: later steps may know no others."""
    load = case.evidence.step1.load if case.evidence.step1 else None
    values = load.values if isinstance(load, Frame) else None
    return case.truth.rows if values is None else values.numpy()


def observed(case: Case) -> Mapping | None:
    """The dictionaries that were found, if any were looked for with success."""
    found = case.evidence.step3.mapping if case.evidence.step3 else None
    return found if isinstance(found, Mapping) else None


def split_of(case: Case) -> Split | None:
    """The three parts, if there are three."""
    found = case.evidence.step3.split if case.evidence.step3 else None
    return found if isinstance(found, Split) else None


@fact
def graph_data(case: Case) -> GraphData | None:
    """The Data object or, in a notebook of the student's own form, what its three parts make up."""
    found = case.evidence.step3.data if case.evidence.step3 else None
    if isinstance(found, GraphData):
        return found
    split, mapping = split_of(case), observed(case)
    if split is None or mapping is None or not mapping.free_form:
        return None
    asked = [positives_of(getattr(split, part)) for part in PARTS]
    if any(index is None for index in asked):
        return None
    edges: np.ndarray = np.concatenate(asked, axis=1)  # type: ignore[arg-type]
    from autograder.evidence.arrays import array

    values = array(edges, "int64")
    tensor = Edges(type="Tensor", dtype="torch.int64", shape=list(edges.shape), values=values)
    x = split.train.x
    rows = None if x is None else len(x.numpy())
    text = "nothing" if rows is None else f"a Tensor of shape [{rows}]"
    return GraphData(kind="parts", num_nodes=rows, x=x, x_text=text, edge_index=tensor)


def columns(edges: Edges | None) -> np.ndarray | None:
    """[2, E] of a tensor of edges, if it is one."""
    if edges is None or edges.values is None or edges.shape[:1] != [2] or len(edges.shape) != 2:
        return None
    return edges.values.numpy()


def positives_of(part: Part) -> np.ndarray | None:
    """[2, P] positive supervision edges: kept apart, or those of label 1 among all."""
    index = columns(part.positives)
    if index is not None or part.positives is not None:
        return index
    index, label = columns(part.labels), part.label
    if index is None or label is None or label.shape != [index.shape[1]]:
        return index
    return index[:, label.numpy() > 0]


@fact
def edge_columns(case: Case) -> np.ndarray | None:
    """[2, E] of `data.edge_index`, also where that lies the other way round."""
    data = graph_data(case)
    edges = data.edge_index.values if data and data.edge_index else None
    if edges is None or len(edges.shape) != 2 or not edges.data:
        return None
    found = edges.numpy()
    if found.shape[0] != 2 and found.shape[1] == 2:
        found = found.T
    return found[:2] if found.shape[0] in (2, 4) else None


@fact
def of_edges(case: Case) -> Numbering | None:
    """What the edges use: by the order of their columns, or by the structure of their graph."""
    index = edge_columns(case)
    if index is None:
        return None
    ordered = _by_order(case, index)
    sides = ordered or _by_structure(case, index)
    values = np.unique(index)
    structure = ordered is None and sides is not None
    return Numbering(
        "the edges", values, sides, len(values), told=sides is not None, by_structure=structure
    )


def orders(case: Case) -> Iterator[np.ndarray]:
    """[n, 2] user and artist ids, in the orders that edges may have: the file's, the graph's."""
    data = graph_data(case)
    for rows in (case.truth.rows[:, :2], *(o.numpy() for o in (data.orders if data else []))):
        if len(rows) and _ids_of_the_file(rows, case.truth):
            yield rows


def _by_order(case: Case, index: np.ndarray) -> Sides | None:
    for rows in orders(case):
        for chosen in (index[:, : len(rows)], index[:, ::2][:, : len(rows)]):
            if chosen.shape[1] != len(rows):
                continue
            for ends in (chosen, chosen[::-1]):
                users = _function(rows[:, 0], ends[0], case.truth.user_ids)
                artists = _function(rows[:, 1], ends[1], case.truth.artist_ids)
                if users is not None and artists is not None:
                    return users, artists
    return None


def _ids_of_the_file(rows: np.ndarray, truth: Truth) -> bool:
    sides = (truth.user_ids, truth.artist_ids)
    return all(np.isin(rows[:, i], ids).all() for i, ids in enumerate(sides))


def _function(ids: np.ndarray, index: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """Index of each known id, NOBODY where it does not occur; None where one has several."""
    found = np.full(len(known), NOBODY, dtype=np.int64)
    at = np.searchsorted(known, ids)
    found[at] = index
    return found if np.array_equal(found[at], index) else None


def _by_structure(case: Case, index: np.ndarray) -> Sides | None:
    """Where the edges make up the file's graph: an index for everybody, up to its symmetries."""
    if index.min() < 0 or index.max() > 10 * case.truth.num_nodes:
        return None
    n = int(index.max()) + 1
    once = np.stack(np.divmod(pairs(index, n), n))
    return same_structure(once, case.truth)


@fact
def of_mapping(case: Case) -> Numbering | None:
    """What the mapping holds: one dictionary or two; without any, what the edges use."""
    mapping = observed(case)
    if mapping is None:
        return None
    used = of_edges(case)
    chosen = _chosen(mapping, case.truth, used.sides if used else None)
    if not chosen:
        if not mapping.free_form or used is None:
            return None
        return used
    values = np.concatenate([d.values.numpy() for d in chosen])
    raw = _is_raw(chosen, case.truth)
    sides = _sides(chosen, case.truth)
    told = sides is not None and all((side >= 0).any() for side in sides)
    if not told and used and used.sides and np.isin(used.values, values).all():
        sides, told = used.sides, True
    sample = chosen[0].sample
    return Numbering("the mapping", values, sides, len(values), raw, told, sample=sample)


@fact
def numberings(case: Case) -> tuple[Numbering, ...]:
    """What the edges use and what the mapping holds, as far as it is known."""
    used, mapped = of_edges(case), of_mapping(case)
    found = [used] if used and used.sides else []
    return (*found, *([mapped] if mapped and mapped not in found else []))


def _chosen(mapping: Mapping, truth: Truth, used: Sides | None) -> list[Dictionary]:
    """`id_mapping`, or else what serves as it: one dictionary, or one for each side.

    `used` is what the edges say; where that is known, only what agrees with it will do.
    """
    held = mapping.dictionaries
    if len(held) == 1 and held[0].name == "id_mapping":
        return list(held)
    held = [d for d in held if 2 <= len(d.ids.numpy()) <= 4 * truth.num_nodes]
    for choice in _choices(held, truth):
        sides = _sides(choice, truth)
        if sides is not None and (used is None or all(map(_agree, sides, used))):
            return choice
    single = [[d] for d in held if len(d.ids.numpy()) > max(truth.n_users, truth.n_artists)]
    return single[0] if len(single) == 1 and used is None else []


def _choices(held: list[Dictionary], truth: Truth) -> Iterator[list[Dictionary]]:
    """One dictionary with both sides; then two, those that hold all of a side first."""
    sides = truth.user_ids, truth.artist_ids
    ids = [np.unique(d.ids.numpy()) for d in held]
    for d, own in zip(held, ids, strict=True):
        beyond = [not np.isin(own, side).all() for side in sides]
        if len(d.words) == 2 or all(beyond):
            yield [d]
    by_size = sorted(range(len(held)), key=lambda i: -len(held[i].ids.numpy()))
    of_side = [
        sorted(
            (i for i in by_size if np.isin(ids[i], side).all()),
            key=lambda i, side=side: not np.array_equal(ids[i], side),  # type: ignore[misc]
        )
        for side in sides
    ]
    yield from ([held[i], held[j]] for i in of_side[0] for j in of_side[1] if i != j)


def _agree(mine: np.ndarray, used: np.ndarray) -> bool:
    both = (mine != NOBODY) & (used != NOBODY)
    return bool((mine[both] == used[both]).all())


def _is_raw(chosen: list[Dictionary], truth: Truth) -> bool:
    """Whether one dictionary is keyed by the ids as they stand in the file, whatever the words
    around them, if these are the same for users and artists."""
    if len(chosen) != 1:
        return False
    words, ids = chosen[0].words, chosen[0].ids.numpy()
    same_for_both = len(words) == 1 and len(ids) > max(truth.n_users, truth.n_artists)
    if words != [""] and not same_for_both:
        return False
    return bool(np.isin(ids, np.union1d(truth.user_ids, truth.artist_ids)).all())


def _sides(chosen: list[Dictionary], truth: Truth) -> Sides | None:
    """Users' and artists' indices by id, or None where the keys do not tell them apart."""
    groups = [(d.ids.numpy(), d.values.numpy()) for d in chosen]
    if _is_raw(chosen, truth):  # a shared id has one index for both
        groups = groups * 2
    elif len(chosen) == 1:
        (ids, values), word = groups[0], chosen[0].word.numpy()
        groups = [(ids[word == w], values[word == w]) for w in np.unique(word)]
    if len(groups) != 2:
        return None
    users, artists = (np.unique(ids) for ids, _ in groups)
    if np.array_equal(artists, truth.user_ids) and not np.array_equal(users, truth.user_ids):
        groups = groups[::-1]
    return tuple(  # type: ignore[return-value]
        _by_id(ids, values, known)
        for (ids, values), known in zip(groups, (truth.user_ids, truth.artist_ids), strict=True)
    )


def _by_id(ids: np.ndarray, values: np.ndarray, known: np.ndarray) -> np.ndarray:
    found = np.full(len(known), NOBODY, dtype=np.int64)
    mine = np.isin(ids, known)
    found[np.searchsorted(known, ids[mine])] = values[mine]
    return found


def held_out_twice(case: Case) -> str:
    """How many test pairs are among the training pairs too, in words."""
    split = split_of(case)
    asked = [positives_of(part) for part in (split.train, split.test)] if split else []
    if len(asked) < 2 or any(index is None or not index.size for index in asked):
        return ""
    train, test = asked
    n = 1 + max(int(index.max()) for index in asked)  # type: ignore[union-attr]
    tested = pairs(test, n)  # type: ignore[arg-type]
    both = int(among(tested, pairs(train, n)).sum())  # type: ignore[arg-type]
    return f"; {both:,} of {len(tested):,} test pairs are training pairs too" if both else ""


@dataclass(frozen=True)
class Coverage:
    """The pairs in `edge_index` beside the rows of the table."""

    columns: int
    pairs: int  # different unordered ones
    repeated: int  # columns more than once, or once in each direction, would need
    same: bool  # they are the rows' pairs, each of them
    missing: int | None = None  # rows that no pair stands for; None where nobody can tell
    foreign: int | None = None  # pairs that no row stands for
    loops: int = 0  # columns that join a node to itself
    example: str = ""  # one pair that is no row
    share: float | None = None  # of the pairs, those that are rows


@fact
def coverage(case: Case) -> Coverage | None:
    """How the edges of `data` cover the table; None where its indices could be no nodes."""
    data = graph_data(case)
    index = columns(data.edge_index) if data else None
    if index is None or not index.size or index.min() < 0:
        return None
    if index.max() >= 10 * case.truth.num_nodes:
        return None
    n = int(index.max()) + 1
    found = pairs(index, n)
    directed = len(distinct(keys(index, n)))
    once = directed == index.shape[1] and directed in (len(found), 2 * len(found))
    repeated = 0 if once else index.shape[1] - (directed if directed > len(found) else len(found))
    loops = int((index[0] == index[1]).sum())
    whole = _whole(case)
    if whole is None or whole.by_structure:  # which says itself that the graphs are the same
        same = whole is not None and once
        share = 1.0 if whole else _share(index, case.truth)
        return Coverage(index.shape[1], len(found), repeated, same, loops=loops, share=share)
    sides: Sides = whole.sides  # type: ignore[assignment]
    rows = case.truth.rows[:, :2]
    ends = [
        side[np.searchsorted(ids, rows[:, i])]
        for i, (side, ids) in enumerate(
            zip(sides, (case.truth.user_ids, case.truth.artist_ids), strict=True)
        )
    ]
    size = max(n, int(max(side.max() for side in sides)) + 1)
    due, found = pairs(np.stack(ends), size), pairs(index, size)
    foreign = found[~among(found, due)]
    missing = int((~among(due, found)).sum())
    example = _example(sides, case.truth, np.divmod(foreign[0], size)) if len(foreign) else ""
    same = once and not missing and not len(foreign) and len(due) == case.truth.n_edges
    share = 1 - len(foreign) / len(found)
    return Coverage(
        index.shape[1], len(found), repeated, same, missing, len(foreign), loops, example, share
    )


def _share(index: np.ndarray, truth: Truth) -> float | None:
    """Which share of the pairs are rows, where ids are numbered by their order or in order of
    appearance, one side after the other: the best of these. None where it is none of them."""
    n = truth.num_nodes
    if len(np.unique(index)) != n or index.min() != 0 or index.max() != n - 1:
        return None
    numbers = []
    for i, ids in enumerate((truth.user_ids, truth.artist_ids)):
        at = np.searchsorted(ids, truth.rows[:, i])
        first = np.unique(at, return_index=True)[1]
        numbers.append((at, np.argsort(np.argsort(first))[at]))
    found = pairs(index, n)
    shares = [
        len(
            np.intersect1d(
                found,
                pairs(
                    np.stack(
                        [
                            users + (0, len(truth.artist_ids))[late],
                            artists + (len(truth.user_ids), 0)[late],
                        ]
                    ),
                    n,
                ),
            )
        )
        / len(found)
        for users in numbers[0]
        for artists in numbers[1]
        for late in (0, 1)
    ]
    return max(shares)


def _whole(case: Case) -> Numbering | None:
    """The index of everybody: as the mapping says or, without one, as the edges do."""
    for one in (of_mapping(case), of_edges(case)):
        if one and one.sides and all(len(side) and side.min() >= 0 for side in one.sides):
            return one
    return None


def _example(sides: Sides, truth: Truth, pair: tuple[int, int]) -> str:
    """Two indices in words: `user 2 and user 14`."""
    whom = []
    for index in pair:
        names = [
            f"{noun} {ids[np.flatnonzero(side == index)[0]]}"
            for noun, side, ids in (
                ("user", sides[0], truth.user_ids),
                ("artist", sides[1], truth.artist_ids),
            )
            if (side == index).any()
        ]
        whom.append(" or ".join(names) or f"index {index}, which is nobody's")
    return f"{whom[0]} and {whom[1]}"


@fact
def rows_proven(case: Case) -> bool:
    """Whether the graph further on is the file's: then the table was, whatever it was called."""
    step2 = case.evidence.step2
    graph = step2.edges if step2 else None
    ends = graph.edges.numpy() if isinstance(graph, Graph) and graph.edges else None
    if ends is not None and same_structure(ends, case.truth) is not None:
        return True
    cover, used = coverage(case), of_edges(case)
    return bool(cover and cover.same and used and used.sides)
