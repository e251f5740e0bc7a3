"""A model for those who have none of their own yet: step 5 can begin with its class.

`autograder.checkpoints` hands it out; it holds no `SAGEConv`, so that it does not do step 4.
"""

from __future__ import annotations

import torch
from torch import Tensor

DIM = 32  # embedding, hidden and output channels of the notebooks


class Mean(torch.nn.Module):
    """A SAGE layer that takes the mean, in plain torch: `lin_l` for neighbours, `lin_r` for own."""

    def __init__(self, inward: int, outward: int) -> None:
        super().__init__()
        self.lin_l = torch.nn.Linear(inward, outward)
        self.lin_r = torch.nn.Linear(inward, outward, bias=False)

    def forward(self, h: Tensor, edge_index: Tensor) -> Tensor:
        """Vectors [N, inward] and edges [2, E] to vectors [N, outward]."""
        source, target = edge_index
        degree = torch.bincount(target, minlength=len(h)).clamp(min=1).unsqueeze(1)
        mean = torch.zeros_like(h).index_add(0, target, h[source]) / degree
        return self.lin_l(mean) + self.lin_r(h)


class GNNLinkPredictor(torch.nn.Module):
    """A stand-in for the class of step 4, made of other parts.

    It lets a student train before the own class of step 4 works; it holds no `SAGEConv`.
    """

    def __init__(
        self, num_nodes: int, embedding_dim: int, hidden_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        widths = [embedding_dim, hidden_channels, out_channels]
        table = torch.randn(num_nodes, embedding_dim)
        self.embedding = torch.nn.Embedding.from_pretrained(table, freeze=False)
        for number, (inward, outward) in enumerate(zip(widths, widths[1:], strict=False), start=1):
            self.add_module(f"conv{number}", Mean(inward, outward))

    @torch.no_grad()
    def take(self, vectors: Tensor) -> None:
        """Give each node the vector [N, D] that `encode` shall return for it."""
        self.embedding.weight.copy_(vectors)
        enough = vectors.abs().max()  # added before the ReLU and taken away after it
        for layer, shift in ((self.conv1, enough), (self.conv2, -enough)):
            layer.lin_l.weight.zero_()  # type: ignore[union-attr,operator]
            layer.lin_l.bias.fill_(shift)  # type: ignore[union-attr,operator]
            torch.nn.init.eye_(layer.lin_r.weight)  # type: ignore[union-attr,arg-type]

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """Node indices x [N] and edges [2, E] to embeddings [N, out_channels]."""
        first, second = (getattr(self, f"conv{number}") for number in (1, 2))
        return second(first(self.embedding(x), edge_index).clamp(min=0), edge_index)

    def decode(self, z: Tensor, edge_label_index: Tensor) -> Tensor:
        """Embeddings [N, D] and pairs [2, P] to scores [P]."""
        return torch.einsum("pd,pd->p", z[edge_label_index[0]], z[edge_label_index[1]])

    def forward(self, x: Tensor, edge_index: Tensor, edge_label_index: Tensor) -> Tensor:
        """Scores [P] of the pairs."""
        return self.decode(self.encode(x, edge_index), edge_label_index)
