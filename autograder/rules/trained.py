"""The fixtures of steps 5 and 6; `conftest` holds those before them, and takes these over."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.evidence.schema import Auc, Epoch, Evidence, Loop, Scoring, Setup, Training
from autograder.rules.observed import RETURNS, RUNS, of_the_file
from autograder.rules.teaching import need, present, unfinished
from autograder.rules.training import negatives as negatives_of


@pytest.fixture
def setup(evidence: Evidence) -> Setup:
    return present(evidence.step5, "setup")


@pytest.fixture
def train_called(evidence: Evidence, known: np.ndarray | None) -> Training:
    """Two calls of train on edges of the file, come through or not."""
    found = present(evidence.step5, "train")
    of_the_file(known, found.message_edges, found.positives)
    if found.call.error is not None and found.call.error.blank:
        raise unfinished("train", found.call.error)
    return found


@pytest.fixture
def training(train_called: Training) -> Training:
    """Calls that came through."""
    need(train_called.call.error is None, "a `train` that runs", RUNS)
    return train_called


@pytest.fixture
def epochs(training: Training) -> list[Epoch]:
    """Two spied calls of train whose scored pairs were seen."""
    seen = all(e.pairs is not None and e.pairs.shape[:1] == [2] for e in training.epochs)
    need(seen, "`model.decode` to be called in `train`", RUNS)
    return training.epochs


@pytest.fixture
def negatives(training: Training, epochs: list[Epoch]) -> list[np.ndarray]:
    """[2, Q] of each epoch: the scored pairs that are no positives."""
    return [negatives_of(epoch, training) for epoch in epochs]


@pytest.fixture
def loop(evidence: Evidence) -> Loop:
    found = present(evidence.step5, "loop")
    need(found.computed is None or found.computed >= 5, "losses that were computed", RUNS)
    return found


@pytest.fixture
def test_called(evidence: Evidence, known: np.ndarray | None) -> list[Scoring]:
    """Calls of test on parts of the data, come through or not."""
    found = present(evidence.step6, "test").runs
    for run in found:
        of_the_file(known, run.edge_index, run.positives, other=run.negatives)
        if run.call.error is not None and run.call.error.blank:
            raise unfinished("test", run.call.error)
    return found


@pytest.fixture
def runs(test_called: list[Scoring]) -> list[Scoring]:
    """Calls of test that came through."""
    through = test_called and all(r.call.error is None for r in test_called)
    need(through, "a `test` that runs", RETURNS)
    return test_called


@pytest.fixture
def run(runs: list[Scoring]) -> Scoring:
    """The first of these calls."""
    return runs[0]


@pytest.fixture
def auc(evidence: Evidence) -> Auc:
    return present(evidence.step6, "auc")
