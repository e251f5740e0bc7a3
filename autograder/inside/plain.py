"""Plain objects: what stands for a table, a graph or a tensor is one, and no look-alike.

`observe` makes them before it looks: a class of the notebook's own could say anything of itself.
"""

from __future__ import annotations

from typing import Any

import networkx as nx
import pandas as pd
import torch
from torch_geometric.data import Data

ORDINARY = {"__module__", "__doc__", "__init__", "__dict__", "__weakref__", "__annotations__"}
ORDINARY |= {"__firstlineno__", "__static_attributes__"}  # what a class has that adds to another
GRAPHS = (nx.MultiDiGraph, nx.MultiGraph, nx.DiGraph, nx.Graph)


def make_plain(ns: dict[str, Any]) -> list[str]:
    """Put plain objects in place of look-alikes; a line for each that could have lied."""
    found = []
    for name, value in list(ns.items()):
        if isinstance(value, Data):
            for key, part in list(value.to_dict().items()):
                if _foreign(part) and (plain := _plain(part)) is not None:
                    value[key] = plain
                    found += [f"{name}.{key}"] if _could_lie(part) else []
        elif _foreign(value) and (plain := _plain(value)) is not None:
            ns[name] = plain
            found += [name] if _could_lie(value) else []
    said = "was of a class of its own: it was looked at as a plain one"
    return [f"`{name}` {said}" for name in found]


def _foreign(value: object) -> bool:
    return _of_the_notebook(type(value))


def _of_the_notebook(kind: type) -> bool:
    return bool(type.__getattribute__(kind, "__module__") == "__main__")


def _could_lie(value: object) -> bool:
    """Whether a class of the notebook's has anything in place of what the library's class has."""
    kinds = type.__getattribute__(type(value), "__mro__")
    library = next(kind for kind in kinds if not _of_the_notebook(kind))
    own = {name for kind in kinds if _of_the_notebook(kind) for name in vars(kind)}
    return any(hasattr(library, name) for name in own - ORDINARY) or type(type(value)) is not type(
        library
    )


def _plain(value: Any) -> Any:
    """The same content in an object of the library's own class; None for what is no look-alike."""
    if isinstance(value, dict):
        return dict(dict.items(value))
    if isinstance(value, list):
        return list(list.__iter__(value))
    if isinstance(value, pd.DataFrame):
        return pd.DataFrame(value)
    if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
        with torch._C.DisableTorchFunctionSubclass():
            return torch.Tensor.as_subclass(value, torch.Tensor)
    for base in GRAPHS:
        if isinstance(value, base):
            graph = base()
            graph.__dict__.update({k: value.__dict__[k] for k in ("_node", "_adj", "graph")})
            if graph.is_directed():
                graph.__dict__.update({k: value.__dict__[k] for k in ("_succ", "_pred")})
            return graph
    return None
