"""Step 6, the result: the student's own model beats chance, and the report says so.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import Absent, Auc, Evidence, Scoring, Step6, Testing, Training
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.graphs import (
    among,
    area,
    auc_interval,
    non_edges,
    pairs,
    same_graph,
    two_sides,
)
from autograder.rules.scores import (
    AGAIN,
    SEVERAL,
    is_of_its_scores,
    noted_otherwise,
)
from autograder.rules.step4_layers import detached
from autograder.rules.step5_loop import learning_rate, weight_decay
from autograder.rules.step5_optimizer import cleared_before_step, no_step, no_zero_grad
from autograder.rules.step5_setup import (
    loss_arguments,
    partial_optimizer,
    sigmoid_before_loss,
    stale_optimizer,
)
from autograder.rules.step5_train import (
    graph_reused,
    held_out_pairs,
    labels_constant,
    labels_swapped,
    labels_unrelated,
    loss_negated,
    resplit,
    unused_scores,
)
from autograder.rules.step6_test import (
    hard_coded,
    mean_of_aucs,
    one_class,
    reported_by,
    untrained,
)
from autograder.rules.teaching import Message, NotAttempted, expect, need, not_judged, present
from autograder.truth import Truth

# --- the two numbers


@cause(
    "test.before-training",
    title="The AUC is measured before the training",
    why="It is then the AUC of random weights, whatever the model learns afterwards.",
    question="Which comes first in your notebook, the last step of the optimizer or the AUC?",
    hints=(
        "Number the cells in the order in which they run.",
        "How many steps has the optimizer taken when the AUC is computed?",
        "Measure after the loop.",
    ),
    at=("test_auc", "test", "roc_auc_score"),
)
def before_training(case: Case) -> str | None:
    return next((said for run in case.scorings if (said := measured_too_early(run))), None)


def measured_too_early(run: Scoring) -> str:
    """How many steps came after an AUC that none came before, in words; else empty."""
    if run.steps_before or not run.steps_after:
        return ""
    return (
        "the optimizer had taken no step when the last AUC was computed, and took "
        f"{run.steps_after:,} afterwards"
    )


@cause(
    "test.chosen-by-test",
    title="The best epoch is chosen by the test AUC",
    why="The best of many numbers is high by luck as well. If you choose by the test edges, "
    "no edges are left that had no part in the choice.",
    question="Which edges decide at which epoch you stop, and which does the report use?",
    hints=(
        "Where in the loop is the test AUC computed?",
        "There are three parts: for learning, for choosing, for the report.",
        "Choose by the validation AUC, and compute the test AUC once, at the end.",
    ),
    at=("test_auc", "max", "test"),
)
def chosen_by_test(case: Case) -> str | None:
    found = reported_by(case)
    if found is None or found.kind != "best":
        return None
    return f"the test AUC, {found.number:.4f}, is the largest of {found.of:,} over the epochs"


@cause(
    "test.other-part",
    title="The reported AUC is that of the validation part",
    why="The validation edges are there to choose by: epochs, rates, sizes. What was chosen by "
    "them looks better on them than on edges that had no part in the choice.",
    question="Which part of the split is the last AUC of your notebook computed on?",
    hints=(
        "Print how many edges the part that you evaluate has, and which object it is.",
        "Compare what you call test with what the transform gave you last.",
        "Validation for choosing, while you train; the test part once, at the end.",
    ),
    at=("test_auc", "test", "roc_auc_score"),
)
def other_part(case: Case) -> str | None:
    auc = case.auc
    return _other_part(auc, case) if auc is not None else None


def _other_part(auc: Auc, case: Case) -> str:
    """Why the test AUC is one of the validation part, in words; else empty."""
    noted, val, test = auc.test_auc, auc.val_again, auc.test_again
    near = noted is not None and val is not None and abs(noted - val) < AGAIN
    if near and noted_otherwise(auc):
        return f"the test AUC is {noted:.4f}, which is the AUC of the validation part"
    by_part = {run.part: run for run in case.scorings}
    if by_part.keys() == {"val"} and val is not None:
        return f"the last AUC, {val:.4f}, is of the validation part; none is of the test part"
    if by_part.keys() != {"val", "test"} or len(auc.vals) != 1 or len(auc.tests) < SEVERAL:
        return ""
    if by_part["val"].steps_after or not by_part["test"].steps_after or test is None:
        return ""
    return (
        f"the AUC after the training, {val:.4f}, is of the validation part; {len(auc.tests):,} of "
        "the test part were computed during it"
    )


@check(
    "step6.auc",
    points=1,
    causes=(
        resplit,
        one_class,
        before_training,
        untrained,
        mean_of_aucs,
        hard_coded,
        other_part,
        chosen_by_test,
    ),
)
def test_auc_is_measured(auc: Auc, case: Case) -> None:
    """val_auc and test_auc are what test gives on the validation and test data"""
    early = [said for run in case.scorings if (said := measured_too_early(run))]
    expect(
        not early,
        ran="the order of the last AUC and of the steps of the optimizer",
        expected="the AUC after the last step",
        got="".join(early[:1]),
        why="An AUC of the weights that the model began with says nothing about what it learned.",
        next="Train first, then call `test`.",
    )
    returned = [run.returned for run in case.scorings if not run.watched]
    expect(
        len(returned) < 2 or len(set(returned)) > 1 or all(map(is_of_its_scores, case.scorings)),
        ran="what `test` returns for two different sets of edges",
        expected="two numbers",
        got=f"{_shown(returned[0] if returned else None)} for both",
        why="A number that does not depend on the edges measures nothing.",
        next="Compute the AUC of the scores of the edges that `test` is given.",
    )
    found = reported_by(case)
    expect(
        found is None or found.kind != "mean",
        ran="the number that is reported as test AUC, beside the AUCs that were computed",
        expected="the AUC of the trained model",
        got=f"{found.number if found else 0:.4f}, the mean of {found.of if found else 0:,}",
        why="The mean holds models that had learned nothing yet.",
        next="Compute the AUC once, after the last epoch.",
    )
    both = [("val_auc", auc.val_auc, auc.val_again), ("test_auc", auc.test_auc, auc.test_again)]
    both = [one for one in both if one[1:] != (None, None)]
    other = _other_part(auc, case)
    expect(
        not other,
        ran="the part of the split that the test AUC is of",
        expected="the test part",
        got=other,
        why="The model was chosen by the validation edges, so it looks better on them.",
        next="`test_auc = test(test_data)`, after the training.",
    )
    expect(
        auc.test_auc is not None
        and all(a is not None and b is not None and abs(a - b) < AGAIN for _, a, b in both),
        ran="`val_auc` and `test_auc`, and `test` called again on `val_data` and `test_data`",
        expected=" and ".join(f"`{name}` {_shown(again)}" for name, _, again in both),
        got=" and ".join(f"`{name}` {_shown(noted)}" for name, noted, _ in both),
        why="A reported number must be one that can be measured again.",
        next=_why_not_again(auc),
    )


def _why_not_again(auc: Auc) -> str:
    """What to do where the noted AUCs are not what `test` gives now, by what they look like."""
    again = {"val": auc.val_again, "test": auc.test_again}
    for part, noted in (("val", auc.val_auc), ("test", auc.test_auc)):
        due, other = again[part], again["test" if part == "val" else "val"]
        if noted is None:
            return f"`{part}_auc` is not there, or is no number: `{part}_auc = test({part}_data)`."
        if due is None:
            return (
                f'`test({part}_data)` gives no number now: see `check("step6.test")`, and run '
                "this cell again."
            )
        if abs(noted - due) < AGAIN:
            continue
        if abs(noted - 100 * due) < 100 * AGAIN:
            return f"`{part}_auc` is in per cent: leave it as `test` gives it, between 0 and 1."
        if other is not None and abs(noted - other) < AGAIN:
            others = "validation" if part == "test" else "test"
            return f"`{part}_auc` is that of the {others} data: `{part}_auc = test({part}_data)`."
        if abs(noted - (1 - due)) < AGAIN:
            return f"`{part}_auc` is 1 minus what `test` gives: keep what it gives, as it is."
        if noted in (round(due, 1), round(due, 2)):
            return f"`{part}_auc` is rounded: keep what `test` gives, and round where you print it."
        if noted in auc.typed:
            return f"{noted:g} stands in your code: `{part}_auc = test({part}_data)` measures it."
    return (
        "The model, the data or `test` was another one when the numbers were computed: run this "
        "cell again, after the training."
    )


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.4f}"


@check("step6.auc", points=0, causes=(chosen_by_test,))
def test_chosen_by_validation(auc: Auc, case: Case) -> None:
    """The test AUC was used once, and nothing was chosen by it"""
    found = reported_by(case)
    expect(
        found is None or found.kind != "best",
        ran="the AUCs on the test data, epoch by epoch",
        expected="one, at the end",
        got=f"the largest of {found.of if found else 0:,} is the one that is reported",
        why="A test AUC that was used for choosing is no test any more: the best of many numbers "
        "is high by luck.",
        next="Choose the epoch by the validation AUC, then compute the test AUC once.",
    )


# --- better than guessing


def _is_blank(step6: Step6 | None) -> bool:
    """Whether nothing was measured in step 6: its last exercise is blank, or there is no `test`."""
    auc = step6.auc if step6 else None
    if step6 is None or not isinstance(auc, Absent):
        return False
    if auc.error is not None and not auc.error.blank:
        return False
    return auc.error is not None or isinstance(step6.test, Absent)


@check(
    "step6.auc",
    points=2,
    causes=(
        resplit,
        graph_reused,
        detached,
        stale_optimizer,
        partial_optimizer,
        no_step,
        cleared_before_step,
        unused_scores,
        labels_unrelated,
        labels_swapped,
        labels_constant,
        loss_arguments,
        loss_negated,
        held_out_pairs,
        sigmoid_before_loss,
        no_zero_grad,
        weight_decay,
        learning_rate,
        untrained,
    ),
    of_training=True,
)
def test_beats_chance(evidence: Evidence, truth: Truth, known: np.ndarray | None) -> None:
    """Your own model beats random guessing on unseen edges"""
    trained = evidence.step5.train if evidence.step5 else None
    if isinstance(trained, Training) and trained.not_judged:
        raise not_judged(trained.not_judged)
    if _is_blank(evidence.step6):
        present(evidence.step6, "auc")  # what steps 1 to 5 did has its points there
    own = evidence.step6.own if evidence.step6 else None
    if isinstance(own, Absent) and own.reached and own.error is None:
        if isinstance(trained, Training) and trained.watched and trained.epochs:
            raise not_judged("the training, but not all vectors that the trained model gives")
        got = "your own trained model is not here: what you measured is a ready one"
        look = "Keep the notebooks of steps 4 and 5, done and saved, in the folder of this one."
        raise NotAttempted(Message(got=got, next=look))
    chain = present(evidence.step6, "own")
    edges, asked, z = chain.edge_index.numpy(), chain.positives.numpy(), chain.z.numpy()
    seen = chain.message_edges.numpy()
    ends = np.concatenate([edges, asked, seen], axis=1)
    sane = edges.size and ends.min() >= 0 and ends.max() < len(z) < 10 * truth.num_nodes
    need(sane and np.isfinite(z).all(), "finite embeddings of every node", "step3.data.bounds")
    n, graph = len(z), pairs(edges, len(z))
    right = len(graph) == truth.n_edges and same_graph(np.stack(np.divmod(graph, n)), truth)
    side = two_sides(edges, n) if right else None
    need(side is not None, "the whole graph, users and artists apart", "step3.data.coverage")
    held = pairs(asked, n)
    many = among(held, graph).all() and len(held) > 0.05 * len(graph)
    need(many, "held-out edges", "step3.split.sizes")
    unseen = not among(held, pairs(seen, n)).any()
    need(unseen, "test edges that the model has not seen", "step3.split.no_leak")
    if known is not None and len(truth.unseen):  # on a twin: rows that its process never saw
        held = pairs(truth.numbered(truth.unseen), n)
    negatives = non_edges(edges, side, len(held), seed=0)  # type: ignore[arg-type]
    couples = np.concatenate([np.stack(np.divmod(held, n)), negatives], axis=1)
    scores = (z[couples[0]].astype(np.float64) * z[couples[1]]).sum(axis=1)
    labels = np.repeat([1, 0], [len(held), negatives.shape[1]])
    value = area(labels, scores)
    error = auc_interval(value, len(held), negatives.shape[1])
    expect(
        value - 2 * error > 0.5,
        ran="your trained model on held-out edges and on user-artist pairs that are no edges",
        expected="an AUC above 0.5 by more than twice its sampling error",
        got=f"{value:.3f} with a sampling error of {error:.3f}{_noted(evidence)}",
        why="0.5 is what guessing gives. The split's own negatives are mostly artist-artist pairs "
        "and can hide this, either way.",
        next="Far below 0.5: are the labels of step 5 the wrong way round?"
        if value < 0.35
        else "Does the loss fall? Clear the gradients in each epoch; a learning rate of 0.01 and "
        "100 epochs are enough.",
    )


def _noted(evidence: Evidence) -> str:
    """The AUC that the notebook itself has, against the split's own negatives."""
    found = evidence.step6.auc if evidence.step6 else None
    if not isinstance(found, Auc) or found.test_auc is None:
        return ""
    return f"; against the negatives of RandomLinkSplit your notebook has {found.test_auc:.3f}"


@check("step6.report", points=10, by_hand=True)
def test_report_written(evidence: Evidence) -> None:
    """The report gives the test AUC, compares it with guessing and names one improvement"""
    report, begun = evidence.report, _is_begun(evidence)
    if not begun and not report or "YOUR ANSWER HERE" in (report or ""):
        raise NotAttempted(Message(got="no report yet", next="Write it where YOUR ANSWER HERE is."))
    if report is None:
        raise not_judged("the report is graded by hand, from the file that you hand in")
    if not report.strip():
        raise not_judged("no written text was found in step 6: is the report anywhere else?")


def _is_begun(evidence: Evidence) -> bool:
    """Whether anything of step 6 was written, so that a report can be somewhere."""
    step6 = evidence.step6
    if step6 is None:
        return False
    runs = step6.test.runs if isinstance(step6.test, Testing) else []
    written = [run for run in runs if run.call.error is None or not run.call.error.blank]
    return bool(written) or not isinstance(step6.auc, Absent)
