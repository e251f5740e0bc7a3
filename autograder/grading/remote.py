"""A worker's side of grading: one job, which holds all it needs, in whatever process it lands.

`whole_class` makes the jobs and hands them to an executor. A worker needs the kit and nothing
else; it keeps its warm processes, and the data, for the next job.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import autograder
import course_data
from autograder.contract import DATA_FILES
from autograder.grading.bench import OwnProcess
from autograder.grading.submission import Graded, Options, grade_one
from autograder.handin.submission import Submission
from autograder.inside.randomness import one_thread
from autograder.wall.sandbox import Sandbox, SandboxError
from course_data.locate import UNSEEN

FILES = (*DATA_FILES, UNSEEN)
LIBRARIES = ("torch", "torch-geometric", "numpy", "pandas", "networkx", "scikit-learn")


@dataclass(frozen=True)
class Job:
    """One submission to grade, with the data and its twin as bytes by file name."""

    submission: Submission
    data: dict[str, bytes]
    twin: dict[str, bytes]
    options: Options
    version: str


def job_maker(data: Path, twin: Path | None, options: Options) -> Callable[[Submission], Job]:
    """How to make the job of a submission."""
    files, more = contents(data), contents(twin) if twin else {}
    return lambda submission: Job(submission, files, more, options, version())


def contents(data: Path) -> dict[str, bytes]:
    """A data file and what belongs to it beside it, by their official names."""
    beside = [data.with_name(name) for name in FILES[1:]]
    return {FILES[0]: data.read_bytes()} | {p.name: p.read_bytes() for p in beside if p.is_file()}


@functools.cache
def version() -> str:
    """A hash of what decides marks: the kit's source, and the libraries that it computes with."""
    told = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for library in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):  # installed in some other way
            told.update(f"{library} {metadata.version(library)}".encode())
    for package in (autograder, course_data):
        root = Path(package.__file__ or "").parent
        for path in sorted(root.rglob("*.py")):
            told.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return told.hexdigest()


def grade(job: Job) -> Graded:
    """Grade one job, in whatever thread of whatever process.

    Raises:
        SandboxError: this machine cannot: no such isolation, another version of the kit.
    """
    one_thread()
    where = f"worker on {socket.gethostname()}"
    if job.version != version():
        advice = "install there what is installed here"
        raise SandboxError(f"{where}: another version of the kit, Python or torch: {advice}")
    try:
        with _warm.one(job.options.isolation, job.options.fork) as (sandbox, bench):
            data, twin = _warm.placed(job.data), _warm.placed(job.twin) if job.twin else None
            options = replace(job.options, data=str(data))
            return grade_one(sandbox, job.submission, data, options, twin, bench)
    except SandboxError as error:
        raise SandboxError(f"{where}: {error}") from None


Place = tuple[Sandbox, OwnProcess]  # where one submission at a time is run and judged


def _closed(place: Place) -> None:
    sandbox, bench = place
    sandbox.close()
    bench.__exit__()


class _Warm:
    """What a worker keeps from job to job: data; a sandbox and a judge for each job at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Place] = []
        self._idle: dict[tuple[str, bool | None], list[Place]] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @contextlib.contextmanager
    def one(self, isolation: str, fork: bool | None) -> Iterator[Place]:
        """A place for as long as the block takes; one in which anything went wrong is closed."""
        with self._lock:
            idle = self._idle.setdefault((isolation, fork), [])
            place = idle.pop() if idle else None
        if place is None:
            place = Sandbox(isolation, 1, fork), OwnProcess()
            place[0].__enter__()
            with self._lock:
                self._all.append(place)
        try:
            yield place
        except BaseException:
            _closed(place)
            with self._lock:
                self._all.remove(place)
            raise
        with self._lock:
            idle.append(place)

    def placed(self, files: dict[str, bytes]) -> Path:
        """The data file, written to a private folder that is named by its content."""
        told = hashlib.sha256()
        for name in sorted(files):
            told.update(name.encode() + hashlib.sha256(files[name]).digest())
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="graded-data-")
            folder = Path(self._folder.name) / told.hexdigest()[:16]
            if not folder.is_dir():
                folder.mkdir()
                for name, content in files.items():
                    (folder / Path(name).name).write_bytes(content)
        return folder / FILES[0]

    def close(self) -> None:
        """End the warm processes and remove the data."""
        for place in self._all:
            _closed(place)
        if self._folder is not None:
            self._folder.cleanup()


_warm = _Warm()
atexit.register(_warm.close)
