"""Rules that read shapes: which two sizes do not fit, and what each of them is.

`autograder.explain` tries them together with the rules on numbers.
"""

from __future__ import annotations

import re

from autograder.explain.numbers import LASTFM, meanings, sample
from autograder.explain.paste import Paste
from autograder.explain.rules import Cause, Reading, Rule

WIDTH = Cause("model.in-channels", "write down input and output width of each layer, in order")
LOOKUP = Cause("run.no-lookup", "is `x` looked up in the embedding before the first layer?")
EMBEDDED = Cause("model.embedding-size", "is the embedding as wide as `embedding_dim` says?")
ROWS = Cause("decode.index-rows", "pick pairs by row of `edge_label_index`: what does [0] give?")
SUM = Cause("decode.sum-dim", "print the shape of the products, and of their sum")
PAIRS = Cause("decode.all-pairs", "print the shape of what `decode` returns for 5 pairs")
COUNT = Cause("train.negative-count", "print the number of positives and of negatives")
LENGTHS = Cause("run.lengths", "print the shapes of positives, negatives, scores and labels")
JOINED = Cause(
    "run.lengths",
    "did `cat` join positives and negatives side by side (dim=1), or below each other? Or are only "
    "the positives scored?",
)


def _matrices(found: re.Match[str], paste: Paste) -> Reading:
    """[a, b] times [c, d] where b is not c."""
    a, b, c, d = (int(size) for size in found.groups())
    says = (
        f"a table of width {b:,} meets weights for width {c:,} ([{a:,}, {b:,}] x [{c:,}, {d:,}])."
    )
    nodes = {LASTFM.nodes, sample().nodes, LASTFM.distinct, sample().distinct}
    layer = paste.near("conv", "conv1", "conv2", "SAGEConv", "lin_l", "linear", "Linear")
    if (a, b) == (c, d) and a not in nodes and not layer:
        return Reading(says, (PAIRS, WIDTH), ("both tables are alike: sources times targets",))
    if b == 1:
        return Reading(says, (LOOKUP, WIDTH, Cause("data.x", "print `x.shape`")))
    if c in nodes or c == a:
        proof = f"the layer expects width {c:,}, which is the number of nodes, not of channels"
        return Reading(says, (WIDTH,), (*meanings(c), proof))
    return Reading(
        says, (WIDTH, EMBEDDED), (f"the layer expects {c:,} and gets {b:,} numbers a node",)
    )


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text))


def _target(found: re.Match[str], paste: Paste) -> Reading:
    labels, scores = _sizes(found.group(1)), _sizes(found.group(2))
    says = f"labels have the shape {list(labels)}, scores {list(scores)}; they must be alike."
    return _compared(says, labels[0] if labels else 1, scores)


def _compared(says: str, labels: int, scores: tuple[int, ...]) -> Reading:
    """Whose mistake it is that the scores are not as many as the labels."""
    if not scores:
        return Reading(says, (SUM,), ("one single score: all pairs were summed into one",))
    if len(scores) > 1:
        square = scores[0] == scores[1] and scores[0] != labels
        proof = "a score for every node with every node" if square else "more than one for a pair"
        return Reading(says, (PAIRS,) if square else (SUM,), (proof,))
    got = scores[0]
    if got == 2 and labels > 2:
        return Reading(says, (ROWS,), ("two scores, whatever is asked: a row has two",))
    if labels == 2 * got:
        return Reading(says, (JOINED, ROWS), ("twice as many labels as scores",))
    if labels == 4 < got or (labels - 2) * 2 == got:
        look = "`len` of a tensor [2, P] is 2: the pairs are its columns, `size(1)`"
        proof = f"{labels:,} labels for {got:,} scores: 2 in the place of the number of pairs"
        return Reading(says, (Cause("run.lengths", look),), (proof,))
    if 2 * labels == got:
        proof = "twice as many scores as labels: labels for the positives only?"
        return Reading(
            says, (Cause("run.lengths", "are there labels for the negatives?"),), (proof,)
        )
    half, odd = divmod(labels, 2)
    extra = got - half
    if not odd and extra > 0 and (extra % half == 0 or extra <= 2):
        proof = f"{half:,} positives and {extra:,} negatives were scored"
        return Reading(says, (COUNT, LENGTHS), (proof,))
    if got <= 512 and labels >= 2 * got:
        proof = f"{got:,} scores: as many as channels? Then the pairs were summed, not the channels"
        return Reading(says, (SUM, ROWS, LENGTHS), (proof,))
    return Reading(says, (COUNT, LENGTHS))


def _samples(found: re.Match[str], paste: Paste) -> Reading:
    labels, scores = (int(g) for g in found.groups())
    says = f"{labels:,} labels and {scores:,} scores; there must be as many."
    if labels == 2:
        look = "are positives and negatives two things in a tuple, or joined into one?"
        return Reading(says, (Cause("run.lengths", look),))
    reading = _compared(says, labels, (scores,))
    return Reading(says, (LENGTHS, SUM)) if reading.causes[0] == COUNT else reading


def _memory(found: re.Match[str], paste: Paste) -> Reading:
    """More was asked for than there is: is it a table of all pairs of nodes?"""
    says = "something larger than the memory was to be made."
    own = Cause("run.memory", "work out the size of what the line makes")
    kept = Cause("train.returns-tensor", "does the memory grow from epoch to epoch?")
    amount, unit = found.groups()
    asked = float(amount) * {"MiB": 2**20, "GiB": 2**30}.get(unit, 1) if amount else 0.0
    for counts in (LASTFM, sample()):
        for nodes in (counts.nodes, counts.distinct):
            table = 4 * nodes**2
            if asked and abs(asked / table - 1) < (1e-9 if unit == "bytes" else 0.005):
                size = f"{nodes:,} x {nodes:,} numbers of 4 bytes"
                proof = f"{amount} {unit} = {size}: all pairs of nodes"
                return Reading(says, (PAIRS, own), (proof,))
    if paste.near("decode", "matmul", "mm", "bmm", "T", "t") or not paste.frames:
        return Reading(says, (PAIRS, own, kept))
    return Reading(says, (own, kept) if not paste.near("append") else (kept, own))


RULES = (
    Rule(
        r"(?:out of memory|allocate memory|enough memory|Unable to allocate|MemoryError|"
        r"Invalid buffer size)(?:.*?allocate (\d+(?:\.\d+)?) (bytes|MiB|GiB))?",
        _memory,
    ),
    Rule(r"shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", _matrices),
    Rule(r"m1: \[(\d+) x (\d+)\], m2: \[(\d+) x (\d+)\]", _matrices),
    Rule(
        r"Target size \(torch.Size\((.*?)\)\) must be the same as input .*?Size\((.*?)\)\)", _target
    ),
    Rule(r"target size \(torch.Size\((.*?)\)\) that is different .*?Size\((.*?)\)\)", _target),
    Rule(r"inconsistent numbers of samples: \[(\d+), (\d+)\]", _samples),
)
