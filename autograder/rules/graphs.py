"""Edges as sets of pairs: what the checks of steps 3, 5 and 6 compute with NumPy."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from autograder.truth import Truth


def keys(edge_index: np.ndarray, n: int) -> np.ndarray:
    """One whole number for each directed pair of [2, E] indices below n."""
    return edge_index[0].astype(np.int64) * n + edge_index[1]


def pairs(edge_index: np.ndarray, n: int) -> np.ndarray:
    """Sorted distinct keys of the unordered pairs in [2, E]."""
    return distinct(keys(np.stack([edge_index.min(axis=0), edge_index.max(axis=0)]), n))


def distinct(found: np.ndarray) -> np.ndarray:
    """Sorted distinct keys; as `np.unique`, and quicker."""
    found = np.sort(found)
    return found[np.r_[True, found[1:] != found[:-1]]] if len(found) else found


def among(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which of the keys are in `known`, which is sorted; as `np.isin`, and quicker."""
    if not len(known):
        return np.zeros(len(found), dtype=bool)
    at = np.minimum(np.searchsorted(known, found), len(known) - 1)
    return known[at] == found


def missing_reverse(edge_index: np.ndarray, n: int) -> int:
    """How many directed edges of [2, E] come without their reverse."""
    return int((~among(keys(edge_index[::-1], n), distinct(keys(edge_index, n)))).sum())


def same_graph(edge_index: np.ndarray, truth: Truth) -> bool:
    """Whether [2, E], each edge once, is the true graph under some renumbering, as far as the
    degrees at both ends of every edge tell."""
    columns = truth.rows[:, :2].T
    ends = [np.unique(ids, return_inverse=True, return_counts=True)[1:] for ids in columns]
    true = np.sort(np.stack([counts[where] for where, counts in ends]), axis=0)
    degree = np.bincount(edge_index.ravel())
    found = np.sort(degree[edge_index], axis=0)
    return np.array_equal(np.sort(keys(true, 10**9)), np.sort(keys(found, 10**9)))


def two_sides(edge_index: np.ndarray, n: int) -> np.ndarray | None:
    """Side (bool [n]) of every node of a bipartite graph, or None where it is not bipartite.

    In the double cover of a graph a bipartite component falls into two. Of its two sides the one
    with the lower indices is True: users lie all before, or all after, the artists.
    """
    source, target = edge_index
    rows, columns = np.r_[source, source + n], np.r_[target + n, target]
    cover = coo_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(2 * n, 2 * n))
    label = connected_components(cover, directed=False)[1]
    lower, upper = label[:n], label[n:]
    if (lower[source] == upper[source]).any():
        return None
    side = lower < upper
    component = np.unique(np.minimum(lower, upper), return_inverse=True)[1]
    ends = np.where(side[source], source, target), np.where(side[source], target, source)
    ahead = np.sign(ends[1] - ends[0])
    first = np.bincount(component[source], weights=ahead, minlength=component.max(initial=-1) + 1)
    flip = first < 0
    return side ^ flip[component]


def auc_interval(auc: float, n_positive: int, n_negative: int) -> float:
    """Standard error of an AUC (Hanley and McNeil, Radiology 143, 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (n_positive - 1) * (q1 - auc**2) + (n_negative - 1) * (q2 - auc**2)
    return float(np.sqrt(max(spread, 0.0) / (n_positive * n_negative)))


def non_edges(edge_index: np.ndarray, side: np.ndarray, size: int, seed: int) -> np.ndarray:
    """[2, <= size] pairs across the two sides that are no edges, drawn uniformly."""
    rng, n = np.random.default_rng(seed), len(side)
    groups = np.flatnonzero(side), np.flatnonzero(~side)
    drawn = np.stack([rng.choice(group, size=3 * size) for group in groups])
    known = pairs(edge_index, n)
    return drawn[:, ~among(keys(np.sort(drawn, axis=0), n), known)][:, :size]
