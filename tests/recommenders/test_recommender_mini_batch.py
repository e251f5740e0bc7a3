"""Mini-batches: a clear message without pyg-lib, and a loop that learns from batches."""

from __future__ import annotations

import pytest
import torch
import torch_geometric.typing
from torch_geometric.data import Data
from torch_geometric.utils import negative_sampling

from recommenders import RecommenderError, measure, questions
from recommenders.models.mini_batch import MiniBatchGNN

READY = torch_geometric.typing.WITH_PYG_LIB or torch_geometric.typing.WITH_TORCH_SPARSE


def test_a_clear_message_where_neighbours_cannot_be_drawn(parts, monkeypatch):
    monkeypatch.setattr(torch_geometric.typing, "WITH_PYG_LIB", False)
    monkeypatch.setattr(torch_geometric.typing, "WITH_TORCH_SPARSE", False)
    with pytest.raises(RecommenderError, match="pyg-lib or torch-sparse, and neither is installed"):
        MiniBatchGNN().fit(parts.train)


class WholeGraph(MiniBatchGNN):
    """Batches as the loader gives them, but of shuffled edges with the whole graph around them."""

    def batches(self, train):
        edge_index = train.edge_index()
        nodes = torch.randperm(train.num_nodes)  # n_id: batch node -> node, in no special order
        place = torch.empty_like(nodes).scatter(0, nodes, torch.arange(len(nodes)))
        for part in torch.randperm(len(train)).chunk(4):
            pos = edge_index[:, part]
            neg = negative_sampling(edge_index, train.num_nodes, len(part))
            yield Data(
                n_id=nodes,
                edge_index=place[edge_index],
                edge_label_index=place[torch.cat([pos, neg], dim=1)],
                edge_label=torch.cat([torch.ones(len(part)), torch.zeros(neg.size(1))]),
            )


def test_the_loop_learns_from_batches(parts):
    assert measure(WholeGraph(epochs=15), questions(parts)).warm_auc > 0.7


@pytest.mark.skipif(not READY, reason="neither pyg-lib nor torch-sparse is installed")
def test_the_real_loader(parts):
    assert measure(MiniBatchGNN(epochs=15), questions(parts)).warm_auc > 0.7
