"""What has been graded already, one small file a student: a grading that was stopped goes on.

`autograder grade` opens a folder of records beside the marks; `whole_class` reads and adds.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import msgspec

from autograder.grading.submission import Graded
from autograder.rules import catalogue
from autograder.rules.outcome import STATUSES

FOLDER = ".graded"
KEPT = 10  # gradings whose records stay
_RUN = "run.json"


class RecordsError(Exception):
    """Records cannot be written; the message says where and why."""


class _Run(msgspec.Struct):
    """The grading that was begun last; `waiting` are students who are still to be graded.

    `files` are the records of the last gradings, the last one at the end; `salt` is a secret that
    stays the same as long as the folder does.
    """

    seed: int
    salt: str = ""
    finished: bool = False
    waiting: list[str] = []
    files: list[list[str]] = []


class _Record(msgspec.Struct):
    key: str
    graded: Graded


class Records:
    """The records of one grading, in a folder of their own below `output`.

    Args:
        output: where the marks go.
        seed: of the grading; by default that of the one that goes on, or else a secret new one.
        go_on: keep the records of the last grading; by default if that one was stopped.

    Nothing is written, or let go of, before the grading has begun. Records of other students
    stay, and those of the last ten gradings.
    """

    def __init__(self, output: Path, seed: int | None = None, go_on: bool | None = None) -> None:
        self._folder = output / FOLDER
        last = _read(self._folder / _RUN)
        if go_on is None:
            go_on = last is not None and not last.finished
        self._going_on, self._begun = go_on, False
        self._students = set[str]()
        if seed is None:
            seed = last.seed if go_on and last else secrets.randbelow(2**53)  # JSON's
        self.seed, self.kept, self.added = seed, 0, 0
        self.salt = last.salt if last and last.salt else secrets.token_hex(16)
        self._waiting = set(last.waiting) if go_on and last else set[str]()
        self._files = list(last.files) if last else []
        if not (go_on and self._files):
            self._files.append([])

    def plan(self, students: dict[str, str]) -> None:
        """Say whom this grading is about: the key of each student's record."""
        self._students = set(students)
        self._waiting |= self._students
        names = [self._path(key).name for key in students.values()]
        self._files[-1] = list(dict.fromkeys([*self._files[-1], *names]))

    def find(self, key: str) -> Graded | None:
        """The record of that key; one that is torn, foreign or of other checks is none."""
        if not self._going_on:
            return None
        try:
            record = msgspec.msgpack.decode(self._path(key).read_bytes(), type=_Record)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None
        outcomes = record.graded.marks.outcomes
        right = all(o.status in STATUSES for o in outcomes)
        if record.key != key or not right or tuple(o.check for o in outcomes) != catalogue():
            return None
        self.kept += 1
        return record.graded

    def add(self, key: str, graded: Graded) -> None:
        """Keep a record, unless the grader itself was at fault: then it is graded again.

        Raises:
            RecordsError: the folder cannot be made or written to.
        """
        if any(o.status == "grader_error" for o in graded.marks.outcomes):
            return
        self._write(self._path(key).name, msgspec.msgpack.encode(_Record(key, graded)))
        self.added += 1

    def finish(self) -> None:
        """Say that all of the plan are graded, and let go of what is of older gradings.

        Raises:
            RecordsError: the folder cannot be made or written to.
        """
        self._waiting -= self._students
        self._files = self._files[-KEPT:]
        self._write(_RUN, msgspec.json.encode(self._run()))
        wanted = {_RUN, *(name for names in self._files for name in names)}
        for path in self._folder.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)

    def _run(self) -> _Run:
        return _Run(self.seed, self.salt, not self._waiting, sorted(self._waiting), self._files)

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.msgpack"

    def _write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all, also when the power goes."""
        try:
            self.begin()
            part = self._folder / f"{name}.part"
            with part.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, self._folder / name)
        except OSError as error:
            raise RecordsError(f"{self._folder.parent}: {error.strerror}") from None

    def begin(self) -> None:
        """Write down who is to be graded, before the first one is.

        Raises:
            RecordsError: the folder cannot be made or written to.
        """
        if self._begun:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordsError(f"{self._folder.parent}: {error.strerror}") from None
        self._begun = True
        self._write(_RUN, msgspec.json.encode(self._run()))


def _read(path: Path) -> _Run | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Run)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
