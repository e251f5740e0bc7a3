"""The right inputs of each step, and the truth about a data file.

A notebook's `checkpoint`, the grader's runs on right inputs and the checks all take them from here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling

import course_data

DIM = 32  # embedding, hidden and output channels of the notebooks
GIVES = {
    "step1": (),
    "step2": ("df", "n_users", "n_artists"),
    "step3": ("df", "n_users", "n_artists", "G"),
    "step4": ("num_nodes", "data", "train_data"),
    "step5": ("num_nodes", "train_data", "GNNLinkPredictor"),
    "step6": ("train_data", "val_data", "test_data", "model"),
}


@dataclass(frozen=True)
class Truth:
    """What is true of a data file. `rows` is [n, 3] int64: userID, artistID, listen_count."""

    rows: np.ndarray
    user_ids: np.ndarray  # sorted
    artist_ids: np.ndarray  # sorted

    @property
    def n_users(self) -> int:
        """Distinct users."""
        return len(self.user_ids)

    @property
    def n_artists(self) -> int:
        """Distinct artists."""
        return len(self.artist_ids)

    @property
    def num_nodes(self) -> int:
        """Users and artists together."""
        return self.n_users + self.n_artists

    @property
    def n_edges(self) -> int:
        """Rows of the file; every user-artist pair has one."""
        return len(self.rows)

    @property
    def shared(self) -> int:
        """Ids that are both a user's and an artist's."""
        return len(np.intersect1d(self.user_ids, self.artist_ids))

    @property
    def distinct_ids(self) -> int:
        """Nodes that are left when raw ids are the nodes."""
        return self.num_nodes - self.shared


def truth(path: Path | None = None) -> Truth:
    """The truth about `user_artists.dat` at `path` (default: the chosen data)."""
    return _truth(path or course_data.path("user_artists.dat"))


@functools.lru_cache(maxsize=4)
def _truth(path: Path) -> Truth:
    rows = _frame(path).to_numpy(dtype=np.int64)
    return Truth(rows, np.unique(rows[:, 0]), np.unique(rows[:, 1]))


def _frame(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, sep="\t")
    frame.columns = ["userID", "artistID", "listen_count"]
    return frame


def inputs(step: str, path: Path | None = None, trained: bool = True) -> dict[str, Any]:
    """The names that `step` starts from, each with its right value, made anew at every call.

    Without `trained` there is no `model` among them. Leaves the random state of Python, NumPy and
    torch as it was.

    Raises:
        KeyError: no such step.
    """
    path = path or course_data.path("user_artists.dat")
    makers: dict[str, Callable[[Path], dict[str, Any]]] = {
        "step1": lambda _: {},
        "step2": _frame_inputs,
        "step3": _graph_inputs,
    }
    with random_state(0):
        made = makers[step](path) if step in makers else _split_inputs(path)
        made["GNNLinkPredictor"] = GNNLinkPredictor
        if "model" in GIVES[step] and trained:
            made["model"] = _trained(path)
    return {name: made[name] for name in GIVES[step] if name in made}


def _frame_inputs(path: Path) -> dict[str, Any]:
    known = _truth(path)
    return {"df": _frame(path), "n_users": known.n_users, "n_artists": known.n_artists}


def _graph_inputs(path: Path) -> dict[str, Any]:
    made = _frame_inputs(path)
    graph = nx.Graph()
    users = [("user", u) for u in made["df"]["userID"].tolist()]
    artists = [("artist", a) for a in made["df"]["artistID"].tolist()]
    graph.add_nodes_from(dict.fromkeys(users), bipartite=0)
    graph.add_nodes_from(dict.fromkeys(artists), bipartite=1)
    graph.add_edges_from(zip(users, artists, strict=True))
    return made | {"G": graph}


def _split_inputs(path: Path) -> dict[str, Any]:
    known, frame = _truth(path), _frame(path)
    users, _ = pd.factorize(frame["userID"])
    artists, _ = pd.factorize(frame["artistID"])
    edge_index = torch.from_numpy(np.stack([users, artists + known.n_users]))
    data = Data(x=torch.arange(known.num_nodes), edge_index=edge_index)
    with random_state(0):
        train, val, test = RandomLinkSplit(
            num_val=0.1,
            num_test=0.1,
            is_undirected=True,
            add_negative_train_samples=False,
            split_labels=True,
        )(data)
    parts = {"train_data": train, "val_data": val, "test_data": test}
    return {"num_nodes": known.num_nodes, "data": data} | parts


class GNNLinkPredictor(torch.nn.Module):
    """A stand-in for step 5: the maths of two mean-aggregating SAGE layers in plain torch.

    It lets a student train before the own class of step 4 works; it holds no `SAGEConv`.
    """

    def __init__(
        self, num_nodes: int, embedding_dim: int, hidden_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(num_nodes, embedding_dim)
        widths = [embedding_dim, hidden_channels, out_channels]
        pairs = list(zip(widths, widths[1:], strict=False))
        self.from_neighbors = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in pairs)
        self.from_self = torch.nn.ModuleList(torch.nn.Linear(a, b, bias=False) for a, b in pairs)

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """Node indices x [N] and edges [2, E] to embeddings [N, out_channels]."""
        h = self.embedding(x)
        source, target = edge_index
        degree = torch.bincount(target, minlength=len(h)).clamp(min=1).unsqueeze(1)
        for i, (neighbors, own) in enumerate(zip(self.from_neighbors, self.from_self, strict=True)):
            mean = torch.zeros_like(h).index_add(0, target, h[source]) / degree
            h = neighbors(mean) + own(h)
            h = h.relu() if i == 0 else h
        return h

    def decode(self, z: Tensor, edge_label_index: Tensor) -> Tensor:
        """Embeddings [N, D] and pairs [2, P] to scores [P]."""
        return torch.einsum("pd,pd->p", z[edge_label_index[0]], z[edge_label_index[1]])

    def forward(self, x: Tensor, edge_index: Tensor, edge_label_index: Tensor) -> Tensor:
        """Scores [P] of the pairs."""
        return self.decode(self.encode(x, edge_index), edge_label_index)


def _trained(path: Path, epochs: int = 30) -> GNNLinkPredictor:
    """A stand-in model after a short training, for step 6."""
    made = _split_inputs(path)
    train = made["train_data"]
    model = GNNLinkPredictor(made["num_nodes"], DIM, DIM, DIM)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    positives = train.pos_edge_label_index
    labels = torch.cat([torch.ones(positives.size(1)), torch.zeros(positives.size(1))])
    with torch.enable_grad():
        for _ in range(epochs):
            negatives = negative_sampling(
                train.edge_index, train.num_nodes, num_neg_samples=positives.size(1)
            )
            pairs = torch.cat([positives, negatives], dim=1)
            scores = model(train.x, train.edge_index, pairs)[: len(labels)]
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(
                scores, labels[: len(scores)]
            ).backward()
            optimizer.step()
    return model


@contextlib.contextmanager
def random_state(seed: int | None = None) -> Iterator[None]:
    """Seed Python, NumPy and torch inside the block, and put their states back after it."""
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        if seed is not None:
            random.seed(seed)
            np.random.seed(seed)
            torch.manual_seed(seed)
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        torch.set_rng_state(kept[2])


def one_thread() -> None:
    """Keep torch to one thread: faster on a busy machine, and a fork of this process stays safe."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
