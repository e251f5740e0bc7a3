"""Other names: in a free-form notebook, what stands in for a name of the contract.

A name is filled in only where exactly one object can be meant; the sandbox asks at each step's end.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import torch
from torch_geometric.data import Data

from autograder.probes.session import Session, number

Candidates = dict[str, Any]


def fill(session: Session) -> None:
    """Put what is clearly meant under the names of the contract that the notebook does not use."""
    ns = session.ns
    for name in session.aliased:
        ns.pop(name, None)
    session.aliased.clear()
    own = {k: v for k, v in ns.items() if not k.startswith("_") and k not in ("In", "Out")}
    found = _singles(own) | _parts(own)
    for name, value in found.items():
        if name not in own:
            ns[name] = value
            session.aliased.add(name)


def _singles(own: Candidates) -> Candidates:
    """Names for which there is one candidate only."""
    kinds: dict[str, Callable[[str, Any], bool]] = {
        "df": lambda _, v: isinstance(v, pd.DataFrame) and "listen_count" in v.columns,
        "G": lambda _, v: isinstance(v, nx.Graph),
        "data": lambda _, v: isinstance(v, Data) and "pos_edge_label_index" not in v,
        "model": lambda _, v: isinstance(v, torch.nn.Module) and type(v).__module__ == "__main__",
        "optimizer": lambda _, v: isinstance(v, torch.optim.Optimizer),
        "losses": lambda _, v: _is_curve(v),
        "train": lambda k, v: _is_function(v) and "train" in k.lower(),
        "test": lambda k, v: _is_function(v) and ("test" in k.lower() or "eval" in k.lower()),
        "test_auc": lambda k, v: _is_auc(k, v) and "val" not in k.lower(),
        "val_auc": lambda k, v: _is_auc(k, v) and "val" in k.lower(),
    }
    found = {}
    for name, fits in kinds.items():
        candidates = {id(v): v for k, v in own.items() if fits(k, v)}
        if len(candidates) == 1:
            found[name] = next(iter(candidates.values()))
    return found


def _parts(own: Candidates) -> Candidates:
    """The three parts of a split, in the order in which they were named."""
    parts = {id(v): v for v in own.values() if isinstance(v, Data) and "pos_edge_label_index" in v}
    if len(parts) != 3:
        return {}
    return dict(zip(("train_data", "val_data", "test_data"), parts.values(), strict=True))


def _is_curve(value: object) -> bool:
    if not isinstance(value, (list, np.ndarray)) or len(value) < 5:
        return False
    return all(isinstance(v, (float, np.floating)) for v in value)


def _is_function(value: object) -> bool:
    return isinstance(value, types.FunctionType) and value.__module__ == "__main__"


def _is_auc(name: str, value: object) -> bool:
    found = number(value) if isinstance(value, (float, np.floating)) else None
    return "auc" in name.lower() and found is not None and 0 <= found <= 1
