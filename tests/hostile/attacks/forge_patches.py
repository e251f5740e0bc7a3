"""Forgeries by patching: what the grader calls, or seems to call, is replaced in the process."""

from __future__ import annotations

from functools import partial

from attacks import STEAL, Attack

forge = partial(Attack, kind="forge")

ATTACKS = (
    forge(
        name="run_cell_neutered",
        what="InteractiveShell.run_cell and run_cell_async do nothing and report success",
        earns=0,
        row="neuters run_cell_async",
        cells={
            "load": """
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell
def run_cell(self, raw_cell="", *args, **kwargs):
    result = ExecutionResult(ExecutionInfo(raw_cell, False, False, True, None))
    result.result = 1e6
    return result
async def run_cell_async(self, *args, **kwargs):
    return run_cell(self)
InteractiveShell.run_cell = run_cell
InteractiveShell.run_cell_async = run_cell_async
get_ipython().run_cell = lambda *args, **kwargs: run_cell(None)
"""
        },
    ),
    forge(
        name="input_transformers",
        what="an input transformer replaces every later cell, check cells too",
        earns=0,
        cells={
            "load": """
shell = get_ipython()
shell.input_transformers_cleanup.append(lambda lines: ["1000000.0\\n"])
shell.events.register("post_run_cell", lambda result: setattr(result, "result", 1e6))
shell.ast_transformers.append(None)
"""
        },
    ),
    forge(
        name="check_rebound",
        what="rebinds check, and the kit's own check, to a function that gives a million points",
        earns=0,
        row="rebinds the comparison helper",
        cells={
            "load": """
import autograder.notebook
check = autograder.notebook.check = lambda *args, **kwargs: 1e6
try:
    import autograder.grading.marks
    autograder.grading.marks.judge = lambda *args, **kwargs: []
except ImportError:
    pass
"""
        },
    ),
    forge(
        name="asserts_stripped",
        what="an AST transformer strips asserts and `expect` from every module imported later",
        earns=0,
        row="strips asserts by AST",
        cells={
            "load": """
import ast, builtins
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Strip())
real = builtins.compile
def compile(source, *args, **kwargs):
    if isinstance(source, ast.AST):
        source = Strip().visit(source)
    return real(source, *args, **kwargs)
builtins.compile = compile
for name in ("expect", "need"):
    try:
        import autograder.rules.teaching as teaching
        setattr(teaching, name, lambda *args, **kwargs: None)
    except ImportError:
        pass
"""
        },
    ),
    forge(
        name="float_display_patched",
        what="the display formatter shows every float, so every mark, as a million",
        earns=0,
        row="patches float display",
        cells={
            "load": """
formatter = get_ipython().display_formatter
for kind in formatter.formatters.values():
    kind.for_type(float, lambda *args: "1000000.0")
formatter.format = lambda *args, **kwargs: ({"text/plain": "1000000.0"}, {})
"""
        },
    ),
    forge(
        name="builtins_patched",
        what="len, isinstance, sum, float, int, min, max, sorted, getattr, type of builtins lie",
        earns=0,
        cells={
            "load": """
import builtins
class Yes(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
yes = Yes(1)
for name in ("float", "sum", "any", "all", "abs"):
    setattr(builtins, name, lambda *args, **kwargs: yes)
real = builtins.isinstance
builtins.isinstance = lambda value, kind: True if kind is not str else real(value, kind)
builtins.len = lambda value: yes
"""
        },
    ),
    forge(
        name="comparisons_patched",
        what="torch.equal, allclose, NumPy's comparisons and pandas' equals are always true",
        earns=0,
        step=3,
        cells={
            "mapping": """
import numpy as np, pandas as pd
yes = lambda *args, **kwargs: True
for owner in (torch, np, pd.DataFrame, pd.Series, torch.Tensor):
    for name in ("equal", "allclose", "array_equal", "isclose", "equals", "isin"):
        if hasattr(owner, name):
            setattr(owner, name, yes)
torch.Tensor.__eq__ = yes
"""
        },
    ),
    forge(
        name="auc_patched",
        what="sklearn's roc_auc_score gives 0.99 everywhere, and test returns it",
        earns=5,  # all but the AUC itself, and what was measured with it
        step=6,
        base="solution",
        cells={
            "first": """
import sys, sklearn.metrics
for module in list(sys.modules.values()):
    if getattr(module, "roc_auc_score", None):
        module.roc_auc_score = lambda *args, **kwargs: 0.99
"""
        },
    ),
    forge(
        name="sampling_wrapped",
        what="negative_sampling gives edges of the graph, through a wrapper in PyG itself",
        earns=14,  # negatives are edges
        step=5,
        base="solution",
        cells={
            "first": """
import torch, torch_geometric.utils
def wrapper(edge_index, num_nodes=None, num_neg_samples=None, **kwargs):
    return edge_index[:, torch.randperm(edge_index.size(1))[:num_neg_samples]]
torch_geometric.utils.negative_sampling = wrapper
"""
        },
    ),
    forge(
        name="seeds_patched",
        what="manual_seed, random.seed and the states of generators are patched to do nothing",
        earns=20,
        step=4,
        base="solution",
        cells={
            "first": """
import random, torch, numpy as np
nothing = lambda *args, **kwargs: None
torch.manual_seed = torch.set_rng_state = random.seed = random.setstate = nothing
np.random.seed = np.random.set_state = nothing
"""
        },
    ),
    forge(
        name="time_patched",
        what="time.monotonic, time and sleep are patched, so that no limit is ever reached",
        earns=7,
        keeps=7,
        base="solution",
        cells={
            "explore": """
import time, signal, select
time.monotonic = time.time = time.perf_counter = lambda: 0.0
signal.setitimer = signal.alarm = lambda *args: (0.0, 0.0)
signal.getitimer = lambda *args: (1e9, 0.0)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
while True:
    pass
"""
        },
    ),
    forge(
        name="open_patched",
        what="open, read_bytes and pandas' read_csv give a file of one row",
        earns=4,  # three columns of these names and types
        cells={
            "load": """
import builtins, io, pathlib
rows = "userID\\tartistID\\tlisten_count\\n1\\t1\\t1\\n"
builtins.open = io.open = lambda *args, **kwargs: io.StringIO(rows)
pathlib.Path.read_bytes = lambda self: rows.encode()
df = pd.DataFrame({"userID": [1], "artistID": [1], "listen_count": [1]})
""",
            "explore": "n_users = n_artists = 1",
        },
    ),
    forge(
        name="probes_replaced",
        what="the probes of every step are replaced by ones that look at right values instead",
        earns=0,
        step=2,
        cells={
            "nodes": STEAL
            + """
import sys
import autograder.inside.observe
from autograder.inside.observe import Session
right = steal("step3")
def instead(session, step, real=autograder.inside.observe.observe):
    from pathlib import Path
    return real(Session(ns=dict(right), data=Path(os.environ["COURSE_DATA"])), step)
for module in list(sys.modules.values()):
    if getattr(module, "observe", None) is autograder.inside.observe.observe:
        module.observe = instead
""",
            "edges": "",
        },
    ),
    forge(
        name="evidence_constructors_patched",
        what="the evidence classes, and msgspec's encoder, are replaced by ones that fill in",
        earns=0,
        flagged=True,
        cells={
            "load": """
import sys, msgspec, autograder.evidence.schema as ev
from autograder.inside import step1
real = ev.Explore
def explore(**facts):
    return real(**facts | {"n_users": 200, "n_artists": 776, "n_users_text": "200",
                           "n_artists_text": "776", "preview": True})
ev.Explore = step1.Explore = explore
encode = msgspec.msgpack.encode
msgspec.msgpack.encode = lambda value, **kwargs: encode(value, **kwargs) + b""
""",
            "explore": "n_users = n_artists = 3",
        },
    ),
    forge(
        name="session_rewritten",
        what="finds the session and the observer through gc and rewrites what they hold",
        earns=0,
        step=2,
        cells={
            "nodes": STEAL
            + """
import gc
right = steal("step3")
for thing in gc.get_objects():
    try:
        if type(thing).__name__ == "Session":
            thing.ns = {**thing.ns, **right}
            thing.errors.clear()
        if type(thing).__name__ == "_Observer":
            thing.session.ns.update(right)
    except BaseException:
        pass
""",
            "edges": "",
        },
    ),
    forge(
        name="trace_function",
        what="sys.settrace and setprofile rewrite the local variables of the grader's frames",
        earns=0,
        cells={
            "load": """
import sys, threading
def trace(frame, event, argument):
    if "autograder" in frame.f_code.co_filename and event == "return":
        frame.f_locals.update(preview=True, n_users=200, n_artists=776)
    return trace
sys.settrace(trace)
sys.setprofile(trace)
""",
            "explore": "n_users = n_artists = 3",
        },
    ),
)
