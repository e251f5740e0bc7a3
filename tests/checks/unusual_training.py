"""Right but unusual work of steps 5 and 6, as the misconception catalogue lists it, and more.

Beside `unusual_model`, whose helpers it uses; `test_checks_right` runs both.
"""

from __future__ import annotations

from checks_course import Case, cell, swap
from unusual_model import (
    APART,
    BACK,
    BATCHES,
    DROPOUT,
    EVAL_LABELS,
    FAIR,
    JOIN,
    RETURN,
    SHUFFLED,
    SHUFFLED_PAIRS,
    STEP,
    TWO_BACKWARDS,
    TWO_LOSSES,
    evaluate,
    loop,
    own,
    setup,
    train,
)
from wrong_model import AUC, BCE, ENCODE, LABELS, LOSS, MODEL, SAMPLING, SCORES, TEN, ZERO, Z

RIGHT: list[Case] = [
    train(
        "zero_grad after step",
        ("optimizer.zero_grad()\n", "pass\n"),
        (STEP, STEP + "; optimizer.zero_grad()"),
    ),
    train(
        "zero_grad before backward",
        ("optimizer.zero_grad()\n", "pass\n"),
        (BACK, "optimizer.zero_grad(); " + BACK),
    ),
    train("model.zero_grad", ("optimizer.zero_grad()\n", "model.zero_grad()\n")),
    train("user-artist negatives", (f"neg = {SAMPLING}", f"neg = {FAIR}")),
    train(
        "negatives first",
        (JOIN, "edge_label_index = torch.cat([neg, pos], dim=1)"),
        (LABELS, "torch.cat([torch.zeros(neg.size(1)), torch.ones(pos.size(1))])"),
    ),
    train("functional BCE", ("loss_fn(", "F.binary_cross_entropy_with_logits(")),
    train(
        "ones_like",
        (LABELS, "torch.cat([torch.ones_like(pos[0]), torch.zeros_like(neg[0])]).float()"),
    ),
    train(
        "empty and fill",
        (
            LABELS,
            "torch.empty(edge_label_index.size(1)).fill_(0.0)\n    edge_label[: pos.size(1)] = 1",
        ),
    ),
    train(
        "zeros, then ones",
        (
            LABELS,
            "edge_label_index.new_zeros(edge_label_index.size(1)).float()\n"
            "    edge_label[: pos.size(1)] = 1.0",
        ),
    ),
    train("numpy labels", (LABELS, "torch.tensor([1.0] * pos.size(1) + [0.0] * neg.size(1))")),
    train("decoded apart", *APART),
    train("two losses", *TWO_LOSSES),
    train("shuffled scores", *SHUFFLED),
    train("shuffled pairs", *SHUFFLED_PAIRS),
    Case("batches", "step5", (BATCHES,)),
    train("zeros, not None", (ZERO, "optimizer.zero_grad(set_to_none=False)")),
    train("gradients set to None", (ZERO, "for p in model.parameters():\n        p.grad = None")),
    train(
        "one backward a loss",
        *TWO_BACKWARDS,
    ),
    train(
        "autograd's backward",
        (BACK, "torch.autograd.backward(loss)"),
    ),
    train(
        "by keywords",
        (ENCODE, "z = model.encode(x=x, edge_index=edge_index)"),
        (
            LOSS,
            "scores = model.decode(z=z, edge_label_index=edge_label_index)\n"
            "    loss = loss_fn(input=scores, target=edge_label)",
        ),
    ),
    train(
        "keywords the other way round",
        (
            LOSS,
            "loss = loss_fn(target=edge_label, input=model.decode("
            "edge_label_index=edge_label_index, z=z))",
        ),
    ),
    train(
        "forward",
        (ENCODE, "pass"),
        ("model.decode(z, edge_label_index)", "model(x, edge_index, edge_label_index)"),
    ),
    train(
        "sampling through the module",
        (SAMPLING, "torch_geometric.utils." + SAMPLING),
        before="import torch_geometric",
    ),
    train(
        "dense sampling", (SAMPLING, SAMPLING[:-1] + ", method='dense', force_undirected=False)")
    ),
    train(
        "alias of sampling",
        (SAMPLING, SAMPLING.replace("negative_sampling", "draw")),
        before="from torch_geometric.utils import negative_sampling as draw",
    ),
    train("clipped", (STEP, "nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    " + STEP)),
    train("returns float()", ("return loss.item()", "return float(loss)")),
    train("returns a detached tensor", ("return loss.item()", "return loss.detach()")),
    train("returns a numpy number", ("return loss.item()", "return loss.detach().numpy()[()]")),
    setup("weight decay", "lr=0.01", "lr=0.01, weight_decay=1e-5"),
    setup("AdamW", "optim.Adam(", "optim.AdamW("),
    setup(
        "parameter groups", "model.parameters()", "[{'params': [p]} for p in model.parameters()]"
    ),
    setup(
        "one channel",
        MODEL,
        MODEL.replace("out_channels=32", "out_channels=1"),
    ),
    setup("loss without mean", BCE, "nn.BCEWithLogitsLoss(reduction='sum')"),
    setup("functional loss", BCE, "F.binary_cross_entropy_with_logits"),
    setup("positive weight", BCE, "nn.BCEWithLogitsLoss(pos_weight=torch.tensor(1.0))"),
    loop("5 epochs", "losses = [train(train_data) for _ in range(5)]"),
    loop(
        "200 epochs", "losses = []\nfor epoch in range(200):\n    losses.append(train(train_data))"
    ),
    loop("numpy floats", TEN + "\nlosses = [np.float32(loss) for loss in losses]"),
    loop("detached tensors", TEN + "\nlosses = [torch.tensor(loss) for loss in losses]"),
    loop("tensor", TEN + "\nlosses = torch.tensor(losses)"),
    loop("tuple", "losses = tuple(train(train_data) for _ in range(10))"),
    loop(
        "numpy array",
        TEN + "\nlosses = np.array(losses)",
    ),
    loop(
        "while",
        "losses, epoch = [], 0\n"
        "while epoch < 10:\n    losses += [train(train_data)]\n    epoch += 1",
    ),
    evaluate("sigmoid", (SCORES, SCORES + ".sigmoid()")),
    evaluate("sigmoid in place", (SCORES, SCORES + ".sigmoid_()")),
    evaluate(
        "with no_grad",
        ("@torch.no_grad()\n", ""),
        (Z, "with torch.no_grad():\n        " + Z),
        ("scores.numpy()", "scores.detach().numpy()"),
    ),
    evaluate("inference mode", ("@torch.no_grad()", "@torch.inference_mode()")),
    evaluate(
        "decoded apart",
        (SCORES, "scores = torch.cat([model.decode(z, pos), model.decode(z, neg)])"),
    ),
    evaluate(
        "negatives first",
        ("torch.cat([pos, neg], dim=1)", "torch.cat([neg, pos], dim=1)"),
        (
            EVAL_LABELS,
            "edge_label = torch.cat([torch.zeros(neg.size(1)), torch.ones(pos.size(1))])",
        ),
    ),
    evaluate(
        "numpy labels",
        (EVAL_LABELS, "edge_label = np.r_[np.ones(pos.size(1)), np.zeros(neg.size(1))]"),
        (AUC, "roc_auc_score(edge_label, scores.tolist())"),
    ),
    evaluate(
        "roc_curve",
        (
            RETURN,
            "from sklearn.metrics import auc, roc_curve\n"
            "    return auc(*roc_curve(edge_label.numpy(), scores.numpy())[:2])",
        ),
    ),
    evaluate(
        "own formula",
        (
            RETURN,
            "a, b = scores[: pos.size(1), None], scores[None, pos.size(1) :]\n"
            "    return ((a > b).float() + 0.5 * (a == b).float()).mean().item()",
        ),
    ),
    evaluate("returns a tensor", (RETURN, f"return torch.tensor({AUC})")),
    evaluate(
        "forward",
        (Z, "pass"),
        (SCORES, "scores = model(data.x, data.edge_index, edge_label_index)"),
    ),
    evaluate(
        "keywords",
        (Z, "z = model.encode(edge_index=data.edge_index, x=data.x)"),
        (SCORES, "scores = model.decode(edge_label_index=edge_label_index, z=z)"),
    ),
    evaluate("back to training", (RETURN, f"model.train()\n    {RETURN}")),
    evaluate(
        "batches",
        (
            SCORES,
            "scores = torch.cat([model.decode(z, e) for e in edge_label_index.split(50, dim=1)])",
        ),
    ),
    evaluate("model as an argument", ("def test(data: Data)", "def test(data, model=model)")),
    Case(
        "numpy numbers",
        "step6",
        (
            cell(
                "auc",
                "val_auc, test_auc = np.float64(test(val_data)), torch.tensor(test(test_data))",
            ),
        ),
    ),
    own("own: dropout", *(swap("model", *piece) for piece in DROPOUT)),
    own("own: user-artist negatives", swap("train", f"neg = {SAMPLING}", f"neg = {FAIR}")),
    own("own: artists before users", swap("mapping", "users + artists", "artists + users")),
    own(
        "own: one channel, large rate",
        swap("setup", "out_channels=32", "out_channels=1"),
        swap("setup", "lr=0.01", "lr=0.1"),
    ),
    own(
        "own: edges both ways",
        swap(
            "data",
            "edge_index=edge_index)",
            "edge_index=torch.cat([edge_index, edge_index.flip(0)], 1))",
        ),
    ),
    own("own: batches", BATCHES),
]
