"""Right but unusual work of step 4, as the misconception catalogue lists it, and more.

`test_checks_right` runs it: every check passes and nothing is found.
"""

from __future__ import annotations

from checks_course import Case, Edit, cell, swap
from wrong_model import (
    AUC,
    CONV1,
    CONV2,
    DOT,
    EMBEDDING,
    ENCODE,
    FIRST,
    LAST,
    LOSS,
    SOURCE,
    SUPER,
    TARGET,
)

JOIN = "edge_label_index = torch.cat([pos, neg], dim=1)"
RETURN = f"return float({AUC})"
EVAL_LABELS = "edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])"
BACK = "loss.backward()"
STEP = "optimizer.step()"


def model(name: str, *pieces: tuple[str, str], **more) -> Case:
    """The model class in another way."""
    return Case(name, "step4", tuple(swap("model", *p) for p in pieces), **more)


def train(name: str, *pieces: tuple[str, str], **more) -> Case:
    """The training step in another way."""
    return Case(name, "step5", tuple(swap("train", *p) for p in pieces), **more)


def setup(name: str, old: str, new: str, *more: Edit) -> Case:
    """Model, optimizer or loss in another way."""
    return Case(name, "step5", (swap("setup", old, new), *more))


def loop(name: str, source: str) -> Case:
    """The loop in another way."""
    return Case(name, "step5", (cell("loop", source),))


def evaluate(name: str, *pieces: tuple[str, str], **more) -> Case:
    """`test` in another way."""
    return Case(name, "step6", tuple(swap("test", *p) for p in pieces), **more)


def own(name: str, *edits: Edit) -> Case:
    """The student's own steps 1 to 5 in another way; step 6 as in the solution."""
    return Case(name, "step6", own=edits)


FAIR = """torch.randint(0, 40, (4 * pos.size(1),)), torch.randint(40, 160, (4 * pos.size(1),))
    known = torch.zeros(160, 160, dtype=torch.bool)
    known[edge_index[0], edge_index[1]] = True
    neg = torch.stack(neg)
    neg = neg[:, ~known[neg[0], neg[1]]][:, : pos.size(1)]"""
DROPOUT = (
    (SUPER, SUPER + "\n        self.dropout = nn.Dropout(0.5)"),
    (LAST, "return self.conv2(self.dropout(h), edge_index)"),
)
BATCHES = cell(
    "train",
    """def train(train_data):
    model.train()
    pos, edge_index = train_data.pos_edge_label_index, train_data.edge_index
    total = 0.0
    for batch in torch.randperm(pos.size(1)).split(100):
        neg = negative_sampling(edge_index, train_data.num_nodes, num_neg_samples=len(batch))
        optimizer.zero_grad()
        z = model.encode(train_data.x, edge_index)
        scores = model.decode(z, torch.cat([pos[:, batch], neg], 1))
        labels = torch.cat([torch.ones(len(batch)), torch.zeros(neg.size(1))])
        loss = loss_fn(scores, labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / pos.size(1)
""",
)
APART = (
    (JOIN, "pass"),
    (
        LOSS,
        "scores = torch.cat([model.decode(z, pos), model.decode(z, neg)])\n"
        "    loss = loss_fn(scores, edge_label)",
    ),
)
TWO_LOSSES = (
    (JOIN, "p, n = torch.ones(pos.size(1)), torch.zeros(neg.size(1))"),
    (LOSS, "loss = loss_fn(model.decode(z, pos), p) + loss_fn(model.decode(z, neg), n)"),
)
TWO_BACKWARDS = (
    (JOIN, "p, n = torch.ones(pos.size(1)), torch.zeros(neg.size(1))"),
    (LOSS, "one, two = loss_fn(model.decode(z, pos), p), loss_fn(model.decode(z, neg), n)"),
    (BACK, "one.backward(retain_graph=True)\n    two.backward()\n    loss = one + two"),
)
SHUFFLED = (
    (
        LOSS,
        "order = torch.randperm(len(edge_label))\n"
        "    loss = loss_fn(model.decode(z, edge_label_index)[order], edge_label[order])",
    ),
)
SHUFFLED_PAIRS = (
    (
        ENCODE,
        ENCODE + "\n    order = torch.randperm(len(edge_label))\n"
        "    edge_label_index, edge_label = edge_label_index[:, order], edge_label[order]",
    ),
)

RIGHT: list[Case] = [
    model(
        "nn.ReLU",
        (SUPER, SUPER + "\n        self.relu = nn.ReLU()"),
        (FIRST, "h = self.relu(self.conv1(h, edge_index))"),
    ),
    model("F.relu", (FIRST, "h = F.relu(self.conv1(h, edge_index))")),
    model("relu in place", (FIRST, "h = self.conv1(h, edge_index).relu_()")),
    model("clamp", (FIRST, "h = self.conv1(h, edge_index).clamp(min=0)")),
    model("dropout", *DROPOUT),
    model(
        "functional dropout",
        (LAST, "return self.conv2(F.dropout(h, 0.5, training=self.training), edge_index)"),
    ),
    model(
        "ModuleList",
        (f"self.conv1 = {CONV1}", f"self.convs = nn.ModuleList([{CONV1}, {CONV2}])"),
        (f"self.conv2 = {CONV2}", ""),
        (FIRST, "h = self.convs[0](h, edge_index).relu()"),
        (LAST, "return self.convs[1](h, edge_index)"),
    ),
    model(
        "a loop over layers",
        (f"self.conv1 = {CONV1}", f"self.convs = nn.ModuleList([{CONV1}, {CONV2}])"),
        (f"self.conv2 = {CONV2}", ""),
        (
            FIRST,
            "for i, conv in enumerate(self.convs):\n"
            "            h = conv(h, edge_index)\n            h = h.relu() if i == 0 else h",
        ),
        (LAST, "return h"),
    ),
    model(
        "max aggregation",
        (CONV1, CONV1[:-1] + ", aggr='max')"),
        (CONV2, CONV2[:-1] + ", aggr='sum')"),
    ),
    model(
        "two aggregations",
        (CONV1, CONV1[:-1] + ", aggr=['mean', 'max'])"),
    ),
    model("normalize", (CONV2, CONV2[:-1] + ", normalize=True)")),
    model("project, no bias", (CONV1, CONV1[:-1] + ", project=True, bias=False)")),
    model("no root weight", (CONV2, CONV2[:-1] + ", root_weight=False)")),
    model("pair of widths", (CONV1, "SAGEConv((embedding_dim, embedding_dim), hidden_channels)")),
    model(
        "lazy widths",
        (CONV1, "SAGEConv(-1, hidden_channels)"),
        (CONV2, "SAGEConv(-1, out_channels)"),
    ),
    model("lazy width, told by 0", (CONV1, "SAGEConv(0, hidden_channels)")),
    model(
        "PyG's GraphSAGE",
        (
            f"self.conv1 = {CONV1}",
            "self.gnn = GraphSAGE(embedding_dim, hidden_channels, 2, out_channels)",
        ),
        (f"self.conv2 = {CONV2}", ""),
        (FIRST, "pass"),
        (LAST, "return self.gnn(h, edge_index)"),
        before="from torch_geometric.nn import GraphSAGE",
    ),
    model(
        "subclass of SAGEConv",
        (CONV1, "Mine(embedding_dim, hidden_channels)"),
        before="class Mine(SAGEConv):\n    pass\n",
    ),
    model("embedding.weight", ("h = self.embedding(x)", "h = self.embedding.weight")),
    model(
        "other attribute names",
        (EMBEDDING, EMBEDDING.replace("embedding =", "emb =")),
        ("self.embedding(x)", "self.emb(x)"),
    ),
    model(
        "initialised",
        (EMBEDDING, EMBEDDING + "\n        nn.init.xavier_uniform_(self.embedding.weight)"),
    ),
    model("old super", (SUPER, "super(GNNLinkPredictor, self).__init__()")),
    model(
        "torch.nn.Module subclass of a base",
        ("(nn.Module)", "(Base)"),
        before="class Base(nn.Module):\n    pass\n",
    ),
    model(
        "forward and more methods",
        (
            DOT,
            DOT + "\n\n    def forward(self, x, edge_index, pairs):\n"
            "        return self.decode(self.encode(x, edge_index), pairs)\n\n"
            "    def decode_all(self, z):\n        return z @ z.t()",
        ),
    ),
    model(
        "sizes by default",
        (
            "hidden_channels: int, out_channels: int",
            "hidden_channels: int = 32, out_channels: int = 32",
        ),
    ),
    model("einsum", (DOT, "return torch.einsum('pd,pd->p', source, destination)")),
    model("bmm", (DOT, "return torch.bmm(source[:, None], destination[..., None]).flatten()")),
    model(
        "index_select",
        (SOURCE, "source = z.index_select(0, edge_label_index[0])"),
        (TARGET, "destination = torch.embedding(z, edge_label_index[1])"),
    ),
    model(
        "unpacked",
        (SOURCE, "row, col = edge_label_index"),
        (TARGET, ""),
        (DOT, "return (z[row] * z[col]).sum(1)"),
    ),
    model("float64 inside", (DOT, "return (source.double() * destination.double()).sum(-1)")),
]
