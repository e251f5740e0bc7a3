"""What the checks of a folder's notebooks came to last, kept in the platform's cache folder.

`check` notes it, `progress()` and `autograder progress` show it.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path

import msgspec
import platformdirs

from autograder.contract import BY_HAND_POINTS, EXERCISES, TABLE
from autograder.rules.outcome import Outcome

CACHE = "AUTOGRADER_CACHE"  # an environment variable: another folder for what is kept


class Mark(msgspec.Struct, frozen=True):
    """What the checks of one exercise came to, and when (seconds since 1970)."""

    earned: float
    passed: int
    checks: int
    attempted: bool
    when: float


def cache_folder() -> Path:
    """Where the kit keeps what it can make again."""
    chosen = os.environ.get(CACHE)
    return Path(chosen or platformdirs.user_cache_dir("gnn_recommender", appauthor=False))


def note(folder: Path, outcomes: Iterable[Outcome]) -> None:
    """Keep what the checks of whole exercises came to, if there is a place to keep it."""
    marks = read(folder)
    by_exercise: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_exercise.setdefault(outcome.check.cell, []).append(outcome)
    now = datetime.datetime.now().timestamp()
    for key, of_it in by_exercise.items():
        marks[key] = Mark(
            earned=sum(o.points for o in of_it),
            passed=sum(o.status == "passed" for o in of_it),
            checks=len(of_it),
            attempted=any(o.status != "not_attempted" for o in of_it),
            when=now,
        )
    with contextlib.suppress(OSError):
        write_whole(_file(folder), msgspec.json.encode(marks))


def read(folder: Path) -> dict[str, Mark]:
    """The last marks of each exercise that was checked in this folder."""
    try:
        return msgspec.json.decode(_file(folder).read_bytes(), type=dict[str, Mark])
    except (OSError, msgspec.MsgspecError):
        return {}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever reads half of it.

    Raises:
        OSError: there is no room, or no right to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _file(folder: Path) -> Path:
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "replace")).hexdigest()[:24]
    return cache_folder() / "progress" / f"{name}.json"


class Progress:
    """Six steps with their points, and the exercise that comes next: as text and as a table."""

    def __init__(self, marks: dict[str, Mark]) -> None:
        self.marks = marks

    def rows(self) -> list[tuple[str, str, float, float, str]]:
        """For each step its key, notebook, points, possible points, and how far it is."""
        rows = []
        for step in TABLE:
            automatic = [e for e in step.exercises if not e.by_hand]
            earned = sum(self.marks[e.key].earned for e in automatic if e.key in self.marks)
            possible = sum(e.points for e in automatic)
            done = sum(self._is_done(e.key) for e in automatic)
            started = any(self.marks[e.key].attempted for e in automatic if e.key in self.marks)
            state = f"{done} of {len(automatic)} exercises done" if started else "not checked yet"
            if done == len(automatic):
                state = "done"
            rows.append((step.key, step.notebook, earned, possible, state))
        return rows

    def next(self) -> str:
        """The first exercise that is not done; empty when all are."""
        for key, exercise in EXERCISES.items():
            if not exercise.by_hand and not self._is_done(key):
                return key
        return ""

    def _is_done(self, key: str) -> bool:
        mark = self.marks.get(key)
        return mark is not None and mark.passed == mark.checks

    def _total(self) -> str:
        rows = self.rows()
        earned, possible = sum(row[2] for row in rows), sum(row[3] for row in rows)
        by_hand = f"up to {BY_HAND_POINTS:g} for the report, given by hand"
        return f"{earned:g} of {possible:g} points, and {by_hand}."

    def _advice(self) -> str:
        key = self.next()
        if not key:
            return "Every exercise is done. Write the report in step 6, then `autograder join`."
        step = next(step for step in TABLE if step.key == EXERCISES[key].step)
        number = 1 + [e.key for e in step.exercises].index(key)
        return f"Next: {key}, exercise {number} in {step.notebook}.ipynb."

    def __str__(self) -> str:
        lines = [
            f"step {key[-1]}  {earned:4g} of {possible:2g}  {notebook:24} {state}"
            for key, notebook, earned, possible, state in self.rows()
        ]
        return "\n".join([*lines, self._total(), self._advice()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(notebook)}</th>'
            f'<td style="text-align:right">{earned:g} of {possible:g}</td>'
            f'<td style="text-align:left">{escape(state)}</td></tr>'
            for _, notebook, earned, possible, state in self.rows()
        )
        head = "".join(f'<th scope="col">{word}</th>' for word in ("notebook", "points", "state"))
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{escape(self._total())}<br><strong>{escape(self._advice())}</strong></p>"
        )
