"""Runs the cells of one step in a plain namespace, a few of them changed, and judges what is there.

The tests of `rules`, `inside` and `evidence` use it. The sandbox is left out, so that a case costs
milliseconds.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import io
import linecache
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cases import ADDED, CaseFile, read_all

from autograder import checkpoints, truth
from autograder.contract import NOTEBOOKS
from autograder.evidence import schema as evidence
from autograder.evidence.schema import Evidence
from autograder.handin.submission import Cell, read
from autograder.inside.history import History
from autograder.inside.observe import observe, quiet
from autograder.inside.session import Session
from autograder.rules import step5_loop
from autograder.rules.judge import judge
from autograder.rules.outcome import Outcome
from autograder.rules.worked_out import worked_out

ROOT = Path(__file__).parents[1]
SOLUTIONS = ROOT / "solutions" / "gnn_recommender"
BLANKS = ROOT / "assignments" / "gnn_recommender"
# Solution cells; all other code cells are worked examples, imports or plots.
EXERCISES = {
    "step1": ("load", "explore"),
    "step2": ("nodes", "edges"),
    "step3": ("mapping", "data", "split"),
    "step4": ("model",),
    "step5": ("setup", "train", "loop"),
    "step6": ("test", "auc"),
}
IMPORTS = """\
import networkx as nx
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
import torch_geometric.transforms as T
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv, SAGEConv
from torch_geometric.utils import negative_sampling, to_undirected
import course_data
from torch_geometric import seed_everything
"""
FULL = "range(1, 101)"  # the epochs of the solution's loop
EPOCHS = 12  # of the solution's 100: enough for the loss to fall on tiny data
step5_loop.ASKED = 10  # of the 100 that the exercise asks for
CHAIN_EPOCHS = 60  # the same for the student's own chain
CASES = Path(__file__).parent / "rules" / "cases"
KEYS = ("base", "fails", "waits", "status", "cause", "flags", "what")
STATUSES = ("failed", "student_error", "blocked", "not_attempted", "not_judged")
CHAIN = "chain"  # `== chain`: code that spoils what the student's own steps 1 to 5 leave behind


@dataclass(frozen=True)
class Edit:
    """A change of one cell: all of it (`old` None), or one piece of its text."""

    cell: str
    new: str
    old: str | None = None

    def apply(self, source: str) -> str:
        """The cell's source after the change; the piece must be there exactly once."""
        if self.old is None:
            return self.new
        if source.count(self.old) != 1:
            raise LookupError(
                f"cell {self.cell}: {self.old!r} occurs {source.count(self.old)} times"
            )
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class Case:
    """One variant of a step's work. `before` runs after the right inputs are there."""

    name: str
    step: str
    edits: tuple[Edit, ...] = ()
    before: str = ""
    after: str = ""  # runs after the step's cells
    finding: str | None = field(default=None, compare=False)  # of the check; None: not looked at
    status: tuple[str, ...] = field(default=("failed", "student_error"), compare=False)
    own: tuple[Edit, ...] | None = None  # step 6: changes in the student's own steps 1 to 5
    check: str = field(default="", compare=False)  # that must not pass; none: all pass
    waits: tuple[str, ...] = field(default=(), compare=False)  # checks that need what is wrong
    chain: str = ""  # runs on what the student's own steps 1 to 5 leave behind

    def __str__(self) -> str:
        return f"{self.step}-{self.name}"


def cell(name: str, source: str) -> Edit:
    """Replace a whole solution cell."""
    return Edit(name, source)


def swap(name: str, old: str, new: str) -> Edit:
    """Replace one piece of a solution cell."""
    return Edit(name, new, old)


@functools.cache
def cases(folder: str) -> tuple[Case, ...]:
    """All cases in a folder of `cases`, each named by its file."""
    return read_all(CASES / folder, KEYS, case_of)


def case_of(file: CaseFile) -> Case:
    """The case of a file: its base is the solution of a step, `solution/step3`.

    In step 6 a changed cell of an earlier step is one of the student's own chain.
    """
    step = file.one_of("base", (f"solution/{step}" for step in EXERCISES)).partition("/")[2]
    sources = written(step)
    chained = list(EXERCISES)[:5] if step == "step6" else []
    earlier = {name: source for s in chained for name, source in written(s).items()}
    new = file.patched(sources | earlier, (*ADDED, CHAIN))
    if "loop" in new:
        new["loop"] = shortened(new["loop"], CHAIN_EPOCHS if chained else EPOCHS)
    own = tuple(cell(name, new[name]) for name in earlier if name in new)
    if ("fails" in file.header) == bool(file.words("flags", ("right", "weird"))):
        raise file.error(1, "say either `fails: CHECK`, or `flags: right` or `flags: weird`")
    cause = file.header.get("cause")
    return Case(
        name=str(file.path.relative_to(CASES).with_suffix("").as_posix().partition("/")[2]),
        step=step,
        edits=tuple(cell(name, new[name]) for name in sources if name in new),
        before=new.get("first", ""),
        after=new.get("last", ""),
        finding="" if cause == "none" else cause,
        status=file.words("status", STATUSES) or Case.status,
        own=own or None,
        check=file.header.get("fails", ""),
        waits=file.words("waits"),
        chain=new.get(CHAIN, ""),
    )


@dataclass
class Course:
    """The solution notebooks, on one data file."""

    data: Path
    seen: dict[Case, Evidence] = field(default_factory=dict)  # kept by the tests
    _inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    _chains: dict[tuple[Edit, ...], dict[str, Any]] = field(default_factory=dict)
    _verdicts: dict[Case, list[Outcome]] = field(default_factory=dict)

    def inputs(self, step: str) -> dict[str, Any]:
        """Fresh copies of the right inputs of a step."""
        if step not in self._inputs:
            self._inputs[step] = checkpoints.inputs(step, self.data)
        return copy.deepcopy(self._inputs[step])

    def session(self, case: Case, own: bool = True) -> Session:
        """Run the solution cells of the case's step, changed, as the sandbox's worker would."""
        ns: dict[str, Any] = {"__name__": "__main__"}
        exec(IMPORTS, ns)
        ns.update(self.inputs(case.step))
        exec(case.before, ns)
        sources = changed(solution(case.step), case.edits)
        session = Session(ns=ns, data=self.data, history=History(list(sources)))
        for number, source in enumerate([*sources, case.after]):
            execute(session, f"<{case}, cell {number}>", source)
        if case.step == "step6" and own:
            session.own = lambda: self.chain(case.own or ())
        return session

    def chain(self, edits: tuple[Edit, ...]) -> dict[str, Any]:
        """The namespace of steps 1 to 5 in one piece, as the student's own chain leaves it."""
        if edits not in self._chains:
            ns: dict[str, Any] = {"__name__": "__main__"}
            exec(IMPORTS, ns)
            session = Session(ns=ns, data=self.data)
            for step in ("step1", "step2", "step3", "step4", "step5"):
                ids = EXERCISES[step]
                mine = tuple(e for e in edits if e.cell in ids)
                for name, source in zip(
                    ids, changed(solution(step, CHAIN_EPOCHS), mine), strict=True
                ):
                    execute(session, f"<chain {hash(edits)}, {name}>", source)
            assert not session.history.errors, session.history.errors
            self._chains[edits] = ns
        return self._chains[edits]

    def observe(self, case: Case) -> Evidence:
        """Evidence of the case, sent through bytes as the sandbox sends it."""
        return worked_out(sent(observe(self.session(case), case.step)), truth.truth(self.data))

    def verdicts(self, case: Case) -> dict[str, Outcome]:
        """What every check of the case's step says, by its id."""
        if case not in self._verdicts:
            self._verdicts[case] = self.judge(self.observe(case), case.step)
        return {o.check.id: o for o in self._verdicts[case]}

    def judge(self, found: Evidence, step: str) -> list[Outcome]:
        """The outcomes of one step over evidence."""
        return judge(found, truth.truth(self.data), [step])


def sent(found: Evidence) -> Evidence:
    """Evidence after a round trip through bytes."""
    return evidence.decode(evidence.encode(found))


@functools.cache
def _cells(folder: Path, step: str) -> tuple[Cell, ...]:
    return read(folder / f"{NOTEBOOKS[step]}.ipynb").cells


def solution(step: str, epochs: int = EPOCHS) -> dict[str, str]:
    """Source of each solution cell of a step, with fewer epochs."""
    sources = written(step)
    if step == "step5":
        assert FULL in sources["loop"], f"no {FULL} in the solution's loop"
        sources["loop"] = shortened(sources["loop"], epochs)
    return sources


def written(step: str) -> dict[str, str]:
    """Source of each solution cell of a step, as it is in the notebook."""
    sources = {c.id: c.source for c in _cells(SOLUTIONS, step) if c.id in EXERCISES[step]}
    assert list(sources) == list(EXERCISES[step]), f"{step}: solution cells {list(sources)}"
    return sources


def shortened(loop: str, epochs: int) -> str:
    """The solution's loop with fewer epochs; another loop stays as it is."""
    return loop.replace(FULL, f"range(1, {epochs + 1})")


def blank(step: str) -> dict[str, str]:
    """Source of each exercise cell as students receive it."""
    return {c.id: c.source for c in _cells(BLANKS, step) if c.id in EXERCISES[step]}


def changed(sources: dict[str, str], edits: tuple[Edit, ...]) -> list[str]:
    """The sources in order, with the edits applied one after the other."""
    made = dict(sources)
    for edit in edits:
        made[edit.cell] = edit.apply(made[edit.cell])
    return list(made.values())


def execute(session: Session, name: str, source: str) -> None:
    """Run a cell like the worker: errors, printed text and the last value go into the session."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, name)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, name, "exec"), session.ns)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), name, "eval"), session.ns)
                session.shown += [] if value is None else [value]
    except Exception as error:  # what a student's cell raises
        session.history.failed(source, error)
    if printed.getvalue():
        session.shown.append(printed.getvalue())


@contextlib.contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """Seed everything inside the block, and print nothing."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    with quiet():
        yield
