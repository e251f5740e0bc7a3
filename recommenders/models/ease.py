"""The best linear model of an artist from all other artists, in closed form."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints


class EASE(Recommender):
    """Ridge regression of each artist on all the others.

    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. The paper inverts an
    artist-artist matrix, P = (X'X + r)^-1. Here the users are fewer, and X P = (X X' + r)^-1 X
    gives the same scores from a user-user matrix, in seconds instead of minutes.
    """

    title = "EASE"

    def __init__(self, seed: int = 0, ridge: float = 150.0) -> None:
        super().__init__(seed)
        self.ridge = ridge

    def learn(self, train: Interactions) -> None:
        self.heard = train.matrix()  # X [U, A]
        gram = (self.heard @ self.heard.T).toarray().astype(np.float64)  # X X' [U, U]
        gram[np.diag_indices_from(gram)] += self.ridge
        factor = scipy.linalg.cho_factor(gram, overwrite_a=True)
        # X P and P's diagonal: P = (1 - X' (X X' + r)^-1 X) / r
        solved = scipy.linalg.cho_solve(factor, self.heard.toarray()).astype(np.float32)  # [U, A]
        leverage = np.asarray(self.heard.multiply(solved).sum(axis=0)).ravel()  # [A]
        self.diagonal = ((1 - leverage) / self.ridge).astype(np.float32)
        self.solved = solved

    def score(self, users: Ints) -> Floats:
        # X B with B = 1 - P / diag(P), whose diagonal is 0
        return self.heard[users].toarray() - self.solved[users] / self.diagonal
