"""Programs whose evaluation is wrong: `test.*` of the catalogue. `bank.programs` reads them."""

from bank import Program

LABELS = "labels = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])"

PROGRAMS = [
    Program(
        "test_encodes_the_whole_graph",
        "contract",
        (("model.encode(data.x, data.edge_index)", "model.encode(x, edge_index)"),),
        ("test.full-graph-leak",),
    ),
    Program(
        "test_encodes_all_edges_both_ways",
        "strings",
        (
            (
                "z = gnn.encode(testing.x, testing.edge_index)",
                "z = gnn.encode(testing.x, torch.cat([edges, edges.flip(0)], dim=1))",
            ),
        ),
        ("test.full-graph-leak",),
    ),
    Program(
        "test_adds_label_edges_to_messages",
        "contract",
        (
            (
                "    z = model.encode(data.x, data.edge_index)\n",
                "    known = torch.cat([data.edge_index, data.pos_edge_label_index], dim=1)\n"
                "    z = model.encode(data.x, known)\n",
            ),
        ),
        ("test.label-edges-leak",),
    ),
    Program(
        "test_adds_both_kinds_of_label_edges",
        "offsets",
        (
            (
                "    emb = net.encode(d.x, d.edge_index)\n",
                "    asked = [d.pos_edge_label_index, d.neg_edge_label_index]\n"
                "    emb = net.encode(d.x, torch.cat([d.edge_index, *asked], dim=1))\n",
            ),
        ),
        ("test.label-edges-leak",),
    ),
    Program(
        "test_scores_training_positives",
        "contract",
        (("    pos = data.pos_edge_label_index\n", "    pos = train_data.pos_edge_label_index\n"),),
        ("test.train-edges",),
    ),
    Program(
        "test_scores_message_edges",
        "strings",
        (
            (
                "good_score = gnn.decode(z, testing.pos_edge_label_index)",
                "good_score = gnn.decode(z, testing.edge_index)",
            ),
        ),
        ("test.train-edges",),
    ),
    Program(
        "test_rounds_probabilities",
        "contract",
        (
            (
                "roc_auc_score(labels.numpy(), scores.numpy())",
                "roc_auc_score(labels.numpy(), scores.sigmoid().round().numpy())",
            ),
        ),
        ("test.hard-threshold",),
    ),
    Program(
        "test_scores_above_zero",
        "strings",
        (
            (
                "y_score = good_score.tolist() + bad_score.tolist()",
                "y_score = [int(s > 0) for s in torch.cat([good_score, bad_score])]",
            ),
        ),
        ("test.hard-threshold",),
    ),
    Program(
        "test_scores_before_labels",
        "contract",
        (
            (
                "roc_auc_score(labels.numpy(), scores.numpy())",
                "roc_auc_score(scores.numpy(), labels.numpy())",
            ),
        ),
        ("test.swapped-arguments",),
        crashes=True,
    ),
    Program(
        "test_keywords_the_wrong_way_round",
        "offsets",
        (
            (
                "roc_auc_score(y_true, y_score.numpy())",
                "roc_auc_score(y_true=y_score.numpy(), y_score=y_true)",
            ),
        ),
        ("test.swapped-arguments",),
        crashes=True,
    ),
    Program(
        "test_positives_only",
        "contract",
        (
            ("    neg = data.neg_edge_label_index\n", ""),
            (
                "    edge_label_index = torch.cat([pos, neg], dim=1)\n"
                "    scores = model.decode(z, edge_label_index)\n    labels",
                "    scores = model.decode(z, pos)\n    labels",
            ),
            (LABELS, "labels = torch.ones(pos.size(1))"),
        ),
        ("test.one-class",),
    ),
    Program(
        "test_label_of_the_part_is_all_ones",
        "dropout",
        (
            (
                "    pairs = torch.cat([data.pos_edge_label_index, data.neg_edge_label_index], "
                "dim=1)\n",
                "    pairs = data.pos_edge_label_index\n",
            ),
            (
                "    truth = torch.cat(\n        [\n"
                "            torch.ones(data.pos_edge_label_index.shape[1]),\n"
                "            torch.zeros(data.neg_edge_label_index.shape[1]),\n"
                "        ]\n    )\n",
                "    truth = data.pos_edge_label\n",
            ),
        ),
        ("test.one-class",),
    ),
    Program(
        "test_zeros_for_positives",
        "contract",
        ((LABELS, "labels = torch.cat([torch.zeros(pos.size(1)), torch.ones(neg.size(1))])"),),
        ("test.labels-inverted",),
    ),
    Program(
        "test_scores_joined_negatives_first",
        "strings",
        (
            (
                "y_score = good_score.tolist() + bad_score.tolist()",
                "y_score = bad_score.tolist() + good_score.tolist()",
            ),
        ),
        ("test.labels-inverted",),
    ),
    Program(
        "test_negatives_among_users",
        "contract",
        (
            (
                "    neg = data.neg_edge_label_index\n",
                "    neg = torch.randint(0, n_users, (2, pos.size(1)))\n",
            ),
        ),
        ("test.easy-negatives",),
    ),
    Program(
        "test_negatives_by_shuffled_users",
        "strings",
        (
            (
                "    bad_score = gnn.decode(z, testing.neg_edge_label_index)\n",
                "    who = testing.pos_edge_label_index[0]\n"
                "    who = torch.stack([who, who[torch.randperm(len(who))]])\n"
                "    bad_score = gnn.decode(z, who)\n",
            ),
        ),
        ("test.easy-negatives",),
    ),
    Program(
        "test_with_gradients",
        "contract",
        (("@torch.no_grad()\n", ""),),
        ("test.requires-grad",),
        crashes=True,
    ),
    Program(
        "test_with_gradients_unnoticed",
        "strings",
        (
            (
                "with torch.no_grad():\n"
                "    z = gnn.encode(testing.x, testing.edge_index)\n"
                "    good_score = gnn.decode(z, testing.pos_edge_label_index)\n"
                "    bad_score = gnn.decode(z, testing.neg_edge_label_index)\n",
                "z = gnn.encode(testing.x, testing.edge_index)\n"
                "good_score = gnn.decode(z, testing.pos_edge_label_index)\n"
                "bad_score = gnn.decode(z, testing.neg_edge_label_index)\n",
            ),
        ),
        ("test.requires-grad",),
    ),
    Program(
        "test_without_eval",
        "dropout",
        (("    model.eval()\n", ""),),
        ("test.no-eval",),
    ),
    Program(
        "test_copied_from_train",
        "contract",
        (("    model.eval()\n", "    model.train()\n"),),
        ("test.no-eval",),
    ),
    Program(
        "test_of_a_new_model",
        "contract",
        (
            (
                "    model.eval()\n",
                "    model = GNNLinkPredictor(num_nodes, 32, 32, 32)\n    model.eval()\n",
            ),
        ),
        ("test.untrained",),
    ),
    Program(
        "model_built_again_before_evaluation",
        "strings",
        (("gnn.eval()\n", "gnn = GNNLinkPredictor(n, 32, 32, 16)\ngnn.eval()\n"),),
        ("test.untrained",),
    ),
    Program(
        "auc_typed_in",
        "contract",
        (("test_auc = test(test_data)", "test_auc = 0.8491"),),
        ("test.hard-coded",),
    ),
    Program(
        "test_returns_a_constant",
        "dropout",
        (("    return roc_auc_score(truth.numpy(), score.numpy())\n", "    return 0.8626\n"),),
        ("test.hard-coded",),
    ),
    Program(
        "numbers_of_users_and_artists_typed_in",
        "contract",
        (
            ('n_users = df["userID"].nunique()', "n_users = 200"),
            ('n_artists = df["artistID"].nunique()', "n_artists = 800"),
        ),
        ("test.hard-coded",),
        shows_in="step1",
    ),
    Program(
        "two_resplit_and_labels_inverted",
        "contract",
        (
            (
                "    loss = train(train_data)\n",
                "    train_data, val_data, test_data = transform(data)\n"
                "    loss = train(train_data)\n",
            ),
            (LABELS, "labels = torch.cat([torch.zeros(pos.size(1)), torch.ones(neg.size(1))])"),
        ),
        ("train.resplit", "test.labels-inverted"),
    ),
]
