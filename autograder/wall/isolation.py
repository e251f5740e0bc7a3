"""The wall around the warm process: bubblewrap where it is to be had, and limits of the kernel.

bubblewrap is what Flatpak uses: small, unprivileged, kept for years, in every distribution.
`Sandbox` asks `missing` and wraps its server's command with `wrap`.
"""

from __future__ import annotations

import functools
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import autograder
import course_data
from autograder.limits import WRITABLE

# All of the kit that is there behind the wall: files only, so that no bytecode comes along.
MOUNTED = {
    autograder: (
        "__init__.py",
        "contract.py",
        "limits.py",
        "notebook.py",
        "answers.py",
        "pictures.py",
        "evidence/*.py",
        "inside/*.py",
    ),
    course_data: ("*.py",),
}
KEPT = ("LANG", "LC_ALL", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
ETC = ("ld.so.cache", "localtime", "fonts")
NOBODY = "65534"
# glibc: large tensors stay with the process, in place of being zeroed by the kernel each time, and
# lie on huge pages (from 2.35 on)
SETTINGS = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(2**26),
    "OMP_NUM_THREADS": "1",
    "PYTHONUTF8": "1",  # files and output are the same on every machine
    "PYTHONHASHSEED": "0",  # sets in one order, so that runs agree
}


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


def chosen(wanted: str | None) -> tuple[str, str]:
    """The isolation to use, by default as far as it can be had, and a line that says which it is.

    Where `full` is asked for it is `full`, or `Sandbox` refuses.
    """
    reason = "" if wanted else missing()
    mode = wanted or ("basic" if reason else "full")
    if mode == "full":
        return mode, "Isolation: full (no network, no sight of other files)."
    why = f", because {reason}" if reason else ""
    return mode, f"Isolation: basic{why}. The code can reach your files and the network."


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
    for place, size in WRITABLE.items():
        wall += ["--size", str(size), "--tmpfs", place]
    for folder in _python():
        wall += ["--ro-bind", str(folder), str(folder)]
    for package, patterns in MOUNTED.items():
        root = Path(package.__file__ or "").parent
        files = sorted(file for pattern in patterns for file in root.glob(pattern))
        wall += ["--tmpfs", str(root)]
        for file in files:
            wall += ["--ro-bind", str(file), str(file)]
        wall += ["--remount-ro", str(root)]
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
