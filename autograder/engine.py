"""Many submissions to marks: an executor's workers grade them, several at a time.

`autograder grade` and `autograder check` come through here; `autograder.grading` does one. Without
an executor the threads of this process do it; any other one gets jobs that hold all they need, so
that its workers need no file of ours (`autograder.remote` is their side).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import asdict, replace
from pathlib import Path

import msgspec

import course_data
from autograder import remote
from autograder.checks import catalogue
from autograder.checks.plugin import Outcome
from autograder.checks.teaching import Message
from autograder.grading import Graded, Options, grade_one
from autograder.marks import Marks
from autograder.randomness import one_thread
from autograder.records import Records
from autograder.sandbox import Sandbox, SandboxError
from autograder.submission import Submission

IN_FLIGHT = 256  # jobs that an executor holds at a time, so that a large class costs it no memory


class EngineError(Exception):
    """The executor is gone; what was graded is kept."""


def grade(
    submissions: list[Submission],
    options: Options,
    done: Callable[[Graded], None] = lambda _: None,
    executor: Executor | None = None,
    records: Records | None = None,
) -> list[Graded]:
    """Grade submissions on an executor, by default `options.jobs` at a time in this process.

    `done` hears of each as it is finished, from this thread, and it alone gets executed notebooks.
    With `records`, what is found there is not graded again, and what is graded is added.

    Raises:
        PathError: the data is not there.
        SandboxError: a warm process did not start, or there is no such isolation.
        EngineError: the executor went away.
    """
    one_thread()
    with _twin(options.twin) as twin:
        key = _keys(options, twin)
        keys = [key(submission) for submission in submissions] if records else []
        found = [records.find(k) if records else None for k in keys] or [None] * len(submissions)
        for record in filter(None, found):
            done(record)
        todo = [i for i, record in enumerate(found) if record is None]
        with _submitter(options, twin, executor, len(todo)) as submit:
            for i, record in _run(submit, submissions, todo):
                done(record)
                found[i] = record = replace(record, executed={})  # or a large class would not fit
                if records:
                    records.add(keys[i], record)
    if records:
        records.finish(keys)
    return [record for record in found if record is not None]


@contextlib.contextmanager
def _twin(seed: int | None) -> Iterator[Path | None]:
    """A data set with other counts and another overlap, for as long as the class is graded."""
    if seed is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        course_data.twin(seed).held_back(seed).write(Path(folder))
        yield Path(folder) / "user_artists.dat"


def _keys(options: Options, twin: Path | None) -> Callable[[Submission], str]:
    """What names a record: the submission's content, the kit's, the data's, and the options."""
    plain = {k: v for k, v in asdict(options).items() if k not in ("data", "jobs")}
    files = [remote.contents(path) for path in (options.path(), twin) if path]
    known = hashlib.sha256(msgspec.msgpack.encode([plain, files, remote.version()]))

    def key(submission: Submission) -> str:
        content = msgspec.msgpack.encode(submission, enc_hook=lambda path: path.name)
        return hashlib.sha256(known.digest() + content).hexdigest()

    return key


@contextlib.contextmanager
def _submitter(
    options: Options, twin: Path | None, executor: Executor | None, most: int
) -> Iterator[Callable[[Submission], Future[Graded]]]:
    """How to hand a submission in for grading; leaving ends at once what has not finished."""
    data = options.path()
    if executor is not None:
        make = remote.job_maker(data, twin, options)
        yield lambda submission: executor.submit(remote.grade, make(submission))
        return
    jobs = max(1, min(options.jobs, most))
    with Sandbox(options.isolation, jobs, options.fork) as sandbox, ThreadPoolExecutor(jobs) as own:
        try:
            yield lambda submission: own.submit(grade_one, sandbox, submission, data, options, twin)
        except BaseException:
            own.shutdown(wait=False, cancel_futures=True)
            sandbox.close()  # or leaving would wait for what runs
            raise


def _run(
    submit: Callable[[Submission], Future[Graded]], submissions: list[Submission], todo: list[int]
) -> Iterator[tuple[int, Graded]]:
    """Each submission's number and record, as they are finished."""
    waiting = iter(todo)
    running = {submit(submissions[i]): i for i in itertools.islice(waiting, IN_FLIGHT)}
    try:
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                i = running.pop(future)
                yield i, _record(future, submissions[i])
                for following in itertools.islice(waiting, 1):
                    running[submit(submissions[following])] = following
    finally:
        for future in running:
            future.cancel()


def _record(future: Future[Graded], submission: Submission) -> Graded:
    """What a job came to; where it failed, a record that says so."""
    try:
        return future.result()
    except SandboxError:
        raise
    except CancelledError:
        raise EngineError("the scheduler went away") from None
    except ImportError as error:
        raise EngineError(f"a worker does not hold the kit: {error}") from None
    except Exception as error:
        return _not_graded(submission, error)


def _not_graded(submission: Submission, error: Exception) -> Graded:
    name = type(error).__name__
    if name in ("KilledWorker", "BrokenProcessPool"):
        reason = "the worker died each time (out of memory?)"
        advice = "grade it alone on a machine with more memory"
    else:
        reason = f"the grader failed: {name}: {error}"[:400]
        advice = "grade once more; if it comes again, look at the notebook and report the fault"
    message = Message(ran="the notebook", got=reason, next=f"For a TA: {advice}.")
    outcomes = tuple(Outcome(check, "grader_error", message) for check in catalogue())
    problem = f"{reason}: {advice}"
    return Graded(submission.student, Marks(outcomes), (*submission.problems, problem))
