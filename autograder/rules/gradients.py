"""The first gradients, and the scores of an evaluation, computed once more from the weights.

For the model of the course: one embedding, two SAGEConv that take the mean, a ReLU, a dot product,
binary cross-entropy. It is NumPy: the grader would wait seconds for torch to be imported.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autograder.evidence.schema import Weights
from autograder.evidence.trace import Model, Weighed
from autograder.rules.facts.alignment import unordered
from autograder.rules.facts.data import AucFact, Bundle, Facts
from autograder.rules.facts.evaluation import sigmoid
from autograder.truth import Truth

SAME = 0.99999  # the correlation of scores that are the same but for rounding
NEAR = 2e-3  # of the gradient's length that may be left unexplained: it is of single precision
LOGITS = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
MOST_WEIGHTS = 3_000_000  # numbers of a model that the recorder keeps
NO_PULL = 1e-4  # gradients of a sum of losses that are none: no score is pulled any more
MOST_TABLES, MOST_LAYERS, MOST_GRAPHS = 2, 4, 4  # with which scores are computed again
WIDEST, MOST_PARAMETERS = 1024, 40  # of a model that may be too large to be kept
PAIRS = 2_000_000  # scored pairs of one step that are computed with at most


def gradients_differ(found: Facts) -> bool | None:
    """Whether the first call of backward gave other gradients; None where there is no telling.

    Nothing is held against a model that is too large to be kept.
    """
    run = found.run
    if run is None or run.model is None:
        return None
    if may_be_too_large(run.model, found.truth):
        return False
    weighed = [w for w in found.trace.weighed if w.model == run.number]
    return _differs(found, run.model, weighed[0]) if weighed else None


def gradients_alike(found: Facts) -> float | None:
    """Which share of the first gradients is that of some loss of the pairs, whatever dropped out.

    None where there is no telling. Of dropout, noise or another loss a part is left; of gradients
    that were made up there is none.
    """
    run = found.run
    if run is None or run.model is None:
        return None
    weighed = next((w for w in found.trace.weighed if w.model == run.number), None)
    bundles = [b for b in found.bundles if weighed and b.event.order == weighed.order]
    if weighed is None or not bundles or not 0 < bundles[0].pairs.shape[1] <= PAIRS:
        return None
    edges = [e for ref in bundles[0].edges if (e := found.pairs(ref)) is not None and e.size]
    if not edges or may_be_too_large(run.model, found.truth):
        return None
    layouts = _layouts(found, run.model, weighed, True)
    layouts = layouts or _layouts(found, run.model, weighed, True, True)
    if not layouts:
        return 0.0
    step = _Step(edges[0].astype(np.int64), bundles[0].pairs, _labels(bundles[0]))
    with np.errstate(all="ignore"):
        return max(
            _share(layout.explains(step, relu, last)[:2], layout.gradient)
            for layout, relu, last in itertools.product(layouts, (True, False), (False, True))
        )


def _share(parts: np.ndarray, gradient: np.ndarray) -> float:
    """Which share of the gradient's square length these parts give at most."""
    size = float(gradient @ gradient)
    if not np.isfinite(size) or not np.isfinite(parts).all():
        return 0.0
    if not size:
        return float(np.abs(parts).max() < NO_PULL)
    times = np.linalg.lstsq(parts.T, gradient, rcond=None)[0]
    return max(0.0, 1 - float(np.sum((gradient - times @ parts) ** 2)) / size)


def is_unweighed(found: Facts) -> bool:
    """Whether gradients of the trained model were asked for, and its weights are not there."""
    run = found.run
    if run is None or run.model is None or not found.trace.backwards:
        return False
    parts = run.model.parameters
    if may_be_too_large(run.model, found.truth):
        return False
    return not any(
        w.model == run.number and len(w.weights) == len(parts) and max(w.weights, default=-1) >= 0
        for w in found.trace.weighed
    )


def may_be_too_large(model: Model, truth: Truth) -> bool:
    """Whether it can be that its weights are too many to be kept, on this data."""
    shapes = [p.shape for p in model.parameters if p.shape]
    rows = max((s[0] for s in shapes), default=0)
    widths = [size for s in shapes for size in s[1:]]
    likely = len(shapes) <= MOST_PARAMETERS and max(widths, default=0) <= WIDEST
    likely = likely and rows <= max(2 * truth.num_nodes, WIDEST)
    return likely and sum(math.prod(shape) for shape in shapes) > MOST_WEIGHTS


def likeness(found: Facts, auc: AucFact, weights: Weights | None) -> float | None:
    """How near an AUC's scores come to those that its model gives: their correlation, 0 to 1.

    None where there is no telling. A student may scale the dot product, or take a cosine or a
    distance in its place.
    """
    models = found.trace.models
    if auc.pairs is None or auc.scores is None or not 0 < auc.pairs.shape[1] <= PAIRS:
        return None
    if not 0 <= auc.model < len(models) or auc.pairs.min() < 0:
        return 0.0
    model = models[auc.model]
    if weights is None or weights.model != auc.model:
        return None if may_be_too_large(model, found.truth) else 0.0
    best = 0.0
    with np.errstate(all="ignore"):
        for vectors in _vectors(model, weights, auc.messages):
            best = max(best, _scored(vectors, auc.pairs, auc.scores))
            if best >= SAME:
                break
    return best


def _vectors(
    model: Model, weights: Weights, messages: tuple[np.ndarray, ...]
) -> Iterator[list[np.ndarray]]:
    """What `encode` may give with these weights, one a graph that messages were passed along."""
    values = [v.numpy() for v in weights.values]
    names = [p.name for p in model.parameters]
    if [p.shape for p in model.parameters] != [list(v.shape) for v in values]:
        return
    known = dict(zip(names, values, strict=True))
    tables = [v for n in model.embeddings if (v := known.get(n)) is not None and v.ndim == 2]
    layers = [layer for layer in _layers_of(known, model.embeddings).values() if _is_layer(layer)]
    if not messages:
        yield from ([table] for table in tables)
    if any(not e.size or e.min() < 0 for e in messages):
        return
    edges = [e.astype(np.int64) for e in messages[:MOST_GRAPHS]]
    for table, (one, two) in itertools.product(
        tables[:MOST_TABLES], itertools.permutations(layers[:MOST_LAYERS], 2)
    ):
        if _fit(table, one, two) and all(e.max() < len(table) for e in edges):
            several = [list(_encoded(table, one, two, e)) for e in edges]
            yield from map(list, zip(*several, strict=True))


def _encoded(
    table: np.ndarray,
    first: dict[str, np.ndarray],
    second: dict[str, np.ndarray],
    edges: np.ndarray,
) -> Iterator[np.ndarray]:
    """[N, D] with and without a ReLU between the layers, and after the last."""
    mean = _Mean(edges, len(table))
    inner = _linear(first, mean.of(table), table)
    for h in (np.maximum(inner, 0), inner):
        z = _linear(second, mean.of(h), h)
        yield from (z, np.maximum(z, 0))


def _scored(vectors: list[np.ndarray], pairs: np.ndarray, scores: np.ndarray) -> float:
    """How near these vectors come to giving these scores, but for a scale and a constant.

    As a dot product, through a sigmoid or not, as a cosine or as a distance. Of several graphs each
    score has to be the dot product of one.
    """
    if any(pairs.max() >= len(z) for z in vectors) or not np.isfinite(scores).all():
        return 0.0
    given = scores.astype(float)
    if len(vectors) > 1:
        dots = [_products(z, pairs)[0] for z in vectors]
        both = [dots, [sigmoid(d) for d in dots]]
        apart = [np.min([np.abs(given - d) for d in due], axis=0) for due in both]
        near = NEAR * np.linalg.norm(given)
        return float(any(np.linalg.norm(a) <= near for a in apart))
    return max(_correlation(given, due) for due in _products(vectors[0], pairs))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Of which sign it is does not count; two rows that do not vary are alike."""
    a, b = one - one.mean(), other - other.mean()
    sizes = [float(np.linalg.norm(row)) for row in (a, b)]
    flat = [s <= 1e-6 * np.linalg.norm(row) for s, row in zip(sizes, (one, other), strict=True)]
    if any(flat):
        return float(all(flat))
    return min(1.0, abs(float(a @ b)) / (sizes[0] * sizes[1]))


def _products(z: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, ...]:
    """[P] dot products of pairs, also through a sigmoid; cosines, distances and their squares."""
    a, b = z[pairs[0]].astype(float), z[pairs[1]].astype(float)
    dot = np.einsum("pd,pd->p", a, b)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    apart = np.linalg.norm(a - b, axis=1)
    return dot, sigmoid(dot), dot / np.maximum(lengths, 1e-8), apart, apart**2


def _differs(found: Facts, model: Model, weighed: Weighed) -> bool | None:
    here = [b for b in found.bundles if b.event.order == weighed.order]
    layouts = _layouts(found, model, weighed)
    step = _step(found, here[0]) if here else None
    if not layouts or step is None:
        return None
    for layout, relu, last in itertools.product(layouts, (True, False), (False, True)):
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


def _step(found: Facts, bundle: Bundle) -> _Step | None:
    """What this call of backward was of, where messages were passed along one graph."""
    losses = bundle.losses
    if any(loss.kind not in LOGITS or loss.squashed for loss in losses):
        return None
    if any((loss.low, loss.high) == (0.0, 1.0) for loss in losses):
        return None  # the labels were taken for scores
    edges = [e for ref in bundle.edges if (e := found.pairs(ref)) is not None]
    if not edges or len(edges) != len(bundle.edges) or not all(_same(edges[0], e) for e in edges):
        return None
    if not bundle.pairs.size or bundle.pairs.shape[1] > PAIRS:
        return None
    return _Step(edges[0].astype(np.int64), bundle.pairs, _labels(bundle))


def _labels(bundle: Bundle) -> np.ndarray:
    """[P] what the loss was given as labels, else 1 where it pulls the score up."""
    labels = (bundle.pull < 0).astype(np.float32)
    if bundle.targets is not None and len(bundle.targets) == len(labels):
        labels = np.where(np.isnan(bundle.targets), labels, bundle.targets)
    return labels


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
        """[3, all] what the gradient may be made of: of positives, of negatives, of the weights."""
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
        for chosen in (step.labels > 0.5, step.labels <= 0.5):
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


def _layouts(
    found: Facts,
    model: Model,
    weighed: Weighed,
    with_dropout: bool = False,
    frozen: bool = False,
) -> list[_Layout]:
    """How the weights can be put together, either layer first; empty where they are others.

    `frozen`: those without a gradient too.
    """
    if model.dropout and not with_dropout:
        return []
    if not len(model.parameters) == len(weighed.weights) == len(weighed.gradients):
        return []
    given = zip(model.parameters, weighed.weights, weighed.gradients, strict=True)
    used = [(p.name, weight, slope) for p, weight, slope in given if slope >= 0 or frozen]
    values = {n: v for n, ref, _ in used if (v := found.array(ref)) is not None}
    slopes = {n: v for n, _, ref in used if ref >= 0 and (v := found.array(ref)) is not None}
    if any(values[n].shape != v.shape for n, v in slopes.items() if n in values) or not slopes:
        return []
    names, known = [name for name, _, ref in used if ref >= 0], values
    if not set(names) <= slopes.keys() or len(values) != len(used):
        return []
    if len(model.embeddings) != 1 or model.embeddings[0] not in known:
        return []
    table = known[model.embeddings[0]]
    layers = _layers_of(known, model.embeddings)
    if len(layers) != 2 or not all(_is_layer(layer) for layer in layers.values()):
        return []
    gradient = np.concatenate([slopes[name].ravel() for name in names]).astype(float)
    made = []
    for one, other in (tuple(layers), tuple(layers)[::-1]):
        first, second = layers[one], layers[other]
        if not _fit(table, first, second):
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


def _layers_of(
    known: dict[str, np.ndarray], embeddings: list[str]
) -> dict[str, dict[str, np.ndarray]]:
    """The weights of each layer, `lin_l.weight` and so on, by the layer's name."""
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name, value in known.items():
        prefix, _, rest = name.rpartition(".lin_")
        if name not in embeddings:
            layers.setdefault(prefix, {})[f"lin_{rest}"] = value
    return layers


def _fit(table: np.ndarray, first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    """Whether a table's rows can go through both layers."""
    width, between = table.shape[1] if table.ndim == 2 else 0, first["lin_l.weight"].shape[0]
    return bool(
        first["lin_l.weight"].shape[1] == width and second["lin_l.weight"].shape[1] == between
    )


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
    """Whether the gradient is these parts, each some number of times: scaled, or decayed.

    Positives and negatives have the same sign, which is another one where the loss is turned round.
    """
    size = np.linalg.norm(gradient)
    if not np.isfinite(size) or not np.isfinite(parts).all():
        return False
    if not size:
        return bool(np.abs(parts[:-1]).max() < NO_PULL)
    times = np.linalg.lstsq(parts.T, gradient, rcond=None)[0]
    left = np.linalg.norm(gradient - times @ parts)
    much = np.abs(times[:-1]) * np.linalg.norm(parts[:-1], axis=1) > NEAR * size
    signs = np.sign(times[:-1][much])  # of a loss of one class there is one
    return bool(left <= NEAR * size and len(signs) and abs(signs.sum()) == len(signs))
