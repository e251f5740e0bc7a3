"""Notices tampering: what the grader calls in the student's process, and whether it is still that.

`worker` takes a `Seal` before any student code runs and looks again after every step. It is no
wall: it tells a TA what an honest notebook never does. The warm process takes the seal: in a fork
every look at an object copies its page.
"""

from __future__ import annotations

import sys
import types
from typing import Any

OURS = ("autograder", "course_data")
MODULES = (  # whose functions and classes probes call
    "builtins",
    "msgspec",
    "msgspec.msgpack",
    "networkx.classes.graph",
    "numpy",
    "pandas",
    "sklearn.metrics",
    "torch",
    "torch.autograd",
    "torch.nn.functional",
    "torch_geometric.transforms",
    "torch_geometric.utils",
)
CLASSES = (  # whose methods probes call
    ("IPython.core.interactiveshell", "InteractiveShell"),
    ("networkx", "Graph"),
    ("pandas", "DataFrame"),
    ("torch", "Tensor"),
    ("torch.nn", "Module"),
    ("torch.nn", "Embedding"),
    ("torch.optim", "Optimizer"),
    ("torch_geometric.data", "Data"),
    ("torch_geometric.nn", "SAGEConv"),
    ("torch_geometric.transforms", "RandomLinkSplit"),
)
HARMLESS = {  # IPython sets them itself, or honest notebooks do; no probe calls them
    "builtins": {"get_ipython", "display", "_", "__", "___", "exit", "quit", "print", "input"},
    "numpy": {"bool", "int", "float", "object", "str", "set_printoptions"},
    "torch": {"load", "save", "compile", "set_printoptions", "Storage"},  # it sets the last itself
    "pandas": {"set_option"},
}
CALLABLE = (types.FunctionType, types.BuiltinFunctionType, type)


class Seal:
    """What stood where, and which code each function of ours had, when the seal was taken."""

    def __init__(self) -> None:
        self._places = [(name, vars(owner), _stand(owner)) for name, owner in _owners()]
        self._ours: list[tuple[int, str]] | None = None

    def accept(self) -> None:
        """What stands there now is right: we have put our spies in, the same ones each time."""
        if self._ours is None:
            self._ours = self._changed()
        for place, key in self._ours:
            _, now, then = self._places[place]
            if key in now:
                then[key] = now[key], getattr(now[key], "__code__", None)

    def broken(self) -> list[str]:
        """The names that stand for something else now."""
        return [f"{self._places[i][0]}.{key} was replaced" for i, key in self._changed()]

    def _changed(self) -> list[tuple[int, str]]:
        """Places and keys."""
        found = []
        for place, (_, now, then) in enumerate(self._places):
            for key, (kept, code) in then.items():
                value = now.get(key)
                if value is not kept or getattr(value, "__code__", None) is not code:
                    found.append((place, key))
        return found


def _owners() -> list[tuple[str, Any]]:
    """Modules and classes to look at, by name."""
    modules = [m for m in sys.modules if m.split(".")[0] in OURS] + list(MODULES)
    found: list[tuple[str, Any]] = [(m, sys.modules[m]) for m in modules if m in sys.modules]
    for module, cls in CLASSES:
        if module in sys.modules:
            found.append((f"{module}.{cls}", getattr(sys.modules[module], cls)))
    for module in [m for m in sys.modules if m.split(".")[0] in OURS]:
        for key, value in vars(sys.modules[module]).items():
            if isinstance(value, type) and value.__module__ == module:
                found.append((f"{module}.{key}", value))
    return found


def _stand(owner: Any) -> dict[str, tuple[object, object]]:
    ours = getattr(owner, "__name__", "").split(".")[0] in OURS
    return {
        key: (value, getattr(value, "__code__", None))
        for key, value in list(vars(owner).items())
        if isinstance(value, CALLABLE)
        and key not in HARMLESS.get(getattr(owner, "__name__", ""), ())
        and (ours or not key.startswith("_") or key.startswith("__"))
    }
