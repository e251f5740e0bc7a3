"""`marks.json` as the gradebook reads it: typed, and checked when it is read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from autograder.contract import EXERCISES
from autograder.evidence.arrays import printable

FULL_MARKS = sum(exercise.points for exercise in EXERCISES.values())


class ExportError(Exception):
    """Marks cannot be exported; the message says why and what to do."""


class Score(msgspec.Struct):
    """Points of one step."""

    score: float
    max_score: float


class Check(msgspec.Struct):
    """One check, with what it says to the student."""

    id: str
    cell: str
    title: str
    status: str
    points: float
    max_points: float
    by_hand: bool = False
    message: dict[str, str] = {}

    @property
    def step(self) -> str:
        """The step that it belongs to, such as `step3`."""
        return self.cell.split(".")[0]


class Finding(msgspec.Struct):
    """One misconception, with the sentence that proves it."""

    id: str
    title: str
    step: str | None = None
    proof: str = ""


class Mark(msgspec.Struct):
    """All that is known of one student's work."""

    student: str
    total: float
    max_total: float
    pending: float = 0.0
    steps: dict[str, Score] = {}
    checks: list[Check] = []
    findings: list[Finding] = []
    problems: list[str] = []
    status: str = ""

    @property
    def points(self) -> str:
        """The total as every table has it."""
        return number(self.total)

    @property
    def first(self) -> str:
        """The first thing to say about it, in one line."""
        if self.problems:
            return _line(self.problems[0])
        if self.findings:
            return _line(f"{self.findings[0].title}: {self.findings[0].proof}")
        wrong = [c for c in self.checks if c.status in ("failed", "student_error")]
        return _line(f"{wrong[0].step}: {wrong[0].title}") if wrong else ""

    @property
    def feedback(self) -> str:
        """Points by step and the first thing to say, for a cell beside the grade."""
        steps = [
            f"{step[-1]}: {number(s.score)}/{number(s.max_score)}" for step, s in self.steps.items()
        ]
        pieces = [f"Steps {', '.join(steps)}"] if steps else []
        pieces += [f"{number(self.pending)} points are still to be given"] if self.pending else []
        pieces += [self.first] if self.first else []
        return ". ".join(piece.rstrip(".") for piece in pieces) + "." if pieces else ""


class _File(msgspec.Struct):
    submissions: list[Mark]


def read_marks(path: Path) -> list[Mark]:
    """The marks of a class: of `marks.json`, or of the folder that holds it.

    Raises:
        ExportError: it cannot be read, or somebody is in it twice.
    """
    file = path / "marks.json" if path.is_dir() else path
    try:
        marks = msgspec.json.decode(file.read_bytes(), type=_File).submissions
    except OSError as error:
        raise ExportError(
            f"{file}: {error.strerror}: name the folder of `grade` with --marks"
        ) from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        kind = " ".join(str(error).split())[:120]
        raise ExportError(f"{file}: not the marks.json that `grade` writes ({kind})") from None
    names = [mark.student for mark in marks]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ExportError(f"{file}: {printable(twice[0])} is in it twice: grade the class again")
    return marks


def number(value: float) -> str:
    """Points with at most two decimals."""
    return f"{round(value, 2):.2f}".rstrip("0").rstrip(".")


def _line(text: str) -> str:
    return " ".join(printable(text).split())[:300]
