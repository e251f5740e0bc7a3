# %% [markdown]
# # Link prediction on Last.fm
# First all functions, then one cell that runs the whole thing.

# %%
import networkx as nx
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import LabelEncoder
from torch import nn, optim
from torch_geometric.data import Data
from torch_geometric.nn import SAGEConv
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import negative_sampling, to_undirected


# %%
def load(path):
    """Who listens to whom, and how often."""
    table = pd.read_csv(path, sep="\t")
    table = table.set_axis(["userID", "artistID", "listen_count"], axis=1)
    return table


interactions = load("user_artists.dat")
print(interactions.head(3))
num_users = interactions["userID"].nunique()
num_artists = interactions["artistID"].nunique()
print("Users:", num_users, "Artists:", num_artists)


# %%
def build_graph(table):
    """Undirected bipartite graph; nodes are labelled as user_1, artist_1."""
    g = nx.Graph()
    left = "user_" + table["userID"].astype(str)
    right = "artist_" + table["artistID"].astype(str)
    g.add_nodes_from(left.unique(), bipartite=0)
    g.add_nodes_from(right.unique(), bipartite=1)
    g.add_edges_from(zip(left, right))
    return g


G = build_graph(interactions)
print(G.number_of_nodes(), G.number_of_edges())

# %%
user_encoder = LabelEncoder()
artist_encoder = LabelEncoder()
user_index = user_encoder.fit_transform(interactions["userID"])
artist_index = artist_encoder.fit_transform(interactions["artistID"])


def to_data(user_index, artist_index):
    """Artists come first: 0 .. num_artists - 1, then the users."""
    users = torch.as_tensor(user_index).long() + num_artists
    artists = torch.as_tensor(artist_index).long()
    edge_index = torch.stack([users, artists])
    edge_index = to_undirected(edge_index)
    size = num_users + num_artists
    return Data(x=torch.arange(size), edge_index=edge_index)


music = to_data(user_index, artist_index)
print(music, music.is_undirected())


# %%
def split_edges(d):
    random_split = RandomLinkSplit(
        num_val=0.1,
        num_test=0.1,
        is_undirected=True,
        add_negative_train_samples=False,
        split_labels=True,
    )
    return random_split(d)


train_set, val_set, test_set = split_edges(music)


# %%
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.convs = nn.ModuleList()
        self.convs.append(SAGEConv(embedding_dim, hidden_channels))
        self.convs.append(SAGEConv(hidden_channels, out_channels))

    def encode(self, x, edge_index):
        out = self.embedding(x)
        out = self.convs[0](out, edge_index)
        out = out.clamp(min=0)  # ReLU
        out = self.convs[1](out, edge_index)
        return out

    def decode(self, z, edge_label_index):
        z_src = z.index_select(0, edge_label_index[0])
        z_dst = z.index_select(0, edge_label_index[1])
        return (z_src * z_dst).sum(dim=-1)


# %%
def labels_for(pos, neg):
    return torch.cat([torch.ones(pos.shape[1]), torch.zeros(neg.shape[1])])


def train_step(net, optimiser, d):
    net.train()
    optimiser.zero_grad()
    z = net.encode(d.x, d.edge_index)
    positives = d.pos_edge_label_index
    negatives = negative_sampling(d.edge_index, d.num_nodes, positives.shape[1])
    logits = net.decode(z, torch.cat([positives, negatives], 1))
    loss = nn.functional.binary_cross_entropy_with_logits(logits, labels_for(positives, negatives))
    loss.backward()
    optimiser.step()
    return loss.item()


@torch.no_grad()
def score(net, d):
    net.eval()
    z = net.encode(d.x, d.edge_index)
    positives = d.pos_edge_label_index
    negatives = d.neg_edge_label_index
    logits = net.decode(z, torch.cat([positives, negatives], 1))
    return roc_auc_score(labels_for(positives, negatives).numpy(), logits.numpy())


# %%
def run(epochs=40):
    net = GNNLinkPredictor(num_users + num_artists, 32, 32, 32)
    optimiser = optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(epochs):
        loss = train_step(net, optimiser, train_set)
        if epoch % 10 == 0:
            print(f"{epoch:3d}  loss {loss:.3f}  validation {score(net, val_set):.3f}")
    return net


net = run()

# %%
test_score = score(net, test_set)
print(f"test AUC = {test_score:.3f}")
