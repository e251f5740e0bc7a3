"""More right programs that the detector's author does not look at."""

from __future__ import annotations

from bank import Program

PROGRAMS = [
    Program(
        "held out: Enum in the nodes, MultiIndex as mapping",
        "right_ho_report",
        (
            (
                """interactions["listener"] = "L" + interactions["userID"].astype(str)
interactions["artist"] = "A" + interactions["artistID"].astype(str)
""",
                """import enum


class Side(enum.IntEnum):
    LISTENER = 0
    ARTIST = 1


interactions["listener"] = [(Side.LISTENER, i) for i in interactions["userID"]]
interactions["artist"] = [(Side.ARTIST, i) for i in interactions["artistID"]]
""",
            ),
            (
                """position: dict[str, int] = {}
for name in listeners:
    position[name] = len(position)
for name in artists:
    position[name] = len(position)
size = len(position)
""",
                """table = pd.MultiIndex.from_tuples([*listeners, *artists], names=["side", "id"])
position = pd.Series(range(len(table)), index=table).to_dict()
size = table.size
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: artists as id + 1,000,000",
        "right_ho_explorer",
        (
            ("    G.add_node((0, int(u)), bipartite=0)\n", "    G.add_node(int(u), bipartite=0)\n"),
            (
                "    G.add_node((1, int(a)), bipartite=1)\n",
                "    G.add_node(1_000_000 + int(a), bipartite=1)\n",
            ),
            (
                "    G.add_edge((0, int(u)), (1, int(a)))\n",
                "    G.add_edge(int(u), 1_000_000 + int(a), weight=1.0)\n",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: nodes by degree, every edge found from both ends",
        "right_ho_explorer",
        (
            (
                "node_list = list(G.nodes)\n",
                "node_list = sorted(G.nodes, key=lambda n: (-G.degree[n], n))\n",
            ),
            (
                """edge_list = [[id_mapping[a], id_mapping[b]] for a, b in G.edges]
edge_index = torch.tensor(edge_list).t()
edge_index = torch.cat([edge_index, edge_index[[1, 0]]], dim=1)
""",
                """edge_list = [[id_mapping[a], id_mapping[b]] for a in G for b in G[a]]
edge_index = torch.tensor(edge_list).t().contiguous()
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: best state by validation kept in memory",
        "right_ho_explorer",
        (
            (
                """for epoch in range(1, 31):
    losses.append(train(train_data))
""",
                """import io


def auc_on(d):
    model.eval()
    with torch.no_grad():
        z = model.encode(d.x, d.edge_index)
        s = model.decode(z, torch.cat([d.pos_edge_label_index, d.neg_edge_label_index], 1))
    return roc_auc_score(torch.cat([d.pos_edge_label, d.neg_edge_label]), s)


buffer, best = io.BytesIO(), 0
for epoch in range(1, 41):
    losses.append(train(train_data))
    if epoch % 5 == 0 and (now := auc_on(val_data)) > best:
        best = now
        buffer = io.BytesIO()
        torch.save(model.state_dict(), buffer)
buffer.seek(0)
model.load_state_dict(torch.load(buffer))
""",
            ),
            (
                "plt.plot(range(1, 31), losses)\n",
                "plt.plot(losses)\n",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: xavier, hidden wider than the rest, ReLU by maximum",
        "right_ho_italian",
        (
            (
                '            self.add_module(f"strato{i}", SAGEConv(entra, esce))\n',
                """            self.add_module(f"strato{i}", SAGEConv(entra, esce, aggr="mean"))
        for peso in self.parameters():
            if peso.ndim > 1:
                torch.nn.init.xavier_normal_(peso)
""",
            ),
            (
                "        return self.strato1(F.relu(h, inplace=True), edge_index)\n",
                "        return self.strato1(torch.maximum(h, h.new_zeros(())), edge_index)\n",
            ),
            ("quanti_nodi, 20, 30, 20)", "quanti_nodi, 16, 64, 24)"),
        ),
        held_out=True,
    ),
    Program(
        "held out: dropout, weight decay and no bias at all",
        "right_ho_objects",
        (
            (
                "            self.convs.append(SAGEConv(width, next_width))\n",
                """            self.convs.append(SAGEConv(width, next_width, bias=False))
        self.drop = nn.Dropout(0.25)
""",
            ),
            (
                "            h = conv(h, edge_index).clamp_min(0)\n",
                "            h = self.drop(conv(h, edge_index).clamp_min(0))\n",
            ),
            (
                "torch.optim.Adam(self.model.parameters(), lr=self.lr)",
                "torch.optim.Adam(self.model.parameters(), lr=self.lr, weight_decay=1e-4)",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: labels by looking up each pair, negatives first",
        "right_ho_objects",
        (
            (
                """        pos, neg = self.scores(part, part.neg_edge_label_index)
        return roc_auc_score(self.labels(pos, neg).numpy(), torch.cat([pos, neg]).numpy())
""",
                """        groups = part.neg_edge_label_index, part.pos_edge_label_index
        pairs = torch.cat(groups, dim=1)
        truth = {tuple(p) for p in part.pos_edge_label_index.T.tolist()}
        z = self.model.encode(part.x, part.edge_index)
        chance = torch.sigmoid(self.model.decode(z, pairs)).double().numpy()
        return roc_auc_score(np.array([tuple(p) in truth for p in pairs.T.tolist()]), chance)
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: loss computed a second time by hand and compared",
        "right_ho_report",
        (
            (
                "    value = bce(logits, wanted)\n",
                """    value = bce(logits, wanted)
    with torch.no_grad():
        signs = 2 * wanted - 1
        by_hand = -torch.nn.functional.logsigmoid(signs * logits).mean()
    assert torch.isclose(value, by_hand, rtol=1e-3)
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: trained in two calls, losses in a DataFrame",
        "right_ho_dutch",
        (
            (
                "verliezen = list(leerling.leer(leer, rondes=30))\n",
                """verliezen = list(leerling.leer(leer, rondes=20))
print("tussendoor", leerling.toets(keur))
verliezen += leerling.leer(leer, rondes=15)
verloop = pd.DataFrame({"ronde": range(1, 36), "verlies": verliezen})
print(verloop.iloc[::10])
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: recommendations for a user at the end",
        "right_ho_italian",
        (
            (
                "# meglio di 0.5: la rete ha imparato qualcosa\n",
                """# meglio di 0.5: la rete ha imparato qualcosa

# %%
rete.eval()
with torch.no_grad():
    z = rete.encode(per_valutare.x, per_valutare.edge_index)
utente = 3
gia_noti = set(grafo[utente])
voti = z[quanti_utenti:] @ z[utente]
consigli = [int(n) + quanti_utenti for n in voti.argsort(descending=True)]
print([n for n in consigli if n not in gia_noti][:10])
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: Data with extras, options of the split in a dict",
        "right_ho_objects",
        (
            (
                "        return Data(x=torch.arange(len(self)), edge_index=both)\n",
                """        names = list(self.index)
        side = torch.tensor([int(name.startswith("artist")) for name in names])
        return Data(x=torch.arange(len(self)), edge_index=both, side=side, names=names)
""",
            ),
            (
                """        split = RandomLinkSplit(
            num_val=0.1,
            num_test=0.1,
            is_undirected=True,
            add_negative_train_samples=False,
            split_labels=True,
        )
""",
                """        options = {"num_val": 1 / 10, "num_test": 1 / 10, "is_undirected": True}
        options |= dict.fromkeys(["split_labels"], True)
        split = RandomLinkSplit(**options, add_negative_train_samples=False)
""",
            ),
        ),
        held_out=True,
    ),
    Program(
        "held out: edges of a copied graph coalesced, bipartite sets compared",
        "right_ho_report",
        (
            (
                "edge_index=edge_tensor(network))\n",
                """edge_index=pyg.utils.coalesce(edge_tensor(network.copy())))
one, other = nx.bipartite.sets(network, top_nodes=listeners)
assert one == set(listeners) and other == set(artists)
""",
            ),
        ),
        held_out=True,
    ),
]
