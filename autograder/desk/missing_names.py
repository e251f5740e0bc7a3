"""Says after a NameError in a notebook which cell makes the name, and why it is not there yet.

`autograder.notebook` prints the line below the traceback of the cell that raised.
"""

from __future__ import annotations

import symtable
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.contract import GIVES, IMPORTS, MAKES
from autograder.handin.reading import Cell, SubmissionError, is_shadow, read
from autograder.inside.history import History, beginning, bound_names
from autograder.rules.teaching import exercise_of


def explain(
    error: NameError, source: str, cell: str, history: History, ns: dict[str, Any], folder: Path
) -> str:
    """One line on a name that a cell did not find; empty where the error is of another kind.

    Args:
        error: what the cell raised.
        source: the code of the cell.
        cell: its id, empty where it has none.
        history: the cells that have run.
        ns: the names that the kernel has.
        folder: where the saved notebook is looked for.
    """
    name = error.name
    if not name or isinstance(error, UnboundLocalError):
        return ""
    cells = _notebook(folder, history.cells)
    here = next((n for n, c in enumerate(cells) if cell and c.id == cell), None)
    if here is None:
        here = next((n for n, c in enumerate(cells) if c.source.strip() == source.strip()), None)
    for old, raised in reversed(history.errors):
        if name in _made_by(old) and old.strip() != source.strip():
            return (
                f"`{name}` is made in the cell that begins `{beginning(old)}`, and its last run "
                f"raised {raised.name}. Mend that cell first, run it, then this one."
            )
    makers = [number for number, c in enumerate(cells) if name in _made_by(c.source)]
    makers = [number for number in makers if number != here]
    if makers:
        return _of_a_cell(name, cells, makers, here, history)
    near = get_close_matches(name, [key for key in ns if key[:1] != "_"], n=1, cutoff=0.8)
    if near:
        return f"There is no `{name}`. Did you mean `{near[0]}`?"
    if name in IMPORTS:
        return f"`{name}` comes from an import: run `{IMPORTS[name]}` first, then this cell."
    return _of_the_course(name)


def _of_a_cell(
    name: str, cells: list[Cell], makers: list[int], here: int | None, history: History
) -> str:
    """What to do where the notebook has a cell that makes the name."""
    above = [number for number in makers if here is None or number < here]
    maker = cells[(above or makers)[-1 if above else 0]]
    where = f"`{name}` is made in the cell that begins `{beginning(maker.source)}`"
    if not above:
        return (
            f"{where}, which stands below this one. Run that cell first, or move the line that "
            f"needs `{name}` below it: a notebook is run from top to bottom."
        )
    ran = maker.id in history.runs or maker.source.strip() in {c.strip() for c in history.cells}
    if ran:
        return f"{where}. It has run, but there is no `{name}` now: run it again, then this one."
    return f"{where}, which has not run since the kernel started. Run it first, then this one."


def _of_the_course(name: str) -> str:
    """What to do where the exercises or `checkpoint` make the name."""
    place = exercise_of(name)
    if not place:
        return f"No cell of this notebook makes `{name}`. Is it spelled as where it is made?"
    step = next(key.split(".")[0] for key, names in MAKES.items() if name in names)
    later = [s for s, names in GIVES.items() if name in names and s > step]
    handed = f" (`checkpoint` hands it out from step {later[0][-1]} on)" if later else ""
    return f"`{name}` is made in {place}{handed}: run that cell first, then this one."


def _notebook(folder: Path, ran: Iterable[str]) -> list[Cell]:
    """The code cells of the saved notebook in the folder that shares most with what has run."""
    known = {source.strip() for source in ran}
    best, most = list[Cell](), 0
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = (
                [] if is_shadow(path.name) else [c for c in read(path).cells if c.kind == "code"]
            )
        except SubmissionError:
            continue
        shared = sum(c.source.strip() in known for c in cells)
        if shared > most:
            best, most = cells, shared
    return best


def _made_by(source: str) -> set[str]:
    """Names that a cell makes outside of functions and classes, by assignment, import or `def`."""
    try:
        plain = TransformerManager().transform_cell(source)
        table = symtable.symtable(plain, "cell", "exec")
    except (SyntaxError, ValueError):
        return bound_names(source)
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
