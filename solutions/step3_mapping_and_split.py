# %% [markdown] id="aim"
# # Step 3 of 6 · Mapping, `Data` and the split
#
# **Time: 40 minutes.** You will learn to
#
# - number the nodes 0 to `num_nodes - 1`, so that a table of embeddings can have one row for each,
# - put a graph into PyTorch Geometric's `Data` object,
# - split the *edges* into training, validation and test,
# - tell message-passing edges from supervision edges, and recognise leakage.

# %% [markdown] id="idea"
# ## The idea
#
# PyTorch knows no names, only row numbers. So each node gets an index, and each edge becomes a
# column of two indices. The result is `edge_index`, a tensor of shape `[2, num_edges]`: sources in
# row 0, destinations in row 1. To learn, and to test what was learned, we hide some edges and ask
# the model to find them. The model may look at the other edges as much as it likes, but never at
# the hidden ones.
#
# ```text
#          └─── users ───┘ └───── artists ─────┘
# node      u1   u2   u3    a1   a2   a3   a4      u1: ("user", 1)
# index      0    1    2     3    4    5    6      a2: ("artist", 2)
#
# edges          u1-a2  u1-a3  u2-a1  u2-a2  u3-a2  u3-a4
#
# edge_index = [[  0,     0,     1,     1,     2,     2 ],   sources
#               [  4,     5,     3,     4,     4,     6 ]]   destinations
# ```
#
# These are the toy's numbers from here to step 6.

# %% id="setup_imports" role="given"
import torch
import torch_geometric.transforms as T
from torch_geometric.data import Data

from autograder import pictures
from autograder.notebook import answer, check, checkpoint, hint, progress, seed_everything

seed_everything(0)

# %% [markdown] id="start_intro"
# This notebook starts from a right graph, whether or not step 2 worked for you. Its nodes are named
# `("user", id)` and `("artist", id)`.

# %% id="start" role="given"
df, n_users, n_artists, G = checkpoint("step3")
print(f"{n_users:,} users + {n_artists:,} artists, {G.number_of_edges():,} edges")

# %% [markdown] id="toy_intro"
# ## A worked toy example
#
# **Predict, then run.** Which shape does the toy's `edge_index` have? What will `validate()` say if
# one index is 7?

# %% id="toy_data"
toy_edge_index = torch.tensor([[0, 0, 1, 1, 2, 2], [4, 5, 3, 4, 4, 6]])  # [2, 6]
toy_data = Data(x=torch.arange(7), edge_index=toy_edge_index)
print(toy_data)
print("valid?", toy_data.validate())

broken = Data(x=torch.arange(7), edge_index=torch.tensor([[0], [7]]))
try:
    broken.validate()
except ValueError as error:
    print("ValueError:", error)

# %% [markdown] id="mapping_task"
# ## Exercise 1: number the nodes
#
# A dictionary can hold the index of each node. What should its keys be? With the raw ids as keys
# you meet the trap of step 2 again: a user and an artist with the same id would share one entry,
# and with it one index. Our nodes have names of their own.
#
# Make `id_mapping`, from each node of `G` to an integer, and `num_nodes`. Number **users first**:
# users get 0 to `n_users - 1`, artists get the rest, with no gap. (The next section says why.)

# %% id="mapping" role="solution"
# id_mapping: dict, node -> index in 0 .. num_nodes - 1;   num_nodes: int
# Hint: G.nodes(data="bipartite") gives pairs (node, side); side is 0 for users, 1 for artists.
#       enumerate(...) counts while you loop. Where does it start?
### BEGIN SOLUTION
users = [node for node, side in G.nodes(data="bipartite") if side == 0]
artists = [node for node, side in G.nodes(data="bipartite") if side == 1]
id_mapping = {node: index for index, node in enumerate(users + artists)}
num_nodes = len(id_mapping)
### END SOLUTION

# %% id="check_mapping" role="check"
check("step3.mapping")
### BEGIN HIDDEN TESTS
check("step3.mapping", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="direction_intro"
# ## One direction or both?
#
# Our graph is undirected, but a column of `edge_index` has a direction. PyG stores an undirected
# edge as two columns, `(u, a)` and `(a, u)`. The split of exercise 3 does this for us: with
# `is_undirected=True` it keeps the columns with `source <= target`, splits those, and then adds
# their reverse. So there are two safe ways to store the edges:
#
# - both directions of every edge. One of the two columns is kept, whichever side comes first;
# - one direction only. Then the source must have the smaller index, or the column is dropped. That
#   is why we number the users first and write each edge from its user to its artist.
#
# **Predict, then run.** How many of the six columns survive if users come first? How many if
# artists do? And if both directions are stored?

# %% id="toy_direction"
users_first = toy_edge_index
# artists 0 to 3, users 4 to 6
artists_first = torch.tensor([[4, 4, 5, 5, 6, 6], [1, 2, 0, 1, 1, 3]])
both = torch.cat([artists_first, artists_first.flip(0)], dim=1)  # [2, 12]
ways = {"users first": users_first, "artists first": artists_first, "both directions": both}
for name, edges in ways.items():
    kept = edges[0] <= edges[1]  # one bool for each column
    print(f"{name:15} {int(kept.sum())} of {edges.size(1)} columns kept")

# %% [markdown] id="data_task"
# ## Exercise 2: the `Data` object
#
# - `x`: we have no features for our nodes. The model will *learn* a vector for each, its embedding,
#   and looks it up by index. So `x` holds the indices: `torch.arange(num_nodes, dtype=torch.long)`.
# - `edge_index`: all edges of `G`, one column each, `dtype=torch.long`.

# %% id="data" role="solution"
# data: Data(x=[num_nodes], edge_index=[2, E]), both torch.long.
# Hint: a list of E pairs becomes a tensor of shape [E, 2]. Which shape is needed?
#       An edge of G is a pair of nodes, in either order; users have the smaller index.
### BEGIN SOLUTION
x = torch.arange(num_nodes, dtype=torch.long)  # [num_nodes]
pairs = [sorted((id_mapping[a], id_mapping[b])) for a, b in G.edges]  # E pairs (user, artist)
edge_index = torch.tensor(pairs, dtype=torch.long).t().contiguous()  # [2, E]
data = Data(x=x, edge_index=edge_index)
### END SOLUTION

# %% id="check_data" role="check"
check("step3.data")
### BEGIN HIDDEN TESTS
check("step3.data", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="split_idea"
# ## Two jobs for an edge
#
# **Message-passing edges** (`edge_index`) are what the model may look at. **Supervision edges**
# (`pos_edge_label_index`) are the questions that it is asked. Here is the toy with user 3's edges
# held out, one for validation and one for the test:

# %% id="jobs" role="given"
pictures.messages_and_supervision()

# %% [markdown] id="leak_intro"
# For validation and test there are also questions with the answer "no", in `neg_edge_label_index`.
# Those for training are drawn in step 5.
#
# **Leakage** is when the answer is among the things that the model may look at: when the edge that
# is asked about, or its *reverse*, is in `edge_index`. The score is then splendid and means
# nothing.
#
# **Predict, then run.** Below, the toy is stored in both directions and the test edge is taken out.
# Is the answer still there?

# %% id="toy_leak"
both_ways = torch.cat([toy_edge_index, toy_edge_index.flip(0)], dim=1)  # [2, 12]
test_column = 5  # user 3 - artist 4, nodes 2 and 6
visible = [column for column in range(12) if column != test_column]
seen = set(map(tuple, both_ways[:, visible].t().tolist()))

source, target = both_ways[:, test_column].tolist()
print("test edge      ", (source, target), "visible:", (source, target) in seen)
print("the same, back ", (target, source), "visible:", (target, source) in seen)

# %% [markdown] id="split_task"
# ## Exercise 3: split the edges
#
# The hidden edge has leaked through its own reverse. `T.RandomLinkSplit` can avoid this, if it is
# told how our graph is stored. Make one as `transform`, and apply it to `data`. It returns three
# `Data` objects: training, validation, test. Look up its
# [parameters](https://pytorch-geometric.readthedocs.io/en/latest/generated/torch_geometric.transforms.RandomLinkSplit.html)
# and decide on five of them:
#
# - validation and test get 10% of the edges each. Shares or whole numbers: which does it take?
# - an edge and its reverse must end up on the same side of the split. Which parameter sees to that?
# - step 5 draws fresh negatives for training in every epoch. Should the split store some as well?
# - we want positives and negatives apart, as `pos_edge_label_index` and `neg_edge_label_index`.

# %% id="split" role="solution"
# transform: T.RandomLinkSplit;   train_data, val_data, test_data: Data
# Hint: not every default is what we want. A whole number such as 1 would mean *one edge*.
seed_everything(0)  # the same split in every run
### BEGIN SOLUTION
transform = T.RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
train_data, val_data, test_data = transform(data)
### END SOLUTION

# %% id="check_split" role="check"
check("step3.split")
### BEGIN HIDDEN TESTS
check("step3.split", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="look_intro"
# ## Look at the split
#
# **Predict, then run.** `train_data` and `val_data` have the same number of message-passing edges,
# and `test_data` has more. Why? And why are the numbers of message-passing edges even?

# %% id="look"
for name, part in (("train", train_data), ("val", val_data), ("test", test_data)):
    messages = part.edge_index.size(1)
    positives = part.pos_edge_label_index.size(1)
    print(f"{name:5}  message-passing {messages:7,}   positive supervision {positives:7,}")

# %% [markdown] id="think"
# ## A question to think about
#
# In `train_data` the same edges do both jobs: the model is asked about edges it is looking at.
# Nobody calls this leakage, yet it makes training easier than the test. What might a model learn
# from this that does not help on new edges? (`RandomLinkSplit` has a parameter
# `disjoint_train_ratio`. What could it be for?)
#
# Our answer, when you have yours: `answer("step3.think")` in a new cell.
#
# *Your thoughts (not graded):*

# %% [markdown] id="references"
# ## References
#
# [1] PyG: [the `Data` object](https://pytorch-geometric.readthedocs.io/en/latest/get_started/introduction.html),
# and an [example of link
# prediction](https://github.com/pyg-team/pytorch_geometric/blob/master/examples/link_pred.py).
#
# [2] J. Zhu et al.: *Pitfalls in Link Prediction with Graph Neural Networks*, 2023, on edges that
# do both jobs. [arXiv](https://arxiv.org/abs/2306.00899)

# %% [markdown] id="next"
# **Next:** `check("step3")` in a new cell shows the whole step. Then open `step4_model.ipynb`,
# where the nodes get their embeddings.
