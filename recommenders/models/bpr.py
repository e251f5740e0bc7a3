"""Matrix factorisation that learns to rank: a heard artist above one that was not."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints


class BPR(Recommender):
    """A vector for each user and artist, trained on triples (user, heard, not heard).

    Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009. No graph:
    the difference to LightGCN is what the messages are worth.
    """

    title = "BPR matrix factorisation"

    def __init__(
        self, seed: int = 0, dim: int = 64, epochs: int = 200, decay: float = 2e-5
    ) -> None:
        super().__init__(seed)
        self.dim, self.epochs, self.decay = dim, epochs, decay

    def learn(self, train: Interactions) -> None:
        user, artist = torch.from_numpy(train.user), torch.from_numpy(train.artist)  # [E]
        users = nn.Embedding(self.n_users, self.dim)
        artists = nn.Embedding(self.n_artists, self.dim)
        bias = nn.Embedding(self.n_artists, 1)
        for table, std in ((users, 0.1), (artists, 0.1), (bias, 0.0)):
            nn.init.normal_(table.weight, std=std)
        parameters = [users.weight, artists.weight, bias.weight]
        optimizer = torch.optim.Adam(parameters, lr=0.01, weight_decay=self.decay)
        for _ in range(self.epochs):
            other = torch.randint(self.n_artists, artist.shape)  # [E], nearly always not heard
            optimizer.zero_grad()
            u = users(user)  # [E, dim]
            better = (u * artists(artist)).sum(dim=-1) + bias(artist).squeeze(-1)  # [E]
            worse = (u * artists(other)).sum(dim=-1) + bias(other).squeeze(-1)  # [E]
            loss = -F.logsigmoid(better - worse).mean()
            loss.backward()
            optimizer.step()
        self.user = users.weight.detach()  # [U, dim]
        self.artist, self.bias = artists.weight.detach(), bias.weight.detach()  # [A, dim], [A, 1]

    def score(self, users: Ints) -> Floats:
        return (self.user[users] @ self.artist.t() + self.bias.t()).numpy()
