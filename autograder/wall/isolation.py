"""The wall around the warm process: bubblewrap where it is to be had, and limits of the kernel.

bubblewrap is what Flatpak uses: small, unprivileged, kept for years, in every distribution.
`Sandbox` asks `missing` and wraps its server's command with `wrap`.
"""

from __future__ import annotations

import functools
import os
import platform
import shutil
import site
import subprocess
import sys
from pathlib import Path

import autograder
import course_data
from autograder.inside.syscalls import NUMBERS
from autograder.limits import HOME, WRITABLE

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
    course_data: ("__init__.py", "locate.py", "summary.py", "validation.py"),
}
KEPT = ("LANG", "LC_ALL", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
ETC = ("ld.so.cache", "localtime", "fonts")
PROGRAMS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # of `/`, `/usr` and `/usr/local`
OF_USR = (*PROGRAMS, "libexec", "share")  # a class may lie below /usr too: /usr/src/app, say
NOBODY = "65534"
UNSHARE = "unshare --map-root-user --mount --pid --ipc --net --fork --mount-proc"
SLOWER = " Each run has a fresh process, which is slow: nested namespaces are not allowed here."
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


def missing() -> str:
    """Why submissions cannot be isolated on this machine; empty where they can."""
    return _tried()[0]


def nested() -> bool:
    """Whether each submission can have namespaces of its own, within those of its warm process."""
    return _tried()[1]


@functools.cache
def _tried() -> tuple[str, bool]:
    """What `missing` and `nested` say."""
    if sys.platform != "linux":
        return f"isolation needs Linux, this is {sys.platform}", False
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed (Debian, Ubuntu, Fedora: the package bubblewrap)", False
    as_root = os.geteuid() == 0
    if as_root and not shutil.which("setpriv"):
        return "as root it needs setpriv, of the package util-linux", False
    start = [sys.executable, "-S", "-c", "import autograder"] if as_root else ["true"]
    known = platform.machine() in NUMBERS
    if known and not _run(wrap([*UNSHARE.split(), *start], own=True)).returncode:
        return "", True
    tried = _run(wrap(start, own=False))
    if not tried.returncode:
        return "", False
    reason = (tried.stderr.strip().splitlines() or ["no reason was given"])[-1][:200]
    if as_root and not _run(wrap(["true"], own=False)).returncode:
        return (
            f"as root, submissions run as nobody, who cannot start Python here ({reason}): "
            "grade as an ordinary user, or let everybody read Python and the kit"
        ), False
    return f"bubblewrap does not work here: {reason}", False


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, env=environment()
    )


def chosen(wanted: str | None) -> tuple[str, str]:
    """The isolation to use, by default as far as it can be had, and a line that says which it is.

    Where `full` is asked for it is `full`, or `Sandbox` refuses.
    """
    reason = "" if wanted else missing()
    mode = wanted or ("basic" if reason else "full")
    if mode == "full":
        each = "" if missing() or nested() else SLOWER
        return mode, f"Isolation: full (no network, no sight of other files).{each}"
    why = f", because {reason}" if reason else ""
    return mode, f"Isolation: basic{why}. The code can reach your files and the network."


def wrap(command: list[str], own: bool) -> list[str]:
    """The command behind the wall: no network, own processes, a private /tmp, the rest read-only.

    What is there: the system's programs, this Python, and the parts of the kit that probes need. No
    solution, check, submission or gradebook, and no variable of the environment but a few. With
    `own` the command may make further namespaces, for each submission.
    """
    wall = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    wall += ["--unshare-user", "--uid", NOBODY, "--gid", NOBODY]
    wall += [] if own else ["--disable-userns"]
    wall += ["--cap-drop", "ALL"]
    wall += ["--as-pid-1"]  # nobody inside can trace, stop or kill the warm process
    for name, value in (environment() | {"HOME": HOME}).items():
        wall += ["--setenv", name, value]
    wall += _bound(_system())
    wall += ["--proc", "/proc", "--dev", "/dev", "--mqueue", "/dev/mqueue"]
    for place, size in WRITABLE.items():
        wall += ["--size", str(size), "--tmpfs", place]
    wall += _bound(_python())
    for package, patterns in MOUNTED.items():
        root = Path(package.__file__ or "").parent
        files = sorted(file for pattern in patterns for file in root.glob(pattern))
        wall += ["--tmpfs", str(root)]
        for file in files:
            wall += ["--ro-bind", str(file), str(file)]
        wall += ["--remount-ro", str(root)]
    wall += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*_as_nobody(), *wall, "--chdir", str(folder_to_start_in()), *command]


def folder_to_start_in() -> Path:
    """Python looks for modules where it is started: where it finds the kit anyway."""
    return _packages()[0].parent


def _as_nobody() -> list[str]:
    """As root: become nobody first, since the kernel lets root's number through walls.

    A first view holds what the second is made of, so that folders which only root may enter, such
    as /root, are no hindrance.
    """
    if os.geteuid() != 0:
        return []
    view = ["bwrap", "--die-with-parent", "--cap-drop", "ALL", "--tmpfs", "/tmp"]
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        view += ["--cap-add", capability]
    for folder in ("/usr", "/usr/local"):
        view += ["--perms", "0755", "--dir", folder]
    folders = [f for f in _system() if not f.is_relative_to("/etc")] + [Path("/etc")]
    view += _bound(folders)
    for parent in sorted({parent for folder in _python() for parent in folder.parents}):
        if parent not in (Path("/"), *folders):
            view += ["--perms", "0755", "--dir", str(parent)]
    view += _bound(_python())
    view += ["--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"]
    view += ["--chdir", "/", "setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    return [*view, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]


def _bound(folders: list[Path]) -> list[str]:
    """Options of bubblewrap: each folder as it is, read-only."""
    options = []
    for folder in folders:
        kind = "--symlink" if folder.is_symlink() else "--ro-bind"
        source = os.readlink(folder) if folder.is_symlink() else str(folder)
        options += [kind, source, str(folder)]
    return options


def environment() -> dict[str, str]:
    """All that a process behind the wall, and the wall itself, may know of ours."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin"))
    own = SETTINGS | {"USER": "student", "PATH": path}
    packages = os.pathsep.join(dict.fromkeys(str(folder.parent) for folder in _packages()))
    return kept | own | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": packages}


def _system() -> list[Path]:
    """What is needed of the system: its programs and libraries, and a few files of /etc."""
    wanted = [
        *(Path("/usr") / name for name in OF_USR),
        *(Path("/usr/local") / name for name in PROGRAMS),
        *(Path("/") / name for name in PROGRAMS),
        *(Path("/etc") / name for name in ETC),
    ]
    return [folder for folder in wanted if folder.exists()]


def _packages() -> list[Path]:
    return [Path(module.__file__ or "").parent for module in (autograder, course_data)]


def _python() -> list[Path]:
    """The interpreter, its libraries, and the kit's two packages, each folder once."""
    wanted = [sys.prefix, sys.base_prefix, *site.getsitepackages()]
    wanted += [str(folder) for folder in _packages()]
    found, there = list[Path](), [Path(os.path.realpath(folder)) for folder in _system()]
    folders = {Path(os.path.realpath(name)) for name in wanted} | {Path(sys.prefix)}
    for folder in sorted(folders - {Path("/usr"), Path("/usr/local")}):
        inside = any(folder.is_relative_to(outer) for outer in [*there, *found])
        if folder.is_dir() and not inside:
            found.append(folder)
    return found
