# %%
import pandas as pd

# %%
import networkx as nx
import torch
import torch.nn as nn

# %%
import torch_geometric.transforms as T
from sklearn.metrics import roc_auc_score
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.utils import negative_sampling

# %%
torch.manual_seed(3)

# %%
datos = pd.read_csv("user_artists.dat", sep="\t")

# %%
datos.rename(columns={"weight": "listen_count"}, inplace=True)

# %%
datos.head()

# %%
usuarios = datos["userID"].unique()
artistas = datos["artistID"].unique()

# %%
print("usuarios distintos:", len(usuarios))

# %%
print("artistas distintos:", len(artistas))

# %%
# los mismos numeros aparecen como usuario y como artista!
len(set(usuarios) & set(artistas))

# %%
G = nx.Graph()

# %%
for u in usuarios:
    G.add_node(f"u{u}", bipartite=0)

# %%
for a in artistas:
    G.add_node(f"a{a}", bipartite=1)

# %%
for _, fila in datos.iterrows():
    G.add_edge(f"u{fila['userID']}", f"a{fila['artistID']}")

# %%
G.number_of_nodes(), G.number_of_edges()

# %%
assert G.number_of_nodes() == len(usuarios) + len(artistas)

# %%
indice_usuario = {}
for i, u in enumerate(usuarios):
    indice_usuario[u] = i

# %%
indice_artista = {}
for i, a in enumerate(artistas):
    indice_artista[a] = len(usuarios) + i

# %%
total = len(indice_usuario) + len(indice_artista)
total

# %%
origen = [indice_usuario[u] for u in datos["userID"]]

# %%
destino = [indice_artista[a] for a in datos["artistID"]]

# %%
edge_index = torch.tensor([origen, destino], dtype=torch.long)

# %%
edge_index.shape

# %%
X = torch.arange(total, dtype=torch.long)

# %%
data = Data(x=X, edge_index=edge_index)
data

# %%
transformacion = T.RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)

# %%
entrenamiento, validacion, prueba = transformacion(data)

# %%
entrenamiento

# %%
prueba


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.emb = nn.Embedding(num_nodes, embedding_dim)
        self.capa1 = SAGEConv(embedding_dim, hidden_channels)
        self.activacion = nn.ReLU()
        self.capa2 = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        x = self.emb(x)
        x = self.capa1(x, edge_index)
        x = self.activacion(x)
        x = self.capa2(x, edge_index)
        return x

    def decode(self, z, edge_label_index):
        a = z[edge_label_index[0]]
        b = z[edge_label_index[1]]
        return torch.sum(a * b, dim=1)


# %%
modelo = GNNLinkPredictor(total, 32, 32, 16)
modelo

# %%
optimizador = torch.optim.Adam(modelo.parameters(), lr=0.01)

# %%
criterio = nn.BCEWithLogitsLoss()

# %%
positivas = entrenamiento.pos_edge_label_index
n_pos = positivas.size(1)
n_pos

# %%
etiquetas = torch.cat([torch.ones(n_pos), torch.zeros(n_pos)])

# %%
perdidas = []


# %%
def train(train_data):
    modelo.train()
    optimizador.zero_grad()
    negativas = negative_sampling(
        train_data.edge_index, num_nodes=total, num_neg_samples=n_pos, method="sparse"
    )
    consulta = torch.cat([train_data.pos_edge_label_index, negativas], dim=1)
    z = modelo.encode(train_data.x, train_data.edge_index)
    salida = modelo.decode(z, consulta)
    perdida = criterio(salida, etiquetas)
    perdida.backward()
    optimizador.step()
    return perdida.item()


# %%
train(entrenamiento)

# %%
for epoca in range(25):
    perdidas.append(train(entrenamiento))

# %%
print(perdidas[0], perdidas[-1])


# %%
@torch.no_grad()
def test(data):
    modelo.eval()
    z = modelo.encode(data.x, data.edge_index)
    pos = modelo.decode(z, data.pos_edge_label_index)
    neg = modelo.decode(z, data.neg_edge_label_index)
    puntos = torch.cat([pos, neg])
    verdad = torch.cat([torch.ones(len(pos)), torch.zeros(len(neg))])
    return roc_auc_score(verdad, puntos)


# %%
auc_validacion = test(validacion)
auc_validacion

# %%
auc_prueba = test(prueba)

# %%
print("AUC en prueba:", round(auc_prueba, 4))

# %% [markdown]
# El modelo es mejor que el azar. Con mas epocas o con los pesos de escucha podria mejorar.
