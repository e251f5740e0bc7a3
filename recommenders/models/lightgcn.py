"""Embeddings smoothed along the graph, without weights or ReLU: PyG's own LightGCN."""

from __future__ import annotations

import torch
from torch_geometric.nn.models import LightGCN as PyGLightGCN

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints


class LightGCN(Recommender):
    """PyG's LightGCN with the BPR loss that it brings.

    He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation",
    SIGIR 2020.
    """

    title = "LightGCN"
    is_graph = True

    def __init__(self, seed: int = 0, dim: int = 64, layers: int = 2, epochs: int = 300) -> None:
        super().__init__(seed)
        self.dim, self.layers, self.epochs = dim, layers, epochs

    def learn(self, train: Interactions) -> None:
        messages = train.adjacency()  # [N, N]
        user = torch.from_numpy(train.user)  # [E]
        artist = torch.from_numpy(train.artist) + train.n_users  # [E]
        model = PyGLightGCN(train.num_nodes, self.dim, self.layers)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(self.epochs):
            other = torch.randint(train.n_users, train.num_nodes, artist.shape)  # [E]
            optimizer.zero_grad()
            z = model.get_embedding(messages)  # [N, dim]
            u = z.index_select(0, user)  # [E, dim]
            better = (u * z.index_select(0, artist)).sum(dim=-1)  # [E]
            worse = (u * z.index_select(0, other)).sum(dim=-1)  # [E]
            nodes = torch.cat([user, artist, other])
            loss = model.recommendation_loss(better, worse, nodes, lambda_reg=1e-4)
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            self.z = model.get_embedding(messages)  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()
