"""The student's own chain: steps 1 to 5 (or 4 and 5) of one folder, run in one namespace.

`checkpoint("step6")` starts it, so that step 6 measures the student's own model.
"""

from __future__ import annotations

import contextlib
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from IPython.utils.capture import capture_output
from msgspec.structs import replace

from autograder import STEPS, reference
from autograder.evidence import CellError
from autograder.probes.limits import CellTimeout, limited, remaining
from autograder.probes.session import Session, bound_names
from autograder.submission import SubmissionError, load

NEEDED = STEPS[3:5]  # without these two the model would not be the student's own
MADE = ("data", "train_data", "val_data", "test_data", "model", "losses")
running: list[dict[str, Any]] = []  # namespaces of chains that are running now, innermost last
_results: dict[Path, dict[str, Any] | CellError | None] = {}


def run(folder: Path, data: Path) -> dict[str, Any] | CellError | None:
    """Train the student's own model from the notebooks of `folder`; keep the result for `last`.

    First steps 1 to 5 in one piece. Where these do not give the nodes the numbers that step 6
    reads names by, steps 4 and 5 alone, on right inputs. Within a cell that has a time limit each
    may take three quarters of what is left of it.

    Returns:
        The namespace; or the error that kept it from having a trained model; or None where the
        folder does not hold the student's steps 4 and 5.
    """
    try:
        books = {book.step: book for book in load(folder).notebooks if book.step}
    except SubmissionError:
        books = {}
    _results[folder] = None
    if running or not all(step in books for step in NEEDED):
        return None
    right = reference.inputs("step6", data, trained=False)
    right |= {"data": reference.inputs("step4", data)["data"]}
    for steps in (STEPS[:5], NEEDED):
        cells = [
            cell.source
            for step in steps
            if step in books
            for cell in books[step].cells
            if cell.kind == "code" and not cell.key
        ]
        found = _run(cells, data, {} if steps != NEEDED else right)
        if isinstance(found, dict) and _same_numbers(found["data"], right["data"]):
            break
    _results[folder] = found
    return found


def last(folder: Path) -> dict[str, Any] | CellError | None:
    """What the last `run` in this folder gave; None if there was none."""
    return _results.get(folder)


def _same_numbers(data: Any, right: Any) -> bool:
    """Whether the student's graph is the right one, node by node."""
    try:
        edges = [data.edge_index.sort(dim=0)[0].unique(dim=1), right.edge_index.unique(dim=1)]
        return bool(edges[0].equal(edges[1]))
    except Exception:  # whatever the student's own objects do
        return False


def _run(cells: list[str], data: Path, given: dict[str, Any]) -> dict[str, Any] | CellError | None:
    session = Session(ns={"__name__": "__main__"} | given, data=data, cells=cells)
    left = remaining()
    with _apart(session.ns), capture_output():
        try:
            with limited(0.75 * left) if left else contextlib.nullcontext():
                for number, source in enumerate(cells):
                    _execute(session, number, source)
        except CellTimeout as error:
            return CellError(name="Timeout", message=f"steps 4 and 5: {error}")
        return _made(session)


def _made(session: Session) -> dict[str, Any] | CellError | None:
    """The namespace if it holds a trained model and a split to measure it on."""
    ns = session.ns
    if all(name in ns for name in MADE) and len(ns["losses"]):
        try:
            part, split = ns["test_data"], (ns["val_data"], ns["test_data"])
            z = ns["model"].encode(part.x, part.edge_index)
            for data in split:
                ns["model"].decode(z, data.pos_edge_label_index)
                ns["model"].decode(z, data.neg_edge_label_index)
            return ns
        except Exception as error:  # whatever the student's own objects do
            return session.cell_error(error)
    wanted = {"model", "optimizer", "losses", "GNNLinkPredictor"}
    errors = [e for source, e in session.errors if e.blank or wanted & bound_names(source)]
    return errors[0] if errors else None


def _execute(session: Session, number: int, source: str) -> None:
    name = f"<own chain, cell {number + 1}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        code = TransformerManager().transform_cell(source) if source.strip() else ""
        exec(compile(code, name, "exec"), session.ns)
    except (Exception, SystemExit) as error:  # whatever the student's cell raises
        found = replace(session.cell_error(error), cell=None)  # a number here means no notebook's
        session.errors.append((source, found))


@contextlib.contextmanager
def _apart(ns: dict[str, Any]) -> Iterator[None]:
    """Let `checkpoint` and `check` know that a chain runs; close the figures that it leaves."""
    from autograder.reference import random_state

    plots = sys.modules.get("matplotlib.pyplot")
    before = set(plots.get_fignums()) if plots else set()
    running.append(ns)
    try:
        with random_state():
            yield
    finally:
        running.pop()
        plots = sys.modules.get("matplotlib.pyplot")
        for number in set(plots.get_fignums()) - before if plots else ():
            plots.close(number)  # type: ignore[union-attr]
