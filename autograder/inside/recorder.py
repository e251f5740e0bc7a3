"""The recorder: events of a run in one order, taken where the data flows through torch.

The worker installs it before the first cell, a student's kernel for the time of a check. It knows
no truth, groups nothing, matches nothing and reads no name; `log.py` holds what it writes.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook
from torch.overrides import TorchFunctionMode
from torch_geometric.data.data import BaseData
from torch_geometric.nn import MessagePassing

from autograder.inside.log import Log, Place, RawScore
from autograder.inside.registry import Registry
from autograder.inside.tags import COMPARISONS, Grid, Layer, Pairs, Rows, Tags, as_they_are

SILENT = frozenset(
    (
        "__len__", "size", "dim", "numel", "stride", "is_floating_point", "is_complex", "__repr__",
        "__format__", "__set__", "data_ptr", "backward", "requires_grad_", "register_hook",
        "__bool__", "__hash__", "element_size", "is_contiguous", "__contains__", "is_nonzero",
        "manual_seed", "is_inference", "randint", "rand", "zeros", "ones", "arange", "empty",
        "tensor", "__setitem__",
    )
)  # fmt: skip


LOOKS, HELD = 60, 80  # how often functions' own names are looked at, and how many are kept


class Recorder(TorchFunctionMode):
    """Follows the data of a run. `log` is what the notebook's own cells do."""

    def __init__(self, cell_of: Callable[[str], int | None]) -> None:
        super().__init__()
        self.registry = Registry()
        self.log = Log(self.registry)
        self._cell_of, self._cells = cell_of, dict[str, int | None]()
        self._tags = Tags(self)
        self._module: weakref.ref[nn.Module] | None = None  # that was called last
        self._inside = 0  # of a layer, or of something else that is ours to be silent about
        self._stack: list[Log | None] = []
        self._undo = contextlib.ExitStack()
        self.held: dict[str, Any] = {}  # what only functions of the notebook's have names for
        self._looks = 0

    # --- where to write

    def target(self) -> tuple[Log | None, Place]:
        """Where to write what happens now, and the line; nowhere, if the cells do not do it."""
        place = self.place()
        if self._stack:
            return self._stack[-1], place
        return (self.log if place[0] is not None else None), place

    def place(self) -> Place:
        """The innermost line of the notebook's cells that is running."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            cell = self._cell(frame.f_code.co_filename)
            if cell is not None:
                return cell, frame.f_lineno
            frame = frame.f_back
        return None, None

    def running_cells(self) -> set[int]:
        """All cells with a line that is running."""
        frame: Any = sys._getframe(1)
        cells = set()
        while frame is not None:
            cells.add(self._cell(frame.f_code.co_filename))
            frame = frame.f_back
        return {cell for cell in cells if cell is not None}

    def look_around(self, *objects: Any) -> None:
        """Keep tables, graphs and counts that are local to the functions that are running now.

        `objects` are new ones, which have no name yet.
        """
        if self._stack or self._looks >= LOOKS:
            return
        frame: Any = sys._getframe(1)
        inside = False
        while frame is not None:
            code = frame.f_code
            if code.co_name != "<module>" and self._cell(code.co_filename) is not None:
                inside = True
                self._hold({k: v for k, v in frame.f_locals.items() if k[:1] != "_"})
            frame = frame.f_back
        if inside:
            self._looks += 1
            self._hold({f"{type(v).__name__} {id(v)}": v for v in objects})

    def _hold(self, values: dict[str, Any]) -> None:
        kinds = (pd.DataFrame, nx.Graph, BaseData, int)
        for name, value in values.items():
            if isinstance(value, kinds) and (name in self.held or len(self.held) < HELD):
                self.held[name] = value

    def _cell(self, name: str) -> int | None:
        if name not in self._cells:
            self._cells[name] = self._cell_of(name)
        return self._cells[name]

    @contextlib.contextmanager
    def apart(self) -> Iterator[Log]:
        """A log of its own for what the block does, wherever it is called from."""
        log = Log(self.registry)
        with self._writing(log):
            yield log

    def paused(self) -> contextlib.AbstractContextManager[None]:
        """Nothing in the block is written down."""
        return self._writing(None)

    @contextlib.contextmanager
    def _writing(self, log: Log | None) -> Iterator[None]:
        inside, self._inside = self._inside, 0
        self._stack.append(log)
        try:
            yield
        finally:
            self._stack.pop()
            self._inside = inside

    def begin_step(self) -> None:
        """A notebook of its own begins, and with it a new log."""
        self.log = Log(self.registry)
        self._cells.clear()
        self.held.clear()
        self._looks = 0

    def begin_cell(self) -> None:
        """A cell begins: whatever was interrupted inside of a layer is over."""
        self._inside = 0

    # --- what torch does

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, then follow its result."""
        __tracebackhide__ = True  # a student's traceback goes without our lines
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if self._inside:
            return out
        name = getattr(func, "__name__", "")
        if name in SILENT or not self._tags.concerns(name, args, kwargs):
            return out
        try:
            self._tags.follow(name, args, kwargs, out)
        except Exception:  # ours: the student's program goes on
            self.log.lost += 1
        return out

    def scored(self, scores: Tensor, tag: Pairs) -> RawScore | None:
        """One number a pair was computed."""
        log, place = self.target()
        if log is None:
            return None
        made = log.score(place, tag, scores)
        if made.live and log.is_detailed(made.model):
            scores.register_hook(functools.partial(log.arrive, made))
        return made

    def grid(self, scores: Tensor, grid: Grid) -> None:
        """All pairs of two sets were scored at once."""
        if not scores.requires_grad or scores.grad_fn is None:
            return
        log, place = self.target()
        if log is None:
            return
        made = log.grid(place, grid, scores)
        if log.is_detailed(made.model):
            scores.register_hook(functools.partial(log.arrive_grid, made, grid))

    def lost(self, kind: str, args: tuple, kwargs: dict[str, Any]) -> None:
        """A loss function was called."""
        log, place = self.target()
        if log is None:
            return
        given = args[0] if args else kwargs.get("input")
        compares = kind in COMPARISONS  # two scores, and no labels
        target = None if compares else args[1] if len(args) > 1 else kwargs.get("target")
        if isinstance(given, Tensor):
            log.loss(place, kind, given, target, self._tags.get(given))

    def left(self, tag: Pairs, value: Any) -> None:
        """Scores became numbers of Python's or NumPy's."""
        log, _ = self.target()
        if log is not None:
            log.leaves(tag, value)

    def embeds(self, vectors: Tensor, tag: Any) -> None:
        """Rows of node vectors are picked, to score pairs of them."""
        log = self._stack[-1] if self._stack else self.log
        if log is not None:
            log.embeds(vectors, tag)

    def passing(self, edges: Tensor | Rows, table: Any) -> Layer:
        """Messages are passed, by hand, along these edges; what is passed comes from the table."""
        module = self._module() if self._module is not None else None
        model = self.registry.owner(table)
        if model is None and module is not None:
            model = self.registry.root_of(module)
        whole = model.ref() if model is not None else None
        training = bool(whole is not None and whole.training)
        log = self._stack[-1] if self._stack else self.log
        order = log.tick() if log is not None else 0
        return Layer(edges, model, training, torch.is_grad_enabled(), order)

    def _before_layer(self, module: nn.Module, args: Any) -> None:
        self._module = weakref.ref(module)
        if isinstance(module, MessagePassing):
            self._inside += 1

    def _after_layer(self, module: nn.Module, args: tuple, kwargs: dict, out: Any) -> None:
        if not isinstance(module, MessagePassing):
            return
        self._inside = max(0, self._inside - 1)
        if self._inside:
            return
        try:
            given = [*args, *kwargs.values()]
            x = given[0] if given else None
            edges = next((v for v in given[1:] if _is_edges(v)), None)
            log = self._stack[-1] if self._stack else self.log
            order = log.tick() if log is not None else 0
            model = self.registry.root_of(module)
            held = (
                as_they_are(edges)
                if isinstance(edges, Tensor) and edges.layout == torch.strided
                else edges
            )
            if log is not None and isinstance(edges, Tensor):
                log.passed = edges.detach()
                log.largest = max(log.largest, edges.shape[-1] if edges.dim() > 1 else 0)
            layer = Layer(held, model, module.training, torch.is_grad_enabled(), order)
            self._tags.layer(x, edges, out, layer)
        except Exception:
            self.log.lost += 1

    # --- what is replaced

    def install(self, ns: dict[str, Any]) -> None:
        """Begin to record; functions of libraries are replaced, in `ns` too."""
        import sklearn.metrics
        import torch_geometric.utils
        from torch_geometric.transforms import RandomLinkSplit

        undo = self._undo
        undo.callback(hooks.register_module_forward_pre_hook(self._before_layer).remove)
        after = hooks.register_module_forward_hook(
            self._after_layer, with_kwargs=True, always_call=True
        )
        undo.callback(after.remove)
        self.registry.install(undo)
        undo.callback(register_optimizer_step_post_hook(self._stepped).remove)
        self._patch(Optimizer, "__init__", self._optimizer_made)
        self._patch(torch.autograd, "backward", self._backward)
        self._patch(torch.autograd, "grad", self._backward)
        self._patch(RandomLinkSplit, "forward", self._split)
        self._patch(nx.Graph, "__init__", self._graph_made)
        self._patch(nn.Module, "load_state_dict", self._loaded)
        utils, metrics = torch_geometric.utils, sklearn.metrics
        inner = getattr(utils, "_negative_sampling", utils)
        for name in ("negative_sampling", "structured_negative_sampling"):
            self._replace(ns, (utils, inner), name, self._sampled)
        inner = getattr(metrics, "_ranking", metrics)
        for name in ("roc_auc_score", "average_precision_score", "roc_curve"):
            self._replace(ns, (metrics, inner), name, functools.partial(self._measured, name))
        self._replace(ns, (metrics, inner), "auc", self._area)
        self.__enter__()
        undo.callback(self.__exit__, None, None, None)

    def remove(self) -> None:
        """Put everything back."""
        self._undo.close()

    def _patch(self, owner: Any, name: str, around: Callable) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def spy(*args: Any, **kwargs: Any) -> Any:
            return around(original, args, kwargs)

        setattr(owner, name, spy)
        self._undo.callback(setattr, owner, name, original)

    def _replace(self, ns: dict[str, Any], owners: tuple, name: str, around: Callable) -> None:
        """Replace a function in its modules and wherever the notebook imported it."""
        original = getattr(owners[0], name)
        for owner in dict.fromkeys(owners):
            if hasattr(owner, name):
                self._patch(owner, name, around)
        spy = getattr(owners[0], name)
        places = [key for key, value in ns.items() if value is original]
        ns.update(dict.fromkeys(places, spy))
        self._undo.callback(lambda: ns.update({k: original for k in places if ns.get(k) is spy}))

    def _around(self, original: Callable, args: tuple, kwargs: dict, note: Callable) -> Any:
        """Call it with the recorder silent, then write down what came."""
        log, place = (None, (None, None)) if self._inside else self.target()
        if log is None:
            return original(*args, **kwargs)
        value = None
        self._inside += 1
        try:
            value = original(*args, **kwargs)
            return value
        finally:
            self._inside = max(0, self._inside - 1)
            try:
                note(log, place, value)
            except Exception:
                log.lost += 1

    def _backward(self, original: Callable, args: tuple, kwargs: dict) -> Any:
        log, place = (None, (None, None)) if self._inside else self.target()
        if log is None:
            return original(*args, **kwargs)
        roots = args[0] if args else kwargs.get("tensors", kwargs.get("outputs"))
        self._inside += 1
        turn = None
        if log.backwards < 50:
            log.training_cells |= self.running_cells()
        try:
            turn = log.backward_begins(place, roots)
            return original(*args, **kwargs)
        finally:
            self._inside = max(0, self._inside - 1)
            if turn is not None:
                log.backward_ended(turn)

    def _stepped(self, optimizer: Any, *_: Any) -> None:
        log, _ = self.target()
        if log is not None:
            log.stepped(optimizer)

    def _optimizer_made(self, original: Callable, args: tuple, kwargs: dict) -> Any:
        value = original(*args, **kwargs)
        log, _ = self.target()
        if log is not None and args:
            with contextlib.suppress(Exception):
                self.look_around()
                log.optimizer_made(args[0])
        return value

    def _graph_made(self, original: Callable, args: tuple, kwargs: dict) -> Any:
        value = original(*args, **kwargs)
        with contextlib.suppress(Exception):
            self.look_around(args[0])
        return value

    def _split(self, original: Callable, args: tuple, kwargs: dict) -> Any:
        with contextlib.suppress(Exception):
            self.look_around()

        def note(log: Log, place: Place, parts: Any) -> None:
            given = args[1] if len(args) > 1 else kwargs.get("data")
            log.split(place, args[0], given, parts)

        return self._around(original, args, kwargs, note)

    def _loaded(self, original: Callable, args: tuple, kwargs: dict) -> Any:
        log, place = self.target()
        shared = False
        if log is not None:
            with contextlib.suppress(Exception):
                state = args[1] if len(args) > 1 else kwargs["state_dict"]
                shared = _shares(args[0], state)
        return self._around(
            original, args, kwargs, lambda log, place, _: log.loaded(place, args[0], shared)
        )

    def _sampled(self, original: Callable, args: tuple, kwargs: dict) -> Any:
        return self._around(original, args, kwargs, lambda log, place, out: log.sampled(place, out))

    def _area(self, original: Callable, args: tuple, kwargs: dict) -> Any:
        """The area under a curve that was computed before."""
        curve = args[0] if args else kwargs.get("x")
        return self._around(
            original, args, kwargs, lambda log, place, value: log.area(curve, value)
        )

    def _measured(self, name: str, original: Callable, args: tuple, kwargs: dict) -> Any:
        labels = args[0] if args else kwargs.get("y_true")
        handed = args[1] if len(args) > 1 else kwargs.get("y_score")
        return self._around(
            original,
            args,
            kwargs,
            lambda log, place, value: log.measured(place, name, labels, handed, value),
        )


def _is_edges(value: Any) -> bool:
    if not isinstance(value, Tensor):
        return hasattr(value, "sparse_sizes") or hasattr(value, "csr")
    return value.layout != torch.strided or not value.is_floating_point()


def _shares(model: nn.Module, state: Any) -> bool:
    """Whether a kept state lies in the same memory as the model's weights."""
    live = {p.data_ptr() for p in model.parameters() if p.numel()}
    return any(isinstance(v, Tensor) and v.numel() and v.data_ptr() in live for v in state.values())
