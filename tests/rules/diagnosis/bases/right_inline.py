# %%
"""Everything in one go, no helper functions apart from the model."""

import random

import networkx as nx
import numpy as np
import pandas as pd
import torch
from sklearn import metrics
from torch import nn
from torch_geometric import transforms
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling

SEED = 2024
random.seed(SEED)
np.random.seed(SEED)
torch.manual_seed(SEED)

listens = pd.read_csv("user_artists.dat", sep="\t").rename({"weight": "listen_count"}, axis=1)
print(listens.head())
print(listens[["userID", "artistID"]].nunique())

# %%
# mapping first, then the graph on the new indices
user_codes, user_ids = pd.factorize(listens["userID"])
artist_codes, artist_ids = pd.factorize(listens["artistID"])
listens["u"] = user_codes
listens["a"] = artist_codes + len(user_ids)
N = len(user_ids) + len(artist_ids)

G = nx.Graph()
for index, original in enumerate(user_ids):
    G.add_node(index, bipartite=0, kind="user", original=original)
for index, original in enumerate(artist_ids, start=len(user_ids)):
    G.add_node(index, bipartite=1, kind="artist", original=original)
G.add_edges_from(listens[["u", "a"]].itertuples(index=False, name=None))
print(f"{G.number_of_nodes()} nodes, {G.number_of_edges()} edges")
print(nx.number_connected_components(G), "component(s), density", nx.bipartite.density(G, range(10)))

# %%
# nx keeps every edge once; PyG gets both directions
pairs = np.array(G.edges, dtype=np.int64)
pairs.sort(axis=1)
edge_index = torch.tensor(np.concatenate([pairs, pairs[:, ::-1]]).T.copy(), dtype=torch.long)
data = Data(x=torch.linspace(0, N - 1, N).round().long(), edge_index=edge_index)
assert data.validate() and data.is_undirected()
train_data, val_data, test_data = transforms.RandomLinkSplit(
    is_undirected=True, num_val=0.1, num_test=0.1, split_labels=True, add_negative_train_samples=False
)(data)

# %%


class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.conv1 = SAGEConv(embedding_dim, hidden_channels)
        self.conv2 = SAGEConv(hidden_channels, out_channels)
        self.relu = nn.ReLU()

    def encode(self, x, edge_index):
        z = self.embedding(x)
        z = self.relu(self.conv1(z, edge_index))
        z = self.conv2(z, edge_index)
        return z

    def decode(self, z, edge_label_index):
        src, dst = edge_label_index
        return (z[src] * z[dst]).sum(dim=1)


model = GNNLinkPredictor(N, 32, 32, 32)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()

# %%
history = {"epoch": [], "loss": [], "val_auc": []}
for epoch in range(1, 31):
    model.train()
    optimizer.zero_grad()
    pos_edges = train_data.pos_edge_label_index
    neg_edges = negative_sampling(
        edge_index=train_data.edge_index,
        num_nodes=train_data.num_nodes,
        num_neg_samples=pos_edges.size(1),
    )
    z = model.encode(train_data.x, train_data.edge_index)
    pos_out = model.decode(z, pos_edges)
    neg_out = model.decode(z, neg_edges)
    out = torch.cat([pos_out, neg_out])
    y = torch.cat([torch.ones_like(pos_out), torch.zeros_like(neg_out)])
    loss = criterion(out, y)
    loss.backward()
    optimizer.step()
    if epoch == 1 or epoch % 5 == 0:
        model.eval()
        with torch.inference_mode():
            z = model.encode(val_data.x, val_data.edge_index)
            pos_val = model.decode(z, val_data.pos_edge_label_index)
            neg_val = model.decode(z, val_data.neg_edge_label_index)
            auc = metrics.roc_auc_score(
                torch.cat([torch.ones_like(pos_val), torch.zeros_like(neg_val)]).numpy(),
                torch.cat([pos_val, neg_val]).numpy(),
            )
        history["val_auc"].append(auc)
        print(f"{epoch:3d} loss {loss.item():.4f} val {auc:.4f}")
    history["epoch"].append(epoch)
    history["loss"].append(loss.item())

# %%
model.eval()
with torch.no_grad():
    z = model.encode(test_data.x, test_data.edge_index)
    scores = torch.cat(
        [
            model.decode(z, test_data.pos_edge_label_index),
            model.decode(z, test_data.neg_edge_label_index),
        ]
    )
truth = np.r_[
    np.ones(test_data.pos_edge_label_index.size(1)), np.zeros(test_data.neg_edge_label_index.size(1))
]
test_auc = metrics.roc_auc_score(truth, scores.numpy())
print("Test AUC:", test_auc)
