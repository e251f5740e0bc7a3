# %% [markdown]
# # Lab report: a graph neural network that recommends music
#
# **Abstract.** We turn the listening log into a bipartite graph, learn node embeddings with two
# GraphSAGE layers and measure how well held-out links are ranked above non-links.

# %% [markdown]
# **Step 1.** The log. One line per (listener, artist).

# %%
import logging
import math
import pathlib

import networkx as nx
import numpy as np
import pandas as pd
import sklearn.metrics
import torch
import torch_geometric as pyg
from torch_geometric import transforms

logging.basicConfig(level=logging.INFO, format="%(message)s")
log = logging.getLogger("report")
pyg.seed_everything(31)

path = pathlib.Path.cwd() / "user_artists.dat"
with path.open() as handle:
    interactions = pd.read_csv(handle, sep="\t")
interactions = interactions.rename(columns=lambda c: {"weight": "listen_count"}.get(c, c))
assert interactions.notna().all().all() and (interactions.listen_count > 0).all()
print(interactions.head().to_string())
print("listeners:", interactions["userID"].unique().size)
print("artists:", interactions["artistID"].unique().size)

# %% [markdown]
# **Step 2.** The graph. A listener is called `L<id>`, an artist `A<id>`, because plain numbers would
# mix up listener 7 with artist 7.

# %%
interactions["listener"] = "L" + interactions["userID"].astype(str)
interactions["artist"] = "A" + interactions["artistID"].astype(str)
network = nx.Graph(name="last.fm")
for column, side in (("listener", 0), ("artist", 1)):
    for name in interactions[column].unique():
        network.add_node(name, bipartite=side)
for listener, artist, plays in interactions[["listener", "artist", "listen_count"]].itertuples(index=False):
    network.add_edge(listener, artist, weight=math.log1p(plays))
listeners, artists = (
    [v for v, s in network.nodes.data("bipartite") if s == side] for side in (0, 1)
)
log.info("%d + %d nodes, %d edges", len(listeners), len(artists), network.number_of_edges())

# %% [markdown]
# **Step 3.** Numbers for the nodes; the edges as a tensor; 80 / 10 / 10.

# %%
position: dict[str, int] = {}
for name in listeners:
    position[name] = len(position)
for name in artists:
    position[name] = len(position)
size = len(position)


def edge_tensor(graph: nx.Graph) -> torch.Tensor:
    columns: list[tuple[int, int]] = []
    for a, b in graph.edges:
        columns.append((position[a], position[b]))
        columns.append((position[b], position[a]))
    return torch.tensor(columns, dtype=torch.long).t().contiguous()


whole = pyg.data.Data(x=torch.arange(size, dtype=torch.int64), edge_index=edge_tensor(network))
whole.validate(raise_on_error=True)
halves = transforms.RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    split_labels=True,
    add_negative_train_samples=False,
)
fit_part, tune_part, final_part = halves(whole)
for part in (fit_part, tune_part, final_part):
    log.info(part)

# %% [markdown]
# **Step 4.** The model.


# %%
class GNNLinkPredictor(torch.nn.Module):
    num_layers = 2

    def __init__(self, num_nodes: int, embedding_dim: int, hidden_channels: int, out_channels: int):
        super().__init__()
        start = torch.randn(num_nodes, embedding_dim) / math.sqrt(embedding_dim)
        self.nodes = torch.nn.Embedding.from_pretrained(start, freeze=False)
        self.layers = torch.nn.ModuleDict(
            {
                "inner": pyg.nn.SAGEConv(embedding_dim, hidden_channels),
                "outer": pyg.nn.SAGEConv(hidden_channels, out_channels),
            }
        )

    def encode(self, x: torch.Tensor, edge_index: torch.Tensor) -> torch.Tensor:
        inner = self.layers["inner"](self.nodes(x), edge_index)
        return self.layers["outer"](torch.nn.functional.relu(inner), edge_index)

    def decode(self, z: torch.Tensor, edge_label_index: torch.Tensor) -> torch.Tensor:
        return z[edge_label_index].prod(dim=0).sum(dim=1)


# %% [markdown]
# **Step 5.** Training. The negatives come from a stream that never ends and never repeats.

# %%
net = GNNLinkPredictor(size, 28, 28, 20)
adam = torch.optim.Adam(net.parameters(), lr=8e-3, betas=(0.9, 0.95))
bce = torch.nn.BCEWithLogitsLoss()


def stream(part):
    while True:
        yield pyg.utils.negative_sampling(
            part.edge_index,
            num_nodes=part.num_nodes,
            num_neg_samples=part.pos_edge_label_index.size(1),
        )


non_edges = stream(fit_part)


def train(train_data) -> float:
    net.train()
    negative = next(non_edges)
    embedding = net.encode(train_data.x, train_data.edge_index)
    logits = net.decode(embedding, torch.cat([train_data.pos_edge_label_index, negative], dim=1))
    wanted = torch.cat([train_data.pos_edge_label, torch.zeros(negative.size(1))])
    adam.zero_grad()
    value = bce(logits, wanted)
    value.backward()
    adam.step()
    return value.item()


curve = np.empty(36)
for epoch in range(curve.size):
    curve[epoch] = train(fit_part)
log.info("loss from %.3f to %.3f", curve[0], curve[-1])

# %% [markdown]
# **Step 6.** Measurement.


# %%
@torch.no_grad()
def test(data) -> float:
    net.eval()
    embedding = net.encode(data.x, data.edge_index)
    logits = net.decode(embedding, torch.cat([data.pos_edge_label_index, data.neg_edge_label_index], 1))
    wanted = torch.cat([data.pos_edge_label, data.neg_edge_label])
    return sklearn.metrics.roc_auc_score(wanted.numpy(), logits.numpy())


result = pd.Series({"validation": test(tune_part), "test": test(final_part)}, name="AUC")
print(result.round(4))

# %% [markdown]
# **Discussion.** Guessing gives 0.5. More layers would let the model see friends of friends.
