# %% [markdown]
# ## Step 1: Environment and data

# %%
import copy

import networkx as nx
import pandas as pd
import torch
import torch.nn.functional as F
import torch_geometric.transforms as T
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import LabelEncoder
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling

df = pd.read_csv("user_artists.dat", delimiter="\t", usecols=["userID", "artistID", "weight"])
df = df.set_axis(["userID", "artistID", "listen_count"], axis="columns")
df.head()

# %%
n_users = len(df.userID.value_counts())
n_artists = len(df.artistID.value_counts())
print("There are", n_users, "users and", n_artists, "artists.")

# %% [markdown]
# ## Step 2: Bipartite graph

# %%
G = nx.Graph()
G.add_nodes_from([f"u_{i}" for i in df.userID.unique()], bipartite=0)
G.add_nodes_from([f"a_{i}" for i in df.artistID.unique()], bipartite=1)
G.add_weighted_edges_from((f"u_{u}", f"a_{a}", w) for u, a, w in df.itertuples(index=False))
top = {n for n, side in G.nodes(data="bipartite") if side == 0}
assert nx.bipartite.is_bipartite_node_set(G, top)
print(nx.info(G) if hasattr(nx, "info") else G)

# %% [markdown]
# ## Step 3: PyG data
# Artists come first here, then users. Because of that I store every edge in both directions.

# %%
artist_encoder, user_encoder = LabelEncoder(), LabelEncoder()
artist_index = torch.from_numpy(artist_encoder.fit_transform(df["artistID"]))
user_index = torch.from_numpy(user_encoder.fit_transform(df["userID"])) + n_artists
num_nodes = n_artists + n_users

one_way = torch.stack([user_index, artist_index], dim=0).long()
data = Data(edge_index=one_way, num_nodes=num_nodes)
data.x = torch.tensor(range(num_nodes))
data = T.ToUndirected()(data)
print(data, data.is_undirected())

# %%
transform = T.RandomLinkSplit(
    num_val=int(0.1 * len(df)),
    num_test=int(0.1 * len(df)),
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
train_data, val_data, test_data = transform(data)
for name, part in {"train": train_data, "val": val_data, "test": test_data}.items():
    print(f"{name:6}{part}")

# %% [markdown]
# ## Step 4: Model


# %%
class GNNLinkPredictor(torch.nn.Module):
    """Everything can also be done in one go by calling the model."""

    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.lookup = torch.nn.Embedding(num_nodes, embedding_dim)
        self.first = SAGEConv(in_channels=embedding_dim, out_channels=hidden_channels)
        self.second = SAGEConv(in_channels=hidden_channels, out_channels=out_channels)
        self.reset()

    def reset(self):
        torch.nn.init.normal_(self.lookup.weight, std=0.1)
        self.first.reset_parameters()
        self.second.reset_parameters()

    def encode(self, x, edge_index):
        hidden = torch.relu(self.first(self.lookup(x), edge_index))
        return self.second(hidden, edge_index)

    def decode(self, z, edge_label_index):
        left = z.index_select(0, edge_label_index[0])
        right = z.index_select(0, edge_label_index[1])
        return (left * right).sum(dim=1)

    def forward(self, graph, edge_label_index):
        z = self.encode(graph.x, graph.edge_index)
        return self.decode(z, edge_label_index)


# %% [markdown]
# ## Step 5: Training
# With early stopping: the state with the best validation AUC is kept.

# %%
torch.manual_seed(1)
model = GNNLinkPredictor(num_nodes, embedding_dim=32, hidden_channels=32, out_channels=24)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-5)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.5)


def train(train_data):
    model.train()
    optimizer.zero_grad()
    pos = train_data.pos_edge_label_index
    neg = negative_sampling(
        edge_index=train_data.edge_index,
        num_nodes=train_data.num_nodes,
        num_neg_samples=pos.shape[1],
        method="dense",
    )
    pairs = torch.hstack([pos, neg])
    labels = torch.hstack([torch.ones(pos.shape[1]), torch.zeros(neg.shape[1])])
    loss = F.binary_cross_entropy_with_logits(model(train_data, pairs), labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    return loss.detach().item()


@torch.no_grad()
def test(data):
    model.eval()
    pairs = torch.hstack([data.pos_edge_label_index, data.neg_edge_label_index])
    labels = torch.zeros(pairs.shape[1])
    labels[: data.pos_edge_label_index.shape[1]] = 1.0
    scores = model(data, pairs)
    return roc_auc_score(y_true=labels.tolist(), y_score=scores.tolist())


# %%
losses, val_aucs = [], []
best_auc, best_state, patience = 0.0, None, 0
for epoch in range(40):
    losses.append(train(train_data))
    scheduler.step()
    val_aucs.append(test(val_data))
    if val_aucs[-1] > best_auc:
        best_auc, best_state, patience = val_aucs[-1], copy.deepcopy(model.state_dict()), 0
    else:
        patience += 1
    if patience >= 20:
        print("no better validation AUC for 20 epochs, stopping at", epoch)
        break
model.load_state_dict(best_state)

# %% [markdown]
# ## Step 6: Test

# %%
test_auc = test(test_data)
print(f"best validation AUC {best_auc:.4f}, test AUC {test_auc:.4f}")
