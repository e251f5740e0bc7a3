"""From marks to what others keep marks in: an LMS's own table, Gradescope, JUnit, plain CSV.

One small class a format; `autograder export` finds them in `FORMATS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from autograder.gradebook.canvas import Canvas
from autograder.gradebook.gradescope import Gradescope
from autograder.gradebook.join import ExportError, Gradebook, join, reasons_of
from autograder.gradebook.junit import JUnit
from autograder.gradebook.marks import doubts, read_marks
from autograder.gradebook.moodle import Moodle
from autograder.gradebook.plain_csv import PlainCsv

__all__ = ["FORMATS", "ExportError", "Format", "Gradebook", "doubts", "join", "read_marks"]
__all__ += ["reasons_of"]


class Format(Protocol):
    """`write` puts the marks into a folder, and returns the files and what to know of them."""

    name: str
    needs_roster: bool

    def write(self, book: Gradebook, folder: Path) -> tuple[list[Path], list[str]]: ...


FORMATS: dict[str, Format] = {
    each.name: each for each in (Canvas(), Moodle(), Gradescope(), JUnit(), PlainCsv())
}
