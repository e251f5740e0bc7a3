"""Programs whose first mistake is in step 3: the `Data` object."""

from bank import Program

CONTRACT_EDGES = "edge_index = torch.tensor([sources, targets], dtype=torch.long)"
CONTRACT_X = "x = torch.arange(num_nodes, dtype=torch.long)"
CONTRACT_SIZE = "num_nodes = len(nodes)"
OFFSETS_ONE_WAY = "one_way = torch.from_numpy(np.stack([row, col])).long()"
OFFSETS_BOTH = "both_ways = torch.cat([one_way, one_way.flip(0)], dim=1)"
STRINGS_EDGES = "edges = torch.tensor(edge_list, dtype=torch.long).t().contiguous()"
STRINGS_LIST = "edge_list = [(mapping[s], mapping[t]) for s, t in graph.edges]"
STRINGS_DATA = "Data(x=torch.arange(n, dtype=torch.long), edge_index=edges, num_nodes=n)"

PROGRAMS = [
    Program(
        name="list-of-pairs",
        base="contract",
        edits=(
            (
                CONTRACT_EDGES,
                "pairs = list(zip(sources, targets))\n"
                "edge_index = torch.tensor(pairs, dtype=torch.long)",
            ),
        ),
        ids=("data.transposed",),
        crashes=True,
    ),
    Program(
        name="transpose-forgotten",
        base="strings",
        edits=((STRINGS_EDGES, "edges = torch.tensor(edge_list, dtype=torch.long)"),),
        ids=("data.transposed",),
        crashes=True,
    ),
    Program(
        name="stacked-on-the-last-axis",
        base="offsets",
        edits=(
            (
                OFFSETS_ONE_WAY,
                "one_way = torch.from_numpy(np.stack([row, col], axis=-1)).long()",
            ),
            (OFFSETS_BOTH, "both_ways = torch.cat([one_way, one_way.flip(1)])"),
        ),
        ids=("data.transposed",),
        crashes=True,
    ),
    Program(
        name="flip-below",
        base="offsets",
        edits=((OFFSETS_BOTH, "both_ways = torch.cat([one_way, one_way.flip(0)], dim=0)"),),
        ids=("data.cat-dim",),
        crashes=True,
    ),
    Program(
        name="reverse-edges-as-rows",
        base="contract",
        edits=(
            (
                CONTRACT_EDGES,
                "edge_index = torch.tensor(\n"
                "    [sources, targets, targets, sources],\n    dtype=torch.long,\n)",
            ),
        ),
        ids=("data.cat-dim",),
        crashes=True,
    ),
    Program(
        name="edges-float",
        base="contract",
        edits=((CONTRACT_EDGES, CONTRACT_EDGES.replace("torch.long", "torch.float")),),
        ids=("data.edge-dtype",),
        crashes=True,
    ),
    Program(
        name="edges-int32",
        base="strings",
        edits=((STRINGS_EDGES, STRINGS_EDGES.replace("torch.long", "torch.int32")),),
        ids=("data.edge-dtype",),
        crashes=True,
    ),
    Program(
        name="edges-int-for-long",
        base="offsets",
        edits=((OFFSETS_ONE_WAY, OFFSETS_ONE_WAY.replace(".long()", ".int()")),),
        ids=("data.edge-dtype",),
        crashes=True,
    ),
    Program(
        name="edges-by-tensor-constructor",
        base="offsets",
        edits=((OFFSETS_ONE_WAY, "one_way = torch.Tensor(np.stack([row, col]))"),),
        ids=("data.edge-dtype",),
        crashes=True,
    ),
    Program(
        name="x-missing",
        base="contract",
        edits=(("data = Data(x=x, edge_index=edge_index)", "data = Data(edge_index=edge_index)"),),
        ids=("data.x",),
        crashes=True,
    ),
    Program(
        name="x-ones",
        base="offsets",
        edits=(("    x=torch.arange(N),\n", "    x=torch.ones(N, dtype=torch.long),\n"),),
        ids=("data.x",),
    ),
    Program(
        name="x-users-only",
        base="strings",
        edits=((STRINGS_DATA, STRINGS_DATA.replace("arange(n,", "arange(number_of_users,")),),
        ids=("data.x",),
        crashes=True,
    ),
    Program(
        name="x-random-features",
        base="contract",
        edits=((CONTRACT_X, "x = torch.rand(num_nodes, 32)"),),
        ids=("data.x",),
        crashes=True,
    ),
    Program(
        name="largest-index-as-size",
        base="contract",
        edits=((CONTRACT_SIZE, "num_nodes = max(id_mapping.values())"),),
        ids=("data.num-nodes",),
        crashes=True,
    ),
    Program(
        name="size-of-the-union",
        base="contract",
        edits=((CONTRACT_SIZE, "num_nodes = len(set(users) | set(artists))"),),
        ids=("data.num-nodes",),
        crashes=True,
    ),
    Program(
        name="size-of-the-larger-side",
        base="offsets",
        edits=(("N = U + A", "N = max(U, A)"),),
        ids=("data.num-nodes",),
        crashes=True,
    ),
    Program(
        name="num-nodes-of-one-side",
        base="strings",
        edits=(
            (STRINGS_DATA, STRINGS_DATA.replace("num_nodes=n)", "num_nodes=number_of_artists)")),
        ),
        ids=("data.num-nodes",),
    ),
    Program(
        name="both-directions-at-both-ends",
        base="strings",
        edits=(
            (
                STRINGS_LIST,
                "edge_list = []\n"
                "for node in graph.nodes:\n"
                "    for other in graph[node]:\n"
                "        edge_list.append((mapping[node], mapping[other]))\n"
                "        edge_list.append((mapping[other], mapping[node]))",
            ),
        ),
        ids=("data.duplicated-edges",),
    ),
    Program(
        name="flipped-twice",
        base="offsets",
        edits=(
            (
                OFFSETS_BOTH,
                OFFSETS_BOTH
                + "\nboth_ways = torch.cat([both_ways, both_ways[[1, 0]]], dim=1)  # undirected",
            ),
        ),
        ids=("data.duplicated-edges",),
    ),
    # two mistakes, the second one far away
    Program(
        name="duplicated-and-default-count",
        base="contract",
        edits=(
            (
                CONTRACT_EDGES,
                "edge_index = torch.tensor(\n"
                "    [sources + targets, targets + sources],\n"
                "    dtype=torch.long,\n)\n"
                "edge_index = torch.cat([edge_index, edge_index.flip(0)], dim=1)",
            ),
            ("        num_neg_samples=pos.size(1),\n", ""),
        ),
        ids=("data.duplicated-edges", "train.negative-count"),
    ),
    Program(
        name="int32-and-inverted-labels",
        base="contract",
        edits=(
            (CONTRACT_EDGES, "edge_index = torch.IntTensor([sources, targets])"),
            (
                "    labels = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])",
                "    labels = torch.cat([torch.zeros(pos.size(1)), torch.ones(neg.size(1))])",
            ),
        ),
        ids=("data.edge-dtype", "test.labels-inverted"),
        crashes=True,
    ),
]
