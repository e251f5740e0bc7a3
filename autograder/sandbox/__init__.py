"""The sandbox: runs notebooks in processes of their own and brings back evidence, nothing else.

`autograder.engine` keeps one open for a whole class.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autograder.evidence import Evidence
from autograder.sandbox.task import Message, ProtocolError, Task, TaskCell, receive, send

SERVER = [sys.executable, "-m", "autograder.sandbox.server"]
GRACE = 5.0  # seconds over a notebook's limit before its process is ended


@dataclass(frozen=True)
class Run:
    """What came of one task. `problem` says why it did not reach its end, in words for a TA."""

    evidence: Evidence
    problem: str = ""
    grader_fault: bool = False
    seconds: float = 0.0


class SandboxError(Exception):
    """The warm process did not start."""


class Sandbox:
    """Runs tasks, each in a process of its own: forks of one warm process, or fresh ones.

    Use it as a context manager. `run` may be called from several threads.

    Args:
        fork: fork a warm process (needs a POSIX system); by default where that is safe, on Linux.
    """

    def __init__(self, fork: bool | None = None) -> None:
        self.fork = sys.platform == "linux" if fork is None else fork
        self._server: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True)
        self._socket = str(Path(self._folder.name) / "socket")

    def __enter__(self) -> Sandbox:
        if self.fork:
            self._server = subprocess.Popen(
                [*SERVER, self._socket],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=_environment(),
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.kill()
            self._server.wait()
            for stream in (self._server.stdin, self._server.stdout):
                if stream:
                    stream.close()
        self._folder.cleanup()

    _starting = threading.Lock()

    def ready(self) -> None:
        """Wait until the warm process has imported everything.

        Raises:
            SandboxError: it ended instead.
        """
        with self._starting:
            if self._server and self._server.stdout and not self._server.stdout.closed:
                if self._server.stdout.readline().strip() != "ready":
                    raise SandboxError("the warm process did not start: look at its message above")
                self._server.stdout.close()

    def run(self, task: Task) -> Run:
        """Run one task to its end, its time limit, or its crash."""
        self.ready()
        begin = time.monotonic()
        with self._connected(task) as (reader, writer):
            return _follow(task, reader, writer, begin)

    @contextlib.contextmanager
    def _connected(self, task: Task) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """A fresh process to talk to; it and all it started are ended afterwards."""
        limit = task.notebook_seconds + GRACE
        if self.fork:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(self._socket)
                with (
                    _after(limit, lambda: connection.shutdown(socket.SHUT_RDWR)),
                    connection.makefile("rb") as reader,
                    connection.makefile("wb") as writer,
                ):
                    yield reader, writer
            return
        process = subprocess.Popen(
            [*SERVER, "--once"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        try:
            assert process.stdin and process.stdout
            with _after(limit, process.kill):
                yield process.stdout, process.stdin
        finally:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def _after(seconds: float, stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` if the block takes longer."""

    def stop_quietly() -> None:
        with contextlib.suppress(OSError):
            stop()

    timer = threading.Timer(seconds, stop_quietly)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def _follow(task: Task, reader: IO[bytes], writer: IO[bytes], begin: float) -> Run:
    """Read messages until the run is done, keeping the last evidence it sent."""
    evidence, cell, pid = Evidence(), -1, 0
    try:
        send(writer, task)
        while True:
            message = receive(reader, Message)
            assert isinstance(message, Message)
            pid, cell = pid or message.pid, max(cell, message.cell)  # only the first is ours
            evidence = message.evidence or evidence
            if message.done:
                fault = message.fault
                return Run(evidence, fault, bool(fault), time.monotonic() - begin)
    except (ProtocolError, OSError) as error:
        late = time.monotonic() - begin > task.notebook_seconds
        problem = f"took longer than {task.notebook_seconds:g} s" if late else "the process died"
        problem += _at(task, cell) + ("" if late or str(error) == "closed" else f" ({error})")
    finally:
        if pid:
            _end(pid)
    return Run(evidence, problem, False, time.monotonic() - begin)


def _at(task: Task, cell: int) -> str:
    return f" in code cell {cell + 1} of {len(task.cells)}" if cell >= 0 else ""


def _end(pid: int) -> None:
    """End a process and its session."""
    for kill in (getattr(os, "killpg", os.kill), os.kill):
        with contextlib.suppress(OSError):
            kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


__all__ = ["Run", "Sandbox", "SandboxError", "Task", "TaskCell"]
