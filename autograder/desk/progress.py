"""What the checks of a folder's notebooks came to last, kept in the platform's cache folder.

A check that finds nothing of an exercise in its kernel, as in the notebook of another step, takes
no points away: what an earlier check found stays.

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
    """What the checks of one exercise came to, and when (seconds since 1970).

    `not_there` says when a later check found nothing of it in its kernel; 0 where none did.
    """

    earned: float
    passed: int
    checks: int
    attempted: bool
    when: float
    not_there: float = 0.0


class Kept(msgspec.Struct, frozen=True):
    """The marks of a folder, under the folder's path."""

    folder: str
    marks: dict[str, Mark]


def cache_folder() -> Path:
    """Where the kit keeps what it can make again."""
    chosen = os.environ.get(CACHE)
    return Path(chosen or platformdirs.user_cache_dir("gnn_recommender", appauthor=False))


def note(folder: Path, outcomes: Iterable[Outcome], elsewhere: Iterable[str] = ()) -> None:
    """Keep what the checks of whole exercises came to, if there is a place to keep it.

    `elsewhere` are exercises that were not done in this kernel: it has the kit's values of them.
    """
    marks = read(folder)
    elsewhere, by_exercise = set(elsewhere), dict[str, list[Outcome]]()
    for outcome in outcomes:
        by_exercise.setdefault(outcome.check.cell, []).append(outcome)
    now = datetime.datetime.now().timestamp()
    for key, of_it in by_exercise.items():
        mark = Mark(
            earned=sum(o.points for o in of_it),
            passed=sum(o.status == "passed" for o in of_it),
            checks=len(of_it),
            attempted=any(o.status != "not_attempted" for o in of_it),
            when=now,
        )
        before = marks.get(key)
        there = any(o.status not in ("not_attempted", "blocked") for o in of_it)
        if before is not None and before.earned and (key in elsewhere or not there):
            marks[key] = msgspec.structs.replace(before, not_there=now)
        elif key not in elsewhere:
            marks[key] = mark
    with contextlib.suppress(OSError):
        write_whole(_file(folder), msgspec.json.encode(Kept(str(folder.resolve()), marks)))


def read(folder: Path) -> dict[str, Mark]:
    """The last marks of each exercise that was checked in this folder."""
    kept = _read(_file(folder))
    return kept.marks if kept else {}


def last_folder() -> str:
    """The folder in which something was checked last; empty where nothing was yet."""
    kept = [
        found for file in (cache_folder() / "progress").glob("*.json") if (found := _read(file))
    ]
    when = {k.folder: max((m.when for m in k.marks.values()), default=0.0) for k in kept}
    return max(when, key=lambda folder: when[folder], default="")


def _read(file: Path) -> Kept | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError):
        return None


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
    """Six steps with their points, and the exercise that comes next: as text and as a table.

    `folder` is the one with the notebooks, `other` where something was checked last.
    """

    def __init__(self, marks: dict[str, Mark], folder: Path, other: str = "") -> None:
        self.marks, self._folder, self._other = marks, folder.resolve(), other

    @classmethod
    def of(cls, folder: Path) -> Progress:
        """How far the notebooks of a folder are."""
        return cls(read(folder), folder, last_folder())

    def notes(self) -> list[str]:
        """What has to be known of the points, a line each: where they are from."""
        if not self.marks:
            line = f"Nothing has been checked in this folder yet: {self._folder}."
            if self._other and self._other != str(self._folder):
                line += (
                    f" The last check was in {self._other}: to see those points, run "
                    f'`autograder progress "{self._other}"` in a terminal.'
                )
            return [line]
        return [
            f"{key}: its last check ran where your work on it is not (in another notebook, or "
            "before its cell). That takes nothing away: the points are those of the check before."
            for key, mark in self.marks.items()
            if mark.not_there
        ]

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
        return "\n".join([*lines, self._total(), *self.notes(), self._advice()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(notebook)}</th>'
            f'<td style="text-align:right">{earned:g} of {possible:g}</td>'
            f'<td style="text-align:left">{escape(state)}</td></tr>'
            for _, notebook, earned, possible, state in self.rows()
        )
        said = "<br>".join(escape(line) for line in (self._total(), *self.notes()))
        head = "".join(
            f'<th scope="col" style="text-align:{side}">{word}</th>'
            for word, side in (("notebook", "left"), ("points", "right"), ("state", "left"))
        )
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{said}<br><strong>{escape(self._advice())}</strong></p>"
        )
