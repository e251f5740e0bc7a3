"""What the notebooks compare a GNN with: learned embeddings without a graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.utils import negative_sampling

from autograder.inside.randomness import random_state

DIM, RATE, EPOCHS = 32, 0.01, 100  # those of step 5


def embeddings_alone(train_data: Data, epochs: int = EPOCHS) -> Tensor:
    """Train one vector for each node as step 5 does, with no layer and no message between nodes.

    Returns:
        The vectors [num_nodes, 32]; a pair's score is their dot product.
    """
    with random_state(0), torch.enable_grad():
        table = nn.Embedding(int(train_data.num_nodes), DIM)
        adam = torch.optim.Adam(table.parameters(), lr=RATE)
        edges = train_data.pos_edge_label_index
        truth = torch.ones(2 * edges.size(1))
        truth[edges.size(1) :] = 0
        for _ in range(epochs):
            drawn = negative_sampling(train_data.edge_index, table.num_embeddings, edges.size(1))
            first, second = torch.cat([edges, drawn], dim=1)
            scores = (table(first) * table(second)).sum(dim=1)
            adam.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(scores, truth[: len(scores)]).backward()
            adam.step()
    return table.weight.detach()
