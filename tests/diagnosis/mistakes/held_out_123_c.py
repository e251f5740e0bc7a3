"""Held out, not read while the detector is made: step 3, the split, and two mistakes at once."""

from dataclasses import replace

from bank import Program

FACTORIZE_STACK = "ei = np.vstack((u_codes, a_codes))\n"
FACTORIZE_SPLIT = "d_train, d_val, d_test = rls(full)"
FUNCTIONS_USERS = "    users = torch.as_tensor(user_index).long() + num_artists\n"
FUNCTIONS_UNDIRECTED = "    edge_index = to_undirected(edge_index)\n"
NO_OFFSET = (FUNCTIONS_USERS, "    users = torch.as_tensor(user_index).long()\n")
UNDIRECTED = "is_undirected=True,\n"

SPLIT = [
    Program(
        name="held-is-undirected-false",
        base="functions",
        edits=(("        " + UNDIRECTED, "        is_undirected=False,\n"),),
        ids=("split.directed",),
    ),
    Program(
        name="held-stacked-both-ways-and-default",
        base="factorize",
        edits=(
            (FACTORIZE_STACK, FACTORIZE_STACK + "ei = np.hstack((ei, ei[::-1]))\n"),
            ("    " + UNDIRECTED, ""),
        ),
        ids=("split.directed",),
    ),
    Program(
        name="held-message-edges-cut",
        base="factorize",
        edits=(
            (
                FACTORIZE_SPLIT,
                FACTORIZE_SPLIT
                + "\nfor part in (d_train, d_val, d_test):\n"
                + "    part.edge_index = part.edge_index[:, part.edge_index[0] < n_u]",
            ),
        ),
        ids=("split.one-way-graph",),
    ),
    Program(
        name="held-users-to-artists",
        base="functions",
        edits=((FUNCTIONS_UNDIRECTED, ""), ("        " + UNDIRECTED, "")),
        ids=("split.one-way-graph",),
    ),
    Program(
        name="held-labels-not-split",
        base="functions",
        edits=(("        split_labels=True,\n", "        split_labels=False,\n"),),
        ids=("split.labels",),
        crashes=True,
    ),
    Program(
        name="held-no-labels-in-the-settings",
        base="batches",
        edits=(("    split_labels=True,\n", ""),),
        ids=("split.labels",),
        crashes=True,
    ),
    Program(
        name="held-no-validation-edges",
        base="functions",
        edits=(("        num_val=0.1,\n", "        num_val=0,\n"),),
        ids=("split.sizes",),
        crashes=True,
    ),
    Program(
        name="held-train-share-as-test",
        base="factorize",
        edits=(("    num_test=0.1,\n", "    num_test=0.8,\n"),),
        ids=("split.sizes",),
    ),
    Program(
        name="held-validation-first",
        base="functions",
        edits=(
            (
                "train_set, val_set, test_set = split_edges(music)",
                "val_set, train_set, test_set = split_edges(music)",
            ),
        ),
        ids=("split.order",),
        crashes=True,
    ),
    Program(
        name="held-parts-mixed-up",
        base="batches",
        edits=(
            (
                "check_part = parts[1]\nexam = parts[2]\n",
                "exam = parts[1]\ncheck_part = parts[2]\n",
            ),
        ),
        ids=("split.order",),
    ),
    Program(
        name="held-negatives-of-the-split",
        base="functions",
        edits=(
            (
                "        add_negative_train_samples=False,\n",
                "        add_negative_train_samples=True,\n",
            ),
            (
                "negatives = negative_sampling(d.edge_index, d.num_nodes, positives.shape[1])",
                "negatives = d.neg_edge_label_index",
            ),
        ),
        ids=("split.train-negatives",),
    ),
    Program(
        name="held-negatives-by-default",
        base="factorize",
        edits=(("    add_negative_train_samples=False,\n", ""),),
        ids=("split.train-negatives",),
    ),
]

TWO = [
    Program(
        name="held-no-offset-and-hard-threshold",
        base="functions",
        edits=(
            NO_OFFSET,
            (
                "return roc_auc_score(labels_for(positives, negatives).numpy(), logits.numpy())",
                "predictions = (logits > 0).long()\n"
                "    return roc_auc_score(labels_for(positives, negatives), predictions)",
            ),
        ),
        ids=("map.no-offset", "test.hard-threshold"),
    ),
    Program(
        name="held-order-and-no-eval",
        base="factorize",
        edits=(
            (FACTORIZE_SPLIT, "d_train, d_test, d_val = rls(full)"),
            ("    predictor.eval()\n", ""),
        ),
        ids=("split.order", "test.no-eval"),
    ),
    Program(
        name="held-train-negatives-and-relu-after-last",
        base="batches",
        edits=(
            ("    add_negative_train_samples=False,\n", ""),
            (
                "return self.layer_two(vectors, edge_index)",
                "return torch.nn.functional.relu(self.layer_two(vectors, edge_index))",
            ),
        ),
        ids=("split.train-negatives", "model.relu-after-last"),
    ),
]

PROGRAMS = [replace(program, held_out=True) for program in SPLIT + TWO]
