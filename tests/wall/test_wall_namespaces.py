"""Each submission has namespaces of its own: nothing tells the second from the first."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from test_wall_isolation import full
from test_wall_sandbox import task

from autograder.inside import syscalls
from autograder.wall import isolation
from autograder.wall import sandbox as sandboxes
from autograder.wall.sandbox import Sandbox

pytestmark = full

# What a submission can see of where it runs, but for counters of the whole machine.
LOOK = """import contextlib, ctypes, gc, os, pathlib, re, resource, signal, socket, sys, threading
import time
libc, look = ctypes.CDLL(None, use_errno=True), {}
ticks = int(open("/proc/1/stat").read().rpartition(")")[2].split()[19])
age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
start = time.time() - age  # of process 1
installed = sys.prefix.split("/")[1]
for place in {"home", "tmp", "dev", "root", "etc", installed} & set(os.listdir("/")):
    place = "/" + place
    for folder, folders, files in os.walk(place):
        if folder in (sys.prefix, sys.base_prefix):  # read-only, and large
            folders.clear()
            continue
        for path in [folder, *(os.path.join(folder, name) for name in [*folders, *files])]:
            s = os.lstat(path)
            old = min(s.st_mtime, s.st_ctime) < start - 1
            tags = os.listxattr(path, follow_symlinks=False)
            look[path] = [s.st_mode, s.st_uid, s.st_gid, s.st_size, s.st_nlink, old, tags]
for name in [n for n in dir(resource) if n.startswith("RLIMIT_")]:
    look[name] = resource.getrlimit(getattr(resource, name))
look["nice"] = [os.getpriority(which, 0) for which in (0, 1, 2)]
look["scheduling"] = [os.sched_getscheduler(0), os.sched_getparam(0).sched_priority]
look["processors"] = sorted(os.sched_getaffinity(0))
look["disk"] = libc.syscall(252, 1, 0) if os.uname().machine == "x86_64" else 0
look["prctl"] = [libc.prctl(option, 0, 0, 0, 0) for option in (3, 7, 21, 27, 30, 37, 39)]
look["personality"] = libc.personality(-1)
look["umask"] = os.umask(0o22)
look["variables"] = dict(os.environ)
look["signals"] = [str(signal.getsignal(n)).split(" at ")[0] for n in range(1, 32)]
look["me"] = [os.getpid(), os.getppid(), os.getsid(0), os.getuid(), os.getgroups(), os.getcwd()]
look["names"] = [sys.path, sorted(sys.modules), sys.getrecursionlimit(), socket.gethostname()]
look["threads"] = threading.active_count()
look["descriptors"] = sorted(n for n in os.listdir("/proc/self/fd") if int(n) < 6)
def read(path):
    try:
        return open(path).read()
    except OSError as error:
        return error.strerror
for name in ("keys", "key-users", "sysvipc/shm", "sysvipc/sem", "sysvipc/msg", "net/tcp",
             "net/udp", "net/unix", "net/snmp", "net/dev", "net/netstat", "self/oom_score_adj",
             "self/coredump_filter", "self/cgroup", "self/loginuid", "self/attr/current"):
    look[name] = read("/proc/" + name)
look["autogroup"] = read("/proc/self/autogroup").split(" nice ")[-1]
look["status"] = [line for line in read("/proc/self/status").splitlines()
                  if line.startswith(("Sig", "Shd", "Cap", "NoNew", "Seccomp", "Uid", "NSpid"))
                  and not line.startswith("SigQ")]
look["mounts"] = [re.sub(r"^\\d+ \\d+ \\d+:\\d+ ", "", line)
                  for line in read("/proc/self/mountinfo").splitlines()]
for folder, _, files in os.walk("/proc/sys"):
    for name in files:
        path = os.path.join(folder, name)
        if not re.search(r"random|-nr$|nr$|-state$|last_pid|nr_open|pty", path):
            look[path] = read(path)
look["running"] = sorted(read(f"/proc/{p}/comm") for p in os.listdir("/proc") if p.isdigit())
with contextlib.suppress(OSError):
    look["key"] = [libc.syscall(249, b"user", b"hostile", None, 0), libc.shmget(0x4057, 9, 0o666)]
import zlib
def short(value):
    text = str(value)
    return text if len(text) < 60 else f"{text[:30]} {zlib.crc32(text.encode())}"
answer = {key: short(value) for key, value in look.items()}"""

# Everything that one who means harm could change, with whatever succeeds.
SPOIL = """import ctypes, fcntl, os, pty, resource, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what, *arguments, **options):
    try:
        return what(*arguments, **options)
    except BaseException:
        return None
home = os.environ["HOME"]
installed = "/" + sys.prefix.split("/")[1]
for place in (home, "/tmp", "/dev/shm", "/dev/mqueue", "/dev/pts", "/dev", "/", installed, "/proc"):
    attempt(os.makedirs, place + "/numpy/inner")
    attempt(lambda: open(place + "/sitecustomize.py", "w").write("raise SystemExit"))
    attempt(os.symlink, "/usr", place + "/link")
    attempt(os.mkfifo, place + "/pipe")
    attempt(os.setxattr, place, "user.note", b"hostile")
    attempt(os.utime, place, (1, 1))
    attempt(os.chmod, place + "/numpy", 0o555)
    attempt(os.chmod, place, 0o500)
attempt(os.makedirs, home + "/.ipython/profile_default/startup")
attempt(os.chmod, home + "/.ipython/profile_default", 0)
for name in ("/dev/null", "/dev/zero", "/dev/tty", sys.executable, sys.modules["numpy"].__file__):
    attempt(os.setxattr, name, "user.note", b"hostile")
    attempt(os.utime, name, (1, 1))
    attempt(os.chmod, name, 0o666)
    attempt(lambda: fcntl.flock(os.open(name, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB))
    attempt(lambda: fcntl.fcntl(os.open(name, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK))
for folder, _, files in os.walk("/proc/sys"):
    for name in files:
        path = os.path.join(folder, name)
        attempt(lambda: os.write(os.open(path, os.O_WRONLY), open(path, "rb").read()))
for ring in (-1, -2, -3, -4, -5):
    libc.syscall(248, b"user", b"hostile", b"note", 4, ring)
for call, arguments in (("shmget", (0x4057, 4096, 0o1666)), ("msgget", (0x4057, 0o1666)),
                        ("semget", (0x4057, 4, 0o1666)), ("mq_open", (b"/h", 66, 0o666, None))):
    getattr(libc, call)(*arguments)
for option, value in ((1, 0), (4, 0), (8, 1), (22, 1), (29, 10**9), (36, 1), (38, 1)):
    libc.prctl(option, value, 0, 0, 0)
libc.personality(0x0040000)
os.environ["LEFT"] = "1"
os.umask(0)
attempt(socket.sethostname, "hostile")
sockets = [socket.socket(socket.AF_UNIX), socket.create_server(("127.0.0.1", 4057))]
sockets[0].bind("\\0hostile")
client = socket.create_connection(("127.0.0.1", 4057))
held = [pty.openpty() for _ in range(3)]
for number in range(1, 32):
    attempt(signal.signal, number, signal.SIG_IGN)
for _ in range(20):
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)
for pid in [int(p) for p in os.listdir("/proc") if p.isdigit()] + [0]:
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
        if pid != os.getpid() and pid:
            attempt(resource.prlimit, pid, limit, (6, 6))
    attempt(os.setpriority, os.PRIO_PROCESS, pid, 5)
    attempt(os.setpriority, os.PRIO_USER, os.getuid(), 6)
    attempt(os.sched_setaffinity, pid, {0})
    attempt(os.sched_setscheduler, pid, os.SCHED_BATCH, os.sched_param(0))
    libc.syscall(251, 1, pid, 2 << 13 | 7)
    for name, text in (("oom_score_adj", "1000"), ("coredump_filter", "0"), ("autogroup", "5")):
        attempt(lambda: open(f"/proc/{pid or 'self'}/{name}", "w").write(text))
answer = True"""


def told(sandbox: Sandbox, code: str) -> Any:
    """What the code, run as a submission, left in `answer`."""
    run = sandbox.run(task(f"{code}\nimport json\nprint(json.dumps(answer))", cell_seconds=50.0))
    assert not run.problem
    assert not run.shown[0].error, run.shown[0]
    return json.loads(run.shown[0].stdout)


@pytest.fixture(scope="module")
def walled() -> Iterator[Sandbox]:
    with Sandbox("full") as running:
        yield running


def test_nothing_tells_the_second_submission_from_the_first(walled: Sandbox) -> None:
    first, slot = told(walled, LOOK), walled._all[0]
    warm = slot.process
    assert told(walled, SPOIL) is True
    second = told(walled, LOOK)
    assert len(first) > 500 and first["/tmp"] and first["nice"]
    told_apart = [k for k in first | second if first.get(k) != second.get(k)]
    assert {k: (first.get(k), second.get(k)) for k in told_apart} == {}
    assert slot.process is warm, "it was one warm process all the time"


def test_what_is_written_to_is_new_and_bounded(walled: Sandbox) -> None:
    code = """import os
made = 0
try:
    for made in range(10**6):
        os.close(os.open(f"/tmp/{made}", os.O_CREAT))
except OSError:
    pass
answer = [made, [p for p in os.sys.path if os.access(p, os.W_OK)]]"""
    assert told(walled, code) == [pytest.approx(50_000, abs=10), []]


REFUSED = """import ctypes, fcntl, os
libc, answer = ctypes.CDLL(None, use_errno=True), []
def refused(result):
    return "done" if result >= 0 else os.strerror(ctypes.get_errno())
answer = [refused(libc.unshare(0x10000000)), refused(libc.clone(None, None, 0x10000000, None)),
          refused(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
          refused(libc.umount2(b"/tmp", 2)),
          refused(libc.syscall(248, b"user", b"x", b"y", 1, -4))]
try:
    fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)
    answer.append("done")
except OSError as error:
    answer.append(error.strerror)
writable = []
for folder, _, files in os.walk("/proc/sys"):
    for name in files:
        try:
            os.close(os.open(os.path.join(folder, name), os.O_WRONLY))
            writable.append(name)
        except OSError:
            pass
answer += [writable, open("/proc/self/status").read().split("CapBnd:")[1].split()[0]]"""


def test_what_could_hold_up_or_reach_others_is_refused(walled: Sandbox) -> None:
    *calls, lease, writable, capabilities = told(walled, REFUSED)
    assert "done" not in calls
    assert lease == os.strerror(errno.EPERM)
    assert writable == [] and int(capabilities, 16) == 0


@pytest.mark.parametrize("machine", sorted(syscalls.NUMBERS))
def test_the_filter_is_whole_on_each_machine(machine: str) -> None:
    code = syscalls._code(machine)
    assert len(code) % 8 == 0
    steps = list(struct.iter_unpack("<HBBI", code))
    tests = [(i, max(yes, no)) for i, (kind, yes, no, _) in enumerate(steps) if kind & 7 == 5]
    assert tests and all(i + 1 + jump < len(steps) for i, jump in tests)
    assert set(syscalls.REFUSED) <= set(syscalls.NUMBERS[machine])


PROCESSES = """import os, time
started = 0
try:
    while started < 600:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        started += 1
except OSError:
    pass
answer = started"""


def test_processes_are_counted_for_root_too(walled: Sandbox) -> None:
    started = told(walled, PROCESSES)
    assert isinstance(started, int) and 10 < started < 64


def test_without_nested_namespaces_each_run_has_a_fresh_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolation, "_tried", lambda: ("", False))
    assert "fresh process" in isolation.chosen("full")[1]
    leave = "import os; open('/tmp/left', 'w').close(); os.chmod('/tmp', 0o500); answer = 1"
    with Sandbox("full") as running:
        assert told(running, leave) == 1
        first = running._all[0].process
        assert told(running, "import os; answer = os.path.exists('/tmp/left')") is False
        assert running._all[0].process is not first


ORDINARY = """import os, sys
from autograder.wall import isolation
from autograder.wall.sandbox import Sandbox, Task, TaskCell
assert os.geteuid() and not isolation.missing() and isolation.nested(), isolation._tried()
cells = [TaskCell("import os; n_users = str((os.getpid(), os.listdir('/dev/shm')))", "step1"),
         TaskCell("open('/dev/shm/left', 'w').close()", "step1")]
with Sandbox("full") as sandbox:
    for _ in range(2):
        run = sandbox.run(Task(cells=cells, data={"user_artists.dat": b""}, free_form=True))
        assert not run.problem, run.problem
        print(run.evidence.step1.explore.n_users_text)
"""


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_slots_do_not_share_processors() -> None:
    code = """import os, time
os.sched_setaffinity(0, {0, 1})
time.sleep(1.5)
answer = sorted(os.sched_getaffinity(0))"""
    with Sandbox("full", jobs=2) as running, ThreadPoolExecutor(2) as threads:
        mine, theirs = threads.map(lambda _: told(running, code), range(2))
    assert mine and theirs and not set(mine) & set(theirs)


@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests run as an ordinary user")
def test_an_ordinary_user_has_the_same_wall() -> None:
    ordinary = [*isolation._as_nobody(), sys.executable, "-c", ORDINARY]
    done = subprocess.run(
        ordinary, env=isolation.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "'(2, [])'\n" * 2


def test_a_death_before_the_first_cell_is_no_fault_of_the_student(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dies = "import socket, sys, os; c = socket.socket(fileno=int(sys.argv[2])); c.send(b'ready')\n"
    dies += "while True:\n    told, fds, *_ = socket.recv_fds(c, 64, 1)\n    if not told: break\n"
    dies += "    os.close(fds[0]); c.send(b'free')"
    monkeypatch.setattr(sandboxes, "SERVER", [sys.executable, "-c", dies])
    with Sandbox() as running:
        run = running.run(task("1"))
    assert run.grader_fault and "before the first cell" in run.problem
