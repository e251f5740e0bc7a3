"""Held out: programs with mistakes in training, for `bank.programs`.

Who writes the detector does not look in here.
"""

from functools import partial

from bank import Program

Held = partial(Program, held_out=True)
SAMPLED = "negative_sampling(d.edge_index, d.num_nodes, p.size(1))"
SAMPLED_FUNCTIONS = "negative_sampling(d.edge_index, d.num_nodes, positives.shape[1])"

PROGRAMS = [
    Held(
        "h_gradients_pile_up",
        "factorize",
        (("        optim.zero_grad()\n", ""),),
        ("train.no-zero-grad",),
    ),
    Held(
        "h_step_after_return",
        "functions",
        (
            (
                "    optimiser.step()\n    return loss.item()\n",
                "    return loss.item()\n    optimiser.step()\n",
            ),
        ),
        ("train.no-step",),
    ),
    Held(
        "h_trains_a_copy",
        "terse",
        (
            ("import networkx as nx\n", "from copy import deepcopy\n\nimport networkx as nx\n"),
            (
                "losses = [train(tr)",
                "net = deepcopy(net)\nlosses = [train(tr)",
            ),
        ),
        ("train.stale-optimizer",),
    ),
    Held(
        "h_model_rebuilt_after_its_optimiser",
        "functions",
        (
            (
                "    for epoch in range(epochs):\n",
                "    net = GNNLinkPredictor(num_users + num_artists, 32, 32, 32)\n"
                "    for epoch in range(epochs):\n",
            ),
        ),
        ("train.stale-optimizer",),
    ),
    Held(
        "h_optimizer_of_the_layers",
        "dropout",
        (("Adam(model.parameters(), lr", "Adam(model.layers.parameters(), lr"),),
        ("train.partial-optimizer",),
    ),
    Held(
        "h_optimizer_of_the_last_layer",
        "terse",
        (("Adam(net.parameters(), 0.01)", "Adam(net.c2.parameters(), 0.01)"),),
        ("train.partial-optimizer",),
    ),
    Held(
        "h_loss_made_to_require_grad",
        "terse",
        (
            (
                "    loss.backward()\n",
                "    loss = loss.detach().requires_grad_()\n    loss.backward()\n",
            ),
        ),
        ("train.detached",),
    ),
    Held(
        "h_no_grad_over_train",
        "functions",
        (("def train_step(", "@torch.no_grad()\ndef train_step("),),
        ("train.detached",),
        crashes=True,
    ),
    Held(
        "h_embeddings_before_def_train",
        "terse",
        (
            ("def train(d):\n", "Z = net.encode(tr.x, tr.edge_index)\n\n\ndef train(d):\n"),
            (
                "    z = net.encode(d.x, d.edge_index)\n    p = d.pos_edge_label_index\n",
                "    z = Z\n    p = d.pos_edge_label_index\n",
            ),
        ),
        ("train.graph-reused",),
        crashes=True,
    ),
    Held(
        "h_order_of_pairs_changed",
        "terse",
        (("torch.cat([n, p], 1)", "torch.cat([p, n], 1)"),),
        ("train.labels-swapped",),
    ),
    Held(
        "h_one_is_for_negative",
        "factorize",
        (
            (
                "truth = torch.cat((torch.ones(links.size(1)), torch.zeros(negatives.size(1))))",
                "truth = (torch.arange(queries.size(1)) >= links.size(1)).float()",
            ),
        ),
        ("train.labels-swapped",),
    ),
    Held(
        "h_ones_like_the_output",
        "dropout",
        (("loss = loss_fn(out, edge_label)", "loss = loss_fn(out, torch.ones_like(out))"),),
        ("train.labels-constant",),
    ),
    Held(
        "h_no_negatives_drawn",
        "functions",
        (
            ("    negatives = " + SAMPLED_FUNCTIONS + "\n", ""),
            (
                "logits = net.decode(z, torch.cat([positives, negatives], 1))\n    loss",
                "logits = net.decode(z, positives)\n    loss",
            ),
            (
                "(logits, labels_for(positives, negatives))\n    loss",
                "(logits, torch.ones(len(logits)))\n    loss",
            ),
        ),
        ("train.labels-constant",),
    ),
    Held(
        "h_no_number_given",
        "terse",
        ((SAMPLED, "negative_sampling(d.edge_index, d.num_nodes)"),),
        ("train.negative-count",),
    ),
    Held(
        "h_size_of_the_wrong_axis",
        "functions",
        ((SAMPLED_FUNCTIONS, "negative_sampling(d.edge_index, d.num_nodes, positives.shape[0])"),),
        ("train.negative-count",),
    ),
    Held(
        "h_sampling_told_of_users_only",
        "strings",
        (
            (
                "negative_sampling(training.edge_index, n, good.size(1))",
                "negative_sampling(training.edge_index, number_of_users, good.size(1))",
            ),
        ),
        ("train.negative-side",),
    ),
    Held(
        "h_two_users",
        "functions",
        (
            (
                SAMPLED_FUNCTIONS,
                "torch.randint(num_users, positives.shape) + num_artists",
            ),
        ),
        ("train.negative-side",),
    ),
    Held(
        "h_any_two_nodes",
        "terse",
        ((SAMPLED, "torch.randint(num_nodes, p.shape)"),),
        ("train.negative-positives",),
    ),
    Held(
        "h_rolled_tails",
        "functions",
        (
            (
                SAMPLED_FUNCTIONS,
                "torch.stack([positives[0], positives[1].roll(int(torch.randint(1, 999, ())))])",
            ),
        ),
        ("train.negative-positives",),
    ),
    Held(
        "h_seeded_in_train",
        "terse",
        (("    net.train()\n", "    seed_everything(1)\n    net.train()\n"),),
        ("train.negative-fixed",),
    ),
    Held(
        "h_negatives_cached",
        "dropout",
        (
            (
                "    neg = negative_sampling(",
                '    if not hasattr(train, "neg"):\n        train.neg = negative_sampling(',
            ),
            (
                "        num_neg_samples=pos.shape[1],\n    )\n",
                "        num_neg_samples=pos.shape[1],\n    )\n    neg = train.neg\n",
            ),
        ),
        ("train.negative-fixed",),
    ),
    Held(
        "h_one_draw_for_both_rows",
        "terse",
        ((SAMPLED, "torch.randint(num_nodes, p[:1].shape).expand(2, -1)"),),
        ("train.self-pairs",),
    ),
    Held(
        "h_both_ends_the_artist",
        "functions",
        (
            (
                SAMPLED_FUNCTIONS,
                "positives.t()[torch.randperm(positives.shape[1]), 0].tile(2, 1)",
            ),
        ),
        ("train.self-pairs",),
    ),
    Held(
        "h_squared_error",
        "terse",
        (("F.binary_cross_entropy_with_logits(s, y)", "F.mse_loss(s, y)"),),
        ("train.loss-function",),
    ),
    Held(
        "h_bce_on_raw_scores",
        "factorize",
        (("bce = torch.nn.BCEWithLogitsLoss()", "bce = torch.nn.BCELoss()"),),
        ("train.loss-function",),
        crashes=True,
    ),
    Held(
        "h_adam_maximises",
        "terse",
        (("Adam(net.parameters(), 0.01)", "Adam(net.parameters(), 0.01, maximize=True)"),),
        ("train.loss-negated",),
    ),
    Held(
        "h_labels_from_a_comparison",
        "factorize",
        (
            (
                "truth = torch.cat((torch.ones(links.size(1)), torch.zeros(negatives.size(1))))",
                "truth = (torch.arange(queries.size(1)) < links.size(1)).int()",
            ),
        ),
        ("train.label-dtype",),
        crashes=True,
    ),
    Held(
        "h_messages_of_everything",
        "functions",
        (
            (
                "optimiser.zero_grad()\n    z = net.encode(d.x, d.edge_index)",
                "optimiser.zero_grad()\n    z = net.encode(d.x, music.edge_index)",
            ),
        ),
        ("train.full-graph",),
    ),
    Held(
        "h_new_split_for_each_call",
        "terse",
        (("losses = [train(tr) for", "losses = [train(split(data)[0]) for"),),
        ("train.resplit",),
    ),
    Held(
        "h_rate_of_five",
        "functions",
        (("lr=0.01", "lr=5"),),
        ("train.learning-rate",),
    ),
    Held(
        "h_list_of_tensors",
        "terse",
        (("    return loss.item()\n", "    return loss\n"),),
        ("train.returns-tensor",),
    ),
]
