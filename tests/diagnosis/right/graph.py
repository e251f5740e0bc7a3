"""Step 2 done otherwise: other nodes, other ways to add them, more attributes than asked for."""

from __future__ import annotations

from bank import Program

NODES = """for user_id in df["userID"].unique():
    G.add_node(("user", user_id), bipartite=0)

for artist_id in df["artistID"].unique():
    G.add_node(("artist", artist_id), bipartite=1)
"""
EDGES = """for row in df.itertuples(index=False):
    G.add_edge(("user", row.userID), ("artist", row.artistID))
"""
LIST = """users = df["userID"].unique()
artists = df["artistID"].unique()
nodes = [("user", u) for u in users] + [("artist", a) for a in artists]
"""
ENDS = """sources = [id_mapping[("user", u)] for u in df["userID"]]
targets = [id_mapping[("artist", a)] for a in df["artistID"]]
"""

PROGRAMS = [
    Program(
        "named tuples as nodes, everything in one loop",
        "contract",
        (
            (
                NODES,
                """from typing import NamedTuple


class Node(NamedTuple):
    id: int
    is_artist: bool


""",
            ),
            (
                EDGES,
                """for user_id, artist_id, plays in df.to_numpy().tolist():
    user, artist = Node(user_id, False), Node(artist_id, True)
    G.add_node(user, bipartite=0)
    G.add_node(artist, bipartite=1)
    G.add_edge(artist, user, plays=plays)
""",
            ),
            (
                LIST,
                """nodes = sorted(G.nodes, key=lambda node: (node.is_artist, node.id))
""",
            ),
            (
                ENDS,
                """sources = [id_mapping[Node(u, False)] for u in df["userID"]]
targets = [id_mapping[Node(a, True)] for a in df["artistID"]]
""",
            ),
        ),
    ),
    Program(
        "artists as negative numbers",
        "contract",
        (
            (
                NODES,
                """G.add_nodes_from(df["userID"].unique().tolist(), bipartite=0, kind="user")
G.add_nodes_from((-df["artistID"].unique()).tolist(), bipartite=1, kind="artist")
""",
            ),
            (
                EDGES,
                """for u, a in df[["userID", "artistID"]].values.tolist():
    G.add_edge(u, -a)
""",
            ),
            (LIST, "nodes = sorted(G.nodes, key=lambda v: (v < 0, abs(v)))\n"),
            (
                ENDS,
                """sources = df["userID"].map(id_mapping).tolist()
targets = (-df["artistID"]).map(id_mapping).tolist()
""",
            ),
        ),
    ),
    Program(
        "graph from a sparse biadjacency matrix",
        "contract",
        (
            (
                NODES,
                """from scipy.sparse import coo_array

rows, users = pd.factorize(df["userID"], sort=True)
cols, artists = pd.factorize(df["artistID"], sort=True)
plays = coo_array((df["listen_count"], (rows, cols)), shape=(n_users, n_artists))
""",
            ),
            (EDGES, 'G = nx.bipartite.from_biadjacency_matrix(plays, edge_attribute="plays")\n'),
            (LIST, "nodes = list(G)  # users 0 .. n_users - 1, artists behind them\n"),
            (
                ENDS,
                """sources = rows.tolist()
targets = (cols + n_users).tolist()
""",
            ),
        ),
    ),
    Program(
        "edges first, attributes afterwards, graph frozen",
        "contract",
        (
            (NODES, ""),
            (
                EDGES,
                """heads = [("user", u) for u in df.userID]
ends = zip(heads, [("artist", a) for a in df.artistID])
G.add_edges_from(ends)
nx.set_node_attributes(G, {node: {"user": 0, "artist": 1}[node[0]] for node in G}, "bipartite")
nx.set_node_attributes(G, dict(G.degree), "degree")
G = nx.freeze(G)
""",
            ),
        ),
    ),
    Program(
        "shows the trap of raw ids beside the right graph",
        "contract",
        (
            (
                EDGES,
                EDGES
                + """
raw = nx.Graph()  # what happens without the pairs: ids of users and artists fall together
raw.add_nodes_from(df["userID"], bipartite=0)
raw.add_nodes_from(df["artistID"], bipartite=1)
raw.add_edges_from(df[["userID", "artistID"]].values.tolist())
print("raw ids would give", len(raw), "nodes and", raw.size(), "edges")
""",
            ),
        ),
    ),
    Program(
        "pairs as nodes, edges by a pandas edge list",
        "right_french",
        (
            (
                """graphe.add_edges_from(
    (("U", u), ("A", a), {"poids": n})
    for u, a, n in zip(ecoutes.userID, ecoutes.artistID, ecoutes.listen_count)
)
""",
                """liens = pd.DataFrame(
    {
        "u": [("U", u) for u in ecoutes.userID],
        "a": [("A", a) for a in ecoutes.artistID],
    }
)
graphe.update(nx.from_pandas_edgelist(liens, "u", "a"))
print(sorted(graphe.degree, key=lambda couple: -couple[1])[:5])
""",
            ),
        ),
    ),
    Program(
        "graph relabelled with integers, mapping read from it",
        "contract",
        (
            (
                EDGES,
                EDGES
                + """
G = nx.convert_node_labels_to_integers(G, label_attribute="name")
""",
            ),
            (
                LIST,
                """nodes = [G.nodes[index]["name"] for index in range(G.number_of_nodes())]
""",
            ),
        ),
    ),
]
