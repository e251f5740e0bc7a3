"""Held out: programs with mistakes in the model, for `bank.programs`.

Who writes the detector does not look in here.
"""

from functools import partial

from bank import Program

Held = partial(Program, held_out=True)

PROGRAMS = [
    Held(
        "h_class_called_otherwise",
        "terse",
        (
            ("class GNNLinkPredictor(", "class SageRecommender("),
            ("net = GNNLinkPredictor(", "net = SageRecommender("),
        ),
        ("model.names",),
    ),
    Held(
        "h_methods_capitalised",
        "functions",
        (
            ("def encode(self", "def Encode(self"),
            ("def decode(self", "def Decode(self"),
            (
                "optimiser.zero_grad()\n    z = net.encode(",
                "optimiser.zero_grad()\n    z = net.Encode(",
            ),
            ("net.eval()\n    z = net.encode(", "net.eval()\n    z = net.Encode("),
            (
                "logits = net.decode(z, torch.cat([positives, negatives], 1))\n    loss",
                "logits = net.Decode(z, torch.cat([positives, negatives], 1))\n    loss",
            ),
            (
                "logits = net.decode(z, torch.cat([positives, negatives], 1))\n    return",
                "logits = net.Decode(z, torch.cat([positives, negatives], 1))\n    return",
            ),
        ),
        ("model.names",),
    ),
    Held(
        "h_super_without_call",
        "functions",
        (("        super().__init__()\n", "        super().__init__\n"),),
        ("model.no-super",),
        crashes=True,
    ),
    Held(
        "h_convs_in_empty_list",
        "functions",
        (("self.convs = nn.ModuleList()", "self.convs = []"),),
        ("model.layers-in-list",),
    ),
    Held(
        "h_layers_in_a_tuple",
        "terse",
        (
            (
                "        self.c1 = SAGEConv(embedding_dim, hidden_channels)\n"
                "        self.c2 = SAGEConv(hidden_channels, out_channels)\n",
                "        d = (embedding_dim, hidden_channels, out_channels)\n"
                "        self.cs = tuple(SAGEConv(a, b) for a, b in zip(d, d[1:]))\n",
            ),
            (
                "self.c2(F.relu(self.c1(self.emb(x), edge_index)), edge_index)",
                "self.cs[1](F.relu(self.cs[0](self.emb(x), edge_index)), edge_index)",
            ),
        ),
        ("model.layers-in-list",),
    ),
    Held(
        "h_table_as_long_as_the_file",
        "terse",
        (
            (
                "torch.nn.Embedding(num_nodes, embedding_dim)",
                "torch.nn.Embedding(len(df), embedding_dim)",
            ),
        ),
        ("model.embedding-size",),
    ),
    Held(
        "h_table_for_artists",
        "factorize",
        (
            (
                "torch.nn.Embedding(num_nodes, embedding_dim)",
                "torch.nn.Embedding(n_a, embedding_dim)",
            ),
        ),
        ("model.embedding-size",),
        crashes=True,
    ),
    Held(
        "h_model_built_for_users",
        "dropout",
        (("GNNLinkPredictor(num_nodes, 48, 32, 24)", "GNNLinkPredictor(n_users, 48, 32, 24)"),),
        ("model.embedding-size",),
        shows_in="step5",
        crashes=True,
    ),
    Held(
        "h_embedding_behind_a_lambda",
        "functions",
        (
            (
                "self.embedding = nn.Embedding(num_nodes, embedding_dim)",
                "self.embedding = lambda i: nn.Embedding(num_nodes, embedding_dim)(i)",
            ),
        ),
        ("model.embedding-in-encode",),
    ),
    Held(
        "h_first_layer_hidden_to_hidden",
        "terse",
        (
            (
                "SAGEConv(embedding_dim, hidden_channels)",
                "SAGEConv(hidden_channels, hidden_channels)",
            ),
        ),
        ("model.in-channels",),
    ),
    Held(
        "h_first_layer_users_wide",
        "strings",
        (
            (
                "SAGEConv(embedding_dim, hidden_channels)",
                "SAGEConv(number_of_users, hidden_channels)",
            ),
        ),
        ("model.in-channels",),
        crashes=True,
    ),
    Held(
        "h_two_layers_in_one_line",
        "terse",
        (
            (
                "self.c2(F.relu(self.c1(self.emb(x), edge_index)), edge_index)",
                "self.c2(self.c1(self.emb(x), edge_index), edge_index)",
            ),
        ),
        ("model.no-relu",),
    ),
    Held(
        "h_dropout_but_no_relu",
        "factorize",
        (("self.first(h, edge_index).relu()", "self.first(h, edge_index)"),),
        ("model.no-relu",),
    ),
    Held(
        "h_act_on_the_result",
        "strings",
        (
            (
                "        x = self.conv_b(x, edge_index)\n        return x\n",
                "        return self.act(self.conv_b(x, edge_index))\n",
            ),
        ),
        ("model.relu-after-last",),
    ),
    Held(
        "h_clamps_twice",
        "functions",
        (
            (
                "        out = self.convs[1](out, edge_index)\n        return out\n",
                "        out = self.convs[1](out, edge_index)\n        return out.clamp(min=0)\n",
            ),
        ),
        ("model.relu-after-last",),
    ),
    Held(
        "h_one_hop_only",
        "terse",
        (
            ("        self.c2 = SAGEConv(hidden_channels, out_channels)\n", ""),
            (
                "self.c1 = SAGEConv(embedding_dim, hidden_channels)",
                "self.c1 = SAGEConv(embedding_dim, out_channels)",
            ),
            (
                "self.c2(F.relu(self.c1(self.emb(x), edge_index)), edge_index)",
                "self.c1(self.emb(x), edge_index)",
            ),
        ),
        ("model.one-layer",),
    ),
    Held(
        "h_first_conv_called_twice",
        "functions",
        (
            (
                "        out = self.convs[1](out, edge_index)\n",
                "        out = self.convs[0](out, edge_index)\n",
            ),
        ),
        ("model.one-layer",),
    ),
    Held(
        "h_columns_for_rows",
        "terse",
        (("s, t = edge_label_index\n", "s, t = edge_label_index[:, 0], edge_label_index[:, 1]\n"),),
        ("decode.index-rows",),
        crashes=True,
    ),
    Held(
        "h_scores_as_a_column",
        "dropout",
        (("torch.sum(left * right, dim=1)", "torch.sum(left * right, dim=1, keepdim=True)"),),
        ("decode.sum-dim",),
        crashes=True,
    ),
    Held(
        "h_einsum_keeps_the_channels",
        "offsets",
        (('torch.einsum("ij,ij->i"', 'torch.einsum("ij,ij->j"'),),
        ("decode.sum-dim",),
        crashes=True,
    ),
    Held(
        "h_matmul_of_all_asked",
        "factorize",
        (("(z[i] * z[j]).sum(1)", "z[i] @ z[j].T"),),
        ("decode.all-pairs",),
        crashes=True,
    ),
    Held(
        "h_sigmoid_to_be_safe",
        "functions",
        (
            (
                "return (z_src * z_dst).sum(dim=-1)",
                "return nn.Sigmoid()((z_src * z_dst).sum(dim=-1))",
            ),
        ),
        ("decode.sigmoid",),
    ),
    Held(
        "h_minus_distance",
        "terse",
        (('torch.einsum("ij,ij->i", z[s], z[t])', "-F.pairwise_distance(z[s], z[t])"),),
        ("decode.not-dot",),
    ),
    Held(
        "h_normalised_before_the_product",
        "functions",
        (
            (
                "        z_src = z.index",
                "        z = nn.functional.normalize(z, dim=1)\n        z_src = z.index",
            ),
        ),
        ("decode.not-dot",),
    ),
    Held(
        "h_messages_along_the_questions",
        "functions",
        (
            (
                "optimiser.zero_grad()\n    z = net.encode(d.x, d.edge_index)",
                "optimiser.zero_grad()\n    z = net.encode(d.x, d.pos_edge_label_index)",
            ),
        ),
        ("encode.label-edges",),
        shows_in="step5",
    ),
    Held(
        "h_messages_along_negatives_too",
        "terse",
        (
            ("    z = net.encode(d.x, d.edge_index)\n    p = d.pos", "    p = d.pos"),
            (
                "    s = net.decode(z, torch.cat([n, p], 1))\n",
                "    both = torch.cat([n, p], 1)\n"
                "    s = net.decode(net.encode(d.x, both), both)\n",
            ),
        ),
        ("encode.label-edges",),
        shows_in="step5",
    ),
    Held(
        "h_perceptron",
        "terse",
        (
            (
                "self.c1 = SAGEConv(embedding_dim, hidden_channels)",
                "self.c1 = torch.nn.Linear(embedding_dim, hidden_channels)",
            ),
            (
                "self.c2 = SAGEConv(hidden_channels, out_channels)",
                "self.c2 = torch.nn.Linear(hidden_channels, out_channels)",
            ),
            (
                "self.c2(F.relu(self.c1(self.emb(x), edge_index)), edge_index)",
                "self.c2(F.relu(self.c1(self.emb(x))))",
            ),
        ),
        ("encode.ignores-graph",),
    ),
    Held(
        "h_empty_messages",
        "functions",
        (
            (
                "        out = self.embedding(x)\n",
                "        edge_index = torch.empty(2, 0, dtype=torch.long)\n"
                "        out = self.embedding(x)\n",
            ),
        ),
        ("encode.ignores-graph",),
    ),
]
