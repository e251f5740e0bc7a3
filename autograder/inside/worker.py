"""Runs one task: the cells of notebooks in an IPython shell, and the probes between them.

The sandbox's server calls it in a process of its own; nothing of the grader is trusted afterwards.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from IPython.core.interactiveshell import InteractiveShell
from torch import nn
from traitlets.config import Config

from autograder.contract import EXERCISES, GIVES, GRADING, PARTS, STEPS
from autograder.evidence.schema import STEP_TYPES, Absent, CellError, Evidence, may_still_come
from autograder.inside import chain as chains
from autograder.inside import rest, tamper
from autograder.inside.aliases import filled
from autograder.inside.backup import Backup, Lost
from autograder.inside.chain import Chain
from autograder.inside.clock import CellTimeout, limited
from autograder.inside.inputs import NotGiven, RightInputs
from autograder.inside.observe import observe, quiet
from autograder.inside.output import captured
from autograder.inside.protocol import Given, Message, Shown, Task, TaskCell
from autograder.inside.randomness import seed_all
from autograder.inside.recorder import Recorder
from autograder.inside.session import Session
from autograder.inside.surroundings import OnTheCpu, Surroundings


@dataclass(frozen=True)
class Line:
    """The connection to the grader: `say` sends a message, `hear` reads the answer to `wants`."""

    say: Callable[[Message], None]
    hear: Callable[[], Given]

    def ask(self, step: str) -> dict[str, Any]:
        """The right inputs of a step.

        Raises:
            NotGiven: the run has not come to that step.
        """
        self.say(Message(wants=step))
        data = self.hear().data
        if not data:
            raise NotGiven(f"checkpoint({step!r}): when graded, only the own step has one")
        return pickle.loads(data)  # made by the grader; evidence, the other way, is never pickled


def run(task: Task, folder: Path, line: Line, copies: bool = False) -> None:
    """Run the task inside `folder` and say, after every step, what has been observed so far.

    With `copies` a crash costs its cell: a copy of the process goes on without it.
    """
    chain = Chain(RightInputs(line.ask))
    chains.use(chain)
    seal = _seal()
    session = _session(task, folder, chain)
    session.recorder = Recorder(session.history.cell_of)
    session.recorder.install(session.ns)
    around = Surroundings(folder, session.data.parent, session.history.cells)
    around.install()
    seal.accept()
    shell = _shell(session.ns, around, task.pictures) if task.free_form else None
    backup = Backup(copies)
    observer, step, first = _Observer(session, task.cell_seconds, backup), "", 0
    for number, cell in enumerate(task.cells):
        if cell.step != step:
            for done in _done(task, number, step, cell.step):
                _leave(session, chain, observer, done, line, seal)
        line.say(Message(cell=number))
        if cell.step != step:
            step = cell.step
            if not task.free_form:
                first = number
                ns = session.begin([c.source for c in task.cells if c.step == step])
                shell = _shell(ns, around, task.pictures)
            _enter(session, chain, task, step, backup)
            if shell and task.imports.get(step):
                shell.run_cell(task.imports[step], store_history=False, silent=True)
        if cell.key:
            observer.at_check(cell.key)
            line.say(Message(evidence=observer.so_far(step)))
        else:
            assert shell
            try:
                backup.begin(task.cell_seconds)
                place = number - first
                shown = _execute(shell, session, cell, place, task.cell_seconds, around)
            except Lost as lost:
                error = CellError(name="Crash", message=str(lost), cell=number - first)
                session.history.errors.append((cell.source, error))
                shown = Shown(error=str(error))
            line.say(Message(cell=number, shown=shown))
    for done in _done(task, len(task.cells), step, ""):
        _leave(session, chain, observer, done, line, seal)
    if task.free_form:
        observer.at_last()
        line.say(Message(evidence=observer.evidence))
    backup.end()
    line.say(Message(done=True, notes=around.notes))


@functools.cache
def _seal() -> tamper.Seal:
    return tamper.Seal()


def rehearse() -> None:
    """Once, before forks: take the seal, and see what of it we replace ourselves."""
    seal, around = _seal(), Surroundings(Path(), Path(), [])
    recorder = Recorder(lambda _: None)
    recorder.install({})
    around.install()
    seal.accept()
    recorder.remove()
    around.remove()


def _done(task: Task, number: int, step: str, following: str) -> list[str]:
    """The steps that are over before this cell; in a free-form notebook some have no cells."""
    left = {cell.step for cell in task.cells[number:]}
    if not task.free_form:
        return [step] if step else []
    return [s for s in STEPS if s not in left and step <= s < (following or "step7")]


def _session(task: Task, folder: Path, chain: Chain) -> Session:
    """Make `folder` the working folder, with the data and the student's other notebooks in it."""
    os.chdir(folder)
    kept = folder / ".course_data"
    kept.mkdir()
    for name, content in task.files.items():
        (folder / Path(name).name).write_bytes(content)
    for name, content in task.data.items():
        for place in (folder, kept):
            (place / name).write_bytes(content)
    data = kept / "user_artists.dat"
    os.environ |= {GRADING: "1", "COURSE_DATA": str(data), "MPLBACKEND": "agg"}
    seed_all(task.seed)  # a fork has a random state of its own: now it repeats
    session = Session(ns={}, data=data, seed=task.seed, free_form=task.free_form)
    session.history.cells = [cell.source for cell in task.cells]
    if task.free_form:
        session.own = lambda: None if task.right_inputs else session.ns
    else:
        session.own = lambda: chain.last(folder)
    return session


def _shell(ns: dict[str, Any], around: Surroundings, pictures: bool) -> InteractiveShell:
    """An IPython shell over the namespace, that asks nothing and starts no other program."""
    shell = new_shell(ns)
    InteractiveShell._instance = shell  # type: ignore[assignment]  # what get_ipython() gives
    builtins.get_ipython = shell.get_ipython  # type: ignore[attr-defined]
    refuse = lambda command: print(f"not run when graded: {command}")  # noqa: E731
    shell.system = shell.system_raw = shell.system_piped = refuse  # type: ignore[method-assign]
    if not pictures:  # most of what our own notebooks cost is drawing
        shell.display_formatter.active_types = ["text/plain"]  # type: ignore[union-attr]
    shell.enable_gui = lambda gui=None: None  # type: ignore[method-assign]
    shell.ast_transformers.append(OnTheCpu(around.say))
    return shell


def new_shell(ns: dict[str, Any]) -> InteractiveShell:
    """An IPython shell that keeps no history: no file of its own, and no thread."""
    return InteractiveShell(user_ns=ns, config=Config({"HistoryManager": {"enabled": False}}))


def _enter(session: Session, chain: Chain, task: Task, step: str, backup: Backup) -> None:
    """Before a step: its right inputs, or the student's own chain as far as it goes."""
    with quiet():
        if task.right_inputs and GIVES[step]:
            right = chain.inputs.of(step, session.data)
            if any(isinstance(value, nn.Module) for value in session.ns.values()):
                right.pop("model", None)  # the own one goes with its optimizer
            own = {task.names[name]: value for name, value in right.items() if name in task.names}
            session.ns.update(right | own)
            parts = [right[f"{part}_data"] for part in PARTS if f"{part}_data" in right]
            if parts:
                session.recorder.log.hand_out(right.get("data"), parts)
        elif task.before and step == "step5":
            try:
                backup.begin(task.cell_seconds)
                chain.begin([cell.source for cell in task.before], session.data, task.cell_seconds)
            except Lost as lost:
                chain.begin([], session.data)
                chain.fail(CellError(name="Crash", message=f"steps 1 to 4: {lost}"))


def _leave(
    session: Session, chain: Chain, observer: _Observer, step: str, line: Line, seal: tamper.Seal
) -> None:
    """After a step: its evidence, which is final, and what was tampered with."""
    observer.at_end(step)
    if chain.handed_on:
        chain.end(session)
    line.say(Message(evidence=observer.evidence, over=step, flags=session.flags + seal.broken()))


def _execute(
    shell: InteractiveShell,
    session: Session,
    cell: TaskCell,
    number: int,
    seconds: float,
    around: Surroundings,
) -> Shown:
    """Run one cell; what it raises and shows goes into the session."""
    result, error = None, None
    more: list[BaseException] = []
    session.recorder.begin_cell()
    with captured() as output, limited(seconds):
        try:
            result = shell.run_cell(cell.source, store_history=False, silent=False)
            error = result.error_in_exec or result.error_before_exec
            if result.error_in_exec is not None:
                _go_on(shell, session, cell.source, result.error_in_exec, around, more)
        except CellTimeout as timeout:
            error = timeout
    if isinstance(error, CellTimeout):
        session.history.errors.append((cell.source, _timeout(error, number)))
    elif error is not None:
        for raised in [*reversed(more), error]:  # the first one is the one to look at
            session.history.failed(cell.source, raised)
    if result is not None and result.result is not None:
        session.shown.append(result.result)
    shown = output.shown(str(session.history.errors[-1][1]) if error is not None else "")
    session.shown += output.texts()
    return shown


def _go_on(
    shell: InteractiveShell,
    session: Session,
    source: str,
    error: BaseException,
    around: Surroundings,
    more: list[BaseException],
) -> None:
    """Run what is left of a cell after an exception; what that raises goes into `more`."""
    try:
        tree = shell.transform_ast(shell.compile.ast_parse(shell.transform_cell(source)))
    except Exception:  # what a cell's own magics make of it
        return
    name = _file_of(error, shell.user_ns)

    def execute(node: ast.stmt, last: bool) -> None:
        with shell.display_trap:
            if last and isinstance(node, ast.Expr):
                value = eval(compile(ast.Expression(node.value), name, "eval"), shell.user_ns)
                shell.displayhook(value)
                session.shown += [] if value is None else [value]
            else:
                exec(compile(ast.Module([node], []), name, "exec"), shell.user_ns)

    for node, raised in rest.go_on(tree.body, error, shell.user_ns, execute):
        more += [raised] if raised is not error else []
        if rest.of_the_surroundings(node, raised, shell.user_ns):
            line = source.splitlines()[node.lineno - 1].strip() if source else ""
            text = f"{type(raised).__name__}: {raised}".split("\n")[0]
            around.say(f"`{line[:80]}` did not run where this was graded ({text[:100]})")


def _file_of(error: BaseException, ns: dict[str, Any]) -> str:
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals is ns:
            return trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    return "<cell>"


def _timeout(error: CellTimeout, number: int) -> CellError:
    return CellError(name="Timeout", message=str(error), cell=number)


class _Observer:
    """Collects evidence: of an exercise at its check cell, of all else at the end of its step."""

    def __init__(self, session: Session, seconds: float, backup: Backup) -> None:
        self.session, self.seconds, self.backup = session, seconds, backup
        self.evidence = Evidence()
        self.pinned: dict[str, object] = {}

    def at_check(self, key: str) -> None:
        """Pin what the check cell of this exercise would see."""
        step = key.split(".")[0]
        found = self._seen(step)
        for field in EXERCISES[key].evidence:
            self.pinned[field] = getattr(found, field)

    def _seen(self, step: str) -> Any:
        """What there is of a step now; probing calls the student's code, which may never end."""
        try:
            self.backup.begin(self.seconds)
            named = filled(self.session) if self.session.free_form else contextlib.nullcontext()
            with limited(self.seconds), named:
                found = getattr(observe(self.session, step), step)
        except (Lost, CellTimeout) as end:
            name = "Timeout" if isinstance(end, CellTimeout) else "Crash"
            error = CellError(name=name, message=f"when it was called to be checked: {end}")
            fields = STEP_TYPES[step].__struct_fields__
            return STEP_TYPES[step](**dict.fromkeys(fields, Absent(name=step, error=error)))
        return found

    def so_far(self, step: str) -> Evidence:
        """Evidence with the pinned part of a step that is not over yet."""
        fields = STEP_TYPES[step].__struct_fields__
        absent = Absent(name=step, reached=False)
        found = {field: self.pinned.get(field, absent) for field in fields}
        return msgspec.structs.replace(self.evidence, **{step: STEP_TYPES[step](**found)})

    def at_end(self, step: str) -> None:
        """Observe what no check cell has asked for."""
        kind = STEP_TYPES[step]
        pinned = {f: self.pinned[f] for f in kind.__struct_fields__ if f in self.pinned}
        self.pinned.clear()
        if set(kind.__struct_fields__) <= set(pinned):
            found = kind(**pinned)
        else:
            found = msgspec.structs.replace(self._seen(step), **pinned)
        self._keep(step, found)

    def at_last(self) -> None:
        """Look once more for what was not there at its step's end: a loop may come further down."""
        for step, kind in STEP_TYPES.items():
            seen = getattr(self.evidence, step)
            missing = [f for f in kind.__struct_fields__ if may_still_come(getattr(seen, f))]
            if missing:
                again = self._seen(step)
                found = {field: getattr(again, field) for field in missing}
                self._keep(step, msgspec.structs.replace(seen, **found))

    def _keep(self, step: str, found: object) -> None:
        errors = [error for _, error in self.session.history.errors if not error.blank]
        facts = {step: found, "errors": errors[:200], "names": self.session.names}
        self.evidence = msgspec.structs.replace(self.evidence, **facts)
