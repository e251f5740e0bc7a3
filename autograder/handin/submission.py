"""Submissions: whose notebooks they are, and what is known of them before anything is run.

The grader, `autograder check` and the student's own chain begin here.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from autograder.contract import ASSIGNMENT, IMPORTS, STEPS
from autograder.evidence.arrays import printable
from autograder.handin.choice import choose
from autograder.handin.reading import (
    STEP_OF_NAME,
    Cell,
    Notebook,
    PathError,
    SubmissionError,
    apart,
    file_name,
    is_shadow,
    looks_like_work,
    read,
)
from autograder.limits import HANDIN, MIB, NOTEBOOKS, PROBLEM, PROBLEMS

__all__ = ["Cell", "Notebook", "PathError", "Submission", "SubmissionError", "load", "load_class"]
__all__ += ["load_all", "looks_like_work", "read", "submission"]


@dataclass(frozen=True)
class Submission:
    """What one student handed in: six notebooks, some of them, or one free-form notebook.

    `problems` says of each file that could not be read why, and what to do; `left_out` which
    notebooks do not count, because others hold more. `source` is the folder or file of a class
    that it was read from.
    """

    student: str
    notebooks: tuple[Notebook, ...]
    problems: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    source: Path | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be repaired, file by file."""
        notes = list(self.left_out)
        notes += [f"{b.path.name}: {note}" for b in self.notebooks for note in b.notes]
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


class NoNotebook(PathError):
    """A folder without a notebook; `what` says what is in it instead."""

    def __init__(self, folder: Path) -> None:
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
        names = [n for n in names if not is_shadow(n) and n[0] != "." and n != "timestamp.txt"]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        self.what = "holds no .ipynb file" + (f", only {names[0]}{more}" if names else "")
        super().__init__(f"{folder}: {self.what}: name a notebook or its folder")


def load(path: Path) -> Submission:
    """One notebook file, or a folder with one student's notebooks, as a submission.

    Links that lead out of the folder are not followed: what lies there is not the student's.

    Raises:
        PathError: there is no notebook at `path`.
        SubmissionError: it is a single file that cannot be read, or a link.
    """
    if path.is_file():
        return submission(file_name(path.with_suffix("")), [read(path)])
    if not path.is_dir():
        raise PathError(f"{path}: no such file or folder: check the path")
    if path.is_symlink():
        raise SubmissionError(f"{path}: a link, not a folder: ask for the notebooks")
    folder = path / ASSIGNMENT if (path / ASSIGNMENT).is_dir() else path
    if not _lies_in(folder, path):
        raise SubmissionError(f"{folder}: a link to another folder: ask for the notebooks")
    files = [f for f in folder.iterdir() if f.suffix.lower() == ".ipynb" and not is_shadow(f.name)]
    files = [f for f in files if f.is_file() or f.is_symlink()]
    if not files:
        raise NoNotebook(folder)
    found, problems = _read_all(sorted(files, key=_in_turn), path)
    return submission(file_name(path.resolve()), found, problems)


def submission(student: str, books: list[Notebook], problems: Sequence[str] = ()) -> Submission:
    """The submission that these notebooks make: of two for one step the fuller one."""
    counted, left_out = choose([part for book in books for part in apart(book)])
    return Submission(student, counted, tuple(_bounded(problems)), tuple(_bounded(left_out)))


def _in_turn(file: Path) -> tuple[bool, bytes]:
    """The assignment's own names first, for not all of thousands of files are read."""
    return file.stem not in STEP_OF_NAME, os.fsencode(file.name)


def _read_all(files: list[Path], owner: Path) -> tuple[list[Notebook], list[str]]:
    """What can be read of the files below a student's own folder, and why the rest cannot."""
    found: list[Notebook] = []
    problems, size = [], 0
    for number, file in enumerate(files):
        with contextlib.suppress(OSError):
            size += file.lstat().st_size
        if number >= NOTEBOOKS or size > HANDIN:
            most = f"{NOTEBOOKS} notebooks and {HANDIN // MIB} MB"
            problems.append(
                f"{owner}: {len(files) - number:,} of {len(files):,} notebooks were not read: a "
                f"hand-in may have {most}: ask for the six, or the one, that count"
            )
            break
        try:
            inside = file.is_symlink() and _lies_in(file, owner)
            book = read(file.resolve() if inside else file)
            found.append(replace(book, path=file.with_name(file_name(file))) if inside else book)
        except (SubmissionError, OSError) as error:
            problems.append(_why(file, error))
    return found, problems


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path, all links followed, is inside of a folder."""
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve(strict=True))
    except (OSError, RuntimeError):  # links in a circle
        return False


def _bounded(lines: Sequence[str]) -> list[str]:
    """Lines that are few, short, and can be shown."""
    shown = [_one_line(line) for line in lines[:PROBLEMS]]
    more = len(lines) - len(shown)
    return [*shown, f"and {more:,} more like these"] if more else shown


def _one_line(text: object) -> str:
    line = " ".join(printable(str(text)[: 4 * PROBLEM]).split())
    return line if len(line) <= PROBLEM else line[: PROBLEM - 4] + " ..."


def load_all(path: Path) -> list[Submission]:
    """One student's file or folder as it is; every student's, where a folder holds several.

    Raises:
        PathError: there is no notebook at `path`.
        SubmissionError: it is a single file that cannot be read, or a link.
    """
    if not path.is_dir() or path.is_symlink():
        return [load(path)]
    books = [f for f in path.iterdir() if f.suffix.lower() == ".ipynb" and not is_shadow(f.name)]
    if (path / ASSIGNMENT).exists() or any(file.stem in STEP_OF_NAME for file in books):
        return [load(path)]
    return [load(path)] if len(books) == 1 else load_class(path)


def load_class(folder: Path) -> list[Submission]:
    """All submissions under a folder: nbgrader's `submitted/STUDENT/gnn_recommender/*.ipynb`, a
    folder of students' folders, or loose notebooks, one a student. No two have one name.

    Raises:
        PathError: there is no such folder, or not one notebook in it.
    """
    try:
        os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        there = f"{folder}: no such folder: name the one that holds the submissions"
        raise PathError(there) from None
    except OSError as error:
        reason = f"{folder}: it cannot be looked into ({error.strerror}): check its name and rights"
        raise PathError(reason) from None
    inner = folder / "submitted"
    root = inner if inner.is_dir() and not _is_one_students(inner) else folder
    if _is_one_students(root):
        return [replace(load(root), source=_place(root))]
    found: list[Submission] = []
    for path in sorted(root.iterdir(), key=lambda path: os.fsencode(path.name)):
        if re.match(r"\.[^.]", path.name) or is_shadow(path.name):
            continue
        if not (path.is_dir() or path.suffix.lower() == ".ipynb"):
            continue
        try:
            if path.is_symlink():
                raise SubmissionError(f"{path}: a link, not a folder: ask for the notebooks")
            student = load(path)
        except Exception as error:  # whatever was handed in is one record, and no end
            name = file_name(path.with_suffix("") if path.is_file() else path)
            student = Submission(name, (), tuple(_bounded([_why(path, error)])))
        student = replace(student, source=_place(path))
        found.append(_with_own_name(student, {s.student for s in found}))
    names = [s.student for s in found]
    if len(names) > 1 and all(_is_a_step(name) for name in names):
        raise PathError(
            f"{folder}: {', '.join(names[:3])} are steps, not students: put one student's "
            "notebooks into one folder, and name the folder above it"
        )
    if not any(s.notebooks or s.problems for s in found):
        raise PathError(f"{folder}: no submission here: expected STUDENT/{ASSIGNMENT}/*.ipynb")
    return found


def _place(path: Path) -> Path:
    """Where a student's work lies; its last name as text that can be written."""
    there = path.resolve()
    return there.with_name(file_name(there)) if there.name else there


def _is_a_step(name: str) -> bool:
    """Whether a folder or file is named after a step, and not after a student."""
    return re.match(rf"(?:{'|'.join(STEPS)})(?!\d)", name.lower()) is not None


def outside(output: Path, folder: Path) -> None:
    """Make sure that what is written does not lie among the submissions.

    Raises:
        PathError: it does: the next grading would take it for a student.
    """
    inner = folder / "submitted"
    root = (inner if inner.is_dir() else folder).resolve()
    if root == output.resolve() or root in output.resolve().parents:
        raise PathError(f"{output}: it lies inside the class: give another folder by --output")


def _why(path: Path, error: Exception) -> str:
    """What kept a hand-in from being read, and what to do."""
    if isinstance(error, NoNotebook):
        return f"{error.what}: ask for the notebooks"
    if isinstance(error, SubmissionError):
        return str(error)
    reason = error.strerror if isinstance(error, OSError) else ""
    return f"{path}: {reason or type(error).__name__}: it cannot be read: ask for it again"


def _is_one_students(root: Path) -> bool:
    """Whether a folder is one student's own, not a class's: no folder in it holds notebooks."""
    if any(_holds_notebooks(path) for path in root.iterdir() if path.name != ASSIGNMENT):
        return False
    if any((root / f"{name}.ipynb").is_file() for name in STEP_OF_NAME):
        return True
    own = root / ASSIGNMENT
    return own.is_dir() and not own.is_symlink() and any(own.glob("*.ipynb"))


def _holds_notebooks(path: Path) -> bool:
    with contextlib.suppress(OSError):
        if path.name.startswith(".") or is_shadow(path.name) or not path.is_dir():
            return False
        return any(path.glob("*.ipynb")) or any((path / ASSIGNMENT).glob("*.ipynb"))
    return True  # it cannot be looked into


def _with_own_name(student: Submission, taken: set[str]) -> Submission:
    """The submission under a name that nobody else has: `ada`, `ada (2)`."""
    names = itertools.chain([student.student], (f"{student.student} ({n})" for n in count(2)))
    name = next(name for name in names if name not in taken)
    if name == student.student:
        return student
    note = f"handed in twice: this is what came as the second {student.student}"
    return replace(student, student=name, left_out=(note, *student.left_out))
