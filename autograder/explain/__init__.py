"""The text of an error to what can be behind it, by id: patterns over texts, and nothing else.

`autograder.reports.explanation` shows it with the words of each cause; rules name an exception
with it that no cause of a check explains.
"""

from __future__ import annotations

from dataclasses import replace

from autograder.explain import early, late, numbers, python, shapes, versions
from autograder.explain.paste import Frame, Paste, read
from autograder.explain.rules import Reading

RULES = (
    *versions.RULES,
    *numbers.RULES,
    *shapes.RULES,
    *early.RULES,
    *late.RULES,
    *python.RULES,
)


def reading(paste: Paste) -> Reading | None:
    """What an error says and what can be behind it; None where no rule knows it."""
    return next(filter(None, (rule(paste) for rule in RULES)), None)


def reading_of(name: str, message: str, source: str = "") -> Reading | None:
    """The same for an exception that was raised here: its class, its message and the line."""
    paste = read(f"{name}: {message}")
    if paste is not None and source:
        paste = replace(paste, frames=(Frame("cell", source=source.strip()),))
    return reading(paste) if paste is not None else None
