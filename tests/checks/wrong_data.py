"""Wrong work for every check of step 3: check id -> cases in which that check must not pass.

Beside `wrong_graph`, whose helpers it uses; `test_checks_wrong` runs both.
"""

from __future__ import annotations

from checks_course import Case, cell, swap
from wrong_graph import (
    BOTH_WAYS,
    BY_RAW_ID,
    COLLIDED,
    DATA,
    FROM_ONE,
    NO_OFFSET,
    UNION,
    data,
    split,
    step3,
)

WRONG: dict[str, list[Case]] = {
    "step3.mapping.size": [
        step3("one dict of raw ids", COLLIDED, BY_RAW_ID, finding="map.id-collision"),
        step3("union of ids", UNION, BY_RAW_ID, finding="map.union"),
        step3(
            "keys with their attribute",
            cell(
                "mapping",
                "id_mapping = {n: i for i, n in enumerate(G.nodes(data='bipartite'))}\n"
                "num_nodes = len(id_mapping)",
            ),
            cell("data", ""),
            finding="map.keys",
        ),
        step3("the largest index", swap("mapping", "len(id_mapping)", "max(id_mapping.values())")),
        step3(
            "a method",
            swap("mapping", "len(id_mapping)", "G.number_of_nodes"),
            swap("data", "torch.arange(num_nodes,", "torch.arange(len(id_mapping),"),
        ),
        step3("num_nodes of users", swap("mapping", "len(id_mapping)", "len(users)")),
        step3(
            "num_nodes a text",
            swap("mapping", "num_nodes = len(id_mapping)", "num_nodes = 'many'"),
            swap("data", "torch.arange(num_nodes,", "torch.arange(len(id_mapping),"),
        ),
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
    "step3.mapping.users_first": [
        step3("artists first", swap("mapping", "users + artists", "artists + users"), finding=""),
        step3(
            "mixed",
            swap(
                "mapping",
                "enumerate(users + artists)",
                "enumerate(sorted(users + artists, key=hash))",
            ),
        ),
    ],
    "step3.data.x": [
        data("ones", "data = Data(x=torch.ones(num_nodes, 1), edge_index=edge_index)", "data.x"),
        data("users only", "data = Data(x=torch.arange(n_users), edge_index=edge_index)", "data.x"),
        data("no x", "data = Data(edge_index=edge_index, num_nodes=num_nodes)", "data.x"),
        data("floats", "data = Data(x=x.float(), edge_index=edge_index)", "data.x"),
        step3("collided", COLLIDED, BY_RAW_ID, finding="map.id-collision"),
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
        data("a row lost", "data = Data(x=x, edge_index=edge_index[:, 1:])", "data.edges-missing"),
        data(
            "the first half",
            "data = Data(x=x, edge_index=edge_index[:, :400])",
            "data.edges-missing",
        ),
        data(
            "artists shuffled",
            "edge_index[1] = edge_index[1][torch.randperm(edge_index.size(1))]\n" + DATA,
            "data.other-edges",
        ),
        data(
            "reshaped",
            "data = Data(x=x, edge_index=edge_index.t().reshape(2, -1))",
            "data.reshaped",
        ),
        data(
            "the same node twice",
            "data = Data(x=x, edge_index=torch.stack([edge_index[0], edge_index[0]]))",
            "data.other-edges",
        ),
        step3("no offset", NO_OFFSET),
        step3(
            "artists turned round",
            swap(
                "data",
                "for a, b in G.edges]",
                "for a, b in G.edges]\n"
                "pairs = [(a, num_nodes - 1 - (b - n_users)) for a, b in pairs]",
            ),
        ),
    ],
    "step3.split.sizes": [
        split("too much", "num_val=0.1", "num_val=0.3", "split.sizes"),
        split("one edge", "num_val=0.1", "num_val=1", "split.sizes"),
        split(
            "order",
            "train_data, val_data, test_data = ",
            "val_data, test_data, train_data = ",
            "split.order",
        ),
        split(
            "the first rows are the test",
            "= transform(data)",
            "= transform(data)\n"
            "held = data.edge_index.split([80, 80, 640], dim=1)\n"
            "for part, pos in zip((test_data, val_data, train_data), held):\n"
            "    part.pos_edge_label_index = pos\n"
            "both = torch.cat([held[2], held[2].flip(0)], dim=1)\n"
            "train_data.edge_index = val_data.edge_index = test_data.edge_index = both",
            "split.not-shuffled",
        ),
        split(
            "two names",
            "train_data, val_data, test_data = transform",
            "train_data, test_data = transform",
        ),
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
        ),
        split(
            "test edges as supervision",
            "= transform(data)",
            "= transform(data)\n"
            "train_data.pos_edge_label_index[:, :80] = test_data.pos_edge_label_index",
        ),
        split(
            "undirected, message edges of all",
            "= transform(data)",
            "= transform(data)\n"
            "for part in (train_data, val_data): part.edge_index = test_data.edge_index",
        ),
    ],
    "step3.split.both_ways": [
        split("one way", "is_undirected=True", "is_undirected=False", "split.one-way-graph"),
    ],
}
