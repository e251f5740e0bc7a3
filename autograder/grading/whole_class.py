"""Many submissions to marks: an executor's workers grade them, several at a time.

`autograder grade` and `autograder check` come through here; `submission` does one. Without
an executor the threads of this process do it; any other one gets jobs that hold all they need, so
that its workers need no file of ours (`remote` is their side).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import secrets
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
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
from typing import Any

import msgspec

import course_data
from autograder.contract import STEPS
from autograder.grading import remote
from autograder.grading.bench import JudgeError, OwnProcess
from autograder.grading.marks import Marks
from autograder.grading.records import Records
from autograder.grading.submission import Graded, Options, grade_one
from autograder.handin.submission import Submission, SubmissionError, load, looks_like_work
from autograder.inside.process import at_most
from autograder.inside.randomness import keep_for_good, one_thread
from autograder.limits import GRADER_MEMORY, GRADER_MEMORY_EACH
from autograder.rules import catalogue
from autograder.rules.outcome import Message, Outcome
from autograder.wall.sandbox import Sandbox, SandboxError

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
    keep_for_good()
    with _twin(options.twin) as twin:
        keys = _keys(submissions, options, twin) if records else []
        found: list[Graded | None] = [None] * len(submissions)
        if records:
            records.plan({s.student: key for s, key in zip(submissions, keys, strict=True)})
            found = [records.find(key) for key in keys]
        for record in filter(None, found):
            done(record)
        todo = [i for i, record in enumerate(found) if record is None]
        began = records.begin if records else lambda: None
        graded = _graded(submissions, todo, options, twin, executor, began)
        with contextlib.closing(graded) as finished:
            for i, record in finished:
                done(record)
                found[i] = record = replace(record, executed={})  # or a large class would not fit
                if records:
                    records.add(keys[i], record)
    if records:
        records.finish()
    return [record for record in found if record is not None]


def only_due(
    submissions: list[Submission], due: Sequence[str]
) -> tuple[list[Submission], Callable[[Graded], Graded]]:
    """What has to be run for the steps that are due, and what keeps these steps of a record.

    Notebooks of later steps are left alone; earlier ones are run, for a step may go on from them.
    """
    if set(due) == set(STEPS):
        return submissions, lambda record: record

    def shorten(record: Graded) -> Graded:
        outcomes = tuple(o for o in record.marks.outcomes if o.check.step in due)
        diagnosis = record.diagnosis
        diagnosis = replace(
            diagnosis,
            findings=tuple(f for f in diagnosis.findings if f.step in due or not f.step),
            unexplained=tuple(o for o in diagnosis.unexplained if o.check.step in due),
        )
        return replace(record, marks=Marks(outcomes), diagnosis=diagnosis)

    wanted = [
        replace(s, notebooks=tuple(b for b in s.notebooks if not b.step or b.step <= max(due)))
        for s in submissions
    ]
    return wanted, shorten


def diagnose_file(path: Path, options: Options) -> Graded:
    """Grade one file or one student's folder, as `diagnose_all` does.

    Raises:
        PathError: there is no notebook at `path`, or no such data.
        SubmissionError: it cannot be read, or holds nothing of any step.
        SandboxError: the warm process did not start, or there is no such isolation.
    """
    (record,) = diagnose_all([load(path)], options)
    return record


def diagnose_all(submissions: Sequence[Submission], options: Options) -> Iterator[Graded]:
    """Grade one submission after the other, with one start; the data `twin` is made data.

    What is all right on the sample is graded on a twin too: it may have been typed in.

    Raises:
        PathError: there is no such data.
        SubmissionError: the only submission holds nothing of any step.
        SandboxError: the warm process did not start, or there is no such isolation.
    """
    reasons = [_nothing_inside(submission) for submission in submissions]
    if len(submissions) == 1 and reasons[0]:
        raise SubmissionError(reasons[0])
    one_thread()
    seed = secrets.randbelow(2**53)
    with contextlib.ExitStack() as stack:
        if options.data == "twin":
            options = replace(options, data=str(stack.enter_context(_twin(seed))))
        data, twin = options.path(), None
        bench = stack.enter_context(OwnProcess())
        sandbox = stack.enter_context(Sandbox(options.isolation, fork=options.fork))
        for submission, reason in zip(submissions, reasons, strict=True):
            if reason:
                yield _without_marks(submission, reason)
                continue
            record = _graded_one(sandbox, submission, data, options, None, bench)
            if options.on_sample() and not record.diagnosis.findings and not record.problems:
                twin = twin or stack.enter_context(_twin(seed))
                record = _graded_one(sandbox, submission, data, options, twin, bench)
            yield record


def _nothing_inside(submission: Submission) -> str:
    """Why there is nothing to look at in a submission; empty where there is."""
    cells = [c for book in submission.notebooks for c in book.cells if c.kind == "code"]
    if any(looks_like_work(cell) for cell in cells):
        return ""
    return submission.problems[0] if submission.problems else _no_step(submission)


def _no_step(submission: Submission) -> str:
    names = ", ".join(str(book.path) for book in submission.notebooks[:6])
    return f"{names or submission.student}: no known step inside"


def _without_marks(submission: Submission, reason: str) -> Graded:
    outcomes = tuple(Outcome(check, "not_attempted") for check in catalogue())
    problems = submission.problems or (reason,)
    return Graded(submission.student, Marks(outcomes), problems, notes=submission.notes)


def _graded_one(sandbox: Sandbox, submission: Submission, *how: Any) -> Graded:
    """The record of one submission; where the grader fails, one that says so."""
    try:
        with at_most(GRADER_MEMORY + GRADER_MEMORY_EACH):
            return grade_one(sandbox, submission, *how)
    except SandboxError:
        raise
    except Exception as error:
        return _not_graded(submission, error)


@contextlib.contextmanager
def _twin(seed: int | None) -> Iterator[Path | None]:
    """A data set with other counts and another overlap, for as long as the class is graded."""
    if seed is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        course_data.twin(seed).held_back(seed).write(Path(folder))
        yield Path(folder) / "user_artists.dat"


def _keys(submissions: list[Submission], options: Options, twin: Path | None) -> list[str]:
    """What names their records: a submission's content, the kit's, the data's, and the options."""
    plain = {k: v for k, v in asdict(options).items() if k not in ("data", "jobs")}
    files = [remote.contents(path) for path in (options.path(), twin) if path]
    known = hashlib.sha256(msgspec.msgpack.encode([plain, files, remote.version()])).digest()
    contents = [msgspec.msgpack.encode(s, enc_hook=lambda path: path.name) for s in submissions]
    return [hashlib.sha256(known + content).hexdigest() for content in contents]


def _graded(
    submissions: list[Submission],
    todo: list[int],
    options: Options,
    twin: Path | None,
    executor: Executor | None,
    began: Callable[[], None],
) -> Generator[tuple[int, Graded], None, None]:
    """The number and the record of each submission that is to be graded, as they are finished.

    `began` is called before the first, when nothing is left that keeps the grading from starting.
    Closing it early ends at once what still runs in this process.
    """
    if not todo:
        return
    data, jobs = options.path(), max(1, min(options.jobs, len(todo)))
    if executor is not None:
        make = remote.job_maker(data, twin, options)

        def remotely(i: int) -> Future[Graded]:
            return executor.submit(remote.grade, make(submissions[i]))

        began()
        yield from _run(remotely, submissions, todo)
        return
    with (
        OwnProcess() as bench,
        Sandbox(options.isolation, jobs, options.fork) as sandbox,
        ThreadPoolExecutor(jobs) as own,
    ):
        alone = threading.Lock()

        def one(submission: Submission) -> Graded:
            try:
                return grade_one(sandbox, submission, data, options, twin, bench)
            except MemoryError:  # or was it what another one took?
                with alone:
                    return grade_one(sandbox, submission, data, options, twin, bench)

        def here(i: int) -> Future[Graded]:
            return own.submit(one, submissions[i])

        began()
        try:
            with at_most(GRADER_MEMORY + jobs * GRADER_MEMORY_EACH):
                yield from _run(here, submissions, todo)
        except BaseException:
            own.shutdown(wait=False, cancel_futures=True)
            sandbox.close()  # or leaving would wait for what runs
            raise


def _run(
    submit: Callable[[int], Future[Graded]], submissions: list[Submission], todo: list[int]
) -> Iterator[tuple[int, Graded]]:
    waiting = iter(todo)
    running = {submit(i): i for i in itertools.islice(waiting, IN_FLIGHT)}
    try:
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                i = running.pop(future)
                yield i, _record(future, submissions[i])
                running |= {submit(j): j for j in itertools.islice(waiting, 1)}
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
    elif isinstance(error, JudgeError):
        reason, advice = f"{error}"[:400], "grade it alone, and look at what it hands over"
    else:
        reason = f"the grader failed: {name}: {error}"[:400]
        advice = "grade once more; if it comes again, look at the notebook and report the fault"
    message = Message(ran="the notebook", got=reason, next=f"For a TA: {advice}.")
    outcomes = tuple(Outcome(check, "grader_error", message) for check in catalogue())
    problem = f"{reason}: {advice}"
    return Graded(submission.student, Marks(outcomes), (*submission.problems, problem))
