"""The wall around the warm process: bubblewrap where it is to be had, and limits of the kernel.

bubblewrap is what Flatpak uses: small, unprivileged, kept for years, in every distribution.
`Sandbox` asks `missing` and wraps its server's command with `wrap`.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import autograder
import course_data

HIDDEN = ("checks", "diagnosis", "authoring", "reports")  # of this package: no probe needs them
HIDDEN_FILES = ("reference.py",)
KEPT = ("LANG", "LC_ALL", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
ETC = ("ld.so.cache", "localtime", "fonts")
NOBODY = "65534"
PROCESSES = 64  # and threads, of one notebook
ROOM = {"/tmp": 1024 * 2**20, "/dev/shm": 256 * 2**20}  # bytes; the only places to write to
# glibc: large tensors stay with the process, in place of being zeroed by the kernel each time, and
# lie on huge pages (from 2.35 on)
SETTINGS = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(2**26),
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # sets in one order, so that runs agree
}
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, SIGKILL = 1, 4, 9


@functools.cache
def missing() -> str:
    """Why submissions cannot be isolated on this machine; empty where they can."""
    if sys.platform != "linux":
        return f"isolation needs Linux, this is {sys.platform}"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian, Ubuntu, Fedora: the package bubblewrap)"
    tried = subprocess.run(wrap(["true"]), capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"bubblewrap does not work here: {tried.stderr.strip()[:200]}"
    return ""


def wrap(command: list[str]) -> list[str]:
    """The command behind the wall: no network, own processes, a private /tmp, the rest read-only.

    What is there: the system's programs, this Python, and the parts of the kit that probes need. No
    solution, check, submission or gradebook, and no variable of the environment but a few.
    """
    wall = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    wall += ["--unshare-user", "--disable-userns", "--uid", NOBODY, "--gid", NOBODY]
    wall += ["--cap-drop", "ALL"]  # root keeps its capabilities otherwise
    wall += ["--as-pid-1"]  # nobody inside can trace, stop or kill the warm process
    for name, value in environment().items():
        wall += ["--setenv", name, value]
    for folder in _system():
        kind = "--symlink" if folder.is_symlink() else "--ro-bind"
        source = os.readlink(folder) if folder.is_symlink() else str(folder)
        wall += [kind, source, str(folder)]
    wall += ["--proc", "/proc", "--dev", "/dev", "--mqueue", "/dev/mqueue"]
    for place, size in ROOM.items():
        wall += ["--size", str(size), "--tmpfs", place]
    for folder in _python():
        wall += ["--ro-bind", str(folder), str(folder)]
    package = Path(autograder.__file__).parent
    for name in HIDDEN:
        wall += ["--tmpfs", str(package / name), "--remount-ro", str(package / name)]
    for name in HIDDEN_FILES:
        wall += ["--ro-bind", "/dev/null", str(package / name)]
    wall += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*wall, "--chdir", "/tmp", *command]


def environment() -> dict[str, str]:
    """All that a process behind the wall, and the wall itself, may know of ours."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin"))
    own = SETTINGS | {"HOME": "/tmp", "USER": "student", "PATH": path}
    packages = os.pathsep.join(dict.fromkeys(str(folder.parent) for folder in _packages()))
    return kept | own | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": packages}


def _system() -> list[Path]:
    folders = [Path("/usr"), *(Path("/") / n for n in ("bin", "sbin", "lib", "lib32", "lib64"))]
    return [f for f in [*folders, *(Path("/etc") / name for name in ETC)] if f.exists()]


def _packages() -> list[Path]:
    return [Path(module.__file__ or "").parent for module in (autograder, course_data)]


def _python() -> list[Path]:
    """The interpreter, its libraries, and the kit's two packages, each folder once."""
    wanted = [sys.prefix, sys.base_prefix, *site.getsitepackages()]
    wanted += [str(folder) for folder in _packages()]
    found: list[Path] = []
    for folder in sorted({Path(os.path.realpath(name)) for name in wanted} | {Path(sys.prefix)}):
        inside = any(folder.is_relative_to(outer) for outer in [Path("/usr"), *found])
        if folder.is_dir() and not inside:
            found.append(folder)
    return found


def limit(memory: int, seconds: float, walled: bool, files: int = 256 * 2**20) -> None:
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
        (resource.RLIMIT_NOFILE, 512),
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
