"""What the tuned GNN is made of: layers with dropout, messages left out, a loss over rankings."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from recommenders.interactions import Interactions
from recommenders.models.gnn_literal import GNNLinkPredictor

MOST_SCORES = 10_000_000  # in a step, about: larger data draws fewer artists, and cost stays linear


class DropoutGNN(GNNLinkPredictor):
    """The assignment's layers, with dropout before each while training."""

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        h = F.dropout(self.embedding(x), 0.3, self.training)  # [N, dim]
        h = F.dropout(self.conv1(h, edge_index).relu(), 0.3, self.training)  # [N, dim]
        return self.conv2(h, edge_index)  # [N, dim]


def drop_edges(adjacency: Tensor, p: float) -> Tensor:
    """The CSR adjacency with a share p of its entries at 0 and the others scaled up."""
    rows, columns = adjacency.crow_indices(), adjacency.col_indices()
    return torch.sparse_csr_tensor(rows, columns, F.dropout(adjacency.values(), p), adjacency.shape)


class Rankings:
    """A softmax over all artists for each training edge of some users.

    Of rare artists it draws some and lets each stand for several: a step has to score fewer.
    """

    def __init__(self, train: Interactions, prior: float, weights: NDArray) -> None:
        listeners = torch.from_numpy(train.listeners()).float()
        share = min(0.25, MOST_SCORES / (train.n_users / 4 * len(train)))
        self.n_users, self.heard = train.n_users, train.matrix(weights)  # [U, A]
        self.chance = (listeners * share).clamp(max=1)  # [A], of an artist to be drawn in a step
        self.head_start = prior * listeners.log()  # [A]
        self.bias = self.head_start - self.chance.log()  # [A]

    def loss(self, z: Tensor, users: Tensor) -> Tensor:
        """The weighted mean over the edges of these users; z [N, dim] are all embeddings."""
        edges = self.heard[users.numpy()].tocoo()
        row, artist = torch.from_numpy(edges.row).long(), torch.from_numpy(edges.col).long()  # [P]
        drawn = (torch.rand(len(self.chance)) < self.chance).nonzero().squeeze(-1)  # [S]
        user, artists = z[users], z[self.n_users :]  # [B, dim], [A, dim]
        scores = torch.addmm(self.bias[drawn], user, artists[drawn].t())  # [B, S]
        pairs = user.index_select(0, row) * artists.index_select(0, artist)  # [P, dim]
        right = pairs.sum(dim=-1) + self.head_start[artist]  # [P]
        weight = torch.from_numpy(edges.data).float()  # [P]
        return (weight * (scores.logsumexp(dim=1)[row] - right)).sum() / weight.sum()
