"""The sandbox: runs notebooks in processes of their own and brings back evidence, nothing else.

`autograder.grading.whole_class` keeps one open for a whole class.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any

import msgspec

from autograder.contract import CHAIN, GIVES, STEPS
from autograder.evidence.arrays import printable
from autograder.evidence.schema import Evidence, Testing, Training, may_still_come
from autograder.inside.protocol import (
    Given,
    Making,
    Message,
    ProtocolError,
    Shown,
    Task,
    TaskCell,
    receive,
    send,
)
from autograder.limits import (
    ELEMENTS,
    ELEMENTS_OF_A_RUN,
    FLAGS,
    MAKING_SECONDS,
    NOTES,
    RUN_GRACE,
    SHOWN,
)
from autograder.wall import isolation

SERVER = [sys.executable, "-m", "autograder.inside.server"]
MODES = ("full", "basic")
Inputs = Callable[[str], bytes]


@dataclass(frozen=True)
class Run:
    """What came of one task. `problem` says why it did not reach its end, in words for a TA.

    `late`: the clock ended it, after so many seconds of CPU (`cpu`), and so many in which others
    had the processor (`waited`). `shown` is what each cell printed, `flags` what a TA should look
    at.
    """

    evidence: Evidence
    problem: str = ""
    grader_fault: bool = False
    seconds: float = 0.0
    shown: dict[int, Shown] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    late: bool = False
    cpu: float = 0.0
    waited: float = 0.0


class SandboxError(Exception):
    """The warm process did not start, or there is no such isolation here."""


class Sandbox:
    """Runs tasks, each in a process of its own: forks of warm processes, or fresh ones.

    Use it as a context manager. `run` may be called from several threads.

    Args:
        isolation: `full` runs everything behind bubblewrap's wall, `basic` only in processes.
        jobs: how many tasks may run at a time.
        fork: fork warm processes; by default where that is safe, on Linux.

    Raises:
        SandboxError: `full` is not to be had on this machine.
    """

    def __init__(self, isolation: str = "basic", jobs: int = 1, fork: bool | None = None) -> None:
        self.fork = sys.platform == "linux" if fork is None else fork
        self.walled = isolation == "full"
        if self.walled and (reason := _missing()):
            raise SandboxError(
                f"{reason}: install it, or accept --isolation basic, which does not keep a "
                "submission from reading your files or the network"
            )
        self._slots: queue.Queue[_Slot] = queue.Queue()
        self._one_alone = threading.Lock()  # two that gather all slots would wait for each other
        self._all = [_slot(self.walled) for _ in range(max(1, jobs))] if self.fork else []
        for slot, processors in zip(self._all, _shares(len(self._all)), strict=True):
            slot.processors = processors

    def __enter__(self) -> Sandbox:
        for slot in self._all:
            if slot.process is None:
                slot.start()
            self._slots.put(slot)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that runs, from whichever thread; `run` then returns what it has."""
        for slot in self._all:
            slot.closed = True
            slot.stop()

    def run(self, task: Task, inputs: Inputs = lambda _: b"") -> Run:
        """Run one task to its end, its time limit, or its crash.

        `inputs` gives the right inputs of a step as a pickle, when the run has come to it.

        Raises:
            SandboxError: the warm process did not start.
        """
        if not self.fork:
            return _run_fresh(task, inputs)
        slot = self._slots.get()
        try:
            run = slot.run(task, inputs)
        finally:
            self._slots.put(slot)
        # it hardly ran, and that was no choice of its own
        starved = run.late and run.cpu < run.seconds / 2 < run.waited
        return self._run_alone(task, inputs) if starved and len(self._all) > 1 else run

    def make(self, making: Making) -> dict[str, bytes]:
        """The right inputs of steps as pickles, made where torch is imported already.

        What is not there could not be made: without warm processes nothing is.

        Raises:
            SandboxError: the warm process did not start.
        """
        if not self.fork:
            return {}
        slot = self._slots.get()
        try:
            return slot.make(making)
        finally:
            self._slots.put(slot)

    def _run_alone(self, task: Task, inputs: Inputs) -> Run:
        """Run a task while nothing else runs here: what others took shall cost nobody a point."""
        with self._one_alone:
            slots = [self._slots.get() for _ in self._all]
            try:
                return slots[0].run(task, inputs)
            finally:
                for slot in slots:
                    self._slots.put(slot)


def _shares(slots: int) -> list[list[int]]:
    """The processors of each slot: its own ones, so that no submission takes those of another."""
    if sys.platform != "linux":
        return [[] for _ in range(slots)]
    processors = sorted(os.sched_getaffinity(0))
    alone = slots == 1 or len(processors) < slots
    return [[] if alone else processors[slot::slots] for slot in range(slots)]


_ahead: list[_Slot] = []


def start_ahead(isolation: str) -> None:
    """Start the next sandbox's warm process now: it imports torch while the caller does."""
    walled = isolation == "full"
    if sys.platform == "linux" and not (walled and _missing()):
        slot = _Slot(walled)
        slot.start()
        _ahead.append(slot)
        assert slot.process
        atexit.register(slot.process.kill)  # where no sandbox ever asks for it


def _slot(walled: bool) -> _Slot:
    """A slot, by preference one that was started ahead."""
    found = next((slot for slot in _ahead if slot.walled == walled), None)
    if found is None:
        return _Slot(walled)
    _ahead.remove(found)
    return found


def _missing() -> str:
    return isolation.missing()


class _Slot:
    """One warm process, which runs one task at a time; started again when a task takes it down."""

    def __init__(self, walled: bool) -> None:
        self.walled = walled
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.connection: socket.socket | None = None  # to the run, while there is one
        self.ready = self.closed = False
        self.used: list[float] = []  # seconds of CPU of the last run, and of waiting for it
        self.processors: list[int] = []  # that a task may run on; all of them where it is empty

    def start(self) -> None:
        """Start the process; it is not waited for."""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kind = "plain" if not self.walled else "own" if isolation.nested() else "alone"
        command = [*SERVER, kind, str(theirs.fileno())]
        command = isolation.wrap(command, kind == "own") if self.walled else command
        nowhere = subprocess.DEVNULL
        with theirs:
            self.process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=nowhere,
                stdout=nowhere,
                stderr=None if os.environ.get("AUTOGRADER_DEBUG") else nowhere,
                env=isolation.environment() if self.walled else _environment(),
                cwd=isolation.folder_to_start_in(),
            )
        self.ready = False

    def stop(self) -> None:
        """End the process and all that runs in it, and what waits for an answer of it.

        It leaves by itself when `control` is closed, and ends its run first.
        """
        if self.process and self.control:
            self.control.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            self.process.kill()
            self.process.wait()
        if self.connection:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def run(self, task: Task, inputs: Inputs) -> Run:
        """Run one task and wait until nothing of it is left; once more if the process was ill."""
        try:
            run = self._run(task, inputs)
            if not run.grader_fault or self.closed:
                return run
        except OSError:  # an earlier task has harmed the warm process
            pass
        except SandboxError:
            raise
        except Exception:  # our own fault: nobody waits for what runs there
            self.stop()
            if not self.closed:
                self.start()
            raise
        self.stop()
        if not self.closed:
            self.start()
        return self._run(task, inputs)

    def make(self, making: Making) -> dict[str, bytes]:
        """Have right inputs made in a fork that runs our own code alone."""
        found: dict[str, bytes] = {}
        try:
            with self._fork(MAKING_SECONDS) as (reader, writer), contextlib.suppress(ProtocolError):
                send(writer, making)
                for step in making.steps:
                    found[step] = receive(reader, Given).data
        except OSError:  # the next task starts the warm process anew
            pass
        return found

    def _run(self, task: Task, inputs: Inputs) -> Run:
        with self._fork(task.notebook_seconds) as (reader, writer):
            run = _follow(task, inputs, reader, writer, time.monotonic())
        cpu, waited = self.used if len(self.used) == 2 else (run.seconds, 0.0)
        return replace(run, cpu=cpu, waited=waited)

    @contextlib.contextmanager
    def _fork(self, seconds: float) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """A connection to a new fork; after the block nothing of it is left."""
        self._wait_until_ready()
        ours, theirs = socket.socketpair()
        self.connection = ours
        with ours, theirs:
            told = [seconds + RUN_GRACE, *self.processors]
            assert self.control
            socket.send_fds(self.control, [" ".join(map(str, told)).encode()], [theirs.fileno()])
            theirs.close()
            most = seconds + 2 * RUN_GRACE  # whatever it does to the clocks inside
            assert self.process
            with (
                ours.makefile("rb") as reader,
                ours.makefile("wb") as writer,
                _killing(self.process, most),
            ):
                yield reader, writer
        word, *used = self._said(3 * RUN_GRACE)
        self.used = [float(seconds) for seconds in used]
        if word != "free":  # it was harmed, or stopped
            self.stop()
            if not self.closed:
                self.start()
        self.connection = None

    def _wait_until_ready(self) -> None:
        if not self.ready and self._said(300) != ["ready"]:
            reason = "was stopped" if self.closed else "did not start: AUTOGRADER_DEBUG=1 shows why"
            raise SandboxError(f"the warm process {reason}")
        self.ready = True

    def _said(self, seconds: float) -> list[str]:
        """The words that the process says next; an empty one where it says nothing in time."""
        assert self.control
        with contextlib.suppress(OSError):  # also where another thread has closed it
            self.control.settimeout(seconds)
            return self.control.recv(64).decode().split() or [""]
        return [""]


def _environment() -> dict[str, str]:
    return os.environ | isolation.SETTINGS


def _run_fresh(task: Task, inputs: Inputs) -> Run:
    """Run one task in a process that was started for it."""
    process = subprocess.Popen(
        [*SERVER, "--once"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
        cwd=isolation.folder_to_start_in(),
    )
    try:
        assert process.stdin and process.stdout
        with _killing(process, task.notebook_seconds + RUN_GRACE + 60):  # with the time to start
            return _follow(task, inputs, process.stdout, process.stdin, time.monotonic())
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def _killing(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """End the process if the block takes longer."""
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _follow(task: Task, inputs: Inputs, reader: IO[bytes], writer: IO[bytes], begin: float) -> Run:
    """Read messages until the run is done."""
    log = _Log(task)
    try:
        send(writer, task)
        while True:
            message = receive(reader, Message, log.count)
            log.take(message)
            if message.wants:
                may = log.may_have(message.wants)
                log.gave = max(log.gave, message.wants if may else "")
                send(writer, Given(inputs(message.wants) if may else b""))
            if message.done and not log.complete():
                raise ProtocolError("it ended early")
            if message.done:
                ours = bool(message.fault) and log.cell < 0
                return log.run(printable(message.fault), time.monotonic() - begin, ours)
    except (ProtocolError, OSError) as error:
        late = time.monotonic() - begin > task.notebook_seconds
        problem = f"took longer than {task.notebook_seconds:g} s" if late else "the process died"
        problem += f" in code cell {log.cell + 1} of {len(task.cells)}" if log.cell >= 0 else ""
        problem += " before the first cell" if log.cell < 0 else ""
        problem += "" if late or str(error) == "closed" else f" ({error})"
    run = log.run(problem, time.monotonic() - begin, log.cell < 0)  # no code of theirs has run
    return replace(run, late=late)


def _is_worked_out(evidence: Evidence) -> bool:
    """Whether it holds what follows from a trace, in place of the trace."""
    step5, step6 = evidence.step5, evidence.step6
    trained, tested = step5 and step5.train, step6 and step6.test
    return isinstance(trained, Training) or isinstance(tested, Testing)


class _Log:
    """What a run has said so far; what it has said of a step that is over stays as it is."""

    def __init__(self, task: Task) -> None:
        self.task = task
        own = dict.fromkeys(cell.step for cell in task.cells)
        self.steps = list(STEPS if task.free_form else own)
        self.last = {cell.step: number for number, cell in enumerate(task.cells)}
        self.cell = -1
        self.evidence = Evidence()
        self.over: dict[str, Any] = {}
        self.gave = ""  # the last step whose inputs it got
        self.room, self.elements = SHOWN, 0
        self.shown: dict[int, Shown] = {}
        self.flags: dict[str, None] = {}
        self.notes: dict[str, None] = {}

    def count(self, elements: int) -> None:
        """Note how many values the next message holds, before it is decoded."""
        self.elements += elements
        if elements > ELEMENTS or self.elements > ELEMENTS_OF_A_RUN:
            raise ProtocolError(f"messages of more than {ELEMENTS:,} values")

    def take(self, message: Message) -> None:
        """Note one message."""
        if message.cell > self.cell + 1:
            raise ProtocolError("it skipped cells")
        self.cell = max(self.cell, message.cell)
        if message.shown and message.cell not in self.shown and 0 <= message.cell <= self.cell:
            self.room -= message.shown.size()
            self.shown[message.cell] = message.shown if self.room > 0 else Shown(error="too much")
        for said, more, most in (
            (self.flags, message.flags, FLAGS),
            (self.notes, message.notes, NOTES),
        ):
            lines = (printable(line[:200]).strip() for line in more[: 10 * most])
            for line in filter(None, lines):
                if len(said) < most:
                    said[line] = None
                elif line not in said:
                    said["and more than can be listed here"] = None
                    break
        if message.evidence:
            if _is_worked_out(message.evidence):
                raise ProtocolError("it sent what only the grader works out")
            kept: dict[str, Any] = {step: None for step in STEPS if step not in self.steps}
            kept |= {step: self._added(step, message.evidence) for step in self.over}
            self.evidence = msgspec.structs.replace(message.evidence, **kept)
        if message.over in self.steps and message.over not in self.over:
            if self.cell < self.last.get(message.over, -1):
                raise ProtocolError("it left cells out")
            found = getattr(self.evidence, message.over)
            if found is None:
                raise ProtocolError("it ended a step without evidence")
            self.over[message.over] = found

    def _added(self, step: str, later: Evidence) -> Any:
        """A step that is over; what was absent may still come, if no inputs have given it away."""
        found, again = self.over[step], getattr(later, step)
        known = "step5" if self.task.right_inputs else self.gave
        known = "step6" if self.task.before else known
        if again is None or step < known:
            return found
        absent = [f for f in again.__struct_fields__ if may_still_come(getattr(found, f))]
        return msgspec.structs.replace(found, **{f: getattr(again, f) for f in absent})

    def complete(self) -> bool:
        """Whether every cell was reached, and every step ended."""
        return self.cell == len(self.task.cells) - 1 and set(self.over) == set(self.steps)

    def may_have(self, step: str) -> bool:
        """Whether the run has come to this step: what it starts from is then no secret any more."""
        if self.task.before:  # the own chain is measured by steps 5 and 6 only
            return step in GIVES or step == CHAIN
        here = [s for s in self.steps if s not in self.over][:1]
        return step in STEPS and bool(here) and step <= here[0]

    def run(self, problem: str, seconds: float, fault: bool = False) -> Run:
        """All of it."""
        said = tuple(self.flags), tuple(self.notes)
        return Run(self.evidence, problem, fault, seconds, self.shown, *said)


__all__ = ["MODES", "Making", "Run", "Sandbox", "SandboxError", "Task", "TaskCell"]
