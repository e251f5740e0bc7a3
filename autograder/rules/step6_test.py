"""Step 6, `test`: it scores the right pairs, in the right mode, and computes their AUC."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from autograder.evidence.schema import Scoring
from autograder.rules import check
from autograder.rules.graphs import (
    among,
    distinct,
    keys,
    pairs,
)
from autograder.rules.observed import RETURNS, scored_pairs
from autograder.rules.teaching import (
    count,
    expect,
    need,
    raised,
)
from autograder.rules.training import handed_over


@check("step6.test", points=1)
def test_returns_auc(test_called: list[Scoring]) -> None:
    """test runs and returns one number between 0 and 1"""
    runs = test_called
    for r in runs:
        if r.call.error is not None:
            raise raised("`test(data)`", r.call.error)
    expect(
        all(r.returned is not None and 0 <= r.returned <= 1 for r in runs),
        ran="`test(data)` on parts of the test and of the validation data",
        expected="an AUC",
        got=", ".join(r.call.text for r in runs),
        why="NaN means that only one class was scored; None that nothing was returned.",
        next="Return what `roc_auc_score(labels, scores)` gives.",
    )


@check("step6.test", points=1)
def test_scores_all(runs: list[Scoring]) -> None:
    """test scores exactly the positive and negative edges of its data"""
    for r in runs:
        scored = scored_pairs(r)
        asked = np.concatenate([r.positives.numpy(), r.negatives.numpy()], axis=1)
        n = 1 + int(max(scored.max(initial=0), asked.max(initial=0)))
        got, wanted = (distinct(keys(e, n)) for e in (scored, asked))
        expect(
            np.array_equal(got, wanted),
            ran="the pairs that `test(data)` decoded",
            expected=count(asked.shape[1], "pairs: pos_ and neg_edge_label_index of data"),
            got=f"{scored.shape[1]:,} pairs, {among(got, wanted).sum():,} of those asked for",
            why="An AUC over other edges answers another question.",
            next="Use the data object that `test` is given, not a global one.",
        )


@check("step6.test", points=2)
def test_auc_right(runs: list[Scoring]) -> None:
    """The number is the AUC of these scores, positives labelled 1"""
    for r in runs:
        scored = scored_pairs(r)
        asked = np.concatenate([r.positives.numpy(), r.negatives.numpy()], axis=1)
        same = np.array_equal(np.unique(scored, axis=1), np.unique(asked, axis=1))
        need(same, "the pairs of its own data", "test scores exactly the edges of its data")
        need(r.scores, "a score for every pair", "step 4: decode gives one score for every pair")
        n = 1 + int(max(scored.max(initial=0), r.positives.numpy().max(initial=0)))
        labels = among(keys(scored, n), distinct(keys(r.positives.numpy(), n)))
        need(labels.any() and not labels.all(), "scores of both classes", "test scores all edges")
        scores = r.scores.numpy()  # type: ignore[union-attr]
        need(np.isfinite(scores).all(), "finite scores", "the loss falls")
        right = float(roc_auc_score(labels, scores))
        hard = [float(roc_auc_score(labels, scores > cut)) for cut in (0.0, 0.5)]
        got = -1.0 if r.returned is None else r.returned
        known = {"test.labels-inverted": [1 - right], "test.hard-threshold": hard}
        [k for k, values in known.items() if min(abs(got - v) for v in values) < 0.005]
        expect(
            abs(got - right) < 0.005,
            ran="what `test(data)` returned, beside the AUC of the very scores it computed",
            expected=f"{right:.4f}",
            got=f"{got:.4f}",
            why="Rounding scores to 0 and 1 first, or swapped labels, gives another number.",
            next="Ones for positives, in the order of the scores; hand over raw scores.",
        )


@check("step6.test", points=1)
def test_eval_mode(run: Scoring) -> None:
    """The model that was trained is scored, in evaluation mode"""
    need(run.training_mode is not None, "a call of `model.encode`", RETURNS)
    expect(
        run.trained is not False,
        ran="the model that `test` encodes with",
        expected="the one that the optimizer has moved",
        got="a new one, with the random weights that it was made with",
        why="The AUC is then that of guessing, whatever was learned.",
        next="Make the model once, before the training, and score that one.",
    )
    expect(
        run.training_mode is False,
        ran="`model.training` while `test` encodes",
        expected="False",
        got=run.training_mode,
        why="In training mode a dropout layer would drop other numbers at every call.",
        next="Call `model.eval()` inside `test`.",
    )


@check("step6.test", points=1)
def test_no_grad(run: Scoring) -> None:
    """No gradients are recorded"""
    need(run.grad_enabled is not None, "a call of `model.encode`", RETURNS)
    expect(
        run.grad_enabled is False,
        ran="`torch.is_grad_enabled()` while `test` encodes",
        expected="False",
        got=run.grad_enabled,
        why="Evaluation needs no gradients: they cost memory, and NumPy refuses such tensors.",
        next="Decorate `test` with `@torch.no_grad()`.",
    )


@check("step6.test", points=1)
def test_message_edges(runs: list[Scoring]) -> None:
    """test encodes with the message-passing edges of its data"""
    for r in runs:
        need(r.encoded, "a call of `model.encode`", RETURNS)
        encoded, asked = handed_over(r.encoded), r.positives.numpy()
        n = 1 + max(int(e.max(initial=0)) for e in [*encoded, r.edge_index.numpy(), asked])
        used = np.concatenate([pairs(e, n) for e in encoded])
        leaked = int(among(used, pairs(asked, n)).sum())
        given = distinct(keys(r.edge_index.numpy(), n))
        expect(
            all(np.array_equal(distinct(keys(e, n)), given) for e in encoded),
            ran="the `edge_index` that `test(data)` handed to `encode`",
            expected=count(r.edge_index.shape[1], "message-passing edges, `data.edge_index`"),
            got=f"other edges, {leaked:,} of them edges that are asked for",
            why="A model that is shown the edges in question scores high and has learned nothing.",
            next="Encode with the `edge_index` of the data object that `test` is given.",
        )
