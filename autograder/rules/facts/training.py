"""Backward by backward: what was trained on, in which epochs, and with which labels."""

from __future__ import annotations

import math

import numpy as np

from autograder.evidence.trace import Backward, Loss, Measured, Sampled, Score
from autograder.rules.facts.alignment import Alignment, align, unordered
from autograder.rules.facts.data import (
    NONE,
    Bundle,
    Epoch,
    Facts,
    Run,
    directed,
    messages_along,
    pairs_of,
    used_edges,
)

CROSS_ENTROPY = "binary_cross_entropy_with_logits"
EPOCHS = 3  # that are worked out in full
MOST_PAIRS = 10_000_000  # of all calls of backward, that are worked out


def bundles_of(facts: Facts, scores: dict[int, Score]) -> list[Bundle]:
    bundles = []
    losses: list[Loss] = []
    sampled: list[Sampled] = []
    made: list[Score] = []
    pairs = 0
    for event in facts.trace.events:
        if isinstance(event, Loss) and event.live:
            losses.append(event)
        elif isinstance(event, Sampled):
            sampled.append(event)
        elif isinstance(event, Score) and event.live:
            made.append(event)
        elif isinstance(event, Backward):
            bundles.append(_bundle(facts, event, scores, losses, sampled, made))
            losses, sampled, made = [], [], []
            if (pairs := pairs + bundles[-1].pairs.shape[1]) > MOST_PAIRS:
                break  # the recorder keeps far fewer
        elif isinstance(event, Measured):
            sampled = []  # those were for an evaluation
    return bundles


def _bundle(
    facts: Facts,
    event: Backward,
    scores: dict[int, Score],
    losses: list[Loss],
    sampled: list[Sampled],
    made: list[Score],
) -> Bundle:
    by_score: dict[int, tuple[Score, np.ndarray]] = {}
    for order, ref in event.gradients:
        score, pull = scores.get(order), facts.array(ref)
        if score is None or pull is None:
            continue
        if order in by_score and len(by_score[order][1]) == len(pull):
            pull = np.sign(by_score[order][1] + pull)
        by_score[order] = score, pull
    kept = _without_summands([s for s, _ in by_score.values()])
    parts = [(s, p) for _, (s, p) in sorted(by_score.items()) if s.order in kept]
    joined = [(pair, pull) for s, pull in parts if (pair := pairs_of(facts, s)) is not None]
    joined = [(a, b) for a, b in joined if a.shape[1] == len(b)]
    pairs = np.concatenate([p for p, _ in joined], axis=1) if joined else NONE
    pull = np.concatenate([p for _, p in joined]) if joined else np.zeros(0, dtype=np.int8)
    reached = set(by_score)
    lost = [s for s in made if s.order not in reached]
    merged = {o for s in made for o in s.merged}
    lost = [s for s in lost if s.order not in merged and s.count > 1]
    unused = [p for s in lost if (p := pairs_of(facts, s)) is not None]
    targets, contradicted = _targets(facts, pairs, losses)
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
        by_hand=not losses and _is_cross_entropy(facts, event.root, parts),
    )


def _is_cross_entropy(
    facts: Facts, root: float | None, parts: list[tuple[Score, np.ndarray]]
) -> bool:
    """Whether a loss is the binary cross-entropy of these scores: their mean, their sum, or the
    mean of the positives beside that of the negatives."""
    known = [(v, pull) for s, pull in parts if (v := facts.array(s.values)) is not None]
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


def _targets(facts: Facts, pairs: np.ndarray, losses: list[Loss]) -> tuple[np.ndarray | None, int]:
    """The label of each pair that a known loss was given, and how many were given both."""
    asked, given = [], []
    for loss in losses:
        a, b, target = (facts.array(ref) for ref in (loss.a, loss.b, loss.target))
        if a is None or b is None or target is None or not a.size == b.size == target.size:
            continue
        asked.append(np.stack([a.reshape(-1), b.reshape(-1)]).astype(np.int64))
        given.append(target.reshape(-1).astype(np.float32))
    if not asked or not pairs.size:
        return None, 0
    keyed, targets = directed(np.concatenate(asked, axis=1)), np.concatenate(given)
    wanted = directed(pairs)
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


def alignment_of(facts: Facts, bundles: list[Bundle]) -> Alignment | None:
    edges = used_edges(facts)
    if edges.size:
        return align(edges, facts.truth)
    pulled = [b.pairs[:, b.pull < 0] for b in bundles if b.pairs.size]
    return align(np.concatenate(pulled, axis=1), facts.truth) if pulled else None


def runs_of(facts: Facts, bundles: list[Bundle]) -> list[Run]:
    by_model: dict[int, list[Bundle]] = {}
    for bundle in bundles:
        by_model.setdefault(bundle.event.model, []).append(bundle)
    columns = facts.trace.columns
    rows = columns.backwards.numpy() if columns is not None else np.zeros((0, 4))
    steps = columns.steps.numpy() if columns is not None else np.zeros((0, 2), dtype=np.int64)
    return sorted(
        (_run(facts, model, own, rows, steps) for model, own in by_model.items()),
        key=lambda run: run.last,
    )


def _run(
    facts: Facts, model: int, bundles: list[Bundle], rows: np.ndarray, steps: np.ndarray
) -> Run:
    passes = _passes(facts, bundles)
    mine = rows[rows[:, 2] == model]
    first, last = (float(mine[i, 0]) for i in (0, -1)) if len(mine) else (0.0, 0.0)
    others = rows[(rows[:, 2] != model) & (rows[:, 0] > last), 0]
    end = float(others.min()) if len(others) else math.inf
    taken = steps[(steps[:, 0] > first) & (steps[:, 0] < end)]
    used = list(dict.fromkeys(taken[:, 1].tolist()))
    optimizers = tuple(facts.trace.optimizers[i] for i in used if i < len(facts.trace.optimizers))
    each = max(1, len(passes[0])) if passes else 1
    roots = mine[:, 1]
    chunks = [roots[i : i + each] for i in range(0, len(roots), each)]
    splits = [s.order for s in facts.splits if not s.handed_out]
    between = [o for o in splits if len(taken) and taken[0, 0] < o < taken[-1, 0]]
    starts = [p[0].event.order for p in passes]
    return Run(
        number=model,
        model=facts.trace.models[model] if 0 <= model < len(facts.trace.models) else None,
        optimizers=optimizers,
        epochs=tuple(
            _epoch(facts, p, steps, starts[i + 1] if i + 1 < len(starts) else None, mine)
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


def _passes(facts: Facts, bundles: list[Bundle]) -> list[list[Bundle]]:
    """Calls of backward as passes over the positives; one begins where they come again."""
    passes: list[list[Bundle]] = []
    seen = np.zeros(0, dtype=np.int64)
    for bundle in bundles:
        keyed = np.unique(unordered(bundle.pairs)) if bundle.pairs.size else seen[:0]
        hits = keyed[np.isin(keyed, facts.graph)]
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
    facts: Facts,
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
        messages=messages_along(facts, dict.fromkeys(r for b in bundles for r in b.edges)),
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


def lost_pairs(facts: Facts, epoch: Epoch, positives: np.ndarray) -> int:
    """How many pairs were scored to be learned from, and never came to the loss in this epoch.

    Training positives; and all others, where the loss has hardly any negatives. A score that is
    only looked at, of pairs that the loss has too or that are held out, is none of them.
    """
    unused = np.unique(unordered(epoch.unused)) if epoch.unused.size else np.zeros(0, dtype=int)
    unused = unused[~np.isin(unused, unordered(epoch.pairs))] if epoch.pairs.size else unused
    edge = np.isin(unused, facts.graph)
    lost = int(np.isin(unused, unordered(positives)).sum()) if positives.size else 0
    negatives = int((~facts.is_edge(epoch.pairs)).sum()) if epoch.pairs.size else 0
    return lost + (int((~edge).sum()) if negatives < 0.1 * epoch.pairs.shape[1] else 0)


def is_bare(facts: Facts, epoch: Epoch) -> bool:
    """Whether only the embedding table was trained, of a model that has layers too."""
    model = facts.trace.models[epoch.model] if 0 <= epoch.model < len(facts.trace.models) else None
    if model is None or not epoch.pairs.size or epoch.messages or not epoch.reached:
        return False
    named = dict(zip(model.numbers, (p.name for p in model.parameters), strict=False))
    tables = {number for number, name in named.items() if name in model.embeddings}
    return set(epoch.reached) <= tables < set(named)
