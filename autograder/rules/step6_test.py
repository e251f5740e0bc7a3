"""Step 6, `test`: it scores the right pairs, in the right mode, and computes their AUC.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.evidence.schema import Auc, Scoring
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.graphs import among, distinct, keys, pairs, two_sides
from autograder.rules.observed import scored_pairs
from autograder.rules.scores import (
    ALIKE,
    SHOWN,
    Reported,
    handed_labels,
    is_binary,
    means,
    noted_otherwise,
    reported,
    right_auc,
)
from autograder.rules.step4_encode import other_edges
from autograder.rules.step4_layers import detached, layers_in_list
from autograder.rules.step5_optimizer import cleared_before_step, no_step
from autograder.rules.step5_setup import stale_optimizer
from autograder.rules.step5_train import graph_reused
from autograder.rules.teaching import count, expect, need, raised
from autograder.rules.training import handed_over

# --- what comes back


@cause(
    "test.requires-grad",
    title="Evaluation records gradients",
    why="Nothing is learned here: the bookkeeping costs memory, and NumPy refuses such tensors "
    "with an error.",
    question="Does `z` have a `grad_fn` in your `test`?",
    hints=(
        "Print `z.requires_grad` inside `test`.",
        "Which decorator, or which `with` block, switches gradients off?",
        "Switch them off for the whole function.",
    ),
    at=("test", "encode", "numpy"),
)
def requires_grad(case: Case) -> str | None:
    text, runs = "Can't call numpy() on Tensor that requires grad", case.scorings
    error = case.error(text, step="step6") or (None if runs else case.error(text))
    if error is not None:
        return str(error)
    if any(run.grad_enabled for run in runs):
        return "`torch.is_grad_enabled()` is True while `test` encodes"
    return None


@cause(
    "test.swapped-arguments",
    title="`roc_auc_score` gets scores first, labels second",
    why="It takes the truth first. The other way round it is told that the scores are the truth, "
    "and says: continuous format is not supported.",
    question="Which of the two arguments is `y_true`?",
    hints=(
        "Look up the signature of `roc_auc_score`.",
        "Which of your two tensors holds only zeros and ones?",
        "Labels first, scores second.",
    ),
    at=("roc_auc_score",),
)
def swapped_arguments(case: Case) -> str | None:
    error = case.error("continuous format is not supported")
    if error is not None:
        return str(error)
    for run in case.scorings:
        handed = handed_labels(run)
        if handed is not None and not is_binary(handed[0]) and is_binary(handed[1]):
            return "`roc_auc_score` got zeros and ones as scores, and real numbers as labels"
    return None


@cause(
    "test.one-class",
    title="Only one class is scored",
    why="The AUC is the chance that a positive scores above a negative. Without negatives there is "
    "nothing to compare: scikit-learn warns and gives NaN.",
    question="How many zeros are there among your labels?",
    hints=(
        "Print the mean of the labels.",
        "Which pairs of the data object are not scored?",
        "Score positives and negatives, and label them in that order.",
    ),
    at=("roc_auc_score", "test"),
)
def one_class(case: Case) -> str | None:
    for run in case.scorings:
        handed = handed_labels(run)
        if handed is not None and len(np.unique(handed[0])) == 1:
            value = "NaN" if run.returned is None or np.isnan(run.returned) else run.returned
            return f"all {len(handed[0]):,} labels are {handed[0][0]:g}; the AUC is {value}"
    error = case.error("Only one class present in y_true")
    return str(error) if error is not None else None


@check("step6.test", points=1, causes=(swapped_arguments, one_class, requires_grad))
def test_returns_auc(test_called: list[Scoring]) -> None:
    """test runs and returns one number between 0 and 1"""
    for r in test_called:
        if r.call.error is not None:
            raise raised("`test(data)`", r.call.error)
    expect(
        all(r.returned is not None and 0 <= r.returned <= 1 for r in test_called),
        ran="`test(data)` on parts of the test and of the validation data",
        expected="an AUC",
        got=", ".join(r.call.text for r in test_called),
        why="NaN means that only one class was scored; None that nothing was returned.",
        next="Return what `roc_auc_score(labels, scores)` gives.",
    )


# --- which pairs are scored


@cause(
    "test.train-edges",
    title="The AUC is computed on training edges",
    why="A model knows what it was trained on. An AUC on those edges says nothing about new ones.",
    question="Are the positives that you score among the message-passing edges of the same data?",
    hints=(
        "Compare the positives in `test` with `test_data.pos_edge_label_index`.",
        "Does the function use its argument, or a data set from outside?",
        "Score the label edges of the data object that `test` is given.",
    ),
    at=("decode", "test", "train_data"),
)
def train_edges(case: Case) -> str | None:
    for run in case.scorings:
        if not run.pairs:
            continue
        scored, positives = run.pairs.numpy(), run.positives.numpy()
        edges = run.edge_index.numpy()
        n = 1 + max(int(e.max(initial=0)) for e in (scored, positives, edges))
        keyed = keys(np.sort(scored, axis=0), n)
        seen = int((among(keyed, pairs(edges, n)) & ~among(keyed, pairs(positives, n))).sum())
        held = int(among(pairs(positives, n), distinct(keyed)).sum())
        if seen > held:
            return (
                f"{seen:,} of {scored.shape[1]:,} scored pairs are message-passing edges of the "
                f"data, {held:,} of its {positives.shape[1]:,} held-out positives were scored"
            )
    return None


@cause(
    "test.edges-as-negatives",
    title="Some negatives of the evaluation are edges of the graph",
    why="A pair that the model has seen as an edge is counted as a pair without one: the model "
    "loses where it is right, and the AUC is too low.",
    question="Against which edges are the negatives of the evaluation drawn? Which others exist?",
    hints=(
        "Look up your negatives among the message-passing edges of the same data.",
        "The positives of a part are a tenth of all edges. Where are the others?",
        "Take the negatives that the split stored, or draw them against all edges.",
    ),
    at=("negative_sampling", "neg_edge_label_index", "test"),
)
def edges_as_negatives(case: Case) -> str | None:
    for run in case.scorings:
        if not run.pairs:
            continue
        scored, messages = np.sort(run.pairs.numpy(), axis=0), run.edge_index.numpy()
        n = 1 + max(int(e.max(initial=0)) for e in (scored, run.positives.numpy(), messages))
        keyed = keys(scored, n)
        positive = among(keyed, pairs(run.positives.numpy(), n))
        seen = int((among(keyed, pairs(messages, n)) & ~positive).sum())
        if seen and positive.any():
            others = int((~positive).sum())
            return f"{seen:,} of the {others:,} pairs that are scored as negatives are known edges"
    return None


def _sides(run: Scoring) -> np.ndarray | None:
    """[2, Q] sides of the scored pairs that are neither positives nor given negatives."""
    if not run.pairs:
        return None
    scored, positives = run.pairs.numpy(), run.positives.numpy()
    negatives, messages = run.negatives.numpy(), run.edge_index.numpy()
    n = 1 + max(int(e.max(initial=0)) for e in (scored, positives, negatives, messages))
    edges = np.concatenate([messages, positives], axis=1)
    side, has_edge = two_sides(edges, n), np.bincount(edges.ravel(), minlength=n) > 0
    own = ~np.isin(keys(np.sort(scored, axis=0), n), np.r_[pairs(positives, n), pairs(messages, n)])
    own &= has_edge[scored].all(axis=0)  # of a node without edges the side is not known
    given = np.isin(keys(scored[:, own], n), keys(negatives, n))
    if side is None or not own.any() or given.mean() > 0.5:
        return None
    return side[scored[:, own]]


@cause(
    "test.easy-negatives",
    title="The negatives of the evaluation lie within one side",
    why="A user with a user, or an artist with an artist, is never an edge. To tell these from "
    "user-artist pairs needs no taste: the number says nothing about recommending.",
    question="Could one of your negatives be an edge at all?",
    hints=(
        "Print a few negatives: are they users or artists?",
        "The data object brings negatives of its own.",
        "Use `neg_edge_label_index`; for a harder test, user-artist pairs that are no edges.",
    ),
    at=("neg_edge_label_index", "randint", "test"),
)
def easy_negatives(case: Case) -> str | None:
    for run in case.scorings:
        sides = _sides(run)
        if sides is not None and (sides[0] == sides[1]).all():
            return f"all {sides.shape[1]:,} negatives join two nodes of the same side"
    return None


def differing_pairs(run: Scoring) -> str:
    """How the pairs that were scored differ from those of the data; empty where they are the same.

    Where the pairs were not seen nothing is said.
    """
    if run.pairs is None or run.pairs.shape[:1] != [2]:
        return ""
    scored, positives, negatives = run.pairs.numpy(), run.positives.numpy(), run.negatives.numpy()
    n = 1 + max(int(e.max(initial=0)) for e in (scored, positives, negatives))
    got, due = (distinct(keys(e, n)) for e in (scored, np.concatenate([positives, negatives], 1)))
    if np.array_equal(got, due):
        return ""
    hits = [int(among(keys(e, n), got).sum()) for e in (positives, negatives)]
    return (
        f"{scored.shape[1]:,} pairs were scored, among them {hits[0]:,} of "
        f"{positives.shape[1]:,} positives and {hits[1]:,} of {negatives.shape[1]:,} negatives"
    )


@cause(
    "test.hard-coded",
    title="The AUC is typed in, and not measured",
    why="A number that stands in the code stays the same, whatever the model does.",
    question="Where does this number come from, and does it change when you train again?",
    hints=(
        "Run the notebook on other data: which numbers stay the same?",
        "Look for the number itself in your code.",
        "Give the name what `test` returns.",
    ),
    at=("test_auc", "val_auc", "test"),
)
def hard_coded(case: Case) -> str | None:
    same = len({run.returned for run in case.scorings}) == 1  # whatever it was asked about
    for run in case.scorings if same else []:
        right, got = right_auc(run), run.returned
        if run.watched or run.labels is not None or right is None or got is None:
            continue
        if abs(got - right) >= ALIKE and abs(got - (1 - right)) >= ALIKE:
            return f"`test` returned {got:.4f} and computed no AUC; its scores have {right:.4f}"
    noted = noted_otherwise(case.auc) if case.auc else []
    for name, value, again in noted:
        computed = case.auc.computed or []  # type: ignore[union-attr]
        typed = value in case.auc.typed  # type: ignore[union-attr]
        if typed and not any(abs(value - one) < SHOWN for one in [*computed, *means(computed)]):
            return f"`{name}` is {value:g}, which no AUC here ever was; measured again: {again:.4f}"
    number = typed_in(case.auc) if case.auc else None
    if number is not None:
        return f"{number:g} stands in the code, and no AUC of the test part was computed"
    return None


def typed_in(auc: Auc) -> float | None:
    """The number that is reported and stands in the code, where no test AUC was computed."""
    if auc.tests:
        return None
    given = [auc.test_auc] if auc.test_auc is not None else auc.shown[-1:]
    computed = [value for number in given for value in auc.computed or [] if number == value]
    return next((number for number in given if number in auc.typed and not computed), None)


@cause(
    "test.mean-of-aucs",
    title="The reported number is a mean of several AUCs",
    why="The AUC of all pairs is not a mean of AUCs: each batch has its own order, and each epoch "
    "another model; the first ones have learned nothing yet.",
    question="Of which model, and of which pairs, is the number that you report?",
    hints=(
        "Count how often `roc_auc_score` is called for this one number.",
        "Where is the mean taken, and over what?",
        "Collect the scores and labels of all pairs, then compute one AUC, with the last model.",
    ),
    at=("mean", "test_auc", "roc_auc_score", "test"),
)
def mean_of_aucs(case: Case) -> str | None:
    for run in case.scorings:
        if run.pieces:
            return f"{run.pieces:,} AUCs were computed in a row, each of some of the pairs"
    found = reported_by(case)
    if found is None or found.kind != "mean":
        return None
    return f"the test AUC, {found.number:.4f}, is the mean of {found.of:,} over the epochs"


def reported_by(case: Case) -> Reported | None:
    """What is reported as the test AUC, where it is not the last one."""
    loaded = any(run.loaded for run in case.scorings)
    return reported(case.auc, loaded) if case.auc is not None else None


@check(
    "step6.test",
    points=1,
    causes=(one_class, mean_of_aucs, hard_coded, train_edges, easy_negatives, edges_as_negatives),
)
def test_scores_all(runs: list[Scoring]) -> None:
    """test scores exactly the positive and negative edges of its data"""
    for r in runs:
        scored_pairs(r)
        expect(
            not differing_pairs(r),
            ran="the pairs that `test(data)` decoded",
            expected=f"{r.positives.shape[1]:,} positives and {r.negatives.shape[1]:,} negatives: "
            "pos_ and neg_edge_label_index of data",
            got=differing_pairs(r),
            why="An AUC of other pairs answers another question.",
            next="Use the data object that `test` is given, not a global one.",
        )


# --- the number


@cause(
    "test.hard-threshold",
    title="Scores are rounded to yes or no before the AUC",
    why="The AUC measures how well the scores order the pairs. Rounded to 0 and 1, all pairs "
    "with the same answer are equal: most of the order is lost, and the AUC is lower.",
    question="How many different values does `roc_auc_score` get as scores?",
    hints=(
        "Print the distinct values of the second argument.",
        "Which line turns scores into predictions?",
        "Hand over the raw scores.",
    ),
    at=("roc_auc_score", "round", "test"),
)
def hard_threshold(case: Case) -> str | None:
    for run in case.scorings:
        handed = handed_labels(run)
        if handed is None or run.scores is None:
            continue
        labels, scores = handed
        decoded = run.scores.numpy()
        few = len(np.unique(scores)) <= 2 < len(np.unique(decoded)) and is_binary(labels)
        if few and not _squashed(decoded, scores):
            return (
                f"`roc_auc_score` got {len(np.unique(scores))} different scores, "
                f"`decode` gave {len(np.unique(decoded)):,}"
            )
    return None


def _squashed(scores: np.ndarray, handed: np.ndarray) -> bool:
    """Whether the sigmoid alone made them so few: of huge scores it leaves 0 and 1."""
    if scores.shape != handed.shape:
        return False
    squashed = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -700, 700)))
    return np.allclose(np.sort(squashed), np.sort(handed), atol=1e-6)


@cause(
    "test.labels-inverted",
    title="Positives are labelled 0 in the evaluation",
    why="The AUC of turned labels is 1 minus the AUC: a good model looks worse than guessing.",
    question="Which label does the first positive pair have in `test`?",
    hints=(
        "Compare the order in which you join pairs, or scores, with the order of the labels.",
        "What is 1 minus your AUC?",
        "Ones for positives, in the order of the scores.",
    ),
    at=("roc_auc_score", "ones", "zeros", "cat", "test"),
)
def labels_inverted(case: Case) -> str | None:
    for run in case.scorings:
        right, got = right_auc(run), run.returned
        if right is None or got is None or not np.isfinite(got) or abs(got - right) < ALIKE:
            continue
        if abs(got - (1 - right)) < ALIKE:
            return f"the AUC of these scores is {right:.4f}, `test` has {got:.4f} = 1 - {right:.4f}"
    return None


@check(
    "step6.test",
    points=2,
    causes=(
        swapped_arguments,
        one_class,
        mean_of_aucs,
        hard_threshold,
        labels_inverted,
        hard_coded,
    ),
)
def test_auc_right(runs: list[Scoring]) -> None:
    """The number is the AUC of these scores, positives labelled 1"""
    for r in runs:
        scored = scored_pairs(r)
        asked = np.concatenate([r.positives.numpy(), r.negatives.numpy()], axis=1)
        same = np.array_equal(np.unique(scored, axis=1), np.unique(asked, axis=1))
        need(same, "the pairs of its own data", "step6.test.scores_all")
        need(r.scores, "a score for every pair", "step4.decode.decode_shape")
        finite = np.isfinite(r.scores.numpy()).all()  # type: ignore[union-attr]
        need(finite, "finite scores", "step5.loop.loss_falls")
        right, got = right_auc(r), r.returned
        need(right is not None, "scores of both classes", "step6.test.scores_all")
        expect(
            got is not None and right is not None and abs(got - right) < ALIKE,
            ran="what `test(data)` returned, beside the AUC of the very scores it computed",
            expected=f"{right:.4f}",
            got="no number" if got is None else f"{got:.4f}",
            why="Rounding scores to 0 and 1 first, or swapped labels, gives another number.",
            next="Return what `roc_auc_score(labels, scores)` gives."
            if got is None
            else "Ones for positives, in the order of the scores; hand over raw scores.",
        )


# --- the model, and its mode


@cause(
    "test.untrained",
    title="A new, untrained model is evaluated",
    why="A model that is made anew starts from random weights. Its AUC is that of guessing, "
    "whatever the other one has learned.",
    question="Is the model in `test` the one that was trained? How could you tell?",
    hints=(
        "Look for every line that makes a model.",
        "Compare a weight after training with the same weight in `test`.",
        "Make the model once, before training, and use it to the end.",
    ),
    at=("GNNLinkPredictor", "test"),
)
def untrained(case: Case) -> str | None:
    if any(run.trained is False for run in case.scorings):
        return "no optimizer has ever moved a parameter of the model that was scored"
    return None


@cause(
    "test.no-eval",
    title="The model is not in evaluation mode",
    why="In training mode dropout goes on dropping numbers: every call gives another AUC, a worse "
    "one. Without dropout it changes nothing today, and the mistake shows when somebody adds it.",
    question="What is `model.training` when `test` encodes?",
    hints=(
        "Print `model.training` inside `test`.",
        "Training switches one mode on; who switches it off?",
        "Set the evaluation mode in the first line of `test`.",
    ),
    at=("test", "eval"),
)
def no_eval(case: Case) -> str | None:
    if any(run.training_mode and run.trained is not False for run in case.scorings):
        return "`model.training` is True while `test` encodes"
    return None


@check(
    "step6.test",
    points=1,
    causes=(
        layers_in_list,
        no_eval,
        graph_reused,
        detached,
        stale_optimizer,
        no_step,
        cleared_before_step,
        untrained,
    ),
)
def test_eval_mode(run: Scoring) -> None:
    """The model that was trained is scored, in evaluation mode"""
    need(run.training_mode is not None, "a call of `model.encode`", "step6.test.returns_auc")
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


@check("step6.test", points=1, causes=(requires_grad,))
def test_no_grad(run: Scoring) -> None:
    """No gradients are recorded"""
    need(run.grad_enabled is not None, "a call of `model.encode`", "step6.test.returns_auc")
    expect(
        run.grad_enabled is False,
        ran="`torch.is_grad_enabled()` while `test` encodes",
        expected="False",
        got=run.grad_enabled,
        why="Evaluation needs no gradients: they cost memory, and NumPy refuses such tensors.",
        next="Decorate `test` with `@torch.no_grad()`.",
    )


# --- the edges that are encoded


FEW = 0.02  # of the positives may be among the messages by chance


@dataclass(frozen=True)
class Leak:
    """What the encoder got beside the message-passing edges of the data."""

    extra: int
    asked: int  # positives that are asked for
    label: bool  # the extra edges are the label edges of this data, and no others
    handed: int


def leak_of(run: Scoring) -> Leak | None:
    """The held-out positives among the edges that were encoded, if there are any."""
    positives, negatives = run.positives.numpy(), run.negatives.numpy()
    due, encoded = run.edge_index.numpy(), handed_over(run.encoded)
    if not encoded:
        return None
    n = 1 + max(int(e.max(initial=0)) for e in (positives, negatives, due, *encoded))
    label = distinct(np.concatenate([pairs(positives, n), pairs(negatives, n)]))
    known = pairs(due, n)
    for edges in encoded:
        used = pairs(edges, n)
        asked = int(among(used, pairs(positives, n)).sum())
        extra = used[~among(used, known)]
        shown = int(among(known, pairs(positives, n)).sum())
        if asked - shown <= FEW * positives.shape[1]:
            continue
        begins = edges.shape[1] >= due.shape[1] and (edges[:, : due.shape[1]] == due).all()
        own = bool(among(extra, label).all()) and bool(among(known, used).all())
        own = own and (begins or bool(among(extra, pairs(negatives, n)).any()))
        return Leak(len(extra), asked, own, len(known))
    return None


@cause(
    "test.full-graph-leak",
    title="Evaluation encodes with the whole graph, test edges included",
    why="A model that passes messages along an edge has been shown that edge. The AUC is then high "
    "for the wrong reason: 0.95 and more.",
    question="Is the edge that you are asking about among the edges that `encode` gets?",
    hints=(
        "Count the edges that `encode` gets in `test`, and those of `data.edge_index` there.",
        "Which object's `edge_index` holds every edge of the file?",
        "Encode with the `edge_index` of the data object that `test` is given.",
    ),
    at=("encode", "test"),
)
def full_graph_leak(case: Case) -> str | None:
    leaks = [leak for run in case.scorings if (leak := leak_of(run)) and not leak.label]
    if not leaks:
        return None
    leak = leaks[0]
    return f"`encode` got {leak.extra:,} more edges, {leak.asked:,} of them asked for as positives"


@cause(
    "test.label-edges-leak",
    title="The pairs in question are added to the message-passing edges",
    why="Label edges are questions, not messages. Joined to `edge_index` they tell the model which "
    "pairs it will be asked about.",
    question="What is the difference between `edge_index` and `pos_edge_label_index`?",
    hints=(
        "Compare the number of edges before and after you join them.",
        "Which method needs the label edges, and which must not see them?",
        "Hand `data.edge_index` to `encode` as it is.",
    ),
    at=("encode", "test"),
)
def label_edges_leak(case: Case) -> str | None:
    found = case.scorings
    leaks = [leak for run in found if (leak := leak_of(run))]
    if not leaks or not all(leak.label for leak in leaks):
        return None
    leak = leaks[0]
    return f"to {leak.handed:,} message-passing edges {leak.extra:,} label edges were added"


@cause(
    "test.raw-embedding",
    title="The embedding table is scored, and not what `encode` gives",
    why="The table holds what a node was given before it listened to any neighbour. The layers of "
    "the network, and the edges, then have no part in the score.",
    question="Through which layers do the vectors go that `decode` gets in the evaluation?",
    hints=(
        "Print which tensor you hand to `decode`.",
        "Is it the result of `encode`, or `embedding.weight`?",
        "Call `encode` first, and score what it returns.",
    ),
    at=("decode", "embedding", "weight", "test"),
)
def raw_embedding(case: Case) -> str | None:
    for run in case.scorings:
        if run.bare and run.pairs is not None:
            scored = run.pairs.shape[1]
            return f"{scored:,} pairs were scored, and no messages were passed on the way"
    return None


@check(
    "step6.test",
    points=1,
    causes=(raw_embedding, other_edges, full_graph_leak, label_edges_leak),
)
def test_message_edges(runs: list[Scoring]) -> None:
    """test encodes with the message-passing edges of its data"""
    for r in runs:
        expect(
            not r.bare,
            ran="the way from the embedding table to the scores",
            expected="through both layers, with `data.edge_index`",
            got="no messages were passed: the table itself was scored",
            why="A score that knows no neighbours is not that of a graph network.",
            next="Score what `encode` returns.",
        )
        need(r.encoded, "a call of `model.encode`", "step6.test.returns_auc")
        encoded, asked = handed_over(r.encoded), r.positives.numpy()
        n = 1 + max(int(e.max(initial=0)) for e in [*encoded, r.edge_index.numpy(), asked])
        due = distinct(keys(r.edge_index.numpy(), n))
        used = distinct(np.concatenate([distinct(keys(e, n)) for e in encoded]))
        leak = leak_of(r)
        extra, lacking = int((~among(used, due)).sum()), int((~among(due, used)).sum())
        expect(
            all(np.array_equal(distinct(keys(e, n)), due) for e in encoded),
            ran="the `edge_index` that `test(data)` handed to `encode`",
            expected=count(r.edge_index.shape[1], "message-passing edge") + ", `data.edge_index`",
            got=f"{count(extra, 'other edge')}; {lacking:,} of the data's own missing; "
            f"{leak.asked if leak else 0:,} of the edges that are asked for among them",
            why="A model that is shown the edges in question scores high and has learned nothing.",
            next="Encode with the `edge_index` of the data object that `test` is given.",
        )
