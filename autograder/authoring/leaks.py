"""Refuses student notebooks in which a line of a solution, a hidden test or an output can be read.

Called by `autograder.authoring` on what nbgrader made, for all notebooks together: the answer of
step 4 must not stand in step 5 either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat

from .errors import AuthoringError
from .regions import HIDDEN_TESTS, SOLUTION, split
from .source import Cell

LONG = 12  # characters; lines up to this length, such as `model.eval()`, give nothing away
HARMLESS = ("print(", "import ", "from ")
COMMENT = re.compile(r"\s+# .*$")
CODE_SPAN = re.compile(r"`([^`\n]+)`")


def secrets(sources: Iterable[list[Cell]]) -> dict[str, Cell]:
    """Lines of more than LONG characters that only the solutions have, and their cells.

    `sources` come in the order of the steps: a line in a code cell that the same notebook or an
    earlier one shows is no secret, and neither is a line that only prints or imports.
    """
    shown: set[str] = set()
    found: dict[str, Cell] = {}
    for cells in sources:
        parts = [(cell, split(cell.text, SOLUTION)) for cell in cells]
        for cell, part in parts:
            if cell.kind == "code":
                shown.update(map(bare, part.outside))
        for cell, part in parts:
            for line in map(bare, part.inside):
                if len(line) > LONG and line not in shown and not line.startswith(HARMLESS):
                    found.setdefault(line, cell)
    return found


def refuse(sources: Iterable[list[Cell]], notebooks: Mapping[Path, Path]) -> None:
    """Look for every source's secrets in each student notebook.

    `sources` come in the order of the steps; `notebooks` are the files to look at, by the name that
    a message gives them.

    Raises:
        AuthoringError: a student could read what is not for students.
    """
    secret = secrets(sources)
    for shown, path in notebooks.items():
        for node in nbformat.read(path, as_version=4).cells:
            where = f"{shown}: cell {node.id}: "
            if node.get("outputs") or node.get("execution_count"):
                raise AuthoringError(where + "has an output: clear it")
            for kind in (SOLUTION, HIDDEN_TESTS):
                if f"BEGIN {kind}" in node.source:
                    raise AuthoringError(
                        where + f"### BEGIN {kind} is still there: let nbgrader_config.py clear it"
                    )
            for line in _readable(node.source):
                if line in secret:
                    raise secret[line].error(
                        f"a line of the solution can be read in {shown}, cell {node.id}: {line!r}: "
                        "say it in other words there, or take it out"
                    )


def _readable(text: str) -> Iterable[str]:
    """Each line of a cell, and each piece of `code` in its prose."""
    for line in text.split("\n"):
        yield bare(line)
        yield from (span.strip() for span in CODE_SPAN.findall(line))


def bare(line: str) -> str:
    """The line without indentation, comment signs before it and a comment after it."""
    return COMMENT.sub("", line.strip().lstrip("#> ").strip())
