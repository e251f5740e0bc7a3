"""What was trained on: negatives, their labels and sides, the edges that were encoded.

The checks of step 5 and the diagnosis compute with it; it looks at evidence only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.evidence.schema import Edges, Epoch, Training
from autograder.rules.graphs import among, distinct, keys, pairs, two_sides


def size_of(training: Training, *arrays: np.ndarray) -> int:
    """A number that is larger than every node index."""
    return max(training.num_nodes, *(int(a.max(initial=0)) + 1 for a in arrays))


def scored(epoch: Epoch) -> np.ndarray:
    """[2, P] pairs that were scored."""
    return epoch.pairs.numpy() if epoch.pairs else np.zeros((2, 0), dtype=np.int64)


def labels_of(epoch: Epoch) -> np.ndarray | None:
    """[P] labels of the scored pairs, where they are known."""
    if epoch.labels is None or epoch.pairs is None:
        return None
    return epoch.labels.numpy() if epoch.labels.shape == epoch.pairs.shape[1:] else None


def is_positive(epoch: Epoch, training: Training) -> np.ndarray:
    """[P] whether a scored pair is a positive, in whichever direction."""
    asked, positives = scored(epoch), training.positives.numpy()
    n = size_of(training, asked, positives)
    return among(keys(np.sort(asked, axis=0), n), pairs(positives, n))


def negatives(epoch: Epoch, training: Training) -> np.ndarray:
    """[2, Q] pairs that were meant as negatives: all but the positives.

    A positive that comes again is one too, unless its label is 1.
    """
    asked, positive, labels = scored(epoch), is_positive(epoch, training), labels_of(epoch)
    keyed = keys(np.sort(asked, axis=0), size_of(training, asked))
    first = np.zeros(len(keyed), dtype=bool)
    first[np.unique(keyed, return_index=True)[1]] = True
    again = positive & ~first
    if labels is None:
        return asked[:, ~positive | again]
    again &= labels < 0.5
    others = ~positive
    if training.held_out is not None:  # a held-out edge with label 1 is another mistake
        held = training.held_out.numpy()
        n = size_of(training, asked, held)
        wrong = among(keys(np.sort(asked, axis=0), n), pairs(held, n)) & (labels > 0.5)
        others &= ~wrong
    return asked[:, others | again]


def always_the_same(training: Training) -> int | None:
    """How many positives are scored, where they are the same few in each of several epochs."""
    n = size_of(training, *(scored(e) for e in training.epochs))
    found = [
        distinct(keys(np.sort(scored(e), axis=0), n)[is_positive(e, training)])
        for e in training.epochs
    ]
    few = len(found) > 1 and 0 < len(found[0]) < 0.5 * training.positives.shape[1]
    return len(found[0]) if few and all(np.array_equal(found[0], f) for f in found) else None


def label_means(epoch: Epoch, training: Training) -> tuple[float, float] | None:
    """The mean label of the positives and of all others; NaN where there are none."""
    labels = labels_of(epoch)
    if labels is None:
        return None
    positive = is_positive(epoch, training)
    known = np.isfinite(labels)  # of a pair that the loss is content with nothing is known
    means = [
        float(labels[m & known].mean()) if (m & known).any() else float("nan")
        for m in (positive, ~positive)
    ]
    return means[0], means[1]


def held_out_as_positives(epoch: Epoch, training: Training) -> int:
    """How many scored pairs with label 1 are held-out edges; 0 where they are a few by chance."""
    labels = labels_of(epoch)
    if labels is None or training.held_out is None:
        return 0
    asked, held = scored(epoch)[:, labels > 0.5], training.held_out.numpy()
    n = size_of(training, asked, held)
    hits = int(among(keys(np.sort(asked, axis=0), n), pairs(held, n)).sum())
    return hits if hits > 0.05 * asked.shape[1] else 0


@dataclass(frozen=True)
class Reach:
    """Nodes of one side that the negatives never touch, though a uniform draw must have."""

    name: str  # users or artists
    nodes: int
    missed: int
    low: int
    high: int


def never_drawn(drawn: np.ndarray, training: Training, blocks: int = 50) -> list[Reach]:
    """For each side the blocks of neighbouring nodes that no negative touches.

    A block is so large that a uniform draw over all nodes would touch it 20 times.
    """
    n, edges = training.num_nodes, training.message_edges.numpy()
    if not edges.size or not 0 <= edges.min() <= edges.max() < n:
        return []
    side = two_sides(edges, n)
    if side is None:
        return []
    touched = np.bincount(drawn[(drawn >= 0) & (drawn < n)], minlength=n) > 0
    found = []
    users = _users(side, training)
    for name, members in (("users", users), ("artists", ~users)):
        nodes = np.flatnonzero(members & _connected(training))
        count = min(blocks, len(nodes), int(2 * drawn.shape[1] / n * len(nodes) / 20))
        if count < 1:
            continue
        empty = [b for b in np.array_split(nodes, count) if not touched[b].any()]
        if empty:
            missed = np.concatenate(empty)
            low, high = int(missed.min()), int(missed.max())
            found.append(Reach(name, len(nodes), len(missed), low, high))
    return found


def _connected(training: Training) -> np.ndarray:
    """[N] nodes that have an edge: the others may be left out of a draw."""
    ends = training.message_edges.numpy().ravel()
    return np.bincount(ends, minlength=training.num_nodes)[: training.num_nodes] > 0


def _users(side: np.ndarray, training: Training) -> np.ndarray:
    """[N] which side are the users: there are fewer of them, and they have more edges each."""
    connected = _connected(training)
    return side if (side & connected).sum() <= (~side & connected).sum() else ~side


def handed_over(encoded: list[Edges]) -> list[np.ndarray]:
    """Each [2, E] that was handed to `encode`; what was no such tensor is [2, 0]."""
    tensors = [e.values.numpy() if e.values else np.zeros((0,)) for e in encoded]
    return [t if t.ndim == 2 and len(t) == 2 else np.zeros((2, 0), dtype=int) for t in tensors]


@dataclass(frozen=True)
class Messages:
    """The edges that were encoded beside the message-passing edges of the training data."""

    allowed: int
    extra: int  # other edges
    held_out: int  # of these, validation and test edges
    asked: int  # of these, pairs that were scored in the same round
    share: float  # of the message-passing edges that were used
    supervision: bool  # all that was used are scored pairs

    @property
    def right(self) -> bool:
        """Whether these are the message-passing edges of the training data."""
        return self.extra == 0 and self.share > 0.9


def messages(training: Training, file: np.ndarray | None = None) -> Messages | None:
    """What the encoder was given in training, the worst of it; None where nothing was seen.

    `file` are the file's edges [2, E], for a notebook that does not hold the other parts.
    """
    encoded = handed_over([e for epoch in training.epochs for e in epoch.encoded])
    if not encoded:
        return None
    asked = np.concatenate([scored(e) for e in training.epochs], axis=1)
    held = np.zeros((2, 0), dtype=np.int64) if file is None else file
    held = training.held_out.numpy() if training.held_out else held
    n = size_of(training, asked, held, *encoded)
    allowed = distinct(keys(training.message_edges.numpy(), n))
    found = []
    for edges in encoded:
        used = distinct(keys(edges, n))
        extra = used[~among(used, allowed)]
        ends = np.sort(np.stack(np.divmod(extra, n)), axis=0)
        judged = np.sort(np.stack(np.divmod(used, n)), axis=0)
        found.append(
            Messages(
                allowed=len(allowed),
                extra=len(extra),
                held_out=int(among(keys(ends, n), pairs(held, n)).sum()),
                asked=int(among(keys(ends, n), pairs(asked, n)).sum()),
                share=float(among(allowed, used).mean()) if len(allowed) else 0.0,
                supervision=bool(len(used)) and bool(among(keys(judged, n), pairs(asked, n)).all()),
            )
        )
    return max(found, key=lambda m: (m.extra, 1 - m.share))
