"""Marks beside the roster: whose row each belongs to, exactly or not at all."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.gradebook.marks import ExportError, Mark
from autograder.handin.collect import AMBIGUOUS, NOTHING, listed
from autograder.handin.roster import Match, Person, Roster

__all__ = ["Entry", "ExportError", "Gradebook", "join"]


@dataclass
class Entry:
    """One student of the roster, and their mark where there is one."""

    person: Person
    mark: Mark | None = None
    reason: str = ""  # why there is none
    several: bool = False  # marks that are theirs, so that none of them counts


@dataclass
class Gradebook:
    """What a format writes. `column` is the one of the LMS that the marks go to, as was asked."""

    marks: list[Mark]
    roster: Roster | None = None
    entries: list[Entry] = field(default_factory=list)
    unmatched: list[tuple[Mark, str]] = field(default_factory=list)
    column: str = ""

    @property
    def pending(self) -> list[Mark]:
        """Marks with points that a person is still to give."""
        return [mark for mark in self.marks if mark.pending]

    def needed_roster(self) -> Roster:
        """The roster, for a format that cannot do without."""
        if self.roster is None:
            raise ExportError("this format needs the roster that the LMS exported: --roster FILE")
        return self.roster


def join(
    marks: list[Mark],
    roster: Roster | None = None,
    column: str = "",
    reasons: dict[str, str] | None = None,
) -> Gradebook:
    """Find the row of each mark. Two marks for one row both stay out, and are said."""
    book = Gradebook(marks, roster, column=column)
    if roster is None:
        return book
    owners: dict[str, list[Mark]] = {}
    for mark in marks:
        match = find(roster, mark.student)
        if match.person is None:
            book.unmatched.append((mark, match.why))
        else:
            owners.setdefault(match.person.key, []).append(mark)
    for person in roster.people:
        theirs = owners.get(person.key, [])
        entry = Entry(person, theirs[0] if len(theirs) == 1 else None)
        if len(theirs) > 1:
            names = ", ".join(mark.student for mark in theirs)
            entry.several = True
            entry.reason = f"there are marks of several submissions: {names}"
            book.unmatched += [
                (mark, f"one of several of {person.key}: {names}") for mark in theirs
            ]
        elif entry.mark is None:
            entry.reason = (reasons or {}).get(person.key, "no marks")
        book.entries.append(entry)
    return book


def find(roster: Roster, student: str) -> Match:
    """Whose row a mark belongs to: by folder name, login or number, or by a name that one has."""
    match = roster.find((student,), (student,))
    if match.person is None and match.nobody and (both := re.fullmatch(r"(.+)_(\d+)", student)):
        again = roster.find((), (both.group(1),), (both.group(2),))  # `collect` without a roster
        return match if again.nobody else again
    return match


def reasons_of(submitted: Path) -> dict[str, str]:
    """Why there is nothing of somebody, from the list that `collect` left; empty without one."""
    rows = listed(submitted)
    return {key: r["status"] for key, r in rows.items() if r.get("status") in (NOTHING, AMBIGUOUS)}


def write_table(
    path: Path, rows: Iterable[list[str]], delimiter: str = ",", encoding: str = "utf-8"
) -> Path:
    """Write a CSV file, whole or not at all."""
    encoding = encoding if encoding.startswith("utf") else "utf-8"
    part = path.with_name(f"{path.name}.part")
    with part.open("w", newline="", encoding=encoding, errors="replace") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    os.replace(part, path)
    return path
