"""Pairs of submissions that share more code than the scaffold gives. A reason to look, no verdict.

Winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003): code becomes tokens with names and numbers
made alike, each run of K tokens a hash, and of each window of W hashes the smallest is kept. What
is in the scaffold, or in the work of many, is taken away first.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

K, W = 18, 12  # a copied run of K + W - 1 tokens is always found: about three lines
MANY, MOST = 0.15, 12  # of the class, and at most so many: what more have is how one does it
TOKENS = 50_000  # of one student that are looked at
LEAST = 12  # fingerprints that two must share
SHARE = 0.35  # of the smaller one's fingerprints
_SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass
class Work:
    """One student's code, cell by cell, and its fingerprints: hash -> cell and lines."""

    student: str
    cells: list[str]
    prints: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True)
class Pair:
    """Two who share code. `places` are cell, first and last line, in the one and in the other."""

    one: Work
    other: Work
    shared: int
    share: float
    same: bool  # byte for byte
    places: tuple[tuple[tuple[int, int, int], tuple[int, int, int]], ...] = ()


def tokens(source: str) -> list[tuple[str, int]]:
    """The tokens of a cell with their lines: names, numbers and strings are made alike."""
    found: list[tuple[str, int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in _SKIPPED:
                continue
            text = token.string
            if token.type == tokenize.NAME and not keyword.iskeyword(text):
                text = "name"
            elif token.type == tokenize.NUMBER:
                text = "0"
            elif token.type not in (tokenize.NAME, tokenize.OP):
                text = "text"
            found.append((text, token.start[0]))
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # what comes before is taken all the same
    return found


def fingerprints(cells: Iterable[str]) -> dict[int, tuple[int, int, int]]:
    """Hash -> the first place that has it: cell and lines, counted from 1."""
    stream: list[tuple[str, int, int]] = []
    for number, source in enumerate(cells, start=1):
        stream += [(text, number, line) for text, line in tokens(source)]
    texts = [text for text, _, _ in stream[:TOKENS]]
    hashes = [_hash(" ".join(texts[i : i + K])) for i in range(len(texts) - K + 1)]
    kept: dict[int, tuple[int, int, int]] = {}
    last = -1
    for start in range(max(0, len(hashes) - W + 1)):
        window = hashes[start : start + W]
        at = start + W - 1 - window[::-1].index(min(window))  # the last of the smallest
        if at == last:
            continue
        last = at
        _, cell, line = stream[at]
        ends = [where for _, number, where in stream[at : at + K] if number == cell]
        kept.setdefault(hashes[at], (cell, line, max(ends)))
    return kept


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def work(student: str, cells: list[str], scaffold: set[int]) -> Work:
    """A student's code with its fingerprints, those of the scaffold left out."""
    prints = {h: at for h, at in fingerprints(cells).items() if h not in scaffold}
    digest = hashlib.sha256("\x00".join(cells).encode("utf-8", "replace")).hexdigest()
    return Work(student, cells, prints, digest)


def pairs(works: list[Work]) -> list[Pair]:
    """Who shares more than chance and the course give, the largest share first."""
    owners: dict[int, list[int]] = defaultdict(list)
    for number, each in enumerate(works):
        for mark in each.prints:
            owners[mark].append(number)
    most = max(2, min(MOST, round(MANY * len(works))))
    shared: Counter[tuple[int, int]] = Counter()
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for mark, who in owners.items():
        if 2 <= len(who) <= most:
            for pair in combinations(who, 2):
                shared[pair] += 1
                together[pair].append(mark)
    rare = [sum(len(owners[mark]) <= most for mark in each.prints) for each in works]
    alike = defaultdict(list)
    for number, each in enumerate(works):
        if each.prints:
            alike[each.digest].append(number)
    same = {pair for who in alike.values() for pair in combinations(who, 2)}
    found = []
    for pair in sorted({*shared, *same}):
        i, j = pair
        share = shared[pair] / max(1, min(rare[i], rare[j]))
        if pair in same or (shared[pair] >= LEAST and share >= SHARE):
            places = sorted((works[i].prints[m], works[j].prints[m]) for m in together[pair])
            share = 1.0 if pair in same else share
            entry = Pair(works[i], works[j], shared[pair], share, pair in same, tuple(places))
            found.append(entry)
    return sorted(found, key=lambda p: (not p.same, -p.share, p.one.student))


def same_work(found: list[Pair]) -> tuple[list[list[str]], list[Pair]]:
    """Students whose code is the same byte for byte, in groups, and the other pairs."""
    groups: list[list[str]] = []
    for pair in found:
        both = [pair.one.student, pair.other.student]
        if pair.same:
            group = next((g for g in groups if set(both) & set(g)), None)
            if group is None:
                groups.append(group := [])
            group += [name for name in both if name not in group]
    return groups, [pair for pair in found if not pair.same]
