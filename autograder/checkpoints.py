"""What each step starts from, made from the data in NumPy: in no way that an exercise asks for.

`checkpoint` hands it out in a notebook, the grader in the sandbox. Students have this file: none of
it can be pasted into an exercise, and the model is factorised, not trained.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import torch
from scipy import sparse
from scipy.sparse.linalg import svds
from torch_geometric.data import Data

import course_data
from autograder.contract import CHAIN, COLUMNS, GIVES, PARTS, STANDS_IN
from autograder.inside.standin import DIM, GNNLinkPredictor
from autograder.truth import Truth, truth

HELD_OUT = 0.1  # share of the edges for validation, and the same for the test
LESS_POPULAR = 0.25  # the power of an artist's listeners by which its weight is divided


def inputs(step: str, path: Path | None = None) -> dict[str, Any]:
    """The names that `step` (or `CHAIN`) starts from, each with its right value, new at every call.

    Leaves the random state of Python, NumPy and torch as it was.

    Raises:
        KeyError: no such step.
    """
    names = STANDS_IN if step == CHAIN else GIVES[step]
    known = truth(path or course_data.path("user_artists.dat"))
    makers: dict[str, Callable[[], Any]] = {
        "df": lambda: pd.DataFrame(known.rows, columns=list(COLUMNS)),
        "n_users": lambda: known.n_users,
        "n_artists": lambda: known.n_artists,
        "G": lambda: _graph(known),
        "num_nodes": lambda: known.num_nodes,
        "data": lambda: _data(known, known.edges),
        "GNNLinkPredictor": lambda: GNNLinkPredictor,
        "model": lambda: model(known),
    }
    makers |= {f"{part}_data": functools.partial(_part, known, part) for part in PARTS}
    return {name: makers[name]() for name in names}


def _graph(known: Truth) -> nx.Graph:
    names = [("user", u) for u in pd.unique(known.rows[:, 0]).tolist()]
    names += [("artist", a) for a in pd.unique(known.rows[:, 1]).tolist()]
    graph = nx.Graph()
    graph.update(
        edges=((names[u], names[a]) for u, a in known.edges.T.tolist()),
        nodes=((name, {"bipartite": int(i >= known.n_users)}) for i, name in enumerate(names)),
    )
    return graph


def _data(known: Truth, columns: np.ndarray, **more: np.ndarray) -> Data:
    tensors = {name: torch.from_numpy(value) for name, value in more.items()}
    index = torch.from_numpy(np.ascontiguousarray(columns))
    return Data(x=torch.arange(known.num_nodes), edge_index=index, **tensors)


@functools.lru_cache(maxsize=4)
def _split(n_edges: int) -> dict[str, np.ndarray]:
    """Which edges each part asks about, as positions in the file."""
    held = int(HELD_OUT * n_edges)
    order = np.random.default_rng(0).permutation(n_edges)
    train, val, test = np.split(order, [n_edges - 2 * held, n_edges - held])
    return {"train": train, "val": val, "test": test}


def _part(known: Truth, part: str) -> Data:
    """One part of the split, of the form in which RandomLinkSplit gives it."""
    split = _split(known.n_edges)
    asked = known.edges[:, split[part]]
    seen = split["train"] if part != "test" else np.r_[split["train"], split["val"]]
    looked_at = known.edges[:, seen]
    labels = {"pos_edge_label": np.ones(asked.shape[1], np.float32), "pos_edge_label_index": asked}
    if part != "train":
        drawn = _no_edges(known, 2 * asked.shape[1])
        drawn = np.split(drawn, 2, axis=1)[PARTS.index(part) - 1]
        labels["neg_edge_label"] = np.zeros(drawn.shape[1], np.float32)
        labels["neg_edge_label_index"] = drawn
    return _data(known, np.concatenate([looked_at, looked_at[::-1]], axis=1), **labels)


def _no_edges(known: Truth, count: int) -> np.ndarray:
    """[2, count] different pairs of different nodes, of either side, that are no edge."""
    n = known.num_nodes
    edges = np.concatenate([known.edges, known.edges[::-1]], axis=1)
    taken = edges[0] * n + edges[1]
    pairs = np.random.default_rng(1).choice(n * n, size=2 * count + 2 * edges.shape[1])
    pairs = pd.unique(pairs[~np.isin(pairs, taken) & (pairs // n != pairs % n)])[:count]
    return np.stack([pairs // n, pairs % n])


def model(known: Truth) -> GNNLinkPredictor:
    """The stand-in, its embeddings the factors of who listens to whom among the training edges."""
    users, artists = known.edges[:, _split(known.n_edges)["train"]]
    ones = np.ones(len(users))
    heard = sparse.csr_matrix(
        (ones, (users, artists - known.n_users)), shape=(known.n_users, known.n_artists)
    )
    plays, listeners = (np.maximum(np.asarray(heard.sum(axis=i)).ravel(), 1) for i in (1, 0))
    weighted = heard.multiply(listeners[None, :] ** -LESS_POPULAR).tocsr()
    rank = min(DIM, min(heard.shape) - 1)
    left, strength, right = svds(weighted, k=rank, v0=np.ones(min(heard.shape)))
    rows = np.concatenate([left * np.sqrt(plays)[:, None], right.T * np.sqrt(listeners)[:, None]])
    factors = np.zeros((known.num_nodes, DIM), np.float32)
    factors[:, :rank] = rows * np.sqrt(strength)
    scores = (factors[users] * factors[artists]).sum(axis=1)
    standin = GNNLinkPredictor(known.num_nodes, DIM, DIM, DIM)
    standin.take(torch.from_numpy(factors / np.sqrt(max(scores.mean(), 1e-9))))
    return standin
