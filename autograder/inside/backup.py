"""A copy of the process, which goes on where a cell crashes or never ends.

The worker begins a turn for each cell, and for each look at what the cells made. A copy is taken
where there is more work behind than is cheap to do again; the copy does again the turns since then,
all but the one that was lost. The server lets copies go on until one has `FINISHED`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import select
import signal
import struct
import time
from collections.abc import Callable

from autograder.inside.clock import delayed
from autograder.limits import CELL_GRACE, MOST_DELAYED, REPEATED_SECONDS

FINISHED = 77  # exit code of the copy that came to the notebook's end
PR_SET_CHILD_SUBREAPER = 36

_TURN = struct.Struct("<qd")  # its number, and the seconds that it may take


class Lost(Exception):
    """Raised in the copy at the turn that was lost: what became of the process that was at it."""


class Backup:
    """The copy of this process. With `on` false there is none, and a crash is the end."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._turn = self._copy = 0
        self._writer = -1
        self._taken = 0.0
        self._lost: dict[int, str] = {}

    def begin(self, seconds: float) -> None:
        """A turn begins, which may take so long.

        Raises:
            Lost: it has been tried, and ended its process or did not end.
        """
        if not self._on:
            return
        self._turn += 1
        if not self._copy or time.monotonic() - self._taken > REPEATED_SECONDS:
            self.end()
            with contextlib.suppress(OSError):  # no descriptor or process is left: go on without
                while not self._take():
                    pass  # we are the copy, and need one ourselves
        with contextlib.suppress(OSError):
            os.write(self._writer, _TURN.pack(self._turn, seconds))
        if self._turn in self._lost:
            raise Lost(self._lost[self._turn])

    def end(self) -> None:
        """No copy is needed any more."""
        if self._copy:
            with contextlib.suppress(OSError):
                os.kill(self._copy, signal.SIGKILL)  # before the pipe closes, or it would go on
            with contextlib.suppress(OSError):
                os.close(self._writer)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._copy, 0)
        self._copy, self._writer = 0, -1

    def _take(self) -> bool:
        """Fork. True in the process that goes on now; False in the copy, when it has to."""
        reader, self._writer = os.pipe()
        main, self._taken, drawn = os.getpid(), time.monotonic(), random.getstate()
        try:
            self._copy = os.fork()
        except OSError:
            os.close(reader)
            os.close(self._writer)
            self._writer = -1
            raise
        if self._copy:
            os.close(reader)
            return True
        os.close(self._writer)
        try:
            turn, why = _watch(reader, main)
        except BaseException:  # a signal handler of the student's: one of us is enough
            os._exit(1)
        os.close(reader)
        with contextlib.suppress(OSError):  # it may end by itself just now
            if os.getppid() == main:
                os.kill(main, signal.SIGKILL)
        if turn in self._lost:
            os._exit(1)  # it was left out, and something else ends the process
        self._lost[turn] = why
        random.setstate(drawn)  # Python has seeded it anew in the copy
        return False


def _watch(reader: int, main: int) -> tuple[int, str]:
    """In the copy: wait until the process is gone, or must go; the turn that it was at, and why."""
    turn, seconds, begin, waited = 0, CELL_GRACE, time.monotonic(), delayed(main)
    while True:
        passed = time.monotonic() - begin
        others = min(delayed(main) - waited, MOST_DELAYED * seconds)
        if not passed < seconds + CELL_GRACE + max(others, 0.0):
            return turn, "it did not end, and could not be interrupted"
        ready, _, _ = select.select([reader], [], [], 0.05)
        said = os.read(reader, _TURN.size) if ready else b""
        if len(said) == _TURN.size:
            turn, seconds = _TURN.unpack(said)
            begin, waited = time.monotonic(), delayed(main)
        elif ready or os.getppid() != main:
            return turn, "it ended the Python process"


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
