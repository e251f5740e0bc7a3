"""One submission to its record: plans its runs, has the sandbox run them, judges the evidence.

`autograder.engine` does so for a whole class; `pytest --submission` comes here by itself.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

import course_data
from autograder import STEPS
from autograder.checks.plugin import Outcome
from autograder.checks.teaching import Message
from autograder.evidence import REST, Absent, CellError, Evidence
from autograder.marks import Marks, best, better_run, judge, on_both
from autograder.reference import truth
from autograder.sandbox import Run, Sandbox, Task, TaskCell
from autograder.submission import Notebook, PathError, Submission, load


@dataclass(frozen=True)
class Options:
    """How to grade. Times are in seconds; `data` is `sample`, `lastfm` or a file."""

    data: str | None = None
    seed: int = 0
    jobs: int = 2
    cell_seconds: float | None = None  # 60 on the sample, 300 on the real data
    notebook_seconds: float | None = None  # ten times as long
    isolation: str = "basic"  # or full
    twin: int | None = None  # grade once more, on a data set made from this seed
    fork: bool | None = None

    def path(self) -> Path:
        """The data file.

        Raises:
            PathError: there is no such data.
        """
        try:
            return course_data.path("user_artists.dat", self.data).resolve()
        except course_data.DataError as error:
            raise PathError(str(error)) from None

    def on_sample(self) -> bool:
        """Whether the data is the sample, which students have, and a twin is due."""
        return self.path() == course_data.path("user_artists.dat", "sample").resolve()


@dataclass(frozen=True)
class Graded:
    """One student's record. `problems` say what could not be run or read, and why."""

    student: str
    marks: Marks
    problems: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def status(self) -> str:
        """`graded`, `partly graded`, or `not graded` where nothing could be run."""
        if not self.problems:
            return "graded"
        return "partly graded" if any(o.points for o in self.marks.outcomes) else "not graded"


def tasks(submission: Submission, data: Path, options: Options) -> list[list[Task]]:
    """The runs of a submission, as alternatives of which each step's better one counts.

    Six notebooks are one alternative: every notebook alone, from its checkpoint. A free-form
    notebook is two: as it is, and with the right inputs before each step.
    """
    stepwise = {book.step: book for book in reversed(submission.notebooks) if book.step}
    free = [book for book in submission.notebooks if not book.step][:1]
    siblings = {b.path.name: b.path.read_bytes() for b in stepwise.values()}
    own = [_task(stepwise[step], data, options, siblings) for step in sorted(stepwise)]
    own += [_task(book, data, options, {}) for book in free]
    right = [_task(book, data, options, {}, right_inputs=True) for book in free]
    return [own, right] if free else [own]


def _task(
    book: Notebook,
    data: Path,
    options: Options,
    files: dict[str, bytes],
    right_inputs: bool = False,
) -> Task:
    default = 60.0 if data.stat().st_size < 300_000 else 300.0
    return Task(
        cells=[TaskCell(c.source, c.step, c.key) for c in book.cells if c.kind == "code"],
        data=_contents(data),
        files=files if book.step == "step6" else {},
        free_form=not book.step,
        name=book.path.name,
        right_inputs=right_inputs,
        seed=options.seed,
        cell_seconds=options.cell_seconds or default,
        notebook_seconds=options.notebook_seconds or 10 * default,
    )


@functools.lru_cache(maxsize=4)
def _contents(data: Path) -> dict[str, bytes]:
    """The data file and the artists' names beside it, under their official names."""
    found = {"user_artists.dat": data.read_bytes()}
    names = data.with_name("artists.dat")
    return found | ({"artists.dat": names.read_bytes()} if names.is_file() else {})


def observe(
    sandbox: Sandbox, submission: Submission, data: Path, options: Options
) -> list[tuple[Evidence, list[tuple[Task, Run]]]]:
    """Run every alternative of a submission; the evidence of each, and its runs."""
    observed = []
    for alternative in tasks(submission, data, options):
        runs = [(task, _run(sandbox, task)) for task in alternative]
        steps: dict[str, Any] = {}
        for _, run in runs:
            seen = {step: getattr(run.evidence, step) for step in STEPS}
            steps = {step: steps.get(step) or found for step, found in seen.items()}
        report = next((book.report for book in submission.notebooks if book.report), "")
        observed.append((Evidence(**steps, report=report), runs))
    return observed


def _run(sandbox: Sandbox, task: Task) -> Run:
    """Run a task; step 6 once more without the other notebooks where they took it down."""
    run = sandbox.run(task)
    reason = run.problem or _taken_down(run.evidence)
    if not task.files or not reason:
        return run
    alone = sandbox.run(msgspec.structs.replace(task, files={}))
    if alone.problem or alone.evidence.step6 is None:
        return run
    crash = CellError(name="Crash", message=f"steps 4 and 5: {reason}")
    step6 = msgspec.structs.replace(alone.evidence.step6, own=Absent(name="model", error=crash))
    return replace(alone, evidence=msgspec.structs.replace(alone.evidence, step6=step6))


def _taken_down(evidence: Evidence) -> str:
    """What a crash took of step 6, if one did."""
    found = [evidence.step6.test, evidence.step6.auc] if evidence.step6 else []
    errors = [part.error for part in found if isinstance(part, Absent) and part.error]
    return next((e.message for e in errors if e.name in ("Crash", "Timeout")), "")


def grade_one(
    sandbox: Sandbox, submission: Submission, data: Path, options: Options, twin: Path | None = None
) -> Graded:
    """Grade one submission; with a twin of the data, what passes must pass on both."""
    outcomes, problems, seconds = _outcomes(sandbox, submission, data, options)
    if twin and any(o.points for o in outcomes):
        again, _, more = _outcomes(sandbox, submission, twin, options)
        outcomes, seconds = on_both(outcomes, again), seconds + more
    return Graded(submission.student, Marks(tuple(outcomes)), tuple(problems), seconds)


def _outcomes(
    sandbox: Sandbox, submission: Submission, data: Path, options: Options
) -> tuple[list[Outcome], list[str], float]:
    known = truth(data)
    judged, problems = [], list(submission.problems)
    observed = observe(sandbox, submission, data, options)
    for evidence, runs in observed:
        outcomes = judge(evidence, known)
        for task, run in runs:
            if run.problem:
                outcomes = _with_problem(outcomes, evidence, {c.step for c in task.cells}, run)
        judged.append(outcomes)
    problems += [f"{task.name}: {run.problem}" for task, run in observed[0][1] if run.problem]
    return best(judged), problems, sum(run.seconds for _, runs in observed for _, run in runs)


def _with_problem(
    outcomes: list[Outcome], evidence: Evidence, steps: set[str], run: Run
) -> list[Outcome]:
    """Say of steps that a run did not reach why: the notebook's end, or the grader's own fault."""
    lost = {step for step in steps if getattr(evidence, step) is None}
    status = "grader_error" if run.grader_fault else "student_error"
    advice = "Run the notebook from top to bottom in Jupyter: it should end by itself."
    message = Message(ran="the notebook", got=run.problem, next=advice)
    return [
        Outcome(o.check, status, message)
        if not o.check.by_hand and (o.check.step in lost or REST in o.message.got)
        else o
        for o in outcomes
    ]


def observe_submission(path: Path, data: str | None) -> tuple[Evidence, Path, list[str]]:
    """Evidence of one file or folder, for `pytest --submission`.

    Returns:
        The evidence, each step from its better run; the data file; the steps that were handed in.

    Raises:
        SubmissionError: there is no submission at `path`, or no such data.
    """
    options = Options(data=data)
    submission, file = load(path), options.path()
    with Sandbox(fork=options.fork) as sandbox:
        evidences = [evidence for evidence, _ in observe(sandbox, submission, file, options)]
    steps = sorted({step for book in submission.notebooks for step in book.steps})
    choice = better_run([judge(evidence, truth(file)) for evidence in evidences])
    best_evidence = Evidence(**{s: getattr(evidences[i], s) for s, i in choice.items()})
    return best_evidence, file, steps
