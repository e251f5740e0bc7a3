"""Right but unusual work of steps 1 to 3, as the misconception catalogue lists it, and more.

`test_checks_right` runs it: every check passes and nothing is found.
"""

from __future__ import annotations

from checks_course import Case, cell, swap
from wrong_graph import BOTH_WAYS, DATA, NAMES, NODES, PATH, READ, RENAME

TWO_DICTS = cell(
    "mapping",
    "user_to_index = {u: i for i, u in enumerate(df['userID'].unique())}\n"
    "artist_to_index = {a: i + n_users for i, a in enumerate(df['artistID'].unique())}\n"
    "num_nodes = len(user_to_index) + len(artist_to_index)\n",
)
FROM_TWO = cell(
    "data",
    "rows = [df['userID'].map(user_to_index).to_numpy(),\n"
    "    df['artistID'].map(artist_to_index).to_numpy()]\n"
    "data = Data(x=torch.arange(num_nodes), edge_index=torch.from_numpy(np.stack(rows)))\n",
)
FACTORIZED = (
    "users, user_ids = pd.factorize(df['userID'])\n"
    "artists, artist_ids = pd.factorize(df['artistID'])\n"
    "artists = artists + len(user_ids)\nnum_nodes = len(user_ids) + len(artist_ids)\n"
)
FROM_CODES = cell(
    "data",
    "edge_index = torch.as_tensor(np.array([users, artists])).long()\n"
    "data = Data(x=torch.arange(num_nodes), edge_index=edge_index)\n",
)


def load(name: str, source: str) -> Case:
    """The first exercise in another way."""
    return Case(name, "step1", (cell("load", source),))


def explore(name: str, source: str) -> Case:
    """The second exercise in another way."""
    return Case(name, "step1", (cell("explore", source),))


def graph(name: str, *edits) -> Case:
    """Step 2 in another way."""
    return Case(name, "step2", edits)


def step3(name: str, *edits, **more) -> Case:
    """Step 3 in another way."""
    return Case(name, "step3", edits, **more)


def keyed(name: str, user: str, artist: str) -> Case:
    """One dictionary whose keys are made of `i`, the id."""
    source = (
        f"keys = [{user} for i in df['userID'].unique().tolist()]\n"
        f"keys += [{artist} for i in df['artistID'].unique().tolist()]\n"
        "id_mapping = dict(zip(keys, range(len(keys))))\nnum_nodes = len(id_mapping)\n"
    )
    data = (
        f"pairs = [[id_mapping[{user}] for i in df['userID'].tolist()],\n"
        f"    [id_mapping[{artist}] for i in df['artistID'].tolist()]]\n"
        "data = Data(x=torch.arange(num_nodes), edge_index=torch.tensor(pairs))\n"
    )
    return step3(name, cell("mapping", source), cell("data", data))


COUNTS = "n_users, n_artists = df.userID.nunique(), df.artistID.nunique()\n"
EDGES = (
    "for row in df.itertuples(index=False):\n"
    '    G.add_edge(("user", row.userID), ("artist", row.artistID))'
)

RIGHT: list[Case] = [
    load(
        "header=0 with names",
        f"df = pd.read_csv({PATH}, sep='\\t', header=0, {NAMES})",
    ),
    load(
        "skiprows with names",
        f"df = pd.read_table({PATH}, skiprows=1, header=None, {NAMES})",
    ),
    load("any white space", READ.replace('"\\t"', 'r"\\s+"') + RENAME),
    load("int32", READ + RENAME + "df = df.astype('int32')"),
    load("nullable integers", READ + RENAME + "df = df.convert_dtypes()"),
    load("a column more", READ + RENAME + "df['log_count'] = np.log(df['listen_count'])"),
    load("rows sorted", READ + RENAME + "df = df.sort_values(['artistID', 'userID'])"),
    load(
        "columns in another order",
        READ + RENAME + "df = df[['artistID', 'listen_count', 'userID']]",
    ),
    load("userID as index too", READ + RENAME + "df = df.set_index('userID', drop=False)"),
    explore("shown, not kept", COUNTS + "df.head()"),
    explore("printed", COUNTS + "print(df.head(3))"),
    explore(
        "sets",
        "preview = df.head(10)\n"
        "n_users = len(set(df['userID']))\nn_artists = len(set(df.artistID))",
    ),
    explore(
        "numpy",
        "preview = df[:5]\nn_users = np.unique(df.userID).size\n"
        "n_artists = np.int64(df.artistID.unique().shape[0])",
    ),
    explore("float counts", COUNTS + "n_users = float(n_users)\npreview = df.iloc[:5]"),
    graph(
        "prefixed strings",
        cell(
            "nodes",
            "G = nx.Graph()\n"
            "G.add_nodes_from((f'u{u}' for u in df.userID.unique()), bipartite=0)\n"
            "G.add_nodes_from((f'a{a}' for a in df.artistID.unique()), bipartite=1)\n",
        ),
        cell(
            "edges", "G.add_edges_from((f'u{u}', f'a{a}') for u, a in zip(df.userID, df.artistID))"
        ),
    ),
    graph(
        "offset",
        cell(
            "nodes",
            "G = nx.Graph()\noffset = df.userID.max() + 1\n"
            "G.add_nodes_from(df.userID, bipartite=0)\n"
            "G.add_nodes_from(df.artistID + offset, bipartite=1)",
        ),
        cell("edges", "G.add_edges_from(zip(df.userID, df.artistID + offset))"),
    ),
    graph(
        "artists first",
        swap("nodes", NODES[0], "pass"),
        swap(
            "edges",
            EDGES,
            'for u in df["userID"].unique():\n    G.add_node(("user", int(u)), bipartite=0)\n'
            + EDGES,
        ),
    ),
    graph(
        "from_pandas_edgelist",
        cell(
            "nodes",
            "t = df.assign(u='u' + df.userID.astype(str), a='a' + df.artistID.astype(str))\n"
            "G = nx.from_pandas_edgelist(t, 'u', 'a')\n"
            "nx.set_node_attributes(G, {n: int(n[0] == 'a') for n in G}, 'bipartite')",
        ),
        cell("edges", ""),
    ),
    graph(
        "weighted edges", swap("edges", "row.artistID))", "row.artistID), weight=row.listen_count)")
    ),
    graph(
        "numpy sides",
        swap("nodes", "bipartite=0", "bipartite=np.int64(0)"),
        swap("nodes", "bipartite=1", "bipartite=True"),
    ),
    graph(
        "side after the id",
        swap("nodes", '("user", int(user_id))', '(int(user_id), "user")'),
        swap("nodes", '("artist", int(artist_id))', '(int(artist_id), "artist")'),
        cell(
            "edges",
            "for row in df.itertuples():\n"
            "    G.add_edge((row.userID, 'user'), (row.artistID, 'artist'))",
        ),
    ),
    step3(
        "labels in one tensor, but for the attribute",
        swap(
            "split",
            "= transform(data)",
            "= transform(data)\nfor part in (train_data, val_data, test_data):\n"
            "    part.edge_label_index = part.pos_edge_label_index",
        ),
    ),
    step3("two dicts", TWO_DICTS, FROM_TWO),
    step3(
        "factorize, with a dict",
        cell(
            "mapping",
            FACTORIZED + "id_mapping = {('u', u): i for i, u in enumerate(user_ids)}\n"
            "id_mapping |= {('a', a): i + len(user_ids) for i, a in enumerate(artist_ids)}",
        ),
        FROM_CODES,
    ),
    step3(
        "LabelEncoder, with dicts",
        cell(
            "mapping",
            "from sklearn.preprocessing import LabelEncoder\n"
            "one, two = LabelEncoder().fit(df.userID), LabelEncoder().fit(df.artistID)\n"
            "users, artists = one.transform(df.userID), two.transform(df.artistID) + n_users\n"
            "num_nodes = n_users + n_artists\n"
            "of_user = dict(zip(one.classes_, range(n_users)))\n"
            "of_artist = dict(zip(two.classes_, range(n_users, num_nodes)))",
        ),
        FROM_CODES,
    ),
    keyed("prefixed strings", "f'user_{i}'", "f'artist_{i}'"),
    keyed("tuples", "('u', i)", "('a', i)"),
    keyed("nested words", "f'u2:{i}'", "f'a2:{i}'"),
    keyed(
        "suffixed strings",
        "f'{i}_user'",
        "f'{i}_artist'",
    ),
    keyed(
        "side after the id",
        "(i, 'user')",
        "(i, 'artist')",
    ),
    keyed(
        "offset ids",
        "i",
        "i + 10**6",
    ),
    keyed(
        "negative artists",
        "i",
        "-i",
    ),
    step3(
        "no num_nodes",
        swap("mapping", "num_nodes = len(id_mapping)", ""),
        swap("data", "torch.arange(num_nodes,", "torch.arange(len(id_mapping),"),
    ),
    step3("numpy values", swap("mapping", "node: index", "node: np.int64(index)")),
    step3(
        "tensor values",
        swap("mapping", "node: index", "node: torch.tensor(index)"),
        swap("data", "id_mapping[a], id_mapping[b]", "int(id_mapping[a]), int(id_mapping[b])"),
    ),
    step3("both ways", swap("data", DATA, DATA + "\n" + BOTH_WAYS)),
    step3(
        "to_undirected",
        swap("data", DATA, DATA + "\ndata.edge_index = to_undirected(data.edge_index)"),
    ),
    step3(
        "num_nodes given",
        swap("data", "edge_index=edge_index)", "edge_index=edge_index, num_nodes=num_nodes)"),
    ),
    step3(
        "edge weights",
        swap("data", DATA, DATA + "\ndata.edge_attr = torch.rand(edge_index.size(1))"),
    ),
    step3(
        "edges shuffled",
        swap(
            "data", DATA, "edge_index = edge_index[:, torch.randperm(edge_index.size(1))]\n" + DATA
        ),
    ),
    step3(
        "counts for shares",
        swap("split", "num_val=0.1", "num_val=80"),
        swap("split", "num_test=0.1", "num_test=80"),
    ),
    step3(
        "more test negatives", swap("split", "num_val=0.1", "num_val=0.1, neg_sampling_ratio=2.0")
    ),
    step3(
        "two transforms",
        swap("split", "transform = T.Rand", "data = T.ToUndirected()(data)\ntransform = T.Rand"),
    ),
    step3(
        "supervision apart from messages",
        swap("split", "num_val=0.1", "num_val=0.1, disjoint_train_ratio=0.3"),
    ),
]
