"""The student's own chain: steps 1 to 5 in one piece, so that step 6 measures the own model.

In a notebook `checkpoint("step6")` runs it. In the sandbox it begins before step 5: what that
step's notebook then trains, watched by the probes, is what step 6 gets.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from IPython.utils.capture import capture_output
from msgspec.structs import replace

from autograder.contract import CHAIN, MODEL_CLASS, STEPS
from autograder.evidence.schema import CellError
from autograder.inside import given, rest
from autograder.inside.clock import CellTimeout, limited, remaining
from autograder.inside.randomness import random_state
from autograder.inside.session import Session, bound_names
from autograder.inside.surroundings import OnTheCpu

GRAPH = ("data", "train_data", "val_data", "test_data")
MADE = (*GRAPH, "model", "losses")
running: list[dict[str, Any]] = []  # namespaces of chains that are running now, innermost last
begun: dict[str, Any] = {}  # what step 5 goes on from, while the sandbox runs the own chain
_results: dict[Path, dict[str, Any] | CellError | None] = {}


def run(folder: Path, data: Path) -> dict[str, Any] | CellError | None:
    """Train the student's own model from the notebooks of `folder`; keep the result for `last`.

    Within a cell that has a time limit, three quarters of what is left of it are for the chain.

    Returns:
        The namespace; or the error that kept it from having a trained model; or None where the
        folder does not hold the student's steps 4 and 5.
    """
    if folder in _results and given.ask is not None:
        return _results[folder]  # the sandbox has run it, or has nothing to run
    from autograder.handin.submission import SubmissionError, load  # not mounted behind the wall

    try:
        books = {book.step: book for book in load(folder).notebooks if book.step}
    except SubmissionError:
        books = {}
    _results[folder] = None
    if running or not all(step in books for step in STEPS[3:5]):
        return None
    cells = {
        step: [c.source for c in book.cells if c.kind == "code" and not c.key]
        for step, book in books.items()
    }
    own = [source for step in STEPS[:4] for source in cells.get(step, [])]
    with _at_most(0.75 * remaining()) as late:
        begin(own, data)
        start = {"__name__": "__main__"} | begun
        found = Session(ns=start, data=data, cells=cells["step5"])
        _run(found)
        _results[folder] = _made(found)
    if late:
        _results[folder] = CellError(name="Timeout", message=f"steps 4 and 5: {late[0]}")
    begun.clear()
    return _results[folder]


def begin(cells: list[str], data: Path, seconds: float = 0.0) -> None:
    """Run the student's own steps 1 to 4: `checkpoint("step5")` then hands out what they made.

    What is missing, or does not number the nodes as step 6 reads names by, is the right one
    instead. After `seconds`, if any, it stops.
    """
    begun.clear()
    right = given.inputs(CHAIN, data)
    begun.update(right)
    session = Session(ns={"__name__": "__main__"}, data=data, cells=cells)
    with _at_most(seconds) as late:
        _run(session)
    made = session.ns
    if late:
        begun["_error"] = CellError(name="Timeout", message=f"steps 1 to 4: {late[0]}")
    elif MODEL_CLASS in made:
        begun[MODEL_CLASS] = made[MODEL_CLASS]
    else:
        errors = [
            e for source, e in session.errors if e.blank or MODEL_CLASS in bound_names(source)
        ]
        begun["_error"] = errors[0] if errors else None
    if _same_graph(made, right):
        begun.update({name: made[name] for name in GRAPH})


def end(session: Session) -> None:
    """After step 5: keep the model that it trained, for `checkpoint("step6")` and for `last`."""
    session.ns.update({k: v for k, v in begun.items() if k not in session.ns})
    _results[Path.cwd()] = _made(session)
    begun.clear()


def last(folder: Path) -> dict[str, Any] | CellError | None:
    """What the last `run` in this folder gave; None if there was none."""
    return _results.get(folder)


def _same_graph(made: dict[str, Any], right: dict[str, Any]) -> bool:
    """Whether the student's graph is the right one, node by node, and its split is a split."""
    try:
        edges = [found["data"].edge_index for found in (made, right)]
        edges = [e.sort(dim=0)[0].unique(dim=1) for e in edges]
        kept = [made[name].pos_edge_label_index.size(1) for name in GRAPH[1:]]
        return bool(edges[0].equal(edges[1])) and 0 < sum(kept) <= 2 * edges[0].size(1)
    except Exception:  # whatever the student's own objects do
        return False


def _run(session: Session) -> None:
    with _apart(session.ns), capture_output():
        for number, source in enumerate(session.cells):
            _execute(session, number, source)


def _made(session: Session) -> dict[str, Any] | CellError | None:
    """The namespace if it holds an own, trained model and a split to measure it on."""
    ns = session.ns
    if "_error" in begun:
        return begun["_error"]
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
    wanted = {"model", "optimizer", "losses", MODEL_CLASS}
    errors = [e for source, e in session.errors if e.blank or wanted & bound_names(source)]
    return errors[0] if errors else None


def _execute(session: Session, number: int, source: str) -> None:
    name = f"<own chain, cell {number + 1}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.Module([], [])
    try:
        code = TransformerManager().transform_cell(source) if source.strip() else ""
        tree = OnTheCpu().visit(ast.parse(code, name))
        exec(compile(tree, name, "exec"), session.ns)
    except (Exception, SystemExit) as error:  # whatever the student's cell raises
        raised: list[BaseException] = [error]

        def execute(node: ast.stmt, last: bool) -> None:
            exec(compile(ast.Module([node], []), name, "exec"), session.ns)

        raised += [
            e for _, e in rest.go_on(tree.body, error, session.ns, execute) if e is not error
        ]
        for each in raised:
            found = replace(session.cell_error(each), cell=None)  # it would mean no notebook's
            session.errors.append((source, found))


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[list[CellTimeout]]:
    """Limit the block, unless by 0; what stopped it, if anything."""
    late: list[CellTimeout] = []
    try:
        with limited(seconds) if seconds else contextlib.nullcontext():
            yield late
    except CellTimeout as error:
        late.append(error)


@contextlib.contextmanager
def _apart(ns: dict[str, Any]) -> Iterator[None]:
    """Let `checkpoint` and `check` know that a chain runs; close the figures that it leaves."""
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
