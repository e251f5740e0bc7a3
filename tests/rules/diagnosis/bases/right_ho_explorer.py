# %% [markdown]
# # My notebook for the recommender project
# (I tried a lot of things, sorry for the length)
#
# ## Step 1: loading

# %%
# %matplotlib inline
import random
import time

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch_geometric.transforms as T
from sklearn.metrics import roc_auc_score, roc_curve
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import is_undirected, negative_sampling

for seeder in (random.seed, np.random.seed, torch.manual_seed):
    seeder(17)

# %%
raw = pd.read_csv("user_artists.dat", sep="\t")
raw.head(3)

# %%
df = raw.copy()
df.columns = ["userID", "artistID", "listen_count"]
df.describe()

# %%
df.head()

# %%
print("Unique users :", df.userID.nunique(), "- from", df.userID.min(), "to", df.userID.max())
print("Unique artists:", df.artistID.nunique(), "- from", df.artistID.min(), "to", df.artistID.max())

# %%
fig, (left, right) = plt.subplots(1, 2)
left.hist(np.log10(df.listen_count))
right.plot(df.artistID.value_counts().to_numpy())
plt.close(fig)

# %% [markdown]
# ## Step 2: graph
# First a tiny example to see how NetworkX works.

# %%
tiny = nx.Graph()
tiny.add_edge("ann", "abba")
tiny.add_edge("bob", "abba")
nx.draw(tiny, with_labels=True)
plt.close()

# %%
G = nx.Graph()
for u in df.userID.unique():
    G.add_node((0, int(u)), bipartite=0)
for a in df.artistID.unique():
    G.add_node((1, int(a)), bipartite=1)
for u, a in zip(df.userID, df.artistID):
    G.add_edge((0, int(u)), (1, int(a)))
G.number_of_nodes(), G.number_of_edges()

# %%
hub = max(G.degree, key=lambda pair: pair[1])
print("most neighbours:", hub)
part = G.subgraph([hub[0], *list(G[hub[0]])[:10]])
nx.draw_circular(part, node_size=20)
plt.close()

# %% [markdown]
# ## Step 3: PyG

# %%
node_list = list(G.nodes)
id_mapping = {node: i for i, node in enumerate(node_list)}
num_nodes = len(node_list)
list(id_mapping.items())[:3]

# %%
edge_list = [[id_mapping[a], id_mapping[b]] for a, b in G.edges]
edge_index = torch.tensor(edge_list).t()
edge_index = torch.cat([edge_index, edge_index[[1, 0]]], dim=1)
print(edge_index.shape, is_undirected(edge_index))

# %%
data = Data(x=torch.arange(num_nodes), edge_index=edge_index)
data.has_isolated_nodes(), data.has_self_loops()

# %%
transform = T.RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
train_data, val_data, test_data = transform(data)
pd.DataFrame(
    {
        name: {"messages": d.edge_index.size(1), "positives": d.pos_edge_label_index.size(1)}
        for name, d in zip(("train", "val", "test"), (train_data, val_data, test_data))
    }
)

# %% [markdown]
# ## Step 4: model


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.sage_in = SAGEConv(embedding_dim, hidden_channels)
        self.sage_out = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        e = self.embedding(x)
        e = self.sage_in(e, edge_index)
        e = nn.functional.relu(e)
        return self.sage_out(e, edge_index)

    def decode(self, z, edge_label_index):
        return torch.sum(z[edge_label_index[0]] * z[edge_label_index[1]], dim=-1)


# %%
# does it run at all? (this one is thrown away)
dummy = GNNLinkPredictor(num_nodes, 8, 8, 4)
z = dummy.encode(train_data.x, train_data.edge_index)
z.shape, dummy.decode(z, train_data.pos_edge_label_index[:, :5])

# %% [markdown]
# ## Step 5: training

# %%
# what do negatives look like?
negative_sampling(train_data.edge_index, num_nodes=num_nodes, num_neg_samples=5)

# %%
model = GNNLinkPredictor(num_nodes, 32, 32, 32)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.BCEWithLogitsLoss()


def train(train_data):
    model.train()
    optimizer.zero_grad()
    pos = train_data.pos_edge_label_index
    neg = negative_sampling(
        train_data.edge_index, num_nodes=num_nodes, num_neg_samples=pos.size(1)
    )
    pairs = torch.cat([pos, neg], dim=1)
    labels = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])
    z = model.encode(train_data.x, train_data.edge_index)
    loss = loss_fn(model.decode(z, pairs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


# %%
losses = []
started = time.perf_counter()
for epoch in range(1, 31):
    losses.append(train(train_data))
print(f"{time.perf_counter() - started:.1f} s, loss {losses[-1]:.3f}")

# %%
plt.plot(range(1, 31), losses)
plt.xlabel("epoch")
plt.close()

# %% [markdown]
# ## Step 6: test


# %%
@torch.no_grad()
def test(data, return_scores=False):
    model.eval()
    pairs = torch.cat([data.pos_edge_label_index, data.neg_edge_label_index], dim=1)
    labels = torch.cat([data.pos_edge_label, data.neg_edge_label])
    scores = model.decode(model.encode(data.x, data.edge_index), pairs)
    if return_scores:
        return labels, scores
    return roc_auc_score(labels, scores)


# %%
val_auc = test(val_data)
test_auc = test(test_data)
print(f"val {val_auc:.4f}  test {test_auc:.4f}")

# %%
fpr, tpr, _ = roc_curve(*test(test_data, return_scores=True))
plt.plot(fpr, tpr)
plt.plot([0, 1], [0, 1], "--")
plt.close()

# %% [markdown]
# Clearly above the diagonal. With more time: more epochs, dropout, and play counts.
