"""A pasted traceback, or one line of it, to the misconceptions that can be behind it.

`autograder explain` comes here. A text shows less than a run: where several causes give the same
text, all are named, most likely first, with what to look at to tell them apart.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

from autograder.explain import reading
from autograder.explain.paste import read
from autograder.explain.rules import Cause
from autograder.rules.diagnosis import text_of

LONG = 600  # characters of a message that are shown
ADVICE = (
    "Read the last line first: the type of the error, then what it says, then its numbers.",
    "Go up to the deepest line that is your own: a cell, not a file of a library.",
    "Print type and shape of everything in that line, just before it.",
    "If a name or a value surprises you, restart the kernel and run all cells from the top.",
)
SURE = "`autograder check FILE` runs the notebook and tells for sure."


class ExplainError(Exception):
    """There is nothing to explain."""


@dataclass(frozen=True)
class Explanation:
    """What an error says, where it was raised, and what can be behind it, most likely first.

    `certain` says that the text itself leaves one cause only. Without a cause the text was not
    recognised. A cause's title, hints and so on are `text_of(cause.id)`.
    """

    error: str
    place: str
    says: str = ""
    numbers: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    certain: bool = False

    def __str__(self) -> str:
        return render(self)


def explain(text: str) -> Explanation:
    """Explain a pasted traceback, or a single line of it.

    Raises:
        ExplainError: the text is empty.
    """
    paste = read(text)
    if paste is None:
        raise ExplainError("nothing to explain: paste a traceback, or its last line")
    found = reading(paste)
    error = textwrap.shorten(paste.line, LONG, placeholder=" ...")
    place = str(paste.place) if paste.place else ""
    if found is None:
        return Explanation(error, place)
    return Explanation(error, place, found.says, found.numbers, found.causes, found.certain)


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """The same as plain data, for `--json`."""
    causes = []
    for cause in explanation.causes:
        entry = text_of(cause.id)
        causes.append(
            {
                "id": cause.id,
                "title": entry.title,
                "why": entry.why,
                "look": cause.look,
                "question": entry.question,
                "hints": list(entry.hints),
                "references": list(entry.references),
            }
        )
    return {
        "error": explanation.error,
        "place": explanation.place,
        "recognised": bool(causes),
        "says": explanation.says,
        "numbers": list(explanation.numbers),
        "certain": explanation.certain,
        "causes": causes,
        "advice": [] if causes else list(ADVICE),
    }


def render(explanation: Explanation) -> str:
    """The explanation as plain text."""
    lines = [*_wrapped(explanation.error)]
    if explanation.place:
        lines += _wrapped(f"at your line: {explanation.place}", "  ")
    if not explanation.causes:
        lines += ["", "This error is not in the catalogue, so no cause is named. In general:"]
        return "\n".join(lines + [line for tip in ADVICE for line in _wrapped(tip, "- ")]) + "\n"
    lines += ["", *_wrapped(f"It says: {explanation.says}")]
    for number in explanation.numbers:
        lines += _wrapped(number, "- ")
    first, *others = explanation.causes
    lines += ["", *_first(first, explanation), *(_other(others) if others else [])]
    alone = "The text points there; " if not others else "The text alone cannot tell which. "
    sure = "The text leaves no other cause known here; " if explanation.certain else alone
    return "\n".join([*lines, "", *_wrapped(sure + SURE)]) + "\n"


def _first(cause: Cause, explanation: Explanation) -> list[str]:
    entry = text_of(cause.id)
    lines = _wrapped(f"Most likely: {entry.title}  [{cause.id}]")
    lines += _wrapped(f"Why: {entry.why}", "  ")
    lines += _wrapped(f"Look: {cause.look}.".replace("?.", "?"), "  ")
    lines += _wrapped(f"Ask: {entry.question}", "  ")
    for number, hint in enumerate(entry.hints, start=1):
        lines += _wrapped(f"Hint {number}: {hint}", "  ")
    return lines


def _other(causes: list[Cause]) -> list[str]:
    lines = ["", "The same text can come from:"]
    for cause in causes:
        lines += _wrapped(f"{text_of(cause.id).title}  [{cause.id}]", "- ")
        lines += _wrapped(f"Look: {cause.look}.".replace("?.", "?"), "  ")
    return lines


def _wrapped(text: str, start: str = "") -> list[str]:
    return textwrap.wrap(
        text, 96, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False
    )
