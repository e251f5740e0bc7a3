"""A graded class as a table, `marks.csv` and `marks.json`."""

from __future__ import annotations

import contextlib
import csv
import datetime
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from autograder import printing
from autograder.contract import STEPS
from autograder.course import Course
from autograder.gradebook.hand import FILE as HAND
from autograder.gradebook.hand import HandMark
from autograder.gradebook.marks import Mark, number, settle
from autograder.grading.records import FOLDER as RECORDS
from autograder.grading.submission import Graded
from autograder.handin.roster import forms
from autograder.reports.diagnosis import finding_as_dict
from autograder.reports.sections import LABELS
from autograder.rules.outcome import PENDING

OF_A_STATE = ("marks.json", "marks.csv", HAND)
STATES, KEPT = ".states", 10  # where the marks before are kept, and how many times
EXECUTED = "executed"
PROBLEMS = 3  # of a student that the terminal shows
REPORT = 20_000  # characters of a report that the marks keep
_ELSEWHERE = "name another folder with --output"


class HandIn(NamedTuple):
    """When somebody handed in, whether the LMS called it late, their name, and where it lay."""

    when: str = ""
    late: bool = False
    name: str = ""
    source: str = ""


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
        _put(folder, files)
    return folder / "marks.csv", folder / "marks.json"


def write_table(folder: Path, course: Course | None = None) -> None:
    """Write `marks.csv` anew, with what persons have given since.

    Raises:
        OSError: it cannot be written.
        ExportError: `hand.csv` cannot be read.
    """
    _put(folder, {"marks.csv": _csv(read(folder), folder, course)})


def _put(folder: Path, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> None:
    """Write files, and take away those that are `gone`; what is lost by it becomes a state."""
    _keep_state(folder, files, gone)
    for name, content in files.items():
        part = folder / f"{name}.part"  # or a full disk would leave half a file
        part.write_bytes(content)
        part.replace(folder / name)


def others(graded: list[Graded], folder: Path) -> list[str]:
    """The students whose marks are in `folder` from earlier gradings, and are not among these."""
    names = {printing.shown(record.student) for record in graded}
    return [mark["student"] for mark in read(folder) if mark["student"] not in names]


def namesakes(before: list[dict[str, Any]], handed_in: Mapping[str, HandIn]) -> list[str]:
    """Who of these may be another one than the student of that name who has marks, and why.

    Two are one where `collect`'s list gives both the same name, or where their work lies in the
    same place; marks that say neither are taken for the same student's.
    """
    old = {mark["student"]: mark for mark in before}
    found = []
    for student, work in handed_in.items():
        mark = old.get(printing.shown(student), {})
        names = [name for name in (mark.get("name"), work.name) if name and name != student]
        places = [place for place in (mark.get("source"), printing.one_line(work.source)) if place]
        if len(names) == 2 and not forms(names[0]) & forms(names[1]):
            found.append(f"{student}: {names[0]} has marks, and this is {names[1]}")
        elif len(names) < 2 and len(set(places)) == 2:
            found.append(f"{student}: the marks are of {places[0]}, and this is {places[1]}")
    return found


def changes(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    hand_before: Mapping[str, HandMark] | None = None,
    hand_after: Mapping[str, HandMark] | None = None,
) -> list[str]:
    """A line for each student who is new or gone, or who has other points or hand marks now.

    Where there were no marks before, nobody is new.
    """
    old = {mark["student"]: mark for mark in before}
    lines = [_moved(old[m["student"]], m) for m in after if m["student"] in old]
    fresh = [mark for mark in after if mark["student"] not in old] if before else []
    lines += [f"{mark['student']}: new, {mark['total']:g}" for mark in fresh]
    now = {mark["student"] for mark in after}
    lines += [
        f"{m['student']}: gone, had {m['total']:g}" for m in before if m["student"] not in now
    ]
    given = {**(hand_before or {}), **(hand_after or {})}
    for student in given:
        was, now_is = (_by_hand((marks or {}).get(student)) for marks in (hand_before, hand_after))
        if was != now_is:
            lines.append(f"{student}: by hand {was or 'nothing'} -> {now_is or 'nothing'}")
    return [line for line in lines if line]


def _moved(last: dict[str, Any], mark: dict[str, Any]) -> str:
    """What is different for a student who was there before; empty where nothing is."""
    if last["cells"] == mark["cells"] and last["pending"] == mark["pending"]:
        return ""
    cells = {**last["cells"], **mark["cells"]}
    moved = [(c, mark["cells"].get(c, 0) - last["cells"].get(c, 0)) for c in cells]
    said = ", ".join(f"{cell} {by:+g}" for cell, by in moved if by)
    pending = mark["pending"] - last["pending"]
    said += f"{', ' if said else ''}pending {pending:+g}" if pending else ""
    return f"{mark['student']}: {last['total']:g} -> {mark['total']:g} ({said})"


def _by_hand(mark: HandMark | None) -> str:
    """What a person gave, in a few words."""
    if mark is None or mark.empty:
        return ""
    points = [f"{key} {value:g}" for key, value in mark.rubric.items()]
    points += [f"{key}={value:g}" for key, value in mark.override.items()]
    words = shorten(mark.comment, 40, placeholder=" ...")
    return ", ".join([*points, *([f'"{words}"'] if words else [])]) or "columns of your own"


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


def read(folder: Path) -> list[dict[str, Any]]:
    """The students of an earlier `marks.json`; none where it is not there or is none of ours."""
    try:
        marks = msgspec.json.decode((folder / "marks.json").read_bytes())["submissions"]
        msgspec.convert(marks, list[Mark], strict=False)
    except (OSError, ValueError, LookupError, TypeError, RecursionError, msgspec.MsgspecError):
        return []
    return marks


def merged(before: list[dict[str, Any]], fresh: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The marks of both, each student once: as graded now, else as graded before."""
    old = {mark["student"]: mark for mark in before}
    fresh = [_with_steps_of(old.get(mark["student"]), mark) for mark in fresh]
    now = {mark["student"] for mark in fresh}
    stay = [mark for mark in before if mark["student"] not in now]
    if not stay:
        return fresh
    return sorted([*stay, *fresh], key=lambda mark: mark["student"].encode("utf-8", "replace"))


def _with_steps_of(before: dict[str, Any] | None, mark: dict[str, Any]) -> dict[str, Any]:
    """A mark with the steps that were graded earlier and not now, as in a weekly hand-in."""
    kept = {s: v for s, v in (before or {}).get("steps", {}).items() if s not in mark["steps"]}
    if before is None or not kept:
        return mark
    joined = dict(mark)
    for key in ("checks", "findings"):
        mine = [e for e in before.get(key, ()) if _step(e) in kept]
        joined[key] = sorted([*mine, *mark[key]], key=_step)
    steps = kept | mark["steps"]
    joined["steps"] = {step: steps[step] for step in STEPS if step in steps}
    cells = before.get("cells", {}) | mark["cells"]
    order = dict.fromkeys(check["cell"] for check in joined["checks"])
    joined["cells"] = {cell: cells[cell] for cell in order if cell in cells}
    for key, part in (("total", "score"), ("max_total", "max_score")):
        joined[key] = mark[key] + sum(step[part] for step in kept.values())
    joined["pending"] = sum(
        check["max_points"]
        for check in joined["checks"]
        if check["status"] in PENDING or (check["by_hand"] and check["points"])
    )
    joined["report"] = mark["report"] or before.get("report", "")
    joined["unexplained"] = [
        *(id for id in before.get("unexplained", ()) if id.split(".")[0] in kept),
        *mark["unexplained"],
    ]
    return joined


def _step(entry: dict[str, Any]) -> str:
    return str(entry.get("step") or entry.get("cell", "")).split(".")[0]


def _keep_state(folder: Path, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> None:
    """Keep the files as they are, where any is about to change; the last ten states stay."""
    present = [folder / name for name in files if (folder / name).is_file()]
    lost = any((folder / name).is_file() for name in gone)
    if not lost and all(path.read_bytes() == files[path.name] for path in present):
        return
    place = states(folder) / f"{datetime.datetime.now():%Y-%m-%d %H.%M.%S}"
    names = [place, *(place.with_name(f"{place.name} ({n})") for n in range(2, 1000))]
    place = next(path for path in names if not path.exists())
    place.mkdir(parents=True)
    for name in OF_A_STATE:
        if (folder / name).is_file():
            shutil.copy2(folder / name, place / name)
    for old in kept_states(folder)[KEPT:]:
        with contextlib.suppress(OSError):
            shutil.rmtree(old)


def states(folder: Path) -> Path:
    """Where the states of a folder of marks are."""
    return folder / STATES


def kept_states(folder: Path) -> list[Path]:
    """The states that are kept, the last one first."""
    found = states(folder).iterdir() if states(folder).is_dir() else ()
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def restore(folder: Path, state: Path) -> None:
    """Put a state back; what is there now becomes a state itself.

    Raises:
        OSError: it cannot be read or written.
    """
    files = {p.name: p.read_bytes() for p in state.iterdir() if p.name in OF_A_STATE}
    gone = tuple(name for name in OF_A_STATE if name not in files)
    _put(folder, files, gone)
    for name in gone:
        (folder / name).unlink(missing_ok=True)


def unwritable(folder: Path) -> str:
    """Why marks cannot be written into a folder, in one line; empty where they can."""
    for name in ("marks.json", "marks.csv"):
        for path in (folder / name, folder / f"{name}.part"):
            if path.is_dir():
                return f"{path}: a folder, where a file is to be written: {_ELSEWHERE}"
    places = [folder / name for name in (EXECUTED, STATES, RECORDS)]
    for path in (folder, *folder.parents, *places):
        if path.exists() and not path.is_dir():
            return f"{path}: a file, where a folder is needed: {_ELSEWHERE}"
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    for path in (there, *(place for place in places if place.exists())):
        try:
            with tempfile.TemporaryFile(dir=path):
                pass
        except OSError as error:
            return f"{path}: nothing can be written there ({error.strerror}): {_ELSEWHERE}"
    return ""


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
