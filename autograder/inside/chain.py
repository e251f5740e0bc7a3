"""The student's own chain: steps 1 to 5 in one piece, so that step 6 measures the own model.

In a notebook `checkpoint("step6")` has it trained. In the sandbox it begins before step 5: what
that step's notebook then trains, watched by the probes, is what step 6 gets.
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

from autograder.contract import CHAIN, MODEL_CLASS
from autograder.evidence.schema import CellError
from autograder.inside import rest
from autograder.inside.clock import CellTimeout, limited, remaining
from autograder.inside.history import History, bound_names
from autograder.inside.inputs import RightInputs
from autograder.inside.randomness import random_state
from autograder.inside.session import Session
from autograder.inside.surroundings import OnTheCpu

GRAPH = ("data", "train_data", "val_data", "test_data")
MADE = (*GRAPH, "model", "losses")


class Chain:
    """The own chain of one kernel, or of one run in the sandbox.

    `running` are the namespaces of chains that are running now, the innermost last. `handed_on` is
    what step 5 goes on from, while the sandbox runs the own chain.
    """

    def __init__(self, inputs: RightInputs) -> None:
        self.inputs = inputs
        self.running: list[dict[str, Any]] = []
        self.handed_on: dict[str, Any] = {}
        self._error: CellError | None = None  # what kept the own steps 1 to 4 from a model class
        self._failed = False
        self._results: dict[Path, dict[str, Any] | CellError | None] = {}

    def train(
        self, before: list[str], cells: list[str], data: Path
    ) -> tuple[dict[str, Any] | CellError | None, Session]:
        """Run the student's own steps 1 to 4 (`before`), and on what they made the cells of step 5.

        Within a cell that has a time limit, three quarters of what is left of it are for it.

        Returns:
            The namespace; or the error that kept it from having a trained model, if it is known;
            and the session of step 5.
        """
        with _at_most(0.75 * remaining()) as late:
            self.begin(before, data)
            start = {"__name__": "__main__"} | self.handed_on
            session = Session(ns=start, data=data, history=History(cells))
            self.execute(session)
        self.handed_on.clear()
        if late:
            error = CellError(name="Timeout", message=f"steps 4 and 5: {late[0]}")
            return error, session
        return self._made(session), session

    def remember(self, folder: Path, result: dict[str, Any] | CellError | None) -> None:
        """Let `last` tell what the own work in this folder came to."""
        self._results[folder] = result

    def begin(self, cells: list[str], data: Path, seconds: float = 0.0) -> None:
        """Run the student's own steps 1 to 4: `checkpoint("step5")` then hands out what they made.

        What is missing, or does not number the nodes as step 6 reads names by, is the right one
        instead. After `seconds`, if any, it stops.
        """
        self.handed_on.clear()
        self._error, self._failed = None, False
        right = self.inputs.of(CHAIN, data)
        self.handed_on.update(right)
        session = Session(ns={"__name__": "__main__"}, data=data, history=History(cells))
        with _at_most(seconds) as late:
            self.execute(session)
        made = session.ns
        if late:
            self.fail(CellError(name="Timeout", message=f"steps 1 to 4: {late[0]}"))
        elif MODEL_CLASS in made:
            self.handed_on[MODEL_CLASS] = made[MODEL_CLASS]
        else:
            named = [
                e for source, e in session.history.errors if MODEL_CLASS in bound_names(source)
            ]
            errors = [e for _, e in session.history.errors if e.blank or e in named]
            self.fail(errors[0] if errors else None)
        if _same_graph(made, right):
            self.handed_on.update({name: made[name] for name in GRAPH})

    def fail(self, error: CellError | None) -> None:
        """The own steps 1 to 4 came to no model class: `error` says why, where it is known."""
        self._error, self._failed = error, True

    def end(self, session: Session) -> None:
        """After step 5: keep the model that it trained, for `checkpoint("step6")` and `last`."""
        session.ns.update({k: v for k, v in self.handed_on.items() if k not in session.ns})
        self._results[Path.cwd()] = self._made(session)
        self.handed_on.clear()

    def last(self, folder: Path) -> dict[str, Any] | CellError | None:
        """What the own work in this folder last came to; None if there was none."""
        return self._results.get(folder)

    def execute(self, session: Session) -> None:
        """Run the cells of a session; what they show goes nowhere."""
        with self._apart(session.ns), capture_output():
            for number, source in enumerate(session.history.cells):
                _execute(session, number, source)

    def _made(self, session: Session) -> dict[str, Any] | CellError | None:
        """The namespace if it holds an own, trained model and a split to measure it on."""
        return self._error if self._failed else _trained(session)

    @contextlib.contextmanager
    def _apart(self, ns: dict[str, Any]) -> Iterator[None]:
        """Let `checkpoint` and `check` know that a chain runs; close the figures that it leaves."""
        plots = sys.modules.get("matplotlib.pyplot")
        before = set(plots.get_fignums()) if plots else set()
        self.running.append(ns)
        try:
            with random_state():
                yield
        finally:
            self.running.pop()
            plots = sys.modules.get("matplotlib.pyplot")
            for number in set(plots.get_fignums()) - before if plots else ():
                plots.close(number)  # type: ignore[union-attr]


def _same_graph(made: dict[str, Any], right: dict[str, Any]) -> bool:
    """Whether the student's graph is the right one, node by node, and its split is a split."""
    try:
        edges = [found["data"].edge_index for found in (made, right)]
        edges = [e.sort(dim=0)[0].unique(dim=1) for e in edges]
        kept = [made[name].pos_edge_label_index.size(1) for name in GRAPH[1:]]
        return bool(edges[0].equal(edges[1])) and 0 < sum(kept) <= 2 * edges[0].size(1)
    except Exception:  # whatever the student's own objects do
        return False


def _trained(session: Session) -> dict[str, Any] | CellError | None:
    """The namespace if it holds an own, trained model and a split to measure it on."""
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
            return session.history.cell_error(error)
    wanted = {"model", "optimizer", "losses", MODEL_CLASS}
    errors = [e for source, e in session.history.errors if e.blank or wanted & bound_names(source)]
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
            found = replace(
                session.history.cell_error(each), cell=None
            )  # it would mean no notebook's
            session.history.errors.append((source, found))


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[list[CellTimeout]]:
    """Limit the block, unless by 0; what stopped it, if anything."""
    late: list[CellTimeout] = []
    try:
        with limited(seconds) if seconds else contextlib.nullcontext():
            yield late
    except CellTimeout as error:
        late.append(error)


current = Chain(RightInputs())  # of this kernel, which `checkpoint` asks


def use(chain: Chain) -> None:
    """Take the chain, and with it the right inputs, of a run in the sandbox for this kernel's."""
    global current
    current = chain
