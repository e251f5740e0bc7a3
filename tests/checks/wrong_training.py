"""Wrong work for every check of steps 5 and 6: check id -> cases in which that check must not pass.

Beside `wrong_model`, whose helpers it uses; `test_checks_wrong` runs both.
"""

from __future__ import annotations

from checks_course import Case, cell, swap
from wrong_model import (
    ADAM,
    AUC,
    BCE,
    ENCODE,
    LABELS,
    LOSS,
    MODEL,
    POS_NEG,
    SAMPLING,
    SCORES,
    SWAPPED,
    TEN,
    UNTRAINED,
    ZERO,
    Z,
    evaluate,
    loop,
    setup,
    train,
)

WRONG: dict[str, list[Case]] = {
    "step5.setup.model": [
        setup("another width", "embedding_dim=32", "embedding_dim=16"),
        setup("too many nodes", "(num_nodes,", "(num_nodes + 5,", "model.embedding-size"),
    ],
    "step5.setup.optimizer": [
        setup(
            "another model",
            f"optimizer = {ADAM}",
            f"optimizer = {ADAM}\nmodel = {MODEL}",
            "train.stale-optimizer",
        ),
        setup("no rate", ADAM, "torch.optim.Adam(model.parameters())"),
        setup("another rate", "lr=0.01", "lr=0.1"),
        setup("parameters not called", "model.parameters()", "model.parameters"),
        setup("SGD", ADAM, "torch.optim.SGD(model.parameters(), lr=0.01)"),
        setup(
            "embedding only",
            "model.parameters()",
            "model.embedding.parameters()",
            "train.partial-optimizer",
        ),
    ],
    "step5.setup.loss_function": [
        setup("MSE", BCE, "nn.MSELoss()", "train.loss-function"),
        setup("not called", BCE, "nn.BCEWithLogitsLoss", "train.loss-function"),
        train(
            "sigmoid before it",
            (LOSS, LOSS.replace("index), ", "index).sigmoid(), ")),
            finding="train.sigmoid-before-loss",
        ),
        train(
            "labels first",
            (LOSS, "loss = loss_fn(edge_label, model.decode(z, edge_label_index))"),
            finding="train.loss-arguments",
        ),
        setup(
            "BCE",
            BCE,
            "nn.BCELoss()",
            "train.loss-function",
            swap(
                "train",
                "model.decode(z, edge_label_index), ",
                "model.decode(z, edge_label_index).sigmoid(), ",
            ),
        ),
    ],
    "step5.train.returns_loss": [
        train("tensor", ("return loss.item()", "return loss"), finding="train.returns-tensor"),
        train("nothing", ("return loss.item()", "pass")),
        train("raises", ("loss.backward()", "loss.backwards()")),
        train(
            "integer labels",
            (LABELS, LABELS + ".long()"),
            (LOSS, LOSS.replace("edge_label)", "edge_label.view(-1, 1))")),
        ),
        train("detached", (ENCODE, ENCODE + ".detach()")),
    ],
    "step5.train.negative_count": [
        train("default", (", num_neg_samples=pos.size(1)", ""), finding="train.negative-count"),
        train(
            "double",
            ("num_neg_samples=pos.size(1)", "num_neg_samples=2 * pos.size(1)"),
            finding="train.negative-count",
        ),
        train(
            "one",
            ("num_neg_samples=pos.size(1)", "num_neg_samples=1"),
            finding="train.negative-count",
        ),
        train("none", ("torch.cat([pos, neg], dim=1)", "pos"), (LABELS, "torch.ones(pos.size(1))")),
    ],
    "step5.train.negatives_no_edges": [
        train(
            "never checked",
            (
                SAMPLING,
                "torch.stack([torch.randint(0, 40, (pos.size(1),)), "
                "torch.randint(40, 160, (pos.size(1),))])",
            ),
            finding="train.negative-positives",
        ),
        train(
            "self-pairs",
            (SAMPLING, "torch.randint(0, 160, (pos.size(1),)).repeat(2, 1)"),
            finding="train.self-pairs",
        ),
        train("the positives again", (SAMPLING, "pos")),
        train(
            "against no edges", ("negative_sampling(edge_index,", "negative_sampling(pos[:, :1],")
        ),
    ],
    "step5.train.negatives_side": [
        train(
            "users only",
            (SAMPLING, "torch.randint(0, 40, pos.shape)"),
            finding="train.negative-side",
        ),
        train(
            "artists without offset",
            (
                SAMPLING,
                "torch.stack([torch.randint(0, 40, (pos.size(1),)), "
                "torch.randint(0, 120, (pos.size(1),))])",
            ),
            finding="train.negative-side",
        ),
        train(
            "artists only",
            (SAMPLING, "torch.randint(40, 160, pos.shape)"),
            finding="train.negative-side",
        ),
    ],
    "step5.train.negatives_anew": [
        Case(
            "once outside",
            "step5",
            (swap("train", SAMPLING, "fixed"),),
            finding="train.negative-fixed",
            before="fixed = negative_sampling(train_data.edge_index, num_nodes=num_nodes, "
            "num_neg_samples=train_data.pos_edge_label_index.size(1))",
        ),
        train(
            "seeded",
            ("model.train()", "model.train(); seed_everything(0)"),
            finding="train.negative-fixed",
        ),
    ],
    "step5.train.labels": [
        Case("swapped", "step5", (SWAPPED,), finding="train.labels-swapped"),
        train(
            "all ones",
            (LABELS, "torch.ones(edge_label_index.size(1))"),
            finding="train.labels-constant",
        ),
        train(
            "all zeros",
            (LABELS, "torch.zeros(edge_label_index.size(1))"),
            finding="train.labels-constant",
        ),
        train(
            "negatives first, labels not",
            ("torch.cat([pos, neg], dim=1)", "torch.cat([neg, pos], dim=1)"),
            finding="train.labels-swapped",
        ),
    ],
    "step5.train.message_edges": [
        train(
            "supervision edges", (ENCODE, "z = model.encode(x, pos)"), finding="encode.label-edges"
        ),
        train(
            "with negatives", (ENCODE, "z = model.encode(x, torch.cat([edge_index, neg], dim=1))")
        ),
        train(
            "all edges",
            (ENCODE, "z = model.encode(x, everything)"),
            finding="train.full-graph",
            before="from autograder import reference\n"
            "everything = reference.inputs('step6')['test_data'].edge_index",
        ),
    ],
    "step5.train.clears_gradients": [
        train("never", (ZERO, "pass"), finding="train.no-zero-grad"),
        Case(
            "once before the loop",
            "step5",
            (swap("train", ZERO, "pass"), cell("loop", f"{ZERO}\n{TEN}")),
            finding="train.no-zero-grad",
        ),
    ],
    "step5.train.all_move": [
        train("no step", ("optimizer.step()", "pass"), finding="train.no-step"),
        train("no backward", ("loss.backward()", "pass"), finding="train.no-step"),
        train(
            "cleared before the step",
            (ZERO, "pass"),
            ("loss.backward()", f"loss.backward()\n    {ZERO}"),
            finding="train.cleared-before-step",
        ),
        setup("another model", f"optimizer = {ADAM}", f"optimizer = {ADAM}\nmodel = {MODEL}"),
    ],
    "step5.loop.losses_kept": [
        loop("texts", "losses = [f'{train(train_data):.4f}' for _ in range(10)]"),
        loop("three epochs", "losses = [train(train_data) for _ in range(3)]"),
        loop("NaN", "losses = [train(train_data) * float('nan') for _ in range(10)]"),
        loop("None", TEN, None, swap("train", "return loss.item()", "pass")),
    ],
    "step5.loop.loss_falls": [
        loop("tiny rate", TEN, None, swap("setup", "lr=0.01", "lr=1e-7")),
        loop("climbs", TEN, None, swap("train", "loss.backward()", "(-loss).backward()")),
        loop(
            "negated",
            TEN,
            "train.loss-negated",
            swap("train", "loss = loss_fn(", "loss = -loss_fn("),
        ),
        loop("no step", TEN, None, swap("train", "optimizer.step()", "pass")),
    ],
    "step6.test.returns_auc": [
        evaluate("nothing", (f"return float({AUC})", f"print({AUC})")),
        evaluate(
            "positives only",
            ("torch.cat([pos, neg], dim=1)", "pos"),
            (
                "torch.cat([torch.ones(pos.size(1)), torch.zeros(neg.size(1))])",
                "torch.ones(pos.size(1))",
            ),
        ),
        evaluate("text", (f"return float({AUC})", f"return f'{{{AUC}:.3f}}'")),
        evaluate("per cent", (f"return float({AUC})", f"return 100 * float({AUC})")),
        evaluate("no no_grad, no detach", ("@torch.no_grad()\n", "")),
        evaluate("arguments turned", (AUC, "roc_auc_score(scores.numpy(), edge_label.numpy())")),
    ],
    "step6.test.scores_all": [
        evaluate(
            "global test_data",
            ("model.eval()", "model.eval(); data = test_data"),
            finding="",
        ),
        evaluate(
            "training edges",
            (POS_NEG, "pos, neg = train_data.pos_edge_label_index, data.neg_edge_label_index"),
            finding="test.train-edges",
        ),
        evaluate(
            "other negatives",
            (POS_NEG, "pos = data.pos_edge_label_index\n    neg = torch.randint(0, 40, pos.shape)"),
        ),
    ],
    "step6.test.auc_right": [
        evaluate(
            "yes or no",
            (AUC, "roc_auc_score(edge_label.numpy(), (scores > 0).float().numpy())"),
            finding="test.hard-threshold",
        ),
        evaluate(
            "labels inverted",
            (AUC, "roc_auc_score(1 - edge_label.numpy(), scores.numpy())"),
            finding="test.labels-inverted",
        ),
        evaluate("typed in", (f"return float({AUC})", "return 0.9")),
    ],
    "step6.test.eval_mode": [
        evaluate("no eval", ("model.eval()", "pass"), finding="test.no-eval"),
        evaluate(
            "eval too late",
            ("model.eval()", "pass"),
            (SCORES, "model.eval()\n    " + SCORES),
            finding="test.no-eval",
        ),
    ],
    "step6.test.no_grad": [
        evaluate(
            "detach only",
            ("@torch.no_grad()\n", ""),
            ("scores.numpy()", "scores.detach().numpy()"),
            finding="test.requires-grad",
        ),
    ],
    "step6.test.message_edges": [
        evaluate(
            "with the edges asked for",
            (Z, "z = model.encode(data.x, torch.cat([data.edge_index, pos, pos.flip(0)], dim=1))"),
            finding="test.label-edges-leak",
        ),
        evaluate("training edges", (Z, "z = model.encode(data.x, train_data.edge_index[:, ::2])")),
    ],
    "step6.auc.auc_is_measured": [
        Case(
            "typed in",
            "step6",
            (cell("auc", "val_auc, test_auc = 0.91, 0.9"),),
            finding="test.hard-coded",
        ),
        Case("turned", "step6", (cell("auc", "test_auc = test(test_data)"),)),
        Case("texts", "step6", (cell("auc", "val_auc = test(val_data); test_auc = '0.9'"),)),
    ],
    "step6.auc.beats_chance": [
        Case("untrained", "step6", own=(UNTRAINED,)),
        Case("labels swapped", "step6", own=(SWAPPED,)),
    ],
}
