"""Marks into nbgrader's gradebook by its own API: formgrader, feedback and export work unchanged.

What a person has given there (manual marks, extra credit, comments) is never touched. One writer at
a time; the same marks twice change nothing.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.contract import ASSIGNMENT, NOTEBOOKS
from autograder.gradebook.hand import REPORT
from autograder.gradebook.join import ExportError
from autograder.gradebook.marks import Check, Mark
from autograder.handin.shapes import zoned
from autograder.printing import shown
from autograder.rules.outcome import PENDING

CONFIG, LOCK = "nbgrader_config.py", ".gradebook.lock"
WORDS = {"ran": "We looked at", "expected": "Expected", "got": "Got", "why": "Why", "next": "Next"}
_KEY = re.compile(r"""^[ \t]*check\([ \t]*["'](step[1-6]\.\w+)["']""", re.M)


@dataclass
class Filled:
    """What was put into the gradebook."""

    students: int = 0
    changed: list[str] = field(default_factory=list)  # students whose scores are other than before
    kept: int = 0  # manual marks and extra credit that stay
    trees: Path = Path()


def fill(root: Path, marks: list[Mark], folder: Path) -> Filled:
    """Put the automatic scores of a class into the gradebook of the course at `root`.

    `marks` are as the machine gave them, `folder` holds their executed copies.

    Raises:
        ExportError: there is no such course or assignment, or another one writes.
    """
    from nbgrader.api import Gradebook, MissingEntry

    course = _course(root)
    if course.db_url.startswith("sqlite:///") and not Path(course.db_url[10:]).is_file():
        raise ExportError(_first(root))
    one = Path(course.format_path(course.autograded_directory, "STUDENT", ASSIGNMENT))
    result = Filled(trees=one)
    release = Path(course.format_path(course.release_directory, ".", ASSIGNMENT))
    with _alone(root), _quiet(), Gradebook(course.db_url, course.course_id) as book:
        try:
            cells = _graded_cells(book)
        except MissingEntry:
            raise ExportError(_first(root)) from None
        templates = _templates(release, {name for name, _ in cells.values()})
        for mark in marks:
            book.update_or_create_student(mark.student)
            when = {"timestamp": zoned(mark.handed_in)} if _is_time(mark.handed_in) else {}
            book.update_or_create_submission(ASSIGNMENT, mark.student, **when)
            before = _scores(book, mark)
            for key, place in cells.items():
                result.kept += _put_score(book, mark, key, *place)
            for key, (name, _) in cells.items():
                _put_comment(book, mark, key, name)
            book.db.commit()
            result.students += 1
            if _scores(book, mark) != before:
                result.changed.append(mark.student)
            target = Path(course.format_path(course.autograded_directory, mark.student, ASSIGNMENT))
            _write_tree(target, templates, mark, folder / "executed" / mark.key)
    return result


@dataclass
class GivenThere:
    """What persons gave one student in nbgrader: points by exercise, comments, extra credit."""

    points: dict[str, float] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    extra: float = 0.0


def given(root: Path) -> dict[str, GivenThere]:
    """What persons gave in formgrader, by student; who has nothing from a person is in it too.

    Raises:
        ExportError: there is no such course or assignment.
    """
    from nbgrader.api import Gradebook, MissingEntry

    course = _course(root)
    if course.db_url.startswith("sqlite:///") and not Path(course.db_url[10:]).is_file():
        raise ExportError(_first(root))
    found: dict[str, GivenThere] = {}
    with _quiet(), Gradebook(course.db_url, course.course_id) as book:
        try:
            cells = _graded_cells(book)
        except MissingEntry:
            raise ExportError(_first(root)) from None
        for submission in book.assignment_submissions(ASSIGNMENT):
            student = submission.student.id
            theirs = found.setdefault(student, GivenThere())
            for key, (notebook, cell) in cells.items():
                grade = book.find_grade(cell, notebook, ASSIGNMENT, student)
                if grade.manual_score is not None:
                    theirs.points[key] = grade.manual_score
                theirs.extra += grade.extra_credit or 0.0
                with contextlib.suppress(MissingEntry):
                    solution = key.split(".")[1]
                    comment = book.find_comment(solution, notebook, ASSIGNMENT, student)
                    if comment.manual_comment and comment.manual_comment.strip():
                        theirs.comments[key] = comment.manual_comment.strip()
    return found


def _course(root: Path) -> Any:
    """nbgrader's own idea of the course's folders and its database."""
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config, PyFileConfigLoader

    config = Config()
    if (root / CONFIG).is_file():
        try:
            config = PyFileConfigLoader(CONFIG, path=str(root.resolve())).load_config()
        except Exception as problem:
            raise ExportError(f"{root / CONFIG}: {type(problem).__name__}: {problem}") from None
    config.CourseDirectory.root = str(root.resolve())
    return CourseDirectory(config=config, assignment_id=ASSIGNMENT)


def _first(root: Path) -> str:
    return (
        f"{root}: nbgrader does not know {ASSIGNMENT} yet: "
        f"run nbgrader generate_assignment {ASSIGNMENT} there first"
    )


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep a second writer out."""
    lock = root / LOCK
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        raise ExportError(
            f"{lock}: another command is writing: if there is none, remove it"
        ) from None
    except OSError as error:
        raise ExportError(f"{root}: {error.strerror}") from None
    try:
        os.close(handle)
        yield
    finally:
        lock.unlink(missing_ok=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without SQLAlchemy's warnings about the way in which nbgrader makes a new submission."""
    from sqlalchemy.exc import SAWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


def _graded_cells(book: Any) -> dict[str, tuple[str, str]]:
    """Key of each exercise -> notebook and name of its graded cell, as nbgrader has them."""
    found: dict[str, tuple[str, str]] = {}
    for notebook in book.find_assignment(ASSIGNMENT).notebooks:
        graded = {cell.name for cell in notebook.grade_cells}
        for cell in notebook.source_cells:
            if cell.name not in graded:
                continue
            key = _KEY.search(cell.source or "")
            if key:
                found[key[1]] = notebook.name, cell.name
            elif cell.cell_type == "markdown":
                found[REPORT] = notebook.name, cell.name
    return found


def _put_score(book: Any, mark: Mark, key: str, notebook: str, cell: str) -> bool:
    """Put in the score of one cell; whether a person's mark stands beside it."""
    grade = book.find_grade(cell, notebook, ASSIGNMENT, mark.student)
    checks = [check for check in mark.checks if check.cell == key]
    if not checks:
        return False
    by_hand = grade.manual_score is not None
    if key == REPORT:
        attempted = checks[0].status != "not_attempted"
        score = None if attempted else 0.0
        waits = attempted and not by_hand
    else:
        score = sum(check.points for check in checks)
        pending = any(check.status in PENDING for check in checks)
        again = by_hand and grade.auto_score is not None and grade.auto_score != score
        waits = again or (pending and not by_hand) or (by_hand and grade.needs_manual_grade)
    grade.auto_score, grade.needs_manual_grade = score, waits
    return by_hand or grade.extra_credit is not None


def _put_comment(book: Any, mark: Mark, key: str, notebook: str) -> None:
    """Put what is wrong beside the solution cell; a person's comment stays, and is shown instead.

    nbgrader takes comments for Markdown with HTML in it, and some of this is a student's words.
    """
    from nbgrader.api import MissingEntry

    try:
        comment = book.find_comment(key.split(".")[1], notebook, ASSIGNMENT, mark.student)
    except MissingEntry:
        return
    wrong = [c for c in mark.checks if c.cell == key and c.status != "passed" and not c.by_hand]
    text = "\n\n".join(_said(check) for check in wrong)[:4_000]
    comment.auto_comment = html.escape(text, quote=False) or None


def _said(check: Check) -> str:
    lines = [check.title]
    lines += [
        f"{words}: {shown(check.message[k])}" for k, words in WORDS.items() if check.message.get(k)
    ]
    return "\n".join(lines if check.status != "not_attempted" else lines[:1])


def _scores(book: Any, mark: Mark) -> list[tuple[str, float | None]]:
    submission = book.find_submission(ASSIGNMENT, mark.student)
    return sorted(
        (grade.cell.name, grade.auto_score)
        for notebook in submission.notebooks
        for grade in notebook.grades
    )


def _is_time(when: str) -> bool:
    from dateutil.parser import parse

    try:
        return bool(zoned(when)) and parse(when) is not None
    except (ValueError, OverflowError):
        return False


Cells = list[dict[str, Any]]


def _templates(release: Path, names: set[str]) -> dict[str, Cells]:
    """The cells of the students' notebooks, with nbgrader's metadata."""
    found = {}
    for name in sorted(names):
        path = release / f"{name}.ipynb"
        try:
            found[name] = json.loads(path.read_bytes())["cells"]
        except (OSError, ValueError, LookupError):
            raise ExportError(f"{path}: cannot be read: {_first(release.parent.parent)}") from None
    return found


def _write_tree(target: Path, templates: dict[str, Cells], mark: Mark, executed: Path) -> None:
    """Write the notebooks with their outputs and verdicts where nbgrader looks for them."""
    books = {}
    for path in sorted(executed.glob("*.ipynb")) if executed.is_dir() else ():
        with contextlib.suppress(OSError, ValueError, LookupError):
            books[path.stem] = json.loads(path.read_bytes())["cells"]
    target.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    for name, template in templates.items():
        step = next(step for step, title in NOTEBOOKS.items() if title == name)
        cells = _composed(template, _of_step(books, name, step), mark)
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        text = json.dumps(content, indent=1) + "\n"
        (new / f"{name}.ipynb").write_text(text, encoding="utf-8", errors="replace")
    if target.exists():
        shutil.rmtree(target)
    new.chmod(0o755)
    new.rename(target)


def _of_step(books: dict[str, Cells], name: str, step: str) -> Cells:
    """The student's cells of one step: their notebook of it, or that part of a whole project."""
    if name in books:
        return books[name]
    known = set(NOTEBOOKS.values())
    free = [cell for title, cells in books.items() if title not in known for cell in cells]
    return [c for c in free if c.get("metadata", {}).get("autograder", {}).get("step") == step]


def _composed(template: Cells, own: Cells, mark: Mark) -> Cells:
    """The student's cells with nbgrader's metadata; a graded cell that they lack is put behind."""
    by_id = {cell["id"]: cell for cell in template if "nbgrader" in cell["metadata"]}
    by_key = {key[1]: cell for cell in by_id.values() if (key := _KEY.search(_source(cell)))}
    cells, used = [], set()
    for number, cell in enumerate(own):
        key = _KEY.search(_source(cell)) if cell["cell_type"] == "code" else None
        known = cell.get("metadata", {}).get("autograder", {}).get("id", "")
        match = by_key.get(key[1]) if key else by_id.get(known)
        plain = {k: v for k, v in cell.items() if k != "metadata"} | {"metadata": {}}
        plain["id"] = f"own-{number}"
        if match and match["id"] not in used and match["cell_type"] == cell["cell_type"]:
            used.add(match["id"])
            plain |= {"id": match["id"], "metadata": {"nbgrader": match["metadata"]["nbgrader"]}}
        cells.append(plain)
    for id, cell in by_id.items():
        kind = cell["metadata"]["nbgrader"]
        if id not in used and (kind.get("grade") or kind.get("solution")):
            put = dict(cell)  # a solution cell carries the comments
            if cell["cell_type"] == "code" and not kind.get("grade"):
                put["source"] = "# Your own code for this stands above."
            if cell["cell_type"] == "markdown" and mark.report.strip():
                put["source"] = mark.report
            cells.append(put)
    for cell in cells:
        key = _KEY.search(_source(cell)) if cell["cell_type"] == "code" else None
        if key and "nbgrader" in cell["metadata"]:
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": _verdict(mark, key[1])}
            ]
    return cells


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _verdict(mark: Mark, key: str) -> str:
    checks = [check for check in mark.checks if check.cell == key]
    points = sum(check.points for check in checks)
    lines = [f"{key}: {points:g} of {sum(c.max_points for c in checks):g} points"]
    lines += [f"- {_said(c)}" if c.status != "passed" else f"+ {c.title}" for c in checks]
    return "\n".join(lines)
