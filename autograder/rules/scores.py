"""What AUCs were of: labels and scores as they were handed over, and the AUC that is due.

The checks of step 6 and their causes compute with it; it looks at evidence only.
"""

from __future__ import annotations

import math

import numpy as np

from autograder.evidence.schema import Auc, Scoring
from autograder.rules.graphs import among, area, distinct, keys

ALIKE = 0.005  # AUCs that differ by less are the same number
AGAIN = 0.003  # so do an AUC that was noted and the same measured again
SHOWN = 0.0006  # and one that was rounded to three digits


def handed_labels(run: Scoring) -> tuple[np.ndarray, np.ndarray] | None:
    """Labels and scores as roc_auc_score got them."""
    if run.labels is None or run.handed is None:
        return None
    labels, handed = run.labels.numpy(), run.handed.numpy()
    return (labels, handed) if len(labels) == len(handed) > 0 else None


def is_binary(values: np.ndarray) -> bool:
    """Whether these are zeros and ones only."""
    return bool(np.isin(values, (0.0, 1.0)).all())


def right_auc(run: Scoring) -> float | None:
    """The AUC of the decoded scores, positives being those of the data; None without both."""
    if run.pairs is None or run.scores is None:
        return None
    scored, positives, scores = run.pairs.numpy(), run.positives.numpy(), run.scores.numpy()
    n = 1 + int(max(scored.max(initial=0), positives.max(initial=0)))
    labels = among(keys(scored, n), distinct(keys(positives, n)))
    if labels.all() or not labels.any() or not np.isfinite(scores).all():
        return None
    return area(labels, scores)


def is_of_its_scores(run: Scoring) -> bool:
    """Whether the number is the AUC of what `roc_auc_score` got: 0.5 twice may be measured, too."""
    handed = handed_labels(run)
    if handed is None or run.returned is None or set(handed[0].tolist()) != {0.0, 1.0}:
        return False
    return abs(area(*handed) - run.returned) < 1e-6


def noted_otherwise(auc: Auc) -> list[tuple[str, float, float]]:
    """AUCs that were noted and are not what is measured again: name, noted, measured again."""
    both = [("test_auc", auc.test_auc, auc.test_again), ("val_auc", auc.val_auc, auc.val_again)]
    return [
        (name, noted, again)
        for name, noted, again in both
        if noted is not None
        and again is not None
        and math.isfinite(again)
        and not abs(noted - again) < AGAIN
    ]


def measured(computed: list[float]) -> list[float]:
    """The AUCs of a notebook, and the means of the last ones, of all or of every second."""
    means = [
        float(np.mean(computed[::-1][start : start + step * count : step]))
        for step in (1, 2)
        for start in range(step)
        for count in range(2, 1 + min(50, (len(computed) - start) // step))
    ]
    return [*computed, *means]
