# %% [markdown] id="aim"
# # Step 4 of 6 · The GNN model
#
# **Time: 60 minutes.** You will learn to
#
# - say what a `SAGEConv` layer computes, and compute it by hand,
# - write a model with an **encoder** (graph to embeddings) and a **decoder** (embeddings to
#   scores),
# - read the shapes of your tensors, and so find most mistakes before the training does.

# %% [markdown] id="idea"
# ## The idea
#
# Each node starts with a vector of its own, its **embedding**: random numbers that the training
# will change. A graph convolution then lets each node look at its neighbours. It takes the *mean*
# of their vectors and combines it with the node's own. After one layer a user has heard of its
# artists. After two it has also heard of the others who listen to them: that is how taste travels
# from user to user. To score a pair we take the **dot product** of its two vectors: large when they
# point the same way.
#
# ```text
#  x [num_nodes]          indices 0, 1, 2, ...
#     │ embedding
#     ▼
#  [num_nodes, embedding_dim]
#     │ SAGEConv  ◄──── edge_index (message-passing edges)
#     │ ReLU
#     ▼
#  [num_nodes, hidden_channels]
#     │ SAGEConv  ◄──── edge_index
#     ▼
#  z [num_nodes, out_channels] ──► decode(z, pairs) ──► scores
#                                  dot product          [pairs]
# ```

# %% id="setup_imports" role="given"
import torch
from torch import Tensor, nn
from torch_geometric.nn import SAGEConv

from autograder import pictures
from autograder.notebook import answer, check, checkpoint, hint, progress, seed_everything

seed_everything(0)

# %% [markdown] id="start_intro"
# This notebook starts from a right split, whether or not step 3 worked for you.

# %% id="start" role="given"
num_nodes, data, train_data = checkpoint("step4")
print(f"{num_nodes:,} nodes, {train_data.edge_index.size(1):,} message-passing edges for training")

# %% [markdown] id="hops_intro"
# ## Two layers, two hops
#
# **Predict, then run.** Which nodes has user 1 heard of after one layer, and which after two? What
# would a third layer add?

# %% id="hops" role="given"
pictures.two_hops(user=1)

# %% [markdown] id="toy_intro"
# ## A convolution by hand
#
# `SAGEConv` computes for each node *i*
#
# > new vector of *i* = **W₁** · (mean of the neighbours' vectors) + bias + **W₂** · (own vector)
#
# In the toy each vector is one number: users 1, 2, 3 hold 1, 2, 3; artists 1, 2, 3, 4 hold 10, 20,
# 30, 40. With both weights 1 and no bias, user 1 has the artists 2
# and 3: the mean is (20 + 30) / 2 = 25, plus its own 1 gives **26**.
#
# **Predict, then run.** What does user 3 get (artists 2 and 4)? What does artist 4 get (only user
# 3)?

# %% id="toy_conv"
toy_x = torch.tensor([[1.0], [2.0], [3.0], [10.0], [20.0], [30.0], [40.0]])  # [7, 1]
toy_edges = torch.tensor([[0, 0, 1, 1, 2, 2], [4, 5, 3, 4, 4, 6]])  # [2, 6], user -> artist
both_ways = torch.cat([toy_edges, toy_edges.flip(0)], dim=1)  # [2, 12]

conv = SAGEConv(1, 1, bias=False)
with torch.no_grad():
    conv.lin_l.weight.fill_(1.0)  # W1, for the mean of the neighbours
    conv.lin_r.weight.fill_(1.0)  # W2, for the node itself
    toy_out = conv(toy_x, both_ways)  # [7, 1]
names = ["u1", "u2", "u3", "a1", "a2", "a3", "a4"]
for name, value in zip(names, toy_out.flatten().tolist(), strict=True):
    print(name, value)

# %% [markdown] id="toy_one_way_intro"
# A message travels from source to destination only.
#
# **Predict, then run.** What do the *users* get if the edges are stored one way, user to artist?
# (Our split of step 3 has stored both ways for us.)

# %% id="toy_one_way"
with torch.no_grad():
    print("users: ", conv(toy_x, toy_edges)[:3].flatten().tolist())
    print("artists:", conv(toy_x, toy_edges)[3:].flatten().tolist())

# %% [markdown] id="toy_decode_intro"
# ## A score by hand
#
# The dot product of (1, 2) and (3, -1) is 1·3 + 2·(-1) = **1**. The pairs to score come as edges
# do, one in each *column*: sources in row 0, destinations in row 1.
#
# **Predict, then run.** How many scores will there be for three pairs, and which is the largest?

# %% id="toy_decode"
toy_z = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 4.0]])  # [3 nodes, 2 channels]
toy_pairs = torch.tensor([[0, 0, 1], [1, 2, 2]])  # [2, 3 pairs]
for column in range(3):
    a, b = toy_pairs[:, column].tolist()
    score = sum(p * q for p, q in zip(toy_z[a].tolist(), toy_z[b].tolist(), strict=True))
    print(f"nodes {a} and {b}: {score}")

# %% [markdown] id="model_task"
# ## Exercises 1 to 3: the class `GNNLinkPredictor`
#
# One class with three methods, each with a check of its own below. Leave the methods that you have
# not reached yet as they are.
#
# 1. `__init__`: an `nn.Embedding`, called `self.embedding`, with one row of length `embedding_dim`
#    for each node, and two `SAGEConv` layers, `self.conv1` and `self.conv2`. The first takes
#    vectors as the embedding gives them, the second gives vectors of length `out_channels`.
# 2. `encode`: look up the embedding of the indices `x`; then the two layers, both along
#    `edge_index`, with a ReLU in between, and only there.
# 3. `decode`: the dot product for each pair, without a Python loop. Raw scores (logits): the loss
#    of step 5 applies the sigmoid itself.
#
# The methods are called `encode` and `decode`; step 6 calls them by these names. You do not need
# `forward`.


# %% id="model" role="solution"
class GNNLinkPredictor(nn.Module):
    """Two SAGEConv layers over learnable node embeddings; scores a pair by a dot product."""

    def __init__(
        self, num_nodes: int, embedding_dim: int, hidden_channels: int, out_channels: int
    ) -> None:
        super().__init__()  # must come first: it lets the module keep track of its layers
        # Hint: each width must fit the next: what one layer gives is what the next one takes.
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.conv1 = SAGEConv(embedding_dim, hidden_channels)
        self.conv2 = SAGEConv(hidden_channels, out_channels)
        ### END SOLUTION

    def encode(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """Return the final embeddings z [num_nodes, out_channels], one row per node.

        x [num_nodes] holds node indices, edge_index [2, E] the message-passing edges.
        """
        # Hint: call a layer like a function: self.conv1(vectors, edge_index).
        ### BEGIN SOLUTION
        h = self.embedding(x)  # [num_nodes, embedding_dim]
        h = self.conv1(h, edge_index).relu()  # [num_nodes, hidden_channels]
        return self.conv2(h, edge_index)  # [num_nodes, out_channels]
        ### END SOLUTION

    def decode(self, z: Tensor, edge_label_index: Tensor) -> Tensor:
        """Return the scores [P] of the query pairs edge_label_index [2, P].

        z [num_nodes, out_channels] holds the embeddings that encode gave.
        """
        # Hint: z[indices] picks one row for each index. Which part of edge_label_index holds the
        #       sources? Over which dimension must the products be added, to leave P numbers?
        ### BEGIN SOLUTION
        source = z[edge_label_index[0]]  # [P, out_channels]
        destination = z[edge_label_index[1]]  # [P, out_channels]
        return (source * destination).sum(dim=-1)  # [P]
        ### END SOLUTION


# %% [markdown] id="check_layers_intro"
# **Exercise 1, `__init__`.** The check builds your layers in several sizes:

# %% id="check_layers" role="check"
check("step4.layers")
### BEGIN HIDDEN TESTS
check("step4.layers", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="check_encode_intro"
# **Exercise 2, `encode`.** The check repeats the computation with your own weights:

# %% id="check_encode" role="check"
check("step4.encode")
### BEGIN HIDDEN TESTS
check("step4.encode", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="check_decode_intro"
# **Exercise 3, `decode`.** One score for each pair, and it is the dot product:

# %% id="check_decode" role="check"
check("step4.decode")
### BEGIN HIDDEN TESTS
check("step4.decode", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="look_intro"
# ## Look at your model
#
# **Predict, then run.** Where do most of the numbers to be learned sit: in the embedding, or in the
# two layers?

# %% id="look"
model = GNNLinkPredictor(num_nodes, embedding_dim=32, hidden_channels=32, out_channels=32)
for name, parameter in model.named_parameters():
    print(f"{name:20} {tuple(parameter.shape)!s:14} {parameter.numel():8,}")

with torch.no_grad():
    z = model.encode(train_data.x, train_data.edge_index)
    scores = model.decode(z, train_data.pos_edge_label_index)
print("z", tuple(z.shape), "  scores", tuple(scores.shape))

# %% [markdown] id="think"
# ## A question to think about
#
# Suppose there were a ReLU after the second layer as well. What would be the smallest score that
# `decode` could ever give, and which probability is that after a sigmoid? Why is this bad for a
# model that must also say "no"?
#
# Our answer, when you have yours: `answer("step4.think")` in a new cell.
#
# *Your thoughts (not graded):*

# %% [markdown] id="references"
# ## References
#
# [1] W. Hamilton, R. Ying, J. Leskovec: *Inductive Representation Learning on Large Graphs*
# (GraphSAGE), NeurIPS 2017. [arXiv](https://arxiv.org/abs/1706.02216)
#
# [2] X. He et al.: *LightGCN*, SIGIR 2020: a recommender that keeps little but the averaging.
# [arXiv](https://arxiv.org/abs/2002.02126)
#
# [3] PyG: [SAGEConv](https://pytorch-geometric.readthedocs.io/en/latest/generated/torch_geometric.nn.conv.SAGEConv.html)

# %% [markdown] id="next"
# **Next:** `check("step4")` in a new cell shows the whole step. Then open `step5_training.ipynb`,
# where the random numbers start to mean something.
