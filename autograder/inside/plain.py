"""Plain objects: what stands for a table, a graph or a tensor is one, and no look-alike.

`observe` makes them before it looks: a class of the notebook's own could say anything of itself.
"""

from __future__ import annotations

from typing import Any

import networkx as nx
import pandas as pd
import torch
from torch_geometric.data import Data

GRAPHS = (nx.MultiDiGraph, nx.MultiGraph, nx.DiGraph, nx.Graph)


def make_plain(ns: dict[str, Any]) -> list[str]:
    """Put plain objects in place of look-alikes; a line for each that was found."""
    found = []
    for name, value in list(ns.items()):
        if isinstance(value, Data):
            for key, part in list(value.to_dict().items()):
                if _foreign(part) and (plain := _plain(part)) is not None:
                    value[key] = plain
                    found.append(f"{name}.{key}")
        elif _foreign(value) and (plain := _plain(value)) is not None:
            ns[name] = plain
            found.append(name)
    said = "was of a class of its own: it was looked at as a plain one"
    return [f"`{name}` {said}" for name in found]


def _foreign(value: object) -> bool:
    return type.__getattribute__(type(value), "__module__") == "__main__"


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
