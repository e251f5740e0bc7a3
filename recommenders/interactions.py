"""Who listened to whom, as two rows of indices, and its split into three by seed.

Every recommender is fitted on `Interactions`; every measurement starts from `split`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
import torch_geometric.transforms as T
from numpy.typing import NDArray
from torch import Tensor
from torch_geometric import seed_everything
from torch_geometric.data import Data
from torch_geometric.utils import scatter, to_torch_csr_tensor

import course_data

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

FEWEST = 10  # edges that a split into 80%, 10% and 10% needs


class RecommenderError(ValueError):
    """Input that no recommender can work with; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Interactions:
    """Edges between users 0..n_users-1 and artists 0..n_artists-1, each once."""

    user: Ints  # [E]
    artist: Ints  # [E]
    listens: Ints  # [E], how often: 1 or more
    n_users: int
    n_artists: int

    def __post_init__(self) -> None:
        for name, index, size in (
            ("user", self.user, self.n_users),
            ("artist", self.artist, self.n_artists),
        ):
            if len(index) and not (index.min() >= 0 and index.max() < size):
                raise RecommenderError(
                    f"{name} indices run from {index.min()} to {index.max()}, but there are "
                    f"{size} {name}s. Number them 0 to {size - 1}."
                )
        if not len(self.user) == len(self.artist) == len(self.listens):
            raise RecommenderError(
                f"{len(self.user)} users, {len(self.artist)} artists and {len(self.listens)} "
                "listen counts: there must be one of each for an edge."
            )

    def __len__(self) -> int:
        return len(self.user)

    @property
    def num_nodes(self) -> int:
        return self.n_users + self.n_artists

    def listeners(self) -> Ints:
        """How many users each artist has: [n_artists]."""
        return np.bincount(self.artist, minlength=self.n_artists)

    def matrix(self, values: NDArray | None = None) -> sp.csr_matrix:
        """The sparse user-artist matrix, [n_users, n_artists]: ones, or a value for each edge."""
        entries = np.ones(len(self), np.float32) if values is None else values
        shape = (self.n_users, self.n_artists)
        return sp.csr_matrix((entries, (self.user, self.artist)), shape=shape)

    def edge_index(self) -> Tensor:
        """The edges in both directions, [2, 2E]; artists follow the users as nodes."""
        user, artist = torch.from_numpy(self.user), torch.from_numpy(self.artist) + self.n_users
        return torch.stack([torch.cat([user, artist]), torch.cat([artist, user])])

    def adjacency(self, weights: NDArray | None = None) -> Tensor:
        """The same edges as a sparse CSR matrix, [num_nodes, num_nodes], rows by destination.

        PyG's layers take it in place of an edge_index and then need no scatter. Entries are 1, or
        the edges' weights [E], scaled to a mean of 1 over the edges of each node.
        """
        edge_index = self.edge_index()
        values = None
        if weights is not None:
            both = torch.from_numpy(np.concatenate([weights, weights])).float()  # [2E]
            mean = scatter(both, edge_index[0], dim_size=self.num_nodes, reduce="mean")
            values = both / mean[edge_index[0]]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse (CSR|invariant)")  # torch calls CSR a beta
            return to_torch_csr_tensor(edge_index, values, (self.num_nodes, self.num_nodes))

    def take(self, rows: NDArray) -> Interactions:
        """Some of the edges: indices or a mask, [E]."""
        chosen = (self.user[rows], self.artist[rows], self.listens[rows])
        return Interactions(*chosen, self.n_users, self.n_artists)


@dataclass(frozen=True)
class Split:
    """The edges in three parts: to fit on, to choose settings by, to report on."""

    train: Interactions
    val: Interactions
    test: Interactions
    seed: int


def load(data: course_data.locate.Data = None) -> Interactions:
    """Read a user_artists.dat: "sample", "lastfm" or a path, as in `course_data.path`.

    Users and artists are numbered by their first row, as in step 3. Raises DataError where there
    is no such data.
    """
    df = pd.read_csv(course_data.path(data=data), sep="\t")
    user, users = pd.factorize(df["userID"])
    artist, artists = pd.factorize(df["artistID"])
    edges = (user.astype(np.int64), artist.astype(np.int64), df["weight"].to_numpy(np.int64))
    return Interactions(*edges, n_users=len(users), n_artists=len(artists))


def split(edges: Interactions, seed: int) -> Split:
    """80%, 10% and 10% of the edges by RandomLinkSplit, the split of step 3.

    Raises RecommenderError where there are too few edges.
    """
    if len(edges) < FEWEST:
        raise RecommenderError(
            f"{len(edges)} edges are too few to split 80%, 10% and 10%: give {FEWEST} or more."
        )
    seed_everything(seed)
    transform = T.RandomLinkSplit(
        num_val=0.1,
        num_test=0.1,
        is_undirected=True,
        add_negative_train_samples=False,
        split_labels=True,
        neg_sampling_ratio=0.0,  # the protocol draws its own negatives
    )
    parts = transform(Data(x=torch.arange(edges.num_nodes), edge_index=edges.edge_index()))
    row = sp.csr_matrix(
        (np.arange(1, len(edges) + 1), (edges.user, edges.artist)),
        shape=(edges.n_users, edges.n_artists),
    )  # the number of each edge, from 1

    def rows_of(part: Data) -> Ints:
        user, artist = part.pos_edge_label_index.numpy()
        return np.asarray(row[user, artist - edges.n_users]).ravel() - 1

    train, val, test = (edges.take(np.sort(rows_of(part))) for part in parts)
    return Split(train, val, test, seed)
