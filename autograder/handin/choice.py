"""Which notebooks of a hand-in count: of two for one step the fuller one, and what is left out.

`autograder.handin.submission` asks once for each student; a blank copy beside finished work must
never decide his marks.
"""

from __future__ import annotations

import re

from autograder.contract import EXERCISES, NOTEBOOKS
from autograder.handin.reading import Notebook, looks_like_work

_OPEN = re.compile(r"^[ \t]*raise NotImplementedError\b", re.M)
# no space after the indentation: or a line of spaces would be tried from each of them
_BINDS = re.compile(r"^[ \t]*(?! )(?:def |class |[\w., \[\]'\"]+=[^=])", re.M)


def choose(books: list[Notebook]) -> tuple[tuple[Notebook, ...], tuple[str, ...]]:
    """The notebooks that count, and a note on each one that does not."""
    notes = [f"{b.path.name}: gives no points, and is not run" for b in books if b.is_ungraded]
    books = [book for book in books if not book.is_ungraded]
    kept: list[Notebook] = []
    for step in sorted({book.step for book in books if book.step}):
        first, *others = sorted((b for b in books if b.step == step), key=_rank)
        kept.append(first)
        notes += [_note(other, first, f"{step} is taken from") for other in others]
    free = sorted((book for book in books if not book.step), key=_rank)
    if not free:
        return tuple(kept), tuple(notes)
    project, *others = free
    notes += [_note(other, project, "the project is taken from") for other in others]
    if not kept or _steps(project) > sum(_filled(book) > 0 for book in kept):
        return (project,), (*notes, *(_note(b, project, "blank beside") for b in kept))
    notes.append(f"{project.path.name}: left out: the notebooks of the single steps hold more")
    return tuple(kept), tuple(notes)


def _note(book: Notebook, better: Notebook, why: str) -> str:
    if why == "blank beside" and _filled(book):
        why = "more steps are in"
    return f"{book.path.name}: left out: {why} {better.path.name}"


def _rank(book: Notebook) -> tuple[int, int, bool, str]:
    """The fuller notebook first; of equals the one with the assignment's own name."""
    done = _filled(book) if book.step else _steps(book)
    return -done, -_lines(book), book.path.stem not in NOTEBOOKS.values(), book.path.name


def _steps(book: Notebook) -> int:
    """How many steps of a free-form notebook hold work."""
    return len({c.step for c in book.cells if c.kind == "code" and looks_like_work(c)})


def _filled(book: Notebook) -> int:
    """How many exercises of a step's notebook are filled in, as far as can be told unrun."""
    code = [c.source for c in book.cells if c.kind == "code" and not c.key]
    exercises = sum(e.step == book.step and not e.by_hand for e in EXERCISES.values())
    still_open = sum(len(_OPEN.findall(source)) for source in code)
    done = sum(not _OPEN.search(source) and bool(_BINDS.search(source)) for source in code)
    return max(0, min(exercises - still_open, done))


def _lines(book: Notebook) -> int:
    """Lines of code, without comments and without what marks an exercise as open."""
    lines = [
        line.strip()
        for c in book.cells
        if c.kind == "code" and not c.key
        for line in c.source.splitlines()
    ]
    return sum(bool(li) and li[0] != "#" and not _OPEN.match(li) for li in lines)
