"""The same loss twice as fast with PyG's API alone: the assignment's loop beside a faster one.

`python -m recommenders speed` measures both in pairs, one right after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints
from recommenders.models.gnn_literal import GNNLinkPredictor, LiteralGNN
from recommenders.protocol import Questions, warm_auc


class IndexSelectGNN(GNNLinkPredictor):
    """The same model; `decode` picks rows with index_select, whose gradient is a cheap add."""

    def decode(self, z: Tensor, edge_label_index: Tensor) -> Tensor:
        source, destination = edge_label_index
        return (z.index_select(0, source) * z.index_select(0, destination)).sum(dim=-1)  # [P]


class FasterGNN(Recommender):
    """The assignment's model and loss, in three ways cheaper.

    - Messages are a sparse matrix product: SAGEConv takes a CSR adjacency in place of edge_index.
    - `index_select` in decode, for the sake of its backward pass.
    - Negatives are drawn without a look at the edges: of all pairs hardly any is one.
    """

    title = "the same, faster"
    is_graph = True

    def __init__(self, seed: int = 0, dim: int = 64, epochs: int = 100) -> None:
        super().__init__(seed)
        self.dim, self.epochs = dim, epochs

    def learn(self, train: Interactions) -> None:
        x, messages = torch.arange(train.num_nodes), train.adjacency()  # [N], [N, N]
        pos = train.edge_index()[:, : len(train)]  # [2, E]
        label = torch.cat([torch.ones(len(train)), torch.zeros(len(train))])  # [2E]
        model = IndexSelectGNN(train.num_nodes, self.dim)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(self.epochs):
            optimizer.zero_grad()
            neg = torch.randint(train.num_nodes, pos.shape)  # [2, E]
            scores = model.decode(model.encode(x, messages), torch.cat([pos, neg], dim=1))
            binary_cross_entropy_with_logits(scores, label).backward()
            optimizer.step()
        with torch.no_grad():
            self.z = model.encode(x, messages)  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()


@dataclass(frozen=True)
class Pair:
    """One fit of each, with the same seed. Wall seconds too: threads cost CPU and save wall."""

    seed: int
    literal: tuple[float, float]  # CPU seconds, wall seconds
    faster: tuple[float, float]
    literal_auc: float
    faster_auc: float

    def row(self, data: str, epochs: int, threads: int) -> dict[str, object]:
        """The pair as a row of the table."""
        return {
            "data": data,
            "threads": threads,
            "epochs": epochs,
            "seed": self.seed,
            "literal_cpu": self.literal[0],
            "faster_cpu": self.faster[0],
            "literal_wall": self.literal[1],
            "faster_wall": self.faster[1],
            "literal_auc": self.literal_auc,
            "faster_auc": self.faster_auc,
        }

    def ratio(self, clock: int) -> float:
        return self.literal[clock] / self.faster[clock]


def pairs(ask: Questions, repeats: int, epochs: int, threads: int = 1) -> Iterator[Pair]:
    """Fit both in turn, the first one first in even repeats and last in odd ones."""
    torch.set_num_threads(threads)
    for seed in range(repeats):
        kinds: list[type[LiteralGNN] | type[FasterGNN]] = [LiteralGNN, FasterGNN]
        seconds, auc = {}, {}
        for kind in kinds if seed % 2 == 0 else kinds[::-1]:
            model = kind(seed, epochs=epochs)
            cpu, wall = time.process_time(), time.perf_counter()
            model.fit(ask.train)
            seconds[kind] = (time.process_time() - cpu, time.perf_counter() - wall)
            auc[kind] = warm_auc(model, ask)
        yield Pair(seed, seconds[LiteralGNN], seconds[FasterGNN], auc[LiteralGNN], auc[FasterGNN])
