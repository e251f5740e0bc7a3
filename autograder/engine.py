"""Many submissions to marks: an executor's workers grade them, several at a time.

`autograder grade` and `autograder check` come through here; `autograder.grading` does one.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import course_data
from autograder.grading import Graded, Options, grade_one
from autograder.sandbox import Sandbox
from autograder.submission import Submission


@contextlib.contextmanager
def _twin(seed: int | None) -> Iterator[Path | None]:
    """A data set with other counts and another overlap, for as long as the class is graded."""
    if seed is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="twin-") as folder:
        course_data.twin(seed).write(Path(folder))
        yield Path(folder) / "user_artists.dat"


def grade(
    submissions: list[Submission],
    options: Options,
    done: Callable[[Graded], None] = lambda _: None,
) -> list[Graded]:
    """Grade submissions, `options.jobs` at a time; `done` hears of each as it is finished.

    Raises:
        PathError: the data is not there.
        SandboxError: the warm process did not start.
    """
    data, jobs = options.path(), max(1, min(options.jobs, len(submissions)))
    with (
        _twin(options.twin) as twin,
        Sandbox(options.isolation, jobs, options.fork) as sandbox,
        ThreadPoolExecutor(jobs) as pool,
    ):
        futures = [pool.submit(grade_one, sandbox, s, data, options, twin) for s in submissions]
        try:
            for future in as_completed(futures):
                done(future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            sandbox.close()  # or leaving would wait for what runs
            raise
        return [future.result() for future in futures]
