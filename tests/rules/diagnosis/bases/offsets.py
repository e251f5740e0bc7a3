# %%
import networkx as nx
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling

# %%
FILE = "user_artists.dat"
COLUMNS = ["userID", "artistID", "listen_count"]

ratings = pd.read_csv(FILE, sep="\t", header=0, names=COLUMNS)
print(ratings.head(10))

# %%
user_ids = np.sort(ratings["userID"].unique())
artist_ids = np.sort(ratings["artistID"].unique())
U = len(user_ids)
A = len(artist_ids)
print("unique users", U, "unique artists", A)

# %%
# artists are shifted behind the last user id, because both start at about 1
shift = int(ratings["userID"].max()) + 1
B = nx.Graph()
B.add_nodes_from([int(u) for u in user_ids], bipartite=0)
B.add_nodes_from([int(a) + shift for a in artist_ids], bipartite=1)

# %%
for u, a in zip(ratings["userID"], ratings["artistID"]):
    B.add_edge(int(u), int(a) + shift)

print("nodes", B.number_of_nodes(), "edges", B.number_of_edges())
print("bipartite?", nx.is_bipartite(B))

# %%
user2idx = {u: i for i, u in enumerate(user_ids)}
artist2idx = {a: i + U for i, a in enumerate(artist_ids)}
N = U + A

# %%
row = ratings["userID"].map(user2idx).to_numpy()
col = ratings["artistID"].map(artist2idx).to_numpy()
one_way = torch.from_numpy(np.stack([row, col])).long()
both_ways = torch.cat([one_way, one_way.flip(0)], dim=1)

gdata = Data(
    x=torch.arange(N),
    edge_index=both_ways,
)
gdata.num_nodes = N
print(gdata)

# %%
splitter = RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    split_labels=True,
    add_negative_train_samples=False,
)
tr, va, te = splitter(gdata)
print(tr.edge_index.shape, va.edge_index.shape, te.edge_index.shape)


# %%
class GNNLinkPredictor(torch.nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.emb = torch.nn.Embedding(num_nodes, embedding_dim)
        self.sage1 = SAGEConv(embedding_dim, hidden_channels)
        self.sage2 = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        hidden = self.sage1(self.emb(x), edge_index)
        hidden = F.relu(hidden)
        return self.sage2(hidden, edge_index)

    def decode(self, z, edge_label_index):
        left, right = edge_label_index
        return torch.einsum("ij,ij->i", z[left], z[right])


# %%
net = GNNLinkPredictor(N, embedding_dim=32, hidden_channels=64, out_channels=32)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
criterion = torch.nn.BCEWithLogitsLoss()


# %%
def train_epoch():
    net.train()
    n_pos = tr.pos_edge_label_index.shape[1]
    fake = negative_sampling(tr.edge_index, num_nodes=N, num_neg_samples=n_pos)
    pairs = torch.cat([tr.pos_edge_label_index, fake], dim=-1)
    target = torch.zeros(pairs.shape[1])
    target[:n_pos] = 1.0

    out = net.decode(net.encode(tr.x, tr.edge_index), pairs)
    err = criterion(out, target)

    opt.zero_grad()
    err.backward()
    opt.step()
    return float(err)


@torch.no_grad()
def evaluate(d):
    net.eval()
    emb = net.encode(d.x, d.edge_index)
    p = net.decode(emb, d.pos_edge_label_index)
    n = net.decode(emb, d.neg_edge_label_index)
    y_score = torch.cat([p, n]).sigmoid()
    y_true = np.r_[np.ones(len(p)), np.zeros(len(n))]
    return roc_auc_score(y_true, y_score.numpy())


# %%
EPOCHS = 35
history = []
for ep in range(EPOCHS):
    history.append(train_epoch())
    if ep % 5 == 4:
        print(ep + 1, "loss", round(history[-1], 4), "val auc", round(evaluate(va), 4))

# %%
final_auc = evaluate(te)
print("AUC on the test edges:", final_auc)

# %% [markdown]
# The test AUC is above 0.5, so the model is better than random. Dropout could help.
