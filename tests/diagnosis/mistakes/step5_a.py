"""Programs whose training step is wrong: gradients, optimizer, loss and labels (`train.*`).

`bank.programs` reads them; the negatives and the edges are in `step5_b`.
"""

from bank import Program

PROGRAMS = [
    Program(
        "zero_grad_missing",
        "contract",
        (("    optimizer.zero_grad()\n", ""),),
        ("train.no-zero-grad",),
    ),
    Program(
        "zero_grad_without_call",
        "offsets",
        (("    opt.zero_grad()\n", "    opt.zero_grad\n"),),
        ("train.no-zero-grad",),
    ),
    Program(
        "zero_grad_once_before_the_loop",
        "strings",
        (
            ("    adam.zero_grad()\n", ""),
            ("for epoch in range(30):\n", "adam.zero_grad()\nfor epoch in range(30):\n"),
        ),
        ("train.no-zero-grad",),
    ),
    Program(
        "step_missing",
        "contract",
        (("    optimizer.step()\n", ""),),
        ("train.no-step",),
    ),
    Program(
        "step_without_call",
        "dropout",
        (("    optimizer.step()\n", "    optimizer.step\n"),),
        ("train.no-step",),
    ),
    Program(
        "step_only_in_an_if_that_never_holds",
        "strings",
        (("    adam.step()\n", "    if epoch > 30:\n        adam.step()\n"),),
        ("train.no-step",),
    ),
    Program(
        "model_made_again_before_the_loop",
        "contract",
        (("losses = []\n", "model = GNNLinkPredictor(num_nodes, 32, 32, 32)\nlosses = []\n"),),
        ("train.stale-optimizer",),
    ),
    Program(
        "optimizer_of_a_nameless_model",
        "offsets",
        (
            (
                "torch.optim.Adam(net.parameters(), lr=0.01)",
                "torch.optim.Adam(GNNLinkPredictor(N, 32, 64, 32).parameters(), lr=0.01)",
            ),
        ),
        ("train.stale-optimizer",),
    ),
    Program(
        "optimizer_of_the_embedding",
        "contract",
        (("Adam(model.parameters(), lr=0.01)", "Adam(model.embedding.parameters(), lr=0.01)"),),
        ("train.partial-optimizer",),
    ),
    Program(
        "optimizer_of_the_convolutions",
        "strings",
        (
            (
                "torch.optim.Adam(gnn.parameters(), lr=0.02)",
                "torch.optim.Adam(\n"
                "    list(gnn.conv_a.parameters()) + list(gnn.conv_b.parameters()), lr=0.02\n)",
            ),
        ),
        ("train.partial-optimizer",),
    ),
    Program(
        "embeddings_detached",
        "contract",
        (
            (
                "    z = model.encode(x, edge_index)\n",
                "    z = model.encode(x, edge_index).detach()\n",
            ),
        ),
        ("train.detached",),
        crashes=True,
    ),
    Program(
        "loss_wrapped_in_a_new_tensor",
        "dropout",
        (
            (
                "    loss.backward()\n",
                "    loss = torch.tensor(loss.item(), requires_grad=True)\n    loss.backward()\n",
            ),
        ),
        ("train.detached",),
    ),
    Program(
        "encoded_without_gradients",
        "strings",
        (
            (
                "    z = gnn.encode(training.x, training.edge_index)\n",
                "    with torch.no_grad():\n"
                "        z = gnn.encode(training.x, training.edge_index)\n",
            ),
        ),
        ("train.detached",),
        crashes=True,
    ),
    Program(
        "encoded_once_before_the_loop",
        "strings",
        (
            ("    z = gnn.encode(training.x, training.edge_index)\n", ""),
            (
                "for epoch in range(30):\n",
                "z = gnn.encode(training.x, training.edge_index)\nfor epoch in range(30):\n",
            ),
        ),
        ("train.graph-reused",),
        crashes=True,
    ),
    Program(
        "encoded_in_the_setup_cell",
        "contract",
        (
            (
                "loss_fn = nn.BCEWithLogitsLoss()\n",
                "loss_fn = nn.BCEWithLogitsLoss()\n"
                "embeddings = model.encode(train_data.x, train_data.edge_index)\n",
            ),
            ("    z = model.encode(x, edge_index)\n", "    z = embeddings\n"),
            ("    loss.backward()\n", "    loss.backward(retain_graph=True)\n"),
        ),
        ("train.graph-reused",),
        crashes=True,
    ),
    Program(
        "zeros_for_positives",
        "contract",
        (
            (
                "edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])",
                "edge_label = torch.cat([torch.zeros(pos.size(1)), torch.ones(neg.size(1))])",
            ),
        ),
        ("train.labels-swapped",),
    ),
    Program(
        "pairs_joined_negatives_first",
        "dropout",
        (("torch.cat([pos, neg], dim=1)", "torch.cat([neg, pos], dim=1)"),),
        ("train.labels-swapped",),
    ),
    Program(
        "labels_filled_from_the_wrong_end",
        "offsets",
        (("target[:n_pos] = 1.0", "target[n_pos:] = 1.0"),),
        ("train.labels-swapped",),
    ),
    Program(
        "positives_only",
        "contract",
        (
            (
                "edge_label_index = torch.cat([pos, neg], dim=1)\n    edge_label =",
                "edge_label_index = pos\n    edge_label =",
            ),
            (
                "torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])\n    z",
                "torch.ones(pos.size(1))\n    z",
            ),
        ),
        ("train.labels-constant",),
    ),
    Program(
        "ones_like_for_both",
        "strings",
        (("torch.zeros_like(bad_score)", "torch.ones_like(bad_score)"),),
        ("train.labels-constant",),
    ),
    Program(
        "loss_mean_squared_error",
        "contract",
        (("nn.BCEWithLogitsLoss()", "nn.MSELoss()"),),
        ("train.loss-function",),
    ),
    Program(
        "loss_bce_without_logits",
        "offsets",
        (("torch.nn.BCEWithLogitsLoss()", "torch.nn.BCELoss()"),),
        ("train.loss-function",),
        crashes=True,
    ),
    Program(
        "loss_cross_entropy",
        "strings",
        (("F.binary_cross_entropy_with_logits(score, label)", "F.cross_entropy(score, label)"),),
        ("train.loss-function",),
    ),
    Program(
        "loss_with_a_minus",
        "contract",
        (("loss = loss_fn(scores, edge_label)", "loss = -loss_fn(scores, edge_label)"),),
        ("train.loss-negated",),
    ),
    Program(
        "backward_on_minus_loss",
        "offsets",
        (("    err.backward()\n", "    (-err).backward()\n"),),
        ("train.loss-negated",),
    ),
    Program(
        "labels_long",
        "dropout",
        (("loss = loss_fn(out, edge_label)", "loss = loss_fn(out, edge_label.long())"),),
        ("train.label-dtype",),
        crashes=True,
    ),
    Program(
        "labels_from_integers",
        "contract",
        (
            (
                "edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])",
                "edge_label = torch.tensor([1] * pos.size(1) + [0] * neg.size(1))",
            ),
        ),
        ("train.label-dtype",),
        crashes=True,
    ),
    Program(
        "learning_rate_one",
        "contract",
        (("lr=0.01", "lr=1.0"),),
        ("train.learning-rate",),
    ),
    Program(
        "learning_rate_tiny",
        "offsets",
        (("lr=0.01", "lr=1e-6"),),
        ("train.learning-rate",),
    ),
    Program(
        "returns_the_loss_tensor",
        "contract",
        (("return loss.item()", "return loss"),),
        ("train.returns-tensor",),
    ),
    Program(
        "keeps_loss_tensors",
        "offsets",
        (("    return float(err)\n", "    return err\n"), ("round(history[-1], 4)", "history[-1]")),
        ("train.returns-tensor",),
    ),
    Program(
        "table_detached_inside_encode",
        "dropout",
        (("        h = self.table(x)\n", "        h = self.table(x).detach()\n"),),
        ("train.detached",),
        shows_in="step4",
    ),
    Program(
        "two_no_zero_grad_and_full_graph",
        "contract",
        (
            ("    optimizer.zero_grad()\n", ""),
            ("model.encode(data.x, data.edge_index)", "model.encode(x, edge_index)"),
        ),
        ("train.no-zero-grad", "test.full-graph-leak"),
    ),
    Program(
        "two_constant_labels_and_untrained",
        "dropout",
        (
            ("torch.zeros(neg.shape[1])", "torch.ones(neg.shape[1])"),
            (
                "    model.eval()\n",
                "    model = GNNLinkPredictor(num_nodes, 48, 32, 24)\n    model.eval()\n",
            ),
        ),
        ("train.labels-constant", "test.untrained"),
    ),
]
