"""What a score matrix is worth: AUC on pairs, and how good the top of each user's ranking is.

Called by the protocol. Tests compare each with scikit-learn's or PyG's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from recommenders.interactions import Floats, Ints

Bools = NDArray[np.bool_]


def auc(positive: Floats, negative: Floats) -> float:
    """The share of (edge, non-edge) couples in which the edge has the higher score."""
    label = np.repeat([1, 0], [len(positive), len(negative)])
    return float(roc_auc_score(label, np.concatenate([positive, negative])))


def top_k(scores: Floats, known: Bools, k: int) -> Ints:
    """Each user's k best artists that are not known, best first: [U, k].

    Of equal scores the lower column wins; shuffle the columns where that could matter. A place
    that no artist is left for holds -1.
    """
    masked = np.where(known, -np.inf, scores)  # [U, A]
    k = min(k, masked.shape[1])
    last = np.partition(masked, -k, axis=1)[:, -k, None]  # [U, 1], the k-th best score
    above, tie = masked > last, masked == last
    room = k - above.sum(axis=1)  # [U]: so many of those that tie with the k-th
    full = np.flatnonzero(tie.sum(axis=1) > room)
    tie[full] &= np.cumsum(tie[full], axis=1) <= room[full, None]  # the first columns
    chosen = np.nonzero(above | tie)[1].reshape(-1, k)  # [U, k], by column
    value = np.take_along_axis(masked, chosen, axis=1)
    order = np.argsort(-value, axis=1, kind="stable")
    ranked = np.take_along_axis(chosen, order, axis=1)
    ranked[np.take_along_axis(value, order, axis=1) == -np.inf] = -1
    return ranked


def recall(hit: Bools, n_positive: Ints) -> NDArray:
    """Hits among the top k, over all positives of the user: [U] from hit [U, k]."""
    return hit.sum(axis=1) / n_positive


def ndcg(hit: Bools, n_positive: Ints) -> NDArray:
    """Hits weighted by 1 / log2(rank + 1), over the best that was possible: [U]."""
    k = hit.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))  # [k]
    ideal = np.cumsum(discount)[np.minimum(n_positive, k) - 1]
    return (hit * discount).sum(axis=1) / ideal


def reciprocal_rank(scores: Floats, known: Bools, positive: Bools) -> NDArray:
    """1 / the rank of the best positive among all artists that are not known: [U].

    Of equal scores the lower column comes first.
    """
    masked = np.where(known, -np.inf, scores)  # [U, A]
    best = np.where(positive, masked, -np.inf).max(axis=1, keepdims=True)  # [U, 1]
    tie = masked == best
    first = np.argmax(tie & positive, axis=1)[:, None]  # [U, 1]
    before = (tie & (np.arange(masked.shape[1]) < first)).sum(axis=1)
    return 1 / (1 + (masked > best).sum(axis=1) + before)


def coverage(top: Ints, n_artists: int) -> float:
    """The share of all artists that are recommended to anyone."""
    return len(np.unique(top[top >= 0])) / n_artists


def long_tail(listeners: Ints, share: float = 0.2) -> Bools:
    """Which artists are unpopular: the least heard ones that hold a fifth of the edges together."""
    order = np.argsort(listeners, kind="stable")
    tail = np.zeros(len(listeners), dtype=bool)
    tail[order[np.cumsum(listeners[order]) <= share * listeners.sum()]] = True
    return tail
