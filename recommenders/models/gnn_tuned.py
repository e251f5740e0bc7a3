"""The assigned architecture, trained as a recommender: what the same two SAGEConv can do."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints
from recommenders.models.gnn_literal import GNNLinkPredictor
from recommenders.models.svd import spectral_start

MOST_SCORES = 10_000_000  # in a step, about: larger data draws fewer artists, and cost stays linear


class DropoutGNN(GNNLinkPredictor):
    """The same layers, with dropout before each while training."""

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        h = F.dropout(self.embedding(x), 0.3, self.training)  # [N, dim]
        h = F.dropout(self.conv1(h, edge_index).relu(), 0.3, self.training)  # [N, dim]
        return self.conv2(h, edge_index)  # [N, dim]


class TunedGNN(Recommender):
    """Embedding, two SAGEConv, ReLU, dot product, trained on whole rankings.

    - The loss is a softmax over all artists, not one negative for a positive: Liang et al.,
      "Variational Autoencoders for Collaborative Filtering", WWW 2018. Of rare artists it draws
      some and lets each stand for several.
    - Known artists get a head start while training, prior * log(listeners), so that the vectors
      have to hold taste: Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021.
    - Dropout takes edges from the messages too: Rong et al., "DropEdge", ICLR 2020.
    - The weights that are kept are an average over the last steps (Polyak and Juditsky, 1992).
    """

    title = "the assigned GNN, tuned"
    is_graph = True

    def __init__(self, seed: int = 0, dim: int = 64, epochs: int = 60, prior: float = 0.2) -> None:
        super().__init__(seed)
        self.dim, self.epochs, self.prior = dim, epochs, prior

    def learn(self, train: Interactions) -> None:
        x, messages = torch.arange(train.num_nodes), train.adjacency()  # [N], [N, N]
        heard, listeners = train.matrix(), torch.from_numpy(train.listeners()).float()
        share = min(0.25, MOST_SCORES / (self.n_users / 4 * len(train)))
        chance = (listeners * share).clamp(max=1)  # [A], of an artist to be drawn in a step
        bias = self.prior * listeners.log() - chance.log()  # [A]
        model = DropoutGNN(train.num_nodes, self.dim)
        start = torch.from_numpy(spectral_start(train, self.dim, self.seed))  # [N, dim]
        model.embedding.weight.data.copy_(start)
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-5)
        for _ in range(self.epochs):
            for users in torch.randperm(self.n_users).chunk(4):
                row, artist = map(torch.from_numpy, heard[users.numpy()].nonzero())  # [P], [P]
                drawn = (torch.rand(self.n_artists) < chance).nonzero().squeeze(-1)  # [S]
                optimizer.zero_grad()
                z = model.encode(x, drop_edges(messages, 0.3))  # [N, dim]
                user, artists = z[users], z[self.n_users :]  # [B, dim], [A, dim]
                scores = torch.addmm(bias[drawn], user, artists[drawn].t())  # [B, S]
                pairs = user.index_select(0, row) * artists.index_select(0, artist.long())
                right = pairs.sum(dim=-1) + self.prior * listeners[artist.long()].log()  # [P]
                loss = (scores.logsumexp(dim=1)[row] - right).mean()
                loss.backward()
                optimizer.step()
                average.update_parameters(model)
        with torch.no_grad():
            model.load_state_dict(average.module.state_dict())
            self.z = model.eval().encode(x, messages)  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()


def drop_edges(adjacency: Tensor, p: float) -> Tensor:
    """The CSR adjacency with a share p of its entries at 0 and the others scaled up."""
    rows, columns = adjacency.crow_indices(), adjacency.col_indices()
    values = F.dropout(torch.ones(len(columns)), p)
    return torch.sparse_csr_tensor(rows, columns, values, adjacency.shape)
