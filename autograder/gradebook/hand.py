"""What a person gives: `hand.csv` beside the marks, a row a student. No regrade touches it.

`autograder reports` writes it with the names in it; every command that shows marks reads it.
"""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

import msgspec

from autograder.contract import EXERCISES
from autograder.evidence.arrays import printable
from autograder.printing import for_a_table

FILE = "hand.csv"
RUBRIC = {  # column -> most points, and what they are for
    "test_auc": (3, "gives the test AUC, and says which number it is"),
    "guessing": (3, "says whether this beats guessing, and why"),
    "improvement": (4, "proposes one improvement and argues for it"),
}
COLUMNS = ("student", *RUBRIC, "comment", "override", "reason")
REPORT = "step6.report"
HOW = "step3.split=6; step2=10; total=85"


class HandError(Exception):
    """Hand marks that cannot be used; the message names the file, the row and the column."""


class HandMark(msgspec.Struct):
    """What a person gave one student. `override` sets the points of a check, cell or step, or all.

    `rest` are columns that somebody has added: they stay.
    """

    student: str
    rubric: dict[str, float] = {}
    comment: str = ""
    override: dict[str, float] = {}
    reason: str = ""
    rest: dict[str, str] = {}

    @property
    def report(self) -> float | None:
        """The report's points; None as long as a part of it has none."""
        if len(self.rubric) < len(RUBRIC):
            return None
        return sum(self.rubric.values())

    @property
    def empty(self) -> bool:
        """Whether nobody has written anything."""
        return not (self.rubric or self.comment or self.override or any(self.rest.values()))


def read(folder: Path) -> dict[str, HandMark]:
    """The hand marks of a folder of marks, by student; none where there is no such file.

    Raises:
        HandError: a row that cannot be read.
    """
    path = folder / FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise HandError(f"{path}: {error.strerror}: check the file") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeError:
        text = raw.decode("cp1252", "replace")  # as Excel saves CSV in the West
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    titles = [(title or "").strip().casefold() for title in rows.fieldnames or ()]
    rows.fieldnames = titles
    if "student" not in titles:
        raise HandError(f"{path}: row 1: no column student: autograder reports writes the file")
    found: dict[str, HandMark] = {}
    for row in rows:
        at = f"{path}: row {rows.line_num}"
        cells = {k: _cell(v) for k, v in row.items() if isinstance(k, str) and isinstance(v, str)}
        student = cells.get("student", "")
        if not student:
            if any(cells.values()):
                raise HandError(f"{at}: student: nobody is named")
            continue
        if student in found:
            raise HandError(f"{at}: student: {printable(student)} is in it twice")
        found[student] = _mark(student, cells, f"{at}, {printable(student)[:60]}")
    return found


def _cell(text: str) -> str:
    """A cell as it was typed: the sign that keeps a spreadsheet from computing is taken away."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and _safe(text[1:]) == text else text


def _mark(student: str, cells: dict[str, str], at: str) -> HandMark:
    rubric = {}
    for column, (most, _) in RUBRIC.items():
        text = cells.get(column, "")
        if text:
            rubric[column] = _points(text, f"{at}: {column}", most)
    override = _override(cells.get("override", ""), at)
    if override and not cells.get("reason"):
        raise HandError(f"{at}: reason: empty: an override needs one")
    rest = {name: text for name, text in cells.items() if name not in COLUMNS}
    return HandMark(
        student, rubric, cells.get("comment", ""), override, cells.get("reason", ""), rest
    )


def _override(text: str, at: str) -> dict[str, float]:
    """The points of a cell such as `step3.split=6; total=85`."""
    found = {}
    for part in filter(None, (p.strip() for p in text.split(";"))):
        key, sign, value = part.partition("=")
        key = key.strip()
        if not sign or not re.fullmatch(r"total|step[1-6](\.\w+){0,2}", key):
            raise HandError(f"{at}: override: {part[:40]!r}: write such as {HOW}")
        found[key] = _points(value.strip(), f"{at}: override: {key}", most_of(key))
    return found


def _as_text(override: dict[str, float]) -> str:
    return "; ".join(f"{key}={value:g}" for key, value in override.items())


def most_of(key: str) -> float:
    """The most points that a total, a step's automatic part, or a cell can have.

    Of a check those of its cell.
    """
    if key == "total":
        return sum(exercise.points for exercise in EXERCISES.values())
    cell = ".".join(key.split(".")[:2])
    if cell in EXERCISES:
        return EXERCISES[cell].points
    return sum(e.points for e in EXERCISES.values() if e.step == key and not e.by_hand)


def _points(text: str, at: str, most: float) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise HandError(f"{at}: {text[:40]!r}: expected a number from 0 to {most:g}")
    return value


def write(folder: Path, students: list[str]) -> Path:
    """Write `hand.csv` with a row for each of these and for whom it had; nothing in it is lost.

    Raises:
        HandError: the file that is there cannot be read.
        OSError: it cannot be written.
    """
    known = read(folder)
    for student in students:
        known.setdefault(student, HandMark(student))
    return save(folder, known)


def save(folder: Path, known: dict[str, HandMark]) -> Path:
    """Write `hand.csv` with these rows, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    more = list(dict.fromkeys(name for mark in known.values() for name in mark.rest))
    path = folder / FILE
    part = folder / f"{FILE}.part"
    with part.open("w", newline="", encoding="utf-8-sig", errors="replace") as stream:
        writer = csv.writer(stream)
        writer.writerow([*COLUMNS, *more])
        for mark in sorted(known.values(), key=lambda mark: mark.student.casefold()):
            points = [f"{mark.rubric[c]:g}" if c in mark.rubric else "" for c in RUBRIC]
            cells = [mark.student, *points, mark.comment, _as_text(mark.override), mark.reason]
            cells += [mark.rest.get(name, "") for name in more]
            writer.writerow([_safe(cell) for cell in cells])
    os.replace(part, path)
    return path


def _safe(text: str) -> str:
    """As `for_a_table`, but whole: a person's words are not cut."""
    return "'" + text if for_a_table(text).startswith("'") and not text.startswith("'") else text


def bring(
    mark: HandMark, points: dict[str, float], comment: str, origin: str
) -> tuple[HandMark, list[str]]:
    """A row with what a person gave elsewhere, such as in formgrader, and what could not go in.

    `origin` names the columns that keep what was brought the last time. What a person has typed
    into `hand.csv` stays, and is said; what was brought before is brought up to date.
    """
    words = f"{origin} comment"
    before = _override(mark.rest.get(origin, ""), f"{FILE}: {mark.student}")
    override, brought, kept = dict(mark.override), dict[str, float](), []
    for key in dict.fromkeys([*before, *points]):
        here = override.get(key)
        if key == REPORT and here is None:
            here = mark.report
        value = points.get(key)
        if here == value and value is not None:
            brought |= {key: value} if key in before else {}  # else a person typed the same here
        elif here is not None and here != before.get(key):
            if value is not None:
                kept.append(f"{key} is {here:g} here and {value:g} in {origin}")
        elif value is None:
            override.pop(key, None)
        elif not value <= most_of(key):
            kept.append(f"{key} is {value:g} in {origin}, of {most_of(key):g}")
        else:
            override[key] = brought[key] = value
    text, last = mark.comment, mark.rest.get(words, "")
    if text in ("", last):
        text = comment
    elif comment and comment != last and comment not in text:
        kept.append(f"there is a comment here and another in {origin}")
        comment = last
    rest = mark.rest | {origin: _as_text(brought), words: comment}
    if not mark.rest.get(origin) and not mark.rest.get(words) and not brought and not comment:
        rest = mark.rest
    ours = f"marked in {origin}"
    reason = "" if mark.reason == ours else mark.reason
    reason = reason or (ours if override else "")
    return HandMark(mark.student, mark.rubric, text, override, reason, rest), kept
