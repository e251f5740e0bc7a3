"""Matrix factorisation that trusts a listened pair more than one that was not."""

from __future__ import annotations

import importlib.util

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints, RecommenderError


class ImplicitALS(Recommender):
    """Weighted least squares, users and artists in turn, with the `implicit` library.

    Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008.
    """

    title = "implicit ALS"

    def __init__(
        self, seed: int = 0, factors: int = 64, alpha: float = 10.0, ridge: float = 10.0
    ) -> None:
        super().__init__(seed)
        self.factors, self.alpha, self.ridge = factors, alpha, ridge

    @staticmethod
    def available() -> bool:
        return importlib.util.find_spec("implicit") is not None

    def learn(self, train: Interactions) -> None:
        if not self.available():
            raise RecommenderError(
                "implicit ALS needs the library `implicit`: "
                "pip install 'gnn-recommender-kit[recommenders]'."
            )
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=self.factors,
            alpha=self.alpha,
            regularization=self.ridge,
            iterations=15,
            random_state=self.seed,
            num_threads=1,
        )
        model.fit(train.matrix(), show_progress=False)
        self.user, self.artist = model.user_factors, model.item_factors  # [U, d], [A, d]

    def score(self, users: Ints) -> Floats:
        return self.user[users] @ self.artist.T
