"""What grading costs over the bare compute: one notebook, one check session. Run by `grading.py`.

The floor is the solution's own code, cell after cell by plain `exec`, in a fork of a process that
has imported everything. Beside it the same notebook through the sandbox, started once before.
"""

from __future__ import annotations

import functools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from classes import SOLUTIONS

from autograder.contract import NOTEBOOKS
from autograder.grading.submission import Options, observe
from autograder.handin.submission import Submission, load, read
from autograder.inside import server
from autograder.inside.randomness import one_thread
from autograder.rules.judge import judge
from autograder.truth import truth
from autograder.wall.sandbox import Sandbox

assert server  # what the warm process imports, imported here too: a floor that is as warm


def notebooks(runs: int, isolation: str, real: Path | None) -> Iterator[list[str]]:
    """Rows: notebook, CPU seconds of the floor, of the sandbox, and how they compare."""
    one_thread()
    wanted = [(f"step{n}", "sample") for n in range(1, 6)]
    wanted += [("step5", str(real))] if real else []
    options = Options(isolation=isolation, cell_seconds=600)
    with Sandbox(isolation) as sandbox:
        first = Submission("warm-up", (read(SOLUTIONS / f"{NOTEBOOKS['step1']}.ipynb"),))
        next(observe(sandbox, first, options.path(), options))
        for step, data in wanted:
            path = Options(data=data).path()
            book = read(SOLUTIONS / f"{NOTEBOOKS[step]}.ipynb")
            sources = [c.source for c in book.cells if c.kind == "code" and not c.key]
            observing = functools.partial(observe, sandbox, Submission("x", (book,)), path, options)
            bare = statistics.median(_forked(sources, path) for _ in range(runs))
            ours = statistics.median(_spent(lambda run=observing: next(run())) for _ in range(runs))
            name = f"{step}, {'sample' if data == 'sample' else 'real data'}"
            compared = f"{ours / bare:.2f} times, {ours - bare:+.2f} s"
            yield [name, f"{bare:.2f}", f"{ours:.2f}", compared]


def check_session(runs: int) -> str:
    """CPU seconds of judging the evidence of all six solutions, once it is there."""
    one_thread()
    data = Options().path()
    with Sandbox() as sandbox:
        evidence = next(observe(sandbox, load(SOLUTIONS), data, Options())).evidence
    known, spent = truth(data), []
    for _ in range(runs + 2):
        begin = time.process_time()
        outcomes = judge(evidence, known)
        spent.append(time.process_time() - begin)
    return f"{statistics.median(spent[2:]):.3f} CPU s for {len(outcomes)} checks"


def _forked(sources: list[str], data: Path) -> float:
    """CPU seconds of running these cells in a fork of this process."""
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if not child:
            try:
                _exec(sources, data, folder)
                os._exit(0)
            finally:
                os._exit(1)
        _, status, used = os.wait4(child, 0)
    assert status == 0, "the solution's code raised"
    return used.ru_utime + used.ru_stime


def _exec(sources: list[str], data: Path, folder: str) -> None:
    os.chdir(folder)
    os.environ |= {"COURSE_DATA": str(data), "MPLBACKEND": "agg"}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    names: dict[str, object] = {"__name__": "__main__"}
    for source in sources:
        exec(compile(source, "cell", "exec"), names)


def _spent(work: Callable[[], object]) -> float:
    """CPU seconds of some work here, and in the warm process below this one."""
    before = _cpu()
    work()
    return _cpu() - before


def _cpu() -> float:
    me = psutil.Process()
    below = [p.cpu_times() for p in me.children(recursive=True)]
    return sum(me.cpu_times()[:2]) + sum(sum(times[:4]) for times in below)
