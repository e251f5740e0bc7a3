# A right project by a student who writes little: tuples as nodes, own names, scores by einsum.
# %% [markdown]
# # Step 1 - Data

# %%
import networkx as nx
import pandas as pd
import torch
import torch.nn.functional as F
import torch_geometric.transforms as T
from sklearn import metrics
from torch_geometric import seed_everything
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling

seed_everything(1)
df = pd.read_table("user_artists.dat").rename(columns={"weight": "listen_count"})
n_users, n_artists = df[["userID", "artistID"]].nunique()
df.head()

# %% [markdown]
# # Step 2 - Graph

# %%
G = nx.Graph()
for u, a in df[["userID", "artistID"]].values.tolist():
    G.add_node(("user", u), bipartite=0)
    G.add_node(("artist", a), bipartite=1)
    G.add_edge(("user", u), ("artist", a))
assert nx.is_bipartite(G)

# %% [markdown]
# # Step 3 - Tensors

# %%
order = sorted(G.nodes, key=lambda v: (v[0] == "artist", v[1]))
id_mapping = {v: i for i, v in enumerate(order)}
num_nodes = len(id_mapping)
ei = torch.tensor([sorted((id_mapping[v], id_mapping[w])) for v, w in G.edges]).T.contiguous()
ei = torch.cat([ei, ei.flip(0)], 1)
data = Data(x=torch.arange(num_nodes), edge_index=ei)
split = T.RandomLinkSplit(0.1, 0.1, True, split_labels=True, add_negative_train_samples=False)
tr, va, te = split(data)

# %% [markdown]
# # Step 4 - Network


# %%
class GNNLinkPredictor(torch.nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.emb = torch.nn.Embedding(num_nodes, embedding_dim)
        self.c1 = SAGEConv(embedding_dim, hidden_channels)
        self.c2 = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        return self.c2(F.relu(self.c1(self.emb(x), edge_index)), edge_index)

    def decode(self, z, edge_label_index):
        s, t = edge_label_index
        return torch.einsum("ij,ij->i", z[s], z[t])


# %% [markdown]
# # Step 5 - Fit

# %%
net = GNNLinkPredictor(num_nodes, 32, 32, 16)
opt = torch.optim.Adam(net.parameters(), 0.01)


def train(d):
    net.train()
    opt.zero_grad()
    z = net.encode(d.x, d.edge_index)
    p = d.pos_edge_label_index
    n = negative_sampling(d.edge_index, d.num_nodes, p.size(1))
    s = net.decode(z, torch.cat([n, p], 1))
    y = torch.cat([s.new_zeros(n.size(1)), s.new_ones(p.size(1))])
    loss = F.binary_cross_entropy_with_logits(s, y)
    loss.backward()
    opt.step()
    return loss.item()


losses = [train(tr) for _ in range(50)]
print(losses[::10])

# %% [markdown]
# # Step 6 - Score


# %%
@torch.no_grad()
def test(d):
    net.eval()
    z = net.encode(d.x, d.edge_index)
    p, n = d.pos_edge_label_index, d.neg_edge_label_index
    s = torch.cat([net.decode(z, p), net.decode(z, n)])
    y = [1] * p.size(1) + [0] * n.size(1)
    return metrics.roc_auc_score(y, s)


test_auc = test(te)
print("AUC", test_auc)
