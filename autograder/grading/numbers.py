"""The numbers that stand beside a student's words: the losses, the AUCs, and what popularity gets.

Nothing is judged here: reports and feedback show them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autograder.evidence.schema import Auc, Chain, Evidence, Loop
from autograder.rules.graphs import among, area, non_edges, pairs, two_sides

LOSSES = 200  # points of the curve that are kept
DIGITS = 4


@dataclass(frozen=True)
class Numbers:
    """What a program got. None where there is no such number, or it could not be followed.

    `fair_auc` is of the student's own embeddings, on held-out edges against pairs of a user and an
    artist that are no edges; `popularity_auc` is of the artists' degrees on the same pairs.
    """

    losses: tuple[float, ...] = ()
    epochs: int = 0  # of the loop, where `losses` holds only some of them
    val_auc: float | None = None
    test_auc: float | None = None
    fair_auc: float | None = None
    popularity_auc: float | None = None


def numbers(evidence: Evidence) -> Numbers:
    """The numbers of one run, as far as they are there."""
    loop = evidence.step5.loop if evidence.step5 else None
    losses = [v for v in loop.losses if v is not None] if isinstance(loop, Loop) else []
    losses = [value for value in losses if math.isfinite(value)]
    auc = evidence.step6.auc if evidence.step6 else None
    own = evidence.step6.own if evidence.step6 else None
    fair, popular = _fair(own) if isinstance(own, Chain) else (None, None)
    return Numbers(
        tuple(float(f"{value:.6g}") for value in _thinned(losses)),
        len(losses),
        _auc(auc.val_auc) if isinstance(auc, Auc) else None,
        _auc(auc.test_auc) if isinstance(auc, Auc) else None,
        fair,
        popular,
    )


def _thinned(losses: list[float]) -> list[float]:
    """At most so many of them, evenly spaced, with the first and the last."""
    if len(losses) <= LOSSES:
        return losses
    return [losses[i] for i in np.linspace(0, len(losses) - 1, LOSSES).round().astype(int)]


def _auc(value: float | None) -> float | None:
    return round(value, DIGITS) if value is not None and 0 <= value <= 1 else None


def _fair(own: Chain) -> tuple[float | None, float | None]:
    """The AUC of the model and of popularity on the same pairs of a user and an artist."""
    edges, asked = own.edge_index.numpy(), own.positives.numpy()
    z, seen = own.z.numpy().astype(np.float64), own.message_edges.numpy()
    n = len(z)
    known = np.concatenate([edges, asked, seen], axis=1)
    if not edges.size or not asked.size or known.min() < 0 or known.max() >= n:
        return None, None
    side, held = two_sides(edges, n), pairs(asked, n)
    if side is None or not np.isfinite(z).all() or among(held, pairs(seen, n)).any():
        return None, None
    negatives = non_edges(edges, side, len(held), seed=0)
    couples = np.concatenate([np.stack(np.divmod(held, n)), negatives], axis=1)
    labels = np.repeat([1, 0], [len(held), negatives.shape[1]])
    if not negatives.size:
        return None, None
    degree = np.bincount(np.concatenate(np.divmod(pairs(seen, n), n)), minlength=n)
    scores = (z[couples[0]] * z[couples[1]]).sum(axis=1)
    first, second = couples
    ends = [np.where(side[first] == which, first, second) for which in (True, False)]
    # of the two sides it is the artists whose degrees differ; users' hardly do
    popular = max(area(labels, degree[end]) for end in ends)
    return round(area(labels, scores), DIGITS), round(popular, DIGITS)
