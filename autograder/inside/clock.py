"""A limit on the time that a student's code may take, where the platform has such a clock.

Time in which the code was ready to run, and others had the processor, does not count.

The sandbox limits cells with it, and the student's own chain within its cell.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.limits import MOST_DELAYED


class CellTimeout(BaseException):
    """Code took longer than it may; no `except Exception` of the student's catches it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise CellTimeout in the block after so many seconds; a limit around it goes on to hold."""
    main = threading.current_thread() is threading.main_thread()
    if not (hasattr(signal, "setitimer") and main):
        yield  # the limit of the whole notebook still holds
        return

    begin, waited, outer = time.monotonic(), delayed(), remaining()

    def ring(*_: object) -> None:
        passed = time.monotonic() - begin
        left = seconds - (passed - (delayed() - waited))
        if left > 0.01 and passed < MOST_DELAYED * seconds:  # others had the processor
            signal.setitimer(signal.ITIMER_REAL, left)
            return
        raise CellTimeout(f"stopped after {seconds:g} s: is there a loop that never ends?")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        left = max(0.01, outer - (time.monotonic() - begin)) if outer else 0
        signal.setitimer(signal.ITIMER_REAL, left)


def delayed(process: int | str = "self") -> float:
    """Seconds for which a process was ready to run and others had the processor (Linux)."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def remaining() -> float:
    """Seconds that the innermost limit still leaves; 0 where there is none."""
    return signal.getitimer(signal.ITIMER_REAL)[0] if hasattr(signal, "getitimer") else 0.0
