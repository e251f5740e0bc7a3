"""The right inputs of each step, made from the data file.

`autograder.inside.inputs` hands them out: to a student's `checkpoint`, and to the grader's runs.
The grader sends the text of this file to a fork of the warm process, which has imported torch
already. So this file may import nothing of the kit that is not mounted there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import torch
from torch_geometric.data import Data
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling

import course_data
from autograder.contract import CHAIN, GIVES, STANDS_IN
from autograder.inside.randomness import random_state
from autograder.inside.standin import DIM, GNNLinkPredictor


def inputs(step: str, path: Path | None = None) -> dict[str, Any]:
    """The names that `step` (or `CHAIN`) starts from, each with its right value, new at every call.

    Leaves the random state of Python, NumPy and torch as it was.

    Raises:
        KeyError: no such step.
    """
    names = STANDS_IN if step == CHAIN else GIVES[step]
    path = path or course_data.path("user_artists.dat")
    makers: dict[str, Callable[[Path], dict[str, Any]]] = {
        "step1": lambda _: {},
        "step2": _frame_inputs,
        "step3": _graph_inputs,
    }
    with random_state(0):
        made = makers[step](path) if step in makers else _split_inputs(path)
        made["GNNLinkPredictor"] = GNNLinkPredictor
        if "model" in names:
            made["model"] = _trained(path)
    return {name: made[name] for name in names if name in made}


def _frame_inputs(path: Path) -> dict[str, Any]:
    df = pd.read_csv(path, sep="\t")
    df.columns = ["userID", "artistID", "listen_count"]
    return {"df": df, "n_users": df["userID"].nunique(), "n_artists": df["artistID"].nunique()}


def _graph_inputs(path: Path) -> dict[str, Any]:
    made = _frame_inputs(path)
    graph = nx.Graph()
    users = [("user", u) for u in made["df"]["userID"].tolist()]
    artists = [("artist", a) for a in made["df"]["artistID"].tolist()]
    graph.add_nodes_from(dict.fromkeys(users), bipartite=0)
    graph.add_nodes_from(dict.fromkeys(artists), bipartite=1)
    graph.add_edges_from(zip(users, artists, strict=True))
    return made | {"G": graph}


def _split_inputs(path: Path) -> dict[str, Any]:
    made = _frame_inputs(path)
    num_nodes = made["n_users"] + made["n_artists"]
    users, _ = pd.factorize(made["df"]["userID"])
    artists, _ = pd.factorize(made["df"]["artistID"])
    edge_index = torch.from_numpy(np.stack([users, artists + made["n_users"]]))
    data = Data(x=torch.arange(num_nodes), edge_index=edge_index)
    with random_state(0):
        train, val, test = RandomLinkSplit(
            num_val=0.1,
            num_test=0.1,
            is_undirected=True,
            add_negative_train_samples=False,
            split_labels=True,
        )(data)
    parts = {"train_data": train, "val_data": val, "test_data": test}
    return {"num_nodes": num_nodes, "data": data} | parts


def _trained(path: Path, epochs: int = 30) -> GNNLinkPredictor:
    """A stand-in model after a short training, for step 6."""
    made = _split_inputs(path)
    train = made["train_data"]
    model = GNNLinkPredictor(made["num_nodes"], DIM, DIM, DIM)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    positives = train.pos_edge_label_index
    labels = torch.cat([torch.ones(positives.size(1)), torch.zeros(positives.size(1))])
    with torch.enable_grad():
        for _ in range(epochs):
            negatives = negative_sampling(
                train.edge_index, train.num_nodes, num_neg_samples=positives.size(1)
            )
            pairs = torch.cat([positives, negatives], dim=1)
            scores = model(train.x, train.edge_index, pairs)[: len(labels)]
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(
                scores, labels[: len(scores)]
            ).backward()
            optimizer.step()
    return model
