"""The dependency graph of the checks: each fixture is evidence, or what follows from it.

Where its ground is missing a fixture raises: what needs it is not attempted, or blocked.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.evidence.schema import (
    Auc,
    Epoch,
    Evidence,
    Loop,
    ModelClass,
    Scoring,
    Setup,
    Training,
)
from autograder.rules.cause import Case
from autograder.rules.judge import JUDGE
from autograder.rules.observed import (
    came_through,
    decoding,
    encoding,
    of_the_file,
)
from autograder.rules.recomputed import Layer, rebuild
from autograder.rules.step6_test import typed_in
from autograder.rules.teaching import need, not_judged, present, unfinished
from autograder.rules.training import negatives as negatives_of
from autograder.truth import Truth


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """All that was observed."""
    return request.config.stash[JUDGE].evidence


@pytest.fixture
def truth(request: pytest.FixtureRequest) -> Truth:
    """What is true of the data file."""
    return request.config.stash[JUDGE].truth


@pytest.fixture
def free_form(evidence: Evidence) -> bool:
    """Whether this is none of our notebooks, whose exercises ask for certain numbers."""
    return evidence.free_form


@pytest.fixture
def known(request: pytest.FixtureRequest) -> np.ndarray | None:
    """[2, E]: the file's rows under the node numbers of steps 5 and 6, where these are ours."""
    judge = request.config.stash[JUDGE]
    return judge.truth.edges if judge.numbered else None


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    """The evidence with what has been worked out of it: what causes look at too."""
    return request.config.stash[JUDGE].case


@pytest.fixture
def defined(evidence: Evidence) -> ModelClass:
    """The evidence of the class, built or not."""
    return present(evidence.step4, "model")


@pytest.fixture
def model(defined: ModelClass) -> ModelClass:
    """The evidence of a model that could be built."""
    error = defined.built.error
    if error is not None:
        if error.blank:
            raise unfinished("GNNLinkPredictor.__init__", error)
        need(False, "a model that can be built", "step4.layers.builds")
    return defined


@pytest.fixture
def encoded(model: ModelClass) -> np.ndarray:
    """[N, D] float32: what encode gave, where it came through."""
    through = came_through(model.encode)
    need(through, "an `encode` that runs and returns a tensor", "step4.encode.encode_shape")
    return encoding(model)


@pytest.fixture
def decoded(model: ModelClass) -> np.ndarray:
    """What decode gave for 11 pairs, where it came through."""
    need(came_through(model.decode), "a `decode` that runs", "step4.decode.decode_shape")
    return decoding(model)


@pytest.fixture
def layers(model: ModelClass) -> tuple[np.ndarray, list[Layer]]:
    """Embedding weight [N, d], and the two convolutions rebuilt here with the student's weights."""
    sages = [c for c in model.convolutions if c.sage]
    see = "step4.layers.convolutions"
    need(len(model.embeddings) == 1, "one embedding", "step4.layers.embedding")
    need(len(sages) == len(model.convolutions) == 2, "two SAGEConv layers", see)
    rebuilt = [rebuild(c) for c in sages]
    need(all(rebuilt), "SAGEConv layers of known channels", see)
    return model.embeddings[0].numpy(), [c for c in rebuilt if c is not None]


@pytest.fixture
def setup(evidence: Evidence) -> Setup:
    """Model, optimizer and loss function."""
    return present(evidence.step5, "setup")


@pytest.fixture
def train_called(evidence: Evidence, known: np.ndarray | None) -> Training:
    """Two calls of train on edges of the file, come through or not."""
    training: Training = present(evidence.step5, "train")
    if training.not_judged and training.call.error is None:
        raise not_judged(training.not_judged)
    of_the_file(known, training.message_edges, training.positives)
    if training.call.error is not None and training.call.error.blank:
        raise unfinished("train", training.call.error)
    return training


@pytest.fixture
def training(train_called: Training) -> Training:
    """Calls that came through."""
    need(train_called.call.error is None, "a `train` that runs", "step5.train.returns_loss")
    return train_called


@pytest.fixture
def epochs(training: Training) -> list[Epoch]:
    """Two epochs whose scored pairs were seen."""
    seen = all(e.pairs is not None and e.pairs.shape[:1] == [2] for e in training.epochs)
    need(seen, "`model.decode` to be called in `train`", "step5.train.returns_loss")
    return training.epochs


@pytest.fixture
def negatives(training: Training, epochs: list[Epoch]) -> list[np.ndarray]:
    """[2, Q] of each epoch: the scored pairs that are no positives."""
    return [negatives_of(epoch, training) for epoch in epochs]


@pytest.fixture
def loop(evidence: Evidence) -> Loop:
    """The losses that were kept, where as many were computed."""
    loop: Loop = present(evidence.step5, "loop")
    computed = loop.computed is None or loop.computed >= 5
    need(computed, "losses that were computed", "step5.train.returns_loss")
    return loop


def _followed(evidence: Evidence) -> None:
    """Raise where scores were computed, and no AUC of them could be followed."""
    auc = evidence.step6.auc if evidence.step6 else None
    raised = any(not error.blank for error in evidence.errors)  # that says enough
    if isinstance(auc, Auc) and auc.not_judged and not raised:
        raise not_judged(auc.not_judged)


@pytest.fixture
def test_called(evidence: Evidence, known: np.ndarray | None) -> list[Scoring]:
    """Calls of test on parts of the data, come through or not."""
    _followed(evidence)
    runs: list[Scoring] = present(evidence.step6, "test").runs
    for run in runs:
        of_the_file(known, run.edge_index, run.positives, other=run.negatives)
        if run.call.error is not None and run.call.error.blank:
            raise unfinished("test", run.call.error)
    return runs


@pytest.fixture
def runs(test_called: list[Scoring]) -> list[Scoring]:
    """Calls of test that came through."""
    through = test_called and all(r.call.error is None for r in test_called)
    need(through, "a `test` that runs", "step6.test.returns_auc")
    return test_called


@pytest.fixture
def run(runs: list[Scoring]) -> Scoring:
    """The first of these calls."""
    return runs[0]


@pytest.fixture
def auc(evidence: Evidence) -> Auc:
    """The AUCs of the notebook, noted and measured again; or a number in their place."""
    found = evidence.step6.auc if evidence.step6 else None
    if not isinstance(found, Auc) or typed_in(found) is None:
        _followed(evidence)
    return present(evidence.step6, "auc")
