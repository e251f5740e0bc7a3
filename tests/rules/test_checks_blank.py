"""The notebooks as students receive them: every check says not attempted and gives nothing.

Cells come from `assignments/`; half-done work is here too: a blank with something in it.
"""

from __future__ import annotations

import msgspec
import pytest
from checks_course import (
    BLANKS,
    EXERCISES,
    IMPORTS,
    Case,
    Course,
    blank,
    cell,
    execute,
    sent,
    solution,
)

from autograder.contract import NOTEBOOKS
from autograder.evidence.schema import Evidence
from autograder.handin.submission import read
from autograder.inside.history import History
from autograder.inside.observe import observe
from autograder.inside.session import Session
from autograder.rules.outcome import Outcome

STEPS = list(EXERCISES)


def run_blank(course: Course, step: str, **solved: str) -> Session:
    """The released cells of a step on right inputs; `solved` replaces some of them."""
    ns = {"__name__": "__main__"}
    exec(IMPORTS, ns)
    ns.update(course.inputs(step))
    sources = {**blank(step), **solved}
    session = Session(ns=ns, data=course.data, history=History(list(sources.values())))
    for number, source in enumerate(sources.values()):
        execute(session, f"<blank {step}, cell {number}, {hash(source)}>", source)
    return session


def verdicts(course: Course, session: Session, step: str) -> dict[str, Outcome]:
    """The automatic checks of the step, by id."""
    found = course.judge(sent(observe(session, step)), step)
    return {o.check.id: o for o in found}


@pytest.mark.parametrize("step", STEPS)
def test_every_check_is_not_attempted_on_the_blank(course: Course, step: str) -> None:
    """No check passes, fails or is blocked, and there is no point to be had."""
    session = run_blank(course, step)
    assert all(error.blank for _, error in session.history.errors), session.history.errors
    found = verdicts(course, session, step)
    assert {i: o.status for i, o in found.items() if o.status != "not_attempted"} == {}
    assert sum(o.points for o in found.values()) == 0
    assert not [i for i, o in found.items() if o.proof]
    assert not [i for i, o in found.items() if not o.message.got]


@pytest.mark.parametrize("step", STEPS)
def test_a_blank_says_what_to_do(course: Course, step: str) -> None:
    """Also the message of a check that was not attempted says what comes next."""
    found = verdicts(course, run_blank(course, step), step)
    assert [i for i, o in found.items() if not o.message.next] == []


@pytest.mark.parametrize("step", STEPS)
def test_nothing_observed_is_not_attempted(course: Course, step: str) -> None:
    """The same for a submission that does not hold the step at all."""
    found = course.judge(Evidence(), step)
    assert {o.status for o in found} == {"not_attempted"}
    said = {o.message.got for o in found if not o.check.by_hand}
    assert said == {"this step was not handed in"}


@pytest.mark.parametrize("step", STEPS)
def test_empty_cells_are_not_attempted(course: Course, step: str) -> None:
    """The same for cells that were emptied."""
    session = run_blank(course, step, **dict.fromkeys(EXERCISES[step], ""))
    assert not session.history.errors
    assert {o.status for o in verdicts(course, session, step).values()} == {"not_attempted"}


FIRST = [(step, ids[0], ids[1]) for step, ids in EXERCISES.items() if len(ids) > 1]


@pytest.mark.parametrize(("step", "first", "second"), FIRST)
def test_first_exercise_alone(course: Course, step: str, first: str, second: str) -> None:
    """Whoever has done the first exercise gets its points; the second is still not attempted."""
    session = run_blank(course, step, **{first: solution(step)[first]})
    found = verdicts(course, session, step)
    cells = {i: o.status for i, o in found.items() if o.check.cell == f"{step}.{first}"}
    assert set(cells.values()) == {"passed"}, cells
    later = {i: o.status for i, o in found.items() if o.check.cell == f"{step}.{second}"}
    assert set(later.values()) == {"not_attempted"}, later


def test_the_notebook_looks_at_no_row_for_the_student(course: Course) -> None:
    """Step 1 itself prints raw lines of the file; that is not the student's preview."""
    session = run_blank(course, "step1", load=solution("step1")["load"])
    given = {c.id: c.source for c in read(BLANKS / f"{NOTEBOOKS['step1']}.ipynb").cells}
    execute(session, "<raw lines>", given["raw_lines"])
    assert any("userID" in str(shown) for shown in session.shown)
    found = verdicts(course, session, "step1")
    explore = {i: o.status for i, o in found.items() if o.check.cell == "step1.explore"}
    assert set(explore.values()) == {"not_attempted"}, explore


PARTS = {
    "init": "self.conv2 = SAGEConv(hidden_channels, out_channels)",
    "encode": "return self.conv2(h, edge_index)",
    "decode": "return (source * destination).sum(dim=-1)",
}


@pytest.mark.parametrize("missing", ["encode", "decode"])
def test_half_a_model(course: Course, missing: str) -> None:
    """A method that is still blank is not attempted; the rest of the model has its points."""
    source = solution("step4")["model"]
    assert source.count(PARTS[missing]) == 1
    source = source.replace(PARTS[missing], "raise NotImplementedError()")
    found = Case("half", "step4", (cell("model", source),))
    outcomes = course.verdicts(found)
    wrong = {
        i: o.status for i, o in outcomes.items() if o.status not in ("passed", "not_attempted")
    }
    assert not wrong
    waiting = {o.check.cell for o in outcomes.values() if o.status == "not_attempted"}
    assert waiting - {"step4.encode"} <= {f"step4.{missing}"}
    assert f"step4.{missing}" in waiting


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ("", "not_attempted"),
        ("YOUR ANSWER HERE", "not_attempted"),
        ("The test AUC is 0.84, against 0.5 for guessing. I would draw fair negatives.", "passed"),
    ],
)
def test_report(course: Course, report: str, status: str) -> None:
    """The report, graded by hand, is either there or not."""
    found = observe(run_blank(course, "step6"), "step6")
    found = sent(msgspec.structs.replace(found, report=report))
    outcomes = {o.check.id: o for o in course.judge(found, "step6")}
    assert outcomes["step6.report.report_written"].status == status


def test_one_count_is_missing(course: Course) -> None:
    """Who has counted the artists only has not attempted to count the users; both points differ."""
    half = "n_artists = df['artistID'].nunique()\ndf.head()"
    session = run_blank(course, "step1", load=solution("step1")["load"], explore=half)
    found = verdicts(course, session, "step1")
    explore = {i.split(".")[-1]: o for i, o in found.items() if o.check.cell == "step1.explore"}
    statuses = {name: o.status for name, o in explore.items()}
    assert statuses == {"users": "not_attempted", "artists": "passed", "preview": "passed"}
    assert "n_users" in explore["users"].message.got


@pytest.mark.parametrize("done", [(), ("test",)])
def test_what_earlier_steps_did_gives_no_points_on_a_blank_step_6(
    course: Course, done: tuple[str, ...]
) -> None:
    """The own model of steps 1 to 5 is there and good; nobody has measured it yet."""
    session = run_blank(course, "step6", **{name: solution("step6")[name] for name in done})
    session.own = lambda: course.chain(())
    found = verdicts(course, session, "step6")
    of_auc = {i: o for i, o in found.items() if o.check.cell == "step6.auc"}
    assert {o.status for o in of_auc.values()} == {"not_attempted"}
    assert sum(o.points for o in of_auc.values()) == 0
    solved = run_blank(course, "step6", **solution("step6"))
    solved.own = session.own
    assert verdicts(course, solved, "step6")["step6.auc.beats_chance"].status == "passed"
