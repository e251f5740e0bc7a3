"""Wrong work for every check of steps 1 to 3: check id -> cases in which that check must not pass.

`test_checks_wrong` runs them; a new check needs a line here.
"""

from __future__ import annotations

from checks_course import Case, cell, swap

PATH = "course_data.path('user_artists.dat')"
RENAME = 'df = df.rename(columns={"weight": "listen_count"})\n'
READ = 'df = pd.read_csv(course_data.path("user_artists.dat"), sep="\\t")\n'
NAMES = "names=['userID', 'artistID', 'listen_count']"


def load(name: str, source: str, finding: str | None = None, **more) -> Case:
    """A case of the first exercise."""
    return Case(name, "step1", (cell("load", source),), finding=finding, **more)


def explore(name: str, old: str, new: str, finding: str | None = None) -> Case:
    """A case of the second exercise."""
    return Case(name, "step1", (swap("explore", old, new),), finding=finding)


def graph(name: str, *edits, finding: str | None = None, **more) -> Case:
    """A case of step 2."""
    return Case(name, "step2", edits, finding=finding, **more)


def split(name: str, old: str, new: str, finding: str | None = None, before: str = "", **more) -> Case:
    """A case of the split, `before` in the same cell as the solution."""
    edits = [swap("split", old, new)]
    edits += [swap("split", "transform = T", f"{before}\ntransform = T")] if before else []
    return Case(name, "step3", tuple(edits), finding=finding, **more)


def step3(name: str, *edits, finding: str | None = None, **more) -> Case:
    """A case of mapping or data."""
    return Case(name, "step3", edits, finding=finding, **more)


RAW_NODES = cell(
    "nodes",
    "G = nx.Graph()\n"
    "for u in df['userID'].unique():\n    G.add_node(u, bipartite=0)\n"
    "for a in df['artistID'].unique():\n    G.add_node(a, bipartite=1)\n",
)
RAW_EDGES = cell(
    "edges", "for row in df.itertuples(index=False):\n    G.add_edge(row.userID, row.artistID)\n"
)
NODES = (
    'G.add_node(("user", int(user_id)), bipartite=0)',
    'G.add_node(("artist", int(artist_id)), bipartite=1)',
)
LOOP = "for row in df.itertuples(index=False):"

COLLIDED = cell(
    "mapping",
    "id_mapping = {u: i for i, u in enumerate(df['userID'].unique())}\n"
    "for i, a in enumerate(df['artistID'].unique()):\n    id_mapping[a] = n_users + i\n"
    "num_nodes = len(id_mapping)\n",
)
UNION = cell(
    "mapping",
    "ids = sorted(set(df['userID']) | set(df['artistID']))\n"
    "id_mapping = {node: i for i, node in enumerate(ids)}\nnum_nodes = len(id_mapping)\n",
)
BY_RAW_ID = cell(
    "data",
    "edge_index = torch.stack([torch.tensor(df['userID'].map(id_mapping).values),\n"
    "    torch.tensor(df['artistID'].map(id_mapping).values)])\n"
    "data = Data(x=torch.arange(num_nodes), edge_index=edge_index)\n",
)
NO_OFFSET = swap(
    "mapping",
    "for index, node in enumerate(users + artists)}",
    "for side in (users, artists) for index, node in enumerate(side)}",
)
FROM_ONE = swap("mapping", "enumerate(users + artists)", "enumerate(users + artists, 1)")
DATA = "data = Data(x=x, edge_index=edge_index)"
BOTH_WAYS = "data.edge_index = torch.cat([data.edge_index, data.edge_index.flip(0)], dim=1)"


def data(name: str, new: str, finding: str | None = None, **more) -> Case:
    """A case of `data`: a line in place of the last one."""
    return step3(name, swap("data", DATA, new), finding=finding, **more)


WRONG: dict[str, list[Case]] = {
    "step1.load.separator": [
        load("default separator", f"df = pd.read_csv({PATH})", "load.separator"),
        load("reads no file", "df = pd.read_csv('user_artist.dat', sep='\\t')"),
    ],
    "step1.load.names": [
        load("file's own names", f"df = pd.read_csv({PATH}, sep='\\t')", "load.columns"),
    ],
    "step1.load.numbers": [
        load("names without header", f"df = pd.read_csv({PATH}, sep='\\t', {NAMES})", "load.header-as-row"),
        load("decimals", READ + RENAME + "df = df.astype(float)", "",
             known_bug="float columns are called load.header-as-row"),
        load("all text", READ + RENAME + "df = df.astype(str)"),
    ],
    "step1.load.rows": [
        load("one row too many", f"df = pd.read_csv({PATH}, sep='\\t', {NAMES})", "load.header-as-row"),
        load("header=1", f"df = pd.read_csv({PATH}, sep='\\t', header=1, {NAMES})", "load.header-lost"),
        load("nrows", READ.replace("sep", "nrows=100, sep") + RENAME, "load.rows-dropped"),
        load("rows twice", READ + RENAME + "df = pd.concat([df, df])", "",
             known_bug="doubled rows are called load.rows-dropped"),
        load("one a user", READ + RENAME + "df = df.drop_duplicates('userID')", "load.rows-dropped"),
    ],
    "step1.load.values": [
        load(
            "swapped names",
            f"df = pd.read_csv({PATH}, sep='\\t')\ndf.columns = ['artistID', 'userID', 'listen_count']",
            "load.swapped-columns",
        ),
        load("one column sorted", READ + RENAME + "df['artistID'] = sorted(df['artistID'])"),
    ],
    "step1.explore.users": [
        explore("largest user", 'df["userID"].nunique()', 'df["userID"].max()', "load.counts"),
        explore("rows", 'df["userID"].nunique()', 'df["userID"].count()', "load.counts"),
    ],
    "step1.explore.artists": [
        explore("largest artist", 'df["artistID"].nunique()', 'df["artistID"].max()', "load.counts"),
        explore("list of artists", 'df["artistID"].nunique()', 'df["artistID"].unique()'),
    ],
    "step1.explore.preview": [
        Case(
            "looks at nothing",
            "step1",
            (cell("explore", "n_users, n_artists = df.userID.nunique(), df.artistID.nunique()"),),
        ),
        explore("last rows", "print(preview)", "preview = df.tail()"),
    ],
    "step2.nodes.kind": [
        graph("directed", swap("nodes", "nx.Graph()", "nx.DiGraph()"), finding="graph.directed"),
        graph("multigraph", swap("nodes", "nx.Graph()", "nx.MultiGraph()"), finding="graph.directed"),
    ],
    "step2.nodes.one_node_each": [
        graph("raw ids", RAW_NODES, RAW_EDGES, finding="graph.id-collision"),
        graph("users only", swap("nodes", NODES[1], "pass"), cell("edges", ""), finding="",
              known_bug="missing artists are called graph.endpoints-mismatch before there is an edge"),
    ],
    "step2.nodes.attribute": [
        graph(
            "no attribute",
            swap("nodes", ", bipartite=0", ""),
            swap("nodes", ", bipartite=1", ""),
            finding="graph.attribute-missing",
        ),
        graph("words", swap("nodes", "bipartite=0", "bipartite='user'")),
    ],
    "step2.nodes.side_sizes": [
        graph("raw ids overwrite", RAW_NODES, RAW_EDGES, finding="graph.attribute-overwritten"),
        graph("all on one side", swap("nodes", "bipartite=1", "bipartite=0")),
        graph(
            "sides turned",
            swap("nodes", "bipartite=1", "bipartite=2"),
            swap("nodes", "bipartite=0", "bipartite=1"),
            swap("nodes", "bipartite=2", "bipartite=0"),
        ),
    ],
    "step2.edges.edge_count": [
        graph("head", swap("edges", LOOP, LOOP.replace("df.", "df.head(50).")), finding="graph.edges-missing"),
        graph(
            "outside of the loop",
            swap("edges", "\n    G.add_edge", "\n    pass\nG.add_edge"),
            finding="graph.edges-missing",
        ),
        graph("raw ids", RAW_NODES, RAW_EDGES, finding="graph.id-collision"),
    ],
    "step2.edges.bipartite": [
        graph("raw ids", RAW_NODES, RAW_EDGES, finding="graph.id-collision"),
        graph("users to users", swap("edges", '("artist", row.artistID)', '("user", row.userID)')),
    ],
    "step2.edges.no_strays": [
        graph("edges on raw ids", RAW_EDGES, finding="graph.endpoints-mismatch"),
        graph("edges on floats", swap("edges", "row.artistID", "str(row.artistID)")),
    ],
    "step2.edges.degrees": [
        graph("a few rows lost", swap("edges", LOOP, LOOP.replace("df.", "df.iloc[30:]."))),
        graph(
            "ends swapped between edges",
            cell(
                "edges",
                "pairs = list(zip(df.userID, df.artistID))\nedges = set(pairs)\n"
                "for (u, a), (v, b) in zip(pairs, pairs[400:]):\n"
                "    if {(u, a), (v, b)} <= edges and not {(u, b), (v, a)} & edges:\n"
                "        edges = (edges - {(u, a), (v, b)}) | {(u, b), (v, a)}\n"
                "G.add_edges_from((('user', u), ('artist', a)) for u, a in edges)",
            ),
            known_bug="edges between the wrong nodes pass where all degrees are right",
        ),
        graph("hub", swap("edges", "row.artistID", "df.artistID[0]")),
    ],
    "step3.mapping.size": [
        step3("one dict of raw ids", COLLIDED, BY_RAW_ID, finding="map.id-collision"),
        step3("union of ids", UNION, BY_RAW_ID, finding="map.id-collision"),
        step3("num_nodes of users", swap("mapping", "len(id_mapping)", "len(users)")),
        step3("num_nodes a text", swap("mapping", "num_nodes = len(id_mapping)", "num_nodes = 'many'"),
              swap("data", "torch.arange(num_nodes,", "torch.arange(len(id_mapping),"),
              known_bug="num_nodes that is no number passes"),
        step3("half of them", swap("mapping", "users + artists)", "users)"), cell("data", "")),
    ],
    "step3.mapping.indices": [
        step3("from one", FROM_ONE, finding="map.from-one"),
        step3("no offset", NO_OFFSET),
        step3("raw ids", swap("mapping", "node: index", "node: node[1]")),
    ],
    "step3.mapping.disjoint": [
        step3("no offset", NO_OFFSET, finding="map.no-offset"),
        step3("one dict of raw ids", COLLIDED, BY_RAW_ID, finding="map.id-collision"),
    ],
    "step3.data.x": [
        data("ones", "data = Data(x=torch.ones(num_nodes, 1), edge_index=edge_index)", "data.x"),
        data("users only", "data = Data(x=torch.arange(n_users), edge_index=edge_index)", "data.x"),
        data("no x", "data = Data(edge_index=edge_index, num_nodes=num_nodes)", "data.x"),
        data("floats", "data = Data(x=x.float(), edge_index=edge_index)", "data.x"),
        step3("collided", COLLIDED, BY_RAW_ID, finding="data.x"),
    ],
    "step3.data.edge_tensor": [
        data("transposed", "data = Data(x=x, edge_index=edge_index.t())", "data.transposed"),
        data("floats", "data = Data(x=x, edge_index=edge_index.float())", "data.edge-dtype"),
        data("int32", "data = Data(x=x, edge_index=edge_index.int())", "data.edge-dtype"),
        data("numpy", "data = Data(x=x, edge_index=edge_index.numpy())", "data.edge-dtype"),
        data(
            "on top of each other",
            "data = Data(x=x, edge_index=torch.cat([edge_index, edge_index.flip(0)]))",
            "data.cat-dim",
            known_bug="[4, E] is called data.edge-dtype, not data.cat-dim",
        ),
        data("no edges", "data = Data(x=x)"),
    ],
    "step3.data.bounds": [
        step3("from one", FROM_ONE),
        data("negative", "data = Data(x=x, edge_index=edge_index - 1)"),
        step3("collided", COLLIDED, BY_RAW_ID),
    ],
    "step3.data.coverage": [
        data(
            "both ways twice",
            "both = torch.cat([edge_index, edge_index.flip(0)], dim=1)\n"
            "data = Data(x=x, edge_index=torch.cat([both, both], dim=1))",
            "data.duplicated-edges",
        ),
        data("a row lost", "data = Data(x=x, edge_index=edge_index[:, 1:])"),
        data(
            "artists shuffled",
            "edge_index[1] = edge_index[1][torch.randperm(edge_index.size(1))]\n" + DATA,
        ),
        step3("no offset", NO_OFFSET),
        step3(
            "artists turned round",
            swap("data", "for a, b in G.edges]", "for a, b in G.edges]\n"
            "pairs = [(a, num_nodes - 1 - (b - n_users)) for a, b in pairs]"),
        ),
    ],
    "step3.split.sizes": [
        split("too much", "num_val=0.1", "num_val=0.3", "split.sizes"),
        split("one edge", "num_val=0.1", "num_val=1", "split.sizes"),
        split("order", "train_data, val_data, test_data = ", "val_data, test_data, train_data = ", "split.sizes"),
        split(
            "half of the sources above their targets",
            "is_undirected=True",
            "is_undirected=True",
            before="half = torch.arange(data.num_edges) % 2 == 0\n"
            "data.edge_index = torch.where(half, data.edge_index, data.edge_index.flip(0))",
        ),
        split(
            "all sources above their targets",
            "is_undirected=True",
            "is_undirected=True",
            before="data.edge_index = data.edge_index.flip(0)",
        ),
    ],
    "step3.split.labels": [
        split("no split_labels", "split_labels=True", "split_labels=False", "split.labels"),
    ],
    "step3.split.no_train_negatives": [
        split(
            "fixed negatives",
            "add_negative_train_samples=False",
            "add_negative_train_samples=True",
            "split.train-negatives",
        ),
    ],
    "step3.split.no_leak": [
        split("directed", "is_undirected=True", "is_undirected=False", "split.directed", BOTH_WAYS),
        split(
            "validation edges for the test",
            "= transform(data)",
            "= transform(data)\ntest_data = val_data",
            known_bug="test_data that is val_data passes every check of the split",
        ),
        split(
            "test edges as supervision",
            "= transform(data)",
            "= transform(data)\ntrain_data.pos_edge_label_index[:, :80] = test_data.pos_edge_label_index",
            known_bug="test edges among the training positives pass every check of the split",
        ),
        split("undirected, message edges of all", "= transform(data)",
              "= transform(data)\nfor part in (train_data, val_data): part.edge_index = test_data.edge_index"),
    ],
    "step3.split.both_ways": [
        split("one way", "is_undirected=True", "is_undirected=False", "split.one-way-graph"),
    ],
}
