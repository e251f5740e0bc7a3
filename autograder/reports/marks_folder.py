"""Marks on disk: those of earlier gradings stay, and what is written over can be had back.

`class_report` writes through here; `autograder restore` puts a state back.
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import msgspec

from autograder import printing
from autograder.contract import STEPS
from autograder.gradebook.hand import FILE as HAND
from autograder.gradebook.hand import HandMark
from autograder.gradebook.marks import Mark
from autograder.grading.records import FOLDER as RECORDS
from autograder.handin.roster import forms
from autograder.rules.outcome import PENDING

OF_A_STATE = ("marks.json", "marks.csv", HAND)
STATES, KEPT = ".states", 10  # where the marks before are kept, and how many times
EXECUTED = "executed"
_ELSEWHERE = "name another folder with --output"


class HandIn(NamedTuple):
    """When somebody handed in, whether the LMS called it late, their name, and where it lay."""

    when: str = ""
    late: bool = False
    name: str = ""
    source: str = ""


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


def namesakes(before: list[dict[str, Any]], handed_in: Mapping[str, HandIn]) -> list[str]:
    """Who of these may be another one than the student of that name who has marks, and why.

    Two are one where `collect`'s list gives both the same name, or where their work lies in the
    same class's folder; marks that say neither are taken for the same student's.
    """
    old = {mark["student"]: mark for mark in before}
    found = []
    for student, work in handed_in.items():
        mark = old.get(printing.shown(student), {})
        names = [name for name in (mark.get("name"), work.name) if name and name != student]
        places = [place for place in (mark.get("source"), printing.one_line(work.source)) if place]
        if len(names) == 2 and not forms(names[0]) & forms(names[1]):
            found.append(f"{student}: {names[0]} has marks, and this is {names[1]}")
        elif len(names) < 2 and len({Path(place).parent for place in places}) == 2:
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


def put(folder: Path, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> None:
    """Write files, and take away those that are `gone`; what is lost by it becomes a state."""
    _keep_state(folder, files, gone)
    for name, content in files.items():
        part = folder / f"{name}.part"  # or a full disk would leave half a file
        part.write_bytes(content)
        part.replace(folder / name)


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
    put(folder, files, gone)
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
