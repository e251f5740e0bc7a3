"""The assignment's GNN, taken literally: the model of step 4 and the training of step 5."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints


class GNNLinkPredictor(nn.Module):
    """Two SAGEConv layers over learnable node embeddings; scores a pair by a dot product."""

    def __init__(self, num_nodes: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_nodes, dim)
        self.conv1, self.conv2 = SAGEConv(dim, dim), SAGEConv(dim, dim)

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return self.conv2(self.conv1(self.embedding(x), edge_index).relu(), edge_index)  # [N, dim]

    def decode(self, z: Tensor, edge_label_index: Tensor) -> Tensor:
        return (z[edge_label_index[0]] * z[edge_label_index[1]]).sum(dim=-1)  # [P]


class LiteralGNN(Recommender):
    """100 epochs on all training edges and as many negatives from all pairs of nodes.

    GraphSAGE: Hamilton, Ying and Leskovec, "Inductive Representation Learning on Large Graphs",
    NeurIPS 2017.
    """

    title = "the assignment's GNN, taken literally"
    is_graph = True

    def __init__(self, seed: int = 0, dim: int = 64, epochs: int = 100) -> None:
        super().__init__(seed)
        self.dim, self.epochs = dim, epochs

    def learn(self, train: Interactions) -> None:
        x, edge_index = torch.arange(train.num_nodes), train.edge_index()  # [N], [2, 2E]
        pos = edge_index[:, : len(train)]  # [2, E]
        label = torch.cat([torch.ones(len(train)), torch.zeros(len(train))])  # [2E]
        model = GNNLinkPredictor(train.num_nodes, self.dim)
        optimizer, loss_fn = torch.optim.Adam(model.parameters(), 0.01), nn.BCEWithLogitsLoss()
        for _ in range(self.epochs):
            optimizer.zero_grad()
            neg = negative_sampling(edge_index, train.num_nodes, num_neg_samples=pos.size(1))
            scores = model.decode(model.encode(x, edge_index), torch.cat([pos, neg], dim=1))
            loss_fn(scores, label[: len(scores)]).backward()  # there may be a few negatives less
            optimizer.step()
        with torch.no_grad():
            self.z = model.encode(x, edge_index)  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()
