"""What a process does to itself before it runs a student's code: limits of the kernel, and its end.

`server` and `worker` call it; the wall around them is `autograder.wall.isolation`.
"""

from __future__ import annotations

import contextlib
import ctypes
from pathlib import Path

from autograder.limits import FILE, OPEN_FILES, PROCESSES

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, SIGKILL = 1, 4, 9


def limit(memory: int, seconds: float, walled: bool, files: int = FILE) -> None:
    """Limit this process: bytes of memory over what it has now, CPU seconds, bytes of a file.

    Behind the wall, where nobody else's are counted, processes too.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    for kind, most in (
        (resource.RLIMIT_CPU, int(seconds) + 10),
        (resource.RLIMIT_FSIZE, files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        *([(resource.RLIMIT_NPROC, PROCESSES)] if walled else []),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with_parent() -> None:
    """End this process when the one that forked it ends (Linux)."""
    _prctl(PR_SET_PDEATHSIG, SIGKILL)


def close_to_others(closed: bool) -> None:
    """Keep other processes of the same user from reading or writing our memory (Linux)."""
    _prctl(PR_SET_DUMPABLE, 0 if closed else 1)
