"""The instructor's desk: the commands before and after grading. Verbs only, as in `cli`."""

from __future__ import annotations

import contextlib
import csv
import difflib
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.reports.terminal import fail, out, tell

app = typer.Typer()
Marks = Annotated[Path, typer.Option(help="The folder that `grade` wrote.")]
RosterFile = Annotated[
    Path | None, typer.Option("--roster", help="The roster that the LMS exported, a CSV file.")
]
CourseFile = Annotated[
    Path | None,
    typer.Option("--course", help="Late rules, limits and more; by default course.toml, if any."),
]
MARKS = Path("marks")


def read_course(path: Path | None) -> Any:
    """The course file; a wrong one ends the command."""
    from autograder import course

    try:
        return course.read(path)
    except course.CourseError as error:
        fail(error, 2)


def steps_due(steps: str, course: Any) -> list[str]:
    """The steps that are due: as the option says, else as the course does."""
    from autograder.course import CourseError
    from autograder.course import steps_due as due

    try:
        return due(steps.split(",")) if steps else course.steps
    except CourseError as error:
        fail(f"--steps {error}", 2)


def data_of(course: Any, data: str | None, stack: contextlib.ExitStack) -> str | None:
    """The data to grade on: as the option says, else the course's file in the kit's form."""
    from autograder.course import data_file

    if data is not None or course.data is None:
        return data
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="data-"))
    return str(data_file(course, Path(folder)))


def check_data(path: Path) -> None:
    """End the command where the data file is not right."""
    import course_data

    if problems := course_data.validate(path, limit=1):
        fail(f"{path}: {problems[0]}", 2)


def only(submissions: list[Any], wanted: list[str]) -> list[Any]:
    """The submissions of these students; all where nobody is named."""
    names = [submission.student for submission in submissions]
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, 3)
            fail(f"--only {name}: nobody is called so{_did_you_mean(near)}", 2)
    return [s for s in submissions if s.student in wanted] if wanted else submissions


def _did_you_mean(names: list[str]) -> str:
    return f": did you mean {' or '.join(names)}?" if names else ""


def readable_hand_marks(folder: Path) -> None:
    """Raises ExportError where `hand.csv` cannot be read: before hours of grading, not after."""
    from autograder.gradebook.marks import settle

    settle([], folder)


def handed_in(folder: Path) -> dict[str, tuple[str, bool]]:
    """When each student handed in, and whether the LMS called it late: from `collect`'s list."""
    from autograder.handin.collect import LIST

    for place in (folder, folder / "submitted"):
        with contextlib.suppress(OSError, csv.Error, UnicodeError, KeyError):
            with (place / LIST).open(newline="", encoding="utf-8-sig") as stream:
                rows = list(csv.DictReader(stream))
            return {row["student"]: (row["handed_in"], row["late"] == "late") for row in rows}
    return {}


def changed(before: list[dict[str, Any]], folder: Path) -> list[str]:
    """What is different in a folder of marks: a line a student."""
    from autograder.reports import class_report

    return class_report.changes(before, class_report.read(folder))


def read_marks(folder: Path, course: Path | None) -> list[Any]:
    """The marks of a folder, hand marks and late rules in them; what is wrong ends the command."""
    from autograder import gradebook

    try:
        return gradebook.read_marks(folder, read_course(course))
    except gradebook.ExportError as error:
        fail(error, 2)


@app.command()
def collect(
    source: Annotated[Path, typer.Argument(help="The folder or the zip that the LMS gave.")],
    roster: RosterFile = None,
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
        tell(line)
    if result.unplaced:
        raise typer.Exit(1)


@app.command()
def export(
    to: Annotated[str, typer.Option(help="canvas, moodle, gradescope, junit, or csv.")],
    marks: Marks = MARKS,
    roster: RosterFile = None,
    output: Annotated[Path, typer.Option(help="A folder for what is written.")] = Path("export"),
    column: Annotated[str, typer.Option(help="The assignment's column in the LMS.")] = "",
    submitted: Annotated[
        Path, typer.Option(help="What `collect` wrote: why somebody has no marks.")
    ] = Path("submitted"),
    course: CourseFile = None,
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
        found = read_marks(marks, course)
        book = gradebook.join(found, people, column, gradebook.reasons_of(submitted))
        output.mkdir(parents=True, exist_ok=True)
        paths, notes = gradebook.FORMATS[to].write(book, output)
    except (gradebook.ExportError, RosterError) as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{error.filename or output}: {error.strerror}: name another folder with --output", 2)
    for line in report.lines(book, paths, notes):
        tell(line)
    if book.unmatched:
        raise typer.Exit(1)


@app.command()
def restore(
    state: Annotated[
        str | None, typer.Argument(help="The state's name; without one they are listed.")
    ] = None,
    marks: Marks = MARKS,
) -> None:
    """List the last ten states of a folder of marks, or put one back.

    A state holds marks.json, marks.csv and hand.csv. What is there now becomes a state itself.
    """
    from autograder.reports import class_report

    known = {path.name: path for path in class_report.kept_states(marks)}
    if state is None:
        for name, path in known.items():
            count = len(class_report.read(path))
            tell(f"{name}  ({count} students)")
        tell(f"{len(known)} states of {marks}.")
        return
    if state not in known:
        fail(f"{state}: no such state: autograder restore --marks {marks} lists them", 2)
    before = class_report.read(marks)
    try:
        class_report.restore(marks, known[state])
    except OSError as error:
        fail(f"{error.filename or marks}: {error.strerror}", 2)
    for line in changed(before, marks):
        tell(line)
    tell(f"Put back: {state}.")
