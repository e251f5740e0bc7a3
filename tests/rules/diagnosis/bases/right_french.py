# %% [markdown]
# # Recommandation musicale
# ## Étape 1 : chargement

# %%
import networkx as nx
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch_geometric import seed_everything
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling, to_undirected

seed_everything(5)
ecoutes = pd.read_table("user_artists.dat").rename(columns={"weight": "listen_count"})
print(ecoutes.head(3))
nb_utilisateurs, nb_artistes = ecoutes[["userID", "artistID"]].nunique()
print(nb_utilisateurs, "utilisateurs,", nb_artistes, "artistes")

# %% [markdown]
# ## Étape 2 : le graphe biparti


# %%
class Annuaire:
    """Donne un numéro à chaque utilisateur et à chaque artiste (jamais le même)."""

    def __init__(self, utilisateurs, artistes):
        self._u = {ident: i for i, ident in enumerate(sorted(utilisateurs))}
        self._a = {ident: i + len(self._u) for i, ident in enumerate(sorted(artistes))}

    def __len__(self):
        return len(self._u) + len(self._a)

    def utilisateur(self, ident):
        return self._u[ident]

    def artiste(self, ident):
        return self._a[ident]


graphe = nx.Graph()
graphe.add_nodes_from((("U", u) for u in set(ecoutes.userID)), bipartite=0, genre="utilisateur")
graphe.add_nodes_from((("A", a) for a in set(ecoutes.artistID)), bipartite=1, genre="artiste")
graphe.add_edges_from(
    (("U", u), ("A", a), {"poids": n})
    for u, a, n in zip(ecoutes.userID, ecoutes.artistID, ecoutes.listen_count)
)
print(graphe.number_of_nodes(), "noeuds et", graphe.number_of_edges(), "arêtes")

# %% [markdown]
# ## Étape 3 : Data et découpage

# %%
annuaire = Annuaire(ecoutes.userID.unique(), ecoutes.artistID.unique())
sources = torch.tensor([annuaire.utilisateur(u) for u in ecoutes.userID])
cibles = torch.tensor([annuaire.artiste(a) for a in ecoutes.artistID])
aretes = to_undirected(torch.stack([sources, cibles]))  # dans les deux sens
donnees = Data(x=torch.arange(len(annuaire)), edge_index=aretes)
print(donnees, donnees.is_undirected())

decoupage = RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    split_labels=True,
    add_negative_train_samples=False,
    neg_sampling_ratio=1.0,
)
apprentissage, validation, examen = decoupage(donnees)

# %% [markdown]
# ## Étape 4 : le modèle


# %%
class GNNLinkPredictor(torch.nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels, dropout=0.2):
        super().__init__()
        self.plongement = nn.Embedding(num_nodes, embedding_dim)
        self.convolution_1 = SAGEConv(embedding_dim, hidden_channels, aggr="mean")
        self.convolution_2 = SAGEConv(hidden_channels, out_channels, aggr="mean")
        self.dropout = nn.Dropout(dropout)
        nn.init.xavier_uniform_(self.plongement.weight)

    def encode(self, x, edge_index):
        h = self.plongement(x)
        h = self.convolution_1(h, edge_index).relu()
        h = self.dropout(h)
        return self.convolution_2(h, edge_index)

    def decode(self, z, edge_label_index):
        i, j = edge_label_index[0], edge_label_index[1]
        return torch.mul(z[i], z[j]).sum(-1)

    def forward(self, x, edge_index, edge_label_index):
        return self.decode(self.encode(x, edge_index), edge_label_index)


# %% [markdown]
# ## Étape 5 : l'apprentissage


# %%
class Entraineur:
    def __init__(self, modele, lr=0.01):
        self.modele = modele
        self.optimiseur = torch.optim.Adam(modele.parameters(), lr=lr)
        self.critere = nn.BCEWithLogitsLoss()
        self.historique = {"perte": [], "auc": []}

    @staticmethod
    def exemples(positifs, negatifs):
        paires = torch.cat((positifs, negatifs), dim=1)
        verites = torch.cat((positifs.new_ones(positifs.shape[1]), negatifs.new_zeros(negatifs.shape[1])))
        return paires, verites.float()

    def train(self, train_data):
        self.modele.train()
        negatifs = negative_sampling(
            train_data.edge_index,
            num_nodes=train_data.num_nodes,
            num_neg_samples=train_data.pos_edge_label_index.shape[1],
        )
        paires, verites = self.exemples(train_data.pos_edge_label_index, negatifs)
        scores = self.modele(train_data.x, train_data.edge_index, paires)
        perte = self.critere(scores, verites)
        self.optimiseur.zero_grad()
        perte.backward()
        self.optimiseur.step()
        return float(perte)

    def test(self, data):
        self.modele.eval()
        with torch.no_grad():
            paires, verites = self.exemples(data.pos_edge_label_index, data.neg_edge_label_index)
            scores = self.modele(data.x, data.edge_index, paires)
        return roc_auc_score(verites, scores)

    def boucle(self, epoques):
        for epoque in range(1, epoques + 1):
            self.historique["perte"].append(self.train(apprentissage))
            if epoque % 10 == 0:
                self.historique["auc"].append(self.test(validation))
                print(epoque, self.historique["perte"][-1], self.historique["auc"][-1])


entraineur = Entraineur(GNNLinkPredictor(len(annuaire), 32, 24, 16))
entraineur.boucle(30)

# %% [markdown]
# ## Étape 6 : l'évaluation

# %%
auc = entraineur.test(examen)
print("AUC sur les arêtes d'examen : %.3f" % auc)
