"""What AUCs were of: labels and scores as they were handed over, and the AUC that is due.

The checks of step 6 and their causes compute with it; it looks at evidence only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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


SEVERAL = 3  # AUCs over the epochs, of which one can be chosen, or which can be averaged


def means(computed: list[float]) -> list[float]:
    """The means of the last AUCs of a notebook, of all or of every second."""
    return [
        float(np.mean(computed[::-1][start : start + step * count : step]))
        for step in (1, 2)
        for start in range(step)
        for count in range(2, 1 + min(50, (len(computed) - start) // step))
    ]


def is_mean(number: float, values: list[float]) -> bool:
    """Whether a number is the mean of several, and none of them."""
    near = [abs(number - value) < 1e-6 for value in values]
    return not any(near) and abs(number - float(np.mean(values))) < 1e-6


@dataclass(frozen=True)
class Reported:
    """What the number is that a notebook gives as its test AUC: `best` or `mean` of several."""

    number: float
    kind: str
    of: int


def reported(auc: Auc, loaded: bool) -> Reported | None:
    """What is reported as the test AUC where it is not the last one; None where that is not known.

    `loaded`: a kept state was loaded at the end, so that the last AUC can be the best one again.
    A name counts, else the number that was shown last, else any with a name.
    """
    best, means_of = _best(auc, auc.tests[:-1] if loaded else auc.tests), _means(auc)
    if loaded:
        same = best is not None and auc.test_auc is not None
        return best if same and abs(auc.test_auc - best.number) < SHOWN else None  # type: ignore[operator, union-attr]
    kinds = [*([best] if best else []), *means_of]
    last = auc.tests[-1][1] if auc.tests else math.nan
    if auc.test_auc is not None and auc.test_auc != auc.test_again:
        return _known(kinds, auc.test_auc, last)
    for number in auc.shown[::-1]:
        if abs(number - last) <= _precision(number):
            return None
        found = _known(kinds, number, last)
        if found and not any(abs(value - number) <= _precision(number) for _, value in auc.vals):
            return found
    exact = [_known(kinds, number, last) for number in auc.named if _precision(number) < 1e-6]
    return next((found for found in exact if found), None)


def _known(kinds: list[Reported], number: float, last: float) -> Reported | None:
    """Which of these a number is, as far as its digits tell; of rounded ones only the surest."""
    within = _precision(number)
    if abs(number - last) <= within:
        return None
    sure = kinds if within < 1e-6 else [k for i, k in enumerate(kinds) if i < 2]
    return next((k for k in sure if abs(k.number - number) <= within), None)


def _precision(number: float) -> float:
    """How far a number may be from the one that it was rounded from, by its digits."""
    digits = len(f"{number!r}".partition(".")[2])
    return 1e-9 if digits > 8 else 0.51 * 10.0**-digits


def _best(auc: Auc, during: list[tuple[int, float]]) -> Reported | None:
    """The largest of several test AUCs, unless the validation AUC chose it."""
    if len(during) < SEVERAL:
        return None
    steps, value = max(during, key=lambda one: one[1])
    highest = max((v for _, v in auc.vals), default=None)
    if any(s == steps and v == highest for s, v in auc.vals):
        return None
    return Reported(value, "best", len(during))


def _means(auc: Auc) -> list[Reported]:
    """The mean of all test AUCs, then of the last ones."""
    values = [value for _, value in auc.tests]
    counts = range(len(values), SEVERAL - 1, -1)
    return [Reported(float(np.mean(values[-n:])), "mean", n) for n in counts]
