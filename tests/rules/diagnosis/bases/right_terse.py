# %%
import numpy as np, pandas as pd, networkx as nx, torch
from torch import nn, optim
import torch.nn.functional as F
import torch_geometric.transforms as T
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling
from sklearn.metrics import roc_auc_score

d = pd.read_csv("user_artists.dat", sep="\t", header=0, names=["userID", "artistID", "listen_count"])
print(d.head(10))
nu, na = d.userID.nunique(), d.artistID.nunique()
print(nu, na)

# %%
U, ui = np.unique(d.userID.values, return_inverse=True)
A, ai = np.unique(d.artistID.values, return_inverse=True)
ai = ai + len(U)
G = nx.Graph()
G.add_nodes_from(range(len(U)), bipartite=0)
G.add_nodes_from(range(len(U), len(U) + len(A)), bipartite=1)
G.add_edges_from(zip(ui.tolist(), ai.tolist()))
print(len(G), G.size())

# %%
n = len(U) + len(A)
E = np.vstack([ui, ai]).astype(np.int64)
X = torch.arange(n)
D = Data(x=X, edge_index=torch.from_numpy(E))
tr, va, te = T.RandomLinkSplit(
    0.1, 0.1, is_undirected=True, add_negative_train_samples=False, split_labels=True
)(D)


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.e = nn.Embedding(num_nodes, embedding_dim)
        self.c1 = SAGEConv(embedding_dim, hidden_channels)
        self.c2 = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        return self.c2(self.c1(self.e(x), edge_index).clamp(min=0), edge_index)

    def decode(self, z, edge_label_index):
        return torch.einsum("nd,nd->n", z[edge_label_index[0]], z[edge_label_index[1]])


# %%
m = GNNLinkPredictor(n, 16, 16, 16)
o = optim.Adam(m.parameters(), lr=0.02)


def train(t):
    m.train()
    p = t.pos_edge_label_index
    k = p.size(1)
    q = negative_sampling(t.edge_index, n, k)
    s = m.decode(m.encode(t.x, t.edge_index), torch.cat([q, p], 1))
    y = torch.cat([torch.zeros(q.size(1)), torch.ones(k)])
    l = F.binary_cross_entropy_with_logits(s, y)
    l.backward()
    o.step()
    o.zero_grad()
    return l.item()


L = np.array([train(tr) for _ in range(35)])
print(L[::5])


# %%
@torch.no_grad()
def test(t):
    m.eval()
    z = m.encode(t.x, t.edge_index)
    s = [m.decode(z, i).sigmoid().numpy() for i in (t.pos_edge_label_index, t.neg_edge_label_index)]
    return roc_auc_score(np.repeat([1, 0], [len(v) for v in s]), np.concatenate(s))


print(test(va), test(te))
