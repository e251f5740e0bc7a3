"""The one interface of all recommenders: `fit(interactions)`, then `scores(users)`.

A recommender fills in `learn` and `score`; what is common, bad input above all, is seen to here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from torch_geometric import seed_everything
from typing_extensions import Self

from recommenders.interactions import Floats, Interactions, Ints, RecommenderError


class Recommender(ABC):
    """Scores every artist for a user, from who listened to whom. `title` is its row in a table."""

    title: ClassVar[str]
    is_graph: ClassVar[bool] = False  # whether it passes messages along edges

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.n_users = self.n_artists = 0

    def fit(self, train: Interactions) -> Self:
        """Learn from edges; every random number comes from the seed.

        Raises RecommenderError where there is nothing to learn from.
        """
        if train.n_users < 2 or train.n_artists < 2 or len(train) < 2:
            raise RecommenderError(
                f"{len(train)} edges between {train.n_users} users and {train.n_artists} artists "
                "are too few to learn from: give two or more of each."
            )
        seed_everything(self.seed)  # Python's random too: PyG draws negatives with it
        self.n_users, self.n_artists = train.n_users, train.n_artists
        self.learn(train)
        return self

    def scores(self, users: ArrayLike) -> Floats:
        """Scores of all artists for some users, [U, n_artists]; higher is better.

        Raises RecommenderError for a user whom the data does not have.
        """
        if not self.n_users:
            raise RecommenderError("there are no scores before `fit`: call it first.")
        return self.score(check_users(users, self.n_users))

    @abstractmethod
    def learn(self, train: Interactions) -> None: ...

    @abstractmethod
    def score(self, users: Ints) -> Floats: ...


def check_users(users: ArrayLike, n_users: int) -> Ints:
    """The users as an array of indices, [U]; raises RecommenderError for one that is not there."""
    index = np.atleast_1d(np.asarray(users))
    if not np.issubdtype(index.dtype, np.integer) or index.ndim != 1:
        raise RecommenderError("users are a list of whole numbers, the indices of users.")
    unknown = index[(index < 0) | (index >= n_users)]
    if len(unknown):
        raise RecommenderError(
            f"there is no user {unknown[0]}: users are numbered 0 to {n_users - 1}."
        )
    return index.astype(np.int64)


def recommend(model: Recommender, known: Interactions, user: int, k: int = 10) -> Ints:
    """The k best artists that a user does not know yet, best first; fewer where fewer are left.

    Raises RecommenderError for a user who is not there, and where no artist is left.
    """
    scores = model.scores([user])[0]  # [n_artists]
    heard = known.artist[known.user == user]
    left = model.n_artists - len(np.unique(heard))
    if not left:
        raise RecommenderError(
            f"user {user} knows all {model.n_artists} artists: nothing is left to recommend."
        )
    scores = scores.astype(np.float64)  # a copy
    scores[heard] = -np.inf
    return np.argsort(-scores, kind="stable")[: min(k, left)]
