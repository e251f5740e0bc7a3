"""A diagnosis as text for a TA or a student, and as the object that `--json` prints."""

from __future__ import annotations

from typing import Any

from autograder.grading.submission import Graded
from autograder.rules.diagnosis import Finding
from autograder.rules.locate import Place


def as_dict(record: Graded) -> dict[str, Any]:
    """One object: what `autograder diagnose --json` prints."""
    diagnosis = record.diagnosis
    return {
        "submission": record.student,
        "status": status(record),
        "findings": [finding_as_dict(finding) for finding in diagnosis.findings],
        "notes": [*record.notes, *diagnosis.notes],
        "raised": [f"{step}: {text}" if step else text for step, text in record.raised],
        "flags": list(record.flags),
        "problems": list(record.problems),
        "unexplained": [
            {
                "check": o.check.id,
                "step": o.check.step,
                "title": o.check.title,
                "expected": o.message.expected,
                "got": o.message.got,
            }
            for o in diagnosis.unexplained
        ],
    }


def finding_as_dict(finding: Finding) -> dict[str, Any]:
    """One finding as plain data."""
    entry, place = finding.cause, finding.place
    return {
        "id": entry.id,
        "step": finding.step,
        "title": entry.title,
        "why": entry.why,
        "proof": finding.proof,
        "notebook": place.notebook,
        "cell": place.cell,
        "where": place.words,
        "line": place.line,
        "source": place.source,
        "question": entry.question,
        "hints": list(entry.hints),
        "references": list(entry.references),
        "costs_marks": finding.costs_marks,
    }


def status(record: Graded) -> str:
    """`right`, `wrong`, `unfinished`, `not attempted`, or `not run` where nothing could be."""
    automatic = record.marks.automatic
    if record.status == "not graded":
        return "not run"
    if record.diagnosis.findings or record.diagnosis.unexplained:
        return "wrong"
    if all(o.status == "not_attempted" for o in automatic):
        return "not attempted"
    return "right" if all(o.points for o in automatic) else "unfinished"


def render(record: Graded, hints: int = 1) -> str:
    """The diagnosis as text, each finding with its first `hints` hints."""
    diagnosis = record.diagnosis
    lines = [f"{record.student}: {status(record)}"]
    earned: dict[str, bool] = {}
    for o in record.marks.automatic:
        earned[o.check.cell] = earned.get(o.check.cell, True) and o.status == "passed"
    right = [exercise for exercise, passed in earned.items() if passed]
    if right:
        lines.append(f"Right: {', '.join(right)}.")
    raised = [f"{step}: {text}" if step else text for step, text in record.raised]
    if raised and status(record) != "right":
        lines += ["", "Raised, when it was run from top to bottom:", *(f"  {r}" for r in raised)]
    for number, finding in enumerate(diagnosis.findings, start=1):
        lines += ["", *_finding(number, finding, hints)]
    if diagnosis.unexplained:
        lines += ["", "Failed, without a name for the cause:"]
        lines += [
            f"  {o.check.step}: {o.check.title}: {_numbers(o.message.expected, o.message.got)}"
            for o in diagnosis.unexplained
        ]
    notes = [*record.notes, *diagnosis.notes]
    if notes:
        lines += ["", "Unusual, and fine:", *(f"  {note}" for note in notes)]
    if record.flags:
        lines += ["", "Flags, for a TA to look at:", *(f"  {flag}" for flag in record.flags)]
    lines += ["", *record.problems] if record.problems else []
    lines += [f"A fault of the diagnosis: {fault}" for fault in diagnosis.faults]
    return "\n".join(lines)


def _finding(number: int, finding: Finding, hints: int) -> list[str]:
    entry = finding.cause
    cost = "" if finding.costs_marks else " (costs no marks)"
    lines = [f"{number}. {entry.title}  [{entry.id}, step {finding.step[-1:]}]{cost}"]
    where = _place(finding.place)
    parts = [("Proof", finding.proof), ("Where", where), ("Why", entry.why)]
    parts += [("Ask", entry.question)]
    parts += [("Hint", hint) for hint in entry.hints[:hints]]
    parts += [("See", ", ".join(entry.references))]
    return lines + [f"   {label}: {text}" for label, text in parts if text]


def _place(place: Place) -> str:
    if place.cell is None:
        return place.notebook
    words = f", {place.words}" if place.words else ""
    line = f", line {place.line}" if place.line else ""
    source = f": `{place.source}`" if place.source else ""
    return f"{place.notebook}{words}{line}{source}"


def _numbers(expected: str, got: str) -> str:
    return f"expected {expected}, got {got}" if expected else got
