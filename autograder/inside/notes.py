"""Notes: what a program hands to its model, its loss and its optimizer, in the order it happens.

`spy` and `watch` write them while the student's code runs; the probes of steps 5 and 6 read them.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

ENOUGH = 400_000  # pairs whose details are kept, where the number of positives is not known
MOST = 3_000_000  # pairs that are kept at most of what came after the last backward


@dataclass
class Encode:
    """One call of an encoder. `live`: its result can be trained through."""

    edges: Tensor
    model: Any
    grad: bool
    training: bool
    live: bool = False


@dataclass
class Decode:
    """One call of a decoder: `pairs` [2, P] and `scores` [P]. `after` that many encodes."""

    pairs: Tensor
    scores: Tensor
    live: bool
    after: int


@dataclass
class Loss:
    """One call of a loss function of PyTorch's."""

    name: str
    given: Tensor
    target: Tensor
    live: bool


@dataclass
class Bundle:
    """One backward pass and what led to it; the last one of all is still open."""

    encodes: list[Encode] = field(default_factory=list)
    decodes: list[Decode] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    negatives: list[Tensor] = field(default_factory=list)  # from negative_sampling
    begin: tuple[int, int, int, int] = (0, 0, 0, 0)  # how many of these led to an AUC before
    splits: int = 0
    backwards: int = 0
    steps: int = 0
    stale: bool | None = None  # gradients left at the first backward after a step
    reached: int | None = None  # parameters that have a gradient after the backward
    root: float | None = None  # the number whose gradient was asked for
    pairs: int = 0  # scored in all

    def trained(self) -> tuple[list[Encode], list[Decode], list[Loss], list[Tensor]]:
        """What was for training: not before an AUC, and with gradients where any is."""
        encodes, decodes = self.encodes[self.begin[0] :], self.decodes[self.begin[1] :]
        losses, negatives = self.losses[self.begin[2] :], self.negatives[self.begin[3] :]
        return (
            [e for e in encodes if e.live] or encodes,
            [d for d in decodes if d.live] or decodes,
            [one for one in losses if one.live] or losses,
            negatives,
        )


@dataclass
class AucCall:
    """One call of roc_auc_score, and the scores that were decoded for it."""

    labels: Tensor
    handed: Tensor
    value: float | None
    encode: Encode | None
    decodes: list[Decode]
    order: int = 0


class Notes:
    """Bundles of the first rounds in full; of all later ones only numbers."""

    def __init__(self, limit: int = ENOUGH) -> None:
        self.limit = limit
        self.bundles: list[Bundle] = []
        self.open = Bundle()
        self.aucs: list[AucCall] = []
        self.inside: set[str] = set()  # encode or decode, while one runs
        self.count = 0  # calls of either
        self.values: list[float] = []  # root of every backward of a model
        self.steps = 0
        self.kept = 0  # pairs in the bundles
        self.model: Any = None  # the last one that encoded for training
        self.optimizer: Any = None  # the last one that stepped
        self._cleared = True  # a step came after the last backward
        self._moved: dict[int, weakref.ref] = {}  # tensors that some optimizer has stepped on

    @property
    def full(self) -> bool:
        """Whether the first rounds have been seen."""
        return self.kept >= self.limit and len(self.bundles) >= 3

    def all(self) -> list[Bundle]:
        """The bundles that were kept, and the open one where a backward was called in it."""
        last = (self.open.backwards or not self.bundles) and not self.full
        return [*self.bundles, self.open] if last else self.bundles

    def encoding(self, model: Any, edges: object) -> Encode:
        """An encoder is called."""
        self.count += 1
        training = bool(getattr(model, "training", False))
        found = edges.detach() if isinstance(edges, Tensor) else torch.empty(0)
        made = Encode(found, model, torch.is_grad_enabled(), training)
        self._room().encodes.append(made)
        return made

    def decoded(self, pairs: object, scores: object) -> None:
        """A decoder has scored pairs."""
        self.count += 1
        bundle = self._room()
        asked = pairs.detach() if isinstance(pairs, Tensor) else torch.empty(0)
        found, live = torch.empty(0), False
        if isinstance(scores, Tensor):
            live = scores.requires_grad
            if scores.numel() <= 4 * max(64, asked.numel()):  # not all pairs of the graph
                found = scores.detach().clone().flatten()
        bundle.decodes.append(Decode(asked, found, live, len(bundle.encodes)))
        bundle.pairs += asked.size(-1) if asked.ndim else 0
        while bundle.pairs > MOST and len(bundle.decodes) > 1:
            bundle.pairs -= bundle.decodes.pop(0).pairs.size(-1)

    def lost(self, name: str, given: object, target: object) -> None:
        """A loss function is called."""
        if self.full:
            return
        live = isinstance(given, Tensor) and given.requires_grad
        scores, labels = (
            v.detach().clone().flatten() if isinstance(v, Tensor) else torch.empty(0)
            for v in (given, target)
        )
        bundle = self._room()
        bundle.losses = [*bundle.losses[-500:], Loss(name, scores, labels, live)]

    def sampled(self, negatives: object) -> None:
        """negative_sampling has given pairs."""
        if isinstance(negatives, Tensor) and not self.full:
            bundle = self._room()
            bundle.negatives = [*bundle.negatives[-500:], negatives.detach()]

    def backward_begins(self, roots: object) -> None:
        """`backward` is called on one tensor or several."""
        first = roots[0] if isinstance(roots, (list, tuple)) and roots else roots
        if isinstance(first, Tensor) and first.numel() == 1:
            self.open.root = float(first.detach())
            if (self.open.encodes or self.open.decodes) and len(self.values) < 100_000:
                self.values.append(self.open.root)
        models = [e.model for e in self.open.trained()[0]]
        self.model = models[-1] if models else self.model
        if self._cleared and not self.full:
            left = [p.grad for p in self._held() if p.grad is not None]
            self.open.stale = any(bool(grad.any()) for grad in left)
        self._cleared = False
        self.open.backwards += 1

    def backward_ended(self) -> None:
        """`backward` has come through."""
        if not self.full:
            self.open.reached = sum(p.grad is not None for p in self._parameters())

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer has taken a step."""
        self.steps += 1
        self.open.steps += 1
        self._cleared = True
        if optimizer is not self.optimizer or self.steps < 3:
            for group in optimizer.param_groups:
                self._moved |= {id(p): weakref.ref(p) for p in group["params"]}
        self.optimizer = optimizer

    def split(self) -> None:
        """RandomLinkSplit is called."""
        self._room().splits += 1

    def measured(self, labels: Any, handed: Any, value: float | None) -> AucCall:
        """roc_auc_score is called, or has given its value."""
        bundle = self.open
        made = AucCall(_flat(labels), _flat(handed), value, None, [])
        made.decodes = _scored(bundle.decodes, made.handed)
        after = made.decodes[-1].after if made.decodes else len(bundle.encodes)
        made.encode = bundle.encodes[after - 1] if 0 < after <= len(bundle.encodes) else None
        bundle.begin = (
            len(bundle.encodes),
            len(bundle.decodes),
            len(bundle.losses),
            len(bundle.negatives),
        )
        return made

    def has_moved(self, model: Any) -> bool:
        """Whether an optimizer has stepped on a tensor of this model."""
        kept = (self._moved.get(id(p), lambda: None)() is p for p in _parameters_of(model))
        return any(kept)

    def _held(self) -> list[Any]:
        """The model's parameters; only those that the optimizer would clear, if it holds any."""
        groups = self.optimizer.param_groups if self.optimizer is not None else []
        held = {id(p) for group in groups for p in group["params"]}
        own = self._parameters()
        return [p for p in own if id(p) in held] or own

    def _parameters(self) -> list[Any]:
        return _parameters_of(self.model)

    def _room(self) -> Bundle:
        """The bundle for what happens now: a new one after a backward."""
        if self.open.backwards:
            if not self.full:
                self.bundles.append(self.open)
                self.kept += self.open.pairs
            self.open = Bundle()
        return self.open


def _parameters_of(model: Any) -> list[Any]:
    return list(model.parameters()) if isinstance(model, nn.Module) else []


def _flat(value: Any) -> Tensor:
    """Numbers as a flat copy; none where they are no numbers."""
    try:
        return torch.as_tensor(value).detach().clone().flatten().float()
    except (TypeError, ValueError, RuntimeError):
        return torch.empty(0)


def _scored(decodes: list[Decode], handed: Tensor) -> list[Decode]:
    """Which decodes in a row gave the scores that were handed over: by their values, or else the
    last ones that are as many."""
    fitting: list[list[Decode]] = []
    for end in range(len(decodes), max(0, len(decodes) - 40), -1):
        total = 0
        for begin in range(end - 1, -1, -1):
            total += len(decodes[begin].scores)
            if total >= len(handed):
                break
        if total == len(handed) > 0:
            fitting.append(decodes[begin:end])
    ordered = handed.sort()[0]
    for found in fitting:
        scores = torch.cat([d.scores for d in found]).float().sort()[0]
        if any(torch.allclose(s, ordered, atol=1e-6) for s in (scores, scores.sigmoid())):
            return found
    return fitting[0] if fitting else decodes[-2:]
