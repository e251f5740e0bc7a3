"""Marks for Moodle: in its offline grading worksheet, or as a file for the gradebook's import."""

from __future__ import annotations

import html
from pathlib import Path

from autograder.gradebook.join import ExportError, Gradebook, write_table
from autograder.gradebook.marks import FULL_MARKS, number
from autograder.handin.roster import FAMILY, GIVEN, Roster

IDENTITY = (*GIVEN, *FAMILY, "fullname", "username", "idnumber", "emailaddress", "email")
KEYS = ("username", "idnumber", "emailaddress", "email")  # that Moodle's import finds people by
GRADE, FEEDBACK = "GNN recommender", "Feedback"


class Moodle:
    """The worksheet with every cell as it was but grade and feedback, where it is a worksheet.

    Of any other roster: who it is, the grade and the feedback, for people who have marks; an empty
    grade would erase the one that Moodle has.
    """

    name, needs_roster = "moodle", True

    def write(self, book: Gradebook, folder: Path) -> tuple[list[Path], list[str]]:
        """Write `moodle.csv`."""
        roster = book.needed_roster()
        worksheet = roster.column("identifier") is not None and roster.column("grade") is not None
        rows, notes = _worksheet(book, roster) if worksheet else _import(book, roster)
        path = write_table(folder / "moodle.csv", rows, roster.delimiter, roster.encoding)
        return [path], notes


def _worksheet(book: Gradebook, roster: Roster) -> tuple[list[list[str]], list[str]]:
    grade, feedback = roster.column("grade"), roster.column("feedbackcomments")
    most, locked = roster.column("maximumgrade"), roster.column("gradecanbechanged")
    rows = [list(cells) for cells in roster.rows]
    notes, other = [], set()
    for entry in book.entries:
        row = entry.person.row
        if entry.mark is None or grade is None:
            continue
        if roster.cell(row, locked).strip().casefold() in ("no", "0"):
            notes.append(f"Moodle has locked the grade of {entry.person.key}: left as it is.")
            continue
        cells = rows[row]
        cells += [""] * (len(roster.header) - len(cells))
        cells[grade] = entry.mark.points
        if feedback is not None:
            cells[feedback] = html.escape(entry.mark.feedback, quote=False)
        possible = roster.cell(row, most).strip().replace(",", ".")
        try:
            other |= {possible} if possible and float(possible) != FULL_MARKS else set()
        except ValueError:
            other.add(possible)
    if other:
        points = ", ".join(sorted(other))
        notes.append(
            f"Moodle's maximum is {points} and the course's {number(FULL_MARKS)}: as they are."
        )
    return [roster.header, *(cells for cells in rows if any(cells))], notes


def _import(book: Gradebook, roster: Roster) -> tuple[list[list[str]], list[str]]:
    keep = [c for name in IDENTITY for c in [roster.column(name)] if c is not None]
    if not any(roster.column(name) is not None for name in KEYS):
        raise ExportError(
            f"{roster.path}: none of the columns by which Moodle finds "
            "people: Username, ID number, or Email address"
        )
    titles = [roster.header[n] for n in keep]
    rows = [[*titles, book.column or GRADE, FEEDBACK]]
    for entry in book.entries:
        if entry.mark is not None:
            who = [roster.cell(entry.person.row, n) for n in keep]
            feedback = html.escape(entry.mark.feedback, quote=False)
            rows.append([*who, entry.mark.points, feedback])
    return rows, ["Only people with marks are in it: an empty grade would erase Moodle's own."]
