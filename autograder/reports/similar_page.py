"""Pairs that share code, side by side: for a person who looks and asks. It accuses nobody."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.gradebook.marks import Mark
from autograder.gradebook.similar import K, Pair, W, Work, fingerprints, pairs, same_work, work
from autograder.inside.history import beginning
from autograder.printing import shown
from autograder.reports import pages
from autograder.reports.student_page import read_books

MOST = 100  # pairs on the page


def scaffold(folders: list[Path]) -> set[int]:
    """The fingerprints of the notebooks that students start from, and of what they are shown."""
    found: set[int] = set()
    for folder in folders:
        for path in sorted(folder.glob("*.ipynb")):
            cells = json.loads(path.read_bytes())["cells"]
            sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
            found |= fingerprints(sources).keys()
    return found


def compare(marks: list[Mark], folder: Path, known: set[int]) -> list[Pair]:
    """The pairs of a graded class, from the executed copies."""
    works: list[Work] = []
    for mark in marks:
        books = read_books(folder / "executed" / mark.key)
        cells = [source for book in books.values() for source, _ in book]
        if cells:
            works.append(work(mark.student, cells, known))
    return pairs(works)


def render(found: list[Pair], students: int) -> str:
    """The page."""
    groups, others = same_work(found)
    return pages.render(
        "similar",
        title="Code that two have in common",
        scripted=False,
        groups=groups,
        pairs=[_Side(pair) for pair in others[:MOST]],
        more=max(0, len(others) - MOST),
        students=students,
        k=K + W - 1,
    )


class _Side:
    """A pair as the template shows it: the cells with what is shared, lines marked."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.rows = []
        cells = sorted({(a[0], b[0]) for a, b in pair.places})
        for one, other in cells[:12]:
            here = [(a, b) for a, b in pair.places if (a[0], b[0]) == (one, other)]
            self.rows.append(
                (
                    _cell(pair.one, one, [a for a, _ in here]),
                    _cell(pair.other, other, [b for _, b in here]),
                )
            )


def _cell(
    owner: Work, number: int, places: list[tuple[int, int, int]]
) -> tuple[str, list[tuple[int, str, bool]]]:
    marked = {line for _, first, last in places for line in range(first, last + 1)}
    source = owner.cells[number - 1]
    lines = shown(source, 20_000).splitlines()[:150]
    numbered = [(n, line, n in marked) for n, line in enumerate(lines, start=1)]
    return f"{owner.student}, the cell that begins: {beginning(source)}", numbered
