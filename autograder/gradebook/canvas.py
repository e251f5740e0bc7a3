"""Marks in the table that Canvas exported, to be imported there again."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.contract import ASSIGNMENT
from autograder.gradebook.join import ExportError, Gradebook, write_table
from autograder.gradebook.marks import FULL_MARKS, number
from autograder.handin.roster import Roster, header_key

IDENTITY = ("student", "id", "sisuserid", "sisloginid", "rootaccount", "section")


class Canvas:
    """The columns that say who it is, as they were, and the assignment's with the marks in it.

    A column that Canvas does not know would become a new assignment: one that it exported is used.
    """

    name, needs_roster = "canvas", True

    def write(self, book: Gradebook, folder: Path) -> tuple[list[Path], list[str]]:
        """Write `canvas.csv`. Who has no mark keeps the one that stands there."""
        roster = book.needed_roster()
        if roster.column("student") is None or roster.column("id") is None:
            raise ExportError(f"{roster.path}: not what Canvas exports: no column Student, or ID")
        target = _column(roster, book.column)
        keep = [n for n, title in enumerate(roster.header) if header_key(title) in IDENTITY]
        points = {e.person.row: e.mark.points for e in book.entries if e.mark is not None}
        rows = [[roster.header[n] for n in (*keep, target)]]
        for row, cells in enumerate(roster.rows):
            if any(cell.strip() for cell in cells):
                last = points.get(row, roster.cell(row, target))
                rows.append([roster.cell(row, n) for n in keep] + [last])
        path = write_table(folder / "canvas.csv", rows, encoding=roster.encoding)
        return [path], _notes(roster, target)


def _column(roster: Roster, wanted: str) -> int:
    """The assignment's column: the one that was asked for, or the only one that it can be."""
    assignments = [n for n, t in enumerate(roster.header) if re.fullmatch(r".+ \(\d+\)\s*", t)]
    titles = {n: roster.header[n].strip() for n in assignments}
    if wanted:
        found = [n for n in titles if wanted.strip() in (titles[n], titles[n].rpartition(" (")[0])]
    else:
        found = [n for n in titles if header_key(ASSIGNMENT) in header_key(titles[n])]
        found = found or assignments
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(title) for title in titles.values()) or "none"
    if not titles:
        raise ExportError(
            f"{roster.path}: no column of an assignment, such as 'GNN recommender (991)': make the "
            "assignment in Canvas, and export the gradebook again"
        )
    raise ExportError(f"{roster.path}: which column? Name one of these with --column: {listed}")


def _notes(roster: Roster, target: int) -> list[str]:
    names = roster.column("student")
    possible = next(
        (
            roster.cell(row, target).strip()
            for row in range(len(roster.rows))
            if roster.cell(row, names).strip() == "Points Possible"
        ),
        "",
    )
    notes = [f"The marks are in the column {roster.header[target].strip()!r}."]
    try:
        if possible and float(possible) != FULL_MARKS:
            most = number(FULL_MARKS)
            notes.append(
                f"Canvas gives {possible} points for it and the course {most}: as they are."
            )
    except ValueError:
        notes.append(f"Canvas's points possible cannot be read: {possible!r}.")
    return notes
