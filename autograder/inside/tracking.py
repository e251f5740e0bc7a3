"""The validation AUC of a model by epoch, and the weights of the best one.

`autograder.notebook.track` makes the trackers.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch_geometric.data import Data

from autograder.inside.session import NotebookProblem

_paused = False
IN_ORDER = (
    "Run in this order: the cell that makes `model` and `optimizer`, `tracker = track(model, "
    "optimizer)`, the training loop, and this one."
)


class Tracker:
    """Measures a model on validation edges after every step of an optimizer.

    `aucs` has one number for each epoch since it was made. Without `val_data` it measures nothing.
    `current` tells which model the notebook has now, None where that is not known.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        val_data: Data | None,
        current: Callable[[], Any] = lambda: None,
    ) -> None:
        self.aucs: list[float] = []
        self._model, self._data, self._current = model, val_data, current
        self._optimizer = optimizer
        self._failed = ""  # why it could not measure, in one line
        self._best: dict[str, Any] = {}
        if val_data is not None:
            self._hook = optimizer.register_step_post_hook(self._after_step)

    def __repr__(self) -> str:
        return f"<validation AUC of {len(self.aucs)} epochs>"

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, with the best validation AUC; 0 before the first."""
        return self.aucs.index(max(self.aucs)) + 1 if self.aucs else 0

    def left_behind(self, model: Any, optimizer: Any) -> str:
        """What was made anew after `track`, so that it is not measured; empty where nothing was."""
        if self._data is None:
            return ""
        if model is not None and model is not self._model:
            return "model"
        return "optimizer" if optimizer not in (None, self._optimizer) else ""

    def keep_best(self) -> None:
        """Give the model the weights back that it had after the best epoch.

        Raises:
            NotebookProblem: no epoch was tracked, or those of another model.
        """
        if self._data is None:
            return
        now = self._current()
        if now is not None and now is not self._model:
            raise NotebookProblem(f"keep_best: `model` was made anew after `track`. {IN_ORDER}")
        if not self._best:
            why = self._failed or f"no epoch was tracked. {IN_ORDER}"
            raise NotebookProblem(f"keep_best: {why}")
        self._model.load_state_dict(self._best)

    def stop(self) -> None:
        """Measure no more."""
        if self._data is not None:
            self._hook.remove()

    def _after_step(self, *_: Any) -> None:
        if _paused:
            return
        try:
            auc = validation_auc(self._model, self._data)
        except Exception as error:  # a model that cannot be measured must not stop the training
            what = f"{type(error).__name__}: {error}"
            self._failed = f"the model could not be measured: {what}. Mend it. {IN_ORDER}"
            self.stop()
            return
        if not self.aucs or auc > max(self.aucs):
            self._best = copy.deepcopy(self._model.state_dict())
        self.aucs.append(auc)


@torch.no_grad()
def validation_auc(model: Any, data: Data) -> float:
    """The AUC on the supervision edges of data; the model stays in the mode that it is in."""
    from scipy.stats import rankdata

    training = model.training
    model.eval()
    try:
        embedded = model.encode(data.x, data.edge_index)
        edges = model.decode(embedded, data.pos_edge_label_index)
        others = model.decode(embedded, data.neg_edge_label_index)
    finally:
        model.train(training)
    ranks = rankdata(torch.cat([edges, others]).numpy())[: len(edges)]
    return float((ranks.sum() / len(edges) - (len(edges) + 1) / 2) / len(others))


def is_paused() -> bool:
    """Whether the steps that are taken now are a check's."""
    return _paused


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Let no tracker measure in this block: a check takes steps of its own."""
    global _paused
    _paused = True
    try:
        yield
    finally:
        _paused = False
