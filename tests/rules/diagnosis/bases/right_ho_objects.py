# %%
from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling, to_undirected


# %%
class LastFM:
    """The listening data, as a table, as a graph and as tensors."""

    def __init__(self, filename):
        self.df = pd.read_csv(filename, sep="\t")
        self.df.columns = [*self.df.columns[:2], "listen_count"]
        self.users = self.df["userID"].unique()
        self.artists = self.df["artistID"].unique()

    def describe(self):
        print(self.df.head())
        print(len(self.users), "users;", len(self.artists), "artists;", len(self.df), "rows")

    @cached_property
    def graph(self):
        g = nx.Graph()
        for user in self.users:
            g.add_node(f"user:{user}", bipartite=0)
        for artist in self.artists:
            g.add_node(f"artist:{artist}", bipartite=1)
        for user, artist in zip(self.df["userID"], self.df["artistID"]):
            g.add_edge(f"user:{user}", f"artist:{artist}")
        return g

    @cached_property
    def index(self):
        """Node name to number; artists get the small numbers."""
        names = sorted(self.graph)  # "artist:..." comes before "user:..."
        return {name: number for number, name in enumerate(names)}

    def __len__(self):
        return len(self.index)

    def to_data(self):
        ends = np.array([[self.index[a], self.index[b]] for a, b in self.graph.edges]).T
        both = to_undirected(torch.from_numpy(ends), num_nodes=len(self))
        return Data(x=torch.arange(len(self)), edge_index=both)


music = LastFM("user_artists.dat")
music.describe()
print(music.graph)
torch.manual_seed(12)
data = music.to_data()


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim=16, hidden_channels=32, out_channels=16):
        super().__init__()
        self.embed = nn.Embedding(num_nodes, embedding_dim)
        self.convs = nn.ModuleList()
        for width, next_width in ((embedding_dim, hidden_channels), (hidden_channels, out_channels)):
            self.convs.append(SAGEConv(width, next_width))

    def encode(self, x, edge_index):
        *inner, last = self.convs
        h = self.embed(x)
        for conv in inner:
            h = conv(h, edge_index).clamp_min(0)
        return last(h, edge_index)

    def decode(self, z, edge_label_index):
        return torch.einsum("ec,ec->e", z[edge_label_index[0]], z[edge_label_index[1]])


# %%
@dataclass
class Experiment:
    data: Data
    epochs: int = 28
    lr: float = 0.01
    losses: list = field(default_factory=list)

    def __post_init__(self):
        split = RandomLinkSplit(
            num_val=0.1,
            num_test=0.1,
            is_undirected=True,
            add_negative_train_samples=False,
            split_labels=True,
        )
        self.train_data, self.val_data, self.test_data = split(self.data)
        self.model = GNNLinkPredictor(self.data.num_nodes)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=self.lr)
        self.loss_fn = nn.BCEWithLogitsLoss()

    def negatives(self, n):
        return negative_sampling(
            self.train_data.edge_index, num_nodes=self.data.num_nodes, num_neg_samples=n
        )

    def scores(self, part, negatives):
        z = self.model.encode(part.x, part.edge_index)
        return [self.model.decode(z, e) for e in (part.pos_edge_label_index, negatives)]

    @staticmethod
    def labels(pos, neg):
        return torch.cat([pos.new_ones(pos.shape), neg.new_zeros(neg.shape)])

    def step(self):
        self.model.train()
        pos, neg = self.scores(
            self.train_data, self.negatives(self.train_data.pos_edge_label_index.size(1))
        )
        loss = self.loss_fn(torch.cat([pos, neg]), self.labels(pos, neg))
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def run(self):
        for _ in range(self.epochs):
            self.losses.append(self.step())
        return self

    @torch.no_grad()
    def auc(self, part):
        self.model.eval()
        pos, neg = self.scores(part, part.neg_edge_label_index)
        return roc_auc_score(self.labels(pos, neg).numpy(), torch.cat([pos, neg]).numpy())


experiment = Experiment(data).run()
print("first and last loss:", experiment.losses[0], experiment.losses[-1])

# %%
print("val ", experiment.auc(experiment.val_data))
print("test", experiment.auc(experiment.test_data))
