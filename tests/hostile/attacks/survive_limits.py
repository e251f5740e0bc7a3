"""Too much of everything: time, memory, output, processes, disk. Bounded, in case a wall fails."""

from __future__ import annotations

from functools import partial

from attacks import Attack

survive = partial(Attack, kind="survive", base="solution", earns=7, keeps=7)
whole = partial(Attack, kind="survive", base="solution", earns=10, keeps=10)

ATTACKS = (
    survive(
        name="endless_loop",
        what="while True: pass",
        row="endless loop",
        cells={"explore": "while True:\n    pass"},
    ),
    survive(
        name="uninterruptible_loop",
        what="a loop that catches every interruption",
        row="uninterruptible loop",
        cells={
            "explore": "while True:\n    try:\n        while True:\n            pass\n"
            "    except BaseException:\n        pass"
        },
    ),
    survive(
        name="loop_without_signals",
        what="ignores SIGALRM, SIGTERM and SIGINT, blocks all others, and loops",
        cells={
            "explore": """
import signal
for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    pass
"""
        },
    ),
    survive(
        name="loop_in_c",
        what="one call in C that never ends and lets nobody else run",
        cells={"explore": "import re\nre.match(r'(a|a)*b', 'a' * 64)"},
    ),
    survive(
        name="loop_in_big_numbers",
        what="a power of two numbers that would take for ever",
        cells={"explore": "x = 7 ** (10**9)"},
    ),
    Attack(
        name="loop_in_a_probe",
        kind="survive",
        what="encode never ends, which only a probe calls; the layers are right",
        base="solution",
        step=4,
        earns=12,  # layers and decode
        keeps=0,  # one look is for the whole step: where it does not end, nothing is seen
        cells={
            "model": "@WAS@\ndef encode(self, x, edge_index):\n    while True:\n        pass\n"
            "GNNLinkPredictor.encode = encode",
        },
    ),
    survive(
        name="memory_of_40_gib",
        what="asks for 40 GiB",
        row="40 GiB allocation refused",
        cells={"explore": "block = bytearray(40 * 2**30)\n@WAS@"},
    ),
    survive(
        name="memory_bit_by_bit",
        what="takes memory until there is none",
        machine="would fill this machine's memory",
        cells={"explore": "kept = []\nwhile True:\n    kept.append(bytearray(64 * 2**20))"},
    ),
    whole(
        name="a_hundred_forks",
        what="100 processes that wait",
        row="100 forks",
        cells={
            "last": """
import os, time
for i in range(100):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
"""
        },
    ),
    survive(
        name="fork_bomb",
        what="processes that start processes, up to 600 of them",
        machine="would start hundreds of processes",
        proof="STARTED",
        cells={
            "explore": """
import subprocess
started = []
for i in range(600):
    try:
        started.append(subprocess.Popen(["/bin/sleep", "60"]))
    except OSError:
        break
raise RuntimeError(f"STARTED {len(started)} processes")
"""
        },
    ),
    survive(
        name="disk_filled",
        what="writes files of 200 MiB to /tmp and /dev/shm, up to 3 GiB",
        machine="would fill this machine's disk",
        cells={
            "explore": """
written = 0
try:
    for i in range(15):
        with open(f"{('/tmp', '/dev/shm')[i % 2]}/hostile_{i}", "wb") as file:
            for j in range(25):
                file.write(bytes(8 * 2**20))
                written += 8
except OSError:
    pass
n_users = f"WROTE {written} MiB"
"""
        },
    ),
    whole(
        name="one_line_of_50_mb",
        what="prints 50 MB on one line",
        row="50 MB on one line",
        cells={"last": 'print("x" * (50 * 2**20))'},
    ),
    survive(
        name="endless_output",
        what="prints without end, on both streams and by the descriptor",
        cells={
            "explore": "import os, sys\nwhile True:\n    print('x' * 2**16)\n"
            "    print('y' * 2**16, file=sys.stderr)\n    os.write(1, b'z' * 2**16)"
        },
    ),
    whole(
        name="thousands_of_figures",
        what="displays 20,000 objects with big texts",
        cells={
            "last": """
class Big:
    def __repr__(self): return "x" * 1000
from IPython.display import display
for i in range(20_000):
    display(Big())
"""
        },
    ),
    survive(
        name="nested_value",
        what="n_users is a list nested 100,000 deep, and one that holds itself",
        cells={
            "explore": """
n_users = []
for i in range(100_000):
    n_users = [n_users]
n_artists = []
n_artists.append(n_artists)
preview = {1: n_users, 2: n_artists}
"""
        },
    ),
    Attack(
        name="graph_of_a_million_nodes",
        kind="survive",
        what="G has a million nodes beside the right ones",
        step=2,
        base="solution",
        earns=10,
        cells={"edges": "@WAS@\nG.add_nodes_from(range(10**6))"},
    ),
    whole(
        name="limits_lifted",
        what="setrlimit and prctl: lifts its own limits, asks to be dumpable and to outlive",
        cells={
            "last": """
import ctypes, resource
libc = ctypes.CDLL(None, use_errno=True)
for limit in range(16):
    try:
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pass
for option, value in ((1, 0), (4, 1), (36, 1), (38, 0), (15, 0)):
    libc.prctl(option, value, 0, 0, 0)
"""
        },
    ),
)
