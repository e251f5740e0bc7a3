"""What fixtures and checks read out of evidence: usable tensors, calls that came through.

Each function raises what `teaching` holds where there is nothing to read.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import (
    Call,
    Edges,
    ModelClass,
    Pairs,
    Scoring,
)
from autograder.rules.graphs import among, pairs
from autograder.rules.teaching import count, expect, need, output


def usable(edges: Edges | None, name: str) -> np.ndarray:
    """[2, E] int64, where there is such a tensor."""
    right = edges is not None and edges.values is not None and len(edges.shape) == 2
    right = right and edges.shape[0] == 2  # type: ignore[union-attr]
    need(right, f"{name} of shape [2, E]", "step3.data.edge_tensor")
    return edges.values.numpy()  # type: ignore[union-attr]


def encoding(model: ModelClass) -> np.ndarray:
    """What encode gave; raises what keeps it from giving anything."""
    ran = f"`{model.encode_name or 'encode'}(x, edge_index)` on {model.sizes[0]} nodes"
    return output(model.encode, ran, missing="there is no method `encode`")


def decoding(model: ModelClass) -> np.ndarray:
    """What decode gave; raises what keeps it from giving anything."""
    pairs = model.pairs.shape[1] if model.pairs else 0
    ran = f"`{model.decode_name or 'decode'}(z, edge_label_index)` on {pairs} pairs"
    return output(model.decode, ran, missing="there is no method `decode`")


def came_through(call: Call) -> bool:
    """Whether a call gave a tensor; a blank or missing one is for `output` to name."""
    return call.output is not None or call.missing or bool(call.error and call.error.blank)


def of_the_file(known: np.ndarray | None, *edges: Pairs, other: Pairs | None = None) -> None:
    """Edges that the student's process calls true have to be true, and `other` ones not.

    Raises:
        NotPassed: the data object that was handed over has been exchanged.
    """
    if known is None:
        return
    n = 1 + max(int(e.numpy().max(initial=0)) for e in [*edges, *([other] if other else [])])
    n = max(n, int(known.max()) + 1)
    true = pairs(known, n)
    foreign = sum(int((~among(pairs(e.numpy(), n), true)).sum()) for e in edges)
    negatives = pairs(other.numpy(), n) if other else true[:0]
    hits = int(among(negatives, true).sum())  # RandomLinkSplit draws a few reversed ones
    foreign += hits if hits > 0.05 * len(negatives) else 0
    expect(
        not foreign,
        ran="the edges of the data object, beside the rows of the file",
        expected="edges of the file, and negatives that are not",
        got=count(foreign, "pair") + " for which this is not so",
        why="What is measured on other edges says nothing about this file.",
        next="Use the data objects that `checkpoint` hands out as they are.",
    )


def scored_pairs(run: Scoring) -> np.ndarray:
    """[2, S] pairs that `test` decoded."""
    seen = run.pairs is not None and run.pairs.shape[:1] == [2]
    need(seen, "a call of `model.decode` in `test`", "step6.test.returns_auc")
    return run.pairs.numpy()  # type: ignore[union-attr]
