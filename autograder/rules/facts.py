"""Facts: what follows from a trace, worked out on the trusted side in NumPy.

Epochs, labels, held-out edges, leaks, what each AUC was of. Nothing here reads a name or judges;
the rules of steps 3 to 6 read these.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from autograder.contract import PARTS
from autograder.evidence.trace import (
    Backward,
    Left,
    Loaded,
    Loss,
    Measured,
    Model,
    Optimizer,
    Sampled,
    Score,
    SplitMade,
    SplitPart,
    Trace,
)
from autograder.rules.alignment import Alignment, align, file_edges, unordered
from autograder.rules.graphs import area
from autograder.truth import Truth

CROSS_ENTROPY = "binary_cross_entropy_with_logits"
EPOCHS = 3  # that are worked out in full
MOST_PAIRS = 10_000_000  # of all calls of backward, that are worked out
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
        found = self.trace.array(ref)
        return found if found is not None and found.ndim == 2 and len(found) == 2 else None

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
        sizes = [max((_hits(self, e.pairs) for e in r.epochs), default=0) for r in self.runs]
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


def facts(trace: Trace, truth: Truth, graph: np.ndarray | None = None) -> Facts:
    """Work out what follows from a trace; `graph`: keys of the true edges, where they are known."""
    found = Facts(trace, truth, known=graph)
    found.splits = tuple(e for e in trace.events if isinstance(e, SplitMade))
    scores = {e.order: e for e in trace.events if isinstance(e, Score)}
    found.aucs = tuple(_auc(found, e, scores) for e in trace.events if isinstance(e, Measured))
    bundles = _bundles(found, scores)
    found.bundles = tuple(bundles)
    found.alignment = _aligned(found, bundles) if graph is None else None
    found.runs = tuple(_runs(found, bundles))
    _say_what_is_not_judged(found)
    return found


# --- backward by backward


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


def _bundles(found: Facts, scores: dict[int, Score]) -> list[Bundle]:
    bundles = []
    losses: list[Loss] = []
    sampled: list[Sampled] = []
    made: list[Score] = []
    pairs = 0
    for event in found.trace.events:
        if isinstance(event, Loss) and event.live:
            losses.append(event)
        elif isinstance(event, Sampled):
            sampled.append(event)
        elif isinstance(event, Score) and event.live:
            made.append(event)
        elif isinstance(event, Backward):
            bundles.append(_bundle(found, event, scores, losses, sampled, made))
            losses, sampled, made = [], [], []
            if (pairs := pairs + bundles[-1].pairs.shape[1]) > MOST_PAIRS:
                break  # the recorder keeps far fewer
        elif isinstance(event, Measured):
            sampled = []  # those were for an evaluation
    return bundles


def _bundle(
    found: Facts,
    event: Backward,
    scores: dict[int, Score],
    losses: list[Loss],
    sampled: list[Sampled],
    made: list[Score],
) -> Bundle:
    by_score: dict[int, tuple[Score, np.ndarray]] = {}
    for order, ref in event.gradients:
        score, pull = scores.get(order), found.array(ref)
        if score is None or pull is None:
            continue
        if order in by_score and len(by_score[order][1]) == len(pull):
            pull = np.sign(by_score[order][1] + pull)
        by_score[order] = score, pull
    kept = _without_summands([s for s, _ in by_score.values()])
    parts = [(s, p) for _, (s, p) in sorted(by_score.items()) if s.order in kept]
    joined = [(pair, pull) for s, pull in parts if (pair := _pair(found, s)) is not None]
    joined = [(a, b) for a, b in joined if a.shape[1] == len(b)]
    pairs = np.concatenate([p for p, _ in joined], axis=1) if joined else NONE
    pull = np.concatenate([p for _, p in joined]) if joined else np.zeros(0, dtype=np.int8)
    reached = set(by_score)
    lost = [s for s in made if s.order not in reached]
    merged = {o for s in made for o in s.merged}
    lost = [s for s in lost if s.order not in merged and s.count > 1]
    unused = [p for s in lost if (p := _pair(found, s)) is not None]
    targets, contradicted = _targets(found, pairs, losses)
    edges = dict.fromkeys(r for s, _ in parts for r in s.edges if r >= 0)
    drawn = [s.count for s in sampled]
    return Bundle(
        event=event,
        pairs=pairs,
        pull=pull,
        targets=targets,
        contradicted=contradicted,
        unused=np.concatenate(unused, axis=1) if unused else NONE,
        edges=tuple(edges),
        training=tuple(s.training for s, _ in parts if s.training is not None),
        losses=tuple(losses),
        drawn=sum(drawn) if drawn else None,
        by_hand=not losses and _is_cross_entropy(found, event.root, parts),
    )


def _is_cross_entropy(
    found: Facts, root: float | None, parts: list[tuple[Score, np.ndarray]]
) -> bool:
    """Whether a loss is the binary cross-entropy of these scores: their mean, their sum, or the
    mean of the positives beside that of the negatives."""
    known = [(v, pull) for s, pull in parts if (v := found.array(s.values)) is not None]
    if root is None or not known or len(known) < len(parts):
        return False
    scores, pull = (np.concatenate(arrays) for arrays in zip(*known, strict=True))
    if len(scores) != len(pull):
        return False
    each = np.logaddexp(0, np.where(pull < 0, -scores, scores).astype(np.float64))
    if not (pull < 0).any() or not (pull > 0).any():
        return False
    both = each[pull < 0].mean() + each[pull > 0].mean()
    return any(abs(root - v) < 1e-3 * abs(v) for v in (each.mean(), each.sum(), both, both / 2))


def _pair(found: Facts, score: Score) -> np.ndarray | None:
    """[2, P] that a score is of."""
    a, b = found.array(score.a), found.array(score.b)
    if a is None or b is None or a.size != b.size:
        return None
    return np.stack([a.reshape(-1), b.reshape(-1)]).astype(np.int64)


def _without_summands(scores: list[Score]) -> set[int]:
    """Of scores of the same pairs that were added up, the one that is the largest part."""
    kept = {s.order for s in scores}
    seen: dict[tuple[int, int], int] = {}
    for score in scores:
        for order in score.merged:
            kept.discard(order) if order in kept and order != score.order else None
        key = (score.a, score.b)
        if key in seen and score.a >= 0 and abs(score.order - seen[key]) < 12:
            twice = [s for s in scores if s.order == seen[key]]
            if twice and twice[0].cell == score.cell and twice[0].line == score.line:
                kept.discard(score.order)  # a bias beside a product, in one line
        seen.setdefault(key, score.order)
    return kept or {s.order for s in scores}


def _targets(found: Facts, pairs: np.ndarray, losses: list[Loss]) -> tuple[np.ndarray | None, int]:
    """The label of each pair that a known loss was given, and how many were given both."""
    asked, given = [], []
    for loss in losses:
        a, b, target = (found.array(ref) for ref in (loss.a, loss.b, loss.target))
        if a is None or b is None or target is None or not a.size == b.size == target.size:
            continue
        asked.append(np.stack([a.reshape(-1), b.reshape(-1)]).astype(np.int64))
        given.append(target.reshape(-1).astype(np.float32))
    if not asked or not pairs.size:
        return None, 0
    keyed, targets = _directed(np.concatenate(asked, axis=1)), np.concatenate(given)
    wanted = _directed(pairs)
    low = np.intersect1d(keyed[targets < 0.5], keyed[targets > 0.5])
    if np.array_equal(keyed, wanted):
        return targets, len(low)
    order, other = np.argsort(wanted, kind="stable"), np.argsort(keyed, kind="stable")
    found_targets = np.full(len(wanted), np.nan, dtype=np.float32)
    if len(keyed) == len(wanted) and np.array_equal(wanted[order], keyed[other]):
        found_targets[order] = targets[other]
        return found_targets, len(low)
    at = np.minimum(np.searchsorted(keyed[other], wanted), len(keyed) - 1)
    hit = keyed[other][at] == wanted
    found_targets[hit] = targets[other][at][hit]
    return (found_targets if hit.any() else None), len(low)


def _directed(pairs: np.ndarray) -> np.ndarray:
    return (pairs[0] << 31) | pairs[1]


# --- the graph


def used_edges(found: Facts) -> np.ndarray:
    """[2, E] of all edges that the run holds for true: of its largest split, else all it used."""
    given = [e for s in found.splits if (e := found.pairs(s.edges)) is not None and e.size]
    if given:
        return max(given, key=lambda e: e.shape[1]).astype(np.int64)
    scores = [e for e in found.trace.events if isinstance(e, Score)]
    refs = {r for s in scores for r in s.edges if r >= 0}
    used = [e for r in refs if (e := found.pairs(r)) is not None and e.size]
    asked = [a.positives for a in found.aucs if a.positives.size]
    return np.concatenate([*used, *asked], axis=1).astype(np.int64) if used or asked else NONE


def is_whole(found: Facts) -> bool:
    """Whether the whole graph was seen: it was handed to a split of PyG's."""
    return any(found.pairs(s.edges) is not None for s in found.splits)


def _aligned(found: Facts, bundles: list[Bundle]) -> Alignment | None:
    edges = used_edges(found)
    if edges.size:
        return align(edges, found.truth)
    pulled = [b.pairs[:, b.pull < 0] for b in bundles if b.pairs.size]
    return align(np.concatenate(pulled, axis=1), found.truth) if pulled else None


def _hits(found: Facts, pairs: np.ndarray) -> int:
    return int(found.is_edge(pairs).sum()) if pairs.size else 0


# --- training


def _runs(found: Facts, bundles: list[Bundle]) -> list[Run]:
    by_model: dict[int, list[Bundle]] = {}
    for bundle in bundles:
        by_model.setdefault(bundle.event.model, []).append(bundle)
    columns = found.trace.columns
    rows = columns.backwards.numpy() if columns is not None else np.zeros((0, 4))
    steps = columns.steps.numpy() if columns is not None else np.zeros((0, 2), dtype=np.int64)
    return sorted(
        (_run(found, model, own, rows, steps) for model, own in by_model.items()),
        key=lambda run: run.last,
    )


def _run(
    found: Facts, model: int, bundles: list[Bundle], rows: np.ndarray, steps: np.ndarray
) -> Run:
    passes = _passes(found, bundles)
    mine = rows[rows[:, 2] == model]
    first, last = (float(mine[i, 0]) for i in (0, -1)) if len(mine) else (0.0, 0.0)
    others = rows[(rows[:, 2] != model) & (rows[:, 0] > last), 0]
    end = float(others.min()) if len(others) else math.inf
    taken = steps[(steps[:, 0] > first) & (steps[:, 0] < end)]
    used = list(dict.fromkeys(taken[:, 1].tolist()))
    optimizers = tuple(found.trace.optimizers[i] for i in used if i < len(found.trace.optimizers))
    each = max(1, len(passes[0])) if passes else 1
    roots = mine[:, 1]
    chunks = [roots[i : i + each] for i in range(0, len(roots), each)]
    splits = [s.order for s in found.splits if not s.handed_out]
    between = [o for o in splits if len(taken) and taken[0, 0] < o < taken[-1, 0]]
    starts = [p[0].event.order for p in passes]
    return Run(
        number=model,
        model=found.trace.models[model] if 0 <= model < len(found.trace.models) else None,
        optimizers=optimizers,
        epochs=tuple(
            _epoch(found, p, steps, starts[i + 1] if i + 1 < len(starts) else None, mine)
            for i, p in enumerate(passes[:EPOCHS])
        ),
        losses=np.array([np.mean(c) for c in chunks], dtype=float),
        backwards=len(mine),
        steps=len(taken),
        resplits=len(between),
        first=int(first),
        last=int(last),
        epochs_in_all=len(chunks),
    )


def _passes(found: Facts, bundles: list[Bundle]) -> list[list[Bundle]]:
    """Calls of backward as passes over the positives; one begins where they come again."""
    passes: list[list[Bundle]] = []
    seen = np.zeros(0, dtype=np.int64)
    for bundle in bundles:
        keyed = np.unique(unordered(bundle.pairs)) if bundle.pairs.size else seen[:0]
        hits = keyed[np.isin(keyed, found.graph)]
        again = float(np.isin(hits, seen).mean()) if len(hits) and len(seen) else 0.0
        if not passes or again >= 0.5 or not (len(hits) or len(seen)):
            passes.append([bundle])
            seen = hits
        else:
            passes[-1].append(bundle)
            seen = np.union1d(seen, hits)
    if len(passes) > 1 and len(passes[-1]) < 0.9 * len(passes[0]):
        passes.pop()  # cut short where the full notes end
    return passes


def _epoch(
    found: Facts,
    bundles: list[Bundle],
    steps: np.ndarray,
    following: int | None,
    rows: np.ndarray,
) -> Epoch:
    pairs = np.concatenate([b.pairs for b in bundles], axis=1)
    pull = np.concatenate([b.pull for b in bundles])
    known = [b.targets for b in bundles if b.targets is not None]
    targets = np.concatenate(known) if len(known) == len(bundles) and known else None
    labels = np.select([pull < 0, pull > 0], [1.0, 0.0], np.nan).astype(np.float32)
    losses = [loss for b in bundles for loss in b.losses]
    lows = [v for loss in losses if (v := loss.low) is not None]
    highs = [v for loss in losses if (v := loss.high) is not None]
    first, last = bundles[0].event, bundles[-1].event
    if following is None:
        later = rows[rows[:, 0] > last.order, 0]
        following = int(later.min()) if len(later) else None
    inside = (steps[:, 0] > first.order) & (steps[:, 0] < (following or math.inf))
    stale, discarded = _gradients([b.event for b in bundles])
    modes = [mode for b in bundles for mode in b.training]
    return Epoch(
        pairs=pairs,
        labels=labels,
        targets=targets,
        contradicted=sum(b.contradicted for b in bundles),
        unused=np.concatenate([b.unused for b in bundles], axis=1),
        messages=_messages(found, dict.fromkeys(r for b in bundles for r in b.edges)),
        drawn=sum(b.drawn or 0 for b in bundles)
        if any(b.drawn is not None for b in bundles)
        else None,
        losses=(CROSS_ENTROPY,)
        if all(b.by_hand for b in bundles)
        else tuple(dict.fromkeys(loss.kind for loss in losses)),
        squashed=any(loss.squashed for loss in losses),
        low=min(lows) if lows else None,
        high=max(highs) if highs else None,
        roots=tuple(b.event.root for b in bundles if b.event.root is not None),
        backwards=len(bundles),
        steps=int(inside.sum()),
        stale=stale,
        discarded=discarded,
        training=all(modes) if modes else None,
        reached=tuple(dict.fromkeys(n for b in bundles for n in b.event.reached)),
        model=first.model,
        cell=first.cell,
        line=first.line,
        order=first.order,
        end=last.order,
    )


def _gradients(events: list[Backward]) -> tuple[bool | None, int]:
    """Whether gradients were left over after a step, and how often they were thrown away."""
    stale: bool | None = None
    discarded, before = 0, None
    for event in events:
        if event.stale is None:
            continue
        if before is None or event.steps > before.steps:
            stale = bool(stale) or event.stale
        elif not event.stale:
            discarded += 1  # cleared, and no step had been taken
        before = event
    return stale, discarded


def lost_pairs(found: Facts, epoch: Epoch, positives: np.ndarray) -> int:
    """How many pairs were scored to be learned from, and never came to the loss in this epoch.

    Training positives; and all others, where the loss has hardly any negatives. A score that is
    only looked at, of pairs that the loss has too or that are held out, is none of them.
    """
    unused = np.unique(unordered(epoch.unused)) if epoch.unused.size else np.zeros(0, dtype=int)
    unused = unused[~np.isin(unused, unordered(epoch.pairs))] if epoch.pairs.size else unused
    edge = np.isin(unused, found.graph)
    lost = int(np.isin(unused, unordered(positives)).sum()) if positives.size else 0
    negatives = int((~found.is_edge(epoch.pairs)).sum()) if epoch.pairs.size else 0
    return lost + (int((~edge).sum()) if negatives < 0.1 * epoch.pairs.shape[1] else 0)


def is_bare(found: Facts, epoch: Epoch) -> bool:
    """Whether only the embedding table was trained, of a model that has layers too."""
    model = found.trace.models[epoch.model] if 0 <= epoch.model < len(found.trace.models) else None
    if model is None or not epoch.pairs.size or epoch.messages or not epoch.reached:
        return False
    named = dict(zip(model.numbers, (p.name for p in model.parameters), strict=False))
    tables = {number for number, name in named.items() if name in model.embeddings}
    return set(epoch.reached) <= tables < set(named)


def _messages(found: Facts, refs: dict[int, None]) -> tuple[np.ndarray, ...]:
    used = [e.astype(np.int64) for ref in refs if (e := found.pairs(ref)) is not None]
    return tuple(_both_ways(used))[:12]


def _both_ways(used: list[np.ndarray]) -> list[np.ndarray]:
    """Edges from users to artists and their reverse, in layers of their own, are one graph."""
    forth = [np.unique(_directed(e)) for e in used]
    back = [np.unique(_directed(e[::-1])) for e in used]
    for i, j in itertools.combinations(range(len(used)), 2):
        one_way = not np.array_equal(forth[i], back[i])
        if one_way and np.array_equal(forth[i], back[j]):
            rest = [edges for k, edges in enumerate(used) if k not in (i, j)]
            return [np.concatenate([used[i], used[j]], axis=1), *rest]
    return used


# --- evaluation


def _auc(found: Facts, event: Measured, scores: dict[int, Score]) -> AucFact:
    """What an AUC was of: the scores before it that are what was handed over, by value."""
    labels, handed = found.array(event.labels), found.array(event.handed)
    before = [scores[o] for o in event.scores if o in scores]
    chosen = _measured_scores(found, before, handed)
    pairs = [_pair(found, s) for s in chosen]
    values = [found.array(s.values) for s in chosen]
    whole = bool(chosen) and all(
        p is not None and v is not None for p, v in zip(pairs, values, strict=True)
    )
    used = chosen or before[-1:]
    model = used[-1].model if used else -1
    grads = [s.grad for s in used if s.grad is not None]
    modes = [s.training for s in used if s.training is not None]
    rows = found.trace.columns.steps.numpy() if found.trace.columns else np.zeros((0, 2))
    after = int((rows[:, 0] > event.order).sum())
    loads = [e for e in found.trace.events if isinstance(e, Loaded) and e.order < event.order]
    last_step = int(rows[rows[:, 0] < event.order, 0].max(initial=-1))
    return AucFact(
        value=event.value,
        kind=event.kind,
        labels=labels,
        handed=handed,
        pairs=np.concatenate([p for p in pairs if p is not None], axis=1) if whole else None,
        scores=np.concatenate([v.reshape(-1) for v in values if v is not None]) if whole else None,
        messages=_messages(found, dict.fromkeys(r for s in used for r in s.edges if r >= 0)),
        model=model,
        grad=any(grads) if grads else None,
        training=any(modes) if modes else None,
        trained=_is_trained(found.trace, model, loads),
        steps_before=event.steps,
        steps_after=after,
        loaded=any(e.order > last_step for e in loads),
        order=event.order,
        cell=event.cell,
        line=event.line,
        encoded=max((s.encoded for s in used), default=-1),
        live=any(s.live for s in used),
    )


def is_bare_auc(found: Facts, auc: AucFact) -> bool:
    """Whether the scores are of the embedding table of a model whose layers were trained, or are
    as bare as those of its training."""
    if auc.pairs is None or auc.messages or not 0 <= auc.model < len(found.trace.models):
        return False
    epochs = [epoch for run in found.runs if run.number == auc.model for epoch in run.epochs]
    if epochs:
        return any(e.messages or is_bare(found, e) for e in epochs)
    model = found.trace.models[auc.model]  # `test` was called by itself
    return bool(model.embeddings) and len(model.parameters) > len(model.embeddings)


def _measured_scores(found: Facts, scores: list[Score], handed: np.ndarray | None) -> list[Score]:
    """Which scores in a row are those that were handed over."""
    if handed is None or not len(handed):
        return []
    wanted = np.sort(handed.astype(np.float64))
    fitting: list[list[Score]] = []
    for end in range(len(scores), 0, -1):
        total = 0
        for begin in range(end - 1, -1, -1):
            total += scores[begin].count
            if total >= len(handed):
                if total == len(handed):
                    fitting.append(scores[begin:end])
                break
    for chosen in fitting:
        values = [found.array(s.values) for s in chosen]
        if any(v is None for v in values):
            continue
        joined = np.sort(
            np.concatenate([v.reshape(-1) for v in values if v is not None]).astype(np.float64)
        )
        if any(_close(wanted, change(joined)) for change in CHANGES):
            return chosen
    return fitting[0] if fitting else []


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True))


def sigmoid(values: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), without an overflow."""
    return 1 / (1 + np.exp(-np.clip(values, -700, 700)))


CHANGES: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda v: v,
    sigmoid,
    lambda v: np.sort(-v),
    lambda v: np.sort(1 - sigmoid(v)),
)


def _is_trained(trace: Trace, model: int, loads: list[Loaded]) -> bool | None:
    """Whether an optimizer moved the model, or it was given a kept state.

    None where there is no telling: nothing was trained, or the model was handed out ready.
    """
    if not 0 <= model < len(trace.models) or not any(o.steps for o in trace.optimizers):
        return None
    parameters = trace.models[model].parameters
    if any(p.moved for p in parameters) or any(e.model == model for e in loads):
        return True
    held = set(trace.models[model].numbers)
    if any(o.steps and held & set(o.held) for o in trace.optimizers):
        return True
    return False if trace.models[model].constructed else None


def part_of(found: Facts, auc: AucFact) -> str:
    """Which part of a split an AUC is over: train, val, test; empty where it is of none."""
    return _split_of(found, auc)[1]


def _split_of(found: Facts, auc: AucFact) -> tuple[SplitMade | None, str]:
    """The split whose part an AUC is over, all of it or some, and which part."""
    if auc.order not in found.parts_of:
        found.parts_of[auc.order] = _nearest_part(found, auc)
    return found.parts_of[auc.order]


def _nearest_part(found: Facts, auc: AucFact) -> tuple[SplitMade | None, str]:
    """That which most of its edges are in: of the split that was trained on, if they are."""
    if auc.pairs is None:
        return None, ""
    edges = np.unique(unordered(auc.pairs[:, is_positive(found, auc)]))
    main = [found.main_split] if found.main_split is not None else []
    for least, splits in ((0.9, [*main, *found.splits[::-1]]), (0.5, main)):
        for split in splits:
            for name, part in zip(PARTS, split.parts, strict=False):
                positives = part_positives(found, part)
                if positives is None or not positives.size or not len(edges):
                    continue
                if np.isin(edges, unordered(positives)).mean() > least:
                    return split, name
    return None, ""


def is_positive(found: Facts, auc: AucFact) -> np.ndarray:
    """[S] which pairs of an AUC are edges of the file.

    A sampler of negatives may draw an edge the other way round: so classes are compared, where
    the labels tell them apart.
    """
    pairs = auc.pairs if auc.pairs is not None else NONE
    edge = found.is_edge(pairs)
    if auc.labels is None or len(auc.labels) != len(edge):
        return edge
    first = auc.labels > 0.5
    if first.all() or not first.any():
        return edge
    share = float(edge[first].mean()) - float(edge[~first].mean())
    return edge if abs(share) < 0.7 else (first if share > 0 else ~first)


def true_auc(found: Facts, auc: AucFact) -> float | None:
    """The AUC of the scores that were computed, edges of the file being the positives."""
    if auc.pairs is None or auc.scores is None or not np.isfinite(auc.scores).all():
        return None
    labels = is_positive(found, auc)
    if labels.all() or not labels.any():
        return None
    return area(labels, auc.scores)


def left_scores(found: Facts) -> list[Scored]:
    """Scores that left torch after the last backward and were measured by no known function."""
    scores = {e.order: e for e in found.trace.events if isinstance(e, Score)}
    made = []
    for event in found.trace.events:
        if isinstance(event, Left):
            for score in (scores[o] for o in event.scores if o in scores):
                pairs, values = _pair(found, score), found.array(score.values)
                if pairs is not None and values is not None:
                    made.append(Scored(pairs, None, values.reshape(-1), (score,)))
    return made


def unmeasured(found: Facts, left: list[Scored] | None = None) -> AucFact | None:
    """What was scored last and measured by no known function, as if it had been measured.

    `left`: some of these scores; all, by default.
    """
    left = left_scores(found) if left is None else left
    if not left:
        return None
    events = [e for s in left for e in s.events]
    values = [s.values for s in left if s.values is not None]
    grads = [e.grad for e in events if e.grad is not None]
    modes = [e.training for e in events if e.training is not None]
    return AucFact(
        value=None,
        kind="",
        labels=None,
        handed=None,
        pairs=np.concatenate([s.pairs for s in left], axis=1),
        scores=np.concatenate(values),
        messages=_messages(found, dict.fromkeys(r for e in events for r in e.edges if r >= 0)),
        model=events[-1].model,
        grad=any(grads) if grads else None,
        training=any(modes) if modes else None,
        trained=_is_trained(found.trace, events[-1].model, []),
        steps_before=0,
        steps_after=0,
        loaded=False,
        order=events[-1].order,
        cell=events[-1].cell,
        line=events[-1].line,
    )


def last_aucs(found: Facts) -> dict[str, AucFact]:
    """By part of the split, test first, the last AUC over it.

    One over other pairs that comes after it, when the training is over too, is a second question.
    Where no split of PyG's says which is which, the last AUC is the test's, and the last one before
    it over other pairs the validation's.
    """
    calls = [a for a in found.aucs if a.kind == "roc_auc_score"] or list(found.aucs)
    by_part: dict[str, AucFact] = {}
    for auc in calls:
        part = part_of(found, auc)
        last = by_part.get(part)
        second = last is not None and auc.steps_before <= last.steps_before
        if second and _is_of_all(found, last, part) and not _is_of_all(found, auc, part):
            continue
        by_part[part] = auc
    wanted: tuple[str, ...] = ("test", "val")
    chosen = {part: by_part[part] for part in wanted if part in by_part}
    if "test" not in chosen and calls:
        rest = [a for a in calls if part_of(found, a) != "val"]
        if not rest:
            return chosen  # only the validation pairs were measured
        last = rest[-1]
        chosen = {"test": last} | {k: a for k, a in chosen.items() if a is not last}
        others = [a for a in rest[:-1] if _others(a, last)]
        if "val" not in chosen and others:
            chosen["val"] = others[-1]
    return chosen


def _is_of_all(found: Facts, auc: AucFact | None, part: str) -> bool:
    """Whether an AUC is of the positives and negatives of a part of the split, and no others."""
    split = _split_of(found, auc)[0] if auc is not None else None
    if split is None or auc is None or auc.pairs is None or part not in PARTS[: len(split.parts)]:
        return False
    _, positives, negatives = asked(found, part, auc)
    due = np.unique(unordered(np.concatenate([positives, negatives], axis=1)))
    return bool(np.array_equal(due, np.unique(unordered(auc.pairs))))


def _others(one: AucFact, other: AucFact) -> bool:
    """Whether two AUCs are over other pairs."""
    if one.pairs is None or other.pairs is None:
        return False
    return bool(np.isin(unordered(one.pairs), unordered(other.pairs)).mean() < 0.5)


def history(found: Facts, auc: AucFact | None) -> list[tuple[int, float]]:
    """AUCs of the same pairs as this one since the training began: steps before it, and value."""
    columns, run = found.trace.columns, found.run
    if columns is None or auc is None or run is None:
        return []
    rows, marks = columns.measured.numpy(), columns.marks.numpy()
    at = np.flatnonzero(rows[:, 0] == auc.order)
    if not len(at):
        return []
    same = (marks[: len(rows)] == marks[at[0]]) & (rows[:, 0] > run.first)
    kept = rows[same & np.isfinite(rows[:, 1])][-5000:]
    return [(int(steps), float(value)) for steps, value in zip(kept[:, 2], kept[:, 1], strict=True)]


def pieces(found: Facts, auc: AucFact) -> int:
    """How many AUCs were computed in a row, each of other pairs, where this is one of them.

    0 where it is of all pairs of a part of the split, or where there is none of PyG's.
    """
    columns, (split, name) = found.trace.columns, _split_of(found, auc)
    if columns is None or split is None or auc.pairs is None:
        return 0
    positives = part_positives(found, split.parts[PARTS.index(name)])
    if positives is None or np.isin(unordered(positives), unordered(auc.pairs)).mean() > 0.9:
        return 0
    rows, marks = columns.measured.numpy(), columns.marks.numpy()
    same = (rows[:, 2] == auc.steps_before) & (rows[:, 4] == (-1 if auc.cell is None else auc.cell))
    same &= rows[:, 5] == (-1 if auc.line is None else auc.line)
    different = len(np.unique(marks[: len(rows)][same]))
    return different if different > 2 else 0


def parts(found: Facts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Message-passing edges and positives for training, and the held-out positives.

    Of a split of PyG's they are what it gave; of one by hand what was used: messages that are not
    held out, and pairs that are pulled up or are edges.
    """
    split, run = found.main_split, found.run
    if split is not None and split.parts:
        positives = [part_positives(found, part) for part in split.parts]
        messages = found.pairs(split.parts[0].edges)
        if messages is not None and positives[0] is not None:
            held = [p for p in positives[1:] if p is not None] or [_not_in(found, positives[0])]
            return (
                messages.astype(np.int64),
                positives[0].astype(np.int64),
                np.concatenate(held, axis=1).astype(np.int64),
            )
    asked = [a.pairs[:, found.is_edge(a.pairs)] for a in found.aucs if a.pairs is not None]
    held_out = np.concatenate(asked, axis=1) if asked else NONE
    epoch = run.epochs[0] if run is not None and run.epochs else None
    if epoch is None:
        return NONE, NONE, held_out
    edges, pulled = found.is_edge(epoch.pairs), epoch.labels == 1
    right = pulled.any() and edges[pulled].mean() > 0.5  # else labels say nothing about the pairs
    trained = epoch.pairs[:, edges & ~(epoch.labels == 0) if right else edges]
    used = np.concatenate(epoch.messages, axis=1) if epoch.messages else NONE
    if held_out.size and trained.size:  # an AUC of the training pairs holds nothing out
        held_out = held_out[:, ~np.isin(unordered(held_out), unordered(trained))]
    if held_out.size and used.size:
        used = used[:, ~np.isin(unordered(used), unordered(held_out))]
    return used, trained, held_out


def _not_in(found: Facts, positives: np.ndarray) -> np.ndarray:
    """[2, n] edges of the file that are not among these."""
    keys = found.graph[~np.isin(found.graph, unordered(positives))]
    return np.stack([keys >> 31, keys & (2**31 - 1)])


def part_positives(found: Facts, part: SplitPart) -> np.ndarray | None:
    """[2, P] positives of a part of a split: kept apart, or those of label 1 among all."""
    positives = found.pairs(part.positives)
    if positives is not None:
        return positives
    both, labels = found.pairs(part.asked), found.array(part.labels)
    if both is None or labels is None or labels.size != both.shape[1]:
        return None
    return both[:, labels.reshape(-1) > 0]


def num_nodes(found: Facts) -> int:
    """How many nodes the graph has that was trained on."""
    split, run = found.main_split, found.run
    if split is not None and split.num_nodes > 0:
        return split.num_nodes
    used = used_edges(found)
    if found.alignment is not None:
        sides = np.concatenate([found.alignment.users, found.alignment.artists])
        if (sides >= 0).all():
            return int(sides.max()) + 1
    if used.size:
        return int(used.max()) + 1
    return run.model.rows[0] if run is not None and run.model is not None and run.model.rows else -1


def asked(found: Facts, part: str, auc: AucFact) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Message-passing edges, positives and negatives that an AUC of this part is due to be of."""
    split = _split_of(found, auc)[0] or found.main_split
    if split is not None and part in PARTS[: len(split.parts)]:
        own = split.parts[PARTS.index(part)]
        edges, positives = found.pairs(own.edges), part_positives(found, own)
        negatives = found.pairs(own.negatives)
        if negatives is None:
            both, labels = found.pairs(own.asked), found.array(own.labels)
            fits = both is not None and labels is not None and labels.size == both.shape[1]
            negatives = both[:, labels.reshape(-1) == 0] if fits else None  # type: ignore[index,union-attr]
        if edges is not None and positives is not None and negatives is not None:
            return edges.astype(np.int64), positives.astype(np.int64), negatives.astype(np.int64)
    used = np.concatenate(auc.messages, axis=1) if auc.messages else NONE
    if auc.pairs is None:
        return used, NONE, NONE
    edge = is_positive(found, auc)
    positives, negatives = auc.pairs[:, edge], auc.pairs[:, ~edge]
    return used[:, ~np.isin(unordered(used), unordered(positives))], positives, negatives


def _say_what_is_not_judged(found: Facts) -> None:
    trace = found.trace
    followed = [r for r in found.runs if any(e.pairs.size for e in r.epochs)]
    if trace.backwards and not followed:
        found.not_judged["train"] = (
            f"{trace.backwards:,} calls of `backward()` on scores that could not be followed"
        )
    left = left_scores(found) if not found.aucs and trace.backwards else []
    if left:
        seen = sum(s.pairs.shape[1] for s in left)
        found.not_judged["auc"] = (
            f"{seen:,} pairs were scored at the end, and no known function measured an AUC"
        )
