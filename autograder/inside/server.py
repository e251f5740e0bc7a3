"""The warm process: imports torch and the rest once, then runs each task in a fork of itself.

The sandbox starts it, behind the wall where there is one, with the number of an open socket; or,
where processes cannot be forked, once a task with `--once`, over standard input and output. Behind
the wall each fork has namespaces of its own, in which this process is not to be seen.
"""

from __future__ import annotations

import contextlib
import os
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
from autograder.inside.clock import delayed
from autograder.inside.inputs import pickled
from autograder.inside.process import close_to_others, die_with_parent, end_first, limit
from autograder.inside.protocol import Given, Making, Message, ProtocolError, Task, receive, send
from autograder.inside.warm import warm_up  # first: it keeps torch to one thread
from autograder.inside.worker import Line, run
from autograder.limits import HOME

if sys.platform == "linux":
    from autograder.inside import namespaces, syscalls

# own: in namespaces of its own, behind a wall; alone: behind a wall, one task; plain: no wall
KINDS = ("own", "alone", "plain")


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
        yield pickled(module.inputs(step, data), making.modules)


def _silence() -> None:
    """Let descriptors 0, 1 and 2 lead nowhere: what a student's C code prints is not ours."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdin = open(os.devnull)  # noqa: SIM115  (stays open as long as the process)


def serve(control: socket.socket, kind: str) -> None:
    """Run a task for each connection that comes over `control`, one at a time, until that closes.

    A message on `control` is the seconds that the task may take and the processors that it may run
    on, with the descriptor of its connection. Whatever the task started has ended, and its files
    are gone, before `free` is said, with the CPU seconds and those for which it had to wait for a
    processor, if its time was over. `kind` is one of `KINDS`.
    """
    close_to_others(True)
    warm_up()
    before = _traces() if kind == "plain" else []
    control.send(b"ready")
    while True:
        told, descriptors, *_ = socket.recv_fds(control, 4096, 1)
        if not told:
            return
        seconds, *processors = told.decode().split()
        folder = (
            Path(HOME, "work") if kind != "plain" else Path(tempfile.mkdtemp(prefix="grading-"))
        )
        connection = socket.socket(fileno=descriptors[0])
        try:
            child = namespaces.fork_into_new() if kind == "own" else os.fork()
        except OSError as error:
            _say_fault(connection, error)
            control.send(b"free 0 0")
            continue
        if not child:
            control.close()
            _work(connection, folder, kind, {int(number) for number in processors})
        connection.close()
        late = _wait(child, float(seconds), control)
        waited = _delayed(child, kind) if late else 0.0
        used = _end(child, kind)
        if kind == "alone":
            return
        if kind == "plain":
            shutil.rmtree(folder, ignore_errors=True)
            if _traces() != before:
                return  # a task has changed this process: the grader starts a fresh one
        control.send(f"free {used:.2f} {waited:.2f}".encode())


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


def _work(connection: socket.socket, folder: Path, kind: str, processors: set[int]) -> None:
    """In the fork: answer the connection and end."""
    try:
        os.setsid()
        if processors:
            os.sched_setaffinity(0, processors)
        die_with_parent()
        close_to_others(False)  # or this could not be written
        end_first()
        close_to_others(True)
        _silence()
        if kind == "own":
            namespaces.furnish()
        elif kind == "alone":
            with contextlib.suppress(OSError):  # on a machine whose calls are not known
                syscalls.refuse()
        if kind != "plain":
            folder.mkdir()
        reader, writer = connection.makefile("rb"), connection.makefile("wb")
        oversee(lambda: _in_the_open(reader, writer, folder, kind != "plain"))
    except OSError as error:
        _say_fault(connection, error)
    finally:
        os._exit(0)


def _in_the_open(reader: IO[bytes], writer: IO[bytes], folder: Path, walled: bool) -> None:
    close_to_others(False)  # what this process can see of itself is as everywhere
    answer(reader, writer, folder, True, walled)


def _say_fault(connection: socket.socket, error: OSError) -> None:
    with connection, contextlib.suppress(OSError), connection.makefile("wb") as writer:
        send(writer, Message(done=True, fault=f"the wall could not be built: {error}"[:400]))


def _wait(child: int, seconds: float, control: socket.socket) -> bool:
    """Wait for the fork, at most so long or until the grader leaves; whether it is still there."""
    process = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([process, control.fileno()], [], [], seconds)
    finally:
        os.close(process)
    return process not in ready


def _delayed(child: int, kind: str) -> float:
    """Seconds for which the processes of a run were ready to run and others had the processor."""
    mine, seconds = os.getpid(), 0.0
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if kind == "plain" and os.getsid(int(name)) != child:
                continue
            seconds += delayed(name) if int(name) != mine else 0.0
    return seconds


def _end(child: int, kind: str) -> float:
    """End the fork and what it started: its namespaces, its session, or every other process.

    Returns the CPU seconds that it has used.
    """
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    _, _, used = os.wait4(child, 0)  # of namespaces: until nothing runs in them any more
    if kind == "alone":
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
    return used.ru_utime + used.ru_stime


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
        serve(socket.socket(fileno=int(sys.argv[2])), sys.argv[1])
