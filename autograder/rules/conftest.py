"""The dependency graph of the checks: each fixture is evidence, or what follows from it.

Where its ground is missing a fixture raises: what needs it is not attempted, or blocked.
"""

from __future__ import annotations

import numpy as np
import pytest
from torch_geometric.nn import SAGEConv

from autograder.contract import PARTS
from autograder.evidence.schema import (
    Auc,
    Epoch,
    Evidence,
    Explore,
    Frame,
    Graph,
    GraphData,
    Loop,
    Mapping,
    ModelClass,
    Scoring,
    Setup,
    Split,
    Training,
)
from autograder.rules.cause import Case
from autograder.rules.graphs import pairs, same_graph
from autograder.rules.judge import JUDGE
from autograder.rules.observed import (
    came_through,
    decoding,
    encoding,
    of_the_file,
    rebuild,
    usable,
)
from autograder.rules.teaching import need, present, unfinished
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
def case(evidence: Evidence, truth: Truth) -> Case:
    """The evidence as the causes look at it."""
    return Case(evidence, truth)


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
def load(evidence: Evidence) -> Frame:
    return present(evidence.step1, "load")


@pytest.fixture
def explore(evidence: Evidence) -> Explore:
    return present(evidence.step1, "explore")


@pytest.fixture
def values(load: Frame) -> np.ndarray:
    """[rows, 3] int64."""
    need(load.values, "three columns of whole numbers under the right names", "the checks above")
    return load.values.numpy()  # type: ignore[union-attr]


@pytest.fixture
def nodes(evidence: Evidence) -> Graph:
    return present(evidence.step2, "nodes")


@pytest.fixture
def edges(evidence: Evidence) -> Graph:
    return present(evidence.step2, "edges")


@pytest.fixture
def sides(edges: Graph, truth: Truth) -> np.ndarray:
    """[N] int8, 0 for users and 1 for artists, where there are as many as due."""
    found = edges.sides.numpy()
    counts = [int((found == side).sum()) for side in (0, 1)]
    need(counts == [truth.n_users, truth.n_artists], "the right nodes", "every node on its side")
    return found


@pytest.fixture
def mapping(evidence: Evidence, truth: Truth) -> Mapping:
    """The indices; as many as nodes only where their keys are users and artists of the file."""
    found: Mapping = present(evidence.step3, "mapping")
    sides = [side.numpy() for side in (found.user_index, found.artist_index) if side]
    told = len(sides) == 2 and all((side >= 0).any() for side in sides)
    if found.derived and not told and evidence.step3 and isinstance(evidence.step3.data, GraphData):
        edges = usable(evidence.step3.data.edge_index, "`data.edge_index`")
        n = int(edges.max(initial=0)) + 1
        told = same_graph(np.stack(np.divmod(pairs(edges, n), n)), truth)  # numbered in the edges
    told = told or found.size != truth.num_nodes
    need(told, "keys that hold the file's ids, and tell users from artists", "the nodes of `G`")
    return found


@pytest.fixture
def data(evidence: Evidence) -> GraphData:
    return present(evidence.step3, "data")


@pytest.fixture
def edge_index(data: GraphData) -> np.ndarray:
    """[2, E] int64 of `data`."""
    return usable(data.edge_index, "`data.edge_index`")


@pytest.fixture
def split(evidence: Evidence) -> Split:
    found = present(evidence.step3, "split")
    split_from = evidence.step3.data if evidence.step3 else None
    need(isinstance(split_from, GraphData), "the `data` that was split", "edge_index is [2, E]")
    return found


@pytest.fixture
def messages(split: Split) -> dict[str, np.ndarray]:
    """Message-passing edges [2, E] of each part."""
    return {p: usable(getattr(split, p).edge_index, f"`{p}_data.edge_index`") for p in PARTS}


@pytest.fixture
def positives(split: Split) -> dict[str, np.ndarray]:
    """Positive supervision edges [2, P] of each part."""
    see = "each part has its positive and negative edges"
    found = {part: getattr(split, part).positives for part in PARTS}
    need(all(e and e.values for e in found.values()), "`pos_edge_label_index` in every part", see)
    return {p: usable(e, f"`{p}_data.pos_edge_label_index`") for p, e in found.items()}


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
def layers(model: ModelClass) -> tuple[np.ndarray, list[SAGEConv]]:
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


@pytest.fixture
def test_called(evidence: Evidence, known: np.ndarray | None) -> list[Scoring]:
    """Calls of test on parts of the data, come through or not."""
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
    """The AUCs of the notebook, noted and measured again."""
    return present(evidence.step6, "auc")
