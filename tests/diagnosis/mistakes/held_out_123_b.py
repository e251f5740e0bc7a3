"""Held out, not read while the detector is made: step 3, indices and `Data`."""

from dataclasses import replace

from bank import Program

BATCHES_ARTISTS = "    position[band(number)] = len(position)\n"
BATCHES_USERS = "    position[person(number)] = len(position)\n"
BATCHES_POSITION = (
    "position = {}\nfor number in all_artists:\n"
    + BATCHES_ARTISTS
    + "for number in all_users:\n"
    + BATCHES_USERS
)
BATCHES_EDGES = "everything.edge_index = torch.LongTensor([heads, tails])"
FACTORIZE_CODES = """\
u_codes, u_names = pd.factorize(plays.userID)
a_codes, a_names = pd.factorize(plays.artistID)
"""
FACTORIZE_OFFSET = "a_codes = a_codes + n_u\n"
FACTORIZE_STACK = "ei = np.vstack((u_codes, a_codes))\n"
FACTORIZE_TENSOR = "ei = torch.tensor(ei, dtype=torch.long)\n"
FUNCTIONS_ENCODED = """\
user_index = user_encoder.fit_transform(interactions["userID"])
artist_index = artist_encoder.fit_transform(interactions["artistID"])
"""
FUNCTIONS_USERS = "    users = torch.as_tensor(user_index).long() + num_artists\n"
FUNCTIONS_STACK = "    edge_index = torch.stack([users, artists])\n"
FUNCTIONS_UNDIRECTED = "    edge_index = to_undirected(edge_index)\n"
FUNCTIONS_SIZE = "    size = num_users + num_artists\n"
FUNCTIONS_DATA = "Data(x=torch.arange(size), edge_index=edge_index)"
NO_OFFSET = (FUNCTIONS_USERS, "    users = torch.as_tensor(user_index).long()\n")

MAP = [
    Program(
        name="held-lookup-of-both-columns",
        base="functions",
        edits=(
            (
                FUNCTIONS_ENCODED,
                'ids = [*interactions["userID"].unique(), *interactions["artistID"].unique()]\n'
                "lookup = dict(zip(ids, range(len(ids))))\n"
                'user_index = interactions["userID"].map(lookup).to_numpy()\n'
                'artist_index = interactions["artistID"].map(lookup).to_numpy()\n',
            ),
            NO_OFFSET,
        ),
        ids=("map.id-collision",),
    ),
    Program(
        name="held-position-of-the-number",
        base="batches",
        edits=(
            (
                BATCHES_POSITION,
                "position = {}\n"
                "for index, number in enumerate(all_artists + all_users):\n"
                "    position[number] = index\n",
            ),
            ("assert size == count_users + count_artists\n", ""),
            (
                "for first, second in network.edges():\n",
                'for first, second in listens[["userID", "artistID"]].values.tolist():\n',
            ),
        ),
        ids=("map.id-collision",),
        crashes=True,
    ),
    Program(
        name="held-one-encoder",
        base="functions",
        edits=(
            (
                FUNCTIONS_ENCODED,
                "artist_encoder.fit(pd.concat([interactions.userID, interactions.artistID]))\n"
                'user_index = artist_encoder.transform(interactions["userID"])\n'
                'artist_index = artist_encoder.transform(interactions["artistID"])\n',
            ),
            NO_OFFSET,
            (FUNCTIONS_SIZE, "    size = len(artist_encoder.classes_)\n"),
        ),
        ids=("map.union",),
    ),
    Program(
        name="held-add-what-is-new",
        base="batches",
        edits=(
            (
                BATCHES_POSITION,
                "position = {}\n"
                "for number in all_users + all_artists:\n"
                "    position.setdefault(number, len(position))\n",
            ),
            ("assert size == count_users + count_artists\n", ""),
            (
                "for first, second in network.edges():\n",
                "for first, second, _ in listens.itertuples(index=False):\n",
            ),
        ),
        ids=("map.union",),
    ),
    Program(
        name="held-encoders-side-by-side",
        base="functions",
        edits=(NO_OFFSET,),
        ids=("map.no-offset",),
    ),
    Program(
        name="held-each-side-counted-from-zero",
        base="batches",
        edits=(
            (
                "for number in all_users:\n    position",
                "for i, number in enumerate(all_users):\n    position",
            ),
            ("[person(number)] = len(position)\n", "[person(number)] = i\n"),
        ),
        ids=("map.no-offset",),
    ),
    Program(
        name="held-columns-as-codes",
        base="factorize",
        edits=(
            (FACTORIZE_OFFSET, "u_codes = plays.userID.values\na_codes = plays.artistID.values\n"),
        ),
        ids=("map.raw-ids",),
    ),
    Program(
        name="held-raw-ids-of-both",
        base="functions",
        edits=(
            (
                FUNCTIONS_ENCODED,
                'user_index = interactions["userID"].to_numpy()\n'
                'artist_index = interactions["artistID"].to_numpy()\n',
            ),
            NO_OFFSET,
        ),
        ids=("map.raw-ids",),
    ),
    Program(
        name="held-indices-from-one-to-the-end",
        base="functions",
        edits=(
            (FUNCTIONS_ENCODED, FUNCTIONS_ENCODED + "user_index += 1\nartist_index += 1\n"),
            (FUNCTIONS_SIZE, "    size = int(edge_index.max()) + 1\n"),
            (
                "GNNLinkPredictor(num_users + num_artists, 32",
                "GNNLinkPredictor(music.num_nodes, 32",
            ),
        ),
        ids=("map.from-one",),
    ),
    Program(
        name="held-one-more-than-the-length",
        base="batches",
        edits=(
            (BATCHES_ARTISTS, "    position[band(number)] = len(position) + 1\n"),
            (BATCHES_USERS, "    position[person(number)] = len(position) + 1\n"),
        ),
        ids=("map.from-one",),
        crashes=True,
    ),
    Program(
        name="held-categories-of-a-part",
        base="factorize",
        edits=(
            (
                FACTORIZE_CODES,
                "u_names = plays.userID.head(4000).unique()\n"
                "u_codes = pd.Categorical(plays.userID, categories=u_names).codes\n"
                "a_codes, a_names = pd.factorize(plays.artistID)\n",
            ),
        ),
        ids=("map.subset",),
        crashes=True,
    ),
    Program(
        name="held-encoder-fitted-on-the-head",
        base="functions",
        edits=(
            (
                FUNCTIONS_ENCODED,
                'user_index = user_encoder.fit_transform(interactions["userID"])\n'
                'artist_encoder.fit(interactions["artistID"].head(1000))\n'
                'artist_index = artist_encoder.transform(interactions["artistID"])\n',
            ),
        ),
        ids=("map.subset",),
        crashes=True,
    ),
]

DATA = [
    Program(
        name="held-column-stack",
        base="factorize",
        edits=((FACTORIZE_STACK, "ei = np.column_stack((u_codes, a_codes))\n"),),
        ids=("data.transposed",),
        crashes=True,
    ),
    Program(
        name="held-stacked-and-flipped-on-dim-one",
        base="functions",
        edits=(
            (FUNCTIONS_STACK, "    edge_index = torch.stack([users, artists], dim=1)\n"),
            (
                FUNCTIONS_UNDIRECTED,
                "    edge_index = torch.cat([edge_index, edge_index.flip(1)])\n",
            ),
        ),
        ids=("data.transposed",),
        crashes=True,
    ),
    Program(
        name="held-vstack-of-both-ways",
        base="functions",
        edits=(
            (
                FUNCTIONS_UNDIRECTED,
                "    edge_index = torch.vstack([edge_index, edge_index[[1, 0]]])\n",
            ),
        ),
        ids=("data.cat-dim",),
        crashes=True,
    ),
    Program(
        name="held-concatenate-of-both-ways",
        base="factorize",
        edits=((FACTORIZE_STACK, FACTORIZE_STACK + "ei = np.concatenate((ei, ei[::-1]))\n"),),
        ids=("data.cat-dim",),
        crashes=True,
    ),
    Program(
        name="held-edges-left-in-numpy",
        base="factorize",
        edits=((FACTORIZE_TENSOR, ""),),
        ids=("data.edge-dtype",),
        crashes=True,
    ),
    Program(
        name="held-float-tensor",
        base="batches",
        edits=((BATCHES_EDGES, "everything.edge_index = torch.FloatTensor([heads, tails])"),),
        ids=("data.edge-dtype",),
        crashes=True,
    ),
    Program(
        name="held-x-random-integers",
        base="functions",
        edits=(
            (
                FUNCTIONS_DATA,
                "Data(x=torch.randint(0, size, (size,)), edge_index=edge_index)",
            ),
        ),
        ids=("data.x",),
    ),
    Program(
        name="held-x-forgotten",
        base="batches",
        edits=(("everything.x = torch.arange(size, dtype=torch.long)\n", ""),),
        ids=("data.x",),
        crashes=True,
    ),
    Program(
        name="held-size-of-a-set",
        base="functions",
        edits=(
            (
                FUNCTIONS_SIZE,
                '    size = len(set(interactions["userID"]) | set(interactions["artistID"]))\n',
            ),
        ),
        ids=("data.num-nodes",),
        crashes=True,
    ),
    Program(
        name="held-total-is-the-artists",
        base="factorize",
        edits=(("total = n_u + n_a\n", "total = n_a\n"),),
        ids=("data.num-nodes",),
        crashes=True,
    ),
    Program(
        name="held-undirected-and-flipped",
        base="functions",
        edits=(
            (
                FUNCTIONS_UNDIRECTED,
                FUNCTIONS_UNDIRECTED
                + "    edge_index = torch.cat([edge_index, edge_index.flip(0)], dim=1)\n",
            ),
        ),
        ids=("data.duplicated-edges",),
    ),
    Program(
        name="held-heads-and-tails-again",
        base="batches",
        edits=(
            (
                BATCHES_EDGES,
                "everything.edge_index = torch.LongTensor([heads + tails, tails + heads])",
            ),
        ),
        ids=("data.duplicated-edges",),
    ),
]

PROGRAMS = [replace(program, held_out=True) for program in MAP + DATA]
