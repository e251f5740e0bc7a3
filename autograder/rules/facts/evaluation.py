"""What each AUC was of: the pairs, their labels, the messages and the part of the split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.contract import PARTS
from autograder.evidence.trace import Left, Loaded, Measured, Score, SplitMade, Trace
from autograder.rules.facts.alignment import unordered
from autograder.rules.facts.data import (
    NONE,
    AucFact,
    Facts,
    Scored,
    messages_along,
    pairs_of,
    part_positives,
)
from autograder.rules.facts.training import is_bare
from autograder.rules.graphs import area


def auc_of(facts: Facts, event: Measured, scores: dict[int, Score]) -> AucFact:
    """What an AUC was of: the scores before it that are what was handed over, by value."""
    labels, handed = facts.array(event.labels), facts.array(event.handed)
    before = [scores[o] for o in event.scores if o in scores]
    chosen = _measured_scores(facts, before, handed)
    pairs = [pairs_of(facts, s) for s in chosen]
    values = [facts.array(s.values) for s in chosen]
    whole = bool(chosen) and all(
        p is not None and v is not None for p, v in zip(pairs, values, strict=True)
    )
    used = chosen or before[-1:]
    model = used[-1].model if used else -1
    grads = [s.grad for s in used if s.grad is not None]
    modes = [s.training for s in used if s.training is not None]
    rows = facts.trace.columns.steps.numpy() if facts.trace.columns else np.zeros((0, 2))
    after = int((rows[:, 0] > event.order).sum())
    loads = [e for e in facts.trace.events if isinstance(e, Loaded) and e.order < event.order]
    last_step = int(rows[rows[:, 0] < event.order, 0].max(initial=-1))
    return AucFact(
        value=event.value,
        kind=event.kind,
        labels=labels,
        handed=handed,
        pairs=np.concatenate([p for p in pairs if p is not None], axis=1) if whole else None,
        scores=np.concatenate([v.reshape(-1) for v in values if v is not None]) if whole else None,
        messages=messages_along(facts, dict.fromkeys(r for s in used for r in s.edges if r >= 0)),
        model=model,
        grad=any(grads) if grads else None,
        training=any(modes) if modes else None,
        trained=_is_trained(facts.trace, model, loads),
        steps_before=event.steps,
        steps_after=after,
        loaded=any(e.order > last_step for e in loads),
        order=event.order,
        cell=event.cell,
        line=event.line,
        encoded=max((s.encoded for s in used), default=-1),
        live=any(s.live for s in used),
    )


def is_bare_auc(facts: Facts, auc: AucFact) -> bool:
    """Whether the scores are of the embedding table of a model whose layers were trained, or are
    as bare as those of its training."""
    if auc.pairs is None or auc.messages or not 0 <= auc.model < len(facts.trace.models):
        return False
    epochs = [epoch for run in facts.runs if run.number == auc.model for epoch in run.epochs]
    if epochs:
        return any(e.messages or is_bare(facts, e) for e in epochs)
    model = facts.trace.models[auc.model]  # `test` was called by itself
    return bool(model.embeddings) and len(model.parameters) > len(model.embeddings)


def _measured_scores(facts: Facts, scores: list[Score], handed: np.ndarray | None) -> list[Score]:
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
        values = [facts.array(s.values) for s in chosen]
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


def part_of(facts: Facts, auc: AucFact) -> str:
    """Which part of a split an AUC is over: train, val, test; empty where it is of none."""
    return _split_of(facts, auc)[1]


def _split_of(facts: Facts, auc: AucFact) -> tuple[SplitMade | None, str]:
    """The split whose part an AUC is over, all of it or some, and which part."""
    if auc.order not in facts.parts_of:
        facts.parts_of[auc.order] = _nearest_part(facts, auc)
    return facts.parts_of[auc.order]


def _nearest_part(facts: Facts, auc: AucFact) -> tuple[SplitMade | None, str]:
    """That which most of its edges are in: of the split that was trained on, if they are."""
    if auc.pairs is None:
        return None, ""
    edges = np.unique(unordered(auc.pairs[:, is_positive(facts, auc)]))
    main = [facts.main_split] if facts.main_split is not None else []
    for least, splits in ((0.9, [*main, *facts.splits[::-1]]), (0.5, main)):
        for split in splits:
            for name, part in zip(PARTS, split.parts, strict=False):
                positives = part_positives(facts, part)
                if positives is None or not positives.size or not len(edges):
                    continue
                if np.isin(edges, unordered(positives)).mean() > least:
                    return split, name
    return None, ""


def is_positive(facts: Facts, auc: AucFact) -> np.ndarray:
    """[S] which pairs of an AUC are edges of the file.

    A sampler of negatives may draw an edge the other way round: so classes are compared, where
    the labels tell them apart.
    """
    pairs = auc.pairs if auc.pairs is not None else NONE
    edge = facts.is_edge(pairs)
    if auc.labels is None or len(auc.labels) != len(edge):
        return edge
    first = auc.labels > 0.5
    if first.all() or not first.any():
        return edge
    share = float(edge[first].mean()) - float(edge[~first].mean())
    return edge if abs(share) < 0.7 else (first if share > 0 else ~first)


def true_auc(facts: Facts, auc: AucFact) -> float | None:
    """The AUC of the scores that were computed, edges of the file being the positives."""
    if auc.pairs is None or auc.scores is None or not np.isfinite(auc.scores).all():
        return None
    labels = is_positive(facts, auc)
    if labels.all() or not labels.any():
        return None
    return area(labels, auc.scores)


def left_scores(facts: Facts) -> list[Scored]:
    """Scores that left torch after the last backward and were measured by no known function."""
    scores = {e.order: e for e in facts.trace.events if isinstance(e, Score)}
    made = []
    for event in facts.trace.events:
        if isinstance(event, Left):
            for score in (scores[o] for o in event.scores if o in scores):
                pairs, values = pairs_of(facts, score), facts.array(score.values)
                if pairs is not None and values is not None:
                    made.append(Scored(pairs, None, values.reshape(-1), (score,)))
    return made


def unmeasured(facts: Facts, left: list[Scored] | None = None) -> AucFact | None:
    """What was scored last and measured by no known function, as if it had been measured.

    `left`: some of these scores; all, by default.
    """
    left = left_scores(facts) if left is None else left
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
        messages=messages_along(facts, dict.fromkeys(r for e in events for r in e.edges if r >= 0)),
        model=events[-1].model,
        grad=any(grads) if grads else None,
        training=any(modes) if modes else None,
        trained=_is_trained(facts.trace, events[-1].model, []),
        steps_before=0,
        steps_after=0,
        loaded=False,
        order=events[-1].order,
        cell=events[-1].cell,
        line=events[-1].line,
    )


def last_aucs(facts: Facts) -> dict[str, AucFact]:
    """By part of the split, test first, the last AUC over it.

    One over other pairs that comes after it, when the training is over too, is a second question.
    Where no split of PyG's says which is which, the last AUC is the test's, and the last one before
    it over other pairs the validation's.
    """
    calls = [a for a in facts.aucs if a.kind == "roc_auc_score"] or list(facts.aucs)
    by_part: dict[str, AucFact] = {}
    for auc in calls:
        part = part_of(facts, auc)
        last = by_part.get(part)
        second = last is not None and auc.steps_before <= last.steps_before
        if second and _is_of_all(facts, last, part) and not _is_of_all(facts, auc, part):
            continue
        by_part[part] = auc
    wanted: tuple[str, ...] = ("test", "val")
    chosen = {part: by_part[part] for part in wanted if part in by_part}
    if "test" not in chosen and calls:
        rest = [a for a in calls if part_of(facts, a) != "val"]
        if not rest:
            return chosen  # only the validation pairs were measured
        last = rest[-1]
        chosen = {"test": last} | {k: a for k, a in chosen.items() if a is not last}
        others = [a for a in rest[:-1] if _others(a, last)]
        if "val" not in chosen and others:
            chosen["val"] = others[-1]
    return chosen


def _is_of_all(facts: Facts, auc: AucFact | None, part: str) -> bool:
    """Whether an AUC is of the positives and negatives of a part of the split, and no others."""
    split = _split_of(facts, auc)[0] if auc is not None else None
    if split is None or auc is None or auc.pairs is None or part not in PARTS[: len(split.parts)]:
        return False
    _, positives, negatives = asked(facts, part, auc)
    due = np.unique(unordered(np.concatenate([positives, negatives], axis=1)))
    return bool(np.array_equal(due, np.unique(unordered(auc.pairs))))


def _others(one: AucFact, other: AucFact) -> bool:
    """Whether two AUCs are over other pairs."""
    if one.pairs is None or other.pairs is None:
        return False
    return bool(np.isin(unordered(one.pairs), unordered(other.pairs)).mean() < 0.5)


def history(facts: Facts, auc: AucFact | None) -> list[tuple[int, float]]:
    """AUCs of the same pairs as this one since the training began: steps before it, and value."""
    columns, run = facts.trace.columns, facts.run
    if columns is None or auc is None or run is None:
        return []
    rows, marks = columns.measured.numpy(), columns.marks.numpy()
    at = np.flatnonzero(rows[:, 0] == auc.order)
    if not len(at):
        return []
    same = (marks[: len(rows)] == marks[at[0]]) & (rows[:, 0] > run.first)
    kept = rows[same & np.isfinite(rows[:, 1])][-5000:]
    return [(int(steps), float(value)) for steps, value in zip(kept[:, 2], kept[:, 1], strict=True)]


def pieces(facts: Facts, auc: AucFact) -> int:
    """How many AUCs were computed in a row, each of other pairs, where this is one of them.

    0 where it is of all pairs of a part of the split, or where there is none of PyG's.
    """
    columns, (split, name) = facts.trace.columns, _split_of(facts, auc)
    if columns is None or split is None or auc.pairs is None:
        return 0
    positives = part_positives(facts, split.parts[PARTS.index(name)])
    if positives is None or np.isin(unordered(positives), unordered(auc.pairs)).mean() > 0.9:
        return 0
    rows, marks = columns.measured.numpy(), columns.marks.numpy()
    same = (rows[:, 2] == auc.steps_before) & (rows[:, 4] == (-1 if auc.cell is None else auc.cell))
    same &= rows[:, 5] == (-1 if auc.line is None else auc.line)
    different = len(np.unique(marks[: len(rows)][same]))
    return different if different > 2 else 0


def asked(facts: Facts, part: str, auc: AucFact) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Message-passing edges, positives and negatives that an AUC of this part is due to be of."""
    split = _split_of(facts, auc)[0] or facts.main_split
    if split is not None and part in PARTS[: len(split.parts)]:
        own = split.parts[PARTS.index(part)]
        edges, positives = facts.pairs(own.edges), part_positives(facts, own)
        negatives = facts.pairs(own.negatives)
        if negatives is None:
            both, labels = facts.pairs(own.asked), facts.array(own.labels)
            fits = both is not None and labels is not None and labels.size == both.shape[1]
            negatives = both[:, labels.reshape(-1) == 0] if fits else None  # type: ignore[index,union-attr]
        if edges is not None and positives is not None and negatives is not None:
            negatives = _fair_negatives(facts, auc, positives, negatives)
            return edges.astype(np.int64), positives.astype(np.int64), negatives.astype(np.int64)
    used = np.concatenate(auc.messages, axis=1) if auc.messages else NONE
    if auc.pairs is None:
        return used, NONE, NONE
    edge = is_positive(facts, auc)
    positives, negatives = auc.pairs[:, edge], auc.pairs[:, ~edge]
    return used[:, ~np.isin(unordered(used), unordered(positives))], positives, negatives


def _fair_negatives(
    facts: Facts, auc: AucFact, positives: np.ndarray, negatives: np.ndarray
) -> np.ndarray:
    """[2, N] negatives that an AUC is due to be of: its own, where they are as good a question.

    Beside all the positives, as many user-artist pairs without an edge as the split has negatives.
    """
    if auc.pairs is None or facts.alignment is None or len(facts.alignment.users) == 0:
        return negatives
    keyed = unordered(auc.pairs)
    edge = np.isin(keyed, unordered(positives))
    own = auc.pairs[:, ~edge]
    users = np.isin(own, facts.alignment.users)
    whole = len(np.unique(keyed[edge])) == len(np.unique(unordered(positives)))
    fair = whole and own.shape == negatives.shape and not facts.is_edge(own).any()
    return own if fair and (users[0] != users[1]).all() else negatives
