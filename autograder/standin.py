"""A model for those who have none of their own yet: step 5 can begin with its class.

`autograder.reference` hands it out; it holds no `SAGEConv`, so that it does not do step 4. Behind
the wall it is not there before the grader hands it out (`autograder.inside.inputs.class_from`).
"""

from __future__ import annotations

import torch
from torch import Tensor

DIM = 32  # embedding, hidden and output channels of the notebooks


class GNNLinkPredictor(torch.nn.Module):
    """A stand-in for step 5: the maths of two mean-aggregating SAGE layers in plain torch.

    It lets a student train before the own class of step 4 works; it holds no `SAGEConv`.
    """

    def __init__(
        self, num_nodes: int, embedding_dim: int, hidden_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(num_nodes, embedding_dim)
        widths = [embedding_dim, hidden_channels, out_channels]
        pairs = list(zip(widths, widths[1:], strict=False))
        self.from_neighbors = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in pairs)
        self.from_self = torch.nn.ModuleList(torch.nn.Linear(a, b, bias=False) for a, b in pairs)

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """Node indices x [N] and edges [2, E] to embeddings [N, out_channels]."""
        h = self.embedding(x)
        source, target = edge_index
        degree = torch.bincount(target, minlength=len(h)).clamp(min=1).unsqueeze(1)
        for i, (neighbors, own) in enumerate(zip(self.from_neighbors, self.from_self, strict=True)):
            mean = torch.zeros_like(h).index_add(0, target, h[source]) / degree
            h = neighbors(mean) + own(h)
            h = h.relu() if i == 0 else h
        return h

    def decode(self, z: Tensor, edge_label_index: Tensor) -> Tensor:
        """Embeddings [N, D] and pairs [2, P] to scores [P]."""
        return torch.einsum("pd,pd->p", z[edge_label_index[0]], z[edge_label_index[1]])

    def forward(self, x: Tensor, edge_index: Tensor, edge_label_index: Tensor) -> Tensor:
        """Scores [P] of the pairs."""
        return self.decode(self.encode(x, edge_index), edge_label_index)
