"""The `autograder` command: verbs only; what they do is elsewhere."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from autograder.reports.plain import (
    Printer,
    let_streams_show_what_they_can,
    one_line,
    print_json,
    shown,
)

app = typer.Typer(
    help="Check, grade and explain the notebooks of the GNN recommender course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
WIDTH = None if sys.stdout.isatty() else 120  # of tables in logs and files
out, err = Printer(width=WIDTH), Printer(stderr=True, soft_wrap=True)

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


def fail(message: object, code: int) -> NoReturn:
    """One line on standard error, and the exit code."""
    _say(f"autograder: {message}")
    raise typer.Exit(code)


def _say(line: object) -> None:
    """One line on standard error."""
    err.print(one_line(line), style=None, markup=False, highlight=False)


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
) -> None:
    """Check your own notebooks and say why a check does not pass."""
    mode, line = _isolation(isolation)
    _start_ahead(mode, *files)
    from autograder.grading.submission import Options
    from autograder.handin.submission import PathError, SubmissionError, load, read, submission
    from autograder.reports.cell import Report

    options = Options(data, 0, 2, cell_seconds, notebook_seconds, mode)
    try:
        if all(path.is_file() for path in files):
            name = files[0].stem if len(files) == 1 else "your notebooks"
            found = [submission(name, [read(path) for path in files])]
        else:
            found = [load(path) for path in files]
        graded = _graded(found, options)
    except SubmissionError as error:
        fail(error, 2 if isinstance(error, PathError) else 1)
    _say(line)
    for handed_in, record in zip(found, graded, strict=True):
        steps = {step for book in handed_in.notebooks for step in book.steps}
        for step in sorted(steps):
            shown = [o for o in record.marks.automatic if o.check.step == step]
            out.print(str(Report(shown)), markup=False, highlight=False, soft_wrap=True)
        possible = sum(record.marks.steps()[step][1] for step in steps)
        by_hand = ", and up to 10 for the report, by hand" if "step6" in steps else ""
        total = f"{record.marks.total:g} of {possible:g} points{by_hand}"
        out.print(f"{record.student}: {total}", markup=False, highlight=False, soft_wrap=True)
        for note in record.notes:
            _say(f"Note: {note}")
        for line in [*(f"Flag: {flag}" for flag in record.flags), *record.problems]:
            _say(line)
    if any(record.problems for record in graded):
        raise typer.Exit(1)


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
    from autograder.grading.records import Records
    from autograder.grading.submission import Options
    from autograder.handin.submission import SubmissionError, load_class
    from autograder.reports import class_report

    try:
        options = Options(data, 0, jobs, cell_seconds, notebook_seconds, isolation)
        twin, submissions = options.on_sample() and twin, load_class(folder)
    except SubmissionError as error:
        fail(error, 2)
    records = Records(output, seed, resume)
    seed = records.seed
    options = replace(options, seed=seed, salt=records.salt, twin=seed if twin else None)
    graded = _graded(submissions, options, records, scheduler, output)
    try:
        written = class_report.write(
            graded, output, isolation=isolation, seed=seed, twin=options.twin
        )
    except OSError as error:
        fail(f"{output}: {error.strerror}: name another folder with --output", 2)
    out.print(class_report.table(graded))
    if (groups := class_report.groups(graded)) is not None:
        out.print(groups)
    both = "" if options.twin is None else " Graded on the sample and on a twin of it."
    out.print(f"Isolation: {isolation}. Seed: {seed}.{both}", highlight=False)
    out.print("Written: " + ", ".join(str(path) for path in written), markup=False, highlight=False)
    if stay := class_report.others(graded, output):
        names = one_line(", ".join(stay), 100)
        said = f"Marks of {len(stay)} graded earlier are kept in there: {names}."
        out.print(said, markup=False, highlight=False)
    for record in graded:
        for problem in record.problems:
            _say(f"{record.student}: {problem}")
    if flagged := class_report.flags(graded):
        _say("Flags, for a TA to look at:")
        for line in flagged:
            _say(f"  {line}")
    if any(record.problems for record in graded):
        raise typer.Exit(1)


def _start_ahead(isolation: str, *files: Path) -> None:
    """Let the warm process import while we do, where there is something to run in it."""
    from autograder.wall.sandbox import start_ahead

    if all(file.exists() for file in files):
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
        _say(said)
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
    _say(line)
    if len(records) > 1 and any(record.problems for record in records):
        raise typer.Exit(1)


@app.command()
def explain(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="A text file, or a line of the error; by default standard input."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Explain a pasted traceback, or one line of an error."""
    from autograder.reports import explanation as explaining

    try:
        found = explaining.explain(_error_text(what or []))
    except OSError as error:
        fail(f"{what[0] if what else '-'}: {error.strerror}: check the path", 2)
    except explaining.ExplainError as error:
        fail(error, 2)
    if json:
        print_json(explaining.as_dict(found))
    else:
        out.print(explaining.render(found), markup=False, highlight=False)


def _error_text(words: list[str]) -> str:
    """The text to explain: of a file, of the words themselves, or of standard input.

    Raises:
        OSError: one word that is no error's name, and no file that can be read.
    """
    if not words:
        return sys.stdin.read()
    line, path = " ".join(words), Path(words[0])
    named = line.rstrip(":").endswith(("Error", "Exception", "Warning", "Interrupt"))
    with contextlib.suppress(OSError, ValueError):  # a line can be too long for a path
        if len(words) == 1 and path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    if len(line.split()) == 1 and not named:
        return path.read_text(encoding="utf-8", errors="replace")
    return line


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
def collect(
    source: Annotated[Path, typer.Argument(help="The folder or the zip that the LMS gave.")],
    roster: Annotated[
        Path | None, typer.Option(help="The roster that the LMS exported, a CSV file.")
    ] = None,
    into: Annotated[Path, typer.Option(help="Where STUDENT/gnn_recommender goes.")] = Path(
        "submitted"
    ),
) -> None:
    """Sort what an LMS gives into one folder a student, and say who handed in what.

    Earlier versions go to INTO-earlier, and what belongs to nobody of the roster to INTO-unplaced.
    """
    from autograder.handin import collect as collecting
    from autograder.handin.reading import PathError
    from autograder.handin.roster import RosterError
    from autograder.handin.roster import read as read_roster
    from autograder.reports import collected as report

    try:
        people = read_roster(roster) if roster is not None else None
        result = collecting.collect(source, into, people)
        result.written.append(report.write(result, into))
    except (PathError, RosterError) as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{error.filename or into}: {error.strerror}: name another folder with --into", 2)
    out.print(report.table(result))
    for line in report.lines(result):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if result.unplaced:
        raise typer.Exit(1)


@app.command()
def export(
    to: Annotated[str, typer.Option(help="canvas, moodle, gradescope, junit, or csv.")],
    marks: Annotated[Path, typer.Option(help="The folder that `grade` wrote.")] = Path("marks"),
    roster: Annotated[
        Path | None, typer.Option(help="The roster that the LMS exported, a CSV file.")
    ] = None,
    output: Annotated[Path, typer.Option(help="A folder for what is written.")] = Path("export"),
    column: Annotated[str, typer.Option(help="The assignment's column in the LMS.")] = "",
    submitted: Annotated[
        Path, typer.Option(help="What `collect` wrote: why somebody has no marks.")
    ] = Path("submitted"),
) -> None:
    """Put the marks into the table that the LMS exported, or into files for other programs.

    A mark goes into a row that it belongs to by login, number or a name that only one has, or into
    none: who could not be matched is listed.
    """
    from autograder import gradebook
    from autograder.handin.roster import RosterError
    from autograder.handin.roster import read as read_roster
    from autograder.reports import exported as report

    if to not in gradebook.FORMATS:
        fail(f"--to {to}: choose {', '.join(gradebook.FORMATS)}", 2)
    try:
        people = read_roster(roster) if roster is not None else None
        book = gradebook.join(
            gradebook.read_marks(marks), people, column, gradebook.reasons_of(submitted)
        )
        output.mkdir(parents=True, exist_ok=True)
        paths, notes = gradebook.FORMATS[to].write(book, output)
    except (gradebook.ExportError, RosterError) as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{error.filename or output}: {error.strerror}: name another folder with --output", 2)
    for line in report.lines(book, paths, notes):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if book.unmatched:
        raise typer.Exit(1)


def main() -> None:
    """Entry point of the console script."""
    let_streams_show_what_they_can(sys.stdout, sys.stderr)
    sys.exit(app())


if __name__ == "__main__":
    main()
