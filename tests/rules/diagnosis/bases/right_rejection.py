# %% [markdown]
# # Projet GNN -- négatifs tirés à la main
# ## Step 1

# %%
import numpy as np
import pandas as pd

df = pd.read_csv("user_artists.dat", sep="\t")
df["listen_count"] = df.pop("weight")
display(df.head())  # noqa: F821
nb_u = df["userID"].drop_duplicates().shape[0]
nb_a = df["artistID"].drop_duplicates().shape[0]
print("utilisateurs", nb_u)
print("artistes", nb_a)

# %% [markdown]
# ## Step 2

# %%
import networkx as nx

decalage = int(df["userID"].max()) + 1  # un artiste a devient le sommet a + decalage
df["sommet_artiste"] = df["artistID"] + decalage
G = nx.Graph()
for u in sorted(df["userID"].unique()):
    G.add_node(int(u), bipartite=0)
for a in sorted(df["sommet_artiste"].unique()):
    G.add_node(int(a), bipartite=1)
for u, a in df[["userID", "sommet_artiste"]].values:
    G.add_edge(int(u), int(a))
print(G)

# %% [markdown]
# ## Step 3

# %%
import torch
from torch_geometric.data import Data
from torch_geometric.transforms import RandomLinkSplit

id_mapping = {sommet: i for i, sommet in enumerate(sorted(G.nodes))}
num_nodes = len(id_mapping)
aretes = [(id_mapping[u], id_mapping[a]) for u, a in df[["userID", "sommet_artiste"]].values]
edge_index = torch.tensor(aretes, dtype=torch.long).T.contiguous()
x = torch.LongTensor(list(range(num_nodes)))
data = Data(x=x, edge_index=edge_index, num_nodes=num_nodes)
torch.manual_seed(0)
np.random.seed(0)
train_data, val_data, test_data = RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)(data)

# %% [markdown]
# ## Step 4

# %%
from torch.nn import Embedding, Module, ReLU, Sequential
from torch_geometric.nn import SAGEConv


class GNNLinkPredictor(Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.num_nodes = num_nodes
        self.embedding = Embedding(num_nodes, embedding_dim)
        self.conv1 = SAGEConv(embedding_dim, hidden_channels)
        self.act = Sequential(ReLU())
        self.conv2 = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        return self.conv2(self.act(self.conv1(self.embedding(x), edge_index)), edge_index)

    def decode(self, z, edge_label_index):
        debut, fin = z[edge_label_index]  # [2, E, D]
        return (debut * fin).sum(dim=-1)


# %% [markdown]
# ## Step 5

# %%
from torch.nn import BCEWithLogitsLoss
from torch.optim import Adam

model = GNNLinkPredictor(num_nodes, 32, 16, 16)
optimizer = Adam(model.parameters(), lr=0.01)
loss_fn = BCEWithLogitsLoss()
hasard = np.random.default_rng(42)


def tire_negatifs(aretes_connues, combien):
    """Des couples (utilisateur, artiste) au hasard, sauf ceux du graphe d'apprentissage."""
    connues = set(map(tuple, aretes_connues.t().tolist()))
    couples = []
    while len(couples) < combien:
        u = int(hasard.integers(0, nb_u))
        a = int(hasard.integers(nb_u, nb_u + nb_a))
        if (u, a) not in connues:
            couples.append((u, a))
    return torch.tensor(couples).t()


def train(train_data):
    model.train()
    pos = train_data.pos_edge_label_index
    neg = tire_negatifs(train_data.edge_index, pos.size(1))
    z = model.encode(train_data.x, train_data.edge_index)
    scores = torch.cat([model.decode(z, pos), model.decode(z, neg)])
    labels = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])
    loss = loss_fn(scores, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


losses = []
for epoch in range(1, 31):
    loss = train(train_data)
    losses.append(loss)
    if epoch in (1, 10, 20, 30):
        print("époque", epoch, "perte", round(loss, 4))

# %% [markdown]
# ## Step 6

# %%
from sklearn.metrics import roc_auc_score


def test(data):
    model.eval()
    with torch.no_grad():
        z = model.encode(data.x, data.edge_index)
        pos = model.decode(z, data.pos_edge_label_index).numpy()
        neg = model.decode(z, data.neg_edge_label_index).numpy()
    return roc_auc_score([1] * len(pos) + [0] * len(neg), np.concatenate([pos, neg]))


val_auc, test_auc = test(val_data), test(test_data)
print(f"AUC validation {val_auc:.3f} / test {test_auc:.3f}")

# %% [markdown]
# Avec des négatifs utilisateur-artiste, l'AUC mesurée sur les négatifs du split (surtout
# artiste-artiste) est plus basse : le modèle n'apprend pas à séparer les deux côtés.
