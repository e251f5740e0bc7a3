"""One training step computed once more: are the gradients those of the weights, pairs and labels?

For the model of the course: one embedding, two SAGEConv that take the mean, a ReLU, a dot product,
binary cross-entropy. It is NumPy: the grader would wait seconds for torch to be imported.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from autograder.evidence.trace import Model, Weighed
from autograder.rules.alignment import unordered
from autograder.rules.facts import Bundle, Facts

NEAR = 2e-3  # of the gradient's length that may be left unexplained: it is of single precision
LOGITS = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
MOST_WEIGHTS = 2_000_000  # numbers of a model that the recorder keeps
CALLS = 64  # of backward before one step
PAIRS = 2_000_000  # scored pairs of one step that are computed with at most


def gradients_differ(found: Facts) -> bool | None:
    """Whether the gradients before the first step are others; None where there is no telling."""
    run = found.run
    if run is None or run.model is None:
        return None
    weighed = [w for w in found.trace.weighed if w.model == run.number]
    return _differs(found, run.model, weighed[0]) if weighed else None


def is_unweighed(found: Facts) -> bool:
    """Whether the trained model has taken steps, and its weights before them are not there."""
    run = found.run
    if run is None or run.model is None or not found.trace.steps:
        return False
    parts = run.model.parameters
    if sum(math.prod(p.shape) for p in parts) > MOST_WEIGHTS:
        return False
    return not any(
        w.model == run.number and len(w.weights) == len(parts) and max(w.weights, default=-1) >= 0
        for w in found.trace.weighed
    )


def _differs(found: Facts, model: Model, weighed: Weighed) -> bool | None:
    own = [b for b in found.bundles if b.event.model == weighed.model]
    before = [b for b in own if b.event.order <= weighed.order]
    since = [b for b in before if b.event.steps == before[-1].event.steps]
    layouts = _layouts(found, model, weighed)
    if not layouts or not since or any(b.event.stale for b in since[:1]):
        return None
    groups = [since[-1:], since] if len(since) > 1 else [since]
    steps = [step for group in groups if (step := _step(found, group)) is not None]
    if not steps:
        return None
    for step, layout, relu, last in itertools.product(steps, layouts, (True, False), (False, True)):
        with np.errstate(all="ignore"):
            if _explained(layout.explains(step, relu, last), layout.gradient):
                return False
    return True


@dataclass(frozen=True)
class _Step:
    """What a step was made of."""

    edges: np.ndarray  # [2, E]
    pairs: np.ndarray  # [2, P]
    labels: np.ndarray  # [P]
    call: np.ndarray  # [P] the call of backward, from 0


def _step(found: Facts, bundles: list[Bundle]) -> _Step | None:
    """The step of these calls of backward, where all of them passed messages along one graph."""
    losses = [loss for b in bundles for loss in b.losses]
    if len(bundles) > CALLS:
        return None
    if any(loss.kind not in LOGITS or loss.squashed for loss in losses):
        return None
    if any((loss.low, loss.high) == (0.0, 1.0) for loss in losses):
        return None  # the labels were taken for scores
    refs = dict.fromkeys(ref for b in bundles for ref in b.edges)
    edges = [e for ref in refs if (e := found.pairs(ref)) is not None]
    if not edges or len(edges) != len(refs) or any(not _same(edges[0], e) for e in edges[1:]):
        return None
    pairs = np.concatenate([b.pairs for b in bundles], axis=1)
    pulls = np.concatenate([b.pull for b in bundles])
    if not pairs.size or pairs.shape[1] > PAIRS:
        return None
    targets = [b.targets for b in bundles]
    labels = (pulls < 0).astype(np.float32)
    if all(
        t is not None and len(t) == b.pairs.shape[1] for t, b in zip(targets, bundles, strict=True)
    ):
        said = np.concatenate([t for t in targets if t is not None])
        labels = np.where(np.isnan(said), labels, said)
    call = np.repeat(np.arange(len(bundles)), [b.pairs.shape[1] for b in bundles])
    return _Step(edges[0].astype(np.int64), pairs, labels, call)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(np.sort(unordered(one)), np.sort(unordered(other)))


@dataclass(frozen=True)
class _Layout:
    """Which weight is which, and the gradient of all of them in one row."""

    table: np.ndarray  # [N, D]
    layers: tuple[dict[str, np.ndarray], ...]  # `lin_l.weight`, ... of the first and the second
    order: tuple[tuple[int, str], ...]  # of the parameters: layer (-1: the table) and name
    gradient: np.ndarray

    def explains(self, step: _Step, relu: bool, last: bool) -> np.ndarray:
        """[3, all] what the gradient may be made of: of positives, of negatives, of the weights.

        Of several calls of backward each has positives and negatives of its own.
        """
        n = len(self.table)
        if max(step.edges.max(initial=0), step.pairs.max()) >= n:
            return np.zeros((1, len(self.gradient)))
        first, second = self.layers
        mean = _Mean(step.edges, n)
        near = mean.of(self.table)
        h = _linear(first, near, self.table)
        active = h > 0 if relu else np.ones_like(h, dtype=bool)
        h = np.where(active, h, 0)
        around = mean.of(h)
        z = _linear(second, around, h)
        shown = z > 0 if last else np.ones_like(z, dtype=bool)
        z = np.where(shown, z, 0)
        a, b = step.pairs
        scores = np.einsum("pd,pd->p", z[a], z[b])
        pull = 1 / (1 + np.exp(-np.clip(scores, -60, 60))) - step.labels
        rows, at_a, at_b = [], _Sums(a, n), _Sums(b, n)
        kinds = 2 * step.call + (step.labels <= 0.5)
        for chosen in (kinds == kind for kind in range(2 * int(step.call[-1]) + 2)):
            some = (pull * chosen)[:, None]
            back = (at_a.of(some * z[b]) + at_b.of(some * z[a])) * shown
            outer, to_h, to_around = _back(second, around, h, back)
            to_h = (to_h + mean.back(to_around)) * active
            inner, to_table, to_near = _back(first, near, self.table, to_h)
            parts = {-1: {"": to_table + mean.back(to_near)}, 0: inner, 1: outer}
            rows.append(np.concatenate([parts[k][name].ravel() for k, name in self.order]))
        held = {-1: {"": self.table}, 0: first, 1: second}
        rows.append(np.concatenate([held[k][name].ravel() for k, name in self.order]))
        return np.stack(rows)


def _layouts(found: Facts, model: Model, weighed: Weighed) -> list[_Layout]:
    """How the weights can be put together, either layer first; empty where they are others."""
    if model.dropout or not len(model.parameters) == len(weighed.weights) == len(weighed.gradients):
        return []
    given = zip(model.parameters, weighed.weights, weighed.gradients, strict=True)
    used = [(p.name, weight, slope) for p, weight, slope in given if slope >= 0]
    names = [name for name, _, _ in used]
    values = [v for _, ref, _ in used if (v := found.array(ref)) is not None]
    slopes = [v for _, _, ref in used if (v := found.array(ref)) is not None]
    if [v.shape for v in values] != [v.shape for v in slopes] or len(values) != len(names):
        return []
    known = dict(zip(names, values, strict=True))
    if len(known) != len(names) or len(model.embeddings) != 1 or model.embeddings[0] not in known:
        return []
    table = known[model.embeddings[0]]
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name, value in known.items():
        prefix, _, rest = name.rpartition(".lin_")
        if name != model.embeddings[0]:
            layers.setdefault(prefix, {})[f"lin_{rest}"] = value
    if len(layers) != 2 or not all(_is_layer(layer) for layer in layers.values()):
        return []
    gradient = np.concatenate([s.ravel() for s in slopes]).astype(float)
    made = []
    for one, other in (tuple(layers), tuple(layers)[::-1]):
        first, second = layers[one], layers[other]
        width, between = table.shape[1] if table.ndim == 2 else 0, first["lin_l.weight"].shape[0]
        if first["lin_l.weight"].shape[1] != width or second["lin_l.weight"].shape[1] != between:
            continue
        place = {one: 0, other: 1}
        order = [
            (-1, "")
            if name == model.embeddings[0]
            else (place[name.rpartition(".lin_")[0]], f"lin_{name.rpartition('.lin_')[2]}")
            for name in names
        ]
        made.append(_Layout(table, (first, second), tuple(order), gradient))
    return made


def _is_layer(layer: dict[str, np.ndarray]) -> bool:
    """Whether these are the weights of a SAGEConv."""
    shapes = {name: value.shape for name, value in layer.items()}
    own = shapes.get("lin_l.weight", ())
    due = {"lin_l.weight": own, "lin_r.weight": own, "lin_l.bias": own[:1]}
    return len(own) == 2 and "lin_l.weight" in shapes and shapes.items() <= due.items()


def _linear(layer: dict[str, np.ndarray], near: np.ndarray, own: np.ndarray) -> np.ndarray:
    out = near @ layer["lin_l.weight"].T + layer.get("lin_l.bias", 0)
    return out + own @ layer["lin_r.weight"].T if "lin_r.weight" in layer else out


def _back(
    layer: dict[str, np.ndarray], near: np.ndarray, own: np.ndarray, slope: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Gradients of a layer's weights, of its rows and of their means, from that of its output."""
    weights = {
        "lin_l.weight": slope.T @ near,
        "lin_l.bias": slope.sum(axis=0),
        "lin_r.weight": slope.T @ own,
    }
    none = np.zeros_like(own)
    to_own = slope @ layer["lin_r.weight"] if "lin_r.weight" in layer else none
    return weights, to_own, slope @ layer["lin_l.weight"]


class _Sums:
    """Adds up rows by a place that each belongs to."""

    def __init__(self, at: np.ndarray, n: int) -> None:
        self._n, self._order = n, np.argsort(at, kind="stable")
        self._places, self._starts = np.unique(at[self._order], return_index=True)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """[E, D] to [n, D]."""
        out = np.zeros((self._n, rows.shape[1]), dtype=rows.dtype)
        if len(rows):
            out[self._places] = np.add.reduceat(rows[self._order], self._starts, axis=0)
        return out


class _Mean:
    """The mean of what the neighbours hold, and its way back."""

    def __init__(self, edges: np.ndarray, n: int) -> None:
        self._source, self._target = edges
        self._at_target, self._at_source = _Sums(self._target, n), _Sums(self._source, n)
        degree = np.maximum(np.bincount(self._target, minlength=n), 1)
        self._share = (1 / degree[:, None]).astype(np.float32)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """[N, D] to [N, D]."""
        return self._at_target.of(rows[self._source]) * self._share

    def back(self, slope: np.ndarray) -> np.ndarray:
        """The gradient of `of` in its rows."""
        return self._at_source.of((slope * self._share)[self._target])


def _explained(parts: np.ndarray, gradient: np.ndarray) -> bool:
    """Whether the gradient is these parts, each some number of times: scaled, clipped, decayed.

    Positives and negatives have the same sign, which is another one where the loss is turned round.
    """
    size = np.linalg.norm(gradient)
    if not np.isfinite(size) or not size or not np.isfinite(parts).all():
        return False
    times = np.linalg.lstsq(parts.T, gradient, rcond=None)[0]
    left = np.linalg.norm(gradient - times @ parts)
    signs = np.sign(times[:-1][np.abs(parts[:-1]).any(axis=1)])
    return bool(left <= NEAR * size and len(signs) > 1 and abs(signs.sum()) == len(signs))
