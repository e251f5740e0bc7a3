"""Gives each graded cell its points: `check("step3.mapping")` in a check cell is the key to them.

Called by `autograder.authoring`; the points themselves are those of `autograder.rules.points()`,
the only place that has them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .errors import AuthoringError
from .regions import HIDDEN_TESTS, split
from .source import Cell


def assign(
    sources: Mapping[str, list[Cell]], points: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """Points of each graded cell, by step and cell id, such as `("step3", "check_mapping")`.

    `sources` are the cells of each step, `points` those of each key, such as `step3.mapping`.

    Raises:
        AuthoringError: a graded cell has no points, two share a key, or points have no cell.
    """
    given: dict[tuple[str, str], float] = {}
    owner: dict[str, Cell] = {}
    for step, cells in sources.items():
        for cell in cells:
            if cell.role not in ("check", "report"):
                continue
            key = f"{step}.{cell.id}" if cell.role == "report" else _key(cell)
            if not key.startswith(f"{step}."):
                raise cell.error(f"{key} is another step's: a check cell grades its own notebook")
            if key not in points:
                raise cell.error(
                    f"no check gives points for {key}: add it to autograder/rules, or mend the key"
                )
            if key in owner:
                raise cell.error(f"{key} is graded in cell {owner[key].id} too: grade it once")
            owner[key] = cell
            given[step, cell.id] = points[key]
    unused = [key for key in points if key not in owner]
    if unused:
        raise AuthoringError(
            f"autograder/rules: points for {', '.join(unused)}, but no cell is graded by them: "
            f'add a cell with role="check" that ends in check("{unused[0]}")'
        )
    return given


def _key(cell: Cell) -> str:
    """The key in the first `check("...")` call of a check cell.

    The cell has to end in that call, with and without its hidden tests: nbgrader gives full points
    for a last value that is no number, and for none.
    """
    shown = _parse(cell, "\n".join(split(cell.text, HIDDEN_TESTS).outside))
    keys = [key for node in ast.walk(shown) if (key := _called(node))]
    if not keys:
        raise cell.error('no check("...") outside of the hidden tests: students need one to run')
    for tree in (shown, _parse(cell, cell.text)):
        last = tree.body[-1]
        if not isinstance(last, ast.Expr) or _called(last.value) != keys[0]:
            raise cell.error(
                f'the last line has to be check("{keys[0]}"), with and without the hidden tests: '
                "anything else gets full points from nbgrader"
            )
    return keys[0]


def _parse(cell: Cell, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as problem:
        raise cell.error(f"not valid Python: {problem.msg}", problem.lineno or 0) from None


def _called(node: ast.AST) -> str | None:
    """The key of a `check("key", ...)` call, None for any other node."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
        return None
    key = node.args[0]
    if node.func.id != "check" or not isinstance(key, ast.Constant):
        return None
    return str(key.value)
