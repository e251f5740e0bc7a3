"""Programs whose first mistake is in step 3: the split of the edges."""

from bank import Program

UNDIRECTED = "    is_undirected=True,\n"
NO_NEGATIVES = "    add_negative_train_samples=False,\n"
LABELS = "    split_labels=True,\n"
VAL = "    num_val=0.1,\n"
TEST = "    num_test=0.1,\n"
STRINGS_SPLIT = "training, validation, testing = split(dataset)"
CONTRACT_NEGATIVES = """\
    neg = negative_sampling(
        edge_index=edge_index,
        num_nodes=num_nodes,
        num_neg_samples=pos.size(1),
    )
"""
OFFSETS_NEGATIVES = "fake = negative_sampling(tr.edge_index, num_nodes=N, num_neg_samples=n_pos)"

PROGRAMS = [
    Program(
        name="both-directions-not-undirected",
        base="offsets",
        edits=((UNDIRECTED, "    is_undirected=False,\n"),),
        ids=("split.directed",),
    ),
    Program(
        name="to-undirected-then-default",
        base="strings",
        edits=(
            (UNDIRECTED, ""),
            (STRINGS_SPLIT, "training, validation, testing = split(T.ToUndirected()(dataset))"),
        ),
        ids=("split.directed",),
    ),
    Program(
        name="lists-added-up-not-undirected",
        base="contract",
        edits=(
            (
                "torch.tensor([sources, targets]",
                "torch.tensor([sources + targets, targets + sources]",
            ),
            (UNDIRECTED, "    is_undirected=False,\n"),
        ),
        ids=("split.directed",),
    ),
    Program(
        name="one-way-not-undirected",
        base="contract",
        edits=((UNDIRECTED, "    is_undirected=False,\n"),),
        ids=("split.one-way-graph",),
    ),
    Program(
        name="one-way-by-default",
        base="strings",
        edits=((UNDIRECTED, ""),),
        ids=("split.one-way-graph",),
    ),
    Program(
        name="one-way-tensor-not-undirected",
        base="offsets",
        edits=(
            ("    edge_index=both_ways,\n", "    edge_index=one_way,\n"),
            (UNDIRECTED, "    is_undirected=gdata.is_undirected(),\n"),
        ),
        ids=("split.one-way-graph",),
    ),
    Program(
        name="split-labels-false",
        base="contract",
        edits=((LABELS, "    split_labels=False,\n"),),
        ids=("split.labels",),
        crashes=True,
    ),
    Program(
        name="split-labels-left-out",
        base="strings",
        edits=((LABELS, ""),),
        ids=("split.labels",),
        crashes=True,
    ),
    Program(
        name="sizes-one",
        base="contract",
        edits=((VAL, "    num_val=1,\n"), (TEST, "    num_test=1,\n")),
        ids=("split.sizes",),
    ),
    Program(
        name="sizes-over-the-whole",
        base="strings",
        edits=((VAL, "    num_val=0.6,\n"), (TEST, "    num_test=0.6,\n")),
        ids=("split.sizes",),
        crashes=True,
    ),
    Program(
        name="sizes-ten-for-ten-percent",
        base="offsets",
        edits=((VAL, "    num_val=10,\n"), (TEST, "    num_test=10,\n")),
        ids=("split.sizes",),
    ),
    Program(
        name="test-before-validation",
        base="contract",
        edits=(
            (
                "train_data, val_data, test_data = transform(data)",
                "train_data, test_data, val_data = transform(data)",
            ),
        ),
        ids=("split.order",),
    ),
    Program(
        name="test-first",
        base="offsets",
        edits=(("tr, va, te = splitter(gdata)", "te, va, tr = splitter(gdata)"),),
        ids=("split.order",),
        crashes=True,
    ),
    Program(
        name="train-negatives-used",
        base="contract",
        edits=(
            (NO_NEGATIVES, "    add_negative_train_samples=True,\n"),
            (CONTRACT_NEGATIVES, "    neg = train_data.neg_edge_label_index\n"),
        ),
        ids=("split.train-negatives",),
    ),
    Program(
        name="train-negatives-by-default",
        base="strings",
        edits=((NO_NEGATIVES, ""),),
        ids=("split.train-negatives",),
    ),
    Program(
        name="train-negatives-by-default-used",
        base="offsets",
        edits=(
            (NO_NEGATIVES, ""),
            (OFFSETS_NEGATIVES, "fake = tr.neg_edge_label_index"),
        ),
        ids=("split.train-negatives",),
    ),
    # two mistakes, the second one far away
    Program(
        name="directed-and-no-zero-grad",
        base="offsets",
        edits=((UNDIRECTED, ""), ("    opt.zero_grad()\n", "")),
        ids=("split.directed", "train.no-zero-grad"),
    ),
    Program(
        name="order-and-cosine",
        base="strings",
        edits=(
            (STRINGS_SPLIT, "training, testing, validation = split(dataset)"),
            ("return torch.sum(a * b, dim=-1)", "return F.cosine_similarity(a, b)"),
        ),
        ids=("split.order", "decode.not-dot"),
    ),
]
