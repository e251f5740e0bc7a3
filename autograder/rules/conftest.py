"""The dependency graph of the checks: each fixture is evidence, or what follows from it.

Where its ground is missing a fixture raises: what needs it is not attempted, or blocked.
"""

from __future__ import annotations

import numpy as np
import pytest
from torch_geometric.nn import SAGEConv

from autograder.evidence.schema import Evidence, ModelClass
from autograder.rules.cause import Case
from autograder.rules.judge import JUDGE
from autograder.rules.observed import (
    came_through,
    decoding,
    encoding,
    rebuild,
)
from autograder.rules.teaching import need, present, unfinished
from autograder.rules.trained import (  # noqa: F401
    auc,
    epochs,
    loop,
    negatives,
    run,
    runs,
    setup,
    test_called,
    train_called,
    training,
)
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
    return present(evidence.step4, "model")


@pytest.fixture
def model(defined: ModelClass) -> ModelClass:
    """The evidence of a model that could be built."""
    error = defined.built.error
    if error is not None:
        if error.blank:
            raise unfinished("GNNLinkPredictor.__init__", error)
        need(False, "a model that can be built", "the class builds a torch.nn.Module")
    return defined


@pytest.fixture
def encoded(model: ModelClass) -> np.ndarray:
    """[N, D] float32: what encode gave, where it came through."""
    see = "encode gives every node an embedding of out_channels numbers"
    need(came_through(model.encode), "an `encode` that runs and returns a tensor", see)
    return encoding(model)


@pytest.fixture
def decoded(model: ModelClass) -> np.ndarray:
    """What decode gave for 11 pairs, where it came through."""
    need(
        came_through(model.decode), "a `decode` that runs", "decode gives one score for every pair"
    )
    return decoding(model)


@pytest.fixture
def layers(model: ModelClass) -> tuple[np.ndarray, list[SAGEConv]]:
    """Embedding weight [N, d], and the two convolutions rebuilt here with the student's weights."""
    sages = [c for c in model.convolutions if c.sage]
    right = len(model.embeddings) == 1 and len(sages) == len(model.convolutions) == 2
    need(right, "one embedding and two SAGEConv layers", "two SAGEConv layers")
    rebuilt = [rebuild(c) for c in sages]
    need(all(rebuilt), "SAGEConv layers of known channels", "two SAGEConv layers")
    return model.embeddings[0].numpy(), [c for c in rebuilt if c is not None]
