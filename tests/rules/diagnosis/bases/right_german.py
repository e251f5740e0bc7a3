# %% [markdown]
# # Miniprojekt: Musikempfehlungen mit einem GNN
# Gruppe 7. Wir sagen fehlende Kanten zwischen Hörern und Künstlern voraus.

# %% [markdown]
# ## Step 1: Daten laden

# %%
from __future__ import annotations

import random
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling


@dataclass
class Einstellungen:
    """Alles, woran man drehen kann."""

    datei: str = "user_artists.dat"
    dimension: int = 24
    verborgen: int = 32
    ausgabe: int = 16
    lernrate: float = 0.01
    epochen: int = 30
    startwert: int = 11


cfg = Einstellungen()


def alles_festlegen(startwert: int) -> None:
    random.seed(startwert)
    np.random.seed(startwert)
    torch.manual_seed(startwert)


def lade_daten(datei: str) -> pd.DataFrame:
    tabelle = pd.read_csv(datei, sep="\t")
    tabelle.columns = ["userID", "artistID", "listen_count"]
    return tabelle


alles_festlegen(cfg.startwert)
tabelle = lade_daten(cfg.datei)
print(tabelle.head())
anzahl_nutzer = tabelle["userID"].nunique()
anzahl_kuenstler = tabelle["artistID"].nunique()
print(f"Nutzer: {anzahl_nutzer}, Künstler: {anzahl_kuenstler}, Zeilen: {len(tabelle)}")

# %% [markdown]
# ## Step 2: Bipartiter Graph
# Nutzer 5 und Künstler 5 sind verschiedene Knoten, darum bekommt jeder Knoten seine Art dazu.


# %%
def baue_graph(tabelle: pd.DataFrame) -> nx.Graph:
    graph = nx.Graph()
    for nutzer in tabelle["userID"].unique():
        graph.add_node(("nutzer", int(nutzer)), bipartite=0)
    for kuenstler in tabelle["artistID"].unique():
        graph.add_node(("kuenstler", int(kuenstler)), bipartite=1)
    for zeile in tabelle.itertuples(index=False):
        graph.add_edge(("nutzer", int(zeile.userID)), ("kuenstler", int(zeile.artistID)))
    return graph


graph = baue_graph(tabelle)
print(graph)
print("bipartit:", nx.is_bipartite(graph))

# %% [markdown]
# ## Step 3: Abbildung, Data und Aufteilung


# %%
def nummeriere(graph: nx.Graph) -> dict[tuple[str, int], int]:
    nutzer = sorted(k for k, art in graph.nodes(data="bipartite") if art == 0)
    kuenstler = sorted(k for k, art in graph.nodes(data="bipartite") if art == 1)
    return {knoten: nummer for nummer, knoten in enumerate(nutzer + kuenstler)}


def als_data(graph: nx.Graph, nummern: dict[tuple[str, int], int]) -> Data:
    paare = [sorted((nummern[a], nummern[b])) for a, b in graph.edges()]
    kanten = torch.tensor(paare, dtype=torch.long).t().contiguous()
    x = torch.arange(len(nummern), dtype=torch.long)
    return Data(x=x, edge_index=kanten)


def teile_auf(daten: Data) -> tuple[Data, Data, Data]:
    aufteilung = RandomLinkSplit(
        num_val=0.1,
        num_test=0.1,
        is_undirected=True,
        add_negative_train_samples=False,
        split_labels=True,
    )
    return aufteilung(daten)


nummern = nummeriere(graph)
daten = als_data(graph, nummern)
train_daten, val_daten, test_daten = teile_auf(daten)
print(daten, train_daten, val_daten, test_daten, sep="\n")

# %% [markdown]
# ## Step 4: Modell


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(
        self, num_nodes: int, embedding_dim: int, hidden_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        self.einbettung = nn.Embedding(num_nodes, embedding_dim)
        self.schicht1 = SAGEConv(embedding_dim, hidden_channels)
        self.schicht2 = SAGEConv(hidden_channels, out_channels)

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        h = self.einbettung(x)
        h = F.relu(self.schicht1(h, edge_index))
        return self.schicht2(h, edge_index)

    def decode(self, z: Tensor, edge_label_index: Tensor) -> Tensor:
        quelle, ziel = edge_label_index
        return (z[quelle] * z[ziel]).sum(dim=-1)


# %% [markdown]
# ## Step 5: Training

# %%
modell = GNNLinkPredictor(len(nummern), cfg.dimension, cfg.verborgen, cfg.ausgabe)
optimierer = torch.optim.Adam(modell.parameters(), lr=cfg.lernrate)
verlustfunktion = nn.BCEWithLogitsLoss()


def ziehe_negative(teil: Data) -> Tensor:
    return negative_sampling(
        edge_index=teil.edge_index,
        num_nodes=teil.num_nodes,
        num_neg_samples=teil.pos_edge_label_index.size(1),
    )


def baue_labels(positive: Tensor, negative: Tensor) -> Tensor:
    return torch.cat([torch.ones(positive.size(1)), torch.zeros(negative.size(1))])


def train(train_data: Data) -> float:
    modell.train()
    optimierer.zero_grad()
    positive = train_data.pos_edge_label_index
    negative = ziehe_negative(train_data)
    z = modell.encode(train_data.x, train_data.edge_index)
    punkte = modell.decode(z, torch.cat([positive, negative], dim=1))
    verlust = verlustfunktion(punkte, baue_labels(positive, negative))
    verlust.backward()
    optimierer.step()
    return verlust.item()


def trainiere(epochen: int) -> list[float]:
    verlauf = []
    for epoche in range(epochen):
        verlauf.append(train(train_daten))
        if epoche % 10 == 9:
            print(f"Epoche {epoche + 1:3d}: Verlust {verlauf[-1]:.4f}")
    return verlauf


verlauf = trainiere(cfg.epochen)

# %% [markdown]
# ## Step 6: Auswertung


# %%
@torch.no_grad()
def test(data: Data) -> float:
    modell.eval()
    positive, negative = data.pos_edge_label_index, data.neg_edge_label_index
    z = modell.encode(data.x, data.edge_index)
    punkte = modell.decode(z, torch.cat([positive, negative], dim=1))
    return roc_auc_score(baue_labels(positive, negative).numpy(), punkte.numpy())


print(f"Validierung: {test(val_daten):.4f}")
test_auc = test(test_daten)
print(f"Test-AUC: {test_auc:.4f}")

# %% [markdown]
# **Fazit.** Besser als Raten (0,5). Verbessern könnte man es mit den Hörzahlen als Gewichten.
