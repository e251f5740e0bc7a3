"""The student's model computed once more, with the student's own weights: for checks and diagnosis.

What step 4's checks compare with, and what tells one mistake in `encode` or `decode` from another.
It is NumPy: the grader would wait seconds for torch to be imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.evidence.schema import Convolution, ModelClass

Layer = Callable[[np.ndarray, np.ndarray], np.ndarray]  # features [N, D] and edges [2, E] to [N, D]


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """The same shape and, but for rounding, the same numbers."""
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-3, atol=1e-4)


def forward(
    model: ModelClass, weight: np.ndarray, layers: list[Layer], relu: bool, last: bool
) -> np.ndarray:
    """[N, D] of both layers, with a ReLU between them and after the last, or without.

    Raises:
        ValueError, IndexError: the layers do not fit.
    """
    edge_index = model.edge_index.numpy()  # type: ignore[union-attr]
    h = layers[0](weight, edge_index)
    z = layers[1](np.maximum(h, 0) if relu else h, edge_index)
    return np.maximum(z, 0) if last else z


def products(model: ModelClass) -> np.ndarray:
    """[P, D] products of the embeddings of every pair that decode was asked for."""
    z, (source, target) = model.z.numpy(), model.pairs.numpy()  # type: ignore[union-attr]
    return z[source] * z[target]


def rebuild(facts: Convolution) -> Layer | None:
    """The student's SAGEConv on this side, or None where the facts do not make one."""
    width, out = facts.in_channels, facts.out_channels
    if width is None or out is None:
        return None
    aggregate = facts.options.get("aggr") or "mean"
    if not isinstance(aggregate, str) or aggregate not in AGGREGATE:
        return _rebuild_with_torch(facts)
    shapes: dict[str, tuple[int, ...]] = {"lin_l.weight": (out, width)}
    shapes |= {"lin_l.bias": (out,)} if facts.options.get("bias", True) else {}
    shapes |= {"lin_r.weight": (out, width)} if facts.options.get("root_weight", True) else {}
    if facts.options.get("project"):
        shapes |= {"lin.weight": (width, width), "lin.bias": (width,)}
    weights = {name: array.numpy() for name, array in facts.weights.items()}
    if {name: weight.shape for name, weight in weights.items()} != shapes:
        return None
    return lambda x, edge_index: _sage(
        x, edge_index, aggregate, weights, bool(facts.options.get("normalize"))
    )


def _sage(
    x: np.ndarray,
    edge_index: np.ndarray,
    aggregate: str,
    weights: dict[str, np.ndarray],
    normalize: bool,
) -> np.ndarray:
    """What `SAGEConv` computes: a linear map of what the neighbours say, and one of the own."""
    source, target = edge_index
    sent = x
    if "lin.weight" in weights:
        sent = np.maximum(x @ weights["lin.weight"].T + weights["lin.bias"], 0)
    out = AGGREGATE[aggregate](sent[source], target, len(x)) @ weights["lin_l.weight"].T
    out = out + weights.get("lin_l.bias", 0)
    if "lin_r.weight" in weights:
        out = out + x @ weights["lin_r.weight"].T
    if normalize:
        out = out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    return out


def _sum(messages: np.ndarray, target: np.ndarray, n: int) -> np.ndarray:
    found = np.zeros((n, messages.shape[1]))
    np.add.at(found, target, messages)
    return found


def _mean(messages: np.ndarray, target: np.ndarray, n: int) -> np.ndarray:
    total = _sum(messages, target, n)  # first: it refuses an index that is too large
    return total / np.maximum(np.bincount(target, minlength=n), 1)[:, None]


def _extreme(ufunc: np.ufunc) -> Callable[[np.ndarray, np.ndarray, int], np.ndarray]:
    """The largest or smallest number of the messages; 0 where there are none."""

    def aggregate(messages: np.ndarray, target: np.ndarray, n: int) -> np.ndarray:
        found = np.full((n, messages.shape[1]), -ufunc(-np.inf, np.inf))
        ufunc.at(found, target, messages)
        return np.where(np.isfinite(found), found, 0)

    return aggregate


AGGREGATE: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "mean": _mean,
    "sum": _sum,
    "add": _sum,
    "max": _extreme(np.maximum),
    "min": _extreme(np.minimum),
}


def _rebuild_with_torch(facts: Convolution) -> Layer | None:
    """The same for what is rarely used: several aggregations, a median, an LSTM."""
    import torch
    from torch_geometric.nn import SAGEConv

    known = ("normalize", "root_weight", "project", "bias", "aggr")
    options: dict[str, Any] = {k: v for k, v in facts.options.items() if k in known}
    try:
        layer = SAGEConv(facts.in_channels, facts.out_channels, **options)
        weights = {k: torch.from_numpy(v.numpy().copy()) for k, v in facts.weights.items()}
        lacking, unknown = layer.load_state_dict(weights, strict=False)
    except (RuntimeError, ValueError, TypeError):
        return None
    if unknown or set(lacking) & {name for name, _ in layer.named_parameters()}:
        return None

    def compute(x: np.ndarray, edge_index: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            try:
                given = torch.from_numpy(x.astype(np.float32)), torch.from_numpy(edge_index.copy())
                return layer.eval()(*given).numpy()
            except RuntimeError as error:
                raise ValueError(str(error)) from None

    return compute
