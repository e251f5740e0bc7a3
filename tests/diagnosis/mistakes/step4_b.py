"""Programs whose `encode` or `decode` is wrong: `decode.*` and `encode.*` of the catalogue.

`bank.programs` reads them.
"""

from bank import Program

PROGRAMS = [
    Program(
        "decode_takes_rows",
        "contract",
        (
            ("source = z[edge_label_index[0]]", "source = z[edge_label_index[:, 0]]"),
            ("target = z[edge_label_index[1]]", "target = z[edge_label_index[:, 1]]"),
        ),
        ("decode.index-rows",),
        crashes=True,
    ),
    Program(
        "decode_unpacks_transposed",
        "offsets",
        (("left, right = edge_label_index\n", "left, right = edge_label_index.T[0:2]\n"),),
        ("decode.index-rows",),
        crashes=True,
    ),
    Program(
        "decode_sums_over_pairs",
        "strings",
        (("torch.sum(a * b, dim=-1)", "torch.sum(a * b, dim=0)"),),
        ("decode.sum-dim",),
    ),
    Program(
        "decode_keeps_dim_and_labels_too",
        "contract",
        (
            ("(source * target).sum(dim=1)", "(source * target).sum(dim=1, keepdim=True)"),
            ("loss_fn(scores, edge_label)", "loss_fn(scores, edge_label.view(-1, 1))"),
        ),
        ("decode.sum-dim",),
    ),
    Program(
        "decode_sums_everything",
        "functions",
        (("(z_src * z_dst).sum(dim=-1)", "(z_src * z_dst).sum()"),),
        ("decode.sum-dim",),
        crashes=True,
    ),
    Program(
        "decode_scores_all_nodes",
        "dropout",
        (
            (
                "        left = z[edge_label_index[0]]\n"
                "        right = z[edge_label_index[1]]\n"
                "        return torch.sum(left * right, dim=1)\n",
                "        return torch.matmul(z, z.t())\n",
            ),
        ),
        ("decode.all-pairs",),
        crashes=True,
    ),
    Program(
        "decode_matrix_picked_outside",
        "contract",
        (
            (
                "        source = z[edge_label_index[0]]\n"
                "        target = z[edge_label_index[1]]\n"
                "        return (source * target).sum(dim=1)\n",
                "        adjacency = z @ z.T\n        return adjacency\n",
            ),
            (
                "    scores = model.decode(z, edge_label_index)\n    loss",
                "    adjacency = model.decode(z, edge_label_index)\n"
                "    scores = adjacency[edge_label_index[0], edge_label_index[1]]\n    loss",
            ),
            (
                "    scores = model.decode(z, edge_label_index)\n    labels",
                "    adjacency = model.decode(z, edge_label_index)\n"
                "    scores = adjacency[edge_label_index[0], edge_label_index[1]]\n    labels",
            ),
        ),
        ("decode.all-pairs",),
    ),
    Program(
        "decode_returns_probability",
        "contract",
        (("(source * target).sum(dim=1)", "torch.sigmoid((source * target).sum(dim=1))"),),
        ("decode.sigmoid",),
    ),
    Program(
        "decode_by_hand_made_logistic",
        "offsets",
        (
            (
                '        return torch.einsum("ij,ij->i", z[left], z[right])\n',
                '        dot = torch.einsum("ij,ij->i", z[left], z[right])\n'
                "        return 1 / (1 + torch.exp(-dot))\n",
            ),
        ),
        ("decode.sigmoid",),
    ),
    Program(
        "decode_cosine",
        "strings",
        (("torch.sum(a * b, dim=-1)", "F.cosine_similarity(a, b)"),),
        ("decode.not-dot",),
    ),
    Program(
        "decode_distance",
        "contract",
        (("(source * target).sum(dim=1)", "((source - target) ** 2).sum(dim=1).sqrt()"),),
        ("decode.not-dot",),
    ),
    Program(
        "decode_concat_and_linear",
        "dropout",
        (
            (
                "        self.drop = nn.Dropout(p)\n",
                "        self.drop = nn.Dropout(p)\n"
                "        self.score = nn.Linear(2 * out_channels, 1)\n",
            ),
            (
                "torch.sum(left * right, dim=1)",
                "self.score(torch.cat([left, right], dim=1)).squeeze(1)",
            ),
        ),
        ("decode.not-dot",),
    ),
    Program(
        "forward_encodes_label_edges",
        "dropout",
        (("z = self.encode(x, edge_index)", "z = self.encode(x, edge_label_index)"),),
        ("encode.label-edges",),
    ),
    Program(
        "train_encodes_positive_links",
        "contract",
        (("z = model.encode(x, edge_index)", "z = model.encode(x, pos)"),),
        ("encode.label-edges",),
        shows_in="step5",
    ),
    Program(
        "encode_self_loops_only",
        "contract",
        (
            (
                "        h = self.embedding(x)\n",
                "        h = self.embedding(x)\n        edge_index = torch.stack([x, x])\n",
            ),
        ),
        ("encode.ignores-graph",),
    ),
    Program(
        "encode_linear_part_only",
        "strings",
        (
            (
                "x = self.act(self.conv_a(x, edge_index))",
                "x = self.act(self.conv_a.lin_r(x))",
            ),
            ("x = self.conv_b(x, edge_index)", "x = self.conv_b.lin_r(x)"),
        ),
        ("encode.ignores-graph",),
    ),
    Program(
        "two_sigmoid_and_labels_inverted",
        "strings",
        (
            ("torch.sum(a * b, dim=-1)", "torch.sum(a * b, dim=-1).sigmoid()"),
            (
                "y_true = [1] * len(good_score) + [0] * len(bad_score)",
                "y_true = [0] * len(good_score) + [1] * len(bad_score)",
            ),
        ),
        ("decode.sigmoid", "test.labels-inverted"),
    ),
    Program(
        "two_cosine_and_fixed_negatives",
        "dropout",
        (
            ("torch.sum(left * right, dim=1)", "F.cosine_similarity(left, right, dim=1)"),
            (
                "    neg = negative_sampling(\n"
                "        edge_index=train_data.edge_index,\n"
                "        num_nodes=train_data.num_nodes,\n"
                "        num_neg_samples=pos.shape[1],\n"
                "    )\n",
                "    neg = fixed\n",
            ),
            (
                "loss_fn = nn.BCEWithLogitsLoss()\n",
                "loss_fn = nn.BCEWithLogitsLoss()\n"
                "links = train_data.pos_edge_label_index.shape[1]\n"
                "fixed = negative_sampling(train_data.edge_index, num_nodes, links)\n",
            ),
        ),
        ("decode.not-dot", "train.negative-fixed"),
    ),
    Program(
        "two_self_loops_and_easy_negatives",
        "contract",
        (
            (
                "        h = self.embedding(x)\n",
                "        h = self.embedding(x)\n        edge_index = x.repeat(2, 1)\n",
            ),
            (
                "    neg = data.neg_edge_label_index\n",
                "    neg = torch.randint(n_users, num_nodes, (2, pos.size(1)))\n",
            ),
        ),
        ("encode.ignores-graph", "test.easy-negatives"),
    ),
]
