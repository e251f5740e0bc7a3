"""What a check says: `expect` for a wrong result, and the reasons why nothing could be judged.

Every check uses it; `autograder.marks` turns what it raises into outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from autograder.evidence import Absent, Call, CellError


@dataclass(frozen=True)
class Message:
    """Why a check did not pass: what ran, expected, got, why it matters, what to do next."""

    ran: str = ""
    expected: str = ""
    got: str = ""
    why: str = ""
    next: str = ""
    finding: str = ""  # id of the misconception, where the check itself knows it

    def __str__(self) -> str:
        shown = [f"We looked at {self.ran}.", f"Expected: {self.expected}.", f"Got: {self.got}."]
        shown += [f"Why it matters: {self.why}", f"Next: {self.next}"]
        values = [self.ran, self.expected, self.got, self.why, self.next]
        return "\n".join(line for line, value in zip(shown, values, strict=True) if value)


class NotPassed(pytest.fail.Exception):  # type: ignore[name-defined]
    """A check that did not pass; `status` is the outcome and `message` teaches."""

    status = "failed"

    def __init__(self, message: Message) -> None:
        super().__init__(str(message), pytrace=False)  # the message teaches, a traceback does not
        self.message = message


class NotAttempted(NotPassed):
    """There is nothing to judge yet."""

    status = "not_attempted"


class StudentError(NotPassed):
    """The student's code raised."""

    status = "student_error"


class Blocked(NotPassed):
    """Something that this check needs is itself wrong, which another check says."""

    status = "blocked"


def expect(
    right: object,
    *,
    ran: str,
    expected: object,
    got: object,
    why: str,
    next: str,
    finding: str = "",
) -> None:
    """Pass where `right` holds, else say what ran, was expected and came, why, and what next.

    Raises:
        NotPassed: `right` does not hold.
    """
    if not right:
        raise NotPassed(Message(ran, str(expected), str(got), why, next, finding))


def need(right: object, what: str, see: str) -> None:
    """Block a check whose ground is missing: `what` is needed; the check titled `see` tells more.

    Raises:
        Blocked: `right` does not hold.
    """
    if not right:
        raise Blocked(Message(got=f"this needs {what}", next=f"First mend: {see}."))


def present(step: Any, field: str) -> Any:
    """The evidence of one exercise.

    Raises:
        NotAttempted: the cell is blank, missing or has not been run.
        StudentError: the cell that defines it raised.
    """
    if step is None:
        raise NotAttempted(Message(got="this step was not handed in", next="Hand in its notebook."))
    found = getattr(step, field)
    if isinstance(found, Absent):
        raise unfinished(found.name, found.error)
    return found


def unfinished(name: str, error: CellError | None) -> NotPassed:
    """The reason why `name` is not there: blank, never defined, or its cell raised `error`."""
    if error is None or error.blank:
        hint = f"Write the cell that defines `{name}` and run it."
        return NotAttempted(Message(got=f"`{name}` is not there yet", next=hint))
    return raised(f"the cell that should define `{name}`", error)


def raised(ran: str, error: CellError) -> NotPassed:
    """The student's code raised `error` while `ran`."""
    advice = "Read the last line of the error first, then the line of yours that it names."
    if error.name == "NameError":
        advice = "A name is used before it is defined or imported: check its spelling and imports."
    why = "The code stops there: nothing after that line is computed."
    return StudentError(Message(ran, "no exception", str(error), why, advice))


def output(call: Call, ran: str, missing: str = "") -> Any:
    """The array [..] float32 that a call gave.

    Raises:
        NotAttempted: the function is the blank scaffold, or is not there.
        StudentError: it raised.
        NotPassed: it gave something that is no tensor.
    """
    if call.missing:
        raise NotAttempted(Message(got=missing or "there is no such function", next="Write it."))
    if call.error is not None:
        if call.error.blank:
            blank = "Write your code in place of `raise NotImplementedError()`."
            raise NotAttempted(Message(ran=ran, got="the scaffold is still blank", next=blank))
        raise raised(ran, call.error)
    if call.output is None:
        expect(
            False,
            ran=ran,
            expected="a tensor of numbers",
            got=call.text or "nothing",
            why="The next step computes with it.",
            next="Does the function end with `return`, and return the tensor?",
        )
    return call.output.numpy()  # type: ignore[union-attr]


def count(n: int, what: str) -> str:
    """A number with thousands separators and its noun, such as `17,644 nodes`."""
    return f"{n:,} {what}"
