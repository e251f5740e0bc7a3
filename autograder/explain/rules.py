"""What a rule of `explain` is: a pattern for an error's text, and what such a text can come from.

The files `explain_*.py` hold the rules; `autograder.explain` tries them in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from autograder.explain.paste import Paste


@dataclass(frozen=True)
class Cause:
    """A misconception that can be behind an error, by id, and what to look at to tell.

    `near` are names which, among the calls of the traceback, put this cause before the others.
    """

    id: str
    look: str
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What an error says, and its causes, the most likely first.

    `numbers` tell what the numbers in it are; `certain` that they leave one cause only.
    """

    says: str
    causes: tuple[Cause, ...]
    numbers: tuple[str, ...] = ()
    certain: bool = False


Read = Callable[["re.Match[str]", Paste], "Reading | None"]


@dataclass(frozen=True)
class Rule:
    """A pattern, searched in `Type: message`, and what to make of it."""

    pattern: str
    read: Read

    def __call__(self, paste: Paste) -> Reading | None:
        found = re.search(self.pattern, paste.error, re.IGNORECASE | re.DOTALL)
        return self.read(found, paste) if found else None


def rule(pattern: str, says: str, *causes: Cause) -> Rule:
    """A rule that says the same for every text, in the order that the calls suggest.

    `{0}`, `{1}` in what it says stand for the pattern's groups.
    """

    def read(found: re.Match[str], paste: Paste) -> Reading:
        ranked = sorted(causes, key=lambda cause: not paste.near(*cause.near))
        return Reading(says.format(*(g or "" for g in found.groups())), tuple(ranked))

    return Rule(pattern, read)
