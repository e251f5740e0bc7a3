"""What a submission gets wrong, by name: read off the outcomes of its checks.

`autograder diagnose` and `grade` come here. A check and its causes are in `stepN_*.py`; what stops
a notebook whatever the step is in `stops`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from autograder.evidence.schema import CellError, Evidence
from autograder.explain import reading_of
from autograder.handin.submission import Submission
from autograder.rules import causes
from autograder.rules.cause import Cause
from autograder.rules.exceptions import ENTRIES, EXCEPTION
from autograder.rules.locate import Place, code_cells, first_cell, in_words, place_of
from autograder.rules.outcome import WRONG, Outcome
from autograder.rules.stops import STOPS, stops, where


@dataclass(frozen=True)
class Finding:
    """A misconception that was found: the step, the proof, and where to look. Plain data."""

    id: str
    step: str
    proof: str
    place: Place
    costs_marks: bool

    @property
    def cause(self) -> Cause:
        """What there is to say about it."""
        return text_of(self.id)


@functools.cache
def _texts() -> dict[str, Cause]:
    return {entry.id: entry for entry in (*causes().values(), *STOPS, *ENTRIES)}


def text_of(id: str) -> Cause:
    """Title, why, question and hints of a cause, of a check or behind an exception."""
    return _texts()[id]


@dataclass(frozen=True)
class Diagnosis:
    """What there is to say about a submission.

    `unexplained` are checks that failed without a proven cause: their own messages say what is
    wrong. `notes` are what is unusual, and right.
    """

    findings: tuple[Finding, ...]
    unexplained: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()  # of causes that could not be looked for: ours


def diagnose(
    submission: Submission,
    outcomes: list[Outcome],
    evidence: list[Evidence],
    ways: list[list[Outcome]],
) -> Diagnosis:
    """Name what is wrong, step by step, each cause once.

    `outcomes` are those that count. `evidence` is of each way that the submission was run, and
    `ways` are its outcomes: first on what its own earlier steps made, then, if need be, on right
    inputs. After a mistake in an earlier step only what is proved on right inputs too is named.
    """
    names, errors = evidence[0].names, evidence[0].errors
    findings: dict[str, Finding] = {}
    for o in outcomes:
        if o.proof is None:
            continue
        cause = causes()[o.proof.cause]
        if _earlier(findings, o.check.step) and not _on_right_inputs(o, ways):
            continue
        costs = o.check.points > 0
        if cause.id in findings:
            costs = costs or findings[cause.id].costs_marks
        place = place_of(cause, submission, names, errors)
        step, text = o.check.step, o.proof.text
        if cause.id in findings:
            step, text = findings[cause.id].step, findings[cause.id].proof
        findings[cause.id] = Finding(cause.id, step, text, place, costs)
    found = [*findings.values(), *_typed_in(submission, outcomes)]
    stopped = stops(submission, evidence, outcomes)
    found += [Finding(e.id, step, proof, place, True) for e, step, proof, place in stopped]
    found += _exception(submission, errors, found, outcomes)
    found = [replace(one, place=in_words(one.place, submission)) for one in found]
    found.sort(key=lambda finding: (finding.cause.wording, finding.step))
    steps = {finding.step for finding in found if not finding.cause.wording}
    unexplained = [
        o
        for o in outcomes
        if o.status in WRONG and o.proof is None and not o.typed_in and o.check.step not in steps
    ]
    notes = [f"`{name}` is called `{own}` here" for name, own in sorted(names.items())]
    faults = tuple(o.fault for o in outcomes if o.fault)
    return Diagnosis(tuple(found), tuple(unexplained), tuple(notes), faults)


def _earlier(findings: dict[str, Finding], step: str) -> bool:
    """Whether something that was computed is wrong in a step before this one."""
    return any(f.step < step and not f.cause.wording for f in findings.values())


def _on_right_inputs(outcome: Outcome, ways: list[list[Outcome]]) -> bool:
    """Whether the cause of an outcome has a proof in the last way, which is on right inputs."""
    again = {o.proof.cause for o in ways[-1] if o.proof and o.check.step == outcome.check.step}
    return outcome.proof is not None and outcome.proof.cause in again


def _exception(
    submission: Submission,
    errors: list[CellError],
    findings: list[Finding],
    outcomes: list[Outcome],
) -> list[Finding]:
    """The first exception of the cells, where nothing that was found can be behind it.

    Where no check of its step went wrong it costs nothing: a cell of ours may wait for the student.
    """
    first = next((error for error in errors if not error.blank), None)
    if first is None:
        return []
    step, place = where(first, code_cells(submission))
    if not any(o.status in WRONG and step in ("", o.check.step) for o in outcomes):
        return []
    if any(not f.cause.wording and f.step <= step or first.message in f.proof for f in findings):
        return []
    read = reading_of(first.name, first.message, first.source)
    if read is None or not read.causes:
        return [Finding(EXCEPTION.id, step, str(first), place, True)]
    return [Finding(read.causes[0].id, step, f"{first}: {read.says}", place, True)]


def _typed_in(submission: Submission, outcomes: list[Outcome]) -> list[Finding]:
    """What passes on one file only: one finding a step."""
    failed: dict[str, Outcome] = {}
    for o in outcomes:
        if o.typed_in and o.status == "failed":
            failed.setdefault(o.check.step, o)
    return [
        Finding(
            "test.hard-coded",
            step,
            f"{o.check.title}: on the first file, yes; on a file with other counts: expected "
            f"{o.message.expected}, got {o.message.got}",
            first_cell(submission, step),
            True,
        )
        for step, o in failed.items()
    ]
