"""Namespaces of its own for each submission: nothing in them has been there for an earlier one.

`server` makes them in the fork that runs a submission, inside the outer wall. When their process 1
ends, the kernel ends all processes in them and drops their files, queues, keys and connections.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from autograder.inside.process import close_to_others
from autograder.inside.syscalls import call, refuse
from autograder.limits import HOME, INODES, WRITABLE

NEW = {
    "users": 0x10000000,
    "mounts": 0x00020000,
    "processes": 0x20000000,
    "IPC": 0x08000000,
    "network": 0x40000000,
    "host name": 0x04000000,
    "control groups": 0x02000000,
}
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTION = 1, 2, 4, 8  # flags of mount
REMOUNT, BIND, RECURSIVE, PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
PLAIN = NO_SUID | NO_DEVICES | NO_EXECUTION
HIDDEN = ("/proc/keys", "/proc/key-users")  # they count the keys of all submissions
KEYCTL_JOIN_SESSION_KEYRING = 1
PR_CAPBSET_DROP, CAPABILITIES = 24, 64  # more than there are
CAPABILITY_VERSION = 0x20080522
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41

_OUTSIDE = (
    os.geteuid(),
    os.getegid(),
)  # of the warm process: in the new ones nobody has a number yet
_keeping_the_lock = ctypes.PyDLL(None, use_errno=True)  # Python's own must not be lost in a fork
_libc = ctypes.CDLL(None, use_errno=True)


def fork_into_new() -> int:
    """Fork; the child is process 1 of new namespaces. Returns 0 there, and its number here.

    Raises:
        OSError: the kernel does not allow it here.
    """
    ctypes.pythonapi.PyOS_BeforeFork()
    flags = sum(NEW.values()) | signal.SIGCHLD
    child = call("clone", flags, 0, 0, 0, 0, library=_keeping_the_lock)
    if child:
        number = ctypes.get_errno()
        ctypes.pythonapi.PyOS_AfterFork_Parent()
        if child < 0:
            raise OSError(number, f"new namespaces: {os.strerror(number)}")
        return child
    ctypes.pythonapi.PyOS_AfterFork_Child()
    return 0


def furnish() -> None:
    """As process 1 of new namespaces: empty folders to write to, a new /proc, and no rights.

    Raises:
        OSError: one of them could not be had.
    """
    user, group = _OUTSIDE
    close_to_others(False)  # or its folder in /proc would not be its own
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path("/proc/self", name).write_text(text)
    close_to_others(True)
    _mount("none", "/", "", RECURSIVE | PRIVATE)
    for place, size in WRITABLE.items():
        mode = "0700" if place == HOME else "1777"
        options = f"size={size},nr_inodes={INODES},mode={mode}"
        with _kept_below(place):
            _mount("tmpfs", place, "tmpfs", NO_SUID | NO_DEVICES, options)
    _mount("mqueue", "/dev/mqueue", "mqueue", PLAIN)
    _mount("devpts", "/dev/pts", "devpts", NO_SUID | NO_EXECUTION, "newinstance,ptmxmode=0666")
    _mount("proc", "/proc", "proc", PLAIN)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _mount("/proc/sys", "/proc/sys", "", BIND)
    _mount("none", "/proc/sys", "", BIND | REMOUNT | READ_ONLY | PLAIN)
    _mount("none", "/proc", "", BIND | REMOUNT | READ_ONLY | PLAIN)
    for place in filter(os.path.exists, HIDDEN):
        _mount("/dev/null", place, "", BIND)
    with contextlib.suppress(OSError), socket.socket() as any_socket:  # without loopback it does
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", UP_AND_RUNNING))
    call("keyctl", KEYCTL_JOIN_SESSION_KEYRING, 0)
    _renounce()


@contextlib.contextmanager
def _kept_below(place: str) -> Iterator[None]:
    """What is mounted below a place is there again after the block: a kit that lies in /tmp."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    below = sorted(p for line in lines if (p := line.split()[4]).startswith(f"{place}/"))
    outer = [p for p in below if not any(p.startswith(f"{other}/") for other in below)]
    found = {path: os.open(path, os.O_PATH) for path in outer}
    yield
    for path, descriptor in found.items():
        os.makedirs(path)
        _mount(f"/proc/self/fd/{descriptor}", path, "", BIND | RECURSIVE)
        os.close(descriptor)
    parents = {f"{place}/{path[len(place) + 1 :].split('/')[0]}" for path in found}
    for folder in parents - set(found):
        _mount(folder, folder, "", BIND | RECURSIVE)  # Python looks for modules there
        _mount("none", folder, "", BIND | REMOUNT | READ_ONLY | NO_SUID | NO_DEVICES)


def _mount(source: str, place: str, kind: str, flags: int, options: str = "") -> None:
    names = (name.encode() for name in (source, place, kind))
    if _libc.mount(*names, ctypes.c_ulong(flags), options.encode() or None):
        number = ctypes.get_errno()
        raise OSError(number, f"mounting {place}: {os.strerror(number)}")


def _renounce() -> None:
    """Give up every capability for good, and what a submission has no use for."""
    for number in range(CAPABILITIES):
        _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if _libc.capset(header, (ctypes.c_uint32 * 6)()):
        number = ctypes.get_errno()
        raise OSError(number, f"capset: {os.strerror(number)}")
    refuse()
