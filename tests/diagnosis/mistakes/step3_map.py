"""Programs whose first mistake is in step 3: from ids to indices."""

from bank import Program

CONTRACT_NODES = 'nodes = [("user", u) for u in users] + [("artist", a) for a in artists]'
CONTRACT_MAPPING = "id_mapping = {node: index for index, node in enumerate(nodes)}"
CONTRACT_SOURCES = 'sources = [id_mapping[("user", u)] for u in df["userID"]]'
CONTRACT_TARGETS = 'targets = [id_mapping[("artist", a)] for a in df["artistID"]]'
ON_RAW_IDS = (
    (CONTRACT_SOURCES, 'sources = [id_mapping[u] for u in df["userID"]]'),
    (CONTRACT_TARGETS, 'targets = [id_mapping[a] for a in df["artistID"]]'),
)
OFFSETS_USERS = "user2idx = {u: i for i, u in enumerate(user_ids)}"
OFFSETS_ARTISTS = "artist2idx = {a: i + U for i, a in enumerate(artist_ids)}"
OFFSETS_ROW = 'row = ratings["userID"].map(user2idx).to_numpy()'
OFFSETS_COL = 'col = ratings["artistID"].map(artist2idx).to_numpy()'
STRINGS_MAPPING = "mapping = {name: i for i, name in enumerate(graph.nodes)}"
STRINGS_EDGES = "edge_list = [(mapping[s], mapping[t]) for s, t in graph.edges]"
FACTORIZE_CODES = (
    "u_codes, u_names = pd.factorize(plays.userID)\na_codes, a_names = pd.factorize(plays.artistID)"
)

PROGRAMS = [
    Program(
        name="one-dict-raw-ids",
        base="contract",
        edits=(
            (CONTRACT_NODES, "nodes = list(users) + list(artists)"),
            ("num_nodes = len(nodes)", "num_nodes = len(id_mapping)"),
            *ON_RAW_IDS,
        ),
        ids=("map.id-collision",),
        crashes=True,
    ),
    Program(
        name="one-dict-raw-ids-large-embedding",
        base="contract",
        edits=((CONTRACT_NODES, "nodes = [*users, *artists]"), *ON_RAW_IDS),
        ids=("map.id-collision",),
    ),
    Program(
        name="letters-cut-off",
        base="strings",
        edits=(
            (STRINGS_MAPPING, "mapping = {int(name[1:]): i for i, name in enumerate(graph.nodes)}"),
            (
                STRINGS_EDGES,
                "edge_list = [(mapping[int(s[1:])], mapping[int(t[1:])]) for s, t in graph.edges]",
            ),
        ),
        ids=("map.id-collision",),
        crashes=True,
    ),
    Program(
        name="two-dicts-merged",
        base="offsets",
        edits=(
            (OFFSETS_ARTISTS, OFFSETS_ARTISTS + "\nto_index = {**user2idx, **artist2idx}"),
            (OFFSETS_ROW, 'row = ratings["userID"].map(to_index).to_numpy()'),
            (OFFSETS_COL, 'col = ratings["artistID"].map(to_index).to_numpy()'),
        ),
        ids=("map.id-collision",),
    ),
    Program(
        name="union-of-ids",
        base="contract",
        edits=((CONTRACT_NODES, "nodes = sorted(set(users) | set(artists))"), *ON_RAW_IDS),
        ids=("map.union",),
    ),
    Program(
        name="factorize-both-columns-at-once",
        base="factorize",
        edits=(
            (
                FACTORIZE_CODES,
                "codes, names = pd.factorize(pd.concat([plays.userID, plays.artistID]))\n"
                "u_codes, a_codes = codes[: len(plays)], codes[len(plays) :]",
            ),
            ("n_u = len(u_names)", "n_u = plays.userID.nunique()"),
            ("n_a = len(a_names)", "n_a = plays.artistID.nunique()"),
            ("a_codes = a_codes + n_u\n", ""),
            ("total = n_u + n_a", "total = len(names)"),
        ),
        ids=("map.union",),
        crashes=True,
    ),
    Program(
        name="unique-of-all-values",
        base="offsets",
        edits=(
            (
                OFFSETS_USERS,
                'everyone = np.unique(ratings[["userID", "artistID"]].to_numpy())\n'
                "user2idx = {v: i for i, v in enumerate(everyone)}",
            ),
            (OFFSETS_ARTISTS, "artist2idx = user2idx"),
            ("N = U + A", "N = len(everyone)"),
        ),
        ids=("map.union",),
    ),
    Program(
        name="both-dicts-from-zero",
        base="offsets",
        edits=((OFFSETS_ARTISTS, "artist2idx = {a: i for i, a in enumerate(artist_ids)}"),),
        ids=("map.no-offset",),
    ),
    Program(
        name="enumerate-twice",
        base="contract",
        edits=(
            (
                CONTRACT_MAPPING,
                'id_mapping = {("user", u): i for i, u in enumerate(users)}\n'
                'id_mapping |= {("artist", a): i for i, a in enumerate(artists)}',
            ),
        ),
        ids=("map.no-offset",),
    ),
    Program(
        name="raw-ids-as-indices",
        base="contract",
        edits=(
            (CONTRACT_SOURCES, 'sources = df["userID"].tolist()'),
            (CONTRACT_TARGETS, 'targets = df["artistID"].tolist()'),
        ),
        ids=("map.raw-ids",),
    ),
    Program(
        name="numbers-in-the-names",
        base="strings",
        edits=((STRINGS_EDGES, "edge_list = [(int(s[1:]), int(t[1:])) for s, t in graph.edges]"),),
        ids=("map.raw-ids",),
    ),
    Program(
        name="raw-ids-shifted",
        base="offsets",
        edits=(
            (OFFSETS_ROW, 'row = ratings["userID"].to_numpy()'),
            (OFFSETS_COL, 'col = ratings["artistID"].to_numpy() + shift'),
        ),
        ids=("map.raw-ids",),
        crashes=True,
    ),
    Program(
        name="enumerate-from-one",
        base="contract",
        edits=(
            (CONTRACT_MAPPING, "id_mapping = {n: index for index, n in enumerate(nodes, start=1)}"),
        ),
        ids=("map.from-one",),
        crashes=True,
    ),
    Program(
        name="both-dicts-from-one",
        base="offsets",
        edits=(
            (OFFSETS_USERS, "user2idx = {u: i + 1 for i, u in enumerate(user_ids)}"),
            (OFFSETS_ARTISTS, "artist2idx = {a: i + U + 1 for i, a in enumerate(artist_ids)}"),
        ),
        ids=("map.from-one",),
        crashes=True,
    ),
    Program(
        name="counter-before-use",
        base="strings",
        edits=(
            (
                STRINGS_MAPPING,
                "mapping, counter = {}, 0\n"
                "for name in graph.nodes:\n    counter += 1\n    mapping[name] = counter",
            ),
        ),
        ids=("map.from-one",),
        crashes=True,
    ),
    Program(
        name="users-of-the-head",
        base="contract",
        edits=(
            (
                'users = df["userID"].unique()\n',
                'users = df.head(2000)["userID"].unique()\n',
            ),
        ),
        ids=("map.subset",),
        crashes=True,
    ),
    Program(
        name="popular-artists-only",
        base="offsets",
        edits=(
            (
                OFFSETS_ARTISTS,
                'popular = ratings["artistID"].value_counts().index[:500]\n'
                "artist2idx = {a: i + U for i, a in enumerate(popular)}",
            ),
        ),
        ids=("map.subset",),
        crashes=True,
    ),
    # two mistakes, the second one far away
    Program(
        name="no-offset-and-squared-error",
        base="offsets",
        edits=(
            (OFFSETS_ARTISTS, "artist2idx = dict(zip(artist_ids, range(A)))"),
            (
                "criterion = torch.nn.BCEWithLogitsLoss()",
                "criterion = torch.nn.MSELoss()",
            ),
        ),
        ids=("map.no-offset", "train.loss-function"),
    ),
    Program(
        name="raw-ids-and-one-layer",
        base="contract",
        edits=(
            (CONTRACT_SOURCES, 'sources = list(df["userID"])'),
            (CONTRACT_TARGETS, 'targets = list(df["artistID"])'),
            ("        h = torch.relu(h)\n        h = self.conv2(h, edge_index)\n", ""),
        ),
        ids=("map.raw-ids", "model.one-layer"),
    ),
]
