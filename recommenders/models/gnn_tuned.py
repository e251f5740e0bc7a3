"""The assigned architecture, trained as a recommender: what the same two SAGEConv can do."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints
from recommenders.models.gnn_literal import GNNLinkPredictor


class DropoutGNN(GNNLinkPredictor):
    """The same layers, with dropout before each while training."""

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        h = F.dropout(self.embedding(x), 0.3, self.training)  # [N, dim]
        h = F.dropout(self.conv1(h, edge_index).relu(), 0.3, self.training)  # [N, dim]
        return self.conv2(h, edge_index)  # [N, dim]


class TunedGNN(Recommender):
    """Embedding, two SAGEConv, ReLU, dot product; every artist not heard is a negative.

    - The loss is a softmax over all artists: Liang et al., "Variational Autoencoders for
      Collaborative Filtering", WWW 2018.
    - Known artists get a head start in training only, log(listeners) * prior, so that the vectors
      have to hold taste: Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021.
    - Each step leaves out edges from the messages: the model has to predict what it does not see.
      Rong et al., "DropEdge", ICLR 2020.
    """

    title = "the assigned GNN, tuned"
    is_graph = True

    def __init__(
        self, seed: int = 0, dim: int = 64, epochs: int = 80, prior: float = 0.3
    ) -> None:
        super().__init__(seed)
        self.dim, self.epochs, self.prior = dim, epochs, prior

    def learn(self, train: Interactions) -> None:
        x, heard, listeners = torch.arange(train.num_nodes), train.matrix(), train.listeners()
        seen = torch.from_numpy(listeners).nonzero().squeeze(-1)  # [S], artists with an edge
        place = torch.full((self.n_artists,), -1).scatter(0, seen, torch.arange(len(seen)))
        head_start = self.prior * torch.from_numpy(listeners)[seen].float().log()  # [S]
        model = DropoutGNN(train.num_nodes, self.dim)
        nn.init.normal_(model.embedding.weight, std=0.1)  # not 1: scores start near 0
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-5)
        for _ in range(self.epochs):
            for users in torch.randperm(self.n_users).chunk(4):
                messages = train.take((torch.rand(len(train)) > 0.3).numpy()).adjacency()
                row, artist = map(torch.from_numpy, heard[users].nonzero())  # [P], [P]
                optimizer.zero_grad()
                z = model.encode(x, messages)  # [N, dim]
                score = z[users] @ z[seen + self.n_users].t() + head_start  # [B, S]
                loss = (score.logsumexp(dim=1)[row] - score[row, place[artist.long()]]).mean()
                loss.backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            self.z = model.encode(x, train.adjacency())  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()
