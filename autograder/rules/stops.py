"""What stops a notebook whatever the step: a missing import, a slip of syntax, a loop without end,
a crash of Python; and work that is not there yet.

`autograder.rules.causes` adds these to the catalogue's findings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.contract import STEPS
from autograder.evidence.schema import CellError, Evidence
from autograder.explain.python import IMPORTS
from autograder.handin.submission import Cell, Submission
from autograder.rules.cause import Cause
from autograder.rules.locate import Place, code_cells, parsed
from autograder.rules.outcome import Outcome

AUCS = {"roc_auc_score", "roc_curve", "average_precision_score", "AUROC", "BinaryAUROC"}
Stop = tuple[Cause, str, str, Place]


def _entry(id: str, title: str, why: str, question: str, hints: tuple[str, str, str]) -> Cause:
    return Cause(id, title, why, question, hints, lambda _: None)


MISSING_IMPORT = _entry(
    "run.missing-import",
    "A name is used that was never imported",
    "Python knows a library's functions only where an import has bound their names, in this very "
    "notebook, and in a cell that has been run.",
    "Which of your import lines should have made this name?",
    (
        "Read the NameError's last word: that is the name.",
        "Compare it with your import cell, letter by letter; then restart the kernel and run all.",
        "Import it from the library that has it, in the first code cell.",
    ),
)
SYNTAX = _entry(
    "run.syntax",
    "Python cannot read a cell",
    "A cell with a slip of syntax does nothing at all: not one of its lines is run.",
    "What does Python's little arrow point at, and what stands just before it?",
    (
        "Look at the line that is named, and at the one above it.",
        "Count brackets; look for a missing colon, or for mixed indentation.",
        "Cut the cell down to the line that is named, until it runs.",
    ),
)
NEVER_ENDS = _entry(
    "run.never-ends",
    "A cell does not come to an end",
    "A cell that runs on and on keeps all cells below it from running.",
    "What makes this loop stop, and does it ever come true?",
    (
        "Print the loop's variable for the first rounds.",
        "Try one epoch, or a hundred rows, and measure how long that takes.",
        "Give the loop a fixed number of rounds.",
    ),
)
CRASHES = _entry(
    "run.crashes",
    "A cell ends the Python process",
    "When the process ends, all that was computed is gone: in Jupyter the kernel has died.",
    "Which line is the last that prints something before the kernel dies?",
    (
        "Look for exit(), quit() or os._exit().",
        "How large is the largest thing that you make? A table of all pairs of nodes has "
        "hundreds of millions of numbers.",
        "Take the cell apart and run it line by line.",
    ),
)
NO_LOOP = _entry(
    "run.no-training",
    "There is no training yet",
    "Without a loop over epochs the model keeps the random numbers that it began with.",
    "Where does your code call the optimizer, and how often?",
    (
        "One epoch is: negatives, forward, loss, backward, step.",
        "Write one epoch as a function first, and call it once.",
        "Then call it in a loop, and keep each loss in a list.",
    ),
)
NO_TEST = _entry(
    "run.no-evaluation",
    "There is no evaluation yet",
    "Only edges that the model has never seen tell what it has learned.",
    "Which part of the split has edges that neither training nor validation has used?",
    (
        "An AUC needs two things for each pair: a label and a score.",
        "Score the positive and the negative edges of the test part.",
        "Hand labels and scores, in this order, to scikit-learn's AUC.",
    ),
)

STOPS = (MISSING_IMPORT, SYNTAX, NEVER_ENDS, CRASHES, NO_LOOP, NO_TEST)


def stops(submission: Submission, ways: list[Evidence], outcomes: list[Outcome]) -> Iterator[Stop]:
    """What stopped the notebook, each with its step, the proof and the place.

    What the first of the `ways` that it was run raised counts, and imports that any of them missed.
    """
    told: set[str] = set()
    cells = code_cells(submission)
    for error in [error for way in ways for error in way.errors]:
        entry = _named(error)
        if entry is not MISSING_IMPORT and error not in ways[0].errors:
            continue
        if entry is None or (text := f"{entry.id} {error.message}") in told:
            continue
        told.add(text)
        step, place = where(error, cells)
        yield entry, step, f"{error.name}: {error.message}", place
    attempted = {o.check.step for o in outcomes if o.status not in ("not_attempted", "blocked")}
    for entry, exercise, step, there, proof in (
        (
            NO_LOOP,
            "step5.loop",
            "step5",
            _loops,
            "no loop calls `backward`, or a function that does",
        ),
        (NO_TEST, "step6.test", "step6", _tests, "nothing computes an AUC"),
    ):
        statuses = {o.status for o in outcomes if o.check.cell == exercise}
        before = any(s in attempted for s in STEPS[: STEPS.index(step)])
        handed = any(step in book.steps or not book.step for book in submission.notebooks)
        if statuses != {"not_attempted"} or not before or not handed:
            continue
        if not there([tree for _, _, cell in cells if (tree := parsed(cell.source))]):
            yield entry, step, proof, Place()  # else something keeps it from running


def _tests(trees: list[ast.AST]) -> bool:
    """Whether anything computes an AUC."""
    return any(AUCS & _called(tree) for tree in trees)


def _called(tree: ast.AST) -> set[str]:
    """Names of the functions and methods that are called somewhere in it."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {getattr(func, "attr", getattr(func, "id", "")) for func in calls}


def _loops(trees: list[ast.AST]) -> bool:
    """Whether some loop calls `backward`, or a function of the notebook's that does."""
    callers: dict[str, list[str]] = {}  # of each name, the functions that call it
    functions = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    for function in functions:
        for name in _called(function):
            callers.setdefault(name, []).append(function.name)
    training, waiting = {"backward"}, ["backward"]
    while waiting:
        more = set(callers.get(waiting.pop(), ())) - training
        training |= more
        waiting += more
    repeated = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)
    loops = [n for tree in trees for n in ast.walk(tree) if isinstance(n, repeated)]
    return any(training & _called(loop) for loop in loops)


def _named(error: CellError) -> Cause | None:
    if error.name == "NameError":
        name = re.search(r"name '(\w+)' is not defined", error.message)
        return MISSING_IMPORT if name and name.group(1) in IMPORTS else None
    if error.name in ("SyntaxError", "IndentationError", "TabError"):
        return SYNTAX
    return {"Timeout": NEVER_ENDS, "Crash": CRASHES}.get(error.name)


def where(error: CellError, cells: list[tuple[str, int, Cell]]) -> tuple[str, Place]:
    """The step and the place of an exception that a cell raised."""
    for notebook, number, cell in cells:
        if number - 1 != error.cell:
            continue
        lines = [line.strip() for line in cell.source.splitlines()]
        if not error.source or error.source.strip() in lines:
            place = Place(notebook, number, error.line, error.source.strip())
            return cell.step, place
    return "", Place()
