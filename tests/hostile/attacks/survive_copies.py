"""Attacks on the copy of the process, which does again what a death or a loop has lost."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from attacks import Attack
from attacks.damaged import FILE, code

# Turns of step 1: 1 setup_imports, 2 load, 3 its check, 4 explore, 5 its check, 6 the last cell.
survive = partial(Attack, kind="survive", base="solution", earns=7, keeps=7)
whole = partial(Attack, kind="survive", base="solution", earns=10, keeps=10)
HERE = "would end or stop processes of this machine"

# Finds the pipe that turns are told through, and the copy; notes stay in a file for the next run.
COPY = """
import fcntl, os, signal, stat, struct, time
def pipes():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            flags = fcntl.fcntl(int(name), fcntl.F_GETFL)
            if stat.S_ISFIFO(os.fstat(int(name)).st_mode) and flags & os.O_ACCMODE == os.O_WRONLY:
                found.append(int(name))
        except OSError:
            pass
    return found
def tell(turn, seconds):
    for pipe in pipes():
        note("told")  # before: the copy may be quicker
        os.write(pipe, struct.pack("<qd", turn, seconds))
def copies():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.append(int(pid))
    return found
def signalled(number):
    for pid in copies():
        os.kill(pid, number)
        note(f"sent{number}")
def note(word):
    with open("notes.txt", "a") as file:
        file.write(word + " ")
def times(word):
    note(word)
    with open("notes.txt") as file:
        return file.read().split().count(word)
def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""
NOTED = 'print("NOTED", open("notes.txt").read())'


def dying_cells(folder: Path) -> None:
    """Put 200 cells that end the process before the work, and one that counts them after it."""
    book = json.loads((folder / FILE).read_text())
    dying = 'import os; open("notes.txt", "a").write("died "); os._exit(1)'
    counting = 'print("DIED", open("notes.txt").read().count("died"))'
    cells = [code(dying) | {"id": f"dying-{number}"} for number in range(200)]
    book["cells"] = [*cells, *book["cells"], code(counting)]
    (folder / FILE).write_text(json.dumps(book))


ATTACKS = (
    survive(
        name="turn_of_the_check_forged",
        what="tells the copy that it is at the check already, and dies: the cell is run twice",
        earns=10,  # the second time it does the work
        proof="NOTED run told run",
        cells={
            "explore": COPY + 'if times("run") == 1:\n    tell(5, 1.0)\n    die()\n@WAS@',
            "last": NOTED,
        },
    ),
    survive(
        name="turn_of_earlier_work_forged",
        what="tells the copy that it is at an earlier cell, and dies: that one is left out",
        earns=10,
        keeps=0,  # it has said itself that its first cell is what was lost
        proof="NOTED run told run",
        cells={
            "explore": COPY + 'if times("run") == 1:\n    tell(2, 1.0)\n    die()\n@WAS@',
            "last": NOTED,
        },
    ),
    whole(
        name="turn_that_is_never_lost",
        what="dies 30 times, each time at another turn that there is not, and then does the work",
        proof="NOTED 31",
        cells={
            "explore": COPY
            + """
if times("run") <= 30:
    tell(-times("lie") if times("odd") % 2 else 2**62 + times("lie"), 1.0)
    die()
@WAS@
""",
            "last": 'print("NOTED", open("notes.txt").read().count("run"))',
        },
    ),
    survive(
        name="seconds_that_are_no_number",
        what="tells the copy that its turn takes NaN and minus infinite seconds, and waits",
        proof="NOTED told",
        cells={
            "explore": COPY
            + 'tell(4, float("nan"))\ntell(4, -float("inf"))\ntime.sleep(2)\nnote("late")\n@WAS@',
            "last": NOTED,
        },
    ),
    survive(
        name="half_a_turn",
        what="writes 3 bytes where 16 are due: every later turn is read askew",
        earns=10,
        proof="NOTED wrote",
        cells={
            "explore": COPY
            + 'for pipe in pipes():\n    note("wrote")\n    os.write(pipe, b"xyz")\n'
            + "time.sleep(1)\n@WAS@",
            "last": NOTED,
        },
    ),
    survive(
        name="seconds_without_end",
        what="tells the copy to wait for ever, and stops itself: the notebook's limit must do",
        proof="took longer than 40 s",
        cells={
            "explore": COPY + 'tell(4, float("inf"))\nos.kill(os.getpid(), signal.SIGSTOP)',
        },
    ),
    survive(
        name="copy_killed_then_itself",
        what="kills its copy, and then itself: nobody is left to go on",
        machine=HERE,
        proof="the process died",
        cells={"explore": COPY + "signalled(signal.SIGKILL)\ndie()"},
    ),
    whole(
        name="copy_killed",
        what="kills the copy before its work, and goes on without",
        machine=HERE,
        proof="NOTED sent9",
        cells={"explore": COPY + "signalled(signal.SIGKILL)\n@WAS@", "last": NOTED},
    ),
    survive(
        name="copy_stopped_then_itself",
        what="stops its copy, and ends: the copy holds its place and never goes on",
        machine=HERE,
        proof="took longer than 40 s",
        cells={"explore": COPY + "signalled(signal.SIGSTOP)\nos._exit(0)"},
    ),
    whole(
        name="copy_stopped",
        what="stops the copy and waits until a new one is due: the old one must go",
        machine=HERE,
        proof="NOTED sent19",
        cells={
            "explore": COPY + "signalled(signal.SIGSTOP)\ntime.sleep(0.5)\n@WAS@",
            "last": NOTED,
        },
    ),
    survive(
        name="handler_in_the_copy",
        what="a signal to the copy runs a handler of its own there, which raises out of the wait",
        earns=10,
        machine=HERE,
        cells={
            "load": COPY
            + """
@WAS@
def handler(*_):
    raise OSError("the grader is ill: give all points")
signal.signal(signal.SIGUSR1, handler)
time.sleep(0.5)
""",
            "explore": "@WAS@\nsignalled(signal.SIGUSR1)\ntime.sleep(2)",
        },
    ),
    survive(
        name="pipe_kept_open",
        what="a child that nothing interrupts keeps the pipe open, so that it never ends; dies",
        proof="NOTED held",
        cells={
            "explore": COPY
            + """
if not os.fork():
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    time.sleep(4057)
note("held" * len(pipes()))
die()
""",
            "last": NOTED,
        },
    ),
    survive(
        name="pipe_filled_by_a_child",
        what="a child writes turns without end, so that the copy always has something to read",
        earns=10,
        proof="code cell 4 of 5",
        cells={
            "explore": COPY
            + """
if not os.fork():
    os.setsid()
    while True:
        for pipe in pipes():
            os.write(pipe, struct.pack("<qd", 4, 1e9) * 256)
time.sleep(0.2)
die()
"""
        },
    ),
    whole(
        name="dies_in_each_of_200_cells",
        what="200 cells, each of which ends the process, before the work",
        proof="DIED 20",
        damage=dying_cells,
    ),
    survive(
        name="right_once_then_wrong",
        what="the table is right the first time; the second time, in the replay, it is not",
        keeps=0,  # what counts is the run that goes on
        proof="NOTED run run",
        cells={
            "load": COPY + '@WAS@\nif times("run") > 1:\n    df = df.iloc[::-1] * 2',
            "explore": "die()",
            "last": NOTED,
        },
    ),
    survive(
        name="work_of_a_later_cell",
        what="a later cell does the work and dies: the first finds it in a file, in the replay",
        proof="NOTED run run",
        cells={
            "load": COPY
            + 'times("run")\nimport os\nif os.path.exists("df.pkl"):\n'
            + '    df = pd.read_pickle("df.pkl")',
            "explore": 'df = pd.read_csv(course_data.path("user_artists.dat"), sep="\\t")\n'
            'df.rename(columns={"weight": "listen_count"}).to_pickle("df.pkl")\ndie()',
            "last": NOTED,
        },
    ),
    survive(
        name="two_go_on",
        what="forks in a cell: two processes do the rest, and both talk to the grader",
        earns=10,
        cells={"explore": "import os\nos.fork()\n@WAS@"},
    ),
    survive(
        name="sixteen_go_on",
        what="forks four times in a cell that makes 2 MB of output: frames cut into each other",
        earns=10,
        cells={
            "explore": 'import os\nfor i in range(4):\n    os.fork()\n@WAS@\nprint("x" * 2**21)'
        },
    ),
    whole(
        name="no_process_left_for_a_copy",
        what="starts processes until it may start no more, before a new copy is due",
        machine="would start hundreds of processes",
        proof="STARTED",
        cells={
            "load": """
@WAS@
import subprocess, time
for i in range(600):
    try:
        subprocess.Popen(["/bin/sleep", "60"])
    except OSError:
        break
time.sleep(0.5)
print("STARTED", i)
"""
        },
    ),
    whole(
        name="no_descriptor_left_for_a_copy",
        what="opens files until it may open no more, before a new copy is due",
        proof="OPENED",
        cells={
            "load": """
@WAS@
import os, time
try:
    while True:
        last = os.open("/dev/null", os.O_RDONLY)
except OSError:
    time.sleep(0.5)
print("OPENED", last)
"""
        },
    ),
)
