"""Edges as sets of pairs: what the checks of steps 3, 5 and 6 compute with NumPy."""

from __future__ import annotations

import numpy as np

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
    """Whether [2, E], each edge once, is the true graph under some renumbering, as far as colour
    refinement tells."""
    return same_structure(edge_index, truth) is not None


def same_structure(edge_index: np.ndarray, truth: Truth) -> tuple[np.ndarray, np.ndarray] | None:
    """Which node of [2, E], each edge once, each user and each artist is, by sorted id.

    Both graphs are coloured side by side: a node's colour is its degree, then again and again its
    own with those of its neighbours, until no more colours come (Weisfeiler and Leman, 1968). None
    where the colours differ, so that the graphs do. Nodes of one colour are told apart by nothing.
    """
    if edge_index.shape[1] != truth.n_edges:
        return None
    ids = (truth.user_ids, truth.artist_ids)
    ends = [np.searchsorted(ids[i], truth.rows[:, i]) for i in (0, 1)]
    true = np.stack([ends[0], ends[1] + truth.n_users])
    nodes, found = np.unique(edge_index, return_inverse=True)
    n = truth.num_nodes
    if len(nodes) != n:
        return None
    source, target = np.concatenate([true, found.reshape(2, -1) + n], axis=1)
    rows, columns = np.r_[source, target], np.r_[target, source]
    colours = np.bincount(rows, minlength=2 * n)
    draw, many = np.random.default_rng(0), 0
    while True:
        if not np.array_equal(np.sort(colours[:n]), np.sort(colours[n:])):
            return None
        kinds, colours = np.unique(colours, return_inverse=True)
        if len(kinds) == many:
            break
        many = len(kinds)
        code = draw.integers(1, 2**62, size=many)[colours]
        colours = code * 3  # whole numbers wrap around: a hash
        np.add.at(colours, rows, code[columns])
    order = [np.argsort(colours[half], kind="stable") for half in (slice(n), slice(n, None))]
    index = np.empty(n, dtype=np.int64)
    index[order[0]] = nodes[order[1]]
    return index[: truth.n_users], index[truth.n_users :]


def two_sides(edge_index: np.ndarray, n: int) -> np.ndarray | None:
    """Side (bool [n]) of every node of a bipartite graph, or None where it is not bipartite.

    In the double cover of a graph a bipartite component falls into two. Of its two sides the one
    with the lower indices is True: users lie all before, or all after, the artists.
    """
    source, target = edge_index
    label = components(np.r_[source, source + n], np.r_[target + n, target], 2 * n)
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


def components(source: np.ndarray, target: np.ndarray, n: int) -> np.ndarray:
    """The lowest node of each node's connected component, [n].

    Every node points to a lower one of its component, in the end to the lowest: see FastSV (Zhang,
    Azad and Hu, 2020). scipy has it too, and takes longer to import than this to run.
    """
    lowest = np.arange(n)
    while True:
        before = lowest.copy()
        for a, b in ((source, target), (target, source)):
            np.minimum.at(lowest, before[a], before[before[b]])
            np.minimum.at(lowest, a, before[before[b]])
        lowest = np.minimum(lowest, lowest[lowest])
        if np.array_equal(lowest, before):
            return lowest


def area(labels: np.ndarray, scores: np.ndarray) -> float:
    """The AUC: how often a positive scores above a negative, where ties count half.

    As `roc_auc_score`, without the second that scikit-learn takes to import; NaN where there are
    not both kinds.
    """
    positive = np.asarray(labels) > 0
    ups, downs = scores[positive], np.sort(scores[~positive])
    if not (len(ups) and len(downs)):
        return float("nan")
    won = np.searchsorted(downs, ups, "left") + np.searchsorted(downs, ups, "right")
    return float(won.mean() / (2 * len(downs)))


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
