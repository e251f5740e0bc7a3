"""Beyond the assignment: what a graph filter can say at once, and what a GNN learns on top."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from recommenders.interactions import Floats, Interactions, Ints
from recommenders.models.gnn_tuned import TunedGNN


class FilteredGNN(TunedGNN):
    """The tuned GNN's scores plus those of a low-pass filter on the same graph.

    The filter is closed form: users who share artists are neighbours, K = N N', and K (K + r)^-1 N
    keeps the part v / (v + r) of each eigenvalue v. Edges weigh by a power of log(listens). After
    Shen et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021 (a sharp cut).
    """

    title = "GNN plus graph filter"

    def __init__(
        self,
        seed: int = 0,
        epochs: int = 60,
        prior: float = 0.4,
        cut: float = 0.07,
        weight: float = 0.8,
        power: float = 1.5,
    ) -> None:
        super().__init__(seed, epochs=epochs, prior=prior)
        self.cut, self.weight, self.power = cut, weight, power

    def learn(self, train: Interactions) -> None:
        super().learn(train)
        listened = train.matrix(np.log1p(train.listens).astype(np.float32) ** self.power)  # [U, A]
        per_user, self.damp = degrees(listened, 1, 0.5), degrees(listened, 0, 0.25)
        self.normal = (sp.diags(1 / per_user) @ listened @ sp.diags(1 / self.damp)).tocsr()  # N
        likeness = (self.normal @ self.normal.T).toarray().astype(np.float64)  # K [U, U]
        # the first eigenvalue is popularity alone, the second is the strongest taste
        strongest = scipy.linalg.eigvalsh(likeness, subset_by_index=[self.n_users - 2] * 2)[0]
        damped = likeness + self.cut * strongest * np.eye(len(likeness))
        self.low_pass = scipy.linalg.solve(damped, likeness, assume_a="pos").T.astype(np.float32)
        some = np.arange(self.n_users)[:500]
        filtered = self.filter(some)
        self.scale = self.weight * super().score(some).std() / filtered[filtered > 0].std()

    def filter(self, users: Ints) -> Floats:
        return (self.normal.T @ self.low_pass[users].T).T * self.damp  # [U, A]

    def score(self, users: Ints) -> Floats:
        return (super().score(users) + self.scale * self.filter(users)).astype(np.float32)


def degrees(weights: sp.csr_matrix, axis: int, power: float) -> Floats:
    """The sums along an axis to a power; 1 where there is nothing."""
    total = np.asarray(weights.sum(axis=axis)).ravel()
    return (np.where(total > 0, total, 1) ** power).astype(np.float32)
