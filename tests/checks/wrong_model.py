"""Wrong work for every check of step 4: check id -> cases in which that check must not pass.

`test_checks_wrong` runs them; a new check needs a line here.
"""

from __future__ import annotations

from checks_course import Case, Edit, cell, swap


def model(name: str, *pieces: tuple[str, str], finding: str | None = None, **more) -> Case:
    """A case of the model class: pieces (old, new) of its source."""
    return Case(name, "step4", tuple(swap("model", *p) for p in pieces), finding=finding, **more)


def setup(name: str, old: str, new: str, finding: str | None = None, *more: Edit) -> Case:
    """A case of model, optimizer and loss function."""
    return Case(name, "step5", (swap("setup", old, new), *more), finding=finding)


def train(name: str, *pieces: tuple[str, str], finding: str | None = None, **more) -> Case:
    """A case of the training step."""
    return Case(name, "step5", tuple(swap("train", *p) for p in pieces), finding=finding, **more)


def loop(name: str, source: str, finding: str | None = None, *more: Edit) -> Case:
    """A case of the training loop."""
    return Case(name, "step5", (*more, cell("loop", source)), finding=finding)


def evaluate(name: str, *pieces: tuple[str, str], finding: str | None = None, **more) -> Case:
    """A case of `test`."""
    return Case(name, "step6", tuple(swap("test", *p) for p in pieces), finding=finding, **more)


SUPER = "super().__init__()  # must come first: it lets the module keep track of its layers"
EMBEDDING = "self.embedding = nn.Embedding(num_nodes, embedding_dim)"
CONV1, CONV2 = "SAGEConv(embedding_dim, hidden_channels)", "SAGEConv(hidden_channels, out_channels)"
FIRST, LAST = "h = self.conv1(h, edge_index).relu()", "return self.conv2(h, edge_index)"
SOURCE, TARGET = "source = z[edge_label_index[0]]", "destination = z[edge_label_index[1]]"
DOT = "return (source * destination).sum(dim=-1)"

SAMPLING = "negative_sampling(edge_index, num_nodes=x.size(0), num_neg_samples=pos.size(1))"
ZERO = "optimizer.zero_grad()"
LABELS = "torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])"
ENCODE = "z = model.encode(x, edge_index)"
LOSS = "loss = loss_fn(model.decode(z, edge_label_index), edge_label)"
ADAM = "torch.optim.Adam(model.parameters(), lr=0.01)"
MODEL = "GNNLinkPredictor(num_nodes, embedding_dim=32, hidden_channels=32, out_channels=32)"
BCE = "nn.BCEWithLogitsLoss()"
TEN = "losses = [train(train_data) for _ in range(10)]"
USER = "n = int(pos[0].max()) + 1; "  # of the tiny data: users are the lower indices

AUC = "roc_auc_score(edge_label.numpy(), scores.numpy())"
Z = "z = model.encode(data.x, data.edge_index)"
SCORES = "scores = model.decode(z, edge_label_index)"
POS_NEG = "pos, neg = data.pos_edge_label_index, data.neg_edge_label_index"
UNTRAINED = cell(
    "loop",
    "losses = [train(train_data) for _ in range(5)]\n"
    "model = GNNLinkPredictor(num_nodes, 32, 32, 32)",
)
SWAPPED = swap(
    "train",
    LABELS,
    LABELS.replace("ones", "s").replace("zeros", "ones").replace("s(pos", "zeros(pos"),
)

NESTED = f"""\
class GNNLinkPredictor(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
        {EMBEDDING}
        self.conv1 = {CONV1}
        self.conv2 = {CONV2}

        def encode(self, x, edge_index):
            h = self.conv1(self.embedding(x), edge_index).relu()
            return self.conv2(h, edge_index)

        def decode(self, z, edge_label_index):
            {SOURCE}
            {TARGET}
            {DOT}
"""

WRONG: dict[str, list[Case]] = {
    "step4.layers.builds": [
        model("no super", (SUPER, "pass")),
        model("plain class", ("(nn.Module)", ""), (SUPER, "pass"), finding="model.no-super"),
        model("one size less", ("hidden_channels: int, out_channels: int", "out_channels: int")),
        Case(
            "syntax error", "step4", (cell("model", "class GNNLinkPredictor(nn.Module)\n    pass"),)
        ),
    ],
    "step4.layers.embedding": [
        model(
            "fixed size",
            (EMBEDDING, "self.embedding = nn.Embedding(160, embedding_dim)"),
            finding="model.embedding-size",
        ),
        model(
            "wrong width",
            (EMBEDDING, "self.embedding = nn.Embedding(num_nodes, hidden_channels)"),
            finding="model.embedding-size",
        ),
        model("none", (EMBEDDING, ""), ("h = self.embedding(x)", "h = x")),
        model(
            "without self",
            (EMBEDDING, "embedding = nn.Embedding(num_nodes, embedding_dim)"),
            finding="model.no-self",
        ),
        model(
            "made in encode",
            (EMBEDDING, "self.size = num_nodes, embedding_dim"),
            ("self.embedding(x)", "nn.Embedding(*self.size)(x)"),
        ),
    ],
    "step4.layers.convolutions": [
        model(
            "one layer",
            (f"self.conv2 = {CONV2}", ""),
            (CONV1, "SAGEConv(embedding_dim, out_channels)"),
            (LAST, "return h"),
            finding="model.one-layer",
        ),
        model("widths fixed", (CONV1, "SAGEConv(32, 32)"), (CONV2, "SAGEConv(32, 32)")),
        model(
            "GCN",
            (CONV1, CONV1.replace("SAGE", "GCN")),
            (CONV2, CONV2.replace("SAGE", "GCN")),
            before="from torch_geometric.nn import GCNConv",
        ),
        model(
            "linear",
            (CONV1, "nn.Linear(embedding_dim, hidden_channels)"),
            (FIRST, "h = self.conv1(h).relu()"),
        ),
    ],
    "step4.layers.registered": [
        model(
            "in a list",
            (f"self.conv1 = {CONV1}", f"self.convs = [{CONV1}, {CONV2}]"),
            (f"self.conv2 = {CONV2}", ""),
            (FIRST, "h = self.convs[0](h, edge_index).relu()"),
            (LAST, "return self.convs[1](h, edge_index)"),
            finding="model.layers-in-list",
        ),
        model(
            "in a dict",
            (f"self.conv2 = {CONV2}", f"self.more = dict(last={CONV2})"),
            (LAST, "return self.more['last'](h, edge_index)"),
            finding="model.layers-in-list",
        ),
    ],
    "step4.encode.method_names": [
        model("encoder", ("def encode(", "def encoder("), finding="model.names"),
        Case(
            "indented into __init__",
            "step4",
            (cell("model", NESTED),),
            "",
            "",
            "model.nested-methods",
        ),
        model("decoder", ("def decode(", "def decoder("), finding="model.names"),
        model(
            "other class name",
            ("class GNNLinkPredictor", "class LinkPredictor"),
            finding="model.names",
        ),
    ],
    "step4.encode.encode_shape": [
        model("hidden", (LAST, "return h")),
        model(
            "edges from outside",
            (FIRST, "h = self.conv1(h, train_data.edge_index).relu()"),
            finding="encode.other-edges",
        ),
        model("a mean", (LAST, "return self.conv2(h, edge_index).mean(dim=1)")),
        model("no return", (LAST, "self.conv2(h, edge_index)")),
        model("raises", (LAST, "return self.conv3(h, edge_index)")),
    ],
    "step4.encode.forward": [
        model("no relu", (FIRST, "h = self.conv1(h, edge_index)"), finding="model.no-relu"),
        model(
            "relu after last",
            (LAST, "return self.conv2(h, edge_index).relu()"),
            finding="model.relu-after-last",
        ),
        model("sigmoid", (".relu()", ".sigmoid()")),
        model(
            "dropout always on", (LAST, "return self.conv2(F.dropout(h, 0.5, True), edge_index)")
        ),
        model("scaled", (LAST, "return 2 * self.conv2(h, edge_index)")),
    ],
    "step4.encode.uses_graph": [
        model(
            "no edges",
            (FIRST, "h = self.conv1(h, edge_index[:, :0]).relu()"),
            (LAST, "return self.conv2(h, edge_index[:, :0])"),
            finding="encode.ignores-graph",
        ),
        model("NaN", (LAST, "return self.conv2(h, edge_index) * float('nan')")),
    ],
    "step4.decode.decode_shape": [
        model(
            "rows of pairs",
            (SOURCE, "source = z[edge_label_index[:, 0]]"),
            (TARGET, "destination = z[edge_label_index[:, 1]]"),
            finding="decode.index-rows",
        ),
        model("all pairs", (DOT, "return z @ z.t()"), finding="decode.all-pairs"),
        model(
            "all pairs of the asked",
            (DOT, "return source @ destination.t()"),
            finding="decode.all-pairs",
        ),
        model(
            "sum over pairs",
            (DOT, "return (source * destination).sum(dim=0)"),
            finding="decode.sum-dim",
        ),
        model(
            "keepdim",
            (DOT, "return (source * destination).sum(dim=-1, keepdim=True)"),
            finding="decode.sum-dim",
        ),
        model("raises", (DOT, "return source @ destination")),
    ],
    "step4.decode.dot_product": [
        model("sigmoid", (DOT, DOT + ".sigmoid()"), finding="decode.sigmoid"),
        model(
            "cosine",
            (DOT, "return F.cosine_similarity(source, destination)"),
            finding="decode.not-dot",
        ),
        model("distance", (DOT, "return -(source - destination).norm(dim=-1)")),
        model("mean", (DOT, "return (source * destination).mean(dim=-1)")),
    ],
    "step4.decode.gradient": [
        model("detached", (DOT, DOT + ".detach()"), finding="train.detached"),
        model(
            "Python numbers",
            (
                DOT,
                "return torch.tensor([float(a @ b) for a, b in zip(source, destination)])",
            ),
            finding="train.detached",
        ),
        model(
            "NumPy", (DOT, "return torch.tensor((source * destination).sum(-1).detach().numpy())")
        ),
        model(
            "NumPy, not detached",
            (DOT, "return torch.tensor((source * destination).sum(-1).numpy())"),
        ),
    ],
}
