"""What `autograder export` did, for the terminal: whose mark went where, and whose nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.gradebook.join import Gradebook
from autograder.gradebook.marks import number
from autograder.handin.roster import HOW_TO_TELL
from autograder.reports.collected import listed


def lines(book: Gradebook, paths: list[Path], notes: list[str]) -> Iterator[str]:
    """The counts, then who has no mark, and which marks have no row."""
    if book.roster is None:
        yield f"{len(book.marks)} marks."
    else:
        with_mark = sum(entry.mark is not None for entry in book.entries)
        yield f"{with_mark} of {len(book.entries)} students of the roster have a mark."
    without = [
        f"{e.person.name} ({e.person.key}): {e.reason}" for e in book.entries if e.mark is None
    ]
    yield from listed("Without a mark", without)
    yield from listed(
        "Marks that belong to no row",
        [f"{m.student}: {m.points} points; {why}" for m, why in book.unmatched],
    )
    if book.unmatched:
        yield f"  To place them, {HOW_TO_TELL} of the roster, and export again."
    if book.pending:
        most = number(max(mark.pending for mark in book.pending))
        yield (
            f"{len(book.pending)} have points still to be given (up to {most} each), which these "
            "marks are without: autograder queue lists them."
        )
    yield from notes
    shown = [str(path) for path in paths[:3]]
    more = [f"and {len(paths) - 3} more"] if len(paths) > 3 else []
    yield "Written: " + ", ".join([*shown, *more])
