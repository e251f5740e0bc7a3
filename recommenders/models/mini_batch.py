"""The assignment's GNN in mini-batches, for graphs whose full batch does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch_geometric.typing
from torch.nn import BCEWithLogitsLoss
from torch_geometric.data import Data
from torch_geometric.loader import LinkNeighborLoader

from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints, RecommenderError
from recommenders.models.gnn_literal import GNNLinkPredictor


class MiniBatchGNN(Recommender):
    """Each step trains on some edges and a sample of the neighbours of their ends.

    Hamilton, Ying and Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS 2017.
    Not in the table: few systems have wheels of pyg-lib or torch-sparse.
    """

    title = "the assignment's GNN in mini-batches"
    is_graph = True

    def __init__(self, seed: int = 0, dim: int = 64, epochs: int = 10) -> None:
        super().__init__(seed)
        self.dim, self.epochs = dim, epochs

    def batches(self, train: Interactions) -> Iterator[Data]:
        """Batches of edges with their sampled surroundings and as many negatives."""
        if not (torch_geometric.typing.WITH_PYG_LIB or torch_geometric.typing.WITH_TORCH_SPARSE):
            raise RecommenderError(
                "mini-batches need pyg-lib or torch-sparse, and neither is installed: PyG's "
                "installation page lists their wheels. In full batches it goes without: LiteralGNN."
            )
        edge_index = train.edge_index()
        yield from LinkNeighborLoader(
            Data(edge_index=edge_index, num_nodes=train.num_nodes),
            num_neighbors=[10, 10],  # one number a layer
            edge_label_index=edge_index[:, : len(train)],
            neg_sampling_ratio=1.0,
            batch_size=4096,
            shuffle=True,
        )

    def learn(self, train: Interactions) -> None:
        model = GNNLinkPredictor(train.num_nodes, self.dim)
        optimizer, loss_fn = torch.optim.Adam(model.parameters(), 0.01), BCEWithLogitsLoss()
        for batch in (batch for _ in range(self.epochs) for batch in self.batches(train)):
            optimizer.zero_grad()
            z = model.encode(batch.n_id, batch.edge_index)  # [nodes of the batch, dim]
            scores = model.decode(z, batch.edge_label_index)  # [P]
            loss_fn(scores, batch.edge_label.float()).backward()
            optimizer.step()
        with torch.no_grad():
            self.z = model.encode(torch.arange(train.num_nodes), train.edge_index())  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()
