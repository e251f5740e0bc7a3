"""Wrong work for every check of steps 1 and 2: check id -> cases in which that check must not pass.

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


def split(
    name: str, old: str, new: str, finding: str | None = None, before: str = "", **more
) -> Case:
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
        load(
            "default separator, with names",
            f"df = pd.read_csv({PATH}, header=0, {NAMES})",
            "load.separator",
        ),
        load("reads no file", "df = pd.read_csv('user_artist.dat', sep='\\t')"),
    ],
    "step1.load.names": [
        load("file's own names", f"df = pd.read_csv({PATH}, sep='\\t')", "load.columns"),
        load(
            "a small d",
            READ + RENAME + "df = df.rename(columns={'userID': 'userId'})",
            "load.columns",
        ),
        load(
            "user as index",
            f"df = pd.read_csv({PATH}, sep='\\t', index_col=0)\n" + RENAME,
            "load.index-column",
        ),
    ],
    "step1.load.numbers": [
        load(
            "names without header",
            f"df = pd.read_csv({PATH}, sep='\\t', {NAMES})",
            "load.header-as-row",
        ),
        load(
            "decimals",
            READ + RENAME + "df = df.astype(float)",
            "",
        ),
        load("all text", READ + RENAME + "df = df.astype(str)"),
    ],
    "step1.load.rows": [
        load(
            "one row too many",
            f"df = pd.read_csv({PATH}, sep='\\t', {NAMES})",
            "load.header-as-row",
        ),
        load(
            "header=1",
            f"df = pd.read_csv({PATH}, sep='\\t', header=1, {NAMES})",
            "load.header-lost",
        ),
        load(
            "skiprows=2",
            f"df = pd.read_csv({PATH}, sep='\\t', skiprows=2, header=None, {NAMES})",
            "load.header-lost",
        ),
        load("nrows", READ.replace("sep", "nrows=100, sep") + RENAME, "load.rows-dropped"),
        load(
            "rows twice",
            READ + RENAME + "df = pd.concat([df, df])",
            "load.rows-repeated",
        ),
        load(
            "one a user", READ + RENAME + "df = df.drop_duplicates('userID')", "load.rows-dropped"
        ),
    ],
    "step1.load.values": [
        load(
            "swapped names",
            f"df = pd.read_csv({PATH}, sep='\\t')\n"
            "df.columns = ['artistID', 'userID', 'listen_count']",
            "load.swapped-columns",
        ),
        load("one column sorted", READ + RENAME + "df['artistID'] = sorted(df['artistID'])"),
    ],
    "step1.explore.users": [
        explore("largest user", 'df["userID"].nunique()', 'df["userID"].max()', "load.counts"),
        explore("rows", 'df["userID"].nunique()', 'df["userID"].count()', "load.counts"),
        Case("of five rows", "step1", (swap("explore", "n_users =", "df = df.head()\nn_users ="),)),
    ],
    "step1.explore.artists": [
        explore(
            "largest artist", 'df["artistID"].nunique()', 'df["artistID"].max()', "load.counts"
        ),
        explore("list of artists", 'df["artistID"].nunique()', 'df["artistID"].unique()'),
    ],
    "step1.explore.preview": [
        Case(
            "looks at nothing",
            "step1",
            (cell("explore", "n_users, n_artists = df.userID.nunique(), df.artistID.nunique()"),),
        ),
        explore("last rows", "print(preview)", "preview = df.tail()"),
        explore("last rows printed", "preview = df.head()", "preview = df.tail()"),
        explore("not called", "preview = df.head()", "preview = df.head"),
    ],
    "step2.nodes.kind": [
        graph("directed", swap("nodes", "nx.Graph()", "nx.DiGraph()"), finding="graph.directed"),
        graph(
            "multigraph", swap("nodes", "nx.Graph()", "nx.MultiGraph()"), finding="graph.directed"
        ),
    ],
    "step2.nodes.one_node_each": [
        graph("raw ids", RAW_NODES, RAW_EDGES, finding="graph.id-collision"),
        graph(
            "positions",
            swap("nodes", NODES[0], "pass"),
            swap("nodes", NODES[1], "pass"),
            swap(
                "nodes",
                "G = nx.Graph()",
                "G = nx.Graph()\n"
                "G.add_nodes_from((('user', i) for i in range(n_users)), bipartite=0)\n"
                "G.add_nodes_from((('artist', i) for i in range(n_artists)), bipartite=1)",
            ),
            cell("edges", ""),
            finding="graph.positions-as-nodes",
        ),
        graph(
            "users only",
            swap("nodes", NODES[1], "pass"),
            cell("edges", ""),
            finding="",
        ),
    ],
    "step2.nodes.attribute": [
        graph(
            "no attribute",
            swap("nodes", ", bipartite=0", ""),
            swap("nodes", ", bipartite=1", ""),
            finding="graph.attribute-missing",
        ),
        graph("words", swap("nodes", "bipartite=0", "bipartite='user'")),
        graph("text", swap("nodes", "bipartite=0", "bipartite='0'")),
    ],
    "step2.nodes.side_sizes": [
        graph("raw ids overwrite", RAW_NODES, RAW_EDGES, finding="graph.id-collision"),
        graph("all on one side", swap("nodes", "bipartite=1", "bipartite=0")),
        graph(
            "sides turned",
            swap("nodes", "bipartite=1", "bipartite=2"),
            swap("nodes", "bipartite=0", "bipartite=1"),
            swap("nodes", "bipartite=2", "bipartite=0"),
        ),
    ],
    "step2.edges.edge_count": [
        graph(
            "head",
            swap("edges", LOOP, LOOP.replace("df.", "df.head(50).")),
            finding="graph.edges-missing",
        ),
        graph(
            "outside of the loop",
            swap("edges", "\n    G.add_edge", "\n    pass\nG.add_edge"),
            finding="graph.edges-missing",
        ),
        graph("raw ids", RAW_NODES, RAW_EDGES, finding="graph.id-collision"),
    ],
    "step2.edges.bipartite": [
        graph("raw ids", RAW_NODES, RAW_EDGES, finding="graph.id-collision"),
        graph(
            "edges of an earlier run",
            swap("edges", LOOP, "G.add_edges_from(zip(df.userID, df.artistID))\n" + LOOP),
            finding="graph.extra-edges",
        ),
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
        ),
        graph("hub", swap("edges", "row.artistID", "df.artistID[0]")),
    ],
}
