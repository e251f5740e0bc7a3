"""Programs for causes of steps 4 to 6 that public notebooks asked for, for `bank.programs`.

Each cause has two of them, in two different projects.
"""

from bank import Program

CONTRACT = """    def encode(self, x, edge_index):
        h = self.embedding(x)
        h = self.conv1(h, edge_index)
        h = torch.relu(h)
        h = self.conv2(h, edge_index)
        return h

    def decode(self, z, edge_label_index):
        source = z[edge_label_index[0]]
        target = z[edge_label_index[1]]
        return (source * target).sum(dim=1)
"""
OFFSETS = """    def encode(self, x, edge_index):
        hidden = self.sage1(self.emb(x), edge_index)
        hidden = F.relu(hidden)
        return self.sage2(hidden, edge_index)

    def decode(self, z, edge_label_index):
        left, right = edge_label_index
        return torch.einsum("ij,ij->i", z[left], z[right])
"""


def indented(text: str) -> str:
    """The text four columns further to the right."""
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(True))


PROGRAMS = [
    Program(
        "second_layer_without_self",
        "contract",
        (("        self.conv2 = SAGEConv", "        conv2 = SAGEConv"),),
        ("model.no-self",),
        crashes=True,
    ),
    Program(
        "embedding_without_self",
        "offsets",
        (("        self.emb = torch.nn.Embedding", "        emb = torch.nn.Embedding"),),
        ("model.no-self",),
        crashes=True,
    ),
    Program(
        "methods_inside_the_constructor",
        "contract",
        ((CONTRACT, indented(CONTRACT)),),
        ("model.nested-methods",),
        crashes=True,
    ),
    Program(
        "both_methods_inside_the_constructor",
        "offsets",
        ((OFFSETS, indented(OFFSETS)),),
        ("model.nested-methods",),
        crashes=True,
    ),
    Program(
        "first_layer_takes_the_global_edges",
        "contract",
        (("h = self.conv1(h, edge_index)", "h = self.conv1(h, train_data.edge_index)"),),
        ("encode.other-edges",),
    ),
    Program(
        "both_layers_take_the_global_edges",
        "offsets",
        (
            ("self.sage1(self.emb(x), edge_index)", "self.sage1(self.emb(x), tr.edge_index)"),
            ("return self.sage2(hidden, edge_index)", "return self.sage2(hidden, tr.edge_index)"),
        ),
        ("encode.other-edges",),
    ),
    Program(
        "sigmoid_in_the_training_step",
        "contract",
        (("loss_fn(scores, edge_label)", "loss_fn(torch.sigmoid(scores), edge_label)"),),
        ("train.sigmoid-before-loss",),
    ),
    Program(
        "sigmoid_of_what_forward_gives",
        "dropout",
        (("loss = loss_fn(out, edge_label)", "loss = loss_fn(out.sigmoid(), edge_label)"),),
        ("train.sigmoid-before-loss",),
    ),
    Program(
        "labels_before_scores",
        "contract",
        (("loss_fn(scores, edge_label)", "loss_fn(edge_label, scores)"),),
        ("train.loss-arguments",),
    ),
    Program(
        "target_before_output",
        "offsets",
        (("criterion(out, target)", "criterion(target, out)"),),
        ("train.loss-arguments",),
    ),
    Program(
        "validation_edges_among_the_positives",
        "contract",
        (
            (
                "    pos = train_data.pos_edge_label_index\n    neg = negative_sampling(",
                "    pos = torch.cat(\n        [train_data.pos_edge_label_index, "
                "val_data.pos_edge_label_index], dim=1\n    )\n    neg = negative_sampling(",
            ),
        ),
        ("train.held-out-pairs",),
    ),
    Program(
        "test_edges_among_the_positives",
        "dropout",
        (
            (
                "    pos = train_data.pos_edge_label_index\n    neg = negative_sampling(",
                "    pos = torch.cat(\n        [p.pos_edge_label_index for p in "
                "(train_data, val_data, test_data)], dim=1\n    )\n    neg = negative_sampling(",
            ),
        ),
        ("train.held-out-pairs",),
    ),
    Program(
        "one_step_after_all_batches",
        "batches",
        (
            ("        adam.step()\n", ""),
            ("    return total / len(order)", "    adam.step()\n    return total / len(order)"),
        ),
        ("train.steps-lost",),
    ),
    Program(
        "one_step_after_the_loader",
        "right_batches",
        (
            ("        optimizer.step()\n", ""),
            (
                "    return total / positives.size(1)",
                "    optimizer.step()\n    return total / positives.size(1)",
            ),
        ),
        ("train.steps-lost",),
    ),
    Program(
        "cleared_between_backward_and_step",
        "contract",
        (
            ("    optimizer.zero_grad()\n", ""),
            ("    loss.backward()\n", "    loss.backward()\n    optimizer.zero_grad()\n"),
        ),
        ("train.cleared-before-step",),
    ),
    Program(
        "cleared_just_before_the_step",
        "offsets",
        (
            (
                "    opt.zero_grad()\n    err.backward()\n    opt.step()\n",
                "    err.backward()\n    opt.zero_grad()\n    opt.step()\n",
            ),
        ),
        ("train.cleared-before-step",),
    ),
    Program(
        "measured_before_the_loop",
        "dropout",
        (
            (
                "# %%\nlosses = []\n",
                "# %%\nval_auc = test(val_data)\ntest_auc = test(test_data)\n\n# %%\nlosses = []\n",
            ),
            ("  val {test(val_data):.4f}", ""),
            (
                "# %%\nval_auc = test(val_data)\ntest_auc = test(test_data)\nprint(",
                "# %%\nprint(",
            ),
        ),
        ("test.before-training",),
    ),
    Program(
        "evaluated_with_the_first_weights",
        "offsets",
        (
            ("EPOCHS = 35\n", "final_auc = evaluate(te)\nEPOCHS = 35\n"),
            (', "val auc", round(evaluate(va), 4)', ""),
            ('# %%\nfinal_auc = evaluate(te)\nprint("AUC', '# %%\nprint("AUC'),
        ),
        ("test.before-training",),
    ),
    Program(
        "best_of_ten_test_aucs",
        "contract",
        (
            (
                "test_auc = test(test_data)\n",
                "test_auc = 0.0\nfor epoch in range(10):\n    train(train_data)\n"
                "    test_auc = max(test_auc, test(test_data))\ntrain(train_data)\n"
                "print(test(test_data))\n",
            ),
        ),
        ("test.chosen-by-test",),
    ),
    Program(
        "best_epoch_by_the_test_edges",
        "dropout",
        (
            ("losses = []\n", "losses = []\ntest_auc = 0.0\n"),
            (
                "    losses.append(loss)\n",
                "    losses.append(loss)\n    test_auc = max(test_auc, test(test_data))\n",
            ),
            ("test_auc = test(test_data)\n", ""),
        ),
        ("test.chosen-by-test",),
    ),
]
