# %% [markdown]
# # Mini-project: a music recommender with a GNN

# %%
import networkx as nx
import pandas as pd
import torch
import torch.nn as nn
import torch_geometric.transforms as T
from sklearn.metrics import roc_auc_score
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling

torch.manual_seed(42)

# %% [markdown]
# # Step 1
# Load the file and look at it.

# %%
df = pd.read_csv("user_artists.dat", sep="\t")
df = df.rename(columns={"weight": "listen_count"})
print(df.head())

# %%
n_users = df["userID"].nunique()
n_artists = df["artistID"].nunique()
print("users:", n_users)
print("artists:", n_artists)

# %% [markdown]
# # Step 2
# Users and artists share ids, so a node is a pair of its kind and its id.

# %%
G = nx.Graph()

for user_id in df["userID"].unique():
    G.add_node(("user", user_id), bipartite=0)

for artist_id in df["artistID"].unique():
    G.add_node(("artist", artist_id), bipartite=1)

# %%
for row in df.itertuples(index=False):
    G.add_edge(("user", row.userID), ("artist", row.artistID))

print(G.number_of_nodes(), "nodes,", G.number_of_edges(), "edges")

# %% [markdown]
# # Step 3
# From ids to indices, to a Data object, to three sets of edges.

# %%
users = df["userID"].unique()
artists = df["artistID"].unique()
nodes = [("user", u) for u in users] + [("artist", a) for a in artists]
id_mapping = {node: index for index, node in enumerate(nodes)}
num_nodes = len(nodes)

# %%
x = torch.arange(num_nodes, dtype=torch.long)
sources = [id_mapping[("user", u)] for u in df["userID"]]
targets = [id_mapping[("artist", a)] for a in df["artistID"]]
edge_index = torch.tensor([sources, targets], dtype=torch.long)
data = Data(x=x, edge_index=edge_index)
print(data)

# %%
transform = T.RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
train_data, val_data, test_data = transform(data)
print(train_data)

# %% [markdown]
# # Step 4
# The model.


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.conv1 = SAGEConv(embedding_dim, hidden_channels)
        self.conv2 = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        h = self.embedding(x)
        h = self.conv1(h, edge_index)
        h = torch.relu(h)
        h = self.conv2(h, edge_index)
        return h

    def decode(self, z, edge_label_index):
        source = z[edge_label_index[0]]
        target = z[edge_label_index[1]]
        return (source * target).sum(dim=1)


# %% [markdown]
# # Step 5
# Training, with new negatives in every epoch.

# %%
model = GNNLinkPredictor(num_nodes, 32, 32, 32)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.BCEWithLogitsLoss()


# %%
def train(train_data):
    model.train()
    optimizer.zero_grad()
    x = train_data.x
    edge_index = train_data.edge_index
    pos = train_data.pos_edge_label_index
    neg = negative_sampling(
        edge_index=edge_index,
        num_nodes=num_nodes,
        num_neg_samples=pos.size(1),
    )
    edge_label_index = torch.cat([pos, neg], dim=1)
    edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])
    z = model.encode(x, edge_index)
    scores = model.decode(z, edge_label_index)
    loss = loss_fn(scores, edge_label)
    loss.backward()
    optimizer.step()
    return loss.item()


# %%
losses = []
for epoch in range(1, 31):
    loss = train(train_data)
    losses.append(loss)
    if epoch % 10 == 0:
        print(f"epoch {epoch}: loss {loss:.4f}")

# %% [markdown]
# # Step 6
# AUC on edges that were never seen.


# %%
@torch.no_grad()
def test(data):
    model.eval()
    z = model.encode(data.x, data.edge_index)
    pos = data.pos_edge_label_index
    neg = data.neg_edge_label_index
    edge_label_index = torch.cat([pos, neg], dim=1)
    scores = model.decode(z, edge_label_index)
    labels = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])
    return roc_auc_score(labels.numpy(), scores.numpy())


# %%
val_auc = test(val_data)
test_auc = test(test_data)
print(f"validation AUC {val_auc:.3f}")
print(f"test AUC {test_auc:.3f}")

# %% [markdown]
# The model is better than guessing. With more time I would tune the learning rate.
