"""What takes the process down, or tries to: each must cost its cell, and nobody else anything."""

from __future__ import annotations

from functools import partial

from attacks import Attack

# The attack stands in the second exercise of step 1: the first is 7 points, and is kept.
survive = partial(Attack, kind="survive", base="solution", earns=7, keeps=7)
whole = partial(Attack, kind="survive", base="solution", earns=10, keeps=10)
HERE = "would end or stop processes of this machine"

ATTACKS = (
    survive(
        name="os_exit",
        what="os._exit(0)",
        row="os._exit",
        cells={"explore": "import os; os._exit(0)"},
    ),
    survive(
        name="sigkill_itself",
        what="SIGKILL to itself, as the kernel does when memory runs out",
        row="SIGKILL (as by the OOM killer)",
        cells={"explore": "import os; os.kill(os.getpid(), 9)"},
    ),
    whole(
        name="sys_exit",
        what="raises SystemExit after the work is done",
        row="sys.exit",
        cells={"explore": "@WAS@\nimport sys; sys.exit(3)"},
    ),
    survive(
        name="segmentation_fault",
        what="reads address 0 through ctypes",
        cells={"explore": "import ctypes; ctypes.string_at(0)"},
    ),
    survive(
        name="stack_overflow",
        what="recursion in C that overflows the stack",
        cells={
            "explore": "import sys, pickle\nsys.setrecursionlimit(10**8)\n"
            "def f(n): return f(n + 1) + sum(map(f, [n + 1]))\nf(0)"
        },
    ),
    *(
        whole(
            name=f"raises_{error}",
            what=f"raises {error} at the end of a right cell",
            cells={"explore": f"@WAS@\nraise {error}"},
        )
        for error in ("KeyboardInterrupt", "GeneratorExit", "MemoryError", "RecursionError")
    ),
    survive(
        name="error_with_hostile_text",
        what="raises an exception whose __str__ and __repr__ never end",
        cells={
            "explore": """
class Endless(Exception):
    def __str__(self):
        while True: pass
    __repr__ = __str__
raise Endless
"""
        },
    ),
    survive(
        name="error_with_huge_text",
        what="raises an exception of a class with a name of 10 MB and a text of 200 MB",
        cells={"explore": 'raise type("E" * 10**7, (Exception,), {})("x" * (200 * 2**20))'},
    ),
    survive(
        name="error_without_a_name",
        what="raises an exception whose class raises when asked for its name or its text",
        cells={
            "explore": """
class Nameless(type):
    __name__ = property(lambda cls: 1 / 0)
    __qualname__ = __module__ = __name__
class Error(Exception, metaclass=Nameless):
    def __str__(self): raise KeyboardInterrupt
    __repr__ = __str__
raise Error
"""
        },
    ),
    survive(
        name="values_that_interrupt",
        what="n_users raises KeyboardInterrupt wherever a probe touches it",
        cells={
            "explore": """
class Touched:
    def __getattribute__(self, name): raise KeyboardInterrupt
    def __float__(self): raise KeyboardInterrupt
    __repr__ = __str__ = __int__ = __index__ = __len__ = __float__
n_users, n_artists = Touched(), Touched()
"""
        },
    ),
    whole(
        name="dies_when_collected",
        what="objects whose __del__ loops or raises, threads that go on, handlers at exit",
        cells={
            "explore": """
@WAS@
import atexit, threading, time
class Undead:
    def __del__(self):
        again = Undead()
        raise ValueError("still here")
undead = Undead()
def forever():
    while True:
        time.sleep(0.01)
for daemon in (True, False):
    threading.Thread(target=forever, daemon=daemon).start()
atexit.register(forever)
threading._register_atexit(forever)
"""
        },
    ),
    survive(
        name="kills_its_parent",
        what="kills its parent, and with -1 every process that it may",
        row="kills its parent",
        machine=HERE,
        cells={
            "explore": "import os, time\nos.kill(os.getppid(), 9)\nos.kill(-1, 9)\ntime.sleep(2)"
        },
    ),
    whole(
        name="stops_everybody",
        what="SIGSTOP to its parent and to every process that it sees",
        machine=HERE,
        cells={
            "last": """
import os, signal
for pid in [os.getppid()] + [int(p) for p in os.listdir("/proc") if p.isdigit()]:
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGSTOP)
        except OSError:
            pass
"""
        },
    ),
    survive(
        name="stops_itself",
        what="SIGSTOP to itself",
        cells={"explore": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"},
    ),
    survive(
        name="closes_all_descriptors",
        what="closes every descriptor from 3 on",
        cells={"explore": "import os; os.closerange(3, 4096)"},
    ),
    survive(
        name="descriptors_redirected",
        what="dup2 of /dev/null over every descriptor",
        cells={
            "explore": """
import os
nowhere = os.open("/dev/null", os.O_RDWR)
for number in range(3, 64):
    if number != nowhere:
        os.dup2(nowhere, number)
"""
        },
    ),
    survive(
        name="loses_its_folder",
        what="deletes its working folder, the data in it, and all of /tmp",
        row="rm of the folder",
        machine="would empty /tmp",
        cells={
            "explore": """
import os, shutil
here = os.getcwd()
os.chdir("/")
for place in (here, "/tmp"):
    shutil.rmtree(place, ignore_errors=True)
os.chdir(here)
"""
        },
    ),
    whole(
        name="asks_for_input",
        what="input(), getpass and a debugger wait for somebody at the keyboard",
        row="input()",
        cells={
            "last": "import getpass, pdb\nfor ask in (input, getpass.getpass, pdb.set_trace):\n"
            "    try:\n        ask()\n    except BaseException:\n        pass"
        },
    ),
    whole(
        name="leaves_daemons",
        what="double forks, setsid, nohup and a listener that should outlive the notebook",
        cells={
            "last": """
import os, signal, socket, subprocess, time
subprocess.Popen(["/bin/sh", "-c", "HOSTILE_LEFT=1 exec sleep 4057"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    if os.fork() == 0:
        listener = socket.create_server(("127.0.0.1", 0))
        time.sleep(4057)
    os._exit(0)
"""
        },
    ),
)
