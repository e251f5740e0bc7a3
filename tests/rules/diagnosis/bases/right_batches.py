# %% [markdown]
# # Link prediction on Last.fm
#
# I train in mini-batches over the supervision edges: the message passing always runs over the whole
# training graph, but every step only scores a part of the positive edges.

# %%
# # !pip install torch torch-geometric pandas networkx scikit-learn
import matplotlib.pyplot as plt
import networkx as nx
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch.utils.data import DataLoader
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling
from tqdm.auto import tqdm

# %matplotlib inline
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print("running on", device)

# %% [markdown]
# ### Step 1 - load

# %%
ratings = pd.read_csv("user_artists.dat", sep="\t", dtype="int64")
ratings = ratings.rename(columns=dict(zip(ratings.columns, ["userID", "artistID", "listen_count"])))
print(ratings.head())
print("unique users:  ", ratings.userID.nunique())
print("unique artists:", ratings.artistID.nunique())

# %%
ratings.groupby("userID").size().hist(bins=20)
plt.xlabel("artists per user")
plt.show()

# %% [markdown]
# ### Step 2 - graph

# %%
edges = pd.DataFrame(
    {
        "source": "user_" + ratings.userID.astype(str),
        "target": "artist_" + ratings.artistID.astype(str),
        "plays": ratings.listen_count,
    }
)
G = nx.from_pandas_edgelist(edges, edge_attr="plays")
nx.set_node_attributes(G, {n: int(n.startswith("artist_")) for n in G}, "bipartite")
print(G, "bipartite:", nx.is_bipartite(G))

# %% [markdown]
# ### Step 3 - mapping and split

# %%
user_nodes = [n for n, d in G.nodes(data=True) if d["bipartite"] == 0]
artist_nodes = [n for n, d in G.nodes(data=True) if d["bipartite"] == 1]
id_mapping = dict(zip(user_nodes + artist_nodes, range(len(G))))
num_nodes = len(id_mapping)

src = edges["source"].map(id_mapping).to_numpy()
dst = edges["target"].map(id_mapping).to_numpy()
forward_edges = torch.stack([torch.tensor(src), torch.tensor(dst)])
edge_index = torch.cat([forward_edges, forward_edges.flip(0)], dim=1)  # both directions, once each
data = Data(x=torch.arange(0, num_nodes, dtype=torch.long), edge_index=edge_index).to(device)

split = RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
train_data, val_data, test_data = split(data)
print(train_data)

# %% [markdown]
# ### Step 4 - model


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super(GNNLinkPredictor, self).__init__()
        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.convs = nn.ModuleList(
            [SAGEConv(embedding_dim, hidden_channels), SAGEConv(hidden_channels, out_channels)]
        )

    def encode(self, x, edge_index):
        h = self.embedding(x)
        for i, conv in enumerate(self.convs):
            h = conv(h, edge_index)
            if i < len(self.convs) - 1:
                h = F.relu(h)
        return h

    def decode(self, z, edge_label_index):
        z_src = z[edge_label_index[0]].unsqueeze(1)  # [E, 1, D]
        z_dst = z[edge_label_index[1]].unsqueeze(2)  # [E, D, 1]
        return torch.bmm(z_src, z_dst).view(-1)


# %% [markdown]
# ### Step 5 - training

# %%
model = GNNLinkPredictor(num_nodes, 24, 24, 24).to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
loss_fn = nn.BCEWithLogitsLoss(reduction="mean")
BATCH = 2048


def train(train_data):
    model.train()
    positives = train_data.pos_edge_label_index
    batches = DataLoader(range(positives.size(1)), batch_size=BATCH, shuffle=True)
    total = 0.0
    for batch in batches:
        optimizer.zero_grad()
        pos = positives[:, batch]
        neg = negative_sampling(
            train_data.edge_index, num_nodes=num_nodes, num_neg_samples=pos.size(1)
        )
        z = model.encode(train_data.x, train_data.edge_index)
        out = model.decode(z, torch.cat([pos, neg], dim=-1))
        target = torch.zeros_like(out)
        target[: pos.size(1)] = 1
        loss = loss_fn(out, target)
        loss.backward()
        optimizer.step()
        total += loss.item() * pos.size(1)
    return total / positives.size(1)


losses = []
for epoch in tqdm(range(20)):
    losses.append(train(train_data))

# %%
plt.plot(losses)
plt.title("training loss")
plt.show()

# %% [markdown]
# ### Step 6 - evaluation


# %%
@torch.no_grad()
def test(data):
    model.eval()
    pos, neg = data.pos_edge_label_index, data.neg_edge_label_index
    z = model.encode(data.x, data.edge_index)
    scores = model.decode(z, torch.cat([pos, neg], dim=-1)).cpu()
    labels = torch.cat([torch.full((pos.size(1),), 1), torch.full((neg.size(1),), 0)])
    return roc_auc_score(labels, scores)


# %%
# %time val_auc = test(val_data)
# %time test_auc = test(test_data)

# %%
print(f"{val_auc=:.3f} {test_auc=:.3f}")  # noqa: F821

# %% [markdown]
# Test AUC is clearly above 0.5. Next I would use the play counts as edge weights.
