"""What is worked out of a trace, as plain data, and what its graph and its split say."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field

import numpy as np

from autograder.evidence.trace import (
    Backward,
    Loss,
    Model,
    Optimizer,
    Score,
    SplitMade,
    SplitPart,
    Trace,
)
from autograder.rules.facts.alignment import Alignment, file_edges, unordered
from autograder.truth import Truth

NONE = np.zeros((2, 0), dtype=np.int64)


@dataclass(frozen=True)
class Scored:
    """Pairs of nodes that were scored together. `pull` is -1 where the loss pulls a score up."""

    pairs: np.ndarray  # [2, P]
    pull: np.ndarray | None = None  # [P] int8
    values: np.ndarray | None = None  # [P]
    events: tuple[Score, ...] = ()


@dataclass(frozen=True)
class Epoch:
    """One pass over the positives: one call of backward, or several."""

    pairs: np.ndarray  # [2, P]
    labels: np.ndarray  # [P]: 1 where the loss pulls the score up, 0 down, NaN where neither
    targets: np.ndarray | None  # [P]: the labels that a known loss was given
    contradicted: int  # pairs that were a positive and a negative at once, by these labels
    unused: np.ndarray  # [2, U]: pairs that were scored and never came to the loss
    messages: tuple[np.ndarray, ...]  # each different [2, E] that messages were passed along
    drawn: int | None  # pairs that negative_sampling gave
    losses: tuple[str, ...]  # kinds of torch's loss functions
    squashed: bool  # a sigmoid came before a loss
    low: float | None  # what a loss was given
    high: float | None
    roots: tuple[float, ...]  # numbers that backward was called on
    backwards: int
    steps: int  # of an optimizer, until the next epoch
    stale: bool | None  # gradients were left at the first backward after a step
    discarded: int  # calls of backward whose gradients were cleared before any step
    training: bool | None  # all layers were in training mode; None where no messages were passed
    reached: tuple[int, ...]  # parameters with a gradient
    model: int
    cell: int | None
    line: int | None
    order: int
    end: int
    resplits: int = 0


@dataclass(frozen=True)
class Run:
    """The training of one model. `share` is how many of its positives are edges of the graph."""

    number: int
    model: Model | None
    optimizers: tuple[Optimizer, ...]  # that stepped while it was trained, the last one last
    epochs: tuple[Epoch, ...]
    losses: np.ndarray  # one an epoch, over the whole run
    backwards: int
    steps: int
    resplits: int  # splits between steps of one optimizer
    first: int  # order of the first backward
    last: int  # and of the last one
    epochs_in_all: int = 0


@dataclass(frozen=True)
class AucFact:
    """One AUC that was computed, and what it was of."""

    value: float | None
    kind: str
    labels: np.ndarray | None  # as they were handed over
    handed: np.ndarray | None
    pairs: np.ndarray | None  # [2, S]; None where the scores could not be followed
    scores: np.ndarray | None  # [S], as they were computed
    messages: tuple[np.ndarray, ...]
    model: int
    grad: bool | None
    training: bool | None
    trained: bool | None  # the model has been moved, or given a kept state
    steps_before: int
    steps_after: int  # of the training that came after it
    loaded: bool  # a kept state was loaded since the last step
    order: int
    cell: int | None
    line: int | None
    encoded: int = -1
    live: bool = False

    @property
    def positives(self) -> np.ndarray:
        """[2, P] pairs with label 1, where pairs and labels fit."""
        if self.pairs is None or self.labels is None or len(self.labels) != self.pairs.shape[1]:
            return NONE
        return self.pairs[:, self.labels > 0.5]


@dataclass(frozen=True)
class Bundle:
    """One call of backward and what led to it."""

    event: Backward
    pairs: np.ndarray
    pull: np.ndarray
    targets: np.ndarray | None
    contradicted: int
    unused: np.ndarray
    edges: tuple[int, ...]
    training: tuple[bool, ...]
    losses: tuple[Loss, ...]
    drawn: int | None
    by_hand: bool  # no known loss was called, and what was computed is binary cross-entropy


@dataclass
class Facts:
    """All that follows from one trace."""

    trace: Trace
    truth: Truth
    runs: tuple[Run, ...] = ()
    aucs: tuple[AucFact, ...] = ()
    splits: tuple[SplitMade, ...] = ()
    alignment: Alignment | None = None
    not_judged: dict[str, str] = field(default_factory=dict)  # exercise -> what was seen
    known: np.ndarray | None = None  # keys of the true edges, where the caller knows them
    parts_of: dict[int, tuple[SplitMade | None, str]] = field(default_factory=dict)  # by order
    bundles: tuple[Bundle, ...] = ()

    def array(self, ref: int) -> np.ndarray | None:
        """An array of the pool as [2, n] or [n]."""
        return self.trace.array(ref)

    def pairs(self, ref: int) -> np.ndarray | None:
        """[2, n] of the pool, if it is one."""
        array = self.trace.array(ref)
        return array if array is not None and array.ndim == 2 and len(array) == 2 else None

    @functools.cached_property
    def graph(self) -> np.ndarray:
        """Sorted keys of the file's edges under the run's own numbering; else of all it used."""
        if self.known is not None:
            return self.known
        if self.alignment is not None and self.alignment.share > 0.5:
            return np.unique(unordered(file_edges(self.alignment, self.truth)))
        return np.unique(unordered(used_edges(self)))

    @functools.cached_property
    def run(self) -> Run | None:
        """The training that counts: the last one over most edges of the file."""
        if not self.runs:
            return None
        sizes = [max((hits(self, e.pairs) for e in r.epochs), default=0) for r in self.runs]
        best = max(sizes)
        return next(r for r, s in zip(self.runs[::-1], sizes[::-1], strict=True) if s >= 0.5 * best)

    @functools.cached_property
    def main_split(self) -> SplitMade | None:
        """The split whose first part was trained on; the last of the largest, if none was."""
        if not self.splits:
            return None
        run = self.run
        if run is not None and run.epochs:
            used = np.unique(unordered(run.epochs[0].pairs))
            shares = [self._share_used(split, used) for split in self.splits]
            if max(shares) > 0.5:  # two splits of one graph have four fifths in common
                return max(zip(shares, range(len(shares)), self.splits, strict=True))[2]
        sizes = [e.shape[1] if (e := self.pairs(s.edges)) is not None else 0 for s in self.splits]
        return next(
            s for s, n in zip(self.splits[::-1], sizes[::-1], strict=True) if n >= 0.5 * max(sizes)
        )

    def _share_used(self, split: SplitMade, used: np.ndarray) -> float:
        """Which share of the first part's positives is among the pairs `used`."""
        asked = self.pairs(split.parts[0].positives) if split.parts else None
        if asked is None and split.parts:
            asked = self.pairs(split.parts[0].asked)
        if asked is None or not asked.size or not len(used):
            return 0.0
        return float(np.isin(unordered(asked), used).mean())

    def is_edge(self, pairs: np.ndarray) -> np.ndarray:
        """[n] which of [2, n] are edges of the file."""
        return np.isin(unordered(pairs), self.graph)


def used_edges(facts: Facts) -> np.ndarray:
    """[2, E] of all edges that the run holds for true: of its largest split, else all it used."""
    given = [e for s in facts.splits if (e := facts.pairs(s.edges)) is not None and e.size]
    if given:
        return max(given, key=lambda e: e.shape[1]).astype(np.int64)
    scores = [e for e in facts.trace.events if isinstance(e, Score)]
    refs = {r for s in scores for r in s.edges if r >= 0}
    used = [e for r in refs if (e := facts.pairs(r)) is not None and e.size]
    asked = [a.positives for a in facts.aucs if a.positives.size]
    return np.concatenate([*used, *asked], axis=1).astype(np.int64) if used or asked else NONE


def is_whole(facts: Facts) -> bool:
    """Whether the whole graph was seen: it was handed to a split of PyG's."""
    return any(facts.pairs(s.edges) is not None for s in facts.splits)


def hits(facts: Facts, pairs: np.ndarray) -> int:
    return int(facts.is_edge(pairs).sum()) if pairs.size else 0


def pairs_of(facts: Facts, score: Score) -> np.ndarray | None:
    """[2, P] that a score is of."""
    a, b = facts.array(score.a), facts.array(score.b)
    if a is None or b is None or a.size != b.size:
        return None
    return np.stack([a.reshape(-1), b.reshape(-1)]).astype(np.int64)


def directed(pairs: np.ndarray) -> np.ndarray:
    return (pairs[0] << 31) | pairs[1]


def messages_along(facts: Facts, refs: dict[int, None]) -> tuple[np.ndarray, ...]:
    used = [e.astype(np.int64) for ref in refs if (e := facts.pairs(ref)) is not None]
    return tuple(_both_ways(used))[:12]


def _both_ways(used: list[np.ndarray]) -> list[np.ndarray]:
    """Edges from users to artists and their reverse, in layers of their own, are one graph."""
    forth = [np.unique(directed(e)) for e in used]
    back = [np.unique(directed(e[::-1])) for e in used]
    for i, j in itertools.combinations(range(len(used)), 2):
        one_way = not np.array_equal(forth[i], back[i])
        if one_way and np.array_equal(forth[i], back[j]):
            rest = [edges for k, edges in enumerate(used) if k not in (i, j)]
            return [np.concatenate([used[i], used[j]], axis=1), *rest]
    return used


def part_positives(facts: Facts, part: SplitPart) -> np.ndarray | None:
    """[2, P] positives of a part of a split: kept apart, or those of label 1 among all."""
    positives = facts.pairs(part.positives)
    if positives is not None:
        return positives
    both, labels = facts.pairs(part.asked), facts.array(part.labels)
    if both is None or labels is None or labels.size != both.shape[1]:
        return None
    return both[:, labels.reshape(-1) > 0]


def message_and_held_out(facts: Facts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Message-passing edges and positives for training, and the held-out positives.

    Of a split of PyG's they are what it gave; of one by hand what was used: messages that are not
    held out, and pairs that are pulled up or are edges.
    """
    split, run = facts.main_split, facts.run
    if split is not None and split.parts:
        positives = [part_positives(facts, part) for part in split.parts]
        messages = facts.pairs(split.parts[0].edges)
        if messages is not None and positives[0] is not None:
            held = [p for p in positives[1:] if p is not None] or [_not_in(facts, positives[0])]
            return (
                messages.astype(np.int64),
                positives[0].astype(np.int64),
                np.concatenate(held, axis=1).astype(np.int64),
            )
    asked = [a.pairs[:, facts.is_edge(a.pairs)] for a in facts.aucs if a.pairs is not None]
    held_out = np.concatenate(asked, axis=1) if asked else NONE
    epoch = run.epochs[0] if run is not None and run.epochs else None
    if epoch is None:
        return NONE, NONE, held_out
    edges, pulled = facts.is_edge(epoch.pairs), epoch.labels == 1
    right = pulled.any() and edges[pulled].mean() > 0.5  # else labels say nothing about the pairs
    trained = epoch.pairs[:, edges & ~(epoch.labels == 0) if right else edges]
    used = np.concatenate(epoch.messages, axis=1) if epoch.messages else NONE
    if held_out.size and trained.size:  # an AUC of the training pairs holds nothing out
        held_out = held_out[:, ~np.isin(unordered(held_out), unordered(trained))]
    if held_out.size and used.size:
        used = used[:, ~np.isin(unordered(used), unordered(held_out))]
    return used, trained, held_out


def _not_in(facts: Facts, positives: np.ndarray) -> np.ndarray:
    """[2, n] edges of the file that are not among these."""
    keys = facts.graph[~np.isin(facts.graph, unordered(positives))]
    return np.stack([keys >> 31, keys & (2**31 - 1)])


def num_nodes(facts: Facts) -> int:
    """How many nodes the graph has that was trained on."""
    split, run = facts.main_split, facts.run
    if split is not None and split.num_nodes > 0:
        return split.num_nodes
    used = used_edges(facts)
    if facts.alignment is not None:
        sides = np.concatenate([facts.alignment.users, facts.alignment.artists])
        if (sides >= 0).all():
            return int(sides.max()) + 1
    if used.size:
        return int(used.max()) + 1
    return run.model.rows[0] if run is not None and run.model is not None and run.model.rows else -1
