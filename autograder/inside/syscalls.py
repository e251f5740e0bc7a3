"""Calls of Linux that Python has no function for, and those that a submission may not make.

`namespaces` uses it for each submission, before any of its code has run.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from typing import Any

NUMBERS = {
    "x86_64": {
        **{"fcntl": 72, "clone": 56, "clone3": 435, "unshare": 272, "setns": 308},
        **{"add_key": 248, "request_key": 249, "keyctl": 250, "sched_setaffinity": 203},
        **{"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425},
        **{"seccomp": 317, "socket": 41, "socketpair": 53},
    },
    "aarch64": {
        **{"fcntl": 25, "clone": 220, "clone3": 435, "unshare": 97, "setns": 268},
        **{"add_key": 217, "request_key": 218, "keyctl": 219, "sched_setaffinity": 122},
        **{"bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425},
        **{"seccomp": 277, "socket": 198, "socketpair": 199},
    },
}
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000  # calls of a second kind that x86-64 has, from this number on

REFUSED = {
    **dict.fromkeys(("unshare", "setns", "add_key", "request_key", "keyctl"), errno.EPERM),
    **dict.fromkeys(("bpf", "perf_event_open", "userfaultfd", "io_uring_setup"), errno.EPERM),
    "clone3": errno.ENOSYS,  # its flags cannot be looked at; every library falls back on clone
    "sched_setaffinity": 0,  # seems to work, and the processors of the slot stay as they are
}
F_SETLEASE = 1024  # would hold up whoever else opens the file
NEW_NAMESPACES = 0x7E020000  # flags of clone
# families of sockets that a network namespace holds: local ones, IPv4, IPv6 and netlink. Others
# reach out of it: vsock to the host of a virtual machine
FAMILIES = (1, 2, 10, 16)

LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # where they lie in what a filter sees
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW = 1, 4  # the latter: no slower for it
PR_SET_NO_NEW_PRIVS = 38

_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def call(name: str, *arguments: int, library: Any = _libc) -> int:
    """Call the kernel; `ctypes.get_errno` says why where it returns -1.

    Raises:
        OSError: its number on this kind of machine is not known.
    """
    numbers = _numbers()
    function = library.syscall
    function.restype = ctypes.c_long
    return int(function(*map(ctypes.c_long, (numbers[name], *arguments))))


def _numbers() -> dict[str, int]:
    machine = platform.machine()
    if machine not in NUMBERS:
        raise OSError(errno.ENOSYS, f"the calls of {machine} are not known")
    return NUMBERS[machine]


def refuse() -> None:
    """Refuse, in this process and all that it starts, what `REFUSED` names, and leases on files.

    Raises:
        OSError: the kernel has no such filter.
    """
    _numbers()
    code = _code(platform.machine())
    program = _Program(len(code) // 8, code)
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for flag in (SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0):  # older kernels do not know the flag
        if call("seccomp", SECCOMP_SET_MODE_FILTER, flag, ctypes.addressof(program)) == 0:
            return
    number = ctypes.get_errno()
    raise OSError(number, f"seccomp: {os.strerror(number)}")


def _code(machine: str) -> bytes:
    """The filter, in the byte code of the kernel: eight bytes an instruction."""
    numbers = NUMBERS[machine]
    steps = [_step(LOAD, ARCHITECTURE)]
    steps += [_step(IF_EQUAL, ARCHITECTURES[machine], 1, 0), _error(errno.ENOSYS)]
    steps += [_step(LOAD, NUMBER), _step(IF_AT_LEAST, X32, 0, 1), _error(errno.ENOSYS)]
    for name, number in REFUSED.items():
        steps += [_step(IF_EQUAL, numbers[name], 0, 1), _error(number)]
    for name, where, test, value in (
        ("fcntl", SECOND, IF_EQUAL, F_SETLEASE),
        ("clone", FIRST, IF_ANY_BIT, NEW_NAMESPACES),
    ):
        steps += [_step(IF_EQUAL, numbers[name], 0, 4), _step(LOAD, where)]
        steps += [_step(test, value, 0, 1), _error(errno.EPERM), _step(RETURN, ALLOW)]
    for name in ("socket", "socketpair"):
        others = [
            _step(IF_EQUAL, family, len(FAMILIES) - i, 0) for i, family in enumerate(FAMILIES)
        ]
        steps += [_step(IF_EQUAL, numbers[name], 0, len(FAMILIES) + 3), _step(LOAD, FIRST)]
        steps += [*others, _error(errno.EAFNOSUPPORT), _step(RETURN, ALLOW)]
    return b"".join([*steps, _step(RETURN, ALLOW)])


def _step(kind: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", kind, if_true, if_false, value)


def _error(number: int) -> bytes:
    return _step(RETURN, ERROR | number)
