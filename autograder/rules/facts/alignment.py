"""Which node is whose: read off from the edges that a run used, beside the rows of the file.

`facts` asks for it. Any numbering is understood: first the usual ones are tried, then the graph's
structure says which node must be which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autograder.truth import Truth

ROUNDS = 12  # of colour refinement


@dataclass(frozen=True)
class Alignment:
    """Index of every user and artist, by sorted id; -1 where it is not known.

    `share` is how many of the run's edges are then edges of the file, `missing` how many edges of
    the file the run does not have.
    """

    users: np.ndarray
    artists: np.ndarray
    share: float
    edges: int
    missing: int

    @property
    def collides(self) -> bool:
        """Whether a user and an artist have one index."""
        users, artists = (side[side >= 0] for side in (self.users, self.artists))
        return bool(np.isin(users, artists).any())


def unordered(pairs: np.ndarray) -> np.ndarray:
    """One number for each pair of [2, n], whichever way round."""
    low, high = pairs.min(axis=0).astype(np.int64), pairs.max(axis=0).astype(np.int64)
    return (low << 31) | high


def file_edges(alignment: Alignment, truth: Truth) -> np.ndarray:
    """[2, n] of the file's rows under this numbering, users first; rows that are known."""
    ends = np.stack(
        [
            alignment.users[np.searchsorted(truth.user_ids, truth.rows[:, 0])],
            alignment.artists[np.searchsorted(truth.artist_ids, truth.rows[:, 1])],
        ]
    )
    return ends[:, (ends >= 0).all(axis=0)]


def align(edges: np.ndarray, truth: Truth) -> Alignment | None:
    """The numbering under which most of [2, E] are edges of the file; None where hardly any are."""
    if not edges.size or edges.min() < 0 or edges.max() >= 2**31:
        return None
    keys = np.unique(unordered(edges))
    best: Alignment | None = None
    for users, artists in _numberings(edges, keys, truth):
        found = _judged(keys, users, artists, truth)
        if best is None or found.share > best.share:
            best = found
        if best.share > 0.999:
            return best
    return best if best is not None and best.share > 0.3 else None


def _numberings(
    edges: np.ndarray, keys: np.ndarray, truth: Truth
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What the numbering may be, the surest first."""
    for found in (_by_order(edges, truth), _by_structure(keys, truth)):
        if found is not None:
            yield found
    yield from _usual(truth)


def _judged(keys: np.ndarray, users: np.ndarray, artists: np.ndarray, truth: Truth) -> Alignment:
    numbered = Alignment(users, artists, 0.0, len(keys), 0)
    known = np.unique(unordered(file_edges(numbered, truth)))
    hits = int(np.isin(keys, known).sum())
    return Alignment(users, artists, hits / len(keys), len(keys), len(known) - hits)


def _usual(truth: Truth) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numberings that programs use: users first or artists first, in several orders."""
    n, m = truth.n_users, truth.n_artists
    sides = [
        _orders(truth.rows[:, i], ids) for i, ids in enumerate((truth.user_ids, truth.artist_ids))
    ]
    names = list(sides[0])
    couples = [(k, k) for k in names] + [(a, b) for a in names for b in names if a != b]
    for first, second in couples:
        users, artists = sides[0][first], sides[1][second]
        yield users, artists + n
        yield users + m, artists
        if first == second:
            yield users, artists
            yield users + 1, artists + n + 1
    yield _interleaved(truth)
    yield truth.user_ids, truth.artist_ids
    union = np.union1d(truth.user_ids, truth.artist_ids)
    places = [np.searchsorted(union, ids) for ids in (truth.user_ids, truth.artist_ids)]
    yield places[0], places[1]
    for name in names[:2]:
        users, artists = sides[0][name].copy(), sides[1][name] + n
        shared = np.intersect1d(truth.user_ids, truth.artist_ids)
        users[np.searchsorted(truth.user_ids, shared)] = artists[
            np.searchsorted(truth.artist_ids, shared)
        ]
        yield users, artists


def _orders(column: np.ndarray, ids: np.ndarray) -> dict[str, np.ndarray]:
    """The place of every id (sorted) in several orders."""
    found, at, many = np.unique(column, return_index=True, return_counts=True)
    first = found[np.argsort(at)]
    texts = np.array(sorted(map(str, ids.tolist())), dtype=object)
    counts = found[np.lexsort([at, -many])]  # as `value_counts`, where the first of equals is first
    return {
        name: _places(order, ids)
        for name, order in (
            ("first", first),
            ("sorted", ids),
            ("text", texts.astype(np.int64)),
            ("counts", counts),
        )
    }


def _places(order: np.ndarray, ids: np.ndarray) -> np.ndarray:
    found = np.empty(len(ids), dtype=np.int64)
    found[np.searchsorted(ids, order)] = np.arange(len(order))
    return found


def _interleaved(truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Users and artists numbered as the rows name them, one after the other."""
    tagged = np.stack([truth.rows[:, 0] * 2, truth.rows[:, 1] * 2 + 1], axis=1).ravel()
    found, at = np.unique(tagged, return_index=True)
    place = np.argsort(np.argsort(at))
    users, artists = truth.user_ids * 2, truth.artist_ids * 2 + 1
    return place[np.searchsorted(found, users)], place[np.searchsorted(found, artists)]


def _by_order(edges: np.ndarray, truth: Truth) -> tuple[np.ndarray, np.ndarray] | None:
    """Where the edges stand in the order of the file's rows: each id's index, if it has one."""
    rows = truth.rows[:, :2].T
    size = rows.shape[1]
    for chosen in (edges[:, :size], edges[:, ::2][:, :size]):
        if chosen.shape[1] != size:
            continue
        for ends in (chosen, chosen[::-1]):
            sides = [
                _function(rows[i], ends[i], ids)
                for i, ids in enumerate((truth.user_ids, truth.artist_ids))
            ]
            if sides[0] is not None and sides[1] is not None:
                return sides[0], sides[1]
    return None


def _function(ids: np.ndarray, index: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    found = np.full(len(known), -1, dtype=np.int64)
    place = np.searchsorted(known, ids)
    found[place] = index
    return found if (found[place] == index).all() else None


def _mix(values: np.ndarray) -> np.ndarray:
    """Scrambled 64-bit numbers (splitmix64), so that sums of them tell sets apart."""
    with np.errstate(over="ignore"):
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


def _colours(ends: np.ndarray, size: int) -> np.ndarray:
    """A number for every node that depends on nothing but the graph around it."""
    colour = np.zeros(size, dtype=np.uint64)
    for _ in range(ROUNDS):
        sums = np.zeros(size, dtype=np.uint64)
        mixed = _mix(colour)
        np.add.at(sums, ends[0], mixed[ends[1]])
        np.add.at(sums, ends[1], mixed[ends[0]])
        colour = _mix(colour ^ sums)
    return colour


def _by_structure(keys: np.ndarray, truth: Truth) -> tuple[np.ndarray, np.ndarray] | None:
    """Which node must be which: only where the whole graph is the file's, renumbered."""
    if len(keys) != truth.n_edges:
        return None
    ends = np.stack([keys >> 31, keys & (2**31 - 1)])
    nodes, compact = np.unique(ends, return_inverse=True)
    if len(nodes) != truth.num_nodes:
        return None
    theirs = _colours(compact.reshape(ends.shape), len(nodes))
    true = np.stack(
        [
            np.searchsorted(truth.user_ids, truth.rows[:, 0]),
            np.searchsorted(truth.artist_ids, truth.rows[:, 1]) + truth.n_users,
        ]
    )
    ours = _colours(true, truth.num_nodes)
    order, other = np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable")
    if not np.array_equal(ours[order], theirs[other]):
        return None
    index = np.empty(truth.num_nodes, dtype=np.int64)
    index[order] = nodes[other]
    return index[: truth.n_users], index[truth.n_users :]
