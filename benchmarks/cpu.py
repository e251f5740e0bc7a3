"""CPU seconds of a command and of all that it starts, also behind a wall.

Every benchmark here uses it. What a process namespace takes down with it is in nobody's resource
usage, so a control group counts where one can be made (Linux, cgroup v2, and the right to it).
Elsewhere the resource usage does, and a walled grader then looks cheaper than it is.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Seconds: of CPU, of all processes; and of wall time."""

    cpu: float
    wall: float


def cost(command: Sequence[object], folder: Path, codes: tuple[int, ...] = (0,)) -> Cost:
    """Run a command to its end, one thread, and say what it cost; ends this program if it fails."""
    words = [str(word) for word in command]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": path}
    with group() as made:
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        enter = [sys.executable, __file__, str(made)] if made else []
        done = subprocess.run(
            [*enter, *words], cwd=folder, env=environment, capture_output=True, text=True
        )
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if made:
            used = _used(made)
    if done.returncode not in codes:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return Cost(used, wall)


@contextlib.contextmanager
def group() -> Iterator[Path | None]:
    """A new control group for a command, or None where there is none to be had."""
    path = None
    with contextlib.suppress(OSError, StopIteration):
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        root = next(m[1] for m in mounts if m[2] == "cgroup2")
        own = Path("/proc/self/cgroup").read_text().split("0::")[-1].strip()
        path = Path(root + own) / f"benchmark-{os.getpid()}"
        path.mkdir()
    try:
        yield path if path and (path / "cpu.stat").is_file() else None
    finally:
        if path:
            with contextlib.suppress(OSError):
                _wait_until_empty(path)
                path.rmdir()


def _used(path: Path) -> float:
    _wait_until_empty(path)
    fields = dict(line.split() for line in (path / "cpu.stat").read_text().splitlines())
    return int(fields["usage_usec"]) / 1e6


def _wait_until_empty(path: Path) -> None:
    for _ in range(100):
        if not (path / "cgroup.procs").read_text().strip():
            return
        time.sleep(0.05)


if __name__ == "__main__":  # enter the group, then become the command
    (Path(sys.argv[1]) / "cgroup.procs").write_text(str(os.getpid()))
    os.execvp(sys.argv[2], sys.argv[2:])
