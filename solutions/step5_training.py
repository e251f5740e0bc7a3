# %% [markdown] id="aim"
# # Step 5 of 6 · Training
#
# **Time: 60 minutes.** You will learn to
#
# - draw negatives: pairs without an edge, as counterexamples,
# - write a full training step: sample, encode, decode, loss, gradients, update,
# - read a curve of losses, and use validation edges to choose when to stop.

# %% [markdown] id="idea"
# ## The idea
#
# We turn "which links are missing?" into a yes-or-no question. The model gets pairs and gives them
# scores; pairs with an edge should score high, pairs without one low. But the data holds only the
# pairs to which the answer is yes, and a model that sees nothing else learns to say yes always. So
# for each positive pair we draw a random pair that is no edge, a **negative**. The loss says how
# wrong the scores are, its gradients say in which direction each weight should move, and the
# optimizer takes a small step. One such pass is an **epoch**; we do 100.
#
# ```text
# positives [2, P] ─┐
#                   ├─► pairs [2, 2P] ─► decode ─► scores [2P] ─┐
# negatives [2, P] ─┘                      ▲                    ├─► loss
# (new each epoch)                         z      labels [2P] ──┘    │
#                                          │      1 ... 1 0 ... 0    ▼
# x, edge_index ────────► encode ──────────┘          backward, step
# ```

# %% id="setup_imports" role="given"
import torch
from torch import nn
from torch_geometric.data import Data
from torch_geometric.utils import negative_sampling

from autograder import pictures
from autograder.notebook import answer, check, checkpoint, hint, progress, seed_everything, track

seed_everything(0)

# %% [markdown] id="seed_note"
# Why `seed_everything` and not just `torch.manual_seed`? PyG draws negatives with Python's own
# `random`. To repeat a run, all generators must be seeded.
#
# This notebook starts from a right split and from your model class of step 4, if that notebook lies
# beside this one and passes its checks; else from a stand-in. A printed line says which.

# %% id="start" role="given"
num_nodes, train_data, GNNLinkPredictor = checkpoint("step5")
print(train_data)

# %% [markdown] id="toy_negatives_intro"
# ## Negatives, on the toy
#
# `negative_sampling(edge_index, num_nodes, num_neg_samples)` draws random pairs of nodes and leaves
# out those that are in `edge_index`. It knows nothing of users and artists.
#
# **Predict, then run.** There are 7 nodes. Will each negative be a user and an artist? Will the
# second draw be the same as the first?

# %% id="toy_negatives"
names = ["u1", "u2", "u3", "a1", "a2", "a3", "a4"]
toy_edges = torch.tensor([[0, 0, 1, 1, 2, 2], [4, 5, 3, 4, 4, 6]])  # [2, 6]
toy_both = torch.cat([toy_edges, toy_edges.flip(0)], dim=1)  # [2, 12], so no reverse is drawn
for draw in (1, 2):
    toy_negatives = negative_sampling(toy_both, num_nodes=7, num_neg_samples=6)  # [2, 6]
    print(f"draw {draw}:", [f"{names[a]}-{names[b]}" for a, b in toy_negatives.t().tolist()])

# %% [markdown] id="toy_negatives_after"
# Many pairs are artist-artist or user-user. As negatives they are right but easy, since such pairs
# can never be edges. (Drawing user-artist pairs only is right too, and harder.) Drawing anew in
# each epoch matters: a model could learn a fixed list of negatives by heart.
#
# One more thing to know. `negative_sampling` avoids the edges that it is shown, and in training we
# show it the training edges only. So now and then it draws a *held-out* edge, and calls it a
# negative. To avoid this we would have to look at the held-out edges, which we must not do. It
# happens to about 3 negatives in 1,000 on the sample, and to 1 in 10,000 on the real data: too
# rarely to do harm.

# %% [markdown] id="toy_loss_intro"
# ## The loss, by hand
#
# `BCEWithLogitsLoss` takes raw scores, applies the sigmoid, and charges -log(probability of the
# right answer). A score of 0 means "50 : 50" and costs log 2 = 0.693, whatever the label.
#
# **Predict, then run.** A score of 2 is a rather sure yes. What does it cost if the label is 1? And
# if it is 0? The labels must be floats.

# %% id="toy_loss"
toy_loss_fn = nn.BCEWithLogitsLoss()
for score, label in ((0.0, 1.0), (2.0, 1.0), (2.0, 0.0), (-2.0, 0.0)):
    cost = toy_loss_fn(torch.tensor([score]), torch.tensor([label]))
    print(f"score {score:4}  label {label:3}  loss {cost.item():.3f}")

# %% [markdown] id="setup_task"
# ## Exercise 1: model, optimizer, loss
#
# - `model`: a `GNNLinkPredictor` for all nodes, with 32 numbers per node at every stage: in the
#   embedding, between the layers and at the end.
# - `optimizer`: `torch.optim.Adam` with learning rate 0.01. It changes only the parameters that it
#   is given. Which must these be? What happens to it if you make a new model later?
# - `loss_fn`: torch has `nn.BCELoss`, `nn.BCEWithLogitsLoss` and `nn.MSELoss`. Which one takes the
#   raw scores that `decode` gives? (The toy above has the answer.)

# %% id="setup" role="solution"
# model: GNNLinkPredictor;   optimizer: torch.optim.Adam;   loss_fn: nn.BCEWithLogitsLoss
seed_everything(0)  # the same first weights in every run
### BEGIN SOLUTION
model = GNNLinkPredictor(num_nodes, embedding_dim=32, hidden_channels=32, out_channels=32)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.BCEWithLogitsLoss()
### END SOLUTION

# %% id="check_setup" role="check"
check("step5.setup")
### BEGIN HIDDEN TESTS
check("step5.setup", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="toy_grad_intro"
# ## Gradients add up
#
# `backward()` *adds* the new gradients to those that are already there.
#
# **Predict, then run.** The gradient of 3·w is 3. What is `w.grad` after the second `backward()`,
# and after the third?

# %% id="toy_grad"
w = torch.tensor(1.0, requires_grad=True)
toy_optimizer = torch.optim.SGD([w], lr=0.1)
for turn in (1, 2, 3):
    if turn == 3:
        toy_optimizer.zero_grad()
    (3 * w).backward()
    print("backward no.", turn, " w.grad =", w.grad.item())

# %% [markdown] id="train_task"
# ## Exercise 2: one training step
#
# Write `train(train_data)`, which does one full training step:
#
# 1. set the model to training mode, and clear the old gradients,
# 2. take the positives, `train_data.pos_edge_label_index`, and draw **as many** negatives,
# 3. join the two into one `edge_label_index`; make the matching `edge_label` of ones and zeros,
# 4. encode: node indices and *message-passing* edges. The negatives do not belong there: the model
#    would pass messages along edges that do not exist,
# 5. decode the joined pairs, compute the loss, backpropagate, let the optimizer take its step,
# 6. return the loss as a plain number; a tensor would keep its whole computation in memory.


# %% id="train" role="solution"
def train(train_data: Data) -> float:
    """Do one training step on all supervision edges and return the loss.

    train_data has x [num_nodes], edge_index [2, E] (message passing) and
    pos_edge_label_index [2, P] (positive supervision edges).
    """
    # Hint: draw the negatives in here, so that each call has new ones. Against which edges must
    #       they be checked? torch.cat has dim=; pairs are columns. loss.item() is a float.
    ### BEGIN SOLUTION
    model.train()
    optimizer.zero_grad()
    x, edge_index = train_data.x, train_data.edge_index  # no validation or test edge in here
    pos = train_data.pos_edge_label_index  # [2, P]
    neg = negative_sampling(edge_index, num_nodes=x.size(0), num_neg_samples=pos.size(1))  # [2, P]
    edge_label_index = torch.cat([pos, neg], dim=1)  # [2, 2P]
    edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])  # [2P]
    z = model.encode(x, edge_index)  # [num_nodes, out_channels]
    loss = loss_fn(model.decode(z, edge_label_index), edge_label)
    loss.backward()
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %% id="check_train" role="check"
check("step5.train")
### BEGIN HIDDEN TESTS
check("step5.train", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="track_intro"
# ## An eye on the validation edges
#
# A falling loss says that the model gets better on edges it has seen. Is it also getting better on
# edges it has *not* seen? `track` measures this after every step of your optimizer: the AUC on the
# validation edges. Step 6 explains the AUC, and there you write the measurement yourself. For now:
# 0.5 is guessing, 1 is perfect.

# %% id="track" role="given"
tracker = track(model, optimizer)

# %% [markdown] id="loop_task"
# ## Exercise 3: the training loop
#
# Call `train(train_data)` in a `for` loop for 100 epochs. (The check asks for 100 losses or more.)
# Collect the losses in a list, `losses`, one float for *each* epoch, and print the loss in every
# tenth epoch. With the tracker this took 4 seconds on the sample and 40 seconds on the real data,
# on one processor core.
#
# To start again with fresh weights, run exercise 1's cell and the cell `tracker = ...` first.

# %% id="loop" role="solution"
# losses: list of 100 floats
### BEGIN SOLUTION
losses = []
for epoch in range(1, 101):
    loss = train(train_data)
    losses.append(loss)
    if epoch % 10 == 0:
        print(f"epoch {epoch:3d}   loss {loss:.4f}")
### END SOLUTION

# %% id="check_loop" role="check"
check("step5.loop")
### BEGIN HIDDEN TESTS
check("step5.loop", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="plot_intro"
# ## Two curves
#
# **Predict, then run.** At which height would the loss stay if the model answered "50 : 50" to
# everything? The dotted line shows it. The first losses may lie well above it, because random
# vectors give large scores: *sure* answers, many of them wrong. When is the validation AUC best, at
# the end or before?

# %% id="plot" role="given"
pictures.training(losses, tracker.aucs)

# %% [markdown] id="stop_intro"
# ## When to stop
#
# If the AUC still rises at the end, more epochs would help. If it has begun to fall while the loss
# still falls, the model is learning the training edges by heart; this is **overfitting**, and
# stopping at the best epoch is called **early stopping**. The validation edges may decide this,
# because the report of step 6 will be about others: the test edges. On the sample the AUC still
# rises after 100 epochs. On the real data we saw the best one, 0.845, after epoch 20, and 0.834
# after epoch 100, while the loss still fell.
#
# The next cell gives the model back the weights of its best epoch.

# %% id="stop" role="given"
tracker.keep_best()
print("The model is now that of epoch", tracker.best_epoch)

# %% [markdown] id="think"
# ## A question to think about
#
# The loss falls nicely. List two different mistakes that could be in `train` *although* the loss
# falls. What does a falling loss prove, then, and what does it not prove?
#
# Our answer, when you have yours: `answer("step5.think")` in a new cell.
#
# *Your thoughts (not graded):*

# %% [markdown] id="references"
# ## References
#
# [1] PyG: [negative_sampling](https://pytorch-geometric.readthedocs.io/en/latest/modules/utils.html)
#
# [2] PyTorch: [BCEWithLogitsLoss](https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html)
#
# [3] S. Rendle et al.: *BPR: Bayesian Personalized Ranking from Implicit Feedback*, UAI 2009: a
# loss for rankings. [arXiv](https://arxiv.org/abs/1205.2618)

# %% [markdown] id="next"
# **Next:** `check("step5")` in a new cell shows the whole step. Save this notebook, beside step
# 4's: step 6 runs your own model. Then open `step6_evaluation.ipynb`.
