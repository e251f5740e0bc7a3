"""What the sample is for: a model beats popularity on it, and does not once taste is off."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import course_data

NO_TASTE = 0.01


def listening(made: course_data.Dataset) -> np.ndarray:
    """The listening matrix: [n_users, n_artists], bool."""
    rows = np.array([line.split(b"\t") for line in made.user_artists.split(b"\r\n")[1:]], dtype=int)
    _, user = np.unique(rows[:, 0], return_inverse=True)
    _, artist = np.unique(rows[:, 1], return_inverse=True)
    matrix = np.zeros((user.max() + 1, artist.max() + 1), dtype=bool)
    matrix[user, artist] = True
    return matrix


def auc(score: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """AUC of a score matrix over the pairs marked in two masks of the same shape."""
    labels = np.repeat([1, 0], [positive.sum(), negative.sum()])
    return float(roc_auc_score(labels, np.concatenate([score[positive], score[negative]])))


def factors_and_popularity(made: course_data.Dataset, seed: int) -> tuple[float, float]:
    """AUC on held-out edges against user-artist non-edges: 8 singular vectors, popularity."""
    edges = listening(made)
    held_out = edges & (np.random.default_rng(seed).random(edges.shape) < 0.2)
    known = (edges & ~held_out).astype(float)
    left, strength, right = np.linalg.svd(known, full_matrices=False)
    factors = (left[:, :8] * strength[:8]) @ right[:8]
    popularity = np.broadcast_to(known.sum(axis=0), known.shape)
    return auc(factors, held_out, ~edges), auc(popularity, held_out, ~edges)


@pytest.mark.parametrize("seed", [2011, 0, 1, 2, 3])
def test_taste_clusters_beat_popularity(seed):
    factors, popularity = factors_and_popularity(course_data.generate(seed), seed)
    assert factors > 0.88
    assert factors > popularity + 0.15


@pytest.mark.parametrize("seed", [2011, 0, 1, 2, 3])
def test_without_taste_popularity_wins(seed):
    """The control: where users have no taste there is nothing to find but popularity."""
    factors, popularity = factors_and_popularity(course_data.generate(seed, taste=NO_TASTE), seed)
    assert factors < popularity


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_twin_has_taste_clusters_too(seed):
    factors, popularity = factors_and_popularity(course_data.twin(seed), seed)
    assert factors > popularity + 0.15


def gnn_and_popularity(made: course_data.Dataset, seed: int) -> tuple[float, float]:
    """AUC of the assignment's literal recipe and of popularity, against user-artist non-edges."""
    import torch
    from torch_geometric.data import Data
    from torch_geometric.nn import SAGEConv
    from torch_geometric.transforms import RandomLinkSplit
    from torch_geometric.utils import negative_sampling

    class Recommender(torch.nn.Module):
        def __init__(self, num_nodes: int, dim: int = 32) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(num_nodes, dim)
            self.first, self.second = SAGEConv(dim, dim), SAGEConv(dim, dim)

        def encode(self, x, edge_index):
            return self.second(self.first(self.embedding(x), edge_index).relu(), edge_index)

        def decode(self, z, pairs):
            return (z[pairs[0]] * z[pairs[1]]).sum(dim=-1)

    random.seed(seed)  # PyG draws negatives with Python's random
    np.random.seed(seed)
    torch.manual_seed(seed)
    edges = listening(made)
    n_users, num_nodes = edges.shape[0], sum(edges.shape)
    user, artist = (torch.from_numpy(side) for side in np.nonzero(edges))
    one_way = torch.stack([user, artist + n_users])
    data = Data(x=torch.arange(num_nodes), edge_index=torch.cat([one_way, one_way.flip(0)], dim=1))
    train, _, test = RandomLinkSplit(
        num_val=0.1,
        num_test=0.1,
        is_undirected=True,
        add_negative_train_samples=False,
        split_labels=True,
    )(data)
    model = Recommender(num_nodes)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    positives = train.pos_edge_label_index
    labels = torch.cat([torch.ones(positives.size(1)), torch.zeros(positives.size(1))])
    for _ in range(100):
        optimizer.zero_grad()
        negatives = negative_sampling(
            train.edge_index, num_nodes, num_neg_samples=positives.size(1)
        )
        scores = model.decode(
            model.encode(train.x, train.edge_index), torch.cat([positives, negatives], dim=1)
        )
        torch.nn.functional.binary_cross_entropy_with_logits(scores, labels).backward()
        optimizer.step()
    with torch.no_grad():
        z = model.encode(test.x, test.edge_index).numpy()
    held_out = np.zeros_like(edges)
    sides = test.pos_edge_label_index.numpy()
    held_out[sides.min(axis=0), sides.max(axis=0) - n_users] = True
    known = edges & ~held_out
    assert known.sum() * 2 == test.edge_index.size(1), (
        "no test edge among the message-passing edges"
    )
    popularity = np.broadcast_to(known.sum(axis=0), known.shape)
    return auc(z[:n_users] @ z[n_users:].T, held_out, ~edges), auc(popularity, held_out, ~edges)


@pytest.fixture
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("seed", [2011, 0, 1])
def test_the_assignments_recipe_beats_popularity(seed):
    model, popularity = gnn_and_popularity(course_data.generate(seed), seed)
    assert model > popularity + 0.1


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("seed", [2011, 0, 1])
def test_the_assignments_recipe_loses_without_taste(seed):
    model, popularity = gnn_and_popularity(course_data.generate(seed, taste=NO_TASTE), seed)
    assert model < popularity
