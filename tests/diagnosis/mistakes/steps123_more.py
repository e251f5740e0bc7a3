"""More programs whose first mistake is in steps 1 to 3: what public notebooks do, and new names."""

from bank import Program

from mistakes.step1 import CONTRACT_NAMES, CONTRACT_READ, OFFSETS_READ, STRINGS_NAMES
from mistakes.step2 import CONTRACT_ARTIST, CONTRACT_EDGE, CONTRACT_USER, STRINGS_EDGE
from mistakes.step3_map import CONTRACT_MAPPING, OFFSETS_COL, OFFSETS_ROW, STRINGS_MAPPING

CONTRACT_TENSOR = "edge_index = torch.tensor([sources, targets], dtype=torch.long)"
CONTRACT_USERS = (
    'for user_id in df["userID"].unique():\n    G.add_node(("user", user_id), bipartite=0)'
)
CONTRACT_ARTISTS = (
    'for artist_id in df["artistID"].unique():\n    G.add_node(("artist", artist_id), bipartite=1)'
)
CONTRACT_LOOP = f"for row in df.itertuples(index=False):\n    {CONTRACT_EDGE}"
OFFSETS_TENSOR = "one_way = torch.from_numpy(np.stack([row, col])).long()"
STRINGS_TENSOR = "edges = torch.tensor(edge_list, dtype=torch.long).t().contiguous()"
STRINGS_NODES = "for u in lastfm.userID.unique():"
STRINGS_ARTISTS = "for a in lastfm.artistID.unique():"
STRINGS_LOOP = f"for _, line in lastfm.iterrows():\n    {STRINGS_EDGE}\n"
CONTRACT_SPLIT = "train_data, val_data, test_data = transform(data)"
CONTRACT_BY_POSITION = """\
cut = edge_index.size(1) // 10
train_edges, val_edges, test_edges = edge_index.split([len(df) - 2 * cut, cut, cut], dim=1)
messages = torch.cat([train_edges, train_edges.flip(0)], dim=1)
no_edges = negative_sampling(
    torch.cat([edge_index, edge_index.flip(0)], dim=1), num_nodes, num_neg_samples=2 * cut
)
train_data = Data(x=x, edge_index=messages, pos_edge_label_index=train_edges)
val_data, test_data = (
    Data(x=x, edge_index=messages, pos_edge_label_index=held, neg_edge_label_index=drawn)
    for held, drawn in zip((val_edges, test_edges), no_edges.split(cut, dim=1))
)"""
OFFSETS_SPLIT = "tr, va, te = splitter(gdata)"
OFFSETS_BY_POSITION = """\
def part(asked, drawn=None):
    kept = one_way[:, 2 * tenth :]
    return Data(
        x=gdata.x,
        edge_index=torch.cat([kept, kept.flip(0)], dim=1),
        pos_edge_label_index=asked,
        neg_edge_label_index=drawn,
    )


tenth = one_way.shape[1] // 10
free = negative_sampling(both_ways, num_nodes=N, num_neg_samples=2 * tenth)
te = part(one_way[:, :tenth], free[:, :tenth])
va = part(one_way[:, tenth : 2 * tenth], free[:, tenth : 2 * tenth])
tr = part(one_way[:, 2 * tenth :])"""

PROGRAMS = [
    Program(
        name="user-as-index",
        base="contract",
        edits=((CONTRACT_READ, r'df = pd.read_csv("user_artists.dat", sep="\t", index_col=0)'),),
        ids=("load.index-column",),
        crashes=True,
    ),
    Program(
        name="user-set-as-index",
        base="strings",
        edits=((STRINGS_NAMES, STRINGS_NAMES + '\nlastfm = lastfm.set_index("userID")'),),
        ids=("load.index-column",),
        crashes=True,
    ),
    Program(
        name="read-twice-and-joined",
        base="contract",
        edits=((CONTRACT_NAMES, CONTRACT_NAMES + "\ndf = pd.concat([df, df], ignore_index=True)"),),
        ids=("load.rows-repeated",),
    ),
    Program(
        name="rows-by-plays",
        base="offsets",
        edits=(
            (
                OFFSETS_READ,
                OFFSETS_READ
                + "\nratings = ratings.loc["
                + "ratings.index.repeat(1 + (ratings.listen_count > 500))].reset_index(drop=True)",
            ),
        ),
        ids=("load.rows-repeated",),
    ),
    Program(
        name="edges-on-raw-ids-then-right",
        base="contract",
        edits=(
            (
                CONTRACT_LOOP,
                'G.add_edges_from(zip(df["userID"], df["artistID"]))\n' + CONTRACT_LOOP,
            ),
        ),
        ids=("graph.extra-edges",),
    ),
    Program(
        name="users-of-one-artist-joined",
        base="contract",
        edits=(
            (
                CONTRACT_LOOP,
                CONTRACT_LOOP + "\nfor artist, fans in df.groupby('artistID')['userID']:\n"
                "    fans = fans.tolist()\n"
                '    G.add_edges_from((("user", a), ("user", b)) for a, b in zip(fans, fans[1:]))',
            ),
        ),
        ids=("graph.extra-edges",),
    ),
    Program(
        name="nodes-by-counting",
        base="contract",
        edits=(
            (CONTRACT_USERS, f"for user_id in range(n_users):\n    {CONTRACT_USER}"),
            (CONTRACT_ARTISTS, f"for artist_id in range(n_artists):\n    {CONTRACT_ARTIST}"),
        ),
        ids=("graph.positions-as-nodes",),
    ),
    Program(
        name="nodes-by-counting-no-edges-yet",
        base="contract",
        edits=(
            (CONTRACT_USERS, f"for user_id in range(1, n_users + 1):\n    {CONTRACT_USER}"),
            (CONTRACT_ARTISTS, f"for artist_id in range(1, n_artists + 1):\n    {CONTRACT_ARTIST}"),
            (CONTRACT_LOOP + "\n", ""),
        ),
        ids=("graph.positions-as-nodes",),
    ),
    Program(
        name="nodes-with-their-attribute-as-keys",
        base="strings",
        edits=(
            (
                STRINGS_MAPPING,
                "mapping = {name: i for i, name in enumerate(graph.nodes(data='bipartite'))}",
            ),
        ),
        ids=("map.keys",),
        crashes=True,
    ),
    Program(
        name="mapping-the-wrong-way-round",
        base="contract",
        edits=(
            (CONTRACT_MAPPING, "id_mapping = {index: node for index, node in enumerate(nodes)}"),
        ),
        ids=("map.keys",),
        crashes=True,
    ),
    Program(
        name="pairs-reshaped",
        base="strings",
        edits=(
            (
                STRINGS_TENSOR,
                "edges = torch.tensor(edge_list, dtype=torch.long).reshape(2, -1)",
            ),
        ),
        ids=("data.reshaped",),
    ),
    Program(
        name="pairs-viewed",
        base="contract",
        edits=(
            (
                CONTRACT_TENSOR,
                "edge_index = torch.tensor(list(zip(sources, targets))).view(2, len(sources))",
            ),
        ),
        ids=("data.reshaped",),
    ),
    Program(
        name="one-end-shuffled",
        base="offsets",
        edits=((OFFSETS_ROW, OFFSETS_ROW + "\nrow = np.random.permutation(row)"),),
        ids=("data.other-edges",),
    ),
    Program(
        name="each-end-sorted",
        base="contract",
        edits=(
            (
                CONTRACT_TENSOR,
                CONTRACT_TENSOR.replace("[sources", "[sorted(sources)").replace(
                    "targets]", "sorted(targets)]"
                ),
            ),
        ),
        ids=("data.other-edges",),
    ),
    Program(
        name="first-thousands-only",
        base="contract",
        edits=((CONTRACT_TENSOR, CONTRACT_TENSOR + "[:, :5000]"),),
        ids=("data.edges-missing",),
    ),
    Program(
        name="strong-edges-only",
        base="offsets",
        edits=(
            (OFFSETS_COL, OFFSETS_COL + "\nkeep = (ratings.listen_count > 20).to_numpy()"),
            (OFFSETS_TENSOR, OFFSETS_TENSOR.replace("[row, col]", "[row[keep], col[keep]]")),
        ),
        ids=("data.edges-missing",),
    ),
    Program(
        name="last-rows-are-the-test",
        base="contract",
        edits=((CONTRACT_SPLIT, CONTRACT_BY_POSITION),),
        ids=("split.not-shuffled",),
    ),
    Program(
        name="first-rows-are-the-test",
        base="offsets",
        edits=((OFFSETS_SPLIT, OFFSETS_BY_POSITION),),
        ids=("split.not-shuffled",),
    ),
]
