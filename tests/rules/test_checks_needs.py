"""Whoever got one thing wrong is not told so twice: what needs it is blocked or not attempted.

The dependency graph of the checks, tried at its important edges: the case files in `cases/needs`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from checks_course import Case, Course, cases, cell, swap

from autograder import rules
from autograder.handin.reading import Cell, Notebook
from autograder.handin.submission import Submission
from autograder.rules.locate import place_of

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
    mapping = (
        "users, user_ids = pd.factorize(df['userID'])\n"
        "artists, artist_ids = pd.factorize(df['artistID'])\n"
        "artists = artists + len(user_ids)\nnum_nodes = len(user_ids) + len(artist_ids)\n"
    )
    data = (
        "edge_index = torch.as_tensor(np.array([users, artists])).long()\n"
        "data = Data(x=torch.arange(num_nodes), edge_index=edge_index)\n"
    )
    case = Case("codes only", "step3", (cell("mapping", mapping), cell("data", data)))
    found = statuses(course, case)
    assert {
        i: s for i, s in found.items() if i.startswith("step3.mapping") and s not in WAITING
    } == {}
    rest = {i: s for i, s in found.items() if not i.startswith("step3.mapping")}
    assert set(rest.values()) == {"passed"}, rest


NEEDS = cases("needs")


@pytest.mark.parametrize("case", NEEDS, ids=lambda case: case.name)
def test_one_mistake_is_told_once(course: Course, case: Case) -> None:
    """The check that is about the mistake fails, those that need it wait."""
    found = statuses(course, case)
    assert case.waits
    assert found[case.check] in case.status
    assert {i: found[i] for i in case.waits if found[i] not in WAITING} == {}


@pytest.mark.parametrize("key", list(CELL_RAISES))
def test_an_error_of_the_cell_is_shown(course: Course, key: str) -> None:
    """Where a cell raised, its checks show the error, with its line, and not a blank."""
    outcomes = [o for o in course.verdicts(CELL_RAISES[key]).values() if o.check.cell == key]
    shown = [o for o in outcomes if o.status == "student_error"]
    assert shown, [(o.check.id, o.status, o.message.got) for o in outcomes]
    assert all("line" in o.message.got for o in shown)


def test_a_blocked_check_says_what_to_mend(course: Course) -> None:
    """What a blocked message names is the title of a check of the same step, or close to one."""
    (case,) = (case for case in NEEDS if case.name == "train-raises")
    for outcome in course.verdicts(case).values():
        if outcome.status == "blocked":
            assert outcome.message.got.startswith("this needs")
            assert outcome.message.next.startswith("First mend:")
            assert not outcome.proof


def test_unusual_loss_blocks_nothing_else(course: Course) -> None:
    """Another loss function fails the check of the loss, not those of the negatives."""
    case = Case("MSE", "step5", (swap("setup", "nn.BCEWithLogitsLoss()", "nn.MSELoss()"),))
    found = statuses(course, case)
    assert [i for i, s in found.items() if s == "failed"] == ["step5.setup.loss_function"]


def test_a_cell_of_ours_is_not_where_the_mistake_is() -> None:
    """In our own notebooks a cause points at the cell of the exercise, not at the toy above it."""
    toy = Cell("code", "toy_negatives = negative_sampling(toy_edges, 7, 3)", "toy_negatives")
    work = Cell("code", "def train(train_data):\n    neg = negative_sampling(edges)", "train")
    book = Notebook(Path("step5.ipynb"), tuple(replace(c, step="step5") for c in (toy, work)))
    cause = rules.causes()["train.negative-fixed"]
    assert "negative_sampling" in cause.at
    place = place_of(cause, Submission("eve", (book,)), {}, [])
    assert (place.cell, place.line) == (2, 2)
