"""Forgeries by value: right answers taken from the kit, or typed in, in place of work."""

from __future__ import annotations

from functools import partial

from attacks import STEAL, Attack

forge = partial(Attack, kind="forge")


def take(*steps: str) -> str:
    """Code that puts the right values of these steps into the notebook."""
    return f"{STEAL}globals().update(steal{steps})\n"


ATTACKS = (
    forge(
        name="checkpoint_of_step2",
        what="step 1 is what checkpoint('step2') gives",
        earns=0,
        cells={"load": take("step2"), "explore": "preview = 0"},
    ),
    forge(
        name="checkpoint_of_step3",
        what="step 2 is what checkpoint('step3') gives",
        earns=0,
        step=2,
        cells={"nodes": take("step3"), "edges": ""},
    ),
    forge(
        name="checkpoint_of_step4",
        what="step 3 is what checkpoint('step4') and ('step6') give; only the mapping is own work",
        earns=8,
        step=3,
        cells={
            "mapping": "id_mapping = {node: i for i, node in enumerate(G)}\nnum_nodes = len(G)",
            "data": take("step4", "step6"),
            "split": "",
        },
    ),
    forge(
        name="checkpoint_of_step6",
        what="the model of checkpoint('step6') as trained in step 5, losses typed in",
        earns=1,  # the model has the right size
        step=5,
        cells={
            "setup": take("step6") + "optimizer = None",
            "loop": "losses = [1 / (i + 1) for i in range(100)]",
        },
    ),
    forge(
        name="stand_in_as_own_class",
        what="the stand-in class of checkpoint('step5') handed in as step 4",
        earns=0,
        step=4,
        cells={"model": take("step5")},
    ),
    forge(
        name="source_of_the_kit_executed",
        what="executes the kit's own source files from disk for the right values",
        earns=0,
        step=2,
        cells={
            "nodes": """
import autograder, os, pathlib
for name in ("reference", "given", "truth", "standin"):
    file = pathlib.Path(autograder.__file__).with_name(f"{name}.py")
    try:
        kit = {"__name__": f"autograder.{name}", "__file__": str(file)}
        exec(compile(file.read_text(), str(file), "exec"), kit)
        make = kit.get("inputs") or kit.get("_graph_inputs")
        G = make("step3", pathlib.Path(os.environ["COURSE_DATA"]))["G"]
        break
    except Exception:
        pass
""",
            "edges": "",
        },
    ),
    forge(
        name="right_values_from_memory",
        what="looks through gc and sys.modules for a graph or table that somebody else made",
        earns=0,
        step=3,
        cells={
            "split": """
import gc
from torch_geometric.data import Data
found = [o for o in gc.get_objects() if isinstance(o, Data) and "pos_edge_label_index" in o]
train_data, val_data, test_data = found[:3]
"""
        },
    ),
    forge(
        name="numbers_of_the_sample",
        what="the counts of the sample typed in: a twin has others",
        earns=0,
        cells={"explore": "n_users, n_artists = 200, 776"},
    ),
    forge(
        name="losses_typed_in",
        what="a falling list of losses without any training",
        earns=0,
        step=5,
        cells={"loop": "losses = [2.0 * 0.97**i for i in range(100)]"},
    ),
    forge(
        name="constant_auc",
        what="test returns 0.99 whatever the data, and val_auc and test_auc agree with it",
        earns=1,  # it returns a number between 0 and 1
        step=6,
        cells={
            "test": "def test(data):\n    return 0.99",
            "auc": "val_auc = test_auc = test(0)",
        },
    ),
    forge(
        name="mapping_of_nobody",
        what="id_mapping has the right size and indices, and its keys name no user or artist",
        earns=0,
        step=3,
        cells={
            "mapping": 'num_nodes = n_users + n_artists\nid_mapping = {("x", i): i for i in '
            "range(num_nodes)}"
        },
    ),
    forge(
        name="split_of_other_edges",
        what="a split of made-up edges with the right counts, and no data",
        earns=1,  # no negatives for training
        step=3,
        cells={
            "split": """
n, k = len(df), len(df) // 10
every = torch.stack([torch.arange(n), torch.arange(n) + n])
def part(shown, asked):
    both = torch.cat([every[:, shown], every[:, shown].flip(0)], 1)
    return Data(edge_index=both, pos_edge_label_index=every[:, asked])
train_data = part(slice(0, n - 2 * k), slice(0, n - 2 * k))
val_data = part(slice(0, n - 2 * k), slice(n - 2 * k, n - k))
test_data = part(slice(0, n - k), slice(n - k, n))
val_data.neg_edge_label_index = test_data.neg_edge_label_index = every[:, :k]
"""
        },
    ),
    forge(
        name="graph_of_one_edge",
        what="step 5 is done on a graph of its own making, with four nodes",
        earns=7,  # the code is right, the graph, its negatives and losses are not
        step=5,
        base="solution",
        cells={
            "start": """
num_nodes, train_data, GNNLinkPredictor = checkpoint("step5")
num_nodes = 4
edge = torch.tensor([[0, 2], [2, 0]])
train_data = Data(x=torch.arange(4), edge_index=edge, pos_edge_label_index=edge[:, :1])
"""
        },
    ),
    forge(
        name="embeddings_that_know_the_test_edges",
        what="no training: encode gives singular vectors of the whole graph, test edges included",
        earns=0,
        step=6,
        cells={
            "test": """
import numpy as np, os, sys
from autograder.notebook import _chain as chain
n = int(test_data.num_nodes)
both = torch.cat([test_data.edge_index, test_data.pos_edge_label_index], 1)
A = torch.zeros(n, n)
A[both[0], both[1]] = A[both[1], both[0]] = 1
u, s, v = torch.linalg.svd(A)
z = torch.cat([u[:, :200] * s[:200], v.T[:, :200]], 1)
class Knows(torch.nn.Module):
    def encode(self, x, edge_index):
        return z
    def decode(self, z, pairs):
        return (z[pairs[0]] * z[pairs[1]]).sum(1)
right = torch.cat([test_data.edge_index, test_data.pos_edge_label_index,
                   val_data.pos_edge_label_index], 1)
right = right[:, right[0] < right[1]].unique(dim=1)
data = Data(x=torch.arange(n), edge_index=right)
from pathlib import Path
chain._results[Path.cwd()] = {"model": Knows(), "test_data": test_data, "data": data}
"""
        },
    ),
    forge(
        name="executes_the_solution_notebook",
        what="finds the solution notebook on disk and runs its cells",
        earns=0,
        row="executes the solution notebook from disk",
        cells={
            "load": """
import glob, json
df = None
places = ["@KIT@", "../../..", "../../../..", "@HOME@", "/"]
for place in places:
    for file in glob.glob(place + "/solutions/**/step1*.ipynb", recursive=True)[:1]:
        for cell in json.load(open(file))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "check(" not in source:
                exec(source, globals())
"""
        },
    ),
)
