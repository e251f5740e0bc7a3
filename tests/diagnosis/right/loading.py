"""Step 1 done otherwise: other readers, other ways to name the columns and to count."""

from __future__ import annotations

from bank import Program

READ = r"""df = pd.read_csv("user_artists.dat", sep="\t")
df = df.rename(columns={"weight": "listen_count"})
print(df.head())
"""
COUNT = """n_users = df["userID"].nunique()
n_artists = df["artistID"].nunique()
"""

PROGRAMS = [
    Program(
        "names with header=0, dtype and usecols",
        "contract",
        (
            (
                READ,
                r"""df = pd.read_csv(
    "user_artists.dat",
    sep="\t",
    header=0,
    names=["userID", "artistID", "listen_count"],
    usecols=[0, 1, 2],
    dtype={"userID": "int32", "artistID": "int32", "listen_count": "int64"},
)
print(df.head(10))
df.info()
""",
            ),
            (COUNT, 'n_users, n_artists = len(set(df["userID"])), len(set(df["artistID"]))\n'),
        ),
    ),
    Program(
        "weight kept, listen_count added beside it",
        "contract",
        (
            (
                READ,
                r"""df = pd.read_csv("user_artists.dat", sep="\t")
df["listen_count"] = df["weight"]
print(df.head())
""",
            ),
        ),
    ),
    Program(
        "weight renamed after looking at the data",
        "contract",
        (
            (
                READ,
                r"""df = pd.read_table("user_artists.dat")
print(df["weight"].describe())
""",
            ),
            (
                COUNT,
                """df.columns = df.columns.str.replace("weight", "listen_count")
print(df.head())
n_users = df.groupby("userID").ngroups
n_artists = df.groupby("artistID").ngroups
""",
            ),
        ),
    ),
    Program(
        "csv reader and a list of integers",
        "contract",
        (
            (
                READ,
                r"""import csv

with open("user_artists.dat", newline="") as file:
    reader = csv.reader(file, delimiter="\t")
    header = next(reader)
    rows = [[int(value) for value in row] for row in reader]
df = pd.DataFrame(rows, columns=["userID", "artistID", "listen_count"])
print(header, len(rows))
print(df.head(7))
""",
            ),
        ),
    ),
    Program(
        "numpy loadtxt, rows sorted",
        "contract",
        (
            (
                READ,
                r"""import numpy as np

table = np.loadtxt("user_artists.dat", dtype=np.int64, delimiter="\t", skiprows=1)
df = pd.DataFrame(table, columns=["userID", "artistID", "listen_count"])
df = df.sort_values(["userID", "listen_count"], ascending=[True, False], ignore_index=True)
print(df.head())
""",
            ),
            (
                COUNT,
                """n_users, n_artists = (np.unique(table[:, c]).size for c in (0, 1))
""",
            ),
        ),
    ),
    Program(
        "header skipped by skiprows, sample drawn for a plot",
        "right_batches",
        (
            (
                r"""ratings = pd.read_csv("user_artists.dat", sep="\t", dtype="int64")
ratings = ratings.rename(columns=dict(zip(ratings.columns, ["userID", "artistID", "listen_count"])))
""",
                r"""ratings = pd.read_csv(
    "user_artists.dat",
    sep=r"\s+",
    skiprows=1,
    header=None,
    names=["userID", "artistID", "listen_count"],
)
some = ratings.sample(200, random_state=0)
plt.scatter(some["userID"], some["artistID"], s=2)
plt.show()
""",
            ),
        ),
    ),
    Program(
        "columns read in another order, artists named by a second file",
        "right_inline",
        (
            (
                r"""("user_artists.dat", sep="\t").rename({"weight": "listen_count"}, axis=1)
""",
                r"""("user_artists.dat", sep="\t", usecols=["artistID", "userID", "weight"])
listens = listens[["userID", "artistID", "weight"]].rename(columns={"weight": "listen_count"})
names = pd.read_csv("artists.dat", sep="\t", quoting=3, index_col="id")["name"]
top = listens.groupby("artistID")["listen_count"].sum().nlargest(5)
print(top.rename(index=names))
""",
            ),
        ),
    ),
]
