"""Artists like those that the user knows, by the cosine of their listeners."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints


class ItemKNN(Recommender):
    """Each artist keeps its k most similar artists; a score is the sum over those the user knows.

    Deshpande and Karypis, "Item-based Top-N Recommendation Algorithms", TOIS 2004. `shrink` makes
    the likeness of artists with few listeners count less.
    """

    title = "ItemKNN"

    def __init__(self, seed: int = 0, k: int = 500, shrink: float = 5.0) -> None:
        super().__init__(seed)
        self.k, self.shrink = k, shrink

    def learn(self, train: Interactions) -> None:
        self.heard = train.matrix()  # [n_users, n_artists]
        together = (self.heard.T @ self.heard).tocsr()  # [A, A]: listeners in common
        norm = np.sqrt(train.listeners())
        row = np.repeat(np.arange(self.n_artists), np.diff(together.indptr))
        together.data /= norm[row] * norm[together.indices] + self.shrink
        together.setdiag(0)
        self.similar = _largest_in_rows(together, self.k).T.tocsr()  # [A, A]

    def score(self, users: Ints) -> Floats:
        return (self.heard[users] @ self.similar).toarray().astype(np.float32)


def _largest_in_rows(matrix: sp.csr_matrix, k: int) -> sp.csr_matrix:
    """The matrix with only the k largest entries of each row left."""
    for row in range(matrix.shape[0]):
        entries = matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]]  # a view
        if len(entries) > k:
            entries[np.argpartition(entries, -k)[:-k]] = 0
    matrix.eliminate_zeros()
    return matrix
