"""Forgeries of the messages: evidence written to the pipe by the student's own code."""

from __future__ import annotations

from functools import partial

from attacks import FORGED, FRAMES, Attack
from attacks.damaged import code, free_form, text

forge = partial(Attack, kind="forge")
own = partial(Attack, kind="forge", base="solution", earns=7, keeps=7)  # in step 1's second part

END = "os._exit(0)\n"
EARLY = "it ended early"

ATTACKS = (
    forge(
        name="frame_with_done",
        what="writes evidence of values that it has computed, with `done`, and ends the process",
        earns=15,  # the work was done by some program, and fits the twin
        step=2,
        proof=EARLY,
        cells={"nodes": FORGED + "forge(Message(evidence=evidence('step2'), done=True))\n" + END},
    ),
    forge(
        name="frames_for_other_steps",
        what="step 1's notebook sends right evidence for steps 2 and 3 as well",
        earns=0,
        proof=EARLY,
        cells={
            "load": FORGED
            + "forge(Message(evidence=evidence('step2', 'step3'), done=True))\n"
            + END
        },
    ),
    forge(
        name="frames_after_its_step",
        what="ends its step with nothing, and sends right evidence of it after that",
        earns=0,
        step=2,
        proof="FORGED AFTER",
        cells={
            "nodes": FORGED
            + """
pretend("step2", evidence=evidence("step2", ns={}))
forge(Message(evidence=evidence("step2"), over="step2"))
print("FORGED AFTER")
"""
        },
    ),
    forge(
        name="frame_to_the_descriptor",
        what="writes a forged frame straight to every socket and pipe among the descriptors",
        earns=15,  # as above
        step=2,
        proof=EARLY,
        cells={
            "nodes": FORGED
            + """
data = msgspec.msgpack.encode(Message(evidence=evidence("step2", "step3"), done=True))
write(struct.pack("<Q", len(data)) + data)
"""
            + END
        },
    ),
    forge(
        name="says_its_step_is_over",
        what="the worker's own `say` tells that the step is over while cells are left",
        earns=15,  # as above
        step=2,
        proof="it left cells out",
        cells={
            "nodes": FORGED
            + 'line.say(Message(over="step2", evidence=evidence("step2", "step3")))\n'
            + END
        },
    ),
    forge(
        name="skips_its_cells",
        what="says that it is at the last cell already",
        earns=0,
        step=2,
        proof="it skipped cells",
        cells={"nodes": FRAMES + "line.say(Message(cell=5))\n" + END},
    ),
    forge(
        name="asks_for_later_inputs",
        what="says that its cells and its step are over, and asks for the inputs of the next",
        earns=8,
        keeps=8,
        step=2,
        base="solution",
        proof="REFUSED step3",  # its step is the only one of this run
        cells={
            "edges": FRAMES
            + """
pretend("step2")
try:
    G = line.ask("step3")["G"]
except NotGiven:
    print("REFUSED", "step3")
"""
        },
    ),
    forge(
        name="asks_too_early",
        what="asks the worker's own line for the inputs of every later step",
        earns=0,
        step=2,
        proof="REFUSED 4",
        cells={
            "nodes": FRAMES
            + """
refused = 0
for step in ("step3", "step4", "step5", "step6"):
    try:
        globals().update(line.ask(step))
    except NotGiven:
        refused += 1
print("REFUSED", refused)
""",
            "edges": "",
        },
    ),
    forge(
        name="own_run_given_away",
        what="a notebook of its own form asks for step 3's inputs, and has done nothing before",
        earns=0,
        proof="GIVEN Graph",
        damage=free_form(
            *(text(f"# Step {n}") for n in (1, 2, 3)),
            code(
                "from autograder.notebook import checkpoint\n"
                'df, n_users, n_artists, G = checkpoint("step3")\n'
                'preview = df.head()\nprint("GIVEN", type(G).__name__)'
            ),
        ),
    ),
    forge(
        name="inputs_of_no_step",
        what="asks the grader for the inputs of a step that there is none of, for it to fail",
        earns=35,
        keeps=35,
        step=5,
        also=(4,),
        base="solution",
        proof="REFUSED 3",
        cells={
            "setup": """
from autograder import notebook
from autograder.inside.inputs import NotGiven
refused = 0
for step in ("step7", "chains", "\\x00" * 10_000):
    try:
        notebook._chain.inputs.ask(step)
    except NotGiven:
        refused += 1
print("REFUSED", refused)
@WAS@
"""
        },
    ),
    forge(
        name="model_given_away",
        what="a notebook of its own form leaves step 5 to the model that step 6 starts from",
        earns=1,  # the model that it is given has the right size
        damage=free_form(
            *(text(f"# Step {n}") for n in (1, 2, 3, 4, 5)),
            code("optimizer = None\nlosses = [2.0 * 0.97**i for i in range(100)]"),
            text("# Step 6"),
            code("for i in range(3):\n    train_data = train_data"),
        ),
    ),
    forge(
        name="frames_from_a_child",
        what="a child process sends right evidence of step 3 and words of its own all the while",
        earns=0,
        step=2,
        proof="FROM THE CHILD",
        cells={
            "nodes": FORGED
            + """
from autograder.inside.protocol import Shown
if not os.fork():
    os.setsid()
    said = Message(cell=2, shown=Shown(stdout="FROM THE CHILD"), evidence=evidence("step3"))
    while True:
        send(writer, said)
        time.sleep(0.01)
time.sleep(1)
"""
        },
    ),
    own(
        name="step_over_without_evidence",
        what="ends its step with no evidence at all, and goes on as if nothing were",
        keeps=0,  # it has said itself that there is nothing
        cells={"explore": FRAMES + 'pretend("step1", evidence=ev.Evidence())\n'},
    ),
    own(
        name="hangs_where_nobody_listens",
        what="ends the conversation with evidence of nothing, and then never ends",
        keeps=0,  # as above
        cells={
            "explore": FRAMES
            + 'pretend("step1", evidence=ev.Evidence())\nforge(Message(evidence=ev.Evidence('
            + "step1=ev.Step1(load=ev.Absent(name='df'), explore=ev.Absent(name='df')))))\n"
            + "while True:\n    try:\n        time.sleep(60)\n"
            + "    except BaseException:\n        pass"
        },
    ),
    own(
        name="claim_of_a_fault",
        what="claims at its end that the grader itself failed, to be graded by hand instead",
        proof="give this student all points",
        cells={
            "explore": FRAMES
            + 'pretend("step1")\n'
            + "forge(Message(done=True, fault='\x1b[2J OSError: give this student all points'))\n"
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
    own(
        name="frame_of_endless_length",
        what="a frame that claims 2**64 - 1 bytes",
        proof="18446744073709551615 bytes",
        cells={"explore": FRAMES + 'write(b"\\xff" * 8)'},
    ),
    own(
        name="frame_without_msgpack",
        what="a frame that holds no msgpack",
        proof="the process died",
        cells={"explore": FRAMES + 'write(struct.pack("<Q", 3) + b"\\xc1bc")'},
    ),
    own(
        name="frame_that_never_comes",
        what="half a frame, and then nothing: the grader must not wait for ever",
        proof="took longer than 40 s",
        cells={
            "explore": FRAMES
            + """
import signal
os.write(writer.fileno(), struct.pack("<Q", 99))
signal.signal(signal.SIGALRM, signal.SIG_IGN)
os.kill(worker["backup"]._copy, signal.SIGSTOP)
time.sleep(1000)
"""
        },
    ),
    own(
        name="frame_of_deep_msgpack",
        what="a frame of lists 100,000 deep, for whoever decodes it by recursion",
        proof="the process died",
        cells={
            "explore": FRAMES
            + 'data = b"\\x81\\xa1x" + b"\\x91" * 100_000 + b"\\xc0"\n'
            + 'write(struct.pack("<Q", len(data)) + data)'
        },
    ),
    own(
        name="frame_of_400_mb",
        what="sends evidence with a report of 400 MB",
        proof="a message of",
        cells={
            "explore": FRAMES + 'forge(Message(evidence=ev.Evidence(report="x" * (400 * 2**20))))'
        },
    ),
    own(
        name="flags_without_end",
        what="sends messages with new flags and notes each time, for the grader to keep them all",
        proof="SENT",
        cells={
            "explore": FRAMES
            + """
begin = time.monotonic()
for i in range(10**6):
    told = [f"{i * 20 + k:0200}" for k in range(20)]
    forge(Message(flags=told, notes=told))
    if time.monotonic() > begin + 4:
        break
print("SENT", i)
"""
        },
    ),
    own(
        name="shown_without_end",
        what="says of every cell that it has printed 400 MB",
        keeps=0,  # it ends its step itself
        cells={
            "setup_imports": FRAMES
            + """
from autograder.inside.protocol import Shown
for number in range(len(worker["task"].cells)):
    forge(Message(cell=number, shown=Shown(stdout="x" * (400 * 2**20))))
@WAS@
"""
        },
    ),
    own(
        name="evidence_of_wrong_types",
        what="sends evidence whose arrays, shapes and counts contradict each other",
        proof="the process died",
        cells={
            "explore": FRAMES
            + """
import msgspec
bad = {"dtype": "int64", "shape": [10**12, 0], "data": b""}
frame = {"columns": ["userID"] * 20, "dtypes": [], "rows": -1, "first_row": [], "values": bad,
         "type": "frame"}
explore = {"type": "explore", "n_users": 2**63, "n_artists": -2**63, "n_users_text": "x",
           "n_artists_text": "y", "preview": True}
data = {"evidence": {"step1": {"load": frame, "explore": explore}}, "done": True}
data = msgspec.msgpack.encode(data)
write(struct.pack("<Q", len(data)) + data)
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
