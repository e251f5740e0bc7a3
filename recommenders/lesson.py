"""What notebook seven, "Going further", works with: a GNN with a switch a part, tables, pictures.

The notebook and `autograder.going_further`, which checks it, call this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.utils import negative_sampling

import course_data
from recommenders import metrics
from recommenders.base import Recommender
from recommenders.interactions import Floats, Interactions, Ints
from recommenders.models.gnn_literal import GNNLinkPredictor
from recommenders.protocol import Questions, measure

Negatives = Callable[[Interactions, int], Tensor]  # train, how many -> pairs of nodes [2, P]
Encoder = Callable[[Tensor, Tensor], Tensor]  # embeddings [N, d], edge_index [2, E] -> [N, d]
ABLATIONS: dict[str, dict[str, Any]] = {  # what is taken away from the best recipe of the notebook
    "nothing": {},
    "no ReLU": {"relu": False},
    "one layer": {"layers": 1},
    "no messages": {"layers": 0},
    "no hidden edges": {"hide": 0.0},
    "large first embeddings": {"spread": 1.0},
}


def all_pairs(train: Interactions, count: int) -> Tensor:
    """The assignment's negatives: pairs of any two nodes without an edge, [2, count]."""
    return negative_sampling(train.edge_index(), train.num_nodes, num_neg_samples=count)


class LessonGNN(Recommender):
    """The assignment's GNN; without an argument it is trained as in step 5.

    negatives: draws the pairs that are no edges. hide: the share of edges that send no message in
    an epoch. weights: of each training edge in the loss, [E]. spread: of the first embeddings.
    layers: 2, 1, or 0 for no messages at all. relu: whether it stands between the layers.
    encoder: takes the place of both layers.
    """

    title = "the GNN with switches"
    is_graph = True

    def __init__(
        self,
        seed: int = 0,
        *,
        negatives: Negatives = all_pairs,
        hide: float = 0.0,
        weights: NDArray | None = None,
        spread: float = 1.0,
        layers: int = 2,
        relu: bool = True,
        encoder: Encoder | None = None,
        dim: int = 32,
        epochs: int = 100,
    ) -> None:
        super().__init__(seed)
        self.negatives, self.hide, self.weights, self.spread = negatives, hide, weights, spread
        self.layers, self.relu, self.encoder = layers, relu, encoder
        self.dim, self.epochs = dim, epochs

    def encode(self, edge_index: Tensor) -> Tensor:
        """Embeddings [N, dim] after messages along edge_index [2, E]."""
        h = self.model.embedding.weight  # [N, dim]
        if self.encoder:
            return self.encoder(h, edge_index)
        if self.layers > 0:
            h = self.model.conv1(h, edge_index)
        if self.layers > 1:
            h = self.model.conv2(h.relu() if self.relu else h, edge_index)
        return h

    def learn(self, train: Interactions) -> None:
        edge_index = train.edge_index()  # [2, 2E]
        pos = edge_index[:, : len(train)]  # [2, E]
        label = torch.cat([torch.ones(len(train)), torch.zeros(len(train))])  # [2E]
        weight = torch.ones(2 * len(train))
        if self.weights is not None:
            weight[: len(train)] = torch.as_tensor(self.weights).float()
        self.model = GNNLinkPredictor(train.num_nodes, self.dim)
        torch.nn.init.normal_(self.model.embedding.weight, std=self.spread)
        optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        for _ in range(self.epochs):
            optimizer.zero_grad()
            pairs = torch.cat([pos, self.negatives(train, len(train))], dim=1)  # [2, 2E or fewer]
            stays = torch.rand(len(train)) >= self.hide
            scores = self.model.decode(self.encode(edge_index[:, stays.repeat(2)]), pairs)
            size = pairs.size(1)
            binary_cross_entropy_with_logits(scores, label[:size], weight[:size]).backward()
            optimizer.step()
        with torch.no_grad():
            self.z = self.encode(edge_index).detach()  # [N, dim]

    def score(self, users: Ints) -> Floats:
        return (self.z[users] @ self.z[self.n_users :].t()).numpy()

    def pair_scores(self, pairs: Tensor, edge_index: Tensor) -> Tensor:
        """Scores [P] of node pairs [2, P] after messages along edge_index [2, E]."""
        with torch.no_grad():
            return self.model.decode(self.encode(edge_index), pairs)


def artist_names(data: course_data.locate.Data = None) -> list[str]:
    """The artists' names in the order of `Interactions`, by their first row."""
    ids = pd.read_csv(course_data.path(data=data), sep="\t")["artistID"].unique()
    table = pd.read_csv(course_data.path("artists.dat", data), sep="\t", quoting=3)
    names = dict(zip(table["id"], table["name"], strict=True))
    return [names.get(artist, f"artist {artist}") for artist in ids]


def compare(models: Mapping[str, Recommender], ask: Questions) -> pd.DataFrame:
    """Fit each and measure it: a row a model.

    *split's AUC* is the one of step 6: against pairs of any two nodes. *fair AUC* is the warm AUC
    of the protocol: against user-artist pairs.
    """
    rows = {}
    for name, model in models.items():
        result = measure(model, ask)
        rows[name] = {
            "split's AUC": split_auc(model, ask) if isinstance(model, LessonGNN) else np.nan,
            "fair AUC": result.warm_auc,
            "Recall@20": result.recall,
            "NDCG@20": result.ndcg,
            "coverage": result.coverage,
            "seconds": result.fit_seconds,
        }
    return pd.DataFrame(rows).T


def split_auc(model: LessonGNN, ask: Questions) -> float:
    """The AUC of held-out edges against pairs of any two nodes, as RandomLinkSplit draws them."""
    edge_index, asked = ask.train.edge_index(), ask.asked.edge_index()[:, : len(ask.asked)]
    pairs = (asked, all_pairs(ask.train, asked.size(1)))
    return metrics.auc(*(model.pair_scores(part, edge_index).numpy() for part in pairs))


def ablate(recipe: Mapping[str, Any], ask: Questions) -> pd.DataFrame:
    """The recipe, and the recipe without one thing at a time; the best Recall@20 first."""
    models = {name: LessonGNN(**{**recipe, **less}) for name, less in ABLATIONS.items()}
    return compare(models, ask).sort_values("Recall@20", ascending=False)


def agreement(predicted: Sequence[str], measured: Sequence[str]) -> float:
    """Kendall's tau of two orders of the same names: 1 the same, 0 unrelated, -1 reversed."""
    from scipy.stats import kendalltau

    place = {name: rank for rank, name in enumerate(measured)}
    return float(kendalltau(range(len(predicted)), [place[name] for name in predicted]).statistic)
