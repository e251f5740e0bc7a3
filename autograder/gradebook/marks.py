"""`marks.json` as the gradebook reads it: typed, and checked when it is read."""

from __future__ import annotations

import contextlib
import difflib
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from autograder.contract import EXERCISES
from autograder.course import Course, Lateness, lateness, without_student
from autograder.evidence.arrays import printable
from autograder.gradebook import hand as hand_marks
from autograder.gradebook.hand import HandError, HandMark
from autograder.rules.outcome import PENDING

FULL_MARKS = sum(exercise.points for exercise in EXERCISES.values())


class ExportError(Exception):
    """Marks cannot be exported; the message says why and what to do."""


class Score(msgspec.Struct):
    """Points of one step."""

    score: float
    max_score: float

    @property
    def full(self) -> bool:
        """Whether no point of it is missing."""
        return self.score >= self.max_score


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
    why: str = ""
    notebook: str = ""
    cell: int | None = None
    where: str = ""  # which cell that is, in words
    line: int | None = None
    source: str = ""
    question: str = ""
    hints: list[str] = []
    costs_marks: bool = True


class Numbers(msgspec.Struct):
    """What a program got, as `grading.numbers` has it."""

    losses: list[float] = []
    epochs: int = 0
    val_auc: float | None = None
    test_auc: float | None = None
    fair_auc: float | None = None
    popularity_auc: float | None = None


class Mark(msgspec.Struct):
    """All that is known of one student's work.

    `total`, `pending` and `steps` are what the machine gave, until `settle` has put in what a
    person gave and what being late costs.
    """

    student: str
    total: float
    max_total: float
    pending: float = 0.0
    steps: dict[str, Score] = {}
    checks: list[Check] = []
    findings: list[Finding] = []
    problems: list[str] = []
    status: str = ""
    key: str = ""  # names the folder of the executed copies, and the student's page
    name: str = ""  # the roster's, where `collect` knew it
    report: str = ""
    numbers: Numbers = msgspec.field(default_factory=Numbers)
    flags: list[str] = []
    notes: list[str] = []
    raised: list[str] = []
    unexplained: list[str] = []
    faults: list[str] = []
    handed_in: str = ""
    marked_late: bool = False
    seconds: float = 0.0
    graded_with: dict[str, Any] = {}
    hand: HandMark | None = None
    lateness: Lateness = msgspec.field(default_factory=Lateness)
    automatic: float = 0.0  # of the total, what the machine gave

    @property
    def by_hand(self) -> Check | None:
        """The check of the report, where it is due."""
        return next((check for check in self.checks if check.by_hand), None)

    @property
    def report_points(self) -> float | None:
        """The points of the report; None as long as nobody has given them."""
        if self.hand is None:
            return None
        given = self.hand.override.get(hand_marks.REPORT)
        return self.hand.report if given is None else given

    @property
    def report_waits(self) -> bool:
        """Whether there is a report, or may be one, that nobody has graded."""
        if self.by_hand is None or self.by_hand.status == "not_attempted":
            return False
        total = self.hand is not None and "total" in self.hand.override
        return self.report_points is None and not total

    @property
    def waits(self) -> list[Check]:
        """Checks whose points a person is still to give."""
        decided = self.hand.override if self.hand else {}
        return [
            check
            for check in self.checks
            if (check.status in PENDING and not check.by_hand)
            and not decided.keys() & {check.id, check.cell, check.step, "total"}
        ]

    def settle(self, hand: HandMark | None, lateness: Lateness) -> None:
        """Put in what a person gave, and take off what being late costs; once."""
        self.hand, self.lateness, self.automatic = hand, lateness, self.total
        decided = hand.override if hand else {}
        for key, points in sorted(decided.items(), key=lambda item: item[0].count(".")):
            theirs = [c for c in self.checks if key in (c.id, c.cell, c.step) and not c.by_hand]
            if theirs:
                self._share(theirs, min(points, sum(c.max_points for c in theirs)))
        if self.by_hand is not None:
            self.max_total += self.by_hand.max_points
            self.total += self.report_points or 0.0
        waiting = sum(check.max_points for check in self.waits)
        if self.by_hand is not None and self.report_waits:
            waiting += self.by_hand.max_points
        self.pending = waiting if self.checks else self.pending
        self.total = min(decided.get("total", self.total), self.max_total) * lateness.factor
        self.total = round(self.total, 2)

    def _share(self, checks: list[Check], points: float) -> None:
        """Give some checks so many points together, the first ones first."""
        before = sum(check.points for check in checks)
        for check in checks:
            step = self.steps.get(check.step)
            share = min(check.max_points, points)
            if step is not None:
                step.score += share - check.points
            check.points, points = share, points - share
        self.total += sum(check.points for check in checks) - before

    @property
    def points(self) -> str:
        """The total as every table has it."""
        return number(self.total)

    @property
    def first(self) -> str:
        """The first thing to say about it, in one line."""
        if self.problems:
            return _line(self.problems[0])
        by_hand = {key.split(".")[0] for key in self.hand.override} if self.hand else set()
        full = {s for s in by_hand if s in self.steps and self.steps[s].full}  # a person said so
        if findings := [finding for finding in self.findings if finding.step not in full]:
            return _line(f"{findings[0].title}: {findings[0].proof}")
        wrong = [c for c in self.checks if c.status in ("failed", "student_error")]
        wrong = [check for check in wrong if check.step not in full]
        if wrong:
            return _line(f"{wrong[0].step}: {wrong[0].title}")
        lost = {check.step for check in self.checks if check.status == "not_attempted"} - full
        raised = next((text for text in self.raised if text.split(":")[0] in lost), "")
        steps = ", ".join(step for step in self.steps if step in lost)
        return _line(raised or (f"not attempted: {steps}" if steps else ""))

    @property
    def feedback(self) -> str:
        """Points by step and the first thing to say, for a cell beside the grade."""
        steps = [
            f"{step[-1]}: {number(s.score)}/{number(s.max_score)}" for step, s in self.steps.items()
        ]
        pieces = [f"Steps {', '.join(steps)}"] if steps else []
        if self.report_points is not None and self.by_hand is not None:
            most = number(self.by_hand.max_points)
            pieces.append(f"Report: {number(self.report_points)}/{most}")
        pieces += [self.lateness.says[:1].upper() + self.lateness.says[1:]]
        pieces += [_line(self.hand.comment), _line(self.hand.reason)] if self.hand else []
        pieces += [f"{number(self.pending)} points are still to be given"] if self.pending else []
        pieces += [self.first] if self.first else []
        pieces = [piece.rstrip(".") for piece in pieces if piece]
        return ". ".join(pieces) + "." if pieces else ""


class _File(msgspec.Struct):
    submissions: list[Mark]


def read_marks(path: Path, course: Course | None = None) -> list[Mark]:
    """The marks of a class, of `marks.json` or of the folder that holds it.

    What `hand.csv` beside it gives is in them, and what the course says of being late.

    Raises:
        ExportError: it cannot be read, or somebody is in it twice.
    """
    marks = automatic_marks(path)
    settle(marks, path if path.is_dir() else path.parent, course)
    return marks


def automatic_marks(path: Path) -> list[Mark]:
    """The marks of a class as the machine gave them.

    Raises:
        ExportError: they cannot be read, or somebody is in them twice.
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
    counts = Counter(mark.student for mark in marks)
    if twice := sorted(name for name, count in counts.items() if count > 1):
        raise ExportError(f"{file}: {printable(twice[0])} is in it twice: grade the class again")
    return marks


def settle(marks: list[Mark], folder: Path, course: Course | None = None) -> None:
    """Put what a person gave, and what being late costs, into marks as the machine gave them.

    Raises:
        ExportError: `hand.csv` cannot be read.
    """
    try:
        given = hand_marks.read(folder)
    except HandError as error:
        raise ExportError(str(error)) from None
    names = {mark.student for mark in marks}
    for mark in marks:
        when, late_by_lms = mark.handed_in, mark.marked_late
        late = lateness(course or Course(), mark.student, when, late_by_lms, names)
        mark.settle(given.get(mark.student), late)


def doubts(marks: list[Mark], folder: Path, course: Course) -> list[str]:
    """What a person should know of before these marks go out, a line each.

    Marks by hand and extensions for nobody, names that differ in case only, and a course file that
    the class was graded with and that is not read now.
    """
    names = sorted(mark.student for mark in marks)
    lines = []
    with contextlib.suppress(HandError):
        given = hand_marks.read(folder)
        strangers = [name for name, mark in given.items() if name not in names and not mark.empty]
        lines += [
            f"{hand_marks.FILE} has marks of {_who(n, names)}: not counted" for n in strangers
        ]
    for name in without_student(course, set(names)):
        lines.append(f"The course file gives an extension to {_who(name, names)}")
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), []).append(name)
    for group in alike.values():
        if len(group) > 1:
            who = " and ".join(map(printable, group))
            lines.append(f"{who} differ in case only: they are kept apart here, and an LMS may not")
    if unknown := [printable(mark.student) for mark in marks if mark.lateness.unknown]:
        who = ", ".join(unknown[:5]) + (f" and {len(unknown) - 5} more" if unknown[5:] else "")
        lines.append(f"Late, and the LMS does not say by how much: {who}: nothing is taken off")
    files = dict.fromkeys(str(mark.graded_with.get("course_file") or "") for mark in marks)
    missing = [file for file in files if file and not course.path]
    if missing:
        lines.append(
            f"The class was graded with {printable(missing[0])}, and no course file is read now: "
            "late rules and extensions do not count: name it with --course"
        )
    return lines


def _who(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, 2, 0.7)
    hint = f" (did you mean {' or '.join(map(printable, near))}?)" if near else ""
    return f"{printable(name)}, and nobody is called so here{hint}"


def number(value: float) -> str:
    """Points with at most two decimals."""
    return f"{round(value, 2):.2f}".rstrip("0").rstrip(".")


def _line(text: str) -> str:
    return " ".join(printable(text).split())[:300]
