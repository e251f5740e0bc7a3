# %%
import itertools as it

import networkx as nx
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch.nn import Embedding, Module
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling

# carico i dati, una colonna per volta
ascolti = (
    pd.read_csv("user_artists.dat", sep="\t")
    .rename(columns={"weight": "listen_count"})
    .assign(
        nodo_utente=lambda t: t.groupby("userID").ngroup(),
        nodo_artista=lambda t: t.groupby("artistID").ngroup() + t["userID"].nunique(),
    )
)
print(ascolti.head())
quanti_utenti = ascolti["userID"].nunique()
quanti_artisti = ascolti["artistID"].nunique()
quanti_nodi = quanti_utenti + quanti_artisti
print(f"utenti {quanti_utenti}\nartisti {quanti_artisti}\nnodi {quanti_nodi}")

# %%
# il grafo: i nodi hanno gia' il numero che useremo nel tensore
grafo = nx.Graph()
grafo.add_nodes_from((int(n), {"bipartite": 0}) for n in ascolti["nodo_utente"].unique())
grafo.add_nodes_from((int(n), {"bipartite": 1}) for n in ascolti["nodo_artista"].unique())
for riga in ascolti.to_dict("records"):
    grafo.add_edge(riga["nodo_utente"], riga["nodo_artista"])
print("nodi e archi:", grafo.order(), grafo.size())

# %%
archi = torch.tensor(sorted(tuple(sorted(a)) for a in grafo.edges)).T
tutto = Data(x=torch.arange(quanti_nodi), edge_index=archi.contiguous())
divisione = RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    split_labels=True,
    add_negative_train_samples=False,
)
per_imparare, per_scegliere, per_valutare = divisione(tutto)
print(per_imparare, per_scegliere, per_valutare)


# %%
class GNNLinkPredictor(Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        Module.__init__(self)
        self.tabella = Embedding(num_nodes, embedding_dim)
        dimensioni = [embedding_dim, hidden_channels, out_channels]
        for i, (entra, esce) in enumerate(it.pairwise(dimensioni)):
            self.add_module(f"strato{i}", SAGEConv(entra, esce))

    def encode(self, x, edge_index):
        h = self.strato0(self.tabella(x), edge_index)
        return self.strato1(F.relu(h, inplace=True), edge_index)

    def decode(self, z, edge_label_index):
        return (z[edge_label_index[0]] * z[edge_label_index[1]]).sum(1)

    def __call__(self, dati, coppie):
        return self.decode(self.encode(dati.x, dati.edge_index), coppie)


# %%
torch.manual_seed(99)
rete = GNNLinkPredictor(quanti_nodi, 20, 30, 20)
ottimizzatore = torch.optim.Adam(params=rete.parameters(), lr=0.015)


def un_passo(dati):
    rete.train()
    si = dati.pos_edge_label_index
    no = negative_sampling(dati.edge_index, num_nodes=quanti_nodi, num_neg_samples=si.size(1))
    punti = rete(dati, torch.cat([si, no], dim=1))
    punti_si, punti_no = punti.split([si.size(1), no.size(1)])
    errore = F.binary_cross_entropy_with_logits(
        torch.cat([punti_no, punti_si]),
        torch.cat([torch.zeros_like(punti_no), torch.ones_like(punti_si)]),
    )
    ottimizzatore.zero_grad()
    errore.backward()
    ottimizzatore.step()
    return errore.item()


errori = []
for passo in it.count(1):
    errori.append(un_passo(per_imparare))
    if passo == 1 or passo % 8 == 0:
        print("passo", passo, "errore", round(errori[-1], 4))
    if passo == 32:
        break


# %%
def valuta(dati):
    rete.eval()
    with torch.no_grad():
        si = rete(dati, dati.pos_edge_label_index).tolist()
        no = rete(dati, dati.neg_edge_label_index).tolist()
    return roc_auc_score([True] * len(si) + [False] * len(no), si + no)


print("AUC (scelta):     ", valuta(per_scegliere))
print("AUC (valutazione):", valuta(per_valutare))
# meglio di 0.5: la rete ha imparato qualcosa
