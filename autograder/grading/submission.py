"""One submission to its record: plans its runs, has the sandbox run them, judges the evidence.

`whole_class` does so for a whole class; `pytest --submission` comes here by itself.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

import course_data
from autograder.contract import CHAIN, STEPS
from autograder.evidence.bounds import bounded
from autograder.evidence.schema import Absent, CellError, Evidence
from autograder.grading.bench import HERE, Bench, OwnProcess
from autograder.grading.doubts import doubted, flags
from autograder.grading.executed import executed
from autograder.grading.marks import Marks, best, better_run, on_both
from autograder.grading.numbers import Numbers, numbers
from autograder.handin.submission import Notebook, PathError, Submission, load
from autograder.inside.inputs import pickled
from autograder.limits import MEMORY, PROBLEM, PROBLEMS, REPORT
from autograder.rules.diagnosis import Diagnosis
from autograder.rules.outcome import Message, Outcome
from autograder.truth import truth
from autograder.wall.sandbox import Making, Run, Sandbox, Task, TaskCell

MADE_BY = (
    "autograder.truth",
    "autograder.standin",
    "autograder.checkpoints",
)  # sent to the warm process as text
STOPS = ("Crash", "Timeout")  # errors after which the rest of a notebook was not run


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
    salt: str = ""  # a secret, so that a short seed cannot be guessed from what is drawn from it
    pictures: bool = True  # whether anybody will look at what the cells show
    memory: int | None = None  # bytes that a notebook may take; by default what limits.py says

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
    """One student's record.

    `problems` say what could not be run or read, and why; `flags` what a TA should look at: signs
    of tampering; `notes` what was repaired; `raised` the exceptions of the notebook as it is, with
    their steps. `executed`: the notebooks with their outputs, by name. `report` is what the student
    wrote, and `numbers` what their program got.
    """

    student: str
    marks: Marks
    problems: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    raised: tuple[tuple[str, str], ...] = ()
    executed: dict[str, str] = field(default_factory=dict, compare=False)
    diagnosis: Diagnosis = field(default=Diagnosis(()), compare=False)
    report: str = field(default="", compare=False)
    numbers: Numbers = field(default=Numbers(), compare=False)

    @property
    def status(self) -> str:
        """`graded`, `partly graded`, or `not graded` where nothing could be run."""
        if not self.problems:
            return "graded"
        return "partly graded" if any(o.points for o in self.marks.outcomes) else "not graded"


@dataclass(frozen=True)
class Observed:
    """What one way of running a submission gave: evidence, and the runs that it is from.

    `own` says that every step began from what the student's own earlier steps had made.
    """

    evidence: Evidence
    runs: tuple[tuple[Task, Run], ...]
    own: bool = True


def _task(
    books: list[Notebook],
    data: Path,
    options: Options,
    before: tuple[Notebook, ...] = (),
    imports: dict[str, str] | None = None,
) -> Task:
    default = 60.0 if data.stat().st_size < 300_000 else 300.0
    cells, earlier = (
        [
            TaskCell(c.source, c.step, c.key)
            for book in found
            for c in book.cells
            if c.kind == "code"
        ]
        for found in (books, before)
    )
    return Task(
        cells=cells,
        before=[cell for cell in earlier if not cell.key],
        imports=imports or {},
        pictures=options.pictures,
        data=_contents(data),
        free_form=not books[0].step,
        notebooks=tuple(book.path.name for book in books),
        seed=_of_probes(options),
        cell_seconds=options.cell_seconds or default,
        notebook_seconds=(options.notebook_seconds or 10 * default) * len(books),
        memory=options.memory or MEMORY,
    )


def _of_probes(options: Options) -> int:
    """What the student's process gets to know in place of the seed, which the twin is made from."""
    text = f"probes {options.seed} {options.salt}"
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


@functools.lru_cache(maxsize=4)
def _contents(data: Path) -> dict[str, bytes]:
    """The data file and the artists' names beside it, under their official names."""
    found = {"user_artists.dat": data.read_bytes()}
    names = data.with_name("artists.dat")
    return found | ({"artists.dat": names.read_bytes()} if names.is_file() else {})


class _RightInputs:
    """The right inputs of each step as a pickle: our own objects, for who runs a notebook.

    A warm process makes them before a run that may ask for them; else this one does, which takes
    seconds, for it has to import torch.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._asking = threading.Lock()  # who holds it may wait for a warm process
        self._here = threading.Lock()  # never held while waiting for one: a run may ask for inputs
        self._made: dict[str, bytes] = {}

    def prepare(self, sandbox: Sandbox, task: Task) -> None:
        """Have made what this run may ask for."""
        asks = task.right_inputs or any("checkpoint" in cell.source for cell in task.cells)
        wanted = [*STEPS[1:], CHAIN] if asks else []
        with self._asking:
            if missing := [step for step in wanted if step not in self._made]:
                making = Making(modules=_sources(), steps=missing, data=self._data.read_bytes())
                self._made |= sandbox.make(making)

    def __call__(self, step: str) -> bytes:
        with self._here:
            if step not in self._made:
                from autograder import checkpoints

                self._made[step] = pickled(checkpoints.inputs(step, self._data), _sources())
            return self._made[step]


def _sources() -> dict[str, str]:
    folder = Path(__file__).parents[1]
    files = {name: folder / f"{name.rpartition('.')[2]}.py" for name in MADE_BY}
    return {name: file.read_text(encoding="utf-8") for name, file in files.items()}


_inputs: OrderedDict[tuple[Path, float], _RightInputs] = OrderedDict()
_INPUTS = threading.Lock()


def _right_inputs(data: Path) -> _RightInputs:
    """Those of a file; kept for the last few files, the class's and its twin."""
    key = data, data.stat().st_mtime
    with _INPUTS:
        found = _inputs.pop(key, None) or _RightInputs(data)
        _inputs[key] = found
        while len(_inputs) > 4:
            _inputs.popitem(last=False)
        return found


def observe(
    sandbox: Sandbox, submission: Submission, data: Path, options: Options, bench: Bench = HERE
) -> Iterator[Observed]:
    """Run a submission in one way after the other; each step counts with its better run.

    Six notebooks: each from its checkpoint, and 5 and 6 in one go, on what the student's own steps
    1 to 4 have made; then 5 and 6 alone. A free-form notebook: as it is; then with the right inputs
    before each step. Whoever has full marks can stop after the first.
    """
    free = next((book for book in submission.notebooks if not book.step), None)
    stepwise = {book.step: book for book in reversed(submission.notebooks) if book.step}
    if free and len(free.steps) > len(stepwise):
        own = _task([free], data, options)
        first = _observed(sandbox, submission, data, [own], bench)
        yield first
        right = msgspec.structs.replace(own, right_inputs=True, names=first.evidence.names)
        yield replace(_observed(sandbox, submission, data, [right], bench), own=False)
        return
    lacking = submission.lacking_imports()
    alone = {
        step: _task([book], data, options, imports=lacking)
        for step, book in sorted(stepwise.items())
    }
    ends = [step for step in STEPS[4:] if step in stepwise]
    if not {"step4", "step5"} <= set(stepwise):
        yield _observed(sandbox, submission, data, list(alone.values()), bench)
        return
    before = tuple(stepwise[step] for step in STEPS[:4] if step in stepwise)
    chain = _task([stepwise[step] for step in ends], data, options, before, lacking)
    earlier = [t for s, t in alone.items() if s not in ends]
    first = _observed(sandbox, submission, data, [*earlier, chain], bench)
    yield first
    again = [alone[s] for s in ends if s == "step5" or _taken_down(first)]
    second = _observed(sandbox, submission, data, again, bench)
    kept = {s: getattr(first.evidence, s) for s in STEPS if getattr(second.evidence, s) is None}
    yield replace(second, evidence=msgspec.structs.replace(second.evidence, **kept), own=False)


def _observed(
    sandbox: Sandbox, submission: Submission, data: Path, tasks: list[Task], bench: Bench
) -> Observed:
    inputs = _right_inputs(data)
    runs = []
    for task in tasks:
        inputs.prepare(sandbox, task)
        runs.append((task, sandbox.run(task, inputs)))
    steps: dict[str, Any] = {}
    errors: list[CellError] = []
    names: dict[str, str] = {}
    for _, run in runs:
        found = {step: getattr(run.evidence, step) for step in STEPS}
        steps |= {step: value for step, value in found.items() if value is not None}
        errors += run.evidence.errors
        names |= run.evidence.names
    report = next((book.report for book in submission.notebooks if book.report), "")
    evidence = Evidence(
        **steps,
        report=report[:REPORT],
        errors=errors[:200],
        names=names,
        free_form=any(task.free_form for task in tasks),
    )
    evidence = bounded(evidence, truth(data).num_nodes)
    return Observed(bench.work_out(evidence, data), tuple(runs))


def _taken_down(observed: Observed) -> bool:
    """Whether the run of steps 5 and 6 in one go did not reach the end of step 6."""
    step6 = observed.evidence.step6
    parts = [step6.test, step6.auc] if step6 else [Absent(name="step6", reached=False)]
    lost = [part for part in parts if isinstance(part, Absent)]
    return any(not p.reached or (p.error and p.error.name in STOPS) for p in lost)


@dataclass(frozen=True)
class Judged:
    """One way of running a submission, and what the checks say of it."""

    observed: Observed
    outcomes: list[Outcome]
    flags: tuple[str, ...] = ()  # what of it the notebook's own source speaks against


def judged(
    sandbox: Sandbox, submission: Submission, data: Path, options: Options, bench: Bench = HERE
) -> list[Judged]:
    """Observe and judge a submission, until nothing more can be gained; at least once."""
    found: list[Judged] = []
    ours = _in_our_form(submission)
    for observed in observe(sandbox, submission, data, options, bench):
        outcomes = bench.judge(observed.evidence, data, ours)
        for task, run in observed.runs:
            if run.problem:
                steps = {c.step for c in task.cells}
                outcomes = _with_problem(outcomes, observed.evidence, steps, run)
        cells = [cell for task, _ in observed.runs for cell in task.cells]
        against = bench.doubts(observed.evidence, outcomes, cells, _stands_in(observed))
        flagged = tuple(flags(outcomes, against))
        outcomes = doubted(outcomes, against)
        found.append(Judged(observed, outcomes, flagged))
        lost = [o for o in outcomes if o.status != "passed" and not o.check.by_hand]
        if ours:
            lost = [o for o in lost if o.check.step == "step5" and o.status != "not_attempted"]
        if not lost and not _taken_down(observed):
            break
    return found


def _stands_in(observed: Observed) -> bool:
    """Whether steps 5 and 6 were run on the stand-in model, which the grader knows."""
    evidence = observed.evidence
    return not evidence.free_form and (not observed.own or evidence.step4 is None)


def _in_our_form(submission: Submission) -> bool:
    """Whether steps 5 and 6 are sure to run on the reference's node numbers."""
    stepwise = {book.step for book in submission.notebooks if book.step}
    return not any(len(book.steps) > len(stepwise) for book in submission.notebooks)


def grade_one(
    sandbox: Sandbox,
    submission: Submission,
    data: Path,
    options: Options,
    twin: Path | None = None,
    bench: Bench = HERE,
) -> Graded:
    """Grade one submission and name what is wrong; what passes must pass on a twin too."""
    ways = judged(sandbox, submission, data, options, bench)
    free_form = ways[0].observed.evidence.free_form
    outcomes = best([way.outcomes for way in ways], free_form)
    runs = [run for way in ways for run in way.observed.runs]
    flagged = [flag for way in ways for flag in way.flags]
    if twin and any(o.points for o in outcomes):
        unseen = replace(options, pictures=False)
        again = judged(sandbox, submission, twin, unseen, bench)
        flagged += [flag for way in again for flag in way.flags]
        outcomes = on_both(outcomes, best([way.outcomes for way in again], free_form))
        runs += [run for way in again for run in way.observed.runs]
    again_fine = {
        c.step for way in ways[1:] for t, r in way.observed.runs if not r.problem for c in t.cells
    }
    problems = [
        f"{', '.join(task.notebooks)}: {run.problem}"
        for task, run in ways[0].observed.runs
        if run.problem and not {c.step for c in task.cells} <= again_fine
    ]
    return Graded(
        submission.student,
        Marks(tuple(outcomes)),
        (*submission.problems, *(problem[:PROBLEM] for problem in problems[:PROBLEMS])),
        sum(run.seconds for _, run in runs),
        flags=tuple(dict.fromkeys([*flagged, *(f for _, run in runs for f in run.flags)])),
        notes=tuple(dict.fromkeys([*submission.notes, *(n for _, run in runs for n in run.notes)])),
        raised=_raised(ways[0].observed.runs),
        executed=executed(submission, ways[0].observed.runs),
        diagnosis=bench.diagnose(
            submission,
            outcomes,
            [way.observed.evidence for way in ways],
            [way.outcomes for way in ways],
        ),
        report=ways[0].observed.evidence.report or "",
        numbers=numbers(ways[0].observed.evidence),
    )


def _raised(runs: tuple[tuple[Task, Run], ...]) -> tuple[tuple[str, str], ...]:
    """Step and text of what the cells raised, in their order, the first ten."""
    found: dict[tuple[str, str], None] = {}
    for task, run in runs:
        for error in (error for error in run.evidence.errors if not error.blank):
            line = error.source.strip()
            steps = [cell.step for cell in task.cells if line and line in cell.source]
            if steps or not line:
                found[steps[0] if steps else "", str(error)] = None
    return tuple(found)[:10]


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
        if not o.check.by_hand and (o.check.step in lost or not o.reached)
        else o
        for o in outcomes
    ]


@dataclass(frozen=True)
class Evidenced:
    """What `pytest --submission` judges: each step's evidence from its better run, and the rest.

    `numbered` says whether nodes are numbered as the reference numbers them.
    """

    evidence: Evidence
    data: Path
    steps: tuple[str, ...]  # that were handed in
    numbered: bool
    said: tuple[str, ...]  # what was repaired, what could not be read, what a TA should look at


def observe_submission(path: Path, options: Options) -> Evidenced:
    """Evidence of one file or folder, for `pytest --submission`.

    Raises:
        SubmissionError: there is no submission at `path`, or no such data.
        SandboxError: there is no such isolation, or the warm process did not start.
        JudgeError: the judge died over it.
    """
    submission, file = load(path), options.path()
    with OwnProcess() as bench, Sandbox(options.isolation, fork=options.fork) as sandbox:
        ways = judged(sandbox, submission, file, options, bench)
    steps = sorted({step for book in submission.notebooks for step in book.steps})
    choice = better_run([way.outcomes for way in ways])
    evidence = {s: getattr(ways[i].observed.evidence, s) for s, i in choice.items()}
    free_form = ways[0].observed.evidence.free_form
    runs = [run for way in ways for _, run in way.observed.runs]
    flagged = [flag for way in ways for flag in way.flags] + [f for run in runs for f in run.flags]
    said = [f"Flag, for a TA to look at: {flag}" for flag in flagged]
    said += [f"Note: {note}" for note in (*submission.notes, *(n for r in runs for n in r.notes))]
    said += [f"Problem: {problem}" for problem in submission.problems]
    said += [f"Problem: {run.problem}" for run in runs if run.problem]
    numbered = _in_our_form(submission)
    unique = tuple(dict.fromkeys(said))
    return Evidenced(
        Evidence(**evidence, free_form=free_form), file, tuple(steps), numbered, unique
    )
