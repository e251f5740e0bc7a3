"""Evidence to misconceptions: which ones a submission holds, most fundamental first.

`autograder diagnose` and `grade` come here. To add a misconception, write one entry in a file
`stepN_*.py` of this folder: `entry.py` says how.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch

from autograder import STEPS
from autograder.checks.plugin import Outcome
from autograder.diagnosis.entry import Case, Misconception
from autograder.diagnosis.locate import Place, first_cell, place_of
from autograder.diagnosis.stops import STOPS, stops
from autograder.evidence import Evidence
from autograder.marks import AGAIN
from autograder.submission import Submission
from autograder.truth import Truth

WRONG = ("failed", "student_error")


@dataclass(frozen=True)
class Finding:
    """A misconception that was found: the step, the proof, and where to look. Plain data."""

    id: str
    step: str
    proof: str
    place: Place
    costs_marks: bool

    @property
    def entry(self) -> Misconception:
        """What there is to say about it."""
        return next(e for e in (*catalogue(), *STOPS) if e.id == self.id)


@dataclass(frozen=True)
class Diagnosis:
    """What there is to say about a submission.

    `unexplained` are checks that failed without a name for the cause; `notes` what is unusual, and
    right.
    """

    findings: tuple[Finding, ...]
    unexplained: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()  # of entries that could not be looked for: ours


@functools.cache
def catalogue() -> tuple[Misconception, ...]:
    """Every entry, step by step, the most fundamental first.

    Raises:
        ValueError: two entries share an id.
    """
    found: list[Misconception] = []
    modules = sorted(m.name for m in pkgutil.iter_modules(__path__))
    for name in [m for m in modules if m.startswith("step")]:
        module = importlib.import_module(f"{__name__}.{name}")
        found += [v for v in vars(module).values() if isinstance(v, Misconception)]
    ids = [entry.id for entry in found]
    if len(ids) > len(set(ids)):
        raise ValueError(f"two entries of one id: {sorted(i for i in ids if ids.count(i) > 1)}")
    return tuple(sorted(found, key=lambda entry: (entry.step, entry.rank)))


def diagnose(
    submission: Submission,
    truth: Truth,
    ways: list[tuple[Evidence, list[Outcome]]],
    outcomes: list[Outcome],
) -> Diagnosis:
    """Name what is wrong.

    `ways` is what each way of running the submission gave: first on what its own earlier steps
    made, then, if need be, on right inputs. A step is looked at on its own inputs as long as
    nothing before it was found, then on right ones: so no step is blamed for an earlier one.
    `outcomes` are those that count.
    """
    cases = [Case(e, truth, {o.check.id: o for o in found}) for e, found in ways]
    own, findings, faults = cases[0], list[Finding](), list[str]()
    for step in STEPS:
        proofs = _proofs(step, cases, bool(findings), faults)
        shown = [entry for entry in proofs if not _hidden(entry, [f.entry for f in findings])]
        shown = [entry for entry in shown if not _hidden(entry, shown)]
        # what `train` hands to `encode` is a mistake of step 4 that shows in step 5
        lost = any(o.check.step >= step and o.status in WRONG for o in outcomes)
        names = ways[0][0].names
        findings += [
            Finding(entry.id, step, proofs[entry], place_of(entry, submission, names, own), lost)
            for entry in shown
        ]
    findings += _typed_in(submission, outcomes)
    stopped = stops(submission, [evidence for evidence, _ in ways], outcomes)
    findings += [Finding(e.id, step, proof, place, True) for e, step, proof, place in stopped]
    findings.sort(key=lambda finding: finding.step)
    unexplained = tuple(_unexplained(outcomes, findings))
    return Diagnosis(tuple(findings), unexplained, tuple(_notes(own.evidence)), tuple(faults))


def _proofs(
    step: str, cases: list[Case], after: bool, faults: list[str]
) -> dict[Misconception, str]:
    """The entries of a step that are found, with their proofs."""
    entries = [entry for entry in catalogue() if entry.step == step]
    own, right = cases[0], cases[-1]
    found = {entry: _found(entry, own, faults) for entry in entries}
    if after and right is not own:
        again = {entry: _found(entry, right, faults) for entry in entries}
        if getattr(right.evidence, step) is not None:
            stuck = own.stuck(step)
            found = {e: proof for e, proof in again.items() if stuck or found[e]}
    return {entry: proof for entry, proof in found.items() if proof}


def _typed_in(submission: Submission, outcomes: list[Outcome]) -> list[Finding]:
    """What passes on one file only: one finding a step."""
    failed: dict[str, Outcome] = {}
    for o in outcomes:
        if o.status == "failed" and o.message.ran.endswith(AGAIN):
            failed.setdefault(o.check.step, o)
    return [
        Finding(
            "test.hard-coded",
            step,
            f"{o.check.title}: on the first file, yes; {AGAIN}: expected {o.message.expected}, "
            f"got {o.message.got}",
            first_cell(submission, step),
            True,
        )
        for step, o in failed.items()
    ]


def _found(entry: Misconception, case: Case, faults: list[str]) -> str | None:
    try:
        return entry.found(case)
    except Exception as error:  # of an entry: it costs that entry, and is said
        faults.append(f"{entry.id}: {type(error).__name__}: {error}")
        return None


def _hidden(entry: Misconception, others: Iterable[Misconception]) -> bool:
    """Whether it is a consequence of another one."""
    return any(fnmatch(entry.id, p) for o in others if o is not entry for p in o.hides)


def _unexplained(outcomes: list[Outcome], findings: list[Finding]) -> list[Outcome]:
    """Checks that failed in a step, or an exercise, about which nothing was found."""
    named = {finding.step for finding in findings}
    hidden = [pattern for finding in findings for pattern in finding.entry.hides]
    steps = {e.step for e in catalogue() if any(fnmatch(e.id, p) for p in hidden)} | named
    return [o for o in outcomes if o.status in WRONG and o.check.step not in steps]


def _notes(evidence: Evidence) -> list[str]:
    """What is unusual, and right."""
    return [f"`{name}` is called `{own}` here" for name, own in sorted(evidence.names.items())]
