"""Forgeries of the messages: evidence written to the pipe by the student's own code."""

from __future__ import annotations

from functools import partial

from attacks import FRAMES, STEAL, Attack

forge = partial(Attack, kind="forge")

# Evidence of every step, as the kit's own probes would write it of right values.
FORGED = (
    STEAL
    + FRAMES
    + """
import msgspec
from pathlib import Path
from autograder.probes import Session, observe
def evidence():
    session = Session(ns=steal("step3", "step4"), data=Path(os.environ["COURSE_DATA"]))
    steps = {}
    for number in range(1, 7):
        try:
            step = f"step{number}"
            steps[step] = getattr(observe(session, step), step)
        except BaseException:
            pass
    return ev.Evidence(**steps)
"""
)
END = "os._exit(0)\n"

ATTACKS = (
    forge(
        name="frame_with_done",
        what="writes forged evidence of right values with `done`, and ends the process",
        earns=0,
        step=2,
        flagged=True,
        cells={"nodes": FORGED + "forge(Message(evidence=evidence(), done=True))\n" + END},
    ),
    forge(
        name="frames_for_other_steps",
        what="step 1's notebook sends evidence for steps 2 to 6 as well",
        earns=0,
        cells={"load": FORGED + "forge(Message(evidence=evidence(), done=True))\n" + END},
    ),
    forge(
        name="frame_to_the_descriptor",
        what="writes a forged frame straight to every socket and pipe among the descriptors",
        earns=0,
        step=2,
        cells={
            "nodes": FORGED
            + """
data = msgspec.msgpack.encode(Message(evidence=evidence(), done=True))
for number in sockets():
    try:
        os.write(number, struct.pack("<Q", len(data)) + data)
    except OSError:
        pass
"""
            + END
        },
    ),
    forge(
        name="say_through_gc",
        what="finds the worker's own `say` among all functions and calls it",
        earns=0,
        step=2,
        cells={
            "nodes": FORGED
            + """
import types
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and "send" in thing.__code__.co_names:
        if "autograder" in thing.__module__ and thing is not send:
            try:
                thing(Message(evidence=evidence(), done=True))
            except BaseException:
                pass
"""
            + END
        },
    ),
    forge(
        name="asks_for_later_inputs",
        what="says that its cells and its step are over, and asks the grader for the next inputs",
        earns=0,
        step=2,
        cells={
            "nodes": FRAMES
            + """
import pickle
from autograder.sandbox.task import Task
class Found(Exception): pass
def ask(step):
    for reader in [o for o in gc.get_objects() if isinstance(o, io.BufferedReader)]:
        try:
            forge(Message(wants=step))
            (length,) = struct.unpack("<Q", reader.read(8))
            data = reader.read(length)
            if len(data) > 1000:
                return pickle.loads(data[data.index(b"\\x80\\x04"):])
        except Exception:
            pass
cells = [t.cells for t in gc.get_objects() if type(t).__name__ == "Task"] or [[None] * 6]
for number in range(len(cells[0])):
    forge(Message(cell=number))
forge(Message(over="step2", evidence=ev.Evidence()))
globals().update(ask("step3") or {})
""",
            "edges": "",
        },
    ),
    forge(
        name="frames_from_a_child",
        what="a child process waits until the notebook is over and sends other evidence then",
        earns=0,
        step=2,
        cells={
            "nodes": FORGED
            + """
import time
if not os.fork():
    os.setsid()
    for i in range(40):
        time.sleep(0.05)
        forge(Message(evidence=evidence()))
    forge(Message(evidence=evidence(), done=True))
    os._exit(0)
"""
        },
    ),
    forge(
        name="claim_of_a_fault",
        what="claims that the grader itself failed, to be graded by hand instead",
        earns=0,
        cells={
            "load": FRAMES
            + "forge(Message(done=True, fault='\\x1b[2J OSError: give this student all points'))\n"
            + END
        },
    ),
    forge(
        name="exit_code_of_the_end",
        what="ends with the exit code that stands for `finished`",
        earns=7,
        keeps=7,
        base="solution",
        cells={"explore": "import os\nos._exit(77)"},
    ),
    forge(
        name="malformed_frames",
        what="sends lengths without end, no msgpack, wrong types, and one frame of 400 MB",
        earns=7,
        base="solution",
        cells={
            "explore": FRAMES
            + """
garbage = [b"\\xff" * 8, struct.pack("<Q", 3) + b"abc", struct.pack("<Q", 0), b"\\x00" * 9]
for number in sockets():
    try:
        os.set_blocking(number, False)
        for data in garbage:
            os.write(number, data)
    except OSError:
        pass
forge(Message(evidence=ev.Evidence(report="x" * (400 * 2**20)), done=True))
"""
        },
    ),
    forge(
        name="evidence_of_wrong_types",
        what="sends evidence whose arrays, shapes and counts contradict each other",
        earns=0,
        cells={
            "load": FRAMES
            + """
from autograder.arrays import Array
def make(kind, **fields):
    made = kind.__new__(kind)
    return {"type": kind.__name__.lower(), **fields}
bad = {"dtype": "int64", "shape": [10**12, 0], "data": b""}
frame = {"columns": ["userID"] * 20, "dtypes": [], "rows": -1, "first_row": [], "values": bad,
         "type": "frame"}
step1 = {"load": frame, "explore": {"type": "explore", "n_users": 2**63, "n_artists": -2**63,
                                    "n_users_text": "x", "n_artists_text": "y", "preview": True}}
import msgspec
data = msgspec.msgpack.encode({"evidence": {"step1": step1}, "done": True})
for number in sockets():
    try:
        os.write(number, struct.pack("<Q", len(data)) + data)
    except OSError:
        pass
"""
            + END
        },
    ),
    forge(
        name="huge_layer_for_the_grader",
        what="a layer that claims 12,000 channels each way, for whoever rebuilds it to allocate",
        earns=17,  # the layers are not of the right sizes
        step=4,
        base="solution",
        cells={
            "model": """
@WAS@
small = GNNLinkPredictor.__init__
def __init__(self, *sizes):
    small(self, *sizes)
    for conv in (self.conv1, self.conv2):
        conv.in_channels = conv.out_channels = 12_000
        conv.lin_r.in_channels = 12_000
GNNLinkPredictor.__init__ = __init__
"""
        },
    ),
    forge(
        name="huge_evidence",
        what="a mapping of three million entries with names of 50 characters",
        earns=14,  # data and split are honest, and no index is there twice
        step=3,
        base="solution",
        cells={
            "check_mapping": 'keep = id_mapping\nid_mapping = {f"{i:050}": i for i in range(3 * '
            '10**6)}\ncheck("step3.mapping")\n',
            "split": "id_mapping = keep\n@WAS@",
        },
    ),
)
