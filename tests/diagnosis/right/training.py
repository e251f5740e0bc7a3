"""Step 5 done otherwise: other negatives, other labels, the loss and the step in another order."""

from __future__ import annotations

from bank import Program

ZERO = "    optimizer.zero_grad()\n"
SAMPLE = """    neg = negative_sampling(
        edge_index=edge_index,
        num_nodes=num_nodes,
        num_neg_samples=pos.size(1),
    )
"""
JOIN = """    edge_label_index = torch.cat([pos, neg], dim=1)
    edge_label = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])
    z = model.encode(x, edge_index)
    scores = model.decode(z, edge_label_index)
    loss = loss_fn(scores, edge_label)
"""
STEP = """    loss.backward()
    optimizer.step()
"""
RETURN = STEP + "    return loss.item()\n"
ADAM = "optimizer = torch.optim.Adam(model.parameters(), lr=0.01)\n"
LOSS = "loss_fn = nn.BCEWithLogitsLoss()\n"
LOOP = """losses = []
for epoch in range(1, 31):
    loss = train(train_data)
    losses.append(loss)
    if epoch % 10 == 0:
        print(f"epoch {epoch}: loss {loss:.4f}")
"""

PROGRAMS = [
    Program(
        "positives and negatives in both directions",
        "contract",
        (
            (
                SAMPLE,
                """    pos = torch.cat([pos, pos.flip(0)], dim=1)
    neg = negative_sampling(
        edge_index, num_nodes, num_neg_samples=pos.size(1), force_undirected=True
    )
""",
            ),
        ),
    ),
    Program(
        "structured negatives: for each positive another artist",
        "contract",
        (
            (
                SAMPLE,
                """    behind = torch.tensor([[0], [n_users]])
    user, _, artist = structured_negative_sampling(pos - behind, num_nodes=n_artists)
    neg = torch.stack([user, artist]) + behind
""",
            ),
            (
                "from torch_geometric.utils import negative_sampling\n",
                "from torch_geometric.utils import structured_negative_sampling\n",
            ),
        ),
    ),
    Program(
        "bipartite negative_sampling with artists counted from 0",
        "right_german",
        (
            (
                """    return negative_sampling(
        edge_index=teil.edge_index,
        num_nodes=teil.num_nodes,
        num_neg_samples=teil.pos_edge_label_index.size(1),
    )
""",
                """    hin = teil.edge_index[:, teil.edge_index[0] < anzahl_nutzer].clone()
    hin[1] -= anzahl_nutzer
    negative = negative_sampling(
        hin,
        num_nodes=(anzahl_nutzer, anzahl_kuenstler),
        num_neg_samples=teil.pos_edge_label_index.size(1),
    )
    negative[1] += anzahl_nutzer
    return negative
""",
            ),
        ),
    ),
    Program(
        "negatives by keys and isin",
        "contract",
        (
            (
                SAMPLE,
                """    taken = edge_index[0] * num_nodes + edge_index[1]
    users = torch.randint(0, n_users, (3 * pos.size(1),))
    artists = torch.randint(n_users, num_nodes, (3 * pos.size(1),))
    free = ~torch.isin(users * num_nodes + artists, taken)
    neg = torch.stack([users[free], artists[free]])[:, : pos.size(1)]
""",
            ),
        ),
    ),
    Program(
        "two losses added, halved",
        "contract",
        (
            (
                JOIN,
                """    z = model.encode(x, edge_index)
    liked = model.decode(z, pos)
    unknown = model.decode(z, neg)
    loss = loss_fn(liked, torch.ones_like(liked)) + loss_fn(unknown, torch.zeros_like(unknown))
    loss = loss / 2
""",
            ),
        ),
    ),
    Program(
        "gradients of two halves added up, then one step",
        "contract",
        (
            (
                JOIN + STEP,
                """    loss = 0.0
    for half in range(2):
        p, n = pos[:, half::2], neg[:, half::2]
        scores = model.decode(model.encode(x, edge_index), torch.cat([p, n], dim=1))
        target = torch.arange(scores.numel()) < p.size(1)
        part = loss_fn(scores, target.float()) / 2
        part.backward()
        loss = loss + part.detach()
    optimizer.step()
""",
            ),
        ),
    ),
    Program(
        "optimizer step with a closure",
        "contract",
        (
            (ZERO, ""),
            (
                JOIN + STEP,
                """    edge_label_index = torch.cat([neg, pos], dim=1)
    edge_label = torch.tensor([0.0] * neg.size(1) + [1.0] * pos.size(1))

    def closure():
        optimizer.zero_grad(set_to_none=False)
        z = model.encode(x, edge_index)
        loss = loss_fn(model.decode(z, edge_label_index), edge_label)
        loss.backward()
        return loss

    loss = optimizer.step(closure)
""",
            ),
        ),
    ),
    Program(
        "two parameter groups, plateau scheduler, amsgrad, clipping by value",
        "contract",
        (
            (
                ADAM,
                """tables = [p for n, p in model.named_parameters() if n.startswith("embedding")]
layers = [p for n, p in model.named_parameters() if not n.startswith("embedding")]
optimizer = torch.optim.Adam(
    [{"params": tables, "lr": 0.02}, {"params": layers}],
    lr=0.01,
    betas=(0.9, 0.99),
    amsgrad=True,
)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=3)
""",
            ),
            (
                RETURN,
                """    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.5)
    optimizer.step()
    scheduler.step(loss.item())
    return loss.item()
""",
            ),
        ),
    ),
    Program(
        "summed loss divided by the number of pairs, while loop",
        "contract",
        (
            (LOSS, 'loss_fn = nn.BCEWithLogitsLoss(reduction="sum")\n'),
            (
                "    loss = loss_fn(scores, edge_label)\n",
                "    loss = loss_fn(scores, edge_label) / edge_label.numel()\n",
            ),
            (
                LOOP,
                """losses = {}
epoch = 0
while epoch < 35:
    epoch += 1
    losses[epoch] = train(train_data)
print({epoch: round(loss, 3) for epoch, loss in losses.items() if epoch % 7 == 0})
""",
            ),
        ),
    ),
    Program(
        "model.zero_grad after the step, pairs shuffled, BCE without a reduction",
        "right_spanish",
        (
            (
                "criterio = nn.BCEWithLogitsLoss()\n",
                'criterio = nn.BCEWithLogitsLoss(reduction="none")\n',
            ),
            ("    optimizador.zero_grad()\n", ""),
            (
                "    consulta = torch.cat([train_data.pos_edge_label_index, negativas], dim=1)\n",
                """    consulta = torch.cat([train_data.pos_edge_label_index, negativas], dim=1)
    orden = torch.randperm(2 * n_pos)
""",
            ),
            (
                """    salida = modelo.decode(z, consulta)
    perdida = criterio(salida, etiquetas)
    perdida.backward()
    optimizador.step()
""",
                """    salida = modelo.decode(z, consulta[:, orden])
    perdida = criterio(salida, etiquetas[orden]).mean()
    perdida.backward()
    optimizador.step()
    modelo.zero_grad()
""",
            ),
            ("range(25)", "range(40)"),
        ),
    ),
    Program(
        "inline loop, weights of the best validation epoch kept",
        "right_inline",
        (
            (
                'history = {"epoch": [], "loss": [], "val_auc": []}\n',
                'history = {"epoch": [], "loss": [], "val_auc": []}\nbest, kept = -1.0, {}\n',
            ),
            (
                '        history["val_auc"].append(auc)\n',
                """        history["val_auc"].append(auc)
        if auc > best:
            best, kept = auc, {k: v.clone() for k, v in model.state_dict().items()}
""",
            ),
            ("# %%\nmodel.eval()\n", "# %%\nmodel.load_state_dict(kept)\nmodel.eval()\n"),
        ),
    ),
]
