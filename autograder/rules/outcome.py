"""What a check came to, and what it says to the student: plain data, for grading and reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.evidence.arrays import printable

STATUSES = (
    "passed",
    "failed",
    "student_error",
    "blocked",
    "not_judged",
    "not_attempted",
    "grader_error",
)
WRONG = ("failed", "student_error")  # mistakes of the student's
PENDING = ("not_judged", "grader_error")  # points that wait for a person


@dataclass(frozen=True)
class Check:
    """One check: id (`step3.mapping.size`), graded cell (`step3.mapping`), title, points.

    `causes` are the ids of what can make it fail, the most fundamental first.
    """

    id: str
    cell: str
    title: str
    points: float
    by_hand: bool = False
    causes: tuple[str, ...] = ()
    of_training: bool = False  # how well a training went, which may differ by chance

    @property
    def step(self) -> str:
        """The step that the check belongs to, such as `step3`."""
        return self.cell.split(".")[0]


@dataclass(frozen=True)
class Message:
    """Why a check did not pass: what ran, expected, got, why it matters, what to do next."""

    ran: str = ""
    expected: str = ""
    got: str = ""
    why: str = ""
    next: str = ""

    def __post_init__(self) -> None:
        for part in ("ran", "expected", "got", "why", "next"):  # some are a student's words
            object.__setattr__(self, part, printable(getattr(self, part)))

    def __str__(self) -> str:
        lines = [f"We looked at {self.ran}.", f"Expected: {self.expected}.", f"Got: {self.got}."]
        lines += [f"Why it matters: {self.why}", f"Next: {self.next}"]
        values = [self.ran, self.expected, self.got, self.why, self.next]
        return "\n".join(line for line, value in zip(lines, values, strict=True) if value)


@dataclass(frozen=True)
class Proof:
    """The cause of a failure: the id of the misconception, and the sentence that proves it."""

    cause: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What one check came to. `points` are those earned, of `check.points`.

    `proof` names the first cause that has one. `waits_for` is the id of the check that a blocked
    one needs. `reached` is false where the run ended before it came to the exercise; `typed_in`
    says that it passes on one data set and not on another.
    """

    check: Check
    status: str  # one of STATUSES
    message: Message = field(default_factory=Message)
    proof: Proof | None = None
    waits_for: str = ""
    reached: bool = True
    typed_in: bool = False
    fault: str = ""  # of ours: a cause that could not be looked for
    behind: str = ""  # id of what is likely, but not proved, to be behind it

    @property
    def points(self) -> float:
        """Points earned: all or none."""
        return self.check.points if self.status == "passed" else 0.0
