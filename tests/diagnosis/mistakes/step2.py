"""Programs whose first mistake is in step 2: the bipartite graph."""

from bank import Program

CONTRACT_USER = 'G.add_node(("user", user_id), bipartite=0)'
CONTRACT_ARTIST = 'G.add_node(("artist", artist_id), bipartite=1)'
CONTRACT_EDGE = 'G.add_edge(("user", row.userID), ("artist", row.artistID))'
OFFSETS_USERS = "B.add_nodes_from([int(u) for u in user_ids], bipartite=0)"
OFFSETS_ARTISTS = "B.add_nodes_from([int(a) + shift for a in artist_ids], bipartite=1)"
OFFSETS_PAIRS = 'for u, a in zip(ratings["userID"], ratings["artistID"]):'
OFFSETS_EDGE = "B.add_edge(int(u), int(a) + shift)"
STRINGS_USER = 'graph.add_node(f"u{u}", bipartite=0)'
STRINGS_ARTIST = 'graph.add_node(f"a{a}", bipartite=1)'
STRINGS_EDGE = "graph.add_edge(f\"u{line['userID']}\", f\"a{line['artistID']}\")"

PROGRAMS = [
    Program(
        name="raw-ids-as-nodes",
        base="contract",
        edits=(
            (CONTRACT_USER, "G.add_node(user_id, bipartite=0)"),
            (CONTRACT_ARTIST, "G.add_node(artist_id, bipartite=1)"),
            (CONTRACT_EDGE, "G.add_edge(row.userID, row.artistID)"),
        ),
        ids=("graph.id-collision",),
    ),
    Program(
        name="shift-too-small",
        base="offsets",
        edits=(('shift = int(ratings["userID"].max()) + 1', "shift = len(user_ids)"),),
        ids=("graph.id-collision",),
    ),
    Program(
        name="strings-without-letters",
        base="strings",
        edits=(
            (STRINGS_USER, "graph.add_node(str(u), bipartite=0)"),
            (STRINGS_ARTIST, "graph.add_node(str(a), bipartite=1)"),
            (STRINGS_EDGE, "graph.add_edge(str(line['userID']), str(line['artistID']))"),
        ),
        ids=("graph.id-collision",),
    ),
    Program(
        name="attribute-by-known-artists",
        base="contract",
        edits=(
            (
                'print(G.number_of_nodes(), "nodes,", G.number_of_edges(), "edges")',
                'known_artists = set(df["artistID"])\n'
                "for kind, number in G.nodes:\n"
                '    G.nodes[kind, number]["bipartite"] = int(number in known_artists)',
            ),
        ),
        ids=("graph.attribute-overwritten",),
    ),
    Program(
        name="attribute-set-without-shift",
        base="offsets",
        edits=(
            (
                OFFSETS_ARTISTS,
                OFFSETS_ARTISTS
                + "\nis_artist = set(artist_ids)\n"
                + "for n in B:\n    if n in is_artist:\n"
                + '        B.nodes[n]["bipartite"] = 1',
            ),
        ),
        ids=("graph.attribute-overwritten",),
    ),
    Program(
        name="attribute-by-position",
        base="strings",
        edits=(
            (
                "print(graph)",
                "for i, node in enumerate(graph.nodes):\n"
                '    graph.nodes[node]["bipartite"] = 0 if i < lastfm.userID.max() else 1',
            ),
        ),
        ids=("graph.attribute-overwritten",),
    ),
    Program(
        name="no-attribute",
        base="contract",
        edits=(
            (CONTRACT_USER, 'G.add_node(("user", user_id))'),
            (CONTRACT_ARTIST, 'G.add_node(("artist", artist_id))'),
        ),
        ids=("graph.attribute-missing",),
    ),
    Program(
        name="same-attribute",
        base="strings",
        edits=((STRINGS_ARTIST, 'graph.add_node(f"a{a}", bipartite=0)'),),
        ids=("graph.attribute-missing",),
    ),
    Program(
        name="edges-only",
        base="offsets",
        edits=((OFFSETS_USERS + "\n" + OFFSETS_ARTISTS + "\n", ""),),
        ids=("graph.attribute-missing",),
    ),
    Program(
        name="digraph",
        base="contract",
        edits=(("G = nx.Graph()", "G = nx.DiGraph()"),),
        ids=("graph.directed",),
    ),
    Program(
        name="multigraph",
        base="strings",
        edits=(("graph = nx.Graph()", "graph = nx.MultiGraph()"),),
        ids=("graph.directed",),
        crashes=True,
    ),
    Program(
        name="multidigraph",
        base="offsets",
        edits=(
            ("B = nx.Graph()", "B = nx.MultiDiGraph()"),
            ('print("bipartite?", nx.is_bipartite(B))', "print(nx.is_connected(B))"),
        ),
        ids=("graph.directed",),
        crashes=True,
    ),
    Program(
        name="add-edge-after-the-loop",
        base="contract",
        edits=(
            (
                "for row in df.itertuples(index=False):\n    " + CONTRACT_EDGE,
                "for row in df.itertuples(index=False):\n"
                '    user, artist = ("user", row.userID), ("artist", row.artistID)\n'
                "G.add_edge(user, artist)",
            ),
        ),
        ids=("graph.edges-missing",),
    ),
    Program(
        name="head-left-in",
        base="strings",
        edits=(("in lastfm.iterrows()", "in lastfm.head(1000).iterrows()"),),
        ids=("graph.edges-missing",),
    ),
    Program(
        name="unique-ids-zipped",
        base="offsets",
        edits=((OFFSETS_PAIRS, "for u, a in zip(user_ids, artist_ids):"),),
        ids=("graph.edges-missing",),
    ),
    Program(
        name="edges-on-raw-ids",
        base="contract",
        edits=((CONTRACT_EDGE, "G.add_edge(row.userID, row.artistID)"),),
        ids=("graph.endpoints-mismatch",),
    ),
    Program(
        name="edges-with-other-prefix",
        base="strings",
        edits=(
            (
                STRINGS_EDGE,
                "graph.add_edge(f\"user{line['userID']}\", f\"artist{line['artistID']}\")",
            ),
        ),
        ids=("graph.endpoints-mismatch",),
    ),
    Program(
        name="edges-with-other-shift",
        base="factorize",
        edits=(
            (
                "bip.add_edges_from(zip(uids.tolist(), (-aids).tolist()))",
                "bip.add_edges_from(zip(uids.tolist(), (aids + 100_000).tolist()))",
            ),
        ),
        ids=("graph.endpoints-mismatch",),
    ),
    Program(
        name="iterrows-floats-in-strings",
        base="strings",
        edits=(
            (
                "graph = nx.Graph()\n",
                'lastfm["listen_count"] = lastfm["listen_count"] / lastfm["listen_count"].max()\n'
                "graph = nx.Graph()\n",
            ),
        ),
        ids=("graph.float-nodes",),
    ),
    Program(
        name="edges-from-text-lines",
        base="contract",
        edits=(
            (
                "for row in df.itertuples(index=False):\n    " + CONTRACT_EDGE,
                'for line in open("user_artists.dat").read().splitlines()[1:]:\n'
                r'    user_id, artist_id, _ = line.split("\t")'
                '\n    G.add_edge(("user", user_id), ("artist", artist_id))',
            ),
        ),
        ids=("graph.float-nodes",),
    ),
    Program(
        name="edges-as-strings",
        base="offsets",
        edits=((OFFSETS_EDGE, "B.add_edge(str(u), str(a + shift))"),),
        ids=("graph.float-nodes",),
    ),
    # two mistakes, the second one far away
    Program(
        name="no-attribute-and-hard-threshold",
        base="strings",
        edits=(
            (STRINGS_USER, 'graph.add_node(f"u{u}")'),
            (STRINGS_ARTIST, 'graph.add_node(f"a{a}")'),
            (
                "y_score = good_score.tolist() + bad_score.tolist()",
                "y_score = (torch.cat([good_score, bad_score]).sigmoid() > 0.5).int().tolist()",
            ),
        ),
        ids=("graph.attribute-missing", "test.hard-threshold"),
    ),
    Program(
        name="digraph-and-no-zero-grad",
        base="contract",
        edits=(
            ("G = nx.Graph()", "G = nx.DiGraph()"),
            ("    optimizer.zero_grad()\n", ""),
        ),
        ids=("graph.directed", "train.no-zero-grad"),
    ),
    Program(
        name="raw-ids-and-one-hundred-percent",
        base="offsets",
        edits=(
            ('shift = int(ratings["userID"].max()) + 1', "shift = 0"),
            ("    num_val=0.1,\n    num_test=0.1,\n", "    num_val=10,\n    num_test=10,\n"),
        ),
        ids=("graph.id-collision", "split.sizes"),
    ),
]
