"""The verdict is about the last run: what was mended is forgotten, what is older is called so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch
from checks_course import Case, Course, cell, execute, sent, swap
from torch_geometric.data import HeteroData

from autograder.inside.observe import observe
from autograder.inside.session import Session
from autograder.rules import catalogue
from autograder.rules.judge import judge
from autograder.rules.outcome import Outcome
from autograder.truth import truth

WRONG_PATH = "df = pd.read_csv('nowhere.dat', sep='\\t')"


@pytest.fixture
def session(course: Course) -> Session:
    return Session(ns={"__name__": "__main__"}, data=course.data)


def _outcomes(session: Session, step: str) -> dict[str, Outcome]:
    found = judge(sent(observe(session, step)), truth(session.data), [step])
    return {o.check.id: o for o in found}


def _raised(session: Session, source: str, cell: str = "") -> None:
    session.history.forget(source, cell)
    session.history.failed(source, FileNotFoundError("nowhere.dat"))


@pytest.mark.parametrize("cell", ["", "a1"])
def test_a_mended_exception_is_forgotten(session: Session, cell: str) -> None:
    """The cell ran again and made another name: that is said, and not the old exception"""
    _raised(session, WRONG_PATH, cell)
    mended = "data = pd.read_csv(path, sep='\\t')" if cell else "df = None"
    session.history.forget(mended, cell)
    session.history.cells = [mended]
    session.ns["data"] = pd.DataFrame({"userID": [2]})
    assert not session.history.errors
    if not cell:
        return
    message = _outcomes(session, "step1")["step1.load.rows"].message
    assert "nowhere" not in str(message)
    assert "`data`" in message.next
    assert "`df`" in message.next


def test_another_cell_mends_nothing(session: Session) -> None:
    """The exception of a cell stays while only others run"""
    _raised(session, WRONG_PATH, "a1")
    session.history.forget("import pandas as pd", "b2")
    outcome = _outcomes(session, "step1")["step1.load.rows"]
    assert outcome.status == "student_error"
    assert "nowhere.dat" in outcome.message.got


def test_a_value_from_before_the_exception_is_said_to_be_so(session: Session) -> None:
    session.ns["df"] = pd.DataFrame({"userID": [2], "artistID": [51], "listen_count": [1]})
    _raised(session, WRONG_PATH, "a1")
    message = _outcomes(session, "step1")["step1.load.rows"].message
    assert message.got.startswith("1 row: ")
    assert "values from before" in message.got
    assert "FileNotFoundError" in message.got
    assert message.next.startswith("Mend the exception first")


def test_a_name_lost_by_a_restart_has_its_place(session: Session) -> None:
    session.history.failed("G = nx.Graph(df)", NameError("name 'df' is not defined"))
    message = _outcomes(session, "step2")["step2.nodes.kind"].message
    assert "`df` is made in exercise 1 of step 1" in message.next


def test_a_heterogeneous_graph_is_not_judged(session: Session) -> None:
    """It is pending, with what was seen, and no mistake"""
    session.free_form = True
    session.ns["data"] = graph = HeteroData()
    graph["user"].x = torch.arange(3)
    graph["user", "hears", "artist"].edge_index = torch.tensor([[0, 1], [1, 0]])
    found = _outcomes(session, "step3")
    assert {o.status for o in found.values()} == {"not_judged"}
    assert all("HeteroData" in o.message.got and o.proof is None for o in found.values())


def test_what_a_blocked_check_waits_for_is_a_check(course: Course) -> None:
    """In steps 1 to 3, whatever is missing"""
    known = {check.id for check in catalogue()}
    cases = [
        Case("columns", "step1", (cell("load", f"df = pd.read_csv({str(course.data)!r})"),)),
        Case("sides", "step2", (swap("nodes", ", bipartite=0", ""),)),
        Case(
            "turned",
            "step3",
            (swap("data", "edge_index=edge_index)", "edge_index=edge_index.t())"),),
        ),
        Case(
            "no labels",
            "step3",
            (
                swap(
                    "split",
                    "= transform(data)",
                    "= transform(data)\ndel train_data.pos_edge_label_index",
                ),
            ),
        ),
    ]
    blocked = [o for case in cases for o in course.verdicts(case).values() if o.waits_for]
    assert len(blocked) > 5
    assert {o.waits_for for o in blocked} <= known


def test_nothing_of_the_truth_is_behind_the_wall() -> None:
    """The parts of the kit that are beside the student's code do not know what is true"""
    from autograder.wall.isolation import MOUNTED

    patterns = [name for names in MOUNTED.values() for name in names]
    assert "truth.py" not in patterns
    inside = Path(__file__).parents[2] / "autograder" / "inside"
    assert [p.name for p in inside.glob("*.py") if "autograder.truth" in p.read_text()] == []


def test_two_names_for_three_parts(course: Course) -> None:
    """The advice is about the parts, and not about the shape of `edge_index`"""
    case = Case(
        "two", "step3", (swap("split", "train_data, val_data, test_data = t", "train, test = t"),)
    )
    message = course.verdicts(case)["step3.split.sizes"].message
    assert "three parts" in message.next


def test_a_loop_that_begins_with_weights_of_before_says_so(course: Course) -> None:
    """It is red although all of its code is right: the model has to be made anew"""
    again = "losses = [loss / loss for loss in losses]"  # flat, in place of a spoiled training
    case = Case("again", "step5", (swap("loop", "losses = []", "train(train_data); losses = []"),))
    once = Case("once", "step5", after=again)
    twice = Case("twice", "step5", case.edits, after=again)
    first, second = (course.verdicts(c)["step5.loop.loss_falls"].message for c in (once, twice))
    assert "zero_grad, backward, step" in first.next and "had taken" not in first.why
    assert "had taken 1 step before this loop" in second.why
    assert "makes the model and the optimizer" in second.next


MESSAGES = {  # what was done, and what the message then says to do
    "a layer without self": (
        Case("no-self", "step4", (swap("model", "self.conv1(h", "conv1(h"),)),
        "step4.encode.encode_shape",
        "Is it `self.conv1`?",
    ),
    "the proof knows better than the text of the error": (
        Case(
            "other", "step4", (swap("model", "h = self.conv1(h, edge", "h = self.conv1(h, EDGE"),)
        ),
        "step4.encode.encode_shape",
        "Use the argument `edge_index`",
    ),
    "labels before scores": (
        Case(
            "order",
            "step5",
            (
                swap(
                    "train",
                    "loss_fn(model.decode(z, edge_label_index), edge_label)",
                    "loss_fn(edge_label, model.decode(z, edge_label_index))",
                ),
            ),
        ),
        "step5.train.labels",
        "`loss_fn(scores, labels)`",
    ),
    "an empty graph": (
        Case("empty", "step2", (cell("nodes", "G = nx.Graph()"), cell("edges", ""))),
        "step2.nodes.one_node_each",
        "Add a node for each user and each artist",
    ),
    "a class that is not called": (
        Case("class", "step2", (cell("nodes", "G = nx.Graph"), cell("edges", ""))),
        "step2.nodes.kind",
        "Write brackets behind the class",
    ),
    "a node added to the class": (
        Case("node", "step2", (swap("nodes", "nx.Graph()", "nx.Graph"),)),
        "step2.nodes.kind",
        "Is it `G = nx.Graph()`, with brackets?",
    ),
    "a pair in place of two ends": (
        Case(
            "pair",
            "step2",
            (
                swap(
                    "edges",
                    '(("user", row.userID), ("artist", row.artistID))',
                    '((("user", row.userID), ("artist", row.artistID)))',
                ),
            ),
        ),
        "step2.edges.edge_count",
        "Is it `G.add_edge(u, v)`",
    ),
    "every user with every artist": (
        Case(
            "all",
            "step2",
            (
                cell(
                    "edges",
                    "for u in df['userID']:\n    for a in df['artistID'].unique():\n"
                    "        G.add_edge(('user', u), ('artist', a))",
                ),
            ),
        ),
        "step2.edges.edge_count",
        "joins every user with every artist",
    ),
    "a loop that stops at once": (
        Case("break", "step2", (swap("edges", "row.artistID))", "row.artistID)); break"),)),
        "step2.edges.edge_count",
        "Only the first row became an edge",
    ),
    "a line after the loop": (
        Case("after", "step2", (swap("edges", "    G.add_edge", "    pass\nG.add_edge"),)),
        "step2.edges.edge_count",
        "Only the last row became an edge",
    ),
    "the word id": (
        Case(
            "word",
            "step2",
            (swap("nodes", "int(user_id)", "'id'"), swap("nodes", "int(artist_id)", "'id'")),
        ),
        "step2.nodes.one_node_each",
        "write the variable of your loop",
    ),
    "what print gives": (
        Case("print", "step1", (swap("explore", "df.head()", "print(df.head())"),)),
        "step1.explore.preview",
        "print it in a line of its own",
    ),
    "one epoch short": (
        Case(
            "short", "step5", (cell("loop", "losses = [train(train_data) for _ in range(1, 10)]"),)
        ),
        "step5.loop.losses_kept",
        "`range(1, 10)` ends before 10",
    ),
    "every tenth loss": (
        Case(
            "tenth",
            "step5",
            (
                cell(
                    "loop",
                    "losses = []\nfor epoch in range(20):\n    loss = train(train_data)\n"
                    "    if epoch % 10 == 0:\n        losses.append(loss)",
                ),
            ),
        ),
        "step5.loop.losses_kept",
        "Append in every epoch",
    ),
    "an empty list": (
        Case("empty", "step5", (swap("loop", "losses.append(loss)", "pass"),)),
        "step5.loop.losses_kept",
        "Append what `train(train_data)` returns",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_to_do_next_is_about_this_mistake(course: Course, name: str) -> None:
    case, check, words = MESSAGES[name]
    if case.name == "other":  # the notebook's own edges, of a larger graph
        case = Case("other", "step4", case.edits, before="EDGE_index = train_data.edge_index")
    assert words in course.verdicts(case)[check].message.next


def test_an_exception_is_said_once(course: Course) -> None:
    wrong = (swap("setup", "model.parameters()", "model.parameters"),)
    outcome = course.verdicts(Case("method", "step5", wrong))["step5.setup.optimizer"]
    assert outcome.message.got.count("is not iterable") == 1


AUCS = {  # what was noted -> what to do
    "val_auc = test(val_data); test_auc = '0.9'": "`test_auc` is not there, or is no number",
    "val_auc = test_auc = test(test_data)": "is that of the test data",
    "test_auc = test(val_data); val_auc = test(test_data)": "test_auc = test(test_data)",
    "val_auc = test(val_data); test_auc = 100 * test(test_data)": "is in per cent",
    "val_auc = test(val_data); test_auc = 1 - test(test_data)": "is 1 minus what",
    "val_auc = test(val_data); test_auc = round(test(test_data), 1)": "is rounded",
    "val_auc = test(val_data); test_auc = 0.987654": "stands in your code",
    "val_auc = test(val_data); test_auc = (0.5 + test(test_data)) / 2": "another one when",
}


@pytest.mark.parametrize("source", AUCS)
def test_an_auc_that_cannot_be_measured_again_says_what_it_is(course: Course, source: str) -> None:
    case = Case("auc", "step6", (cell("auc", source),))
    session = course.session(case, own=False)
    outcome = _outcomes(session, "step6")["step6.auc.auc_is_measured"]
    message = outcome.message
    assert outcome.status == "failed"
    assert AUCS[source] in message.next, message


def test_an_auc_from_before_an_exception_is_said_to_be_so(course: Course) -> None:
    session = course.session(Case("old", "step6"), own=False)
    again = "val_auc = test(val_data)\ntest_auc = test(test_data, model)"
    execute(session, "<again>", again)
    session.ns["test_auc"] = 0.6
    message = _outcomes(session, "step6")["step6.auc.auc_is_measured"].message
    assert "the last run raised TypeError" in message.got
    assert message.next.startswith("Mend the exception first")


def test_what_was_bound_before_the_line_that_raised_is_not_old(session: Session) -> None:
    source = "a = 1\nb = a\nc = 1 / 0\nd = 2"
    session.history.cells = [source]
    execute(session, "<cell 1>", source)
    stale = session.history.stale
    assert stale("a") is stale("b") is stale("a", "b") is None
    assert "ZeroDivisionError" in str(stale("c")) and stale("d") and stale("a", "d")


def test_the_exercise_and_its_check_ask_for_as_many_epochs(course: Course) -> None:
    """The text says 100, and so does the check; the number that was found is said too"""
    from checks_course import BLANKS

    from autograder.contract import NOTEBOOKS
    from autograder.handin.submission import read
    from autograder.rules import step5_loop

    (loop,) = [c for c in read(BLANKS / f"{NOTEBOOKS['step5']}.ipynb").cells if c.id == "loop_task"]
    source = Path(step5_loop.__file__).read_text(encoding="utf-8")
    assert "for 100 epochs" in loop.source and "ASKED = 100" in source
    case = Case("nine", "step5", (cell("loop", "losses = [train(train_data) for _ in range(9)]"),))
    message = course.verdicts(case)["step5.loop.losses_kept"].message
    assert message.got == "9 entries" and message.expected.startswith("10 numbers")
