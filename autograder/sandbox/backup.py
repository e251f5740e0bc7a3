"""A copy of the process from before a cell, which goes on where the cell crashes or never ends.

The worker takes one before each cell; the server lets the copies go on until one has `FINISHED`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import time
from collections.abc import Callable

FINISHED = 77  # exit code of the copy that came to the notebook's end
PR_SET_CHILD_SUBREAPER = 36
GRACE = 3.0  # seconds over a cell's limit, which the cell's own clock should have kept


class Lost(Exception):
    """Raised in the copy when it has to go on: what became of the process that ran the cell."""


def taken(seconds: float) -> Callable[[], None]:
    """Fork a copy of this process and go on; call what is returned when the cell is over.

    Raises:
        Lost: only in the copy, when the cell ended its process or took longer than `seconds`.
    """
    reader, writer = os.pipe()
    main = os.getpid()
    copy = os.fork()
    if copy:
        os.close(reader)
        return lambda: _dismiss(copy, writer)
    os.close(writer)
    try:
        _watch(reader, main, seconds + GRACE)
    finally:
        os.close(reader)
    raise AssertionError  # _watch raises, or ends the process


def _dismiss(copy: int, writer: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(copy, signal.SIGKILL)  # before the pipe closes, or it would go on
    with contextlib.suppress(OSError):
        os.close(writer)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(copy, 0)


def _watch(reader: int, main: int, seconds: float) -> None:
    """In the copy: end with the cell, or raise Lost where its process is gone or must go."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([reader], [], [], 0.05)
        if ready or os.getppid() != main:
            raise Lost("it ended the Python process")
    with contextlib.suppress(OSError):
        os.kill(main, signal.SIGKILL)
    raise Lost("it did not end, and could not be interrupted")


def oversee(work: Callable[[], None]) -> None:
    """Run `work` in a fork, and wait until one of its copies has finished it or none is left."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if not os.fork():
        try:
            work()
        finally:
            os._exit(FINISHED)
    with contextlib.suppress(ChildProcessError):
        while True:
            _, status = os.wait()
            if os.waitstatus_to_exitcode(status) == FINISHED:
                return
