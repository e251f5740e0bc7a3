"""What `autograder collect` found, for the terminal: who, what, and what to look at."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from autograder.contract import STEPS
from autograder.handin import collect
from autograder.handin.collect import Collected, Row
from autograder.handin.roster import HOW_TO_TELL
from autograder.printing import for_a_table, one_line

COLUMNS = (
    *("student", "name", "status", "steps", "files", "handed_in", "late", "from", "notes"),
    "hand_back",
)
SHOWN = 12  # lines of one list on the terminal; collected.csv has all


def table(result: Collected) -> Table:
    """A row for everybody, also for who handed in nothing."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for title in ("student", "name", "found", "handed in"):
        shown.add_column(title, max_width=28)
    shown.add_column("notes", min_width=24)
    for row in result.rows:
        notes = [
            *row.notes[:2],
            *([f"and {len(row.notes) - 2} more"] if len(row.notes) > 2 else []),
        ]
        when = f"{row.when[:16]} {'late' if row.late else ''}".strip()
        name = row.name if row.name != row.student else ""
        cells = [row.student, name, found(row), when, "; ".join(notes)[:300]]
        shown.add_row(*(Text(one_line(cell)) for cell in cells))
    return shown


def write(result: Collected, into: Path) -> Path:
    """Write `collected.csv`: a row for everybody, also for who handed in nothing.

    Raises:
        OSError: it cannot be written.
    """
    into.mkdir(parents=True, exist_ok=True)
    part = into / f"{collect.LIST}.part"
    with part.open("w", newline="", encoding="utf-8-sig", errors="replace") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for row in result.rows:
            late = "late" if row.late else ""
            cells = [row.student, row.name, row.status, " ".join(row.steps), " ".join(row.files)]
            cells += [row.when, late, row.shape, "; ".join(row.notes), row.hand_back]
            writer.writerow([for_a_table(cell) for cell in cells])
    os.replace(part, into / collect.LIST)
    return into / collect.LIST


def found(row: Row) -> str:
    """What there is of a student, in a few words."""
    if row.status == collect.BEFORE:
        return f"{_files(len(row.files))} from before"
    if row.status != collect.HERE:
        return row.status
    words = "step" if len(row.steps) == 1 else "steps"
    return f"{words} {_numbers(row.steps)} ({_files(len(row.files))})"


def _numbers(steps: tuple[str, ...]) -> str:
    """Such as `1 to 5`, or `1, 3, 4`."""
    places = [STEPS.index(step) for step in steps]
    if len(steps) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"{steps[0][-1]} to {steps[-1][-1]}"
    return ", ".join(step[-1] for step in steps)


def lines(result: Collected) -> Iterator[str]:
    """The counts, then one list for each thing that somebody should know."""
    here = [row for row in result.rows if row.status in collect.WITH_FILES]
    yield f"{len(here)} of {len(result.rows)} students have handed in."
    yield from listed(
        "Handed in nothing", [_who(row) for row in result.rows if row.status == collect.NOTHING]
    )
    nothing = [row for row in result.rows if row.status == collect.UNREADABLE]
    yield from listed(
        "Handed in nothing that can be graded",
        [f"{_who(row)}: {'; '.join(row.notes[:1])}" for row in nothing],
    )
    yield from listed(
        "Could not be placed",
        [
            f"{row.student}: {'; '.join([*row.notes, _files(len(row.files))])}"
            for row in result.unplaced
        ],
    )
    if result.unplaced:
        yield f"  To place them, {HOW_TO_TELL} of the roster, and collect again."
    yield from listed("Late", [_who(row) for row in result.rows if row.late])
    yield from listed(
        "Earlier versions kept",
        [f"{row.student}: {row.earlier}" for row in result.rows if row.earlier],
    )
    same = [
        f"{', '.join(who[:6])}{' and more' if len(who) > 6 else ''}: {', '.join(names[:2])}"
        f"{f' and {len(names) - 2} more' if len(names) > 2 else ''}"
        for who, names in result.identical
    ]
    yield from listed("Files that are the same byte for byte", same)
    yield from listed("Left out", result.left_out)
    yield "Written: " + ", ".join(str(path) for path in result.written)


def listed(title: str, entries: list[str]) -> Iterator[str]:
    if not entries:
        return
    yield f"{title} ({len(entries)}):"
    yield from (f"  {one_line(entry)}" for entry in entries[:SHOWN])
    if len(entries) > SHOWN:
        yield f"  and {len(entries) - SHOWN} more"


def _who(row: Row) -> str:
    return row.student if row.name == row.student else f"{row.name} ({row.student})"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
