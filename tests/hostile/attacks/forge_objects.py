"""Forgeries by object: values that lie when they are compared, counted, copied or called."""

from __future__ import annotations

from functools import partial

from attacks import Attack

forge = partial(Attack, kind="forge")

ATTACKS = (
    forge(
        name="always_equal_int",
        what="n_users and n_artists are ints that equal everything",
        earns=0,
        row="object whose __eq__ is always true",
        cells={
            "explore": """
class Any(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = int.__hash__
    def __sub__(self, other): return Any(0)
    __rsub__ = __abs__ = __sub__
n_users, n_artists = Any(1), Any(1)
"""
        },
    ),
    forge(
        name="always_equal_preview",
        what="preview is a table whose `equals` is always true; df is right",
        earns=7,
        base="solution",
        cells={
            "explore": """
class Same(pd.DataFrame):
    def equals(self, other): return True
    def __eq__(self, other): return True
preview = Same({"x": [1]})
"""
        },
    ),
    forge(
        name="preview_of_all_numbers",
        what="prints every number there is in place of a preview; df is right",
        earns=7,
        base="solution",
        cells={"explore": "print(*range(30000))"},
    ),
    forge(
        name="frame_that_lies",
        what="an empty DataFrame subclass that claims the right columns, rows and dtypes",
        earns=0,
        cells={
            "load": """
class Lies(pd.DataFrame):
    columns = property(lambda self: ["userID", "artistID", "listen_count"])
    dtypes = property(lambda self: ["int64"] * 3)
    shape = property(lambda self: (8000, 3))
    def __len__(self): return 8000
    def __eq__(self, other): return True
df = Lies()
"""
        },
    ),
    forge(
        name="directed_graph_that_denies_it",
        what="a DiGraph subclass whose is_directed says False",
        earns=14,
        step=2,
        base="solution",
        cells={
            "nodes": """
class Denies(nx.DiGraph):
    def is_directed(self): return False
real, nx.Graph = nx.Graph, Denies
@WAS@
nx.Graph = real
"""
        },
    ),
    forge(
        name="graph_that_lies",
        what="an nx.Graph subclass with the right counts and nothing in it",
        earns=2,  # it is undirected, and its two nodes have an edge
        step=2,
        cells={
            "nodes": """
class Lies(nx.Graph):
    def number_of_nodes(self): return n_users + n_artists
    def number_of_edges(self): return len(df)
    def __len__(self): return n_users + n_artists
    order = number_of_nodes
    size = number_of_edges
G = Lies()
G.add_edge("u1", "a1")
""",
            "edges": "",
        },
    ),
    forge(
        name="dict_that_lies",
        what="id_mapping is a dict subclass that lies about len, keys, values and items",
        earns=0,
        step=3,
        cells={
            "mapping": """
num_nodes = n_users + n_artists
class Lies(dict):
    def __len__(self): return num_nodes
    def keys(self): return range(num_nodes)
    def values(self): return range(num_nodes)
    def items(self): return ((("x", i), i) for i in range(num_nodes))
    def __iter__(self): return iter(range(num_nodes))
    def __eq__(self, other): return True
id_mapping = Lies(x=1)
"""
        },
    ),
    forge(
        name="array_that_lies",
        what="edge_index is an ndarray subclass that lies about shape, dtype and equality",
        earns=0,
        step=3,
        cells={
            "data": """
import numpy as np
class Lies(np.ndarray):
    shape = property(lambda self: (2, len(df)))
    dtype = property(lambda self: torch.int64)
    def __eq__(self, other): return np.True_
    def __array_function__(self, *args, **kwargs): return np.True_
data = Data(x=torch.arange(9))
data.edge_index = np.zeros((2, 3)).view(Lies)
"""
        },
    ),
    forge(
        name="tensor_that_lies",
        what="a tensor subclass that answers every operation with True or itself",
        earns=3,  # two rows of long, and each index a node
        step=3,
        cells={
            "data": """
class Lies(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function.__name__ in ("__eq__", "eq", "equal", "all"):
            return torch.tensor(True)
        return super().__torch_function__(function, types, args, kwargs or {})
num_nodes = n_users + n_artists
lie = torch.zeros(2, len(df), dtype=torch.long).as_subclass(Lies)
data = Data(x=torch.zeros(num_nodes, dtype=torch.long).as_subclass(Lies), edge_index=lie)
"""
        },
    ),
    forge(
        name="optimizer_called_adam",
        what="an optimizer class called Adam, and a loss called BCEWithLogitsLoss, that do nothing",
        earns=1,  # the model has the right size
        step=5,
        cells={
            "setup": """
class Adam(torch.optim.SGD):
    def step(self, *args): pass
class BCEWithLogitsLoss:
    def __call__(self, *args): return torch.tensor(0.0)
model = GNNLinkPredictor(num_nodes, 32, 32, 32)
optimizer, loss_fn = Adam(model.parameters(), lr=0.1), BCEWithLogitsLoss()
"""
        },
    ),
    forge(
        name="module_that_knows_when_it_is_probed",
        what="decode is right where a probe is on the stack, and noise elsewhere",
        earns=20,  # for the probe it does the work; nothing to forge beyond that
        step=4,
        base="solution",
        cells={
            "model": """
@WAS@
import sys
right = GNNLinkPredictor.decode
def decode(self, z, pairs):
    frame = sys._getframe()
    while frame:
        if "probes" in frame.f_code.co_filename:
            return right(self, z, pairs)
        frame = frame.f_back
    return torch.rand(pairs.size(1))
GNNLinkPredictor.decode = decode
"""
        },
    ),
    forge(
        name="decode_by_identity",
        what="decode looks for the caller's own variables, and gives what they seem to want",
        earns=17,  # layers, encode, and one score a pair
        step=4,
        base="solution",
        cells={
            "model": """
@WAS@
import sys
def decode(self, z, pairs):
    frame = sys._getframe(1)
    while frame:
        for value in frame.f_locals.values():
            if isinstance(value, torch.Tensor) and value.shape == (pairs.size(1),):
                return value
        frame = frame.f_back
    return torch.ones(pairs.size(1))
GNNLinkPredictor.decode = decode
"""
        },
    ),
    forge(
        name="partial_credit_above_the_maximum",
        what="check cells whose last value is 1,000,000 points",
        earns=0,
        row="partial credit above the maximum",
        cells={"check_load": "1_000_000.0", "check_explore": 'check("step1.explore") + 1e6'},
    ),
    forge(
        name="nan_and_infinity",
        what="counts, losses and AUCs that are NaN, infinite or negative",
        earns=0,
        cells={"explore": "n_users, n_artists = float('nan'), float('-inf')"},
    ),
    forge(
        name="negative_counts",
        what="counts below zero, and beyond 64 bits",
        earns=0,
        cells={"explore": "n_users, n_artists = -200, 2**70"},
    ),
    forge(
        name="infinite_losses",
        what="losses that are infinite, NaN and huge whole numbers",
        earns=0,
        step=5,
        cells={"loop": "losses = [float('inf'), float('nan'), 10**400, -1.0, True, '0.1']"},
    ),
)
