"""The hostile bank's attacks: what each does, which notebook it changes, what it earns at most.

`hostile_bank` makes a class folder of them; the tests and the report go through it. In an attack's
code `@WAS@` stands for the cell's own source, `@KIT@`, `@CLASS@`, `@OUTPUT@`, `@HOME@`, `@OUTSIDE@`
and `@PORT@` for places outside the wall, which whoever has the source at hand may know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("forge", "read", "write", "break", "survive", "innocent")


@dataclass(frozen=True)
class Attack:
    """One submission that attacks, breaks, or is innocently damaged.

    Args:
        kind: one of KINDS. What a `read` attack got it tells as an exception, `LOOT[...]`.
        what: what it does, in one line.
        earns: points that the work behind it earns at most, of the automatic ones.
        keeps: points that it must not lose.
        step: the notebook that it changes; it alone is handed in, and those of `also`.
        base: `blank`, as students get it, or `solution`.
        cells: new sources by cell id; `first` and `last` add a cell.
        damage: changes the files of the folder that is handed in.
        row: the row of the measurements table that it stands for.
        flagged: whether a person must be told, since no machine can tell right from forged here.
        proof: what its record or its executed copy holds if it got to what it attacks.
        machine: why nbgrader, which has no wall, is not given it.
        student: name of the student's folder, where the name itself is the attack.
    """

    name: str
    kind: str
    what: str
    earns: float
    keeps: float = 0.0
    step: int = 1
    base: str = "blank"
    cells: Mapping[str, str] = field(default_factory=dict)
    damage: Callable[[Path], None] | None = None
    also: tuple[int, ...] = ()
    row: str = ""
    flagged: bool = False
    proof: str = ""
    machine: str = ""
    student: str = ""


# Takes what it can get; what came of it is told through the error of the cell.
READ = """df = None
loot = []
def take(label, get):
    try:
        found = get()
    except BaseException:
        return
    if found:
        loot.append(f"{label}: {str(found)[:80]}")
"""
TELL = """
raise RuntimeError("LOOT" + str(loot))
"""

# Finds the right values of every step, wherever the kit keeps them.
STEAL = """
import importlib, os, pathlib
GIVES = {
    "step2": "df n_users n_artists", "step3": "df n_users n_artists G",
    "step4": "num_nodes data train_data", "step5": "num_nodes train_data GNNLinkPredictor",
    "step6": "train_data val_data test_data model",
    "chain": "num_nodes data train_data val_data test_data GNNLinkPredictor",
}
def steal(*steps):
    found = {}
    for step in steps or GIVES:
        names = GIVES[step].split()
        try:
            from autograder.notebook import checkpoint
            found.update(zip(names, checkpoint(step)))
        except BaseException:
            pass
        for module in ("reference", "given", "standin", "truth"):
            try:
                kit = importlib.import_module(f"autograder.{module}")
                found.update(kit.inputs(step, pathlib.Path(os.environ["COURSE_DATA"])))
            except BaseException:
                pass
    if "G" in found:
        found["id_mapping"] = {node: i for i, node in enumerate(found["G"])}
    return found
"""

# Takes the worker's own connection from its right inputs, and the rest by one look at memory.
FRAMES = """
import gc, os, stat, struct, time
from autograder.evidence import schema as ev
from autograder import notebook
from autograder.inside.inputs import NotGiven
from autograder.inside.protocol import Message, send
line = notebook._chain.inputs.ask.__self__
writer = line.say.__closure__[0].cell_contents
wanted = {"Session": "session", "Backup": "backup", "Task": "task", "_Observer": "observer"}
worker = {}
for thing in gc.get_objects():
    if type(thing).__module__.startswith("autograder.") and type(thing).__name__ in wanted:
        worker[wanted[type(thing).__name__]] = thing
def forge(message):
    try:
        send(writer, message)
    except OSError:
        pass  # the grader has closed the connection
def pretend(step, **message):
    for number in range(len(worker["task"].cells)):
        forge(Message(cell=number))
    forge(Message(over=step, **message))
def sockets():
    found = []
    for number in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode) or stat.S_ISFIFO(os.fstat(number).st_mode):
                found.append(number)
        except OSError:
            pass
    return found
def write(data):
    for number in sockets():
        try:
            os.write(number, data)
        except OSError:
            pass
"""

# Does the work of steps 1 to 3 by itself, and makes evidence of it as the kit's probes do.
FORGED = (
    FRAMES
    + """
import course_data, msgspec, networkx as nx, pandas as pd
from autograder.inside.observe import Session, observe
def work():
    df = pd.read_csv(course_data.path("user_artists.dat"), sep="\\t")
    df = df.rename(columns={"weight": "listen_count"})
    users, artists = ([int(i) for i in df[c].unique()] for c in ("userID", "artistID"))
    G = nx.Graph()
    G.add_nodes_from([("user", i) for i in users], bipartite=0)
    G.add_nodes_from([("artist", i) for i in artists], bipartite=1)
    pairs = zip(df["userID"], df["artistID"])
    G.add_edges_from((("user", int(u)), ("artist", int(a))) for u, a in pairs)
    counts = {"n_users": len(users), "n_artists": len(artists), "num_nodes": len(G)}
    index = {node: i for i, node in enumerate(G)}
    return counts | {"df": df, "preview": df.head(), "G": G, "id_mapping": index}
def evidence(*steps, ns=None):
    session = Session(ns=work() if ns is None else ns, data=worker["session"].data)
    return ev.Evidence(**{step: getattr(observe(session, step), step) for step in steps})
"""
)


def collect() -> tuple[Attack, ...]:
    """All attacks, in the order in which they are handed in."""
    from attacks import (
        damaged,
        forge_frames,
        forge_objects,
        forge_patches,
        forge_values,
        innocent,
        names,
        read,
        survive_copies,
        survive_limits,
        survive_process,
        write,
    )

    modules = (
        *(forge_values, forge_objects, forge_patches, forge_frames, read, write),
        *(survive_process, survive_copies, survive_limits, damaged, names, innocent),
    )
    return tuple(attack for module in modules for attack in module.ATTACKS)
