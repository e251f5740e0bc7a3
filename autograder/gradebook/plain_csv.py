"""Marks as a plain CSV file for people: everybody, with points by step and the reason."""

from __future__ import annotations

from pathlib import Path

from autograder.contract import STEPS
from autograder.gradebook.join import Gradebook, write_table
from autograder.gradebook.marks import Mark, number
from autograder.printing import for_a_table

COLUMNS = ("student", "name", *STEPS, "total", "max_total", "pending", "status", "remark")


class PlainCsv:
    """`marks.csv`: a row for everybody of the roster, then who has marks and is not on it."""

    name, needs_roster = "csv", False

    def write(self, book: Gradebook, folder: Path) -> tuple[list[Path], list[str]]:
        """Write the file with what Excel needs to see that it is UTF-8."""
        rows = [list(COLUMNS)]
        if book.roster is None:
            rows += [_row(mark.student, "", mark) for mark in book.marks]
        for entry in book.entries:
            key, name = entry.person.key, entry.person.name
            if entry.mark is None:
                rows.append([key, name, *[""] * (len(STEPS) + 3), "no marks", entry.reason])
            else:
                rows.append(_row(key, name, entry.mark))
        for mark, why in book.unmatched:
            rows.append(_row(mark.student, "", mark, "not on the roster", why))
        safe = ([for_a_table(cell) for cell in row] for row in rows)
        return [write_table(folder / "marks.csv", safe, encoding="utf-8-sig")], []


def _row(student: str, name: str, mark: Mark, status: str = "", remark: str = "") -> list[str]:
    steps = [number(mark.steps[step].score) if step in mark.steps else "" for step in STEPS]
    numbers = [number(value) for value in (mark.total, mark.max_total, mark.pending)]
    return [student, name, *steps, *numbers, status or mark.status, remark or mark.first]
