# %% [markdown] id="aim"
# # Step 6 of 6 · Evaluation
#
# **Time: 20 minutes.** You will learn to
#
# - measure a link predictor with the AUC, on edges that it has never seen,
# - ask of any score: compared with what?
# - get real recommendations out of your model, and report honestly how good they are.

# %% [markdown] id="idea"
# ## The idea
#
# The test edges were hidden in step 3. Now we ask the model about them, mixed with pairs that are
# no edges. It need not know at which score "yes" begins; it only has to *rank* edges above
# non-edges.
# The **AUC** (area under the ROC curve) is the share of all (edge, non-edge) couples in which the
# edge has the higher score; a tie counts half. 1.0 is perfect, and 0.5 is what guessing gets.
#
# ```text
#   low score ──────────────────────────────────────────► high score
#
#         no        no       YES        no       YES
#         0.2       0.4      0.5        1.0      2.0
#
#   2.0 beats 3 of 3 non-edges, 0.5 beats 2 of 3:  AUC = 5 / 6 = 0.833
# ```

# %% id="setup_imports" role="given"
import course_data
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from torch_geometric.data import Data

from autograder import pictures
from autograder.notebook import (
    answer,
    check,
    checkpoint,
    embeddings_alone,
    hint,
    progress,
    seed_everything,
)

seed_everything(0)

# %% [markdown] id="start_intro"
# This notebook starts from the split and a trained model: your own, if steps 4 and 5 lie beside
# this notebook and run; else a stand-in. A printed line says which.

# %% id="start" role="given"
train_data, val_data, test_data, model = checkpoint("step6")
print(test_data)

# %% [markdown] id="toy_intro"
# ## A worked toy example
#
# **Predict, then run.** The first line is the picture above. In the second we round first: a score
# above 0 becomes "yes", 1. What remains of the ranking? In the third, labels are the wrong way
# round.

# %% id="toy_auc"
toy_label = torch.tensor([1.0, 1.0, 0.0, 0.0, 0.0])  # [5]: two edges, then three non-edges
toy_score = torch.tensor([2.0, 0.5, 1.0, 0.4, 0.2])  # [5]
print("scores           ", roc_auc_score(toy_label, toy_score))
print("rounded to yes/no", roc_auc_score(toy_label, (toy_score > 0).float()))
print("labels reversed  ", roc_auc_score(1 - toy_label, toy_score))

# %% [markdown] id="test_task"
# ## Exercise 1: the function `test`
#
# `test(data)` works for `val_data` and for `test_data`. It
#
# 1. sets the model to evaluation mode (it matters as soon as a model has dropout),
# 2. encodes with `data.x` and the *message-passing* edges, `data.edge_index`. In `test_data` these
#    are the training and validation edges. A test edge among them would be **leakage**: the answer,
#    handed in with the question,
# 3. scores the positive and the negative supervision edges,
# 4. makes the true labels, and returns the AUC of the raw scores as a float.
#
# `@torch.no_grad()` switches off the bookkeeping for gradients in the whole function.


# %% id="test" role="solution"
@torch.no_grad()
def test(data: Data) -> float:
    """Return the AUC of the model on the supervision edges of data.

    data has x [num_nodes], edge_index [2, E] (message passing), pos_edge_label_index [2, P] and
    neg_edge_label_index [2, N].
    """
    # Hint: as in step 5, join positives and negatives along the right dimension.
    #       roc_auc_score takes two arguments; look up which comes first.
    ### BEGIN SOLUTION
    model.eval()
    pos, neg = data.pos_edge_label_index, data.neg_edge_label_index  # [2, P], [2, N]
    edge_label_index = torch.cat([pos, neg], dim=1)  # [2, P + N]
    edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])  # [P + N]
    z = model.encode(data.x, data.edge_index)  # [num_nodes, out_channels]
    scores = model.decode(z, edge_label_index)  # [P + N]
    return float(roc_auc_score(edge_label.numpy(), scores.numpy()))
    ### END SOLUTION


# %% id="check_test" role="check"
check("step6.test")
### BEGIN HIDDEN TESTS
check("step6.test", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="auc_task"
# ## Exercise 2: the two numbers
#
# Compute `val_auc` and `test_auc` with your function, and print both. The validation AUC is for
# choosing: a learning rate, a number of epochs, a model. The test AUC is for the report. If you
# choose the model with the best test AUC, that number is no test any more: it is the best of
# several tries.

# %% id="auc" role="solution"
# val_auc, test_auc: float, between 0 and 1
### BEGIN SOLUTION
val_auc = test(val_data)
test_auc = test(test_data)
print(f"validation AUC {val_auc:.3f}   test AUC {test_auc:.3f}")
### END SOLUTION

# %% id="check_auc" role="check"
check("step6.auc")
### BEGIN HIDDEN TESTS
check("step6.auc", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="fair_intro"
# ## Compared with what?
#
# `RandomLinkSplit` draws its negatives from all pairs of nodes. On the sample nearly two thirds of
# them join two *artists*, on the real data 81%, and no recommender is ever asked about two artists.
# The *side rule* only asks "is this a user and an artist?". It knows nothing of taste, and gets an
# AUC of about 0.84 on the sample (mean of five splits) and 0.91 on the real data. And good work can
# suffer: a model trained on user-artist negatives alone never learned about artist-artist pairs and
# may fall below 0.5.
#
# The question of a recommender is: does this *user* prefer the artist heard to one not heard? So
# the next cell draws negatives among the user-artist pairs without an edge.

# %% id="fair_negatives" role="given"
df, n_users, n_artists = checkpoint("step2")
num_nodes = n_users + n_artists  # users are the nodes 0 .. n_users - 1
pos, split_neg = test_data.pos_edge_label_index, test_data.neg_edge_label_index  # [2, P], [2, N]
known = torch.cat([test_data.edge_index, pos, val_data.pos_edge_label_index], dim=1)

generator = torch.Generator().manual_seed(0)
users = torch.randint(0, n_users, (pos.size(1),), generator=generator)
artists = torch.randint(n_users, num_nodes, (pos.size(1),), generator=generator)
is_edge = torch.isin(users * num_nodes + artists, known[0] * num_nodes + known[1])
fair_neg = torch.stack([users, artists])[:, ~is_edge]  # [2, a few less than P]
print(f"{fair_neg.size(1):,} user-artist pairs without an edge")

# %% [markdown] id="fair_rules_intro"
# Your model now has three rivals. The *side rule* is the one above. *Popularity* is the number of
# training listeners of the artist. And *embeddings alone* are vectors trained as yours were, with
# the same loss and as many epochs, but without any graph convolution: **does the graph help?**

# %% id="fair_rules" role="given"
model.eval()
with torch.no_grad():
    z = model.encode(test_data.x, test_data.edge_index)  # no test edge in here
alone = embeddings_alone(train_data)  # [num_nodes, 32]
listeners = torch.bincount(train_data.edge_index[1], minlength=num_nodes).float()
rules = {
    "side rule": lambda pairs: ((pairs[0] < n_users) != (pairs[1] < n_users)).float(),
    "popularity": lambda pairs: listeners[pairs[1]],
    "embeddings alone": lambda pairs: (alone[pairs[0]] * alone[pairs[1]]).sum(dim=-1),
    "the model": lambda pairs: model.decode(z, pairs).detach(),
}

# %% [markdown] id="fair_table_intro"
# **Predict, then run.** What will the side rule get in the right-hand column? And popularity? By
# how much will the model beat the embeddings that have no graph?

# %% id="fair_table" role="given"
print("test AUC            split's negatives   user-artist negatives")
for name, rule in rules.items():
    auc = []
    for neg in (split_neg, fair_neg):
        label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])
        auc.append(roc_auc_score(label, rule(torch.cat([pos, neg], dim=1))))
    print(f"{name:17} {auc[0]:19.3f} {auc[1]:23.3f}")

# %% [markdown] id="fair_after"
# The right column is the fairer number. Popularity is a strong rival there: most artists have few
# listeners, so that "take the better known one" is often right. A model that recommends to *you*
# should do more than that. And the graph does help: after the same 100 epochs we saw 0.53 for the
# embeddings alone and 0.88 for the model on the sample, 0.57 and 0.84 on the real data. Would more
# epochs close the gap? Try `embeddings_alone(train_data, epochs=1000)`.
#
# The picture shows the same as curves. The further the blue scores lie to the right of the others,
# the higher is the curve.

# %% id="roc" role="given"
the_model = rules["the model"]
pictures.scores_and_roc(the_model(pos), the_model(split_neg), the_model(fair_neg))

# %% [markdown] id="treat_intro"
# ## Five recommendations
#
# To recommend: score one user with *all* artists, leave out those the model has already seen with
# this user, keep the best five. An arrow marks a hidden test edge that was found.
#
# Change `user` and run again.

# %% id="treat"
user = 0  # a node index, 0 .. n_users - 1
# as in step 3: users, then artists, each in the order of their first row
user_ids, artist_ids = df["userID"].unique(), df["artistID"].unique()
table = pd.read_csv(course_data.path("artists.dat"), sep="\t", quoting=3)
names = dict(zip(table["id"], table["name"], strict=True))

candidates = torch.arange(n_users, num_nodes)  # [n_artists]
pairs = torch.stack([torch.full_like(candidates, user), candidates])  # [2, n_artists]
with torch.no_grad():
    scores = model.decode(z, pairs)  # [n_artists]
heard = test_data.edge_index[1, test_data.edge_index[0] == user]  # nodes of known artists
scores[heard - n_users] = float("-inf")

hidden = set(pos[1, pos[0] == user].tolist())
print("user", user_ids[user], "listens to", [names[artist_ids[a - n_users]] for a in heard[:5]])
for position in scores.topk(5).indices.tolist():
    mark = "  <- a hidden test edge" if position + n_users in hidden else ""
    print(f"  {scores[position]:6.2f}  {names[artist_ids[position]]}{mark}")

# %% [markdown] id="rubric"
# ## Your report
#
# Write it in the cell below, about ten lines. Graded by hand, 10 points:
#
# | The report | points |
# |---|---|
# | gives the test AUC, and says which number it is: which data, against which negatives | 3 |
# | says whether this beats guessing, and why: what would a rule without taste get? | 3 |
# | proposes one improvement and argues for it: why should it help, how would you see it? | 4 |

# %% [markdown] id="report" role="report"
# **Test AUC, and which number it is:**
#
# **Better than random guessing? Why do you think so?**
#
# **One improvement, and why it should help:**
#
# ### BEGIN SOLUTION
# **Test AUC.** On the real Last.fm data (seed 0, 100 epochs) the test AUC is 0.84 against the
# negatives of `RandomLinkSplit`. Against user-artist pairs without an edge it is also 0.84. The
# second is the fairer number, since most of the split's negatives join two artists.
#
# **Better than random?** Yes: guessing gets 0.5 and both numbers are far above it, on edges the
# model never saw. But 0.5 is a low bar. The side rule, which knows no taste, gets 0.91 against the
# split's negatives, more than the model. Against user-artist pairs it gets 0.5, and popularity
# 0.81, so what the model adds beyond "known artists" is real but small.
#
# **One improvement.** Draw the training negatives among user-artist pairs only. Now most of them
# are artist-artist pairs, and the model learns to tell the two sides apart, which nobody asks of a
# recommender; each negative would become a question about taste. I expect the user-artist AUC to
# rise, though the split's own AUC may fall. I would compare both variants by the user-artist AUC
# on the *validation* edges, over several seeds, and use the test edges once, at the end.
# ### END SOLUTION

# %% [markdown] id="think"
# ## A question to think about
#
# A music service would not see AUC, but whether people listen to what it recommends. Think of a
# recommender with a splendid AUC that listeners find useless. What does it recommend, and which
# number would have shown it?
#
# Our answer, when you have yours: `answer("step6.think")` in a new cell.
#
# *Your thoughts (not graded):*

# %% [markdown] id="hetero"
# ## Another way: two kinds of nodes
#
# PyG can keep two kinds of nodes apart for you. In a `HeteroData` each kind has its own numbers, so
# that user 2 and artist 2 can never become one node:
#
# ```python
# data = HeteroData()
# data["user"].num_nodes, data["artist"].num_nodes = n_users, n_artists
# data["user", "hears", "artist"].edge_index = torch.stack([user_index, artist_index])
# data = T.ToUndirected()(data)  # adds ("artist", "rev_hears", "user")
# model = to_hetero(model, data.metadata())  # one set of weights for each kind of edge
# ```
#
# We took the longer way, because now you know what these five lines do for you.

# %% [markdown] id="references"
# ## References
#
# [1] T. Fawcett: *An introduction to ROC analysis*, 2006.
# [doi](https://doi.org/10.1016/j.patrec.2005.10.010)
#
# [2] W. Krichene, S. Rendle: *On Sampled Metrics for Item Recommendation*, KDD 2020, on what
# negatives do to a number. [doi](https://doi.org/10.1145/3394486.3403226)
#
# [3] PyG: [heterogeneous graphs](https://pytorch-geometric.readthedocs.io/en/latest/tutorial/heterogeneous.html)

# %% [markdown] id="next"
# **Next:** `check("step6")` in a new cell shows the whole step. Save all six notebooks: together,
# with the report, they are what you hand in. Well done!
