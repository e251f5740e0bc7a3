# %% [markdown] id="aim"
# # Step 2 of 6 · The bipartite graph
#
# **Time: 30 minutes.** You will learn to
#
# - turn a table of interactions into a graph with NetworkX,
# - see what goes wrong when two kinds of things share the same numbers,
# - give every node a name that belongs to it alone, and an attribute that tells its side.

# %% [markdown] id="idea"
# ## The idea
#
# A graph is a set of **nodes** and a set of **edges** between them. In ours, each user is a node,
# each artist is a node, and an edge says "has listened to". Edges only join a user with an artist,
# never two users or two artists: such a graph is called **bipartite**. It is undirected, because
# "user 1 listens to artist 2" and "artist 2 is heard by user 1" are the same fact. To recommend is
# then to guess which edges are missing: **link prediction**.
#
# ```text
#   user 1 ────── artist 2
#     └────────── artist 3
#   user 2 ────── artist 1          3 users + 4 artists = 7 nodes
#     └────────── artist 2          6 rows              = 6 edges
#   user 3 ────── artist 2
#     └────────── artist 4          (artist 2, three times: one node)
# ```
#
# Mind the numbers: there is a user 2 *and* an artist 2. They are different things with the same id.

# %% id="setup_imports" role="given"
import matplotlib.pyplot as plt
import networkx as nx

from autograder import pictures
from autograder.notebook import answer, check, checkpoint, hint, progress

# %% [markdown] id="start_intro"
# This notebook starts from the loaded data, whether or not step 1 worked for you.

# %% id="start" role="given"
df, n_users, n_artists = checkpoint("step2")
print(f"{n_users:,} users, {n_artists:,} artists, {len(df):,} rows")

# %% [markdown] id="trap"
# ## The trap: two kinds of things, one kind of number
#
# The shortest way to a graph seems to be this: use the ids of the table as nodes, as in
# `G.add_node(user_id)`, `G.add_node(artist_id)` and `G.add_edge(user_id, artist_id)`. But to
# NetworkX the number 2 is one node, wherever it came from. The next cell does it on the toy.
#
# **Predict, then run.** There should be 7 nodes and 6 edges. How many will there be? And which
# value of `bipartite` does node 2 end up with?

# %% id="toy_raw"
toy = [(1, 2), (1, 3), (2, 1), (2, 2), (3, 2), (3, 4)]  # (user id, artist id)

raw = nx.Graph()
for user in [1, 2, 3]:
    raw.add_node(user, bipartite=0)
for artist in [1, 2, 3, 4]:
    raw.add_node(artist, bipartite=1)
for user, artist in toy:
    raw.add_edge(user, artist)

print(raw.number_of_nodes(), "nodes:", dict(raw.nodes(data="bipartite")))
print(raw.number_of_edges(), "edges:", list(raw.edges))
print("self-loops:", list(nx.selfloop_edges(raw)))
print("bipartite? ", nx.is_bipartite(raw))

# %% [markdown] id="toy_raw_after"
# Four nodes and five edges are left. User 1 - artist 2 and user 2 - artist 1 have become one edge;
# user 2 - artist 2 has become a **self-loop**, a node joined to itself. The attribute of the
# artists has overwritten that of the users. And no error was raised.

# %% [markdown] id="draw_intro"
# ## The two graphs, side by side
#
# Left: the raw ids. Right: the same six rows, with names that tell users (u) and artists (a) apart.

# %% id="draw" role="given"
right = nx.Graph([(f"u{user}", f"a{artist}") for user, artist in toy])
two_columns = {node: (0 if node[0] == "u" else 1, -int(node[1])) for node in right}
square = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0)}
colors = ["#8ecae6" if node[0] == "u" else "#ffb703" for node in right]

figure, (left_axes, right_axes) = plt.subplots(1, 2, figsize=(9, 3.6))
style = {"node_size": 900, "font_size": 12, "edgecolors": "black", "width": 1.5}
left_axes.add_patch(plt.Circle((-0.1, 1.12), 0.16, fill=False, linewidth=1.5))  # self-loop of 2
nx.draw_networkx(raw, square, ax=left_axes, node_color="lightgray", **style)
nx.draw_networkx(right, two_columns, ax=right_axes, node_color=colors, **style)
left_axes.set_title("raw ids: 4 nodes, 5 edges, a self-loop")
right_axes.set_title("own names: 7 nodes, 6 edges (blue: users)")
for axes in (left_axes, right_axes):
    axes.margins(0.25)
    axes.set_axis_off()
figure.tight_layout()

# %% [markdown] id="collision_intro"
# ## Does it matter for our data?
#
# **Predict, then run.** If no user and no artist shared an id, how would the two numbers below
# compare?

# %% id="collision"
user_ids = set(df["userID"])
artist_ids = set(df["artistID"])
print("users + artists:        ", f"{n_users + n_artists:,}")
print("different ids:          ", f"{len(user_ids | artist_ids):,}")
print("ids that are both kinds:", f"{len(user_ids & artist_ids):,}")

# %% [markdown] id="collision_after"
# On the sample it is 1,000 users and artists against 801 different ids: 199 nodes would silently
# vanish. On the real Last.fm data it is **19,524** against **17,644**, and 1,880 would. A model can
# still be trained on what is left, and its score even looks a little *better*. A good score does
# not prove a right graph; counting does.

# %% [markdown] id="nodes_task"
# ## Exercise 1: the nodes
#
# Create an empty undirected graph `G` with `nx.Graph()`. Go through the different users and the
# different artists, and add each as a node with `G.add_node(name, bipartite=...)`.
#
# - A node's name is a pair: `("user", id)` or `("artist", id)`. Any Python value that can be a key
#   of a dictionary can be a node. Other names that tell the sides apart, such as `"u2"`, are right
#   too; step 3 then begins with your graph under the names of the pairs.
# - The attribute `bipartite` is 0 for users and 1 for artists.
# - Add all users first, then all artists.

# %% id="nodes" role="solution"
# G: nx.Graph with n_users + n_artists nodes, each with the attribute bipartite, no edges yet.
# Hint: one loop over df["userID"].unique(), one over df["artistID"].unique().
#       int(...) turns NumPy's numbers into Python's, so that nodes print nicely.
### BEGIN SOLUTION
G = nx.Graph()
for user_id in df["userID"].unique():
    G.add_node(("user", int(user_id)), bipartite=0)
for artist_id in df["artistID"].unique():
    G.add_node(("artist", int(artist_id)), bipartite=1)
### END SOLUTION

# %% id="check_nodes" role="check"
check("step2.nodes")
### BEGIN HIDDEN TESTS
check("step2.nodes", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="rows_intro"
# ## Going through the rows
#
# There are two ways to go through a table. `df.iterrows()` makes a pandas Series of each row. This
# is slow, and a Series has *one* type: if one column holds decimals, the ids become floats too.
# `df.itertuples(index=False)` makes a plain named tuple, in which each value keeps its type.
#
# **Predict, then run.** Which of the two prints `2`, which `2.0`?

# %% id="toy_rows"
example = df.head(1).assign(share_of_plays=0.25)
for _, row in example.iterrows():
    print("iterrows:  ", row["userID"], row["artistID"])
for row in example.itertuples(index=False):
    print("itertuples:", row.userID, row.artistID)

# %% [markdown] id="edges_task"
# ## Exercise 2: the edges
#
# For each row of `df`, add to `G` the edge between its user and its artist with `G.add_edge(...)`.
# We ignore `listen_count` in this model. An edge must use exactly the names that the nodes have:
# for a name that it does not know, `add_edge` quietly makes a *new* node, without an attribute.

# %% id="edges" role="solution"
# G: now with one edge for each row of df, and still n_users + n_artists nodes.
# Hint: go through df.itertuples(index=False), all of it.
### BEGIN SOLUTION
for row in df.itertuples(index=False):
    G.add_edge(("user", row.userID), ("artist", row.artistID))
### END SOLUTION

# %% id="check_edges" role="check"
check("step2.edges")
### BEGIN HIDDEN TESTS
check("step2.edges", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="look_intro"
# ## What does the graph look like?
#
# Users are circles, artists squares. In the middle is one user, around it some of its artists, and
# outside some of the other users who listen to them.
#
# **Predict, then run.** How many edges must you follow to get from the user to an artist whom this
# user may not know yet? Choose another user and run the cell again.

# %% id="look"
pictures.neighbourhood(G, user=("user", int(df["userID"].iloc[0])))

# %% [markdown] id="look_after"
# From a user it is one edge to a known artist, two to someone who shares a taste, and three to an
# artist that this person knows. The model of step 4 follows such paths.

# %% [markdown] id="think"
# ## A question to think about
#
# Suppose you had used raw ids after all, and the training had run to its end with a good score.
# Which wrong recommendations could user 2 get, and would anybody notice? Name one check, a line of
# code, that would catch this in any graph made of two kinds of things.
#
# Our answer, when you have yours: `answer("step2.think")` in a new cell.
#
# *Your thoughts (not graded):*

# %% [markdown] id="references"
# ## References
#
# [1] [NetworkX: bipartite graphs](https://networkx.org/documentation/stable/reference/algorithms/bipartite.html),
# with the convention of the attribute `bipartite`.
#
# [2] D. Liben-Nowell, J. Kleinberg: *The Link-Prediction Problem for Social Networks*, 2007.
# [doi](https://doi.org/10.1002/asi.20591)

# %% [markdown] id="next"
# **Next:** `check("step2")` in a new cell shows the whole step. Then open
# `step3_mapping_and_split.ipynb`, where the graph becomes tensors and some edges are hidden from
# the model.
