"""From notes to evidence: rounds over the positives, and what was scored and labelled in each.

The probe of step 5 uses it for a called `train` as for the notebook's own loop, that of step 6 for
the edges that were encoded.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.evidence.arrays import Floats, Pairs, floats
from autograder.evidence.arrays import pairs as pair_array
from autograder.evidence.schema import Edges, Epoch
from autograder.inside.notes import Bundle, Decode, Loss, Notes
from autograder.inside.session import describe, number
from autograder.inside.step3 import edges

Round = list[Bundle]


def rounds(notes: Notes, positives: Tensor, most: int | None = None) -> list[Round]:
    """Bundles grouped into passes over the positives; the first passes that are complete.

    A pass begins where a positive comes for the second time. With `most`, it is not looked further
    than for that many.
    """
    wanted = _keys(positives)
    found: list[tuple[Round, Tensor]] = []
    for bundle in notes.all():
        pairs = _pairs(bundle.trained()[1])
        hits = _keys(pairs) if pairs is not None else wanted[:0]
        hits = hits[torch.isin(hits, wanted)]
        again = float(torch.isin(hits, found[-1][1]).float().mean()) if found and len(hits) else 0.0
        empty = bool(found) and scored(found[-1][0]) is None  # an exercise with one weight
        if not found or again >= 0.5 or empty or not (len(hits) or len(found[-1][1])):
            found.append(([bundle], hits))
        else:
            found[-1] = ([*found[-1][0], bundle], torch.cat([found[-1][1], hits]))
        if most is not None and sum(1 for _, hits in found if len(hits)) > most:
            break
    if len(found) > 1 and len(found[-1][1]) < 0.9 * len(found[0][1]):
        found.pop()  # cut short by the limit of the notes
    if any(len(hits) for _, hits in found):
        found = [(bundles, hits) for bundles, hits in found if len(hits)]
    return [bundles for bundles, _ in found][:most]


def _keys(pairs: Tensor) -> Tensor:
    """Distinct unordered pairs of [2, P] as numbers."""
    one, other = pairs
    return (torch.minimum(one, other) * 2**31 + torch.maximum(one, other)).unique()


def scored(bundles: Round) -> Tensor | None:
    """[2, P] pairs that were scored in a round."""
    return _pairs([d for b in bundles for d in b.trained()[1]])


def _pairs(decodes: list[Decode]) -> Tensor | None:
    pairs = [d.pairs for d in decodes if _is_pairs(d.pairs)]
    return torch.cat(pairs, dim=1) if pairs else None


def _is_pairs(pairs: Tensor) -> bool:
    return pairs.ndim == 2 and pairs.size(0) == 2 and not pairs.is_floating_point()


def epoch(bundles: Round, positives: Tensor, value: object = None, called: bool = True) -> Epoch:
    """Evidence of one round. `value` is what `train` returned, where it was `called` for this."""
    parts = [b.trained() for b in bundles]
    decodes = [d for p in parts for d in p[1]]
    losses = [one for p in parts for one in p[2]]
    drawn = [n for p in parts for n in p[3]]
    pairs, labels = _labelled(decodes, losses, drawn, positives)
    stale = [b.stale for b in bundles if b.stale is not None]
    given = [one.given for one in losses if one.given.numel()]
    roots = [b.root for b in bundles if b.root is not None]
    reached = [b.reached for b in bundles if b.reached is not None]
    if not called:
        value = sum(roots) / len(roots) if roots else None
    graph = bool(getattr(value, "requires_grad", False))
    return Epoch(
        returned=None if graph else number(value),
        returned_text=describe(value) + (" that still holds its graph" if graph else ""),
        pairs=pairs,
        labels=labels,
        encoded=distinct([e.edges for p in parts for e in p[0]]),
        loss_kind=losses[0].name if losses else "",
        stale_gradients=any(stale) if stale else None,
        splits=sum(b.splits for b in bundles),
        drawn=sum(n.size(-1) for n in drawn) if drawn else None,
        given_low=min(float(g.min()) for g in given) if given else None,
        given_high=max(float(g.max()) for g in given) if given else None,
        backwards=sum(b.backwards for b in bundles),
        steps=sum(b.steps for b in bundles),
        reached=max(reached) if reached else None,
        descended=min(roots) if roots else None,
        holds_graph=graph,
    )


def distinct(tensors: list[Tensor]) -> list[Edges]:
    """Tensors as evidence, each different one once, three at most."""
    kept: list[Tensor] = []
    for tensor in tensors:
        if len(kept) < 3 and not any(tensor is t or torch.equal(tensor, t) for t in kept):
            kept.append(tensor)
    return [found for t in kept if (found := edges(t))]


def _labelled(
    decodes: list[Decode], losses: list[Loss], drawn: list[Tensor], positives: Tensor
) -> tuple[Pairs | None, Floats | None]:
    """The scored pairs and, where the loss saw these scores in this order, their labels."""
    joined = _pairs(decodes)
    if joined is None:  # scored without `decode`: the sampled negatives are all there is to see
        sampled = [n for n in drawn if _is_pairs(n)]
        return (pair_array(torch.cat([positives, *sampled], 1)) if sampled else None), None
    scores = torch.cat([d.scores for d in decodes if _is_pairs(d.pairs)])
    found = _labels(scores, losses) if len(scores) == joined.size(1) else None
    return pair_array(joined), None if found is None else floats(found)


def _labels(scores: Tensor, losses: list[Loss]) -> Tensor | None:
    """The label of each score, matched by order or by value; None where the loss saw others."""
    if not losses:
        return None
    given = torch.cat([one.given for one in losses]).float()
    labels = torch.cat([one.target for one in losses]).float()
    if given.shape != scores.shape or labels.shape != scores.shape:
        return None
    for seen in (scores.float(), scores.float().sigmoid()):
        if torch.allclose(given, seen):
            return labels
        order, other = seen.argsort(stable=True), given.argsort(stable=True)
        if torch.allclose(seen[order], given[other]):  # in another order: match by value
            return torch.empty_like(labels).scatter(0, order, labels[other])
    return None


def overlap(found: list[Round], data: Any) -> float:
    """Which share of a data object's positives was scored in the first round."""
    positives = getattr(data, "pos_edge_label_index", None)
    pairs = scored(found[0]) if found else None
    if pairs is None or not isinstance(positives, Tensor) or not positives.numel():
        return 0.0
    return float(torch.isin(_keys(positives), _keys(pairs)).float().mean())
