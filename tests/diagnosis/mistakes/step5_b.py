"""Programs with wrong negatives or wrong edges in training (`train.*`), for `bank.programs`."""

from bank import Program

DRAWN = """negative_sampling(
        edge_index=edge_index,
        num_nodes=num_nodes,
        num_neg_samples=pos.size(1),
    )"""
DRAWN_DROPOUT = """negative_sampling(
        edge_index=train_data.edge_index,
        num_nodes=train_data.num_nodes,
        num_neg_samples=pos.shape[1],
    )"""
FAKE = "negative_sampling(tr.edge_index, num_nodes=N, num_neg_samples=n_pos)"
BAD = "negative_sampling(training.edge_index, n, good.size(1))"

PROGRAMS = [
    Program(
        "count_left_at_the_default",
        "contract",
        (("        num_neg_samples=pos.size(1),\n", ""),),
        ("train.negative-count",),
    ),
    Program(
        "count_of_message_edges",
        "strings",
        ((BAD, "negative_sampling(training.edge_index, n, training.edge_index.size(1))"),),
        ("train.negative-count",),
    ),
    Program(
        "count_times_ten",
        "offsets",
        (("num_neg_samples=n_pos)", "num_neg_samples=10 * n_pos)"),),
        ("train.negative-count",),
    ),
    Program(
        "count_by_len_of_two_rows",
        "dropout",
        (("num_neg_samples=pos.shape[1]", "num_neg_samples=len(pos)"),),
        ("train.negative-count",),
    ),
    Program(
        "negatives_among_users",
        "contract",
        ((DRAWN, "torch.randint(0, n_users, (2, pos.size(1)))"),),
        ("train.negative-side",),
    ),
    Program(
        "negatives_among_artists",
        "dropout",
        ((DRAWN_DROPOUT, "torch.randint(n_users, num_nodes, pos.shape)"),),
        ("train.negative-side",),
    ),
    Program(
        "negatives_artists_without_offset",
        "offsets",
        (
            (
                "    fake = " + FAKE + "\n",
                "    local = tr.pos_edge_label_index - torch.tensor([[0], [U]])\n"
                "    fake = negative_sampling(local, num_nodes=(U, A), num_neg_samples=n_pos)\n",
            ),
        ),
        ("train.negative-side",),
    ),
    Program(
        "negatives_own_loop_without_offset",
        "factorize",
        (("a = n_u + random.randrange(n_a)", "a = random.randrange(n_a)"),),
        ("train.negative-side",),
    ),
    Program(
        "negatives_any_user_any_artist",
        "contract",
        (
            (
                DRAWN,
                "torch.stack(\n"
                "        [\n"
                "            torch.randint(0, n_users, (pos.size(1),)),\n"
                "            torch.randint(n_users, num_nodes, (pos.size(1),)),\n"
                "        ]\n"
                "    )",
            ),
        ),
        ("train.negative-positives",),
    ),
    Program(
        "negatives_never_checked",
        "factorize",
        (("        if (u, a) in heard:\n            continue\n", ""),),
        ("train.negative-positives",),
    ),
    Program(
        "negatives_by_shuffled_tails",
        "offsets",
        (
            (
                FAKE,
                "tr.pos_edge_label_index.clone()\n    fake[1] = fake[1][torch.randperm(n_pos)]",
            ),
        ),
        ("train.negative-positives",),
    ),
    Program(
        "negatives_drawn_in_the_setup",
        "contract",
        (
            (
                "loss_fn = nn.BCEWithLogitsLoss()\n",
                "loss_fn = nn.BCEWithLogitsLoss()\n"
                "neg = negative_sampling(\n"
                "    train_data.edge_index,\n"
                "    num_nodes=num_nodes,\n"
                "    num_neg_samples=train_data.pos_edge_label_index.size(1),\n"
                ")\n",
            ),
            ("    neg = " + DRAWN + "\n", ""),
        ),
        ("train.negative-fixed",),
    ),
    Program(
        "negatives_drawn_before_the_loop",
        "strings",
        (
            ("    bad = " + BAD + "\n", ""),
            (
                "for epoch in range(30):\n",
                "bad = negative_sampling(\n"
                "    training.edge_index, n, training.pos_edge_label_index.size(1)\n"
                ")\n"
                "for epoch in range(30):\n",
            ),
        ),
        ("train.negative-fixed",),
    ),
    Program(
        "negatives_same_seed_each_epoch",
        "factorize",
        (("    pairs = []\n", "    random.seed(0)\n    pairs = []\n"),),
        ("train.negative-fixed",),
    ),
    Program(
        "negatives_of_a_node_with_itself",
        "contract",
        (
            (
                "    neg = " + DRAWN + "\n",
                "    drawn = torch.randint(0, num_nodes, (pos.size(1),))\n"
                "    neg = torch.stack([drawn, drawn])\n",
            ),
        ),
        ("train.self-pairs",),
    ),
    Program(
        "negatives_tails_equal_heads",
        "strings",
        (
            (
                "    bad = " + BAD + "\n",
                "    ends = good.flatten()[torch.randperm(good.numel())][: good.size(1)]\n"
                "    bad = ends.repeat(2, 1)\n",
            ),
        ),
        ("train.self-pairs",),
    ),
    Program(
        "encodes_the_whole_graph",
        "contract",
        (("model.encode(x, edge_index)", "model.encode(x, data.edge_index)"),),
        ("train.full-graph",),
    ),
    Program(
        "encodes_both_ways_of_all_edges",
        "offsets",
        (("net.encode(tr.x, tr.edge_index)", "net.encode(tr.x, both_ways)"),),
        ("train.full-graph",),
    ),
    Program(
        "encodes_the_test_message_edges",
        "strings",
        (
            (
                "z = gnn.encode(training.x, training.edge_index)",
                "z = gnn.encode(testing.x, testing.edge_index)",
            ),
        ),
        ("train.full-graph",),
    ),
    Program(
        "splits_in_every_epoch",
        "contract",
        (
            (
                "    loss = train(train_data)\n",
                "    train_data, val_data, test_data = transform(data)\n"
                "    loss = train(train_data)\n",
            ),
        ),
        ("train.resplit",),
    ),
    Program(
        "splits_inside_the_training_loop",
        "strings",
        (
            (
                "    gnn.train()\n",
                "    training, validation, testing = split(dataset)\n    gnn.train()\n",
            ),
        ),
        ("train.resplit",),
    ),
    Program(
        "two_full_graph_and_hard_threshold",
        "strings",
        (
            (
                "z = gnn.encode(training.x, training.edge_index)",
                "z = gnn.encode(training.x, torch.cat([edges, edges.flip(0)], dim=1))",
            ),
            (
                "y_score = good_score.tolist() + bad_score.tolist()",
                "y_score = (torch.cat([good_score, bad_score]).sigmoid() > 0.5).tolist()",
            ),
        ),
        ("train.full-graph", "test.hard-threshold"),
    ),
    Program(
        "two_unchecked_negatives_and_label_edges",
        "offsets",
        (
            (FAKE, "torch.randint(N, (2, n_pos))"),
            (
                "    emb = net.encode(d.x, d.edge_index)\n",
                "    shown = torch.cat([d.edge_index, d.pos_edge_label_index], dim=1)\n"
                "    emb = net.encode(d.x, shown)\n",
            ),
        ),
        ("train.negative-positives", "test.label-edges-leak"),
    ),
]
