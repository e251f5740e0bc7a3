"""The sandbox: runs notebooks in processes of their own and brings back evidence, nothing else.

`autograder.engine` keeps one open for a whole class.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from autograder.evidence import Evidence
from autograder.sandbox import isolation
from autograder.sandbox.task import Message, ProtocolError, Task, TaskCell, receive, send

SERVER = [sys.executable, "-m", "autograder.sandbox.server"]
GRACE = 5.0  # seconds over a notebook's limit before its process is ended
MODES = ("full", "basic")


@dataclass(frozen=True)
class Run:
    """What came of one task. `problem` says why it did not reach its end, in words for a TA."""

    evidence: Evidence
    problem: str = ""
    grader_fault: bool = False
    seconds: float = 0.0


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
        self._all = [_Slot(self.walled) for _ in range(max(1, jobs))] if self.fork else []

    def __enter__(self) -> Sandbox:
        for slot in self._all:
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

    def run(self, task: Task) -> Run:
        """Run one task to its end, its time limit, or its crash.

        Raises:
            SandboxError: the warm process did not start.
        """
        if not self.fork:
            return _run_fresh(task)
        slot = self._slots.get()
        try:
            return slot.run(task)
        finally:
            self._slots.put(slot)


def _missing() -> str:
    return isolation.missing()


class _Slot:
    """One warm process, which runs one task at a time; started again when a task takes it down."""

    def __init__(self, walled: bool) -> None:
        self.walled = walled
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.ready = False
        self.closed = False

    def start(self) -> None:
        """Start the process; it is not waited for."""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mode = "walled" if self.walled else "plain"
        command = [*SERVER, mode, str(theirs.fileno())]
        command = isolation.wrap(command) if self.walled else command
        nowhere = subprocess.DEVNULL
        with theirs:
            self.process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=nowhere,
                stdout=nowhere,
                stderr=None if os.environ.get("AUTOGRADER_DEBUG") else nowhere,
                env=_environment(),
            )
        self.ready = False

    def stop(self) -> None:
        """End the process and all that runs in it."""
        if self.process and self.control:
            self.control.close()
            self.process.kill()
            self.process.wait()

    def run(self, task: Task) -> Run:
        """Run one task, and wait until nothing of it is left."""
        self._wait_until_ready()
        begin = time.monotonic()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            told = str(task.notebook_seconds + GRACE).encode()
            assert self.control
            socket.send_fds(self.control, [told], [theirs.fileno()])
            theirs.close()
            with ours.makefile("rb") as reader, ours.makefile("wb") as writer:
                run = _follow(task, reader, writer, begin)
        if not self._said(b"free", task.notebook_seconds + 2 * GRACE):
            self.stop()
            if not self.closed:
                self.start()
        return run

    def _wait_until_ready(self) -> None:
        if not self.ready and not self._said(b"ready", 300):
            reason = "was stopped" if self.closed else "did not start: AUTOGRADER_DEBUG=1 shows why"
            raise SandboxError(f"the warm process {reason}")
        self.ready = True

    def _said(self, word: bytes, seconds: float) -> bool:
        assert self.control
        self.control.settimeout(seconds)
        with contextlib.suppress(OSError):
            return self.control.recv(16) == word
        return False


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


def _run_fresh(task: Task) -> Run:
    """Run one task in a process that was started for it."""
    process = subprocess.Popen(
        [*SERVER, "--once"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
    )
    try:
        assert process.stdin and process.stdout
        with _killing(process, task.notebook_seconds + GRACE + 60):  # with the time to start
            return _follow(task, process.stdout, process.stdin, time.monotonic())
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


def _follow(task: Task, reader: IO[bytes], writer: IO[bytes], begin: float) -> Run:
    """Read messages until the run is done, keeping the last evidence it sent."""
    evidence, cell = Evidence(), -1
    try:
        send(writer, task)
        while True:
            message = receive(reader, Message)
            assert isinstance(message, Message)
            cell = max(cell, message.cell)
            evidence = message.evidence or evidence
            if message.done:
                fault = message.fault
                return Run(evidence, fault, bool(fault), time.monotonic() - begin)
    except (ProtocolError, OSError) as error:
        late = time.monotonic() - begin > task.notebook_seconds
        problem = f"took longer than {task.notebook_seconds:g} s" if late else "the process died"
        problem += f" in code cell {cell + 1} of {len(task.cells)}" if cell >= 0 else ""
        problem += "" if late or str(error) == "closed" else f" ({error})"
    return Run(evidence, problem, False, time.monotonic() - begin)


__all__ = ["MODES", "Run", "Sandbox", "SandboxError", "Task", "TaskCell"]
