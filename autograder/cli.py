"""The `autograder` command: verbs only; what they do is elsewhere."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder import instructor
from autograder.contract import BY_HAND_POINTS
from autograder.desk import cli as student
from autograder.desk.cli import Watch
from autograder.printing import (
    let_streams_show_what_they_can,
    one_line,
    print_json,
    shown,
)
from autograder.reports.terminal import err, fail, out, say

app = typer.Typer(
    help="Check, grade and explain the notebooks of the GNN recommender course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (student.doctor, student.progress, student.join, student.split, student.explain):
    app.command()(verb)

_NAMESAKES = "name another folder with --output, or say --same-students if it is the same person"

Data = Annotated[str | None, typer.Option("--data", help="sample (default), lastfm, or a file.")]
CellSeconds = Annotated[
    float | None,
    typer.Option(min=0.1, help="Seconds a cell may take: 60 on the sample, 300 on real data."),
]
Seconds = Annotated[
    float | None, typer.Option(min=1, help="Seconds a notebook may take: ten times as long.")
]
Isolation = Annotated[
    str | None,
    typer.Option(
        help="full (bubblewrap), or basic: fine for a file of your own. By default full, "
        "where it can be had.",
        show_default=False,
    ),
]


def _isolation(wanted: str | None) -> tuple[str, str]:
    """The isolation to use, and the line that says which."""
    from autograder.wall import isolation
    from autograder.wall.sandbox import MODES

    if wanted not in (None, *MODES):
        fail(f"--isolation {wanted}: choose {' or '.join(MODES)}", 2)
    return isolation.chosen(wanted)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Notebooks, or folders of one student.")],
    data: Data = None,
    isolation: Isolation = None,
    cell_seconds: CellSeconds = None,
    notebook_seconds: Seconds = None,
    watch: Watch = False,
) -> None:
    """Check your own notebooks and say why a check does not pass."""
    from autograder.grading.submission import Options

    mode, line = _isolation(isolation)
    _start_ahead(mode, *files)
    options = Options(data, 0, 2, cell_seconds, notebook_seconds, mode)
    problems = _check(files, options, line)
    if watch:

        def once() -> None:
            with contextlib.suppress(typer.Exit):  # what is wrong with a file is said
                _check(files, options, line)

        student.again_when_saved(files, once)
    if problems:
        raise typer.Exit(1)


def _check(files: list[Path], options: Any, line: str) -> bool:
    """Grade the files and print what the checks say; whether something could not be graded."""
    from autograder.handin.submission import PathError, SubmissionError, load, read, submission
    from autograder.reports.cell import Report

    try:
        if all(path.is_file() for path in files):
            name = files[0].stem if len(files) == 1 else "your notebooks"
            found = [submission(name, [read(path) for path in files])]
        else:
            found = [load(path) for path in files]
        graded = _graded(found, options)
    except SubmissionError as error:
        fail(error, 2 if isinstance(error, PathError) else 1)
    say(line)
    for handed_in, record in zip(found, graded, strict=True):
        steps = {step for book in handed_in.notebooks for step in book.steps}
        for step in sorted(steps):
            shown = [o for o in record.marks.automatic if o.check.step == step]
            out.print(str(Report(shown)), markup=False, highlight=False, soft_wrap=True)
        possible = sum(record.marks.steps()[step][1] for step in steps)
        by_hand = (
            f", and up to {BY_HAND_POINTS:g} for the report, by hand" if "step6" in steps else ""
        )
        total = f"{record.marks.total:g} of {possible:g} points{by_hand}"
        out.print(f"{record.student}: {total}", markup=False, highlight=False, soft_wrap=True)
        for note in record.notes:
            say(f"Note: {note}")
        for said in [*(f"Flag: {flag}" for flag in record.flags), *record.problems]:
            say(said)
    return any(record.problems for record in graded)


@app.command()
def grade(
    folder: Annotated[Path, typer.Argument(help="submitted/STUDENT/gnn_recommender/*.ipynb")],
    output: Annotated[Path, typer.Option(help="Where marks.csv and marks.json go.")] = Path(
        "marks"
    ),
    data: Data = None,
    isolation: Annotated[str, typer.Option(help="full (bubblewrap), or basic.")] = "full",
    twin: Annotated[
        bool, typer.Option(help="Grade the sample once more, on made data with other counts.")
    ] = True,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of all that is drawn; by default a secret one.")
    ] = None,
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--fresh",
            help="Keep what the last run into OUTPUT graded, if nothing about it has changed, or "
            "grade all again. By default a run that was stopped is resumed.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions at a time.")] = 2,
    engine: Annotated[str, typer.Option(help="local, or dask: on a Dask cluster.")] = "local",
    scheduler: Annotated[
        str | None, typer.Option(help="Of the Dask cluster, such as tcp://10.0.0.1:8786.")
    ] = None,
    cell_seconds: CellSeconds = None,
    notebook_seconds: Seconds = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be given again.")
    ] = None,
    steps: Annotated[
        str, typer.Option(help="The steps that are due, such as step1,step2; else course.toml's.")
    ] = "",
    same_students: Annotated[
        bool,
        typer.Option(
            "--same-students",
            help="Who is called as somebody with marks in OUTPUT is that student, though the work "
            "lies in another place or has another name.",
        ),
    ] = False,
    course: instructor.CourseFile = None,
) -> None:
    """Grade a class: print a table, write marks.csv and marks.json.

    A run that was stopped (Ctrl-C, a power cut) goes on where it was when the same command is given
    once more.
    """
    from autograder.wall.sandbox import MODES

    for name, value, known in (
        ("isolation", isolation, MODES),
        ("engine", engine, ("local", "dask")),
    ):
        if value not in known:
            fail(f"--{name} {value}: choose {' or '.join(known)}", 2)
    if (engine == "dask") != (scheduler is not None):
        fail("--engine dask and --scheduler ADDRESS go together: give both, or none", 2)
    if engine == "local":
        _start_ahead(isolation, folder)
    from autograder.course import CourseError
    from autograder.gradebook import ExportError
    from autograder.grading.records import Records
    from autograder.grading.submission import Options
    from autograder.grading.whole_class import only_due
    from autograder.handin.submission import SubmissionError, load_class, outside
    from autograder.reports import class_report, marks_folder
    from autograder.reports.collected import listed

    with contextlib.ExitStack() as stack:
        try:
            rules = instructor.read_course(course)
            due = instructor.steps_due(steps, rules)
            data = instructor.data_of(rules, data, stack)
            limits = rules.limits
            memory = limits.memory_gb and int(limits.memory_gb * 2**30)
            options = Options(
                data,
                0,
                jobs,
                cell_seconds or limits.cell_seconds,
                notebook_seconds or limits.notebook_seconds,
                isolation,
                memory=memory,
            )
            instructor.check_data(options.path())
            twin, submissions = options.on_sample() and twin, load_class(folder)
            outside(output, folder)
            if why := marks_folder.unwritable(output):
                fail(why, 2)
            submissions = instructor.only(submissions, only or [])
            handed_in = instructor.handed_in(folder, submissions)
            others = marks_folder.namesakes(marks_folder.read(output), handed_in)
            if others and not same_students:
                more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
                fail(f"{one_line(others[0])}{more}: {_NAMESAKES}", 2)
            instructor.readable_hand_marks(output)
        except (SubmissionError, CourseError, ExportError) as error:
            fail(error, 2)
        records = Records(output, seed, resume)
        seed = records.seed
        options = replace(options, seed=seed, salt=records.salt, twin=seed if twin else None)
        submissions, shorten = only_due(submissions, due)
        graded = [shorten(g) for g in _graded(submissions, options, records, scheduler, output)]
    before = instructor.as_it_is(output)
    try:
        written = class_report.write(
            graded,
            output,
            rules,
            handed_in,
            isolation=isolation,
            seed=seed,
            twin=options.twin,
            course_file=rules.path,
        )
    except OSError as error:
        fail(f"{output}: {error.strerror}: name another folder with --output", 2)
    except ExportError as error:
        fail(f"{error}; marks.json is written, marks.csv is not", 2)
    out.print(class_report.table(graded))
    if (groups := class_report.groups(graded)) is not None:
        out.print(groups)
    both = "" if options.twin is None else " Graded on the sample and on a twin of it."
    out.print(f"Isolation: {isolation}. Seed: {seed}.{both}", highlight=False)
    out.print("Written: " + ", ".join(str(path) for path in written), markup=False, highlight=False)
    if stay := class_report.others(graded, output):
        names = textwrap.shorten(one_line(", ".join(stay)), 100, placeholder=" ...")
        said = f"Marks of {len(stay)} graded earlier are kept in there: {names}"
        out.print(said, markup=False, highlight=False)
    for line in listed("Changed since the last time", instructor.changed(before, output)):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    for line in class_report.problems(graded):
        say(line)
    if flagged := class_report.flags(graded):
        say("Flags, for a TA to look at:")
        for line in flagged:
            say(f"  {line}")
    if any(record.problems for record in graded):
        raise typer.Exit(1)


def _start_ahead(isolation: str, *files: Path) -> None:
    """Let the warm process import while we do, where there is something to run in it."""
    from autograder.wall.sandbox import start_ahead

    if all(os.path.exists(file) for file in files):  # where one may not look, it is not there
        start_ahead(isolation)


def _graded(
    submissions: list[Any],
    options: Any,
    records: Any = None,
    scheduler: str | None = None,
    output: Path | None = None,
) -> list[Any]:
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    from autograder.grading.cluster import ClusterError, cluster
    from autograder.grading.records import RecordsError
    from autograder.grading.whole_class import EngineError
    from autograder.grading.whole_class import grade as grade_all
    from autograder.reports import class_report
    from autograder.wall.sandbox import SandboxError

    options.path()  # a wrong name is said before the bar appears
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    place = cluster(scheduler) if scheduler else contextlib.nullcontext()
    try:
        with Progress(*columns, console=err, transient=True) as progress, place as executor:
            bar = progress.add_task("grading", total=len(submissions))

            def done(record: Any) -> None:
                if output is not None:
                    class_report.write_executed(record, output)
                progress.advance(bar)

            found = grade_all(submissions, options, done, executor, records)
    except ClusterError as error:
        fail(error, 2)
    except (RecordsError, OSError) as error:
        fail(f"{error}: name another folder with --output", 2)
    except SandboxError as error:
        fail(error, 1)
    except EngineError as error:
        fail(f"{error}; {_kept(records, len(submissions))}", 1)
    except KeyboardInterrupt:
        fail(f"stopped; {_kept(records, len(submissions))}", 130)
    if records and records.kept:
        said = f"{records.kept} of {len(submissions)} were graded already; --fresh grades all again"
        say(said)
    return found


def _kept(records: Any, count: int) -> str:
    """What a run that was stopped leaves, and how to go on."""
    if records is None:
        return "nothing was written"
    so_far = records.kept + records.added
    if not so_far:
        return "nothing was graded yet"
    return f"{so_far} of {count} are graded and kept: the same command goes on from there"


@app.command()
def diagnose(
    files: Annotated[
        list[Path],
        typer.Argument(help="Notebooks, scripts with # %%, folders of a student or of a class."),
    ],
    data: Annotated[
        str | None, typer.Option("--data", help="sample (default), lastfm, twin, or a file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, or a list.")] = False,
    hints: Annotated[int, typer.Option(min=0, max=3, help="How many hints to show.")] = 1,
    isolation: Isolation = None,
    cell_seconds: CellSeconds = None,
    notebook_seconds: Seconds = None,
) -> None:
    """Name what is wrong in notebooks: the misconception, the proof, and what to ask."""
    mode, line = _isolation(isolation)
    _start_ahead(mode, *files)

    from autograder.grading.submission import Options
    from autograder.grading.whole_class import diagnose_all
    from autograder.handin.submission import SubmissionError, load_all
    from autograder.reports import diagnosis as report
    from autograder.wall.sandbox import SandboxError

    options = Options(data, 0, 1, cell_seconds, notebook_seconds, mode)
    records: list[Any] = []
    try:
        submissions = [submission for file in files for submission in load_all(file)]
        for record in diagnose_all(submissions, options):
            if not json:
                text = ("" if not records else "\n") + report.render(record, hints)
                out.print(shown(text, 100_000), markup=False, highlight=False)
            records.append(record)
    except SubmissionError as error:
        fail(error, 2)
    except SandboxError as error:
        fail(error, 1)
    if json:
        found = [report.as_dict(record) for record in records]
        print_json(found[0] if len(submissions) == 1 else found)
    say(line)
    if len(records) > 1 and any(record.problems for record in records):
        raise typer.Exit(1)


@app.command()
def build(
    check: Annotated[
        bool, typer.Option("--check", help="Only compare, and fail on drift.")
    ] = False,
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path("."),
) -> None:
    """Build both kinds of notebooks from solutions/step*.py."""
    from autograder import authoring

    try:
        if not check:
            for path in authoring.build(root):
                out.print(str(path), markup=False, highlight=False)
            for drift in authoring.stale_points(root):
                say(f"Built; now {drift}")
            return
        drifts = authoring.check(root)
    except authoring.AuthoringError as error:
        fail(error, 2)
    for drift in drifts:
        err.print(str(drift), markup=False, highlight=False)
    if drifts:
        raise typer.Exit(1)
    out.print("Both kinds of notebooks are what solutions/step*.py say.")


@app.command()
def bundle(
    output: Annotated[Path, typer.Option(help="The students' zip.")] = Path("students.zip"),
    github: Annotated[
        str,
        typer.Option(help="Where it will lie, for Colab's badge: OWNER/REPO/blob/BRANCH/FOLDER."),
    ] = "",
    root: Annotated[Path, typer.Option(help="The kit's checkout.")] = Path("."),
) -> None:
    """Write the zip for students: six notebooks, what checks them, the sample data, START.md."""
    from autograder.authoring import AuthoringError
    from autograder.authoring.bundle import bundle as write

    if github and not re.fullmatch(r"[\w.-]+/[\w.-]+/blob/\S+", github):
        fail(f"--github {github}: give OWNER/REPO/blob/BRANCH/FOLDER", 2)
    try:
        names = write(root, output, github)
    except AuthoringError as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{error.filename or output}: {error.strerror}: name another file with --output", 2)
    for name in names:
        out.print(name, markup=False, highlight=False)
    size = output.stat().st_size / 1024
    out.print(f"Written: {output} ({size:,.0f} KB)", markup=False, highlight=False)


app.add_typer(instructor.app)


def main() -> None:
    """Entry point of the console script."""
    let_streams_show_what_they_can(sys.stdout, sys.stderr)
    sys.exit(app())


if __name__ == "__main__":
    main()
