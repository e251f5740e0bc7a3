"""The free-form project that most tests of the grader hand in, and where things lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

PROJECT = {
    1: """import pandas as pd
df = pd.read_csv("user_artists.dat", sep="\\t").rename(columns={"weight": "listen_count"})
n_users, n_artists = df.userID.nunique(), df.artistID.nunique()
df.head()""",
    2: """import networkx as nx
G = nx.Graph()
G.add_nodes_from((f"u{i}" for i in df.userID.unique()), bipartite=0)
G.add_nodes_from((f"a{i}" for i in df.artistID.unique()), bipartite=1)
G.add_edges_from((f"u{u}", f"a{a}") for u, a in zip(df.userID, df.artistID))""",
    3: """import torch
import torch_geometric.transforms as T
from torch_geometric.data import Data
names = [f"u{i}" for i in df.userID.unique()] + [f"a{i}" for i in df.artistID.unique()]
id_mapping = {name: i for i, name in enumerate(names)}
num_nodes = len(id_mapping)
source = [id_mapping[f"u{i}"] for i in df.userID]
target = [id_mapping[f"a{i}"] for i in df.artistID]
data = Data(x=torch.arange(num_nodes), edge_index=torch.tensor([source, target]))
split = T.RandomLinkSplit(num_val=0.1, num_test=0.1, is_undirected=True,
                          add_negative_train_samples=False, split_labels=True)
train_data, val_data, test_data = split(data)""",
    4: """from torch import nn
from torch_geometric.nn import SAGEConv
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.emb = nn.Embedding(num_nodes, embedding_dim)
        self.c1 = SAGEConv(embedding_dim, hidden_channels)
        self.c2 = SAGEConv(hidden_channels, out_channels)
    def encode(self, x, edge_index):
        return self.c2(self.c1(self.emb(x), edge_index).relu(), edge_index)
    def decode(self, z, edge_label_index):
        return (z[edge_label_index[0]] * z[edge_label_index[1]]).sum(-1)""",
    5: """from torch_geometric.utils import negative_sampling
model = GNNLinkPredictor(train_data.num_nodes, 16, 16, 16)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.BCEWithLogitsLoss()
def train(train_data):
    model.train()
    optimizer.zero_grad()
    pos = train_data.pos_edge_label_index
    neg = negative_sampling(train_data.edge_index, train_data.num_nodes, pos.size(1))
    z = model.encode(train_data.x, train_data.edge_index)
    out = model.decode(z, torch.cat([pos, neg], 1))
    loss = loss_fn(out, torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))]))
    loss.backward()
    optimizer.step()
    return loss.item()
losses = [train(train_data) for _ in range(40)]""",
    6: """from sklearn.metrics import roc_auc_score
@torch.no_grad()
def test(data):
    model.eval()
    z = model.encode(data.x, data.edge_index)
    pos, neg = data.pos_edge_label_index, data.neg_edge_label_index
    scores = model.decode(z, torch.cat([pos, neg], 1))
    return roc_auc_score([1] * pos.size(1) + [0] * neg.size(1), scores)
val_auc, test_auc = test(val_data), test(test_data)
print(test_auc)""",
}


def fingerprint(folder: Path) -> dict[str, str]:
    """A hash of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
