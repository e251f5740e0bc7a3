# A right project: dropout, layers in a ModuleList, a validation AUC in every tenth epoch.
# %% [markdown]
# # Music recommendations with a GNN
# ## Step 1: load the data

# %%
import networkx as nx
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch import nn
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling

torch.manual_seed(7)

df = pd.read_csv("user_artists.dat", sep="\t")
df.columns = ["userID", "artistID", "listen_count"]
n_users = df["userID"].nunique()
n_artists = df["artistID"].nunique()
print(df.head(), n_users, n_artists)

# %% [markdown]
# ## Step 2: the bipartite graph

# %%
G = nx.Graph()
user_nodes = ["u" + str(u) for u in sorted(df["userID"].unique())]
artist_nodes = ["a" + str(a) for a in sorted(df["artistID"].unique())]
G.add_nodes_from(user_nodes, bipartite=0)
G.add_nodes_from(artist_nodes, bipartite=1)
G.add_edges_from(
    ("u" + str(u), "a" + str(a)) for u, a in zip(df["userID"], df["artistID"], strict=True)
)
print(G.number_of_nodes(), G.number_of_edges())

# %% [markdown]
# ## Step 3: mapping, Data, split

# %%
id_mapping = {}
for node in user_nodes + artist_nodes:
    id_mapping[node] = len(id_mapping)
num_nodes = len(id_mapping)

heads = [id_mapping["u" + str(u)] for u in df["userID"]]
tails = [id_mapping["a" + str(a)] for a in df["artistID"]]
edge_index = torch.tensor([heads, tails], dtype=torch.long)
data = Data(x=torch.arange(num_nodes, dtype=torch.long), edge_index=edge_index)

# %%
transform = RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
train_data, val_data, test_data = transform(data)
print(train_data)

# %% [markdown]
# ## Step 4: the model


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels, p=0.4):
        super().__init__()
        self.table = nn.Embedding(num_nodes, embedding_dim)
        self.layers = nn.ModuleList(
            [SAGEConv(embedding_dim, hidden_channels), SAGEConv(hidden_channels, out_channels)]
        )
        self.drop = nn.Dropout(p)

    def encode(self, x, edge_index):
        h = self.table(x)
        h = self.layers[0](h, edge_index)
        h = F.relu(h)
        h = self.drop(h)
        h = self.layers[1](h, edge_index)
        return h

    def decode(self, z, edge_label_index):
        left = z[edge_label_index[0]]
        right = z[edge_label_index[1]]
        return torch.sum(left * right, dim=1)

    def forward(self, x, edge_index, edge_label_index):
        z = self.encode(x, edge_index)
        return self.decode(z, edge_label_index)


# %% [markdown]
# ## Step 5: training

# %%
model = GNNLinkPredictor(num_nodes, 48, 32, 24)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-5)
loss_fn = nn.BCEWithLogitsLoss()


# %%
def train(train_data):
    model.train()
    pos = train_data.pos_edge_label_index
    neg = negative_sampling(
        edge_index=train_data.edge_index,
        num_nodes=train_data.num_nodes,
        num_neg_samples=pos.shape[1],
    )
    edge_label_index = torch.cat([pos, neg], dim=1)
    edge_label = torch.cat([torch.ones(pos.shape[1]), torch.zeros(neg.shape[1])])

    optimizer.zero_grad()
    out = model(train_data.x, train_data.edge_index, edge_label_index)
    loss = loss_fn(out, edge_label)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% [markdown]
# ## Step 6: evaluation


# %%
@torch.no_grad()
def test(data):
    model.eval()
    z = model.encode(data.x, data.edge_index)
    pairs = torch.cat([data.pos_edge_label_index, data.neg_edge_label_index], dim=1)
    truth = torch.cat(
        [
            torch.ones(data.pos_edge_label_index.shape[1]),
            torch.zeros(data.neg_edge_label_index.shape[1]),
        ]
    )
    score = model.decode(z, pairs)
    return roc_auc_score(truth.numpy(), score.numpy())


# %%
losses = []
for epoch in range(1, 61):
    loss = train(train_data)
    losses.append(loss)
    if epoch % 10 == 0:
        print(f"epoch {epoch:3d}  loss {loss:.4f}  val {test(val_data):.4f}")

# %%
val_auc = test(val_data)
test_auc = test(test_data)
print(f"validation {val_auc:.4f}, test {test_auc:.4f}")
