"""Misconceptions of step 6, second part: what roc_auc_score is given, and what becomes of it.

`autograder.rules.causes` runs them over calls of `test`, or over AUCs that were watched.
"""

from __future__ import annotations

import math

import numpy as np
from sklearn.metrics import roc_auc_score

from autograder.evidence.schema import Scoring
from autograder.rules.cause import Case, cause
from autograder.rules.facts_of_case import auc, runs
from autograder.rules.graphs import keys


def _given(run: Scoring) -> tuple[np.ndarray, np.ndarray] | None:
    """Labels and scores as roc_auc_score got them."""
    if run.labels is None or run.handed is None:
        return None
    labels, handed = run.labels.numpy(), run.handed.numpy()
    return (labels, handed) if len(labels) == len(handed) > 0 else None


def _right(run: Scoring) -> float | None:
    """The AUC of the decoded scores, positives being those of the data."""
    if run.pairs is None or run.scores is None:
        return None
    scored, positives, scores = run.pairs.numpy(), run.positives.numpy(), run.scores.numpy()
    n = 1 + int(max(scored.max(initial=0), positives.max(initial=0)))
    labels = np.isin(keys(scored, n), keys(positives, n))
    if labels.all() or not labels.any() or not np.isfinite(scores).all():
        return None
    return float(roc_auc_score(labels, scores))


def _binary(values: np.ndarray) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


@cause(
    "test.hard-threshold",
    title="Scores are rounded to yes or no before the AUC",
    why="The AUC measures how well the scores order the pairs. Of 0 and 1 no order is left but two "
    "heaps: the number is that of one threshold, and lower.",
    question="How many different values does `roc_auc_score` get as scores?",
    hints=(
        "Print the distinct values of the second argument.",
        "Which line turns scores into predictions?",
        "Hand over the raw scores.",
    ),
    at=("roc_auc_score", "round", "test"),
    hides=("test.swapped-arguments",),
)
def hard_threshold(case: Case) -> str | None:
    for run in runs(case):
        given = _given(run)
        if given is None or run.scores is None:
            continue
        labels, handed = given
        decoded = np.unique(run.scores.numpy())
        few = len(np.unique(handed)) <= 2 < len(decoded) and _binary(labels)
        if few and not _squashed(run.scores.numpy(), handed):
            return (
                f"`roc_auc_score` got {len(np.unique(handed))} different scores, "
                f"`decode` gave {len(decoded):,}"
            )
    return None


def _squashed(scores: np.ndarray, handed: np.ndarray) -> bool:
    """Whether the sigmoid alone made them so few: of huge scores it leaves 0 and 1."""
    if scores.shape != handed.shape:
        return False
    squashed = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -700, 700)))
    return np.allclose(np.sort(squashed), np.sort(handed), atol=1e-6)


def _same(run: Scoring) -> bool:
    """Whether what was handed over as scores are the true labels themselves."""
    given = _given(run)
    return given is not None and not _binary(given[0]) and _binary(given[1])


@cause(
    "test.swapped-arguments",
    title="`roc_auc_score` gets scores first, labels second",
    why="It takes the truth first. The other way round it is told that the scores are the truth, "
    "and says: continuous format is not supported.",
    question="Which of the two arguments is `y_true`?",
    hints=(
        "Look up the signature of `roc_auc_score`.",
        "Which of your two tensors holds only zeros and ones?",
        "Labels first, scores second.",
    ),
    at=("roc_auc_score",),
)
def swapped_arguments(case: Case) -> str | None:
    error = case.error("continuous format is not supported")
    if error is not None:
        return str(error)
    if any(_same(run) for run in runs(case)):
        return "`roc_auc_score` got zeros and ones as scores, and real numbers as labels"
    return None


@cause(
    "test.one-class",
    title="Only one class is scored",
    why="The AUC is the chance that a positive scores above a negative. Without negatives there is "
    "nothing to compare: scikit-learn warns and gives NaN.",
    question="How many zeros are there among your labels?",
    hints=(
        "Print the mean of the labels.",
        "Which pairs of the data object are not scored?",
        "Score positives and negatives, and label them in that order.",
    ),
    at=("roc_auc_score", "test"),
    hides=("test.hard-coded",),
)
def one_class(case: Case) -> str | None:
    error = case.error("Only one class present in y_true")
    for run in runs(case):
        given = _given(run)
        if given is not None and len(np.unique(given[0])) == 1:
            return f"all {len(given[0]):,} labels are {given[0][0]:g}; the AUC is {run.returned}"
    return str(error) if error is not None else None


@cause(
    "test.labels-inverted",
    title="Positives are labelled 0 in the evaluation",
    why="The AUC of turned labels is 1 minus the AUC: a good model looks worse than guessing.",
    question="Which label does the first positive pair have in `test`?",
    hints=(
        "Compare the order in which you join pairs, or scores, with the order of the labels.",
        "What is 1 minus your AUC?",
        "Ones for positives, in the order of the scores.",
    ),
    at=("roc_auc_score", "ones", "zeros", "cat", "test"),
)
def labels_inverted(case: Case) -> str | None:
    for run in runs(case):
        right, got = _right(run), run.returned
        if right is None or got is None or not math.isfinite(got) or abs(right - 0.5) < 0.005:
            continue
        if abs(got - (1 - right)) < 0.002 and abs(got - right) > 0.005:
            return f"the AUC of these scores is {right:.4f}, `test` has {got:.4f} = 1 - {right:.4f}"
    return None


def _measured(computed: list[float]) -> list[float]:
    """The AUCs of a notebook, and the means of the last ones, of all or of every second."""
    means = [
        float(np.mean(computed[::-1][start : start + step * count : step]))
        for step in (1, 2)
        for start in range(step)
        for count in range(2, 1 + min(50, (len(computed) - start) // step))
    ]
    return [*computed, *means]


@cause(
    "test.hard-coded",
    title="The AUC is typed in, not measured",
    why="A number that stands in the code stays the same, whatever the model does.",
    question="Where does this number come from, and does it change when you train again?",
    hints=(
        "Run the notebook on other data: which numbers stay the same?",
        "Look for the number itself in your code.",
        "Give the name what `test` returns.",
    ),
    at=("test_auc", "val_auc", "test"),
    hides=("test.train-edges",),
)
def hard_coded(case: Case) -> str | None:
    same = len({run.returned for run in runs(case)}) == 1  # whatever it was asked about
    for run in runs(case) if same else []:
        right, got = _right(run), run.returned
        if run.watched or run.labels is not None or right is None or got is None:
            continue
        if abs(got - right) > 0.005 and abs(got - (1 - right)) > 0.005:
            return f"`test` returned {got:.4f} and computed no AUC; its scores have {right:.4f}"
    found = auc(case)
    if found is None or found.computed is None:
        return None
    for name, noted, again in (
        ("test_auc", found.test_auc, found.test_again),
        ("val_auc", found.val_auc, found.val_again),
    ):
        if noted is None or again is None or not math.isfinite(again) or abs(noted - again) < 0.003:
            continue
        if not any(abs(noted - value) < 0.0006 for value in _measured(found.computed)):
            return f"`{name}` is {noted:g}, which no AUC here ever was; measured again: {again:.4f}"
    return None
