# %% [markdown] id="aim"
# # Step 1 of 6 · Data loading
#
# **Time: 20 minutes.** In six steps you build a recommender that suggests new artists to listeners:
# a graph of users and artists, and a graph neural network (GNN) that predicts its missing links.
#
# You will learn to
#
# - set up the environment and check that it works,
# - look at a raw data file *before* you load it,
# - load it with pandas and know that nothing was lost or invented on the way,
# - say how large the data is: rows, users, artists.

# %% [markdown] id="environment"
# ## The environment
#
# You need Python 3.10, 3.11, 3.12 or 3.13, and no administrator's rights. With conda:
#
# ```text
# conda create --name rec_gnn python=3.11
# conda activate rec_gnn
# ```
#
# or without it: `python -m venv rec_gnn`, then activate that environment. In both cases install the
# course kit as its instructions say (it brings torch, torch-geometric, pandas, networkx and
# scikit-learn), and choose the kernel `rec_gnn` in VS Code or Jupyter.

# %% [markdown] id="versions_intro"
# Does it work? If the next cell prints six versions, it does. If it stops with
# `ModuleNotFoundError`, this notebook probably uses a kernel other than `rec_gnn`.

# %% id="versions" role="given"
import platform

import networkx
import pandas
import sklearn
import torch
import torch_geometric

print("Python", platform.python_version())
for library in (pandas, networkx, torch, torch_geometric, sklearn):
    print(library.__name__, library.__version__)

# %% [markdown] id="idea"
# ## The idea
#
# The data comes from the music service Last.fm. Each row says that one user has listened to one
# artist, and how many plays there were. Nobody gave stars: we only see what people *did*. This is
# called **implicit feedback**. A pair that is missing is not a dislike; it may be an artist that
# the user would love but has never met, and those are the pairs we want to find.
#
# ```text
# a text file, a DataFrame                  in step 2: a graph
#
# userID  artistID  listen_count            user 1 ─── artist 2
#   1        2          50                        └─── artist 3
#   1        3           7          ──►     user 2 ─── artist 1
#   2        1          12                    ...
# ```
#
# The real data is the Last.fm part of **HetRec 2011** [1]: 1,892 users, 17,632 artists and 92,834
# rows. These notebooks start with a small made-up sample in the same format, so that every cell
# runs in seconds: your numbers will be smaller. How small is the question of exercise 2.

# %% id="setup_imports" role="given"
import io

import course_data
import pandas as pd

from autograder import pictures
from autograder.notebook import answer, check, hint, progress

# %% [markdown] id="toy_intro"
# ## A worked toy example
#
# Our toy has 3 users, 4 artists and 6 rows, and comes back in every notebook. Its first line is a
# **header**: names, not data. A tab separates the columns (`\t`).
#
# **Predict, then run.** How many rows and which columns will `toy` have?

# %% id="toy_header"
toy_file = """userID\tartistID\tweight
1\t2\t50
1\t3\t7
2\t1\t12
2\t2\t30
3\t2\t4
3\t4\t90
"""
toy = pd.read_csv(io.StringIO(toy_file), sep="\t")
print(toy.shape)  # (rows, columns)
print(toy.dtypes)
print(toy)

# %% [markdown] id="toy_names_intro"
# We want to call the third column `listen_count`. There seems to be an easy way: `read_csv` takes
# the names of the columns, as `names=[...]`. Here is the first **trap** of this project.
#
# **Predict, then run.** What becomes of the line `userID  artistID  weight`? How many rows will
# there be, and of which type are the columns?

# %% id="toy_names"
columns = ["userID", "artistID", "listen_count"]
toy_wrong = pd.read_csv(io.StringIO(toy_file), sep="\t", names=columns)
print(toy_wrong.shape)
print(toy_wrong.dtypes)
print(toy_wrong)

# %% [markdown] id="toy_names_after"
# `names=` alone tells pandas that the file has *no* header. So there is one row too many, and every
# number has become text, because a column that holds the word `userID` cannot be a column of
# integers. Nothing warned you. Whenever you load a file: look at its
# first lines, then look at `shape` and `dtypes`.

# %% [markdown] id="raw_intro"
# ## The raw file
#
# `course_data.path("user_artists.dat")` tells where the data file is. `repr` makes tabs and line
# ends visible.
#
# **Predict, then run.** Is there a header? What will separate the columns?

# %% id="raw_lines"
with open(course_data.path("user_artists.dat"), encoding="utf-8", newline="") as file:
    for _ in range(4):
        print(repr(file.readline()))

# %% [markdown] id="load_task"
# ## Exercise 1: load the data
#
# Load the file with `pd.read_csv()` into `df`, with the columns `userID`, `artistID` and
# `listen_count`, in this order. The file calls the third column `weight`. Every data row must be
# there, none twice, and the header must not be among them.
#
# Write your code in place of `raise NotImplementedError()`, run the cell, and run the check below
# it, as often as you like. If you are stuck, `hint("step1.load")` in a new cell asks you a question
# first, and helps a little more at each call. `progress()` shows how far you are.

# %% id="load" role="solution"
# df: DataFrame [rows, 3], columns userID, artistID, listen_count, all of them integers.
# Hint: read_csv has one argument for the separator and one that says which line is the header.
#       Or keep the file's own names, and rename one column afterwards.
### BEGIN SOLUTION
df = pd.read_csv(course_data.path("user_artists.dat"), sep="\t")
df = df.rename(columns={"weight": "listen_count"})
### END SOLUTION

# %% id="check_load" role="check"
check("step1.load")
### BEGIN HIDDEN TESTS
check("step1.load", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="explore_intro"
# ## How large is it?
#
# How many *rows* are there, how many *different* ids, and what is the *largest* id? These are three
# questions with three answers, because the ids of real data have gaps.
#
# **Predict, then run.** Suppose the toy's users had the ids 1, 2 and 9. What will each line print?

# %% id="toy_counts"
user_column = pd.Series([1, 1, 2, 2, 9, 9])
print("rows         ", len(user_column))
print("largest id   ", user_column.max())
print("different ids", len(set(user_column)))

# %% [markdown] id="explore_task"
# ## Exercise 2: explore
#
# Put the first five rows into `preview`, the number of different users into `n_users`, and the
# number of different artists into `n_artists`. Then print all three. (`print` itself returns
# nothing: `preview` has to be the table.)

# %% id="explore" role="solution"
# preview: DataFrame [5, 3];  n_users, n_artists: int
# Hint: a pandas column can count its distinct values.
### BEGIN SOLUTION
preview = df.head()
n_users = df["userID"].nunique()
n_artists = df["artistID"].nunique()
print(preview)
print(f"{n_users:,} users, {n_artists:,} artists, {len(df):,} rows")
### END SOLUTION

# %% id="check_explore" role="check"
check("step1.explore")
### BEGIN HIDDEN TESTS
check("step1.explore", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="spread_intro"
# ## How is the listening spread?
#
# **Predict, then run.** Do most users listen to about as many artists as each other? And do most
# artists have about as many listeners? The right-hand picture has two logarithmic axes: from one
# mark to the next the numbers are ten times larger.

# %% id="spread" role="given"
pictures.listening(df)

# %% [markdown] id="spread_after"
# A few artists have most of the listeners, and many have hardly any: a **long tail**. An artist
# with a single listener is the hard case for a recommender: if that one row is hidden in a test,
# nothing is left to learn from. On the real data six artists in ten are heard by one user only; in
# the small sample it is one in forty.

# %% [markdown] id="names_intro"
# ## Who are these artists?
#
# A second file, `artists.dat`, gives a name to each `artistID`. In the sample the names are made
# up.

# %% id="artist_names" role="given"
# quoting=3 (csv.QUOTE_NONE): a quotation mark in an artist's name is just a character
artists = pd.read_csv(course_data.path("artists.dat"), sep="\t", quoting=3)
print(artists[["id", "name"]].head().to_string(index=False))

# %% [markdown] id="real_data"
# ## The real data
#
# In a terminal, `course_data fetch` downloads the real file from GroupLens and checks it (it is for
# non-commercial use). Then set the environment variable `COURSE_DATA=lastfm` *before* you start
# Jupyter or VS Code; without it you get the sample. All notebooks run on both. The training of step
# 5 takes about 4 seconds on the sample and 40 seconds on the real data, on one processor core.

# %% [markdown] id="think"
# ## A question to think about
#
# In the sample's first row a user has played an artist 12,319 times, in other rows only once, and
# we are about to treat both alike. What does the count tell you about taste, and what else may it
# tell you? Is a single play evidence for or against an artist?
#
# When you have written your answer, run `answer("step1.think")` in a new cell to compare it with
# ours.
#
# *Your thoughts (not graded):*

# %% [markdown] id="references"
# ## References
#
# [1] I. Cantador, P. Brusilovsky, T. Kuflik: *Second Workshop on Information Heterogeneity and
# Fusion in Recommender Systems*, RecSys 2011. The
# [data](https://grouplens.org/datasets/hetrec-2011/) is for non-commercial use.
#
# [2] Y. Hu, Y. Koren, C. Volinsky: *Collaborative Filtering for Implicit Feedback Datasets*, ICDM
# 2008: what a count of plays tells. [doi](https://doi.org/10.1109/ICDM.2008.22)
#
# [3] [pandas.read_csv](https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html)

# %% [markdown] id="next"
# **Next:** `check("step1")` in a new cell shows the whole step. Then open
# `step2_bipartite_graph.ipynb`, where the rows become a graph and an innocent-looking id makes
# trouble.
