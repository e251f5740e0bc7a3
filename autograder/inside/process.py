"""What a process does to itself before it runs a student's code: limits of the kernel, and its end.

`server` and `worker` call it; the wall around them is `autograder.wall.isolation`.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
import re
from collections.abc import Iterator
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
        used = _used()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    for kind, most in (
        (resource.RLIMIT_CPU, int(seconds) + 10),
        (resource.RLIMIT_FSIZE, files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        *([(resource.RLIMIT_NPROC, PROCESSES)] if walled and _counted_apart() else []),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


def _counted_apart() -> bool:
    """Whether the kernel counts the processes of a user namespace apart from the user's others."""
    numbers = re.findall(r"\d+", platform.release())[:2]
    return [int(number) for number in numbers] >= [5, 14]


def _used() -> int:
    """Bytes of memory that this process has asked for (Linux)."""
    import resource

    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


@contextlib.contextmanager
def at_most(memory: int) -> Iterator[None]:
    """In the block this process may take so many bytes more; what asks for more, raises (Linux)."""
    try:
        import resource

        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_used() + memory, before[1]))
    except (ImportError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def limit_memory(memory: int) -> None:
    """From here on this process may take so many bytes more (Linux)."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        most = _used() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def end_first() -> None:
    """Where the machine's memory is full, let the kernel end this process before others (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with_parent() -> None:
    """End this process when the one that forked it ends (Linux)."""
    _prctl(PR_SET_PDEATHSIG, SIGKILL)


def close_to_others(closed: bool) -> None:
    """Keep other processes of the same user from reading or writing our memory (Linux)."""
    _prctl(PR_SET_DUMPABLE, 0 if closed else 1)
