"""Held out: wrong evaluations, two mistakes at once, unknown mistakes, for `bank.programs`.

Who writes the detector does not look in here.
"""

from functools import partial

from bank import Program

Held = partial(Program, held_out=True)
EVALUATED = "net.eval()\n    z = net.encode(d.x, d.edge_index)"

PROGRAMS = [
    Held(
        "h_sees_all_music",
        "functions",
        ((EVALUATED, "net.eval()\n    z = net.encode(d.x, music.edge_index)"),),
        ("test.full-graph-leak",),
    ),
    Held(
        "h_asked_edges_stacked_on",
        "terse",
        (
            (
                EVALUATED,
                "net.eval()\n    seen = torch.hstack([d.edge_index, d.pos_edge_label_index])\n"
                "    z = net.encode(d.x, seen)",
            ),
        ),
        ("test.label-edges-leak",),
    ),
    Held(
        "h_positives_of_training",
        "functions",
        (
            (
                "    positives = d.pos_edge_label_index\n    negatives = d.neg",
                "    positives = train_set.pos_edge_label_index\n    negatives = d.neg",
            ),
        ),
        ("test.train-edges",),
    ),
    Held(
        "h_where_above_a_half",
        "factorize",
        (
            (
                "scores = torch.cat([pos, neg]).numpy()",
                "scores = np.where(torch.cat([pos, neg]).sigmoid().numpy() > 0.5, 1, 0)",
            ),
        ),
        ("test.hard-threshold",),
    ),
    Held(
        "h_sign_of_the_score",
        "dropout",
        (("score.numpy())", "score.sign().numpy())"),),
        ("test.hard-threshold",),
    ),
    Held(
        "h_score_then_truth",
        "terse",
        (("metrics.roc_auc_score(y, s)", "metrics.roc_auc_score(s, y)"),),
        ("test.swapped-arguments",),
        crashes=True,
    ),
    Held(
        "h_truth_is_all_ones",
        "factorize",
        (
            (
                "truth = torch.cat([torch.ones(len(pos)), torch.zeros(len(neg))]).numpy()",
                "truth = np.ones(len(scores))",
            ),
        ),
        ("test.one-class",),
    ),
    Held(
        "h_zeros_first",
        "offsets",
        (
            (
                "np.r_[np.ones(len(p)), np.zeros(len(n))]",
                "np.r_[np.zeros(len(p)), np.ones(len(n))]",
            ),
        ),
        ("test.labels-inverted",),
    ),
    Held(
        "h_negatives_two_users",
        "functions",
        (
            (
                "    negatives = d.neg_edge_label_index\n",
                "    negatives = num_artists + torch.randint(num_users, positives.shape)\n",
            ),
        ),
        ("test.easy-negatives",),
    ),
    Held(
        "h_no_decorator",
        "terse",
        (("@torch.no_grad()\n", ""),),
        ("test.requires-grad",),
        crashes=True,
    ),
    Held(
        "h_mode_left_as_it_was",
        "factorize",
        (("    predictor.eval()\n", ""),),
        ("test.no-eval",),
    ),
    Held(
        "h_scores_a_stranger",
        "functions",
        (
            (
                "test_score = score(net, test_set)",
                "test_score = score(\n"
                "    GNNLinkPredictor(num_users + num_artists, 32, 32, 32), test_set\n)",
            ),
        ),
        ("test.untrained",),
    ),
    Held(
        "h_number_from_last_week",
        "functions",
        (("test_score = score(net, test_set)", "test_score = 0.912"),),
        ("test.hard-coded",),
    ),
    Held(
        "h_counts_from_the_table_of_the_text",
        "terse",
        (
            (
                'n_users, n_artists = df[["userID", "artistID"]].nunique()',
                "n_users, n_artists = 200, 800",
            ),
        ),
        ("test.hard-coded",),
        shows_in="step1",
    ),
    # two mistakes
    Held(
        "h_two_labels_upside_down_everywhere",
        "functions",
        (
            (
                "torch.cat([torch.ones(pos.shape[1]), torch.zeros(neg.shape[1])])",
                "torch.cat([torch.zeros(pos.shape[1]), torch.ones(neg.shape[1])])",
            ),
        ),
        ("train.labels-swapped", "test.labels-inverted"),
    ),
    Held(
        "h_two_linear_and_leaky",
        "terse",
        (
            (
                "self.c2(F.relu(self.c1(self.emb(x), edge_index)), edge_index)",
                "self.c2(self.c1(self.emb(x), edge_index), edge_index)",
            ),
            (EVALUATED, "net.eval()\n    z = net.encode(d.x, ei)"),
        ),
        ("model.no-relu", "test.full-graph-leak"),
    ),
    Held(
        "h_two_sigmoid_and_unchecked",
        "factorize",
        (
            ("(z[i] * z[j]).sum(1)", "(z[i] * z[j]).sum(1).sigmoid()"),
            ("        if (u, a) in heard:\n            continue\n", ""),
        ),
        ("decode.sigmoid", "train.negative-positives"),
    ),
    Held(
        "h_two_embedding_still_and_dropout_on",
        "dropout",
        (
            ("Adam(model.parameters(), lr", "Adam(model.layers.parameters(), lr"),
            ("    model.eval()\n", ""),
        ),
        ("train.partial-optimizer", "test.no-eval"),
    ),
    Held(
        "h_two_listed_layers_and_many_negatives",
        "functions",
        (
            ("self.convs = nn.ModuleList()", "self.convs = []"),
            (
                "negative_sampling(d.edge_index, d.num_nodes, positives.shape[1])",
                "negative_sampling(d.edge_index, d.num_nodes, 3 * positives.shape[1])",
            ),
        ),
        ("model.layers-in-list", "train.negative-count"),
    ),
    Held(
        "h_two_cosine_and_fixed_negatives",
        "terse",
        (
            ('torch.einsum("ij,ij->i", z[s], z[t])', "F.cosine_similarity(z[s], z[t])"),
            ("    net.train()\n", "    seed_everything(1)\n    net.train()\n"),
        ),
        ("decode.not-dot", "train.negative-fixed"),
    ),
    Held(
        "h_two_directed_graph_and_sigmoid",
        "strings",
        (
            ("graph = nx.Graph()", "graph = nx.DiGraph()"),
            ("torch.sum(a * b, dim=-1)", "torch.sigmoid(torch.sum(a * b, dim=-1))"),
        ),
        ("graph.directed", "decode.sigmoid"),
    ),
    Held(
        "h_two_directed_split_and_no_relu",
        "offsets",
        (
            ("is_undirected=True", "is_undirected=False"),
            ("        hidden = F.relu(hidden)\n", ""),
        ),
        ("split.directed", "model.no-relu"),
    ),
    # mistakes without a name
    Held(
        "h_unknown_average_precision",
        "offsets",
        (
            (
                "from sklearn.metrics import roc_auc_score",
                "from sklearn.metrics import average_precision_score",
            ),
            (
                "roc_auc_score(y_true, y_score.numpy())",
                "average_precision_score(y_true, y_score.numpy())",
            ),
        ),
        unknown=True,
    ),
    Held(
        "h_unknown_attention_layers",
        "terse",
        (
            ("from torch_geometric.nn import SAGEConv", "from torch_geometric.nn import GATConv"),
            ("SAGEConv(embedding_dim, hidden_channels)", "GATConv(embedding_dim, hidden_channels)"),
            ("SAGEConv(hidden_channels, out_channels)", "GATConv(hidden_channels, out_channels)"),
        ),
        unknown=True,
    ),
    Held(
        "h_unknown_first_hundred_positives",
        "dropout",
        (
            (
                "    pos = train_data.pos_edge_label_index\n",
                "    pos = train_data.pos_edge_label_index[:, :100]\n",
            ),
        ),
        unknown=True,
    ),
    Held(
        "h_unknown_labels_by_chance",
        "contract",
        (
            (
                "loss = loss_fn(scores, edge_label)",
                "loss = loss_fn(scores, torch.rand(len(scores)).round())",
            ),
        ),
        unknown=True,
    ),
    Held(
        "h_unknown_embeddings_in_another_order",
        "strings",
        (
            (
                "z = gnn.encode(training.x, training.edge_index)",
                "z = gnn.encode(training.x, training.edge_index)[torch.randperm(n)]",
            ),
        ),
        unknown=True,
    ),
]
