"""Programs whose model class is wrong: `model.*` of the catalogue. `bank.programs` reads them."""

from bank import Program

TWO_LAYERS = """        self.conv1 = SAGEConv(embedding_dim, hidden_channels)
        self.conv2 = SAGEConv(hidden_channels, out_channels)
"""
MODULE_LIST = """        self.layers = nn.ModuleList(
            [SAGEConv(embedding_dim, hidden_channels), SAGEConv(hidden_channels, out_channels)]
        )
"""

PROGRAMS = [
    Program(
        "names_encoder_everywhere",
        "dropout",
        (
            ("def encode(", "def encoder("),
            ("def decode(", "def decoder("),
            ("z = self.encode(x, edge_index)", "z = self.encoder(x, edge_index)"),
            ("self.decode(z, edge_label_index)", "self.decoder(z, edge_label_index)"),
            ("model.encode(data.x", "model.encoder(data.x"),
            ("model.decode(z, pairs)", "model.decoder(z, pairs)"),
        ),
        ("model.names",),
    ),
    Program(
        "names_called_by_the_text",
        "contract",
        (
            ("def encode(self", "def get_embeddings(self"),
            ("def decode(self", "def predict(self"),
        ),
        ("model.names",),
        crashes=True,
    ),
    Program(
        "no_super_at_all",
        "contract",
        (("        super().__init__()\n", ""),),
        ("model.no-super",),
        crashes=True,
    ),
    Program(
        "no_super_called_last",
        "offsets",
        (
            ("        super().__init__()\n", ""),
            (
                "        self.sage2 = SAGEConv(hidden_channels, out_channels)\n",
                "        self.sage2 = SAGEConv(hidden_channels, out_channels)\n"
                "        super().__init__()\n",
            ),
        ),
        ("model.no-super",),
        crashes=True,
    ),
    Program(
        "layers_in_a_list",
        "dropout",
        (
            (
                MODULE_LIST,
                "        self.layers = [\n"
                "            SAGEConv(embedding_dim, hidden_channels),\n"
                "            SAGEConv(hidden_channels, out_channels),\n"
                "        ]\n",
            ),
        ),
        ("model.layers-in-list",),
    ),
    Program(
        "layers_in_a_dict",
        "offsets",
        (
            (
                "        self.sage1 = SAGEConv(embedding_dim, hidden_channels)\n"
                "        self.sage2 = SAGEConv(hidden_channels, out_channels)\n",
                "        self.net = {}\n"
                '        self.net["sage1"] = SAGEConv(embedding_dim, hidden_channels)\n'
                '        self.net["sage2"] = SAGEConv(hidden_channels, out_channels)\n',
            ),
            ("self.sage1(self.emb(x), edge_index)", 'self.net["sage1"](self.emb(x), edge_index)'),
            ("self.sage2(hidden, edge_index)", 'self.net["sage2"](hidden, edge_index)'),
        ),
        ("model.layers-in-list",),
    ),
    Program(
        "embedding_for_users_only",
        "contract",
        (("nn.Embedding(num_nodes, embedding_dim)", "nn.Embedding(n_users, embedding_dim)"),),
        ("model.embedding-size",),
        crashes=True,
    ),
    Program(
        "embedding_by_largest_id",
        "strings",
        (
            (
                "self.table = nn.Embedding(num_nodes, embedding_dim)",
                "biggest = int(lastfm.userID.max() + lastfm.artistID.max()) + 1\n"
                "        self.table = nn.Embedding(biggest, embedding_dim)",
            ),
        ),
        ("model.embedding-size",),
    ),
    Program(
        "embedding_as_wide_as_hidden",
        "offsets",
        (
            (
                "self.emb = torch.nn.Embedding(num_nodes, embedding_dim)",
                "self.emb = torch.nn.Embedding(num_nodes, hidden_channels)",
            ),
        ),
        ("model.embedding-size",),
        crashes=True,
    ),
    Program(
        "embedding_made_in_encode",
        "contract",
        (
            (
                "        self.embedding = nn.Embedding(num_nodes, embedding_dim)\n",
                "        self.num_nodes = num_nodes\n        self.dim = embedding_dim\n",
            ),
            (
                "        h = self.embedding(x)\n",
                "        embedding = nn.Embedding(self.num_nodes, self.dim)\n"
                "        h = embedding(x)\n",
            ),
        ),
        ("model.embedding-in-encode",),
    ),
    Program(
        "embedding_made_anew_and_kept",
        "strings",
        (
            (
                "        self.table = nn.Embedding(num_nodes, embedding_dim)\n",
                "        self.width = embedding_dim\n",
            ),
            (
                "        x = self.table(x)\n",
                "        self.table = nn.Embedding(len(x), self.width)\n"
                "        x = self.table(x)\n",
            ),
        ),
        ("model.embedding-in-encode",),
    ),
    Program(
        "first_layer_takes_num_nodes",
        "dropout",
        (("[SAGEConv(embedding_dim, hidden_channels)", "[SAGEConv(num_nodes, hidden_channels)"),),
        ("model.in-channels",),
        crashes=True,
    ),
    Program(
        "first_layer_takes_hidden",
        "contract",
        (("SAGEConv(embedding_dim, hidden_channels)", "SAGEConv(hidden_channels, embedding_dim)"),),
        ("model.in-channels",),
    ),
    Program(
        "first_layer_takes_one",
        "factorize",
        (("SAGEConv(embedding_dim, hidden_channels)", "SAGEConv(1, hidden_channels)"),),
        ("model.in-channels",),
        crashes=True,
    ),
    Program(
        "no_relu_line_left_out",
        "contract",
        (("        h = torch.relu(h)\n", ""),),
        ("model.no-relu",),
    ),
    Program(
        "no_relu_result_thrown_away",
        "offsets",
        (("        hidden = F.relu(hidden)\n", "        F.relu(hidden)\n"),),
        ("model.no-relu",),
    ),
    Program(
        "relu_after_both_layers",
        "contract",
        (
            (
                "        h = self.conv2(h, edge_index)\n",
                "        h = self.conv2(h, edge_index)\n        h = torch.relu(h)\n",
            ),
        ),
        ("model.relu-after-last",),
    ),
    Program(
        "relu_in_a_loop_over_layers",
        "dropout",
        (
            (
                "        h = self.layers[0](h, edge_index)\n        h = F.relu(h)\n"
                "        h = self.drop(h)\n        h = self.layers[1](h, edge_index)\n",
                "        for layer in self.layers:\n"
                "            h = F.relu(layer(self.drop(h), edge_index))\n",
            ),
        ),
        ("model.relu-after-last",),
    ),
    Program(
        "one_layer_from_embedding_to_out",
        "contract",
        (
            (TWO_LAYERS, "        self.conv1 = SAGEConv(embedding_dim, out_channels)\n"),
            ("        h = torch.relu(h)\n        h = self.conv2(h, edge_index)\n", ""),
        ),
        ("model.one-layer",),
    ),
    Program(
        "one_layer_used_twice",
        "factorize",
        (
            ("        self.second = SAGEConv(hidden_channels, out_channels)\n", ""),
            ("return self.second(h, edge_index)", "return self.first(h, edge_index)"),
        ),
        ("model.one-layer",),
    ),
    Program(
        "second_layer_never_called",
        "strings",
        (("        x = self.conv_b(x, edge_index)\n", ""),),
        ("model.one-layer",),
    ),
    Program(
        "two_no_relu_and_labels_swapped",
        "contract",
        (
            ("        h = torch.relu(h)\n", ""),
            (
                "edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])",
                "edge_label = torch.cat([torch.zeros(pos.size(1)), torch.ones(neg.size(1))])",
            ),
        ),
        ("model.no-relu", "train.labels-swapped"),
    ),
    Program(
        "two_relu_after_last_and_default_count",
        "offsets",
        (
            (
                "return self.sage2(hidden, edge_index)",
                "return F.relu(self.sage2(hidden, edge_index))",
            ),
            (", num_neg_samples=n_pos)", ")"),
        ),
        ("model.relu-after-last", "train.negative-count"),
    ),
    Program(
        "two_layers_in_a_list_and_no_eval",
        "dropout",
        (
            ("self.layers = nn.ModuleList(\n            [", "self.layers = list(\n            ["),
            ("    model.eval()\n", ""),
        ),
        ("model.layers-in-list", "test.no-eval"),
    ),
    Program(
        "two_embedding_in_encode_and_loss_tensor",
        "contract",
        (
            (
                "        self.embedding = nn.Embedding(num_nodes, embedding_dim)\n",
                "        self.shape = (num_nodes, embedding_dim)\n",
            ),
            ("        h = self.embedding(x)\n", "        h = nn.Embedding(*self.shape)(x)\n"),
            ("return loss.item()", "return loss"),
        ),
        ("model.embedding-in-encode", "train.returns-tensor"),
    ),
]
