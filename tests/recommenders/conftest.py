"""Fixtures: a tiny graph, the sample, and its split; everything on one thread."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recommenders import Interactions, Recommender, Split, load, split


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def the_sample():
    """The data of the kit, whatever other tests of this session have chosen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        yield


@pytest.fixture(scope="session")
def toy() -> Interactions:
    """The toy graph of all notebooks: 3 users, 4 artists, 6 edges."""
    user, artist = np.array([0, 0, 1, 1, 2, 2]), np.array([1, 2, 0, 1, 1, 3])
    return Interactions(user, artist, np.ones(6, np.int64), n_users=3, n_artists=4)


@pytest.fixture(scope="session")
def sample() -> Interactions:
    return load("sample")


@pytest.fixture(scope="session")
def parts(sample: Interactions) -> Split:
    return split(sample, seed=0)


class Fixed(Recommender):
    """Scores that are known beforehand."""

    title = "fixed"

    def __init__(self, matrix: np.ndarray) -> None:
        super().__init__()
        self.matrix = matrix

    def learn(self, train) -> None:
        pass

    def score(self, users):
        return self.matrix[users]


@pytest.fixture
def fixed() -> type[Recommender]:
    return Fixed
