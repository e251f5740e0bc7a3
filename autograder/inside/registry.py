"""Which module is part of which, and a number for every model, parameter and optimizer.

The recorder's hooks fill it while modules are built; everything is held weakly.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks

MOST = 190  # models, and optimizers, that are told apart


class ModelNote:
    """A module that is part of no other."""

    def __init__(self, number: int, model: nn.Module, parameters: Mapping[str, Tensor]) -> None:
        self.number, self.ref = number, weakref.ref(model)
        self.kind = type(model).__name__
        self.constructed = False
        self.first_nodes: dict[int, int] = {}  # size of a table -> node of its first row
        self.names = list(parameters)[:500]
        self.numbers: list[int] = []
        self.shapes = [list(p.shape) for p in parameters.values()][:500]
        modules = list(model.named_modules())
        tables = [(n, m) for n, m in modules if isinstance(m, nn.Embedding)][:100]
        self.rows = [m.num_embeddings for _, m in tables]
        self.embeddings = [f"{n}.weight" if n else "weight" for n, _ in tables]
        self.trainable = [p.requires_grad for p in parameters.values()][:500]
        self.dropout = any(isinstance(m, nn.modules.dropout._DropoutNd) and m.p for _, m in modules)


class OptimizerNote:
    """An optimizer, and how it was set over time."""

    def __init__(self, number: int, optimizer: Any, order: int) -> None:
        self.number, self.ref, self.order = number, weakref.ref(optimizer), order
        own = type(optimizer)
        cls = next((c for c in own.__mro__ if c.__module__.split(".")[0] == "torch"), own)
        self.kind, self.steps = cls.__name__, 0
        self.held: list[int] = []
        self.rates: list[tuple[int, float]] = []
        self.decay: float | None = None
        self.maximize = False


class Registry:
    """Parents of modules, owners of parameters, and their numbers."""

    def __init__(self) -> None:
        self.models: list[ModelNote] = []
        self.optimizers: list[OptimizerNote] = []
        self._parents: dict[int, tuple[weakref.ref, weakref.ref]] = {}
        self._owners: dict[int, tuple[weakref.ref, weakref.ref]] = {}
        self._parameters: dict[int, tuple[weakref.ref, int]] = {}
        self._count = 0
        self._model_of: dict[int, tuple[weakref.ref, ModelNote]] = {}
        self._optimizer_of: dict[int, OptimizerNote] = {}
        self._constructed: dict[int, weakref.ref] = {}  # modules that a constructor made, by id

    def install(self, undo: contextlib.ExitStack) -> None:
        """Take note of modules while they are built, copied or loaded."""
        parts = hooks.register_module_module_registration_hook(self._part)
        undo.callback(parts.remove)
        own = hooks.register_module_parameter_registration_hook(self._construct)
        undo.callback(own.remove)
        original = nn.Module.__setstate__

        def __setstate__(module: nn.Module, state: dict[str, Any]) -> None:
            original(module, state)
            for name, part in module.__dict__.get("_modules", {}).items():
                self._part(module, name, part)
            for name, parameter in module.__dict__.get("_parameters", {}).items():
                self._own(module, name, parameter)

        nn.Module.__setstate__ = __setstate__  # type: ignore[method-assign]
        undo.callback(setattr, nn.Module, "__setstate__", original)

    def adopt(self, model: nn.Module) -> None:
        """Take note of a module that was built before."""
        for module in model.modules():
            for name, part in module._modules.items():
                self._part(module, name, part)
            for name, parameter in module._parameters.items():
                self._own(module, name, parameter)

    def _part(self, module: nn.Module, name: str, part: Any) -> None:
        if part is not None:
            self._parents[id(part)] = weakref.ref(part), weakref.ref(module)

    def _own(self, module: nn.Module, name: str, parameter: Any) -> None:
        if parameter is not None:
            self._owners[id(parameter)] = weakref.ref(parameter), weakref.ref(module)

    def _construct(self, module: nn.Module, name: str, parameter: Any) -> None:
        """A constructor runs: what is unpickled or handed out ready does not come this way."""
        self._own(module, name, parameter)
        self._constructed[id(module)] = weakref.ref(module)

    def _is_constructed(self, module: nn.Module) -> bool:
        held = self._constructed.get(id(module))
        return held is not None and held() is module

    def root_of(self, module: nn.Module) -> ModelNote | None:
        """The model that a module is part of, or is."""
        for _ in range(50):
            held = self._parents.get(id(module))
            above = held[1]() if held is not None and held[0]() is module else None
            if above is None:
                break
            module = above
        return self.model(module)

    def owner(self, table: Any) -> ModelNote | None:
        """The model of a parameter."""
        held = self._owners.get(id(table))
        module = held[1]() if held is not None and held[0]() is table else None
        return None if module is None else self.root_of(module)

    def first_node(self, table: Any) -> int:
        """The node of a table's first row.

        A model may have one table for each side: the rows of the second are numbered after those of
        the first. Tables of one size are of the same nodes.
        """
        note = self.owner(table)
        if note is None:
            return 0
        return note.first_nodes.setdefault(table.shape[0], sum(note.first_nodes))

    def model(self, module: nn.Module) -> ModelNote | None:
        """The note of a model; a new one, where it was not seen before."""
        held = self._model_of.get(id(module))
        if held is not None and held[0]() is module:
            return held[1]
        if len(self.models) >= MOST:
            return None
        try:
            parameters = dict(module.named_parameters())
        except Exception:  # a module without super().__init__()
            return None
        note = ModelNote(len(self.models), module, parameters)
        note.constructed = any(self._is_constructed(part) for part in module.modules())
        note.numbers = [self.parameter(p) for p in parameters.values()][:500]
        self.models.append(note)
        self._model_of[id(module)] = weakref.ref(module), note
        return note

    def parameter(self, parameter: Any) -> int:
        """The number of a tensor that is trained."""
        held = self._parameters.get(id(parameter))
        if held is not None and held[0]() is parameter:
            return held[1]
        self._parameters[id(parameter)] = weakref.ref(parameter), self._count
        self._count += 1
        return self._count - 1

    def optimizer(self, optimizer: Any, order: int) -> OptimizerNote | None:
        """The note of an optimizer; a new one, where it was not seen before."""
        note = self._optimizer_of.get(id(optimizer))
        if note is not None and note.ref() is optimizer:
            return note
        if len(self.optimizers) >= MOST:
            return None
        note = OptimizerNote(len(self.optimizers), optimizer, order)
        self.optimizers.append(note)
        self._optimizer_of[id(optimizer)] = note
        return note

    def refresh(self, note: OptimizerNote, optimizer: Any, order: int, all_of_it: bool) -> None:
        """Write down how an optimizer is set now."""
        groups = optimizer.param_groups
        if not groups:
            return
        first = groups[0]
        rate = float(first.get("lr", 0.0))
        if not note.rates or note.rates[-1][1] != rate:
            note.rates = [*note.rates[:150], (order, rate)]
        if all_of_it:
            note.held = [self.parameter(p) for g in groups for p in g["params"]][:500]
            note.decay = float(first.get("weight_decay") or 0.0)
            note.maximize = bool(first.get("maximize"))


def parameters(note: ModelNote) -> dict[int, Tensor]:
    """The live parameters of a model, by number."""
    model = note.ref()
    if model is None:
        return {}
    with torch.no_grad():
        return dict(zip(note.numbers, list(model.parameters())[:500], strict=False))
