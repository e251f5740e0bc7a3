# %% [markdown]
# ### Stap 1 t/m 3: van bestand naar tensoren

# %%
import pandas as pd, networkx as nx, torch
from torch_geometric.data import Data
from torch_geometric.transforms import RandomLinkSplit

gegevens = pd.read_csv("user_artists.dat", sep="\t", header=0, names=["userID", "artistID", "listen_count"])
print(gegevens.head(), end="\n\n")
aantal_luisteraars, aantal_artiesten = (gegevens[k].nunique() for k in ("userID", "artistID"))
print("luisteraars:", aantal_luisteraars, "artiesten:", aantal_artiesten)

netwerk = nx.Graph()
luisteraars = [("L", n) for n in gegevens["userID"].unique().tolist()]
artiesten = [("A", n) for n in gegevens["artistID"].unique().tolist()]
netwerk.add_nodes_from(luisteraars, bipartite=0)
netwerk.add_nodes_from(artiesten, bipartite=1)
netwerk.add_edges_from((("L", l), ("A", a)) for l, a, _ in gegevens.to_numpy().tolist())
print(netwerk)

nummer = {knoop: i for i, knoop in enumerate(luisteraars)}
nummer.update((knoop, i) for i, knoop in enumerate(artiesten, len(luisteraars)))
van, naar = zip(*((nummer[a], nummer[b]) for a, b in netwerk.edges(luisteraars)))
X = torch.arange(len(nummer))
alles = Data(X, torch.tensor([van, naar]))
leer, keur, toets = RandomLinkSplit(
    num_val=0.1, num_test=0.1, is_undirected=True, add_negative_train_samples=False, split_labels=True
)(alles)
assert leer.is_undirected() and not leer.has_self_loops()

# %% [markdown]
# ### Stap 4 t/m 6: leren en toetsen

# %%
from sklearn.metrics import roc_auc_score
from torch.nn import BCEWithLogitsLoss, Embedding, Module
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling


class GNNLinkPredictor(Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.vector = Embedding(num_nodes, embedding_dim)
        self.dichtbij = SAGEConv(embedding_dim, hidden_channels)
        self.ver_weg = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        return self.ver_weg(self.dichtbij(self.vector(x), edge_index).relu(), edge_index)

    def decode(self, z, edge_label_index):
        return (z[edge_label_index[0]] * z[edge_label_index[1]]).sum(-1)


class Leerling:
    def __init__(self, **maten):
        self.model = GNNLinkPredictor(len(nummer), **maten)
        self.adam = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.verlies = BCEWithLogitsLoss()

    def beoordeel(self, deel, echt, onecht):
        z = self.model.encode(deel.x, deel.edge_index)
        punten = self.model.decode(z, torch.cat([echt, onecht], 1))
        return punten, (torch.arange(len(punten)) < echt.size(1)).float()

    def leer(self, deel, rondes):
        for _ in range(rondes):
            self.model.train()
            onecht = negative_sampling(deel.edge_index, deel.num_nodes, deel.pos_edge_label_index.size(1))
            fout = self.verlies(*self.beoordeel(deel, deel.pos_edge_label_index, onecht))
            self.adam.zero_grad()
            fout.backward()
            self.adam.step()
            yield fout.item()

    @torch.no_grad()
    def toets(self, deel):
        self.model.eval()
        punten, waarheid = self.beoordeel(deel, deel.pos_edge_label_index, deel.neg_edge_label_index)
        return roc_auc_score(waarheid, punten)


# %%
leerling = Leerling(embedding_dim=24, hidden_channels=24, out_channels=24)
verliezen = list(leerling.leer(leer, rondes=30))
print("verlies", verliezen[0], "->", verliezen[-1])
print("AUC keuring", leerling.toets(keur), "AUC toets", leerling.toets(toets))
