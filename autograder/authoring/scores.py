"""Gives each graded cell its points: `check("step3.mapping")` in a check cell is the key to them.

Called by `autograder.authoring`; the points are those of the checks, `autograder.rules.points()`.
They have to agree with the contract and to add up to 100; what else names points is compared too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from ..contract import Exercise
from ..desk.hints import OF_EXERCISES
from ..gradebook.hand import RUBRIC
from .errors import AuthoringError
from .regions import HIDDEN_TESTS, split
from .source import Cell

FULL = 100
README, REPORT = Path("README.md"), Path("solutions", "step6_evaluation.py")
HAND, HINTS = "autograder/gradebook/hand.py", Path("autograder", "desk", "hints.py")
ALSO = f"then mend the table in {README} and, for the report, the rubrics in {REPORT} and {HAND}"
_STEP = re.compile(r"^\| (\d) \| .* \| (\d[\d.+ ]*) \|$", re.M)
_RUBRIC = re.compile(r"^# \| .* \| (\d[\d.]*) \|$", re.M)


def agree(points: Mapping[str, float], exercises: Mapping[str, Exercise]) -> None:
    """Compare the points of the checks with the contract's, and their sum with 100.

    Raises:
        AuthoringError: they differ; the message says where, and what else to update.
    """
    for key, exercise in exercises.items():
        if round(points.get(key, 0.0) - exercise.points, 6):
            raise AuthoringError(
                f"{key}: its checks in autograder/rules add up to {points.get(key, 0.0):g} points, "
                f"autograder/contract.py says {exercise.points:g}: change one of the two"
            )
    total = round(sum(points.values()), 6)
    if total != FULL:
        steps = ", ".join(f"{step} {value:g}" for step, value in _by_step(exercises).items())
        what = f"take {total - FULL:g} away" if total > FULL else f"{FULL - total:g} are missing"
        raise AuthoringError(
            f"autograder/contract.py: the points add up to {total:g}, not {FULL} ({steps}): "
            f"{what}, there and at the checks in autograder/rules; {ALSO}"
        )


def elsewhere(root: Path, exercises: Mapping[str, Exercise]) -> list[tuple[Path, str]]:
    """What follows the exercises by hand and is not up to date: a file, and what is wrong."""
    found = []
    due = _by_step(exercises)
    for number, cell in _STEP.findall(_text(root / README)):
        value = sum(map(float, cell.split("+")))
        if round(value - due.get(f"step{number}", value), 6):
            says = f"the table gives step {number} {value:g} points, not {due[f'step{number}']:g}"
            found.append((README, says))
    by_hand = sum(exercise.points for exercise in exercises.values() if exercise.by_hand)
    rubric = sum(map(float, _RUBRIC.findall(_text(root / REPORT)))) or by_hand
    for path, value in ((REPORT, rubric), (Path(HAND), sum(most for most, _ in RUBRIC.values()))):
        if round(value - by_hand, 6):
            found.append((path, f"the rubric adds up to {value:g} points, not {by_hand:g}"))
    known = [key for key, exercise in exercises.items() if not exercise.by_hand]
    if helpless := [key for key in known if key not in OF_EXERCISES]:
        found.append((HINTS, f"no question and hints for {', '.join(helpless)}"))
    return found


def _by_step(exercises: Mapping[str, Exercise]) -> dict[str, float]:
    steps = dict.fromkeys((exercise.step for exercise in exercises.values()), 0.0)
    for exercise in exercises.values():
        steps[exercise.step] += exercise.points
    return steps


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


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
