"""Finds the lines between `### BEGIN SOLUTION` and `### END SOLUTION`, and those of hidden tests.

Called by `source` to refuse a cell that nbgrader would cut wrongly, and by `leaks` to know what a
student must not see; a marker counts wherever nbgrader would see it, that is anywhere in a line.
"""

from __future__ import annotations

from dataclasses import dataclass

SOLUTION = "SOLUTION"
HIDDEN_TESTS = "HIDDEN TESTS"


class UnbalancedRegion(ValueError):
    """A region is opened twice, never closed, or closed before it is opened."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line  # counted from 0, in the cell


@dataclass(frozen=True)
class Split:
    """A cell's lines in two: inside of its regions, and outside of them; markers are in neither."""

    inside: list[str]
    outside: list[str]
    count: int  # regions found


def split(text: str, kind: str) -> Split:
    """Divide the lines of `text` by its regions of one `kind` (SOLUTION or HIDDEN_TESTS).

    Raises:
        UnbalancedRegion: a marker lacks its partner.
    """
    begin, end = f"BEGIN {kind}", f"END {kind}"
    inside: list[str] = []
    outside: list[str] = []
    count, opened = 0, None
    for number, line in enumerate(text.split("\n")):
        if begin in line:
            if opened is not None:
                raise UnbalancedRegion(number, f"a second ### {begin} before ### {end}")
            opened, count = number, count + 1
        elif end in line:
            if opened is None:
                raise UnbalancedRegion(number, f"### {end} without ### {begin} before it")
            opened = None
        else:
            (outside if opened is None else inside).append(line)
    if opened is not None:
        raise UnbalancedRegion(opened, f"### {begin} without ### {end} after it")
    return Split(inside, outside, count)
