"""What a notebook holds: its own names, and what lies in its containers and objects.

`autograder.inside.aliases` looks through it for what stands in for a name of the contract.
"""

from __future__ import annotations

import re
import types
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch

SHELL = {"In", "Out", "exit", "quit", "open", "get_ipython"}
MANY = 60  # a container with more items holds no named things


@dataclass(frozen=True)
class Found:
    """One object, and how the notebook reaches it: `parts[0]`, `trainer.model`, or by a name."""

    path: str
    value: Any

    @property
    def name(self) -> str:
        """The notebook's own name, where it is one; a path through a container is none."""
        return self.path if self.path.isidentifier() else ""

    @property
    def words(self) -> set[str]:
        """The words of the last name in the path: `train_set`, `trainSet` and `tr1` alike."""
        last = re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", self.path))
        return {word.lower() for word in last}


def pool(ns: dict[str, Any]) -> list[Found]:
    """All of it, names first and each in the order of binding; an object stands there once."""
    own = [
        Found(k, v)
        for k, v in ns.items()
        if not k.startswith("_") and k not in SHELL and not isinstance(v, types.ModuleType)
    ]
    inner = [Found(found.path + path, v) for found in own for path, v in _inside(found.value, ns)]
    seen: dict[int, Found] = {}
    for found in [*own, *inner]:
        seen.setdefault(id(found.value), found)
    return list(seen.values())


def _inside(value: Any, ns: dict[str, Any]) -> list[tuple[str, Any]]:
    """What a container, or an object of a class of the notebook's own, holds."""
    if isinstance(value, (list, tuple)) and len(value) <= MANY:
        return [(f"[{i}]", item) for i, item in enumerate(value)]
    if isinstance(value, dict) and len(value) <= MANY:
        return [(f"[{key!r}]", item) for key, item in value.items() if isinstance(key, str)]
    if is_dataclass(value) and not isinstance(value, type):
        return [(f".{f.name}", getattr(value, f.name, None)) for f in fields(value)]
    if isinstance(value, (torch.nn.Module, type)):
        return []
    if type(value).__module__ == ns.get("__name__", "__main__"):
        held = [(f".{k}", v) for k, v in getattr(value, "__dict__", {}).items()]
        methods = [k for k, v in vars(type(value)).items() if isinstance(v, types.FunctionType)]
        return held + [(f".{k}", getattr(value, k)) for k in methods if not k.startswith("__")]
    return []
