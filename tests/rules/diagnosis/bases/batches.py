# %%
# Music recommendation with a graph neural network
import networkx as nx
import pandas as pd
import torch
import torch_geometric as pyg
from sklearn import metrics
from torch_geometric.nn import SAGEConv

EMBED, HIDDEN, OUT = 32, 48, 24
BATCHES = 3

# %%
header = ["userID", "artistID", "listen_count"]
listens = pd.read_csv(
    "user_artists.dat",
    delimiter="\t",
    skiprows=1,  # the old header
    names=header,
)
print(listens.head().to_string())

# %%
all_users = listens["userID"].drop_duplicates().tolist()
all_artists = listens["artistID"].drop_duplicates().tolist()
count_users = len(all_users)
count_artists = len(all_artists)
print("There are %d users and %d artists." % (count_users, count_artists))


# %%
def person(number):
    return "person-%d" % number


def band(number):
    return "band-%d" % number


network = nx.Graph(name="last.fm")
for number in all_users:
    network.add_node(person(number), bipartite=0)
for number in all_artists:
    network.add_node(band(number), bipartite=1)
for user, artist, _ in listens.itertuples(index=False):
    network.add_edge(person(user), band(artist))
assert nx.is_bipartite(network)
print(network)

# %%
position = {}
for number in all_artists:
    position[band(number)] = len(position)
for number in all_users:
    position[person(number)] = len(position)
size = len(position)
assert size == count_users + count_artists

# %%
heads = []
tails = []
for first, second in network.edges():
    heads += [position[first], position[second]]
    tails += [position[second], position[first]]

everything = pyg.data.Data()
everything.x = torch.arange(size, dtype=torch.long)
everything.edge_index = torch.LongTensor([heads, tails])
everything.validate()
print(everything)

# %%
settings = dict(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
parts = pyg.transforms.RandomLinkSplit(**settings)(everything)
learn = parts[0]
check_part = parts[1]
exam = parts[2]
print(learn, check_part, exam)


# %%
class GNNLinkPredictor(torch.nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        self.embedding = torch.nn.Embedding(num_nodes, embedding_dim)
        torch.nn.init.xavier_uniform_(self.embedding.weight)
        self.layer_one = SAGEConv(embedding_dim, hidden_channels)
        self.layer_two = SAGEConv(hidden_channels, out_channels)

    def encode(self, x, edge_index):
        vectors = self.embedding(x)
        vectors = torch.nn.functional.relu(self.layer_one(vectors, edge_index))
        return self.layer_two(vectors, edge_index)

    def decode(self, z, edge_label_index):
        from_vectors = z[edge_label_index[0]]
        to_vectors = z[edge_label_index[1]]
        return torch.mul(from_vectors, to_vectors).sum(dim=1)


# %%
predictor = GNNLinkPredictor(size, EMBED, HIDDEN, OUT)
adam = torch.optim.Adam(predictor.parameters(), lr=0.005)
loss_function = torch.nn.BCEWithLogitsLoss()


# %%
def train(part):
    """One epoch, in batches of supervision edges."""
    predictor.train()
    total = 0.0
    order = torch.randperm(part.pos_edge_label_index.size(1))
    for batch in order.chunk(BATCHES):
        yes = part.pos_edge_label_index[:, batch]
        no = pyg.utils.negative_sampling(part.edge_index, size, yes.size(1))
        questions = torch.cat([no, yes], dim=1)
        answers = torch.cat([torch.zeros(no.size(1)), torch.ones(yes.size(1))])
        adam.zero_grad()
        vectors = predictor.encode(part.x, part.edge_index)
        loss = loss_function(predictor.decode(vectors, questions), answers)
        loss.backward()
        adam.step()
        total += loss.item() * len(batch)
    return total / len(order)


# %%
@torch.no_grad()
def test(part):
    predictor.eval()
    vectors = predictor.encode(part.x, part.edge_index)
    yes = predictor.decode(vectors, part.pos_edge_label_index)
    no = predictor.decode(vectors, part.neg_edge_label_index)
    answers = torch.cat([torch.ones(yes.size(0)), torch.zeros(no.size(0))])
    return metrics.roc_auc_score(answers, torch.cat([yes, no]))


# %%
history = {"loss": [], "auc": []}
for epoch in range(25):
    history["loss"].append(train(learn))
    history["auc"].append(test(check_part))
    if epoch % 6 == 0:
        print(epoch, "loss %.3f" % history["loss"][-1], "AUC %.3f" % history["auc"][-1])

# %%
result = test(exam)
print("AUC on the test set: %.3f" % result)

# %% [markdown]
# Better than random guessing (0.5). With more time: tune the sizes, add listen counts.
