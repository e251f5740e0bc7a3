"""Step 3 done otherwise: other mappings, other ways to an `edge_index`, the split spelled out."""

from __future__ import annotations

from bank import Program

LIST = """users = df["userID"].unique()
artists = df["artistID"].unique()
nodes = [("user", u) for u in users] + [("artist", a) for a in artists]
"""
MAP = """id_mapping = {node: index for index, node in enumerate(nodes)}
num_nodes = len(nodes)
"""
ENDS = """sources = [id_mapping[("user", u)] for u in df["userID"]]
targets = [id_mapping[("artist", a)] for a in df["artistID"]]
"""
TENSOR = "edge_index = torch.tensor([sources, targets], dtype=torch.long)\n"
DATA = "data = Data(x=x, edge_index=edge_index)\n"
X = "x = torch.arange(num_nodes, dtype=torch.long)\n"
SPLIT = """transform = T.RandomLinkSplit(
    num_val=0.1,
    num_test=0.1,
    is_undirected=True,
    add_negative_train_samples=False,
    split_labels=True,
)
"""

PROGRAMS = [
    Program(
        "indices in random order, both directions",
        "contract",
        (
            (
                MAP,
                """import random

random.Random(8).shuffle(nodes)
"""
                + MAP,
            ),
            (
                TENSOR,
                "edge_index = torch.tensor([sources + targets, targets + sources]).long()\n",
            ),
        ),
    ),
    Program(
        "indices in the order of the rows, undirected by a transform",
        "contract",
        (
            (LIST, ""),
            (
                MAP,
                """from collections import defaultdict
from itertools import count

id_mapping = defaultdict(count().__next__)
for u, a in zip(df["userID"], df["artistID"]):
    id_mapping["user", u], id_mapping["artist", a]
id_mapping = dict(id_mapping)
num_nodes = len(id_mapping)
""",
            ),
            (
                SPLIT,
                SPLIT.replace("transform = T.", "split = T.")
                + "transform = T.Compose([T.ToUndirected(), split])\n",
            ),
        ),
    ),
    Program(
        "merge with a table of nodes",
        "contract",
        (
            (
                LIST,
                """nodes = pd.concat(
    [
        df[["userID"]].drop_duplicates().rename(columns={"userID": "id"}).assign(kind="user"),
        df[["artistID"]].drop_duplicates().rename(columns={"artistID": "id"}).assign(kind="artist"),
    ],
    ignore_index=True,
)
nodes["node"] = nodes.index
""",
            ),
            (
                MAP,
                """id_mapping = nodes.set_index(["kind", "id"])["node"].to_dict()
num_nodes = len(nodes)
""",
            ),
            (
                ENDS,
                """links = df.merge(nodes[nodes.kind == "user"], left_on="userID", right_on="id")
links = links.merge(
    nodes[nodes.kind == "artist"], left_on="artistID", right_on="id", suffixes=("_u", "_a")
)
sources, targets = links["node_u"].to_list(), links["node_a"].to_list()
""",
            ),
        ),
    ),
    Program(
        "artists first and as sources, one direction",
        "contract",
        (
            (
                LIST,
                """users, artists = sorted(set(df["userID"])), sorted(set(df["artistID"]))
nodes = [("artist", a) for a in artists] + [("user", u) for u in users]
""",
            ),
            (TENSOR, "edge_index = torch.LongTensor([targets, sources])\n"),
        ),
    ),
    Program(
        "pandas categories and an offset",
        "contract",
        (
            (
                LIST,
                """user_codes = df["userID"].astype("category").cat
artist_codes = df["artistID"].astype("category").cat
""",
            ),
            (
                MAP,
                """id_mapping = {("user", u): i for i, u in enumerate(user_codes.categories)}
id_mapping |= {("artist", a): i + n_users for i, a in enumerate(artist_codes.categories)}
num_nodes = n_users + n_artists
""",
            ),
            (
                ENDS,
                """import numpy as np

sources = user_codes.codes.to_numpy(dtype=np.int64)
targets = artist_codes.codes.to_numpy(dtype=np.int64) + n_users
""",
            ),
            (TENSOR, "edge_index = torch.from_numpy(np.vstack([sources, targets]))\n"),
        ),
    ),
    Program(
        "one label encoder over prefixed names",
        "contract",
        (
            (
                LIST,
                """from sklearn.preprocessing import LabelEncoder

user_names = "user " + df["userID"].astype(str)
artist_names = "artist " + df["artistID"].astype(str)
encoder = LabelEncoder().fit(pd.concat([user_names, artist_names]))
""",
            ),
            (
                MAP,
                """id_mapping = {name: index for index, name in enumerate(encoder.classes_)}
num_nodes = len(encoder.classes_)
""",
            ),
            (
                ENDS,
                """sources = torch.as_tensor(encoder.transform(artist_names))  # "a" < "u"
targets = torch.as_tensor(encoder.transform(user_names))
""",
            ),
            (TENSOR, "edge_index = torch.stack((sources, targets)).to(torch.int64)\n"),
        ),
    ),
    Program(
        "from_networkx",
        "contract",
        (
            (LIST, "nodes = list(G.nodes)\n"),
            (ENDS, ""),
            (
                TENSOR,
                """from torch_geometric.utils import from_networkx

data = from_networkx(G)  # both directions
""",
            ),
            (DATA, "data.x = x\n"),
        ),
    ),
    Program(
        "play counts kept as edge attributes, num_nodes given",
        "contract",
        (
            (X, "x = torch.arange(end=num_nodes, start=0, step=1)\n"),
            (
                DATA,
                """plays = torch.tensor(df["listen_count"].to_numpy(copy=True)).float().log1p()
data = Data(x=x, edge_index=edge_index, edge_attr=plays, num_nodes=num_nodes)
""",
            ),
        ),
    ),
    Program(
        "two dicts, sparse adjacency matrix to edge_index, sizes as integers",
        "contract",
        (
            (
                MAP,
                """user_to_index = {u: i for i, u in enumerate(users)}
artist_to_index = {a: n_users + i for i, a in enumerate(artists)}
num_nodes = len(user_to_index) + len(artist_to_index)
""",
            ),
            (
                ENDS,
                """import numpy as np
import scipy.sparse as sp
from torch_geometric.utils import from_scipy_sparse_matrix

sources = df["userID"].map(user_to_index)
targets = df["artistID"].map(artist_to_index)
matrix = sp.coo_matrix((np.ones(len(df)), (sources, targets)), shape=(num_nodes, num_nodes))
""",
            ),
            (TENSOR, "edge_index, _ = from_scipy_sparse_matrix(matrix + matrix.T)\n"),
            (
                SPLIT,
                """held_out = len(df) // 10
transform = T.RandomLinkSplit(
    num_val=held_out,
    num_test=held_out,
    is_undirected=True,
    key="edge_label",
    add_negative_train_samples=False,
    neg_sampling_ratio=1.0,
    disjoint_train_ratio=0.0,
    split_labels=True,
)
""",
            ),
        ),
    ),
    Program(
        "positions by searchsorted, edges sorted and coalesced",
        "right_terse",
        (
            (
                """U, ui = np.unique(d.userID.values, return_inverse=True)
A, ai = np.unique(d.artistID.values, return_inverse=True)
ai = ai + len(U)
""",
                """U, A = np.array(sorted(set(d.userID))), np.array(sorted(set(d.artistID)))
ui = np.searchsorted(U, d.userID)
ai = np.searchsorted(A, d.artistID) + U.size
""",
            ),
            (
                "E = np.vstack([ui, ai]).astype(np.int64)\n",
                """E = np.c_[np.r_[ui, ai], np.r_[ai, ui]].T.astype(np.int64)
""",
            ),
            ("edge_index=torch.from_numpy(E))", "edge_index=torch.from_numpy(E)).coalesce()"),
        ),
    ),
]
