"""Held out, not read while the detector is made: steps 1 and 2."""

from dataclasses import replace

from bank import Program

BATCHES_HEADER = 'header = ["userID", "artistID", "listen_count"]'
BATCHES_EDGE = "    network.add_edge(person(user), band(artist))\n"
BATCHES_LOOP = "for user, artist, _ in listens.itertuples(index=False):\n"
FACTORIZE_READ = (
    r'pd.read_csv("user_artists.dat", sep="\t").rename(columns={"weight": "listen_count"})'
)
FACTORIZE_USERS = "bip.add_nodes_from(set(uids.tolist()), bipartite=0)"
FACTORIZE_ARTISTS = "bip.add_nodes_from(set((-aids).tolist()), bipartite=1)"
FACTORIZE_EDGES = "bip.add_edges_from(zip(uids.tolist(), (-aids).tolist()))"
FUNCTIONS_READ = r'table = pd.read_csv(path, sep="\t")'
FUNCTIONS_NAMES = 'table = table.set_axis(["userID", "artistID", "listen_count"], axis=1)'
FUNCTIONS_USERS = "g.add_nodes_from(left.unique(), bipartite=0)"
FUNCTIONS_ARTISTS = "g.add_nodes_from(right.unique(), bipartite=1)"
FUNCTIONS_EDGES = "g.add_edges_from(zip(left, right))"

STEP1 = [
    Program(
        name="held-separator-slash",
        base="functions",
        edits=((FUNCTIONS_READ, 'table = pd.read_csv(path, sep="/t", engine="python")'),),
        ids=("load.separator",),
        crashes=True,
    ),
    Program(
        name="held-header-none",
        base="functions",
        edits=((FUNCTIONS_READ, r'table = pd.read_csv(path, delimiter="\t", header=None)'),),
        ids=("load.header-as-row",),
    ),
    Program(
        name="held-names-for-the-file-with-header",
        base="batches",
        edits=(("    skiprows=1,  # the old header\n", ""),),
        ids=("load.header-as-row",),
        crashes=True,
    ),
    Program(
        name="held-skiprows-two",
        base="batches",
        edits=(("skiprows=1,", "skiprows=2,"),),
        ids=("load.header-lost",),
    ),
    Program(
        name="held-first-row-taken-for-the-header",
        base="functions",
        edits=((FUNCTIONS_NAMES, FUNCTIONS_NAMES + "\n    table = table.drop(index=0)"),),
        ids=("load.header-lost",),
    ),
    Program(
        name="held-rename-rows",
        base="factorize",
        edits=((FACTORIZE_READ, FACTORIZE_READ.replace("columns={", "index={")),),
        ids=("load.columns",),
    ),
    Program(
        name="held-lower-case-columns",
        base="functions",
        edits=((FUNCTIONS_NAMES, "table.columns = [name.lower() for name in table.columns]"),),
        ids=("load.columns",),
        crashes=True,
    ),
    Program(
        name="held-header-artist-first",
        base="batches",
        edits=(
            (BATCHES_HEADER, 'header = ["artistID", "userID", "listen_count"]'),
            (
                BATCHES_LOOP,
                'for user, artist in listens[["userID", "artistID"]].itertuples(index=False):\n',
            ),
        ),
        ids=("load.swapped-columns",),
    ),
    Program(
        name="held-rename-crosswise",
        base="factorize",
        edits=(
            (
                FACTORIZE_READ,
                r'pd.read_csv("user_artists.dat", sep="\t")'
                '\nplays = plays.rename(columns={"userID": "artistID", "artistID": "userID"})'
                '\nplays = plays.rename(columns={"weight": "listen_count"})',
            ),
        ),
        ids=("load.swapped-columns",),
    ),
    Program(
        name="held-first-chunk",
        base="factorize",
        edits=(
            (
                FACTORIZE_READ,
                r'next(pd.read_csv("user_artists.dat", sep="\t", chunksize=3000))'
                '\nplays = plays.rename(columns={"weight": "listen_count"})',
            ),
        ),
        ids=("load.rows-dropped",),
    ),
    Program(
        name="held-often-heard-only",
        base="functions",
        edits=(
            (FUNCTIONS_NAMES, FUNCTIONS_NAMES + "\n    table = table[table.listen_count > 100]"),
        ),
        ids=("load.rows-dropped",),
    ),
    Program(
        name="held-largest-id-is-the-count",
        base="functions",
        edits=(
            (
                'num_users = interactions["userID"].nunique()',
                'num_users = interactions["userID"].max()',
            ),
        ),
        ids=("load.counts",),
    ),
    Program(
        name="held-counts-of-rows",
        base="contract",
        edits=(
            (
                'n_users = df["userID"].nunique()\nn_artists = df["artistID"].nunique()',
                'n_users, n_artists = df[["userID", "artistID"]].count()',
            ),
        ),
        ids=("load.counts",),
    ),
]

STEP2 = [
    Program(
        name="held-codes-without-words",
        base="functions",
        edits=(
            ('left = "user_" + table["userID"].astype(str)', 'left = table["userID"]'),
            ('right = "artist_" + table["artistID"].astype(str)', 'right = table["artistID"]'),
        ),
        ids=("graph.id-collision",),
    ),
    Program(
        name="held-minus-forgotten",
        base="factorize",
        edits=(
            (FACTORIZE_ARTISTS, "bip.add_nodes_from(set(aids.tolist()), bipartite=1)"),
            (FACTORIZE_EDGES, "bip.add_edges_from(zip(uids.tolist(), aids.tolist()))"),
        ),
        ids=("graph.id-collision",),
    ),
    Program(
        name="held-one-name-for-both",
        base="batches",
        edits=(('return "band-%d" % number', 'return "person-%d" % number'),),
        ids=("graph.id-collision", "map.id-collision"),
        crashes=True,
    ),
    Program(
        name="held-shared-ids-become-artists",
        base="contract",
        edits=(
            (
                'print(G.number_of_nodes(), "nodes,", G.number_of_edges(), "edges")',
                'for shared in set(df["userID"]) & set(df["artistID"]):\n'
                '    G.add_node(("user", shared), bipartite=1)',
            ),
        ),
        ids=("graph.attribute-overwritten",),
    ),
    Program(
        name="held-attribute-from-the-number",
        base="functions",
        edits=(
            (
                "    return g\n",
                '    users = {str(u) for u in table["userID"]}\n'
                '    sides = {n: 0 if n.split("_")[1] in users else 1 for n in g}\n'
                '    nx.set_node_attributes(g, sides, "bipartite")\n'
                "    return g\n",
            ),
        ),
        ids=("graph.attribute-overwritten",),
    ),
    Program(
        name="held-kind-for-bipartite",
        base="functions",
        edits=(
            (FUNCTIONS_USERS, 'g.add_nodes_from(left.unique(), kind="user")'),
            (FUNCTIONS_ARTISTS, 'g.add_nodes_from(right.unique(), kind="artist")'),
        ),
        ids=("graph.attribute-missing",),
    ),
    Program(
        name="held-attribute-of-users-only",
        base="factorize",
        edits=((FACTORIZE_ARTISTS, "bip.add_nodes_from(set((-aids).tolist()))"),),
        ids=("graph.attribute-missing",),
    ),
    Program(
        name="held-digraph-and-components",
        base="factorize",
        edits=(
            ("bip = nx.Graph()", "bip = nx.DiGraph()"),
            (
                "print(bip.number_of_nodes(), bip.number_of_edges())",
                "print(nx.number_connected_components(bip))",
            ),
        ),
        ids=("graph.directed",),
        crashes=True,
    ),
    Program(
        name="held-graph-to-directed",
        base="functions",
        edits=(("    return g\n", "    return g.to_directed()\n"),),
        ids=("graph.directed",),
    ),
    Program(
        name="held-one-artist-per-user",
        base="functions",
        edits=(
            (
                FUNCTIONS_EDGES,
                'favourites = table.drop_duplicates("userID").index\n'
                "    g.add_edges_from(zip(left[favourites], right[favourites]))",
            ),
        ),
        ids=("graph.edges-missing",),
    ),
    Program(
        name="held-break-after-debugging",
        base="batches",
        edits=(
            (
                BATCHES_EDGE,
                BATCHES_EDGE
                + "    if network.number_of_edges() == 2000:  # faster while I try things\n"
                + "        break\n",
            ),
        ),
        ids=("graph.edges-missing",),
    ),
    Program(
        name="held-edges-from-raw-columns",
        base="functions",
        edits=((FUNCTIONS_EDGES, 'g.add_edges_from(zip(table["userID"], table["artistID"]))'),),
        ids=("graph.endpoints-mismatch",),
    ),
    Program(
        name="held-capital-letters",
        base="contract",
        edits=(
            (
                'G.add_edge(("user", row.userID), ("artist", row.artistID))',
                'G.add_edge(("User", row.userID), ("Artist", row.artistID))',
            ),
        ),
        ids=("graph.endpoints-mismatch",),
    ),
    Program(
        name="held-edges-of-a-text-array",
        base="factorize",
        edits=(
            (
                FACTORIZE_EDGES,
                "bip.add_edges_from(zip(uids.astype(str).tolist(), (-aids).astype(str).tolist()))",
            ),
        ),
        ids=("graph.float-nodes",),
    ),
    Program(
        name="held-rows-turned-into-floats",
        base="functions",
        edits=(
            (
                FUNCTIONS_EDGES,
                "for _, row in table.assign(share=table.listen_count / 100).iterrows():\n"
                "        g.add_edge(f\"user_{row['userID']}\", f\"artist_{row['artistID']}\")",
            ),
        ),
        ids=("graph.float-nodes",),
    ),
]

TWO = [
    Program(
        name="held-header-lost-and-labels-swapped",
        base="factorize",
        edits=(
            (
                FACTORIZE_READ,
                'pd.read_csv(\n    "user_artists.dat",\n    sep="\\t",\n    header=1,\n'
                '    names=["userID", "artistID", "listen_count"],\n)',
            ),
            (
                "truth = torch.cat((torch.ones(links.size(1)), torch.zeros(negatives.size(1))))",
                "truth = torch.cat((torch.zeros(links.size(1)), torch.ones(negatives.size(1))))",
            ),
        ),
        ids=("load.header-lost", "train.labels-swapped"),
    ),
    Program(
        name="held-swapped-columns-and-no-step",
        base="functions",
        edits=(
            (
                FUNCTIONS_NAMES,
                'table = table.set_axis(["artistID", "userID", "listen_count"], axis=1)',
            ),
            ("    optimiser.step()\n", ""),
        ),
        ids=("load.swapped-columns", "train.no-step"),
    ),
    Program(
        name="held-kind-and-no-relu",
        base="batches",
        edits=(
            (
                "network.add_node(person(number), bipartite=0)",
                "network.add_node(person(number), side=0)",
            ),
            (
                "network.add_node(band(number), bipartite=1)",
                "network.add_node(band(number), side=1)",
            ),
            (
                "vectors = torch.nn.functional.relu(self.layer_one(vectors, edge_index))",
                "vectors = self.layer_one(vectors, edge_index)",
            ),
        ),
        ids=("graph.attribute-missing", "model.no-relu"),
    ),
]

PROGRAMS = [replace(program, held_out=True) for program in STEP1 + STEP2 + TWO]
