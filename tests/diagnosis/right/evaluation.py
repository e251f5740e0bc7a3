"""Step 6 done otherwise: other labels and modes, more numbers, several models."""

from __future__ import annotations

from bank import Program

GRAD = "@torch.no_grad()\ndef test(data):\n    model.eval()\n"
JOIN = """    edge_label_index = torch.cat([pos, neg], dim=1)
    scores = model.decode(z, edge_label_index)
    labels = torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])
    return roc_auc_score(labels.numpy(), scores.numpy())
"""
SHOW = """val_auc = test(val_data)
test_auc = test(test_data)
print(f"validation AUC {val_auc:.3f}")
print(f"test AUC {test_auc:.3f}")
"""
LOOP = """losses = []
for epoch in range(1, 31):
    loss = train(train_data)
    losses.append(loss)
    if epoch % 10 == 0:
        print(f"epoch {epoch}: loss {loss:.4f}")
"""

PROGRAMS = [
    Program(
        "inference_mode, back to training, boolean labels",
        "contract",
        (
            (GRAD, GRAD.replace("no_grad", "inference_mode")),
            (
                JOIN,
                """    pairs = torch.cat([neg, pos], dim=1)
    scores = model.decode(z, pairs)
    model.train()
    is_edge = torch.arange(pairs.size(1)) >= neg.size(1)
    return roc_auc_score(y_score=scores, y_true=is_edge)
""",
            ),
        ),
    ),
    Program(
        "accuracy and average precision printed beside the AUC",
        "contract",
        (
            (
                "from sklearn.metrics import roc_auc_score\n",
                "from sklearn.metrics import *\n",
            ),
            (
                JOIN,
                JOIN.replace(
                    "    return",
                    """    guess = (scores.sigmoid() > 0.5).long()
    print("accuracy", accuracy_score(labels, guess), "AP", average_precision_score(labels, scores))
    return""",
                ),
            ),
        ),
    ),
    Program(
        "AUC of the untrained model and of popularity for comparison",
        "contract",
        (
            (
                SHOW,
                """trained = model
degree = torch.bincount(test_data.edge_index[1], minlength=num_nodes).float()
pairs = torch.cat([test_data.pos_edge_label_index, test_data.neg_edge_label_index], dim=1)
known = torch.arange(pairs.size(1)) < test_data.pos_edge_label_index.size(1)
print("popularity", roc_auc_score(known, degree[pairs].sum(0)))
model = GNNLinkPredictor(num_nodes, 32, 32, 32)
print("untrained ", test(test_data))
model = trained
"""
                + SHOW,
            ),
        ),
    ),
    Program(
        "three seeds, a new model and optimizer for each",
        "contract",
        (
            (
                LOOP,
                """all_losses, aucs = [], []
for seed in range(3):
    torch.manual_seed(seed)
    model = GNNLinkPredictor(num_nodes, 16, 16, 16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = [train(train_data) for _ in range(20)]
    all_losses.append(losses)
    print("seed", seed, "loss", losses[0], "to", losses[-1])
""",
            ),
        ),
    ),
    Program(
        "width chosen by validation AUC, weights saved and loaded",
        "contract",
        (
            (
                LOOP,
                """best = {}
for width in (16, 24):
    model = GNNLinkPredictor(num_nodes, width, width, width)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = [train(train_data) for _ in range(20)]
    model.eval()
    with torch.no_grad():
        z = model.encode(val_data.x, val_data.edge_index)
        up = model.decode(z, val_data.pos_edge_label_index)
        down = model.decode(z, val_data.neg_edge_label_index)
    auc = roc_auc_score([1] * len(up) + [0] * len(down), torch.cat([up, down]))
    print("width", width, "validation", auc)
    if auc > best.get("auc", 0):
        best = {"auc": auc, "width": width}
        torch.save(model.state_dict(), "best.pt")

model = GNNLinkPredictor(num_nodes, best["width"], best["width"], best["width"])
model.load_state_dict(torch.load("best.pt", weights_only=True))
""",
            ),
        ),
    ),
    Program(
        "a second AUC on user-artist pairs that are no edges",
        "contract",
        (
            (
                SHOW,
                SHOW
                + """
# the split's negatives are mostly pairs of two artists; these are fairer
every = {tuple(edge) for edge in edge_index.t().tolist()}
draws = torch.stack([torch.randint(n_users, (2000,)), torch.randint(n_users, num_nodes, (2000,))])
fair = draws[:, [tuple(pair) not in every for pair in draws.t().tolist()]]
with torch.no_grad():
    z = model.encode(test_data.x, test_data.edge_index)
    scores = torch.cat([model.decode(z, test_data.pos_edge_label_index), model.decode(z, fair)])
truth = torch.arange(len(scores)) < test_data.pos_edge_label_index.size(1)
print("AUC on user-artist pairs:", roc_auc_score(truth, scores))
""",
            ),
        ),
    ),
    Program(
        "scores gathered in lists, pairs in random order, sigmoid",
        "contract",
        (
            (
                JOIN,
                """    pairs = torch.cat([pos, neg], dim=1)
    labels = torch.cat([pos.new_full((pos.size(1),), 1), neg.new_full((neg.size(1),), 0)])
    order = torch.randperm(pairs.size(1))
    y_true, y_score = [], []
    for chunk in order.split(256):
        y_true.extend(labels[chunk].tolist())
        y_score.extend(torch.sigmoid(model.decode(z, pairs[:, chunk])).tolist())
    return roc_auc_score(y_true, y_score)
""",
            ),
        ),
    ),
]
