"""Submissions: whose notebooks they are, and what is known of them before anything is run.

The grader, `autograder check` and the student's own chain begin here.
"""

from __future__ import annotations

import ast
import builtins
import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.contract import ASSIGNMENT, IMPORTS
from autograder.evidence.arrays import printable
from autograder.handin.reading import (
    STEP_OF_NAME,
    Cell,
    Notebook,
    PathError,
    SubmissionError,
    looks_like_work,
    read,
)

__all__ = ["Cell", "Notebook", "PathError", "Submission", "SubmissionError", "load", "load_class"]
__all__ += ["looks_like_work", "read"]


@dataclass(frozen=True)
class Submission:
    """What one student handed in: six notebooks, some of them, or one free-form notebook.

    `problems` says of each file that could not be read why, and what to do.
    """

    student: str
    notebooks: tuple[Notebook, ...]
    problems: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be repaired, file by file."""
        notes = [f"{_name(b.path.name)}: {note}" for b in self.notebooks for note in b.notes]
        lacking = self.lacking_imports().items()
        notes += [f"{step}: taken from an earlier notebook: {said}" for step, said in lacking]
        return tuple(notes)

    @functools.lru_cache(maxsize=4)  # noqa: B019  (a class's records hold their submissions anyway)
    def lacking_imports(self) -> dict[str, str]:
        """For each step the imports that its notebook uses and only an earlier one has."""
        known = dict(IMPORTS)
        found: dict[str, str] = {}
        for book in sorted((b for b in self.notebooks if b.step), key=lambda b: b.step):
            imported, bound, used = names_in([c.source for c in book.cells if c.kind == "code"])
            lacking = [known[name] for name in sorted(used - bound) if name in known]
            if lacking:
                found[book.step] = "; ".join(dict.fromkeys(lacking))
            known |= imported
        return found


def names_in(sources: list[str]) -> tuple[dict[str, str], set[str], set[str]]:
    """What cells import (name -> its statement), which names they bind, and which they use."""
    imported: dict[str, str] = {}
    bound, used = set(dir(builtins)), set[str]()
    for source in sources:
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    name = alias.asname or alias.name.split(".")[0]
                    one = ast.Import([alias])
                    if isinstance(node, ast.ImportFrom):
                        one = ast.ImportFrom(node.module, [alias], node.level)  # type: ignore[assignment]
                    imported[name] = ast.unparse(one)
            elif isinstance(node, ast.Name):
                (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                bound.add(node.name)
            elif isinstance(node, ast.arg):
                bound.add(node.arg)
    return imported, bound | set(imported), used


def load(path: Path) -> Submission:
    """One notebook file, or a folder with one student's notebooks, as a submission.

    Raises:
        PathError: there is no notebook at `path`.
        SubmissionError: it is a single file that cannot be read.
    """
    if path.is_file():
        return Submission(_name(path.stem), (read(path),))
    if not path.is_dir():
        raise PathError(f"{path}: no such file or folder: check the path")
    folder = path / ASSIGNMENT if (path / ASSIGNMENT).is_dir() else path
    files = [f for f in folder.iterdir() if f.suffix.lower() == ".ipynb"]
    files = sorted(f for f in files if f.is_file() or f.is_symlink())
    if not files:
        raise PathError(f"{folder}: holds no .ipynb file: name a notebook or its folder")
    found, problems = [], []
    for file in files:
        try:
            found.append(read(file))
        except SubmissionError as error:
            problems.append(_one_line(error))
    return Submission(_name(path.resolve().name), tuple(found), tuple(problems))


def _one_line(error: SubmissionError) -> str:
    return " ".join(printable(str(error)).split())


def _name(found: str) -> str:
    """A student's name as a file is called: no bytes that are no text, no control characters."""
    text = printable(found.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    return " ".join(text.split()) or "?"


def load_class(folder: Path) -> list[Submission]:
    """All submissions under a folder: nbgrader's `submitted/STUDENT/gnn_recommender/*.ipynb`, a
    folder of students' folders, or loose notebooks, one a student.

    Raises:
        PathError: there is no such folder, or not one notebook in it.
    """
    if not folder.is_dir():
        raise PathError(f"{folder}: no such folder: name the one that holds the submissions")
    root = folder / "submitted" if (folder / "submitted").is_dir() else folder
    if len([name for name in STEP_OF_NAME if (root / f"{name}.ipynb").is_file()]) > 1:
        return [load(root)]  # one student's own folder
    found: list[Submission] = []
    for path in sorted(root.iterdir(), key=lambda found: os.fsencode(found.name)):
        if re.match(r"\.[^.]", path.name) or not (path.is_dir() or path.suffix.lower() == ".ipynb"):
            continue
        try:
            if path.is_symlink():
                raise SubmissionError(f"{path}: a link, not a folder: ask for the notebooks")
            found.append(load(path))
        except SubmissionError as error:
            name = _name(path.stem if path.is_file() else path.name)
            found.append(Submission(name, (), (_one_line(error),)))
    if not any(s.notebooks or s.problems for s in found):
        raise PathError(f"{folder}: no submission here: expected STUDENT/{ASSIGNMENT}/*.ipynb")
    return found
