"""The warm process: imports torch and the rest once, then runs each task in a fork of itself.

The sandbox starts it, behind the wall where there is one, with the number of an open socket; or,
where processes cannot be forked, once a task with `--once`, over standard input and output.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import shutil
import signal
import socket
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from autograder.inside.backup import oversee
from autograder.inside.process import close_to_others, die_with_parent, limit
from autograder.inside.protocol import Given, Making, Message, ProtocolError, Task, receive, send
from autograder.inside.warm import warm_up  # first: it keeps torch to one thread
from autograder.inside.worker import Line, run
from autograder.limits import WRITABLE


def answer(
    reader: IO[bytes],
    writer: IO[bytes],
    folder: Path,
    copies: bool = False,
    walled: bool = False,
) -> None:
    """Read one task, run it in `folder`, write messages until it is done."""
    try:
        task = receive(reader, Task | Making)  # type: ignore[arg-type]
    except ProtocolError:
        return  # the grader has gone
    if isinstance(task, Making):
        for data in _made(task, folder):
            send(writer, Given(data))
        return
    limit(task.memory, task.notebook_seconds, walled)
    try:
        line = Line(lambda message: send(writer, message), lambda: receive(reader, Given))
        run(task, folder, line, copies)
    except (BrokenPipeError, ConnectionError):
        return
    except Exception as error:  # the grader's own fault: say so, the student pays nothing
        send(writer, Message(done=True, fault=f"{type(error).__name__}: {error}"[:400]))


def _made(making: Making, folder: Path) -> Iterator[bytes]:
    """The right inputs of each step as a pickle. No student's code has run in this process."""
    data = folder / "user_artists.dat"
    data.write_bytes(making.data)
    module = types.ModuleType("")
    for name, source in making.modules.items():
        module = sys.modules[name] = types.ModuleType(name)
        exec(compile(source, name, "exec"), vars(module))
    for step in making.steps:
        yield pickle.dumps(module.inputs(step, data))


def _silence() -> None:
    """Let descriptors 0, 1 and 2 lead nowhere: what a student's C code prints is not ours."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdin = open(os.devnull)  # noqa: SIM115  (stays open as long as the process)


def serve(control: socket.socket, walled: bool) -> None:
    """Run a task for each connection that comes over `control`, one at a time, until that closes.

    A message on `control` is the seconds that the task may take, with the descriptor of its
    connection. Whatever the task started has ended, and its files are gone, before `free` is said.
    """
    close_to_others(True)
    warm_up()
    found = _traces()
    control.send(b"ready")
    while True:
        told, descriptors, *_ = socket.recv_fds(control, 64, 1)
        if not told:
            return
        folder = Path(tempfile.mkdtemp(prefix="grading-"))
        child = os.fork()
        if not child:
            control.close()
            _work(descriptors[0], folder, walled)
        os.close(descriptors[0])
        _wait(child, float(told))
        _sweep(child, folder, walled)
        if _traces() != found:
            return  # a task has left something for the next: the grader starts a fresh process
        control.send(b"free")


def _traces() -> list[object]:
    """What a task could have changed about this process, or left in the kernel for the next."""
    import resource  # not on Windows, where nothing is served

    kinds = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
    mine = [os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)]
    mine += [resource.getrlimit(kind) for kind in kinds]
    for name in ("sysvipc/shm", "sysvipc/sem", "sysvipc/msg", "key-users"):
        with contextlib.suppress(OSError):
            mine.append(Path("/proc", name).read_text())
    queues = Path("/dev/mqueue")
    return [*mine, sorted(os.listdir(queues)) if queues.is_dir() else []]


def _work(descriptor: int, folder: Path, walled: bool) -> None:
    """In the fork: answer the connection and end."""
    try:
        os.setsid()
        die_with_parent()
        close_to_others(False)
        _silence()
        connection = socket.socket(fileno=descriptor)
        reader, writer = connection.makefile("rb"), connection.makefile("wb")
        oversee(lambda: answer(reader, writer, folder, True, walled))
    finally:
        os._exit(0)


def _wait(child: int, seconds: float) -> None:
    """Wait for the fork, at most so long."""
    process = os.pidfd_open(child)
    try:
        select.select([process], [], [], seconds)
    finally:
        os.close(process)


def _sweep(child: int, folder: Path, walled: bool) -> None:
    """End the fork and what it started: its session, or behind the wall every other process."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if walled:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # as process 1 we inherit all orphans
            while True:
                os.waitpid(-1, 0)
        for left in (path for place in WRITABLE for path in Path(place).iterdir()):
            with contextlib.suppress(OSError):
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def once() -> None:
    """Answer one task on standard input and output."""
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _silence()
    here = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as folder:
        answer(reader, writer, Path(folder))
        os.chdir(here)


if __name__ == "__main__":
    if sys.argv[1] == "--once":
        once()
    else:
        serve(socket.socket(fileno=int(sys.argv[2])), walled=sys.argv[1] == "walled")
