"""`autograder explain` on what the installed libraries print: small wrong programs, run now.

Where a new release words an error differently, a test of this file fails.
"""

from __future__ import annotations

import io
import traceback
import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
import torch_geometric.transforms as T
from sklearn.metrics import roc_auc_score
from torch import nn
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv, SAGEConv
from torch_geometric.utils import negative_sampling

import course_data
from autograder.reports.explanation import explain
from autograder.truth import truth

GIVEN = {
    **{"io": io, "nx": nx, "np": np, "pd": pd, "torch": torch, "nn": nn, "T": T, "Data": Data},
    **{"SAGEConv": SAGEConv, "GCNConv": GCNConv, "negative_sampling": negative_sampling},
    **{"roc_auc_score": roc_auc_score, "bce": nn.BCEWithLogitsLoss()},
}
EDGES = torch.tensor([[0, 0, 1, 1, 2, 2], [3, 4, 5, 3, 3, 6]])  # 3 users, 4 artists
PROGRAMS = {
    "load.separator": "pd.read_csv(io.StringIO('userID\\tartistID\\n2\\t51'))['userID']",
    "load.header-as-row": "pd.Series(['userID', '2']).astype(int)",
    "load.columns": "pd.DataFrame({'userID': [2]})['listen_count']",
    "graph.id-collision": "nx.bipartite.sets(nx.Graph([(1, 2), (2, 1), (2, 2)]))",
    "graph.attribute-missing": "[d['bipartite'] for _, d in nx.Graph([(1, 2)]).nodes(data=True)]",
    "graph.directed": "nx.is_connected(nx.DiGraph([(1, 2)]))",
    "map.subset": "{1: 0}[2]",
    "map.from-one": "SAGEConv(2, 2)(torch.rand(7, 2), edges + 1)",
    "data.transposed": "SAGEConv(2, 2)(torch.rand(7, 2), edges.t())",
    "data.cat-dim": "SAGEConv(2, 2)(torch.rand(7, 2), torch.cat([edges, edges.flip(0)]))",
    "data.edge-dtype": "SAGEConv(2, 2)(torch.rand(7, 2), edges.float())",
    "data.x": "GCNConv(2, 2)(Data(edge_index=edges).x, edges)",
    "split.labels": "T.RandomLinkSplit(0.2, 0.2)(Data(edge_index=edges, num_nodes=7))[0]"
    ".pos_edge_label_index",
    "split.sizes": "T.RandomLinkSplit(0.6, 0.6)(Data(edge_index=edges, num_nodes=7))",
    "model.names": "type('GNNLinkPredictor', (nn.Module,), {})().encode",
    "model.no-super": "type('A', (nn.Module,), "
    "{'__init__': lambda self: setattr(self, 'conv1', nn.Linear(1, 1))})()",
    "model.in-channels": "SAGEConv(5, 2)(torch.rand(7, 2), edges)",
    "model.layers-in-list": "torch.optim.Adam(nn.Module().parameters())",
    "decode.index-rows": "bce(torch.rand(2), torch.ones(6))",
    "decode.sum-dim": "bce(torch.rand(6, 1), torch.ones(6))",
    "train.loss-function": "nn.BCELoss()(torch.tensor([3.0]), torch.ones(1))",
    "train.detached": "bce(torch.rand(6), torch.ones(6)).backward()",
    "train.graph-reused": "loss = bce(torch.rand(6, requires_grad=True), torch.ones(6))\n"
    "loss.backward()\nloss.backward()",
    "train.label-dtype": "bce(torch.rand(6), torch.ones(6).long())",
    "train.negative-count": "negative_sampling(edges, num_neg_samples=edges)",
    "test.requires-grad": "roc_auc_score([1, 0], torch.rand(2, requires_grad=True))",
    "test.swapped-arguments": "roc_auc_score([0.3, 0.8], [0, 1])",
    "run.missing-import": "F.relu(torch.rand(2))",
    "run.arguments": "T.RandomLinkSplit(num_vall=0.1)",
}


def raised(program: str, **more: object) -> str:
    """The traceback of a program that raises."""
    try:
        exec(compile(program, "project.py", "exec"), {**GIVEN, "edges": EDGES, **more})
    except Exception:
        return traceback.format_exc()
    raise AssertionError("the program did not raise")


@pytest.mark.parametrize("id", PROGRAMS)
def test_program(id: str) -> None:
    found = explain(raised(PROGRAMS[id]))
    assert [cause.id for cause in found.causes][:1] == [id], found.error


COLLIDED = {
    "both directions": "SAGEConv(2, 2)(x, torch.cat([edges, edges.flip(0)], dim=1))",
    "one way": "SAGEConv(2, 2)(x, edges)",
    "another layer": "GCNConv(2, 2)(x, edges)",
    "validated": "Data(x=x, edge_index=edges).validate()",
    "an embedding": "nn.Embedding(len(x), 2)(edges[1])",
    "a lookup": "x[edges[1]]",
}


@pytest.mark.parametrize("face", COLLIDED)
def test_one_mistake_with_many_faces(face: str) -> None:
    known = truth(course_data.path("user_artists.dat", "sample"))
    rows = pd.DataFrame(known.rows[:, :2], columns=["user", "artist"])
    users, artists = rows["user"].unique(), rows["artist"].unique()
    mapping = {id: index for index, id in enumerate([*users, *artists])}
    edges = torch.tensor(np.stack([rows["user"].map(mapping), rows["artist"].map(mapping)]))
    text = raised(COLLIDED[face], edges=edges, x=torch.rand(len(mapping), 2))
    assert explain(text).causes[0].id == "map.id-collision"


def test_a_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        roc_auc_score([1, 1], [0.2, 0.4])
    text = f"_ranking.py:424: {caught[0].category.__name__}: {caught[0].message}"
    assert explain(text).causes[0].id == "test.one-class"
