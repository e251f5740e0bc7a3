"""Whoever got one thing wrong is not told so twice: what needs it is blocked or not attempted.

The dependency graph of the checks, tried at its important edges.
"""

from __future__ import annotations

import pytest
from checks_course import Case, Course, cell, swap
from wrong_model import AUC, BCE, DOT, LAST, LOSS, SUPER

WAITING = ("blocked", "not_attempted")
MISSING = cell("mapping", "")
CELL_RAISES = {
    "step2.edges": Case(
        "edges raise",
        "step2",
        (cell("edges", "for row in df.itertuples():\n    G.add_edge(row.user, row.artist)"),),
    ),
    "step3.mapping": Case(
        "mapping raises", "step3", (cell("mapping", "id_mapping = dict(G.node)"),)
    ),
    "step5.loop": Case(
        "loop raises", "step5", (cell("loop", "losses = []\nlosses.append(train(data))"),)
    ),
    "step6.auc": Case("auc raises", "step6", (cell("auc", "val_auc = test(vali_data)"),)),
}


def statuses(course: Course, case: Case) -> dict[str, str]:
    """Status of every check of the case's step."""
    return {i: o.status for i, o in course.verdicts(case).items()}


def test_without_a_mapping(course: Course) -> None:
    """No id_mapping: no check of it, of data or of the split has failed, and none passed."""
    found = statuses(course, Case("no mapping", "step3", (MISSING,)))
    assert {
        i: s for i, s in found.items() if i.startswith("step3.mapping") and s not in WAITING
    } == {}
    assert [i for i, s in found.items() if s == "failed"] == []
    assert [i for i, s in found.items() if s == "passed"] == []


def test_without_a_mapping_data_can_be_right(course: Course) -> None:
    """Codes by factorize need no dictionary: data and split have their points."""
    from unusual_graph import FACTORIZED, FROM_CODES

    case = Case("codes only", "step3", (cell("mapping", FACTORIZED), FROM_CODES))
    found = statuses(course, case)
    assert {
        i: s for i, s in found.items() if i.startswith("step3.mapping") and s not in WAITING
    } == {}
    rest = {i: s for i, s in found.items() if not i.startswith("step3.mapping")}
    assert set(rest.values()) == {"passed"}, rest


NEEDS = {
    # one mistake: the checks that say so, and those that must wait instead of failing too
    "separator": (
        Case(
            "separator",
            "step1",
            (cell("load", "df = pd.read_csv(course_data.path())"), cell("explore", "")),
        ),
        {"step1.load.separator"},
        {"step1.load.values"},
    ),
    "transposed": (
        Case(
            "transposed",
            "step3",
            (
                swap("data", "edge_index=edge_index)", "edge_index=edge_index.t())"),
                cell("split", ""),
            ),
        ),
        {"step3.data.edge_tensor"},
        {"step3.data.bounds", "step3.data.coverage"},
    ),
    "no positives": (
        Case(
            "no positives",
            "step3",
            (
                swap(
                    "split",
                    "= transform(data)",
                    "= transform(data)\nfor part in (train_data, val_data, test_data):\n"
                    "    del part.pos_edge_label_index",
                ),
            ),
        ),
        {"step3.split.labels"},
        {"step3.split.sizes", "step3.split.no_leak"},
    ),
    "no super": (
        Case("no super", "step4", (swap("model", SUPER, "pass"),)),
        {"step4.layers.builds"},
        {"step4.layers.embedding", "step4.encode.forward", "step4.decode.dot_product"},
    ),
    "encode raises": (
        Case("encode raises", "step4", (swap("model", LAST, "return self.conv3(h)"),)),
        {"step4.encode.encode_shape"},
        {"step4.encode.forward", "step4.encode.uses_graph"},
    ),
    "decode of another shape": (
        Case("decode of another shape", "step4", (swap("model", DOT, "return source"),)),
        {"step4.decode.decode_shape"},
        {"step4.decode.dot_product"},
    ),
    "train raises": (
        Case("train raises", "step5", (swap("train", LOSS, "loss = 1 / 0"),)),
        {"step5.train.returns_loss"},
        {"step5.train.negative_count", "step5.train.labels", "step5.train.all_move"},
    ),
    "test raises": (
        Case("test raises", "step6", (swap("test", AUC, "1 / 0"),)),
        {"step6.test.returns_auc"},
        {"step6.test.scores_all", "step6.test.auc_right", "step6.test.eval_mode"},
    ),
}


@pytest.mark.parametrize("name", list(NEEDS))
def test_one_mistake_is_told_once(course: Course, name: str) -> None:
    """The check that is about the mistake fails, those that need it wait."""
    case, told, waiting = NEEDS[name]
    found = statuses(course, case)
    assert {i: found[i] for i in told if found[i] not in ("failed", "student_error")} == {}
    assert {i: found[i] for i in waiting if found[i] not in WAITING} == {}


@pytest.mark.parametrize("key", list(CELL_RAISES))
def test_an_error_of_the_cell_is_shown(course: Course, key: str) -> None:
    """Where a cell raised, its checks show the error, with its line, and not a blank."""
    outcomes = [o for o in course.verdicts(CELL_RAISES[key]).values() if o.check.cell == key]
    shown = [o for o in outcomes if o.status == "student_error"]
    assert shown, [(o.check.id, o.status, o.message.got) for o in outcomes]
    assert all("line" in o.message.got for o in shown)


def test_a_blocked_check_says_what_to_mend(course: Course) -> None:
    """What a blocked message names is the title of a check of the same step, or close to one."""
    case = NEEDS["train raises"][0]
    for outcome in course.verdicts(case).values():
        if outcome.status == "blocked":
            assert outcome.message.got.startswith("this needs")
            assert outcome.message.next.startswith("First mend:")
            assert not outcome.proof


def test_unusual_loss_blocks_nothing_else(course: Course) -> None:
    """Another loss function fails the check of the loss, not those of the negatives."""
    case = Case("MSE", "step5", (swap("setup", BCE, "nn.MSELoss()"),))
    found = statuses(course, case)
    assert [i for i, s in found.items() if s == "failed"] == ["step5.setup.loss_function"]
