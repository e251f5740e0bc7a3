"""The student's model computed once more, with the student's own weights: for checks and diagnosis.

What step 4's checks compare with, and what tells one mistake in `encode` or `decode` from another.
"""

from __future__ import annotations

import numpy as np
import torch
from torch_geometric.nn import SAGEConv

from autograder.evidence.schema import ModelClass


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """The same shape and, but for rounding, the same numbers."""
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-3, atol=1e-4)


def forward(
    model: ModelClass, weight: np.ndarray, layers: list[SAGEConv], relu: bool, last: bool
) -> np.ndarray:
    """[N, D] of both layers, with a ReLU between them and after the last, or without."""
    edge_index = torch.from_numpy(model.edge_index.numpy().copy())  # type: ignore[union-attr]
    with torch.no_grad():
        h = layers[0](torch.from_numpy(weight.copy()), edge_index)
        z = layers[1](h.relu() if relu else h, edge_index)
        return (z.relu() if last else z).numpy()


def products(model: ModelClass) -> np.ndarray:
    """[P, D] products of the embeddings of every pair that decode was asked for."""
    z, (source, target) = model.z.numpy(), model.pairs.numpy()  # type: ignore[union-attr]
    return z[source] * z[target]
