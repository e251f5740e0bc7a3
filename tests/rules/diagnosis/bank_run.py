"""Runs programs of the bank through the grader and the diagnosis: for the tests and the report."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bank import Program

import course_data
from autograder.evidence.schema import Auc
from autograder.grading.marks import best, on_both
from autograder.grading.submission import Options, judged
from autograder.handin.submission import load
from autograder.inside.randomness import one_thread
from autograder.rules.diagnosis import diagnose
from autograder.rules.outcome import Outcome
from autograder.wall.sandbox import Sandbox

WRONG = ("failed", "student_error")
JOBS = 2  # programs at a time; the banks are what a run of all tests ends with


@dataclass(frozen=True)
class Result:
    """What came of one program. `lost` are the steps in which a check failed."""

    ids: tuple[str, ...]
    lost: tuple[str, ...]
    failed: tuple[str, ...]
    waits: tuple[str, ...]  # exercises with a check that is not judged
    waiting: float  # their points
    unexplained: tuple[str, ...]
    points: float
    test_auc: float | None
    errors: tuple[str, ...]
    seconds: float


def examine(sandbox: Sandbox, program: Program, options: Options) -> Result:
    """Grade one program and diagnose it."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{program.name}.py"
        path.write_text(program.source, encoding="utf-8")
        submission = load(path)
    data = options.path()
    ways = judged(sandbox, submission, data, options)
    outcomes = best([way.outcomes for way in ways], free_form=True)
    evidence = [way.observed.evidence for way in ways]
    found = diagnose(submission, outcomes, evidence, [way.outcomes for way in ways])
    if options.on_sample() and not found.findings:
        twin = [way.outcomes for way in judged(sandbox, submission, _twin(), options)]
        outcomes = on_both(outcomes, best(twin, free_form=True))
        found = diagnose(submission, outcomes, evidence, [way.outcomes for way in ways])
    assert not found.faults, (program.name, found.faults)
    first = ways[0].observed.evidence
    auc = first.step6.auc if first.step6 else None
    return Result(
        ids=tuple(finding.id for finding in found.findings),
        lost=tuple(sorted({o.check.step for o in outcomes if o.status in WRONG})),
        failed=tuple(o.check.id for o in outcomes if o.status in WRONG),
        waits=tuple(dict.fromkeys(o.check.cell for o in outcomes if is_left(o))),
        waiting=sum(o.check.points for o in outcomes if is_left(o)),
        unexplained=tuple(o.check.id for o in found.unexplained),
        points=sum(o.points for o in outcomes if not o.check.by_hand),
        test_auc=auc.test_auc if isinstance(auc, Auc) else None,
        errors=tuple(f"{e.name}: {e.message}" for e in first.errors),
        seconds=time.monotonic() - begin,
    )


def is_left(outcome: Outcome) -> bool:
    """Whether a check is left to a person, other than the report."""
    return outcome.status == "not_judged" and not outcome.check.by_hand


@functools.cache
def _twin() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="twin-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return course_data.twin(7).held_back(7).write(folder) / "user_artists.dat"


def examine_all(
    programs: Iterable[Program], options: Options, jobs: int = JOBS
) -> Iterator[tuple[Program, Result]]:
    """Each program with its result, in order, `jobs` at a time."""
    one_thread()
    with Sandbox(options.isolation, jobs) as sandbox, ThreadPoolExecutor(jobs) as pool:
        chosen = list(programs)
        yield from zip(
            chosen, pool.map(lambda p: examine(sandbox, p, options), chosen), strict=True
        )
