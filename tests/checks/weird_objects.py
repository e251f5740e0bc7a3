"""Objects that a student's notebook may hold where the checks expect quite another thing.

`test_checks_weird` runs each piece of code after the solution; the pieces are in `weird/STEP.txt`,
those that spoil the student's own chain in `weird/own.txt`.
"""

from __future__ import annotations

import re
from pathlib import Path

from checks_course import EXERCISES, Case


def pieces(name: str) -> dict[str, str]:
    """The pieces of one file, by the names in their `### name` lines."""
    text = (Path(__file__).parent / "weird" / f"{name}.txt").read_text(encoding="utf-8")
    found = re.split(r"^### (.+)\n", text, flags=re.M)[1:]
    names, sources = found[::2], found[1::2]
    assert len(set(names)) == len(names)
    return dict(zip(names, sources, strict=True))


CASES = [Case(name, step, after=code) for step in EXERCISES for name, code in pieces(step).items()]
OWN = pieces("own")  # the namespace of the chain is `own`
