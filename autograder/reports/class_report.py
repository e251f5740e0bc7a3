"""A graded class as a table, `marks.csv` and `marks.json`."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from textwrap import shorten
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from autograder.contract import STEPS
from autograder.grading.submission import Graded
from autograder.reports.diagnosis import finding_as_dict

LABELS = ("ran", "expected", "got", "why", "next")


def table(graded: list[Graded]) -> Table:
    """One row a student: marks of each step, total, and the first finding."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    shown.add_column("\nstudent", no_wrap=True, max_width=24)
    possible = graded[0].marks.steps() if graded else {}
    for step in STEPS:
        shown.add_column(f"{step[-1]}\n/{possible.get(step, (0, 0))[1]:g}", justify="right")
    most = graded[0].marks.max_total if graded else 0
    shown.add_column(f"total\n/{most:g}", justify="right", style="bold")
    shown.add_column("\nfirst finding", min_width=24)
    for record in graded:
        steps = record.marks.steps()
        cells = [f"{steps[step][0]:g}" for step in STEPS]
        finding = shorten(first_finding(record), 160, placeholder=" ...")
        shown.add_row(Text(record.student), *cells, f"{record.marks.total:g}", Text(finding))
    return shown


def groups(graded: list[Graded]) -> Table | None:
    """Who has which misconception, the most frequent first; None where nobody has any."""
    have: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for record in graded:
        for finding in record.diagnosis.findings:
            have.setdefault(finding.id, []).append(record.student)
            titles[finding.id] = finding.cause.title
    if not have:
        return None
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for title in ("misconception", "students", "who"):
        shown.add_column(title, justify="right" if title == "students" else "left")
    for id_, students in sorted(have.items(), key=lambda item: (-len(item[1]), item[0])):
        who = shorten(", ".join(dict.fromkeys(students)), 60, placeholder=" ...")
        shown.add_row(Text(f"{titles[id_]} ({id_})"), f"{len(set(students))}", Text(who))
    return shown


def first_finding(record: Graded) -> str:
    """The most fundamental thing to say about a submission, in one line."""
    if record.problems:
        return record.problems[0]
    for finding in record.diagnosis.findings:
        where = f"{finding.step}: " if finding.step else ""
        return f"{where}{finding.cause.title}: {finding.proof}"
    found = record.marks.mistakes()
    if found:
        message = found[0].message
        numbers = (
            f"expected {message.expected}, got {message.got}" if message.expected else message.got
        )
        title = message.ran if found[0].status == "student_error" else found[0].check.title
        return f"{found[0].check.step}: {title}: {numbers}"
    missing = [o for o in record.marks.automatic if o.status == "not_attempted"]
    if missing:
        steps = list(dict.fromkeys(o.check.step for o in missing))
        return "not attempted: " + ", ".join(steps)
    blocked = [o for o in record.marks.automatic if o.status == "blocked"]
    return f"{blocked[0].check.title}: {blocked[0].message.got}" if blocked else ""


def as_dict(record: Graded) -> dict[str, Any]:
    """One submission as it stands in `marks.json`."""
    marks = record.marks
    return {
        "student": record.student,
        "total": marks.total,
        "max_total": marks.max_total,
        "pending": marks.pending,
        "steps": {s: {"score": got, "max_score": most} for s, (got, most) in marks.steps().items()},
        "cells": marks.cells(),
        "checks": [
            {
                "id": o.check.id,
                "cell": o.check.cell,
                "title": o.check.title,
                "status": o.status,
                "points": o.points,
                "max_points": o.check.points,
                "by_hand": o.check.by_hand,
                "message": {label: getattr(o.message, label) for label in LABELS},
            }
            for o in marks.outcomes
        ],
        "findings": [finding_as_dict(finding) for finding in record.diagnosis.findings],
        "unexplained": [o.check.id for o in record.diagnosis.unexplained],
        "faults": list(record.diagnosis.faults),
        "problems": list(record.problems),
        "flags": list(record.flags),
        "notes": list(record.notes),
        "status": record.status,
    }


def write(graded: list[Graded], folder: Path, **how: object) -> tuple[Path, Path]:
    """Write `marks.csv` and `marks.json` into `folder`, which is made if need be.

    `how` it was graded, such as the seed, stands at the top of `marks.json`.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = how | {"submissions": [as_dict(g) for g in graded]}
    records = json.dumps(found, indent=2, ensure_ascii=False)
    part = folder / "marks.json.part"  # or a full disk would leave half a file
    part.write_text(records + "\n", encoding="utf-8", errors="replace")
    part.replace(folder / "marks.json")
    text: Any = {"newline": "", "encoding": "utf-8-sig", "errors": "replace"}
    with (folder / "marks.csv").open("w", **text) as stream:
        writer = csv.writer(stream)
        most = ["max_total", "pending", "status", "first_finding"]
        writer.writerow(["student", *STEPS, "total", *most])
        for record in graded:
            marks = record.marks
            steps = [f"{marks.steps()[step][0]:g}" for step in STEPS]
            numbers = [f"{n:g}" for n in (marks.total, marks.max_total, marks.pending)]
            row = [record.student, *steps, *numbers, record.status, first_finding(record)]
            writer.writerow([_plain(value) for value in row])
    return folder / "marks.csv", folder / "marks.json"


def write_executed(record: Graded, folder: Path) -> None:
    """Write the executed copies of a student's notebooks below `folder`/executed.

    Raises:
        OSError: they cannot be written.
    """
    if not record.executed:
        return
    own = folder / "executed" / re.sub(r"[^\w.@+-]+", "_", record.student).strip(".")
    own.mkdir(parents=True, exist_ok=True)
    for name, text in record.executed.items():
        (own / name).write_text(text, encoding="utf-8", errors="replace")


def _plain(value: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return "'" + value if value[:1] in ("=", "+", "-", "@") and not value[1:2].isdigit() else value
