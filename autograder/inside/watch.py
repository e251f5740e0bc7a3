"""The watch: passive notes of a whole notebook run, for work that cannot be called and probed.

The sandbox's worker installs it before the student's first cell; never in a student's own kernel.
It notes only what is called from the notebook's cells, in full for the first rounds of training and
for the last AUCs of every place, and nearly free of cost after that.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import types
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from autograder.evidence.schema import SplitCall
from autograder.inside.notes import AucCall, Notes
from autograder.inside.session import Session
from autograder.inside.spy import libraries, method_spy
from autograder.inside.standin import GNNLinkPredictor

SITES, LAST = 12, 4  # places that compute AUCs, and how many of the last ones of each
Place = tuple[int, int]  # cell and line


class Watch:
    """What is seen while a notebook runs. `notes` are of its own cells."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.notes = _Watched(self)
        self.made: weakref.WeakSet[nn.Module] = weakref.WeakSet()  # models of the student's class
        self.loaded: weakref.WeakSet[nn.Module] = weakref.WeakSet()  # that got a kept state
        self.aucs: dict[Place, deque[AucCall]] = {}
        self.auc_values: deque[float] = deque(maxlen=200)
        self.parts: list[tuple[Any, Any]] = []  # data and its three parts: first and last splits
        self.resplits = 0  # splits between steps of one optimizer
        self.training_cells: set[int] = set()  # from which backward was called
        self._instead: list[Notes | None] = []
        self._cells: dict[str, int | None] = {}
        self._undo = contextlib.ExitStack()

    def target(self) -> Notes | None:
        """Where to write what happens now; None where it is not the student's cells' doing."""
        if self._instead:
            return self._instead[-1]
        return self.notes if self.place() else None

    def place(self) -> Place | None:
        """The innermost line of the notebook's cells that is running."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if name not in self._cells:
                self._cells[name] = self.session._cell_of(name)
            cell = self._cells[name]
            if cell is not None:
                return cell, frame.f_lineno
            frame = frame.f_back
        return None

    def cells(self) -> set[int]:
        """All cells with a line that is running."""
        frame: Any = sys._getframe(1)
        found = set()
        while frame is not None:
            found.add(self._cells.get(frame.f_code.co_filename))
            frame = frame.f_back
        return {cell for cell in found if cell is not None}

    @contextlib.contextmanager
    def instead(self, notes: Notes | None) -> Iterator[None]:
        """Write elsewhere in the block, wherever it is called from; None: nowhere."""
        self._instead.append(notes)
        try:
            yield
        finally:
            self._instead.pop()

    def is_trained(self, model: object) -> bool | None:
        """Whether an optimizer moved it; None where that cannot be told."""
        if not isinstance(model, nn.Module) or not self.notes.steps:
            return None
        if self.notes.has_moved(model) or model in self.loaded:
            return True
        return False if model in self.made else None

    def remove(self) -> None:
        """Take all spies out again."""
        self._undo.close()
        self.session.watched = None

    def _enter(self) -> None:
        self._undo.enter_context(libraries(self.target, self.session.ns))
        before = nn.Module.load_state_dict
        nn.Module.load_state_dict = _loading(before, self)  # type: ignore[method-assign]
        self._undo.callback(setattr, nn.Module, "load_state_dict", before)
        hook = classmethod(lambda cls, **kwargs: _subclassed(self, cls, **kwargs))
        nn.Module.__init_subclass__ = hook  # type: ignore[assignment, method-assign]
        self._undo.callback(delattr, nn.Module, "__init_subclass__")
        self.wrap(GNNLinkPredictor)

    def wrap(self, cls: type) -> None:
        """Put spies on the methods of a model's class, once."""
        for name, value in list(vars(cls).items()):
            if not isinstance(value, types.FunctionType) or getattr(value, "is_spy", False):
                continue
            if name == "__init__":
                spy = _making(value, self)
            elif name.startswith("__"):
                continue
            else:
                kind = {"enc": "encode", "dec": "decode"}.get(name.lower().lstrip("_")[:3], "")
                spy = method_spy(value, kind, self.target)
            setattr(cls, name, spy)
            self._undo.callback(setattr, cls, name, value)


class _Watched(Notes):
    """Notes of the notebook's own cells; they know where the positives come from."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._split_at: dict[int, int] = {}  # optimizer -> splits when it last stepped
        self._splits = 0
        self._aucs = 0

    def backward_begins(self, roots: object) -> None:
        """As in `Notes`; the cells that train are noted."""
        if not self.full:
            self._watch.training_cells |= self._watch.cells()
        super().backward_begins(roots)

    def stepped(self, optimizer: Any) -> None:
        """As in `Notes`; a split between two steps of an optimizer is counted."""
        super().stepped(optimizer)
        before = self._split_at.get(id(optimizer), self._splits)
        self._watch.resplits += self._splits - before
        self._split_at[id(optimizer)] = self._splits

    def measured(self, labels: Any, handed: Any, value: float | None) -> AucCall:
        """As in `Notes`; the last ones of each place are kept."""
        call = super().measured(labels, handed, value)
        watch, self._aucs = self._watch, self._aucs + 1
        call.order = self._aucs
        place = watch.place() or (-1, -1)
        if place in watch.aucs or len(watch.aucs) < SITES:
            watch.aucs.setdefault(place, deque(maxlen=LAST)).append(call)
        if value is not None:
            watch.auc_values.append(value)
        return call

    def after_split(self, transform: Any, data: Any, parts: Any) -> None:
        """RandomLinkSplit has given its parts."""
        self._splits += 1
        watch = self._watch
        cell, line = watch.place() or (None, None)
        call = SplitCall(
            cell=cell,
            line=line,
            num_val=float(transform.num_val),
            num_test=float(transform.num_test),
            is_undirected=bool(transform.is_undirected),
            split_labels=bool(transform.split_labels),
            add_negative_train_samples=bool(transform.add_negative_train_samples),
        )
        if len(watch.session.splits) < 20:
            watch.session.splits.append(call)
        watch.parts = [*watch.parts[:2], *watch.parts[2:][-2:], (data, parts)]
        positives = getattr(parts[0], "pos_edge_label_index", None)
        if isinstance(positives, Tensor):
            self.limit = 6 * positives.size(-1)


def _subclassed(watch: Watch, cls: type, **kwargs: Any) -> None:
    super(nn.Module, cls).__init_subclass__(**kwargs)  # type: ignore[misc]
    if cls.__module__ == watch.session.ns.get("__name__", "__main__") and watch.place():
        watch.wrap(cls)


def _making(original: Any, watch: Watch) -> Any:
    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if watch.target() is not None:
            watch.made.add(self)

    __init__.is_spy = True  # type: ignore[attr-defined]
    return __init__


def _loading(original: Any, watch: Watch) -> Any:
    @functools.wraps(original)
    def load_state_dict(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if watch.target() is not None:
            watch.loaded.add(self)
        return original(self, *args, **kwargs)

    return load_state_dict


def install(session: Session) -> Watch:
    """Watch all that the cells of this session do from now on."""
    session.watched = Watch(session)
    session.watched._enter()
    return session.watched
