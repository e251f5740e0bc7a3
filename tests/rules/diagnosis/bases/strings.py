# %% [markdown]
# GNN recommender for Last.fm. Everything is in this notebook, run it from top to bottom.

# %%
import networkx as nx
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional as F
from torch_geometric import seed_everything
from torch_geometric import transforms as T
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling

seed_everything(7)

# %% [markdown]
# ## Data

# %%
lastfm = pd.read_csv("user_artists.dat", sep="\t")
lastfm.columns = ["userID", "artistID", "listen_count"]
print(lastfm.head())
number_of_users = lastfm.userID.nunique()
number_of_artists = lastfm.artistID.nunique()
print(f"{number_of_users} users and {number_of_artists} artists")

# %% [markdown]
# ## Graph
# u12 is user 12 and a12 is artist 12.

# %%
graph = nx.Graph()
for u in lastfm.userID.unique():
    graph.add_node(f"u{u}", bipartite=0)
for a in lastfm.artistID.unique():
    graph.add_node(f"a{a}", bipartite=1)
for _, line in lastfm.iterrows():
    graph.add_edge(f"u{line['userID']}", f"a{line['artistID']}")
print(graph)

# %% [markdown]
# ## Tensors

# %%
mapping = {name: i for i, name in enumerate(graph.nodes)}
n = len(mapping)
edge_list = [(mapping[s], mapping[t]) for s, t in graph.edges]
edges = torch.tensor(edge_list, dtype=torch.long).t().contiguous()
dataset = Data(x=torch.arange(n, dtype=torch.long), edge_index=edges, num_nodes=n)
print(dataset)

# %%
split = T.RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
training, validation, testing = split(dataset)
print(training)
print(validation)
print(testing)

# %% [markdown]
# ## Model


# %%
class GNNLinkPredictor(nn.Module):
    """Embedding, two convolutions, dot product."""

    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super(GNNLinkPredictor, self).__init__()
        self.table = nn.Embedding(num_nodes, embedding_dim)
        self.conv_a = SAGEConv(embedding_dim, hidden_channels)
        self.conv_b = SAGEConv(hidden_channels, out_channels)
        self.act = nn.ReLU()

    def encode(self, x, edge_index):
        x = self.table(x)
        x = self.act(self.conv_a(x, edge_index))
        x = self.conv_b(x, edge_index)
        return x

    def decode(self, z, edge_label_index):
        a = z[edge_label_index[0]]
        b = z[edge_label_index[1]]
        return torch.sum(a * b, dim=-1)


# %% [markdown]
# ## Training

# %%
gnn = GNNLinkPredictor(n, 32, 32, 16)
adam = torch.optim.Adam(gnn.parameters(), lr=0.02)

# %%
for epoch in range(30):
    gnn.train()
    adam.zero_grad()
    z = gnn.encode(training.x, training.edge_index)
    good = training.pos_edge_label_index
    bad = negative_sampling(training.edge_index, n, good.size(1))
    good_score = gnn.decode(z, good)
    bad_score = gnn.decode(z, bad)
    score = torch.cat([good_score, bad_score])
    label = torch.cat([torch.ones_like(good_score), torch.zeros_like(bad_score)])
    loss = F.binary_cross_entropy_with_logits(score, label)
    loss.backward()
    adam.step()
    if (epoch + 1) % 10 == 0:
        print("epoch", epoch + 1, "loss", loss.item())

# %% [markdown]
# ## Evaluation

# %%
gnn.eval()
with torch.no_grad():
    z = gnn.encode(testing.x, testing.edge_index)
    good_score = gnn.decode(z, testing.pos_edge_label_index)
    bad_score = gnn.decode(z, testing.neg_edge_label_index)

y_true = [1] * len(good_score) + [0] * len(bad_score)
y_score = good_score.tolist() + bad_score.tolist()
auc = roc_auc_score(y_true, y_score)
print("test AUC", auc)

# %% [markdown]
# Random guessing would give 0.5, we are better. The listen count could become an edge weight.
