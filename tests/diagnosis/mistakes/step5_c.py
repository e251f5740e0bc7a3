"""Programs with wrong training in projects of other shapes (`train.*`), for `bank.programs`.

In `functions` the training step takes the model, in `factorize` one call does all epochs, in
`terse` nothing has its usual name.
"""

from bank import Program

TAKEN = "negative_sampling(d.edge_index, d.num_nodes, positives.shape[1])"

PROGRAMS = [
    Program(
        "functions_no_zero_grad",
        "functions",
        (("    optimiser.zero_grad()\n", ""),),
        ("train.no-zero-grad",),
    ),
    Program(
        "one_call_steps_after_all_epochs",
        "factorize",
        (
            ("        optim.step()\n        optim.zero_grad()\n", "        optim.zero_grad()\n"),
            ("    return curve\n", "    optim.step()\n    return curve\n"),
        ),
        ("train.no-step",),
    ),
    Program(
        "functions_optimizer_of_another_model",
        "functions",
        (
            (
                "    optimiser = optim.Adam(net.parameters(), lr=0.01)\n",
                "    other = GNNLinkPredictor(num_users + num_artists, 32, 32, 32)\n"
                "    optimiser = optim.Adam(other.parameters(), lr=0.01)\n",
            ),
        ),
        ("train.stale-optimizer",),
    ),
    Program(
        "one_call_optimizer_of_first_layer",
        "factorize",
        (("Adam(predictor.parameters(), lr", "Adam(predictor.first.parameters(), lr"),),
        ("train.partial-optimizer",),
    ),
    Program(
        "functions_scores_detached",
        "functions",
        (
            (
                "    loss = nn.functional",
                "    logits = torch.tensor(logits.tolist(), requires_grad=True)\n"
                "    loss = nn.functional",
            ),
        ),
        ("train.detached",),
    ),
    Program(
        "one_call_encodes_once",
        "factorize",
        (
            (
                "    curve = []\n",
                "    curve = []\n    z = predictor.encode(d_train.x, d_train.edge_index)\n",
            ),
            (
                "logits = predictor(d_train.x, d_train.edge_index, queries)",
                "logits = predictor.decode(z, queries)",
            ),
        ),
        ("train.graph-reused",),
        crashes=True,
    ),
    Program(
        "terse_labels_the_other_way",
        "terse",
        (
            (
                "[s.new_zeros(n.size(1)), s.new_ones(p.size(1))]",
                "[s.new_ones(n.size(1)), s.new_zeros(p.size(1))]",
            ),
        ),
        ("train.labels-swapped",),
    ),
    Program(
        "one_call_only_ones",
        "factorize",
        (("torch.zeros(negatives.size(1))", "torch.ones(negatives.size(1))"),),
        ("train.labels-constant",),
    ),
    Program(
        "one_call_one_negative",
        "factorize",
        (("draw_negatives(links.size(1))", "draw_negatives(1)"),),
        ("train.negative-count",),
    ),
    Program(
        "functions_negatives_among_artists",
        "functions",
        ((TAKEN, "torch.randint(num_artists, (2, positives.shape[1]))"),),
        ("train.negative-side",),
    ),
    Program(
        "functions_negatives_drawn_for_all_epochs",
        "functions",
        (
            (
                "def train_step(",
                "NEGATIVES = negative_sampling(\n"
                "    train_set.edge_index, train_set.num_nodes, "
                "train_set.pos_edge_label_index.shape[1]\n"
                ")\n\n\ndef train_step(",
            ),
            ("    negatives = " + TAKEN + "\n", "    negatives = NEGATIVES\n"),
        ),
        ("train.negative-fixed",),
    ),
    Program(
        "functions_loss_l1",
        "functions",
        (("nn.functional.binary_cross_entropy_with_logits(", "nn.functional.l1_loss("),),
        ("train.loss-function",),
    ),
    Program(
        "one_call_loss_times_minus_one",
        "factorize",
        (("loss = bce(logits, truth)", "loss = -1 * bce(logits, truth)"),),
        ("train.loss-negated",),
    ),
    Program(
        "terse_labels_of_whole_numbers",
        "terse",
        (
            (
                "torch.cat([s.new_zeros(n.size(1)), s.new_ones(p.size(1))])",
                "torch.tensor([0] * n.size(1) + [1] * p.size(1))",
            ),
        ),
        ("train.label-dtype",),
        crashes=True,
    ),
    Program(
        "one_call_messages_of_the_full_graph",
        "factorize",
        (
            (
                "predictor(d_train.x, d_train.edge_index, queries)",
                "predictor(full.x, torch.cat([ei, ei.flip(0)], dim=1), queries)",
            ),
        ),
        ("train.full-graph",),
    ),
    Program(
        "functions_split_for_each_epoch",
        "functions",
        (
            (
                "loss = train_step(net, optimiser, train_set)",
                "loss = train_step(net, optimiser, split_edges(music)[0])",
            ),
        ),
        ("train.resplit",),
    ),
    Program(
        "one_call_rate_two",
        "factorize",
        (("lr=0.01", "lr=2.0"),),
        ("train.learning-rate",),
    ),
    Program(
        "one_call_keeps_tensors",
        "factorize",
        (("curve.append(loss.item())", "curve.append(loss)"),),
        ("train.returns-tensor",),
    ),
]
