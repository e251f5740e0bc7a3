"""Step 4 done otherwise: other ways to write the same two layers and the same dot product."""

from __future__ import annotations

from bank import Program

INIT = """        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.conv1 = SAGEConv(embedding_dim, hidden_channels)
        self.conv2 = SAGEConv(hidden_channels, out_channels)
"""
ENCODE = """        h = self.embedding(x)
        h = self.conv1(h, edge_index)
        h = torch.relu(h)
        h = self.conv2(h, edge_index)
        return h
"""
DECODE = """        source = z[edge_label_index[0]]
        target = z[edge_label_index[1]]
        return (source * target).sum(dim=1)
"""
MODEL = "model = GNNLinkPredictor(num_nodes, 32, 32, 32)\n"
ADAM = "optimizer = torch.optim.Adam(model.parameters(), lr=0.01)\n"
CLASS = "class GNNLinkPredictor(nn.Module):\n"

PROGRAMS = [
    Program(
        "layers in a PyG Sequential",
        "contract",
        (
            (
                INIT,
                """        from torch_geometric.nn import Sequential

        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        self.layers = Sequential(
            "x, edge_index",
            [
                (SAGEConv(embedding_dim, hidden_channels), "x, edge_index -> x"),
                nn.ReLU(inplace=True),
                (SAGEConv(hidden_channels, out_channels), "x, edge_index -> x"),
            ],
        )
""",
            ),
            (ENCODE, "        return self.layers(self.embedding(x), edge_index)\n"),
        ),
    ),
    Program(
        "weight of the embedding used directly, ReLU by where",
        "contract",
        (
            (
                ENCODE,
                """        h = self.conv1(self.embedding.weight, edge_index)
        h = torch.where(h > 0, h, torch.zeros_like(h))
        return self.conv2(h, edge_index)
""",
            ),
        ),
    ),
    Program(
        "orthogonal weights by hand, no bias in the last layer, vecdot",
        "contract",
        (
            (
                INIT,
                """        self.conv1 = SAGEConv(embedding_dim, hidden_channels, bias=True)
        self.conv2 = SAGEConv(hidden_channels, out_channels, bias=False)
        self.embedding = nn.Embedding(num_nodes, embedding_dim)
        with torch.no_grad():
            self.embedding.weight.normal_(0.0, 0.3)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2 and name.startswith("conv"):
                nn.init.orthogonal_(parameter)
""",
            ),
            (DECODE, "        return torch.linalg.vecdot(*z[edge_label_index])\n"),
        ),
    ),
    Program(
        "encoder and decoder as modules of their own",
        "contract",
        (
            (
                CLASS,
                """class Encoder(nn.Module):
    def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels):
        super().__init__()
"""
                + INIT
                + '''
    def forward(self, x, edge_index):
        h = self.conv1(self.embedding(x), edge_index).relu_()
        return self.conv2(h, edge_index)


class InnerProduct(nn.Module):
    """The parameter-free decoder."""

    def forward(self, z, edges):
        heads, tails = edges.unbind(0)
        return (z[heads] * z[tails]).sum(-1)


'''
                + CLASS,
            ),
            (
                INIT + "\n    def encode",
                """        sizes = num_nodes, embedding_dim, hidden_channels, out_channels
        self.encoder = Encoder(*sizes)
        self.decoder = InnerProduct()

    def encode""",
            ),
            (ENCODE, "        return self.encoder(x, edge_index)\n"),
            (DECODE, "        return self.decoder(z, edge_label_index)\n"),
        ),
    ),
    Program(
        "learning rate 0.1 and one output channel",
        "contract",
        (
            (MODEL, "model = GNNLinkPredictor(num_nodes, 32, 16, 1)\n"),
            (ADAM, "optimizer = torch.optim.Adam(model.parameters(), lr=0.1)\n"),
        ),
    ),
    Program(
        "dropout on the embedding and between the layers",
        "contract",
        (
            (
                ENCODE,
                """        drop = nn.functional.dropout
        h = drop(self.embedding(x), p=0.1, training=self.training)
        h = self.conv1(h, edge_index).relu()
        h = drop(h, p=0.3, training=self.training)
        return self.conv2(h, edge_index)
""",
            ),
            (MODEL, "model = GNNLinkPredictor(num_nodes, 24, 64, 16)\n"),
        ),
    ),
    Program(
        "more methods: from_data, reset_parameters, recommend",
        "contract",
        (
            (
                DECODE,
                DECODE
                + """
    def reset_parameters(self):
        for layer in self.children():
            layer.reset_parameters()

    @classmethod
    def from_data(cls, data, width):
        return cls(data.num_nodes, width, width, width)

    @property
    def device(self):
        return self.embedding.weight.device

    @torch.no_grad()
    def recommend(self, data, user, k=5):
        z = self.encode(data.x, data.edge_index)
        return (z[n_users:] @ z[user]).topk(k).indices.tolist()
""",
            ),
            (
                MODEL,
                """model = GNNLinkPredictor.from_data(data, 24)
model.reset_parameters()
model = model.to(model.device)
""",
            ),
            (
                'print(f"test AUC {test_auc:.3f}")\n',
                """print(f"test AUC {test_auc:.3f}")
print("for the first user:", [nodes[n_users + i] for i in model.recommend(test_data, 0)])
""",
            ),
        ),
    ),
    Program(
        "chunks of pairs in decode, functional embedding",
        "contract",
        (
            (
                ENCODE,
                ENCODE.replace(
                    "self.embedding(x)", "nn.functional.embedding(x, self.embedding.weight)"
                ),
            ),
            (
                DECODE,
                """        parts = []
        for pairs in edge_label_index.split(1000, dim=1):
            a, b = z[pairs[0]], z[pairs[1]]
            parts.append((a[:, None, :] @ b[:, :, None]).flatten())
        return torch.cat(parts)
""",
            ),
        ),
    ),
]
