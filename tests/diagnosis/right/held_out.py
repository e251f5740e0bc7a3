"""Right programs that the detector's author does not look at, nor at their bases `right_ho_*`."""

from __future__ import annotations

from bank import Program

PROGRAMS = [
    Program("held out: lab report", "right_ho_report", held_out=True),
    Program("held out: italian pipeline", "right_ho_italian", held_out=True),
    Program("held out: classes for all", "right_ho_objects", held_out=True),
    Program("held out: explorer", "right_ho_explorer", held_out=True),
    Program("held out: dutch generator", "right_ho_dutch", held_out=True),
    Program(
        "held out: half of the negatives anywhere, half user-artist",
        "right_ho_explorer",
        (
            (
                """    neg = negative_sampling(
        train_data.edge_index, num_nodes=num_nodes, num_neg_samples=pos.size(1)
    )
""",
                """    half = pos.size(1) // 2
    anywhere = negative_sampling(train_data.edge_index, num_nodes, pos.size(1) - half)
    known = {frozenset(pair) for pair in train_data.edge_index.t().tolist()}
    sides = [[i for n, i in id_mapping.items() if n[0] == side] for side in (0, 1)]
    mixed = []
    while len(mixed) < half:
        pair = [random.choice(sides[0]), random.choice(sides[1])]
        if frozenset(pair) not in known:
            mixed.append(pair)
    neg = torch.cat([anywhere, torch.tensor(mixed).t()], dim=1)
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: twice too many negatives drawn, the first kept",
        "right_ho_report",
        (
            (
                """        yield pyg.utils.negative_sampling(
            part.edge_index,
            num_nodes=part.num_nodes,
            num_neg_samples=part.pos_edge_label_index.size(1),
        )
""",
                """        wanted = part.pos_edge_label_index.size(1)
        drawn = pyg.utils.negative_sampling(part.edge_index, num_neg_samples=2 * wanted)
        yield drawn[:, torch.randperm(drawn.size(1))[:wanted]]
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: PyG's ready-made GraphSAGE",
        "right_ho_explorer",
        (
            (
                """        self.sage_in = SAGEConv(embedding_dim, hidden_channels)
        self.sage_out = SAGEConv(hidden_channels, out_channels)
""",
                """        self.sage = GraphSAGE(
            embedding_dim, hidden_channels, num_layers=2, out_channels=out_channels, dropout=0.1
        )
""",
            ),
            (
                """        e = self.embedding(x)
        e = self.sage_in(e, edge_index)
        e = nn.functional.relu(e)
        return self.sage_out(e, edge_index)
""",
                "        return self.sage(self.embedding(x), edge_index)\n",
            ),
            ("import SAGEConv\n", "import GraphSAGE\n"),
        ),
        held_out=True,
    ),
    Program(
        "held out: artists numbered first, sources are artists",
        "right_ho_italian",
        (
            (
                """        nodo_utente=lambda t: t.groupby("userID").ngroup(),
        nodo_artista=lambda t: t.groupby("artistID").ngroup() + t["userID"].nunique(),
""",
                """        nodo_artista=lambda t: t.groupby("artistID").ngroup(),
        nodo_utente=lambda t: t.groupby("userID").ngroup() + t["artistID"].nunique(),
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: ids shuffled by a random permutation",
        "right_ho_italian",
        (
            (
                """quanti_nodi = quanti_utenti + quanti_artisti
""",
                """quanti_nodi = quanti_utenti + quanti_artisti
mischia = torch.randperm(quanti_nodi, generator=torch.Generator().manual_seed(4)).numpy()
ascolti["nodo_utente"] = mischia[ascolti["nodo_utente"]]
ascolti["nodo_artista"] = mischia[ascolti["nodo_artista"]]
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: batches of positives, negatives beside each",
        "right_ho_objects",
        (
            (
                """    def step(self):
        self.model.train()
        pos, neg = self.scores(
            self.train_data, self.negatives(self.train_data.pos_edge_label_index.size(1))
        )
        loss = self.loss_fn(torch.cat([pos, neg]), self.labels(pos, neg))
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()
""",
                """    def step(self):
        self.model.train()
        every = self.train_data.pos_edge_label_index
        order = torch.randperm(every.size(1))
        values = []
        for some in order.tensor_split(4):
            batch = self.train_data.clone()
            batch.pos_edge_label_index = every[:, some]
            pos, neg = self.scores(batch, self.negatives(len(some)))
            loss = self.loss_fn(torch.cat([pos, neg]), self.labels(pos, neg))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            values.append(loss.item())
        return float(np.mean(values))
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: warm-up of the learning rate, norm of the gradient clipped",
        "right_ho_dutch",
        (
            (
                "        self.verlies = BCEWithLogitsLoss()\n",
                """        self.verlies = BCEWithLogitsLoss(pos_weight=torch.ones(1))
        self.tempo = torch.optim.lr_scheduler.LambdaLR(self.adam, lambda n: min(1, (n + 1) / 5))
""",
            ),
            (
                "            self.adam.step()\n",
                """            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
            self.adam.step()
            self.tempo.step()
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: one output number, learning rate 0.1, more epochs",
        "right_ho_dutch",
        (
            ("out_channels=24)", "out_channels=1)"),
            ("lr=0.01", "lr=0.1"),
            ("rondes=30", "rondes=50"),
        ),
        held_out=True,
    ),
    Program(
        "held out: DataFrame from lines, counts by Counter",
        "right_ho_dutch",
        (
            (
                """gegevens = pd.read_csv("user_artists.dat", sep="\\t", header=0, """
                """names=["userID", "artistID", "listen_count"])
""",
                """from collections import Counter

with open("user_artists.dat") as bestand:
    kop, *regels = bestand.read().splitlines()
gegevens = pd.DataFrame.from_records(
    [tuple(map(int, regel.split("\\t"))) for regel in regels],
    columns=["userID", "artistID", "listen_count"],
)
""",
            ),
            (
                "(gegevens[k].nunique() for k in (",
                "(len(Counter(gegevens[k])) for k in (",
            ),
        ),
        held_out=True,
    ),
]
