"""Programs with a wrong evaluation in projects of other shapes, and some with a mistake in an early
and in a late step; for `bank.programs`.
"""

from bank import Program

EVALUATED = "net.eval()\n    z = net.encode(d.x, d.edge_index)"

PROGRAMS = [
    Program(
        "one_call_auc_on_the_full_graph",
        "factorize",
        (
            (
                "pos = predictor(part.x, part.edge_index,",
                "pos = predictor(part.x, full.edge_index,",
            ),
            (
                "neg = predictor(part.x, part.edge_index,",
                "neg = predictor(part.x, full.edge_index,",
            ),
        ),
        ("test.full-graph-leak",),
    ),
    Program(
        "functions_label_edges_as_messages_too",
        "functions",
        (
            (
                EVALUATED,
                "net.eval()\n    messages = [d.edge_index, d.pos_edge_label_index]\n"
                "    z = net.encode(d.x, torch.cat(messages, dim=1))",
            ),
        ),
        ("test.label-edges-leak",),
    ),
    Program(
        "terse_positives_of_training",
        "terse",
        (
            (
                "    p, n = d.pos_edge_label_index, d.neg_edge_label_index\n",
                "    p, n = tr.pos_edge_label_index, d.neg_edge_label_index\n",
            ),
        ),
        ("test.train-edges",),
    ),
    Program(
        "functions_predictions_of_zero_and_one",
        "functions",
        (
            (
                "labels_for(positives, negatives).numpy(), logits.numpy())",
                "labels_for(positives, negatives).numpy(), (logits > 0).long().numpy())",
            ),
        ),
        ("test.hard-threshold",),
    ),
    Program(
        "one_call_scores_first",
        "factorize",
        (("roc_auc_score(truth, scores)", "roc_auc_score(scores, truth)"),),
        ("test.swapped-arguments",),
        crashes=True,
    ),
    Program(
        "terse_labels_inverted",
        "terse",
        (("[1] * p.size(1) + [0] * n.size(1)", "[0] * p.size(1) + [1] * n.size(1)"),),
        ("test.labels-inverted",),
    ),
    Program(
        "one_call_auc_of_artist_pairs",
        "factorize",
        (
            (
                "neg = predictor(part.x, part.edge_index, part.neg_edge_label_index)",
                "pairs = n_u + torch.randint(n_a, part.pos_edge_label_index.shape)\n"
                "        neg = predictor(part.x, part.edge_index, pairs)",
            ),
        ),
        ("test.easy-negatives",),
    ),
    Program(
        "functions_with_gradients",
        "functions",
        (("@torch.no_grad()\n", ""),),
        ("test.requires-grad",),
        crashes=True,
    ),
    Program(
        "one_call_back_to_training_mode",
        "factorize",
        (("    predictor.eval()\n", "    predictor.train()\n"),),
        ("test.no-eval",),
    ),
    Program(
        "functions_another_model_at_the_end",
        "functions",
        (
            (
                "net = run()\n",
                "run()\nnet = GNNLinkPredictor(num_users + num_artists, 32, 32, 32)\n",
            ),
        ),
        ("test.untrained",),
    ),
    Program(
        "one_call_sizes_typed_in",
        "factorize",
        (("n_u = len(u_names)\nn_a = len(a_names)\n", "n_u = 200\nn_a = 800\n"),),
        ("test.hard-coded",),
        shows_in="step3",
    ),
    Program(
        "two_no_attribute_and_labels_swapped",
        "dropout",
        (
            ("G.add_nodes_from(user_nodes, bipartite=0)", "G.add_nodes_from(user_nodes)"),
            ("G.add_nodes_from(artist_nodes, bipartite=1)", "G.add_nodes_from(artist_nodes)"),
            ("torch.cat([pos, neg], dim=1)", "torch.cat([neg, pos], dim=1)"),
        ),
        ("graph.attribute-missing", "train.labels-swapped"),
    ),
    Program(
        "two_counts_by_max_and_hard_threshold",
        "contract",
        (
            ('n_users = df["userID"].nunique()', 'n_users = df["userID"].max()'),
            ('n_artists = df["artistID"].nunique()', 'n_artists = df["artistID"].max()'),
            (
                "roc_auc_score(labels.numpy(), scores.numpy())",
                "roc_auc_score(labels.numpy(), (scores > 0).numpy())",
            ),
        ),
        ("load.counts", "test.hard-threshold"),
    ),
]
