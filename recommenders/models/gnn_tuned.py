"""The assigned architecture, trained as a recommender: what the same two SAGEConv can do."""

from __future__ import annotations

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints
from recommenders.models.sage import DropoutGNN, Rankings, drop_edges
from recommenders.models.svd import spectral_start


class TunedGNN(Recommender):
    """Embedding, two SAGEConv, ReLU, dot product, trained on whole rankings.

    - The loss is a softmax over all artists: Liang et al., "Variational Autoencoders for
      Collaborative Filtering", WWW 2018. Edges count by the logarithm of their listens.
    - Known artists get a head start while training, prior * log(listeners), so that the vectors
      have to hold taste: Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021.
    - Dropout takes edges from the messages too: Rong et al., "DropEdge", ICLR 2020.
    - The weights that are kept are an average over the last steps (Polyak and Juditsky, 1992).
    """

    title = "the assigned GNN, tuned"
    is_graph = True

    def __init__(self, seed: int = 0, dim: int = 64, epochs: int = 80, prior: float = 0.3) -> None:
        super().__init__(seed)
        self.dim, self.epochs, self.prior = dim, epochs, prior

    def learn(self, train: Interactions) -> None:
        x, messages = torch.arange(train.num_nodes), train.adjacency()  # [N], [N, N]
        rankings = Rankings(train, self.prior, np.log1p(train.listens))
        model = DropoutGNN(train.num_nodes, self.dim)
        start = torch.from_numpy(spectral_start(train, self.dim, self.seed))  # [N, dim]
        model.embedding.weight.data.copy_(start)
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-5)
        for _ in range(self.epochs):
            for users in torch.randperm(self.n_users).chunk(4):
                optimizer.zero_grad()
                z = model.encode(x, drop_edges(messages, 0.3))  # [N, dim]
                rankings.loss(z, users).backward()
                optimizer.step()
                average.update_parameters(model)
        with torch.no_grad():
            model.load_state_dict(average.module.state_dict())
            self.z = model.eval().encode(x, messages)  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()
