"""What a check says: `expect` for a wrong result, and the reasons why nothing could be judged.

Every check uses it; `autograder.grading.marks` turns what it raises into outcomes.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from autograder.contract import MAKES, TABLE
from autograder.evidence.schema import Absent, Call, CellError, Unfollowed
from autograder.explain import reading_of
from autograder.rules.outcome import Message

EARLIER = ("load.", "graph.", "map.", "data.", "split.")  # causes of steps 1 to 3
KEPT = {name for names in MAKES.values() for name in names}  # names that cells make


class NotPassed(pytest.fail.Exception):  # type: ignore[name-defined]
    """A check that did not pass; `status` is the outcome and `message` teaches."""

    status = "failed"

    def __init__(
        self, message: Message, waits_for: str = "", reached: bool = True, behind: str = ""
    ) -> None:
        super().__init__(str(message), pytrace=False)  # the message teaches, a traceback does not
        self.message, self.waits_for, self.reached = message, waits_for, reached
        self.behind = behind  # the id of what is likely to be behind it


class NotAttempted(NotPassed):
    """There is nothing to judge yet."""

    status = "not_attempted"


class StudentError(NotPassed):
    """The student's code raised."""

    status = "student_error"


class Blocked(NotPassed):
    """Something that this check needs is itself wrong, which another check says."""

    status = "blocked"


class NotJudged(NotPassed):
    """It is done in a way that cannot be followed: a person looks, and gives the points."""

    status = "not_judged"


def expect(
    right: object,
    *,
    ran: str,
    expected: object,
    got: object,
    why: str,
    next: str,
) -> None:
    """Pass where `right` holds, else say what ran, was expected and came, why, and what next.

    Raises:
        NotPassed: `right` does not hold.
    """
    if not right:
        raise NotPassed(Message(ran, str(expected), str(got), why, next))


def need(right: object, what: str, see: str) -> None:
    """Block a check whose ground is missing: `what` is needed; the check of the id `see` says more.

    Raises:
        Blocked: `right` does not hold.
    """
    if right:
        return
    from autograder.rules import catalogue  # it imports the checks, which import this module

    title = {check.id: check.title for check in catalogue()}.get(see, see)
    raise Blocked(Message(got=f"this needs {what}", next=f"First mend: {title}."), waits_for=see)


def present(step: Any, field: str) -> Any:
    """The evidence of one exercise.

    Raises:
        NotAttempted: the cell is blank, missing or has not been run.
        StudentError: the cell that defines it raised.
    """
    if step is None:
        raise NotAttempted(Message(got="this step was not handed in", next="Hand in its notebook."))
    found = getattr(step, field)
    if isinstance(found, Unfollowed):
        raise not_judged(f"`{found.name}`, a {found.kind}: {found.shown}")
    if isinstance(found, Absent):
        if found.fault:
            raise not_judged(f"what there is could not be looked at: {found.fault}")
        if found.found and (found.error is None or found.error.blank):
            expect(
                False,
                ran=f"`{found.name}`",
                expected="what the exercise asks for under this name",
                got=found.found,
                why="The checks, and the later steps, look for it by its name.",
                next=_another_kind(found.name, found.found),
            )
        if not found.reached:
            advice = "Run the notebook from top to bottom in Jupyter: it should end by itself."
            said = Message(got="the run ended before this exercise", next=advice)
            raise NotAttempted(said, reached=False)
        raise unfinished(found.name, found.error, found.similar)
    return found


def _another_kind(name: str, found: str) -> str:
    """What to do where a name holds something of another kind than is asked for."""
    if found.endswith("not called"):
        return "Write brackets behind the class: they make an object of it."
    if found == "None":
        return (
            f"The line that last gave `{name}` a value gave it None: a method that changes its "
            "object in place returns nothing, and so does `print`."
        )
    return f"Look for the line that last gave `{name}` a value: the name is for something else."


def not_judged(seen: str) -> NotJudged:
    """Work that the checks cannot follow: what was `seen` of it, for the TA who looks at it."""
    advice = "Nothing to mend for this reason: a TA looks at it and gives the points."
    return NotJudged(Message(got=seen, why="The checks cannot follow this way.", next=advice))


def unfinished(name: str, error: CellError | None, similar: str = "") -> NotPassed:
    """The reason why `name` is not there: blank, never defined, or its cell raised `error`.

    `similar` is a name that holds an object of the kind that is asked for.
    """
    if error is None or error.blank:
        where = f" ({exercise_of(name)})" if exercise_of(name) else ""
        hint = f"Write the cell that defines `{name}`{where}, and run it."
        if similar:
            hint = f"Your notebook made `{similar}`: is that what should be called `{name}`?"
        behind = "run.other-name" if similar else ""
        return NotAttempted(Message(got=f"there is no `{name}` yet", next=hint), behind=behind)
    return raised(f"the cell that should define `{name}`", error)


def raised(ran: str, error: CellError, advice: str = "", on_ours: bool = False) -> NotPassed:
    """The student's code raised `error` while `ran`; `advice` is what to do, where it is known.

    `on_ours` says that we called it with right arguments: no earlier step is behind it then.
    """
    usual = "Read the last line of the error first, then the line of yours that it names."
    advice = advice or _made_in(error)
    why = "The code stops there: nothing after that line is computed."
    read, behind = reading_of(error.name, error.message, error.source), "run.exception"
    causes = [c for c in read.causes if not (on_ours and c.id.startswith(EARLIER))] if read else []
    if read is not None and causes:
        look, behind = causes[0].look, causes[0].id
        numbers = [f"{n[:1].upper()}{n[1:]}." for n in read.numbers]
        why = " ".join([f"It says: {read.says}", *numbers, why])
        look = f"{look[:1].upper()}{look[1:]}".rstrip(".?") + ("?" if "?" in look[-1:] else ".")
        advice = advice or look
    said = Message(ran, "no exception", str(error), why, advice or usual)
    return StudentError(said, behind=behind)


def _made_in(error: CellError) -> str:
    """Where a name of the course is made that a NameError misses: after a restart it is gone."""
    missing = re.search(r"name '(\w+)' is not defined", error.message)
    name = missing.group(1) if missing and error.name == "NameError" else ""
    if name[:1].islower() and error.begins.startswith("class ") and name not in KEPT:
        return (
            f"Is it `self.{name}`? In a class, what `__init__` keeps is an attribute of `self`; "
            "what a method is given stands in its `def` line."
        )
    where = exercise_of(name)
    return where and (
        f"`{name}` is made in {where}, and handed out by `checkpoint` in later steps: run that "
        "cell first. A restart forgets every name."
    )


def exercise_of(name: str) -> str:
    """The exercise that makes a name, such as `exercise 1 of step 3`; empty where none does."""
    return next((exercise_words(key) for key, names in MAKES.items() if name in names), "")


def exercise_words(key: str) -> str:
    """How a notebook calls an exercise, such as `exercise 1 of step 3`."""
    step = next(step for step in TABLE if step.key == key.split(".")[0])
    number = 1 + [exercise.key for exercise in step.exercises].index(key)
    return f"exercise {number} of step {step.key[-1]}"


def output(call: Call, ran: str, missing: str = "") -> Any:
    """The array [..] float32 that a call gave.

    Raises:
        NotAttempted: the function is the blank scaffold, or is not there.
        StudentError: it raised.
        NotPassed: it gave something that is no tensor.
    """
    if call.missing:
        advice = "Write it; in a class its `def` is indented like that of `__init__`."
        raise NotAttempted(Message(got=missing or "there is no such function", next=advice))
    if call.error is not None:
        if call.error.blank:
            blank = "Write your code in place of `raise NotImplementedError()`."
            raise NotAttempted(Message(ran=ran, got="the scaffold is still blank", next=blank))
        raise raised(ran, call.error, on_ours=True)
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


def count(n: int, one: str, more: str = "") -> str:
    """A number with thousands separators and its noun, such as `1 node` and `17,644 nodes`.

    The plural is made with an `s` where it is not given.
    """
    return f"{n:,} {one if n == 1 else more or one + 's'}"
