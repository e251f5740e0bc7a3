"""Attempts to read what is not theirs: each tells as `LOOT[...]` what it got."""

from __future__ import annotations

from functools import partial

from attacks import READ, TELL, Attack

read = partial(Attack, kind="read", earns=0)

ATTACKS = (
    read(
        name="reads_the_solutions",
        what="looks for solutions, hidden checks, tests and other submissions on disk",
        row="reads hidden tests",
        cells={
            "load": READ
            + """
import importlib, os, pathlib
import autograder
package = pathlib.Path(autograder.__file__).parent
for place in ("@KIT@/solutions", "@KIT@/tests", "@CLASS@", "@OUTPUT@", "@HOME@", "@OUTSIDE@",
              "@KIT@/.git", package.parent / "solutions", package / "checks", package / "diagnosis",
              package / "authoring", package / "reference.py", "/home", "/etc/passwd",
              "/etc/shadow", "/var", "/sys", "/boot"):
    take(place, lambda: pathlib.Path(place).is_file() and open(place).read(20))
    take(place, lambda: os.path.isdir(place) and [n for n in os.listdir(place)
                                                  if n not in ("tests", "__pycache__")])
for module in ("checks", "checks.plugin", "marks", "diagnosis", "authoring"):
    take(module, lambda: importlib.import_module(f"autograder.{module}").__file__)
"""
            + TELL
        },
    ),
    read(
        name="reads_environments",
        what="reads the environment of every process, and the command lines of those outside",
        cells={
            "load": READ
            + """
import os
own = set(open("/proc/self/environ", "rb").read().split(b"\\0"))
for pid in filter(str.isdigit, os.listdir("/proc")):
    for part in ("environ", "cmdline"):
        def get():
            words = set(open(f"/proc/{pid}/{part}", "rb").read().split(b"\\0")) - own
            return [w for w in words if b"HOSTILE" in w or b"@CLASS@" in w or b"HOME=@HOME@" in w]
        take(f"{pid}/{part}", get)
take("own", lambda: [name for name in os.environ if "HOSTILE" in name])
"""
            + TELL
        },
    ),
    read(
        name="reads_memory_of_others",
        what="opens the memory and the descriptors of every other process, and attaches to it",
        cells={
            "load": READ
            + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
for pid in sorted(int(p) for p in os.listdir("/proc") if p.isdigit()):
    if pid not in (1, 2):  # the wall's and the warm process; the others are copies of us
        continue
    take(f"mem of {pid}", lambda: open(f"/proc/{pid}/mem", "rb").name)
    take(f"maps of {pid}", lambda: open(f"/proc/{pid}/maps").readline() if pid == 2 else "")
    take(f"root of {pid}", lambda: os.path.exists(f"/proc/{pid}/root/@OUTSIDE@"))
    take(f"trace {pid}", lambda: libc.ptrace(16, pid, 0, 0) == 0)  # attach, and detach again
    libc.ptrace(17, pid, 0, 0)
    take(f"descriptor of {pid}", lambda: libc.syscall(438, os.pidfd_open(pid), 3, 0) >= 0)
"""
            + TELL
        },
    ),
    read(
        name="opens_the_network",
        what="connects to a listener on this machine, to others by number and by name",
        cells={
            "load": READ
            + """
import socket
for address in (("127.0.0.1", @PORT@), ("::1", @PORT@), ("192.0.2.1", 80), ("8.8.8.8", 53)):
    take(address, lambda: socket.create_connection(address, 0.3).send(b"HOSTILE") and address)
take("name", lambda: socket.getaddrinfo("example.org", 80))
def datagram():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return udp.sendto(b"HOSTILE", ("192.0.2.1", 53))
take("datagram", datagram)
take("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
for name in ("/run/docker.sock", "/var/run/dbus/system_bus_socket", "\\0/tmp/.X11-unix/X0"):
    take(name, lambda: socket.socket(socket.AF_UNIX).connect(name) or name)
"""
            + TELL
        },
    ),
    read(
        name="becomes_root_of_the_wall",
        what="tries chroot, mount, unmount, namespaces, device nodes, and a new uid",
        cells={
            "load": READ
            + """
import ctypes, os, pathlib
import autograder
libc = ctypes.CDLL(None, use_errno=True)
package = str(pathlib.Path(autograder.__file__).parent)
def done(result):
    if result == 0:
        return "done"
take("remount", lambda: done(libc.mount(b"none", package.encode(), None, 4096 | 32, None)))
def write():
    mark = pathlib.Path(package, "HOSTILE")
    mark.write_text("written")
    mark.unlink()
    return mark
take("write", write)
take("unmount", lambda: done(libc.umount2((package + "/checks").encode(), 2)))
take("tmpfs", lambda: done(libc.mount(b"none", b"/usr", b"tmpfs", 0, None)))
take("chroot", lambda: done(libc.chroot(b"/tmp")))
take("host name", lambda: done(libc.sethostname(b"hostile", 7)))
take("device", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)) or "made")
take("module", lambda: done(libc.syscall(313, 0, b"", 0)))
take("capabilities", lambda: [line for line in open("/proc/self/status")
                              if line.startswith("CapEff") and int(line.split()[1], 16)])
take("user namespace", lambda: done(libc.unshare(0x10000000)))
"""
            + TELL
        },
    ),
    read(
        name="follows_open_descriptors",
        what="reads through every descriptor that it was born with",
        cells={
            "load": READ
            + """
import os
for number in range(3, 64):
    def target():
        name = os.readlink(f"/proc/self/fd/{number}")
        if name.startswith(("/tmp", "/dev", "pipe:", "socket:", "anon")):
            return ""
        return name
    take(number, target)
    take(f"{number} as a folder", lambda: os.listdir(f"/proc/self/fd/{number}/../../work"))
"""
            + TELL
        },
    ),
    read(
        name="reads_the_twins_seed",
        what="looks for the secret seed of the twin in the session and in the task",
        cells={
            "load": READ
            + """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ in ("Session", "Task", "Options"):
        take(type(thing).__name__, lambda: getattr(thing, "twin", None))
"""
            + TELL
        },
    ),
    read(
        name="leaves_a_note_in_shared_memory",
        what="leaves a note for whoever comes next: SysV memory, message queue, keyring",
        cells={
            "load": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
note = b"HOSTILE note"
for segment in [libc.shmget(0x4057, 4096, 0o1666)]:
    if segment >= 0:
        ctypes.memmove(libc.shmat(segment, None, 0), note, len(note))
try:
    libc.syscall(240, b"hostile", os.O_CREAT | os.O_RDWR, 0o666, None)  # mq_open
    libc.syscall(248, b"user", b"hostile", note, len(note), -4)  # add_key, user keyring
except BaseException:
    pass
df = None
raise RuntimeError("LOOT[]")
"""
        },
    ),
    *(
        read(
            name=f"looks_for_notes_{again}",
            what="looks for what the one before left: shared memory, queues, keys, files",
            cells={
                "load": READ
                + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
take("memory", lambda: libc.shmget(0x4057, 4096, 0o666) >= 0)
take("queue", lambda: libc.syscall(240, b"hostile", os.O_RDWR, 0o666, None) >= 0)
take("key", lambda: libc.syscall(249, b"user", b"hostile", None, 0) > 0)
take("files", lambda: [name for place in ("/tmp", "/dev/shm") for name in os.listdir(place)
                       if "hostile" in name.lower()])
take("variables", lambda: [name for name in os.environ if "HOSTILE" in name])
take("modules", lambda: __import__("hostile_left").__file__)
take("umask", lambda: os.umask(0o22) == 0)
"""
                + TELL
            },
        )
        for again in (1, 2)
    ),
)
