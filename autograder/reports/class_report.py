"""A graded class as a table, `marks.csv` and `marks.json`."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from autograder import printing
from autograder.contract import STEPS
from autograder.course import Course
from autograder.gradebook.marks import Mark, number, settle
from autograder.grading.submission import Graded
from autograder.reports.diagnosis import finding_as_dict
from autograder.reports.marks_folder import EXECUTED, HandIn, merged, put, read
from autograder.reports.sections import LABELS

PROBLEMS = 3  # of a student that the terminal shows
REPORT = 20_000  # characters of a report that the marks keep


def table(graded: list[Graded]) -> Table:
    """One row a student: marks of each step, total, and the first finding."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    shown.add_column("\nstudent", no_wrap=True, max_width=24)
    possible = graded[0].marks.steps() if graded else {}
    due = [step for step in STEPS if step in possible] or list(STEPS)
    for step in due:
        shown.add_column(f"{step[-1]}\n/{possible.get(step, (0, 0))[1]:g}", justify="right")
    most = graded[0].marks.max_total if graded else 0
    shown.add_column(f"total\n/{most:g}", justify="right", style="bold")
    flagged = any(record.flags for record in graded)
    if flagged:
        shown.add_column("\nflags", justify="right", style="red")
    shown.add_column("\nfirst finding", min_width=24)
    for record in graded:
        steps = record.marks.steps()
        cells = [f"{steps[step][0]:g}" for step in due]
        finding = shorten(printing.without_paths(first_finding(record)), 160, placeholder=" ...")
        cells.append(f"{record.marks.total:g}")
        cells += [str(len(record.flags) or "")] if flagged else []
        shown.add_row(Text(record.student), *cells, Text(finding))
    return shown


def flags(graded: list[Graded]) -> list[str]:
    """A line for each student of whose run a TA should look at something."""
    lines = []
    for record in graded:
        if record.flags:
            more = len(record.flags) - 1
            others = f", and {more} more in marks.json" if more else ""
            lines.append(printing.one_line(f"{record.student}: {record.flags[0]}", 300) + others)
    return lines


def problems(graded: list[Graded]) -> list[str]:
    """What kept somebody's work from being graded whole: at most three lines a student."""
    lines = []
    for record in graded:
        for text in record.problems[:PROBLEMS]:
            lines.append(
                printing.one_line(f"{record.student}: {printing.without_paths(text)}", 300)
            )
        if len(record.problems) > PROBLEMS:
            more = len(record.problems) - PROBLEMS
            lines.append(printing.one_line(f"{record.student}: and {more} more in marks.json", 300))
    return lines


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
    raised = first_raised(record)
    if raised and raised[0] < min([f.step for f in record.diagnosis.findings], default="step9"):
        return f"{raised[0]}: raised {raised[1]}"
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


def first_raised(record: Graded) -> tuple[str, str] | None:
    """Step and text of the first exception of a step that lost points; None where none did."""
    lost = {o.check.step for o in record.marks.automatic if not o.points}
    return next(((step, text) for step, text in record.raised if step in lost), None)


def as_dict(record: Graded) -> dict[str, Any]:
    """One submission as it stands in `marks.json`."""
    marks = record.marks
    return {
        "student": record.student,
        "key": as_file(record.student),
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
        "raised": [f"{step}: {text}" if step else text for step, text in record.raised],
        "flags": list(record.flags),
        "notes": list(record.notes),
        "status": record.status,
        "first_finding": first_finding(record),
        "numbers": asdict(record.numbers),
        "seconds": round(record.seconds, 1),
    }


def write(
    graded: list[Graded],
    folder: Path,
    course: Course | None = None,
    handed_in: Mapping[str, HandIn] | None = None,
    **how: object,
) -> tuple[Path, Path]:
    """Write `marks.csv` and `marks.json` into `folder`, which is made if need be.

    `how` it was graded, such as the seed, stands at the top of `marks.json` and with each student.
    Students and steps of earlier gradings that are not among these stay; the files as they were
    are kept.

    Raises:
        OSError: the folder cannot be made or written to.
        ExportError: `hand.csv` cannot be read; `marks.json` is written all the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = []
    for record in graded:
        work = (handed_in or {}).get(record.student, HandIn())
        entry = printing.data(as_dict(record)) | {"graded_with": how}
        entry |= {"handed_in": printing.one_line(work.when), "marked_late": work.late}
        entry |= {"name": printing.one_line(work.name), "source": printing.one_line(work.source)}
        fresh.append(entry | {"report": printing.shown(record.report, REPORT)})
    marks = merged(read(folder), fresh)
    files = {"marks.json": _json(how, marks)}
    try:
        files["marks.csv"] = _csv(marks, folder, course)
    finally:
        put(folder, files)
    return folder / "marks.csv", folder / "marks.json"


def write_table(folder: Path, course: Course | None = None) -> None:
    """Write `marks.csv` anew, with what persons have given since.

    Raises:
        OSError: it cannot be written.
        ExportError: `hand.csv` cannot be read.
    """
    put(folder, {"marks.csv": _csv(read(folder), folder, course)})


def others(graded: list[Graded], folder: Path) -> list[str]:
    """The students whose marks are in `folder` from earlier gradings, and are not among these."""
    names = {printing.shown(record.student) for record in graded}
    return [mark["student"] for mark in read(folder) if mark["student"] not in names]


def _json(how: dict[str, object], marks: list[dict[str, Any]]) -> bytes:
    text = json.dumps(how | {"submissions": marks}, indent=1, ensure_ascii=False)
    return (text + "\n").encode("utf-8", "replace")


def _csv(found: list[dict[str, Any]], folder: Path, course: Course | None) -> bytes:
    """The table, for spreadsheets: UTF-8 with the mark that Excel looks for."""
    marks = msgspec.convert(found, list[Mark], strict=False)
    settle(marks, folder, course)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    last = ["total", "max_total", "pending", "late", "status", "first_finding", "flags", "comment"]
    writer.writerow(["student", *STEPS, "report", *last])
    for mark, entry in zip(marks, found, strict=True):
        steps = [number(mark.steps[step].score) if step in mark.steps else "" for step in STEPS]
        report = "" if mark.report_points is None else number(mark.report_points)
        sums = [number(value) for value in (mark.total, mark.max_total, mark.pending)]
        flags = f"{len(mark.flags)}: {mark.flags[0]}" if mark.flags else ""
        said = [part for part in (mark.hand.comment, mark.hand.reason) if part] if mark.hand else []
        row = [mark.student, *steps, report, *sums, mark.lateness.says]
        row += [mark.status, entry.get("first_finding", ""), flags, "; ".join(said)]
        writer.writerow([printing.for_a_table(value) for value in row])
    return stream.getvalue().encode("utf-8-sig", "replace")


def write_executed(record: Graded, folder: Path) -> None:
    """Write the executed copies of a student's notebooks below `folder`/executed.

    Raises:
        OSError: they cannot be written.
    """
    if not record.executed:
        return
    own = folder / EXECUTED / as_file(record.student)
    own.mkdir(parents=True, exist_ok=True)
    for name, text in record.executed.items():
        stem = as_file(name.removesuffix(".ipynb"))
        (own / f"{stem}.ipynb").write_text(text, encoding="utf-8", errors="replace")


def as_file(name: str) -> str:
    """A name as a file or folder can have it everywhere; no two names give the same."""
    kept = re.sub(r"[^\w.@+ -]+", "_", name).strip(". ")[:80]
    if kept != name:
        kept += "_" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:6]
    return os.fsdecode(kept.encode())  # also where file names are ASCII
