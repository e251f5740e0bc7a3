"""What `autograder collect` found, for the terminal: who, what, and what to look at."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from autograder.contract import STEPS
from autograder.evidence.arrays import printable
from autograder.handin import collect
from autograder.handin.collect import Collected, Row

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
        shown.add_row(*(Text(printable(cell)) for cell in cells))
    return shown


def found(row: Row) -> str:
    """What there is of a student, in a few words."""
    if row.status == collect.BEFORE:
        return f"{_files(len(row.files))} from before"
    if row.status != collect.HERE:
        return row.status
    if row.steps == STEPS:
        return f"steps 1 to 6 ({_files(len(row.files))})"
    numbers = ", ".join(step[-1] for step in row.steps)
    return f"{'step' if len(row.steps) == 1 else 'steps'} {numbers} ({_files(len(row.files))})"


def lines(result: Collected) -> Iterator[str]:
    """The counts, then one list for each thing that somebody should know."""
    here = [row for row in result.rows if row.status in collect.WITH_FILES]
    yield f"{len(here)} of {len(result.rows)} students have handed in."
    yield from listed(
        "Handed in nothing", [_who(row) for row in result.rows if row.status == collect.NOTHING]
    )
    yield from listed(
        "Could not be placed",
        [
            f"{row.student} ({_files(len(row.files))}): {'; '.join(row.notes)}"
            for row in result.unplaced
        ],
    )
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
    yield from (f"  {' '.join(printable(entry).split())}" for entry in entries[:SHOWN])
    if len(entries) > SHOWN:
        yield f"  and {len(entries) - SHOWN} more"


def _who(row: Row) -> str:
    return row.student if row.name == row.student else f"{row.name} ({row.student})"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
