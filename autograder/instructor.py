"""The instructor's desk: the commands before and after grading. Verbs only, as in `cli`."""

from __future__ import annotations

import contextlib
import difflib
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.reports.terminal import fail, out, say, tell

app = typer.Typer()
Marks = Annotated[Path, typer.Option(help="The folder that `grade` wrote.")]
RosterFile = Annotated[
    Path | None, typer.Option("--roster", help="The roster that the LMS exported, a CSV file.")
]
CourseFile = Annotated[
    Path | None,
    typer.Option("--course", help="Late rules, limits and more; by default course.toml, if any."),
]
Submitted = Annotated[Path, typer.Option(help="What `collect` wrote: why somebody has no marks.")]
MARKS, SUBMITTED = Path("marks"), Path("submitted")


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


def handed_in(folder: Path, submissions: list[Any]) -> dict[str, Any]:
    """Each student's hand-in: from where, and what `collect`'s list says of name and time."""
    from autograder.handin.collect import listed
    from autograder.reports.marks_folder import HandIn

    rows = listed(folder) or listed(folder / "submitted")
    found = {}
    for submission in submissions:
        row = rows.get(submission.student, {})
        source = str(submission.source or "")
        late, name = row.get("late") == "late", row.get("name", "")
        found[submission.student] = HandIn(row.get("handed_in", ""), late, name, source)
    return found


def as_it_is(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The marks of a folder, and what persons gave, before something is changed in it."""
    from autograder.gradebook import hand
    from autograder.reports import marks_folder

    by_hand: dict[str, Any] = {}
    with contextlib.suppress(hand.HandError):
        by_hand = dict(hand.read(folder))
    return marks_folder.read(folder), by_hand


def changed(before: tuple[list[dict[str, Any]], dict[str, Any]], folder: Path) -> list[str]:
    """What is different in a folder of marks: a line a student."""
    from autograder.reports import marks_folder

    after = as_it_is(folder)
    return marks_folder.changes(before[0], after[0], before[1], after[1])


def read_marks(folder: Path, course: Path | None) -> list[Any]:
    """The marks of a folder, hand marks and late rules in them; what is wrong ends the command."""
    from autograder import gradebook

    rules = read_course(course)
    try:
        marks = gradebook.read_marks(folder, rules)
        place = folder if folder.is_dir() else folder.parent
        for line in gradebook.doubts(marks, place, rules):
            say(line)
        return marks
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
    submitted: Submitted = SUBMITTED,
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
    from autograder.reports import marks_folder

    known = {path.name: path for path in marks_folder.kept_states(marks)}
    if state is None:
        for name, path in known.items():
            count = len(marks_folder.read(path))
            tell(f"{name}  ({count} students)")
        tell(f"{len(known)} states of {marks}.")
        return
    if state not in known:
        fail(f"{state}: no such state: autograder restore --marks {marks} lists them", 2)
    before = as_it_is(marks)
    try:
        marks_folder.restore(marks, known[state])
    except OSError as error:
        fail(f"{error.filename or marks}: {error.strerror}", 2)
    for line in changed(before, marks):
        tell(line)
    tell(f"Put back: {state}.")


@app.command()
def reports(
    marks: Annotated[Path, typer.Argument(help="The folder that `grade` wrote.")] = MARKS,
    course: CourseFile = None,
) -> None:
    """Write one page with all reports to grade, and hand.csv for their points.

    Points, comments and overrides in hand.csv outlive every regrade.
    """
    from autograder.gradebook import hand
    from autograder.reports import class_report, hand_page, pages

    found = read_marks(marks, course)
    try:
        path = hand.write(marks, [mark.student for mark in found])
        page = pages.write(marks / "reports.html", hand_page.render(found))
        class_report.write_table(marks, read_course(course))
    except OSError as error:
        fail(f"{error.filename or marks}: {error.strerror}", 2)
    waiting = [mark for mark in found if mark.report_waits]
    tell(f"{len(found)} students, {len(waiting)} reports to grade.")
    tell(f"Written: {page}, {path}, {marks / 'marks.csv'}")


@app.command()
def feedback(
    marks: Annotated[Path, typer.Argument(help="The folder that `grade` wrote.")] = MARKS,
    hints: Annotated[int, typer.Option(min=0, max=3, help="How many hints to show.")] = 1,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be given again.")
    ] = None,
    lms: Annotated[
        str, typer.Option("--for", help="canvas or moodle: a zip that it can take back.")
    ] = "",
    submitted: Annotated[Path, typer.Option(help="What `collect` wrote: the LMS's names.")] = (
        SUBMITTED
    ),
    course: CourseFile = None,
) -> None:
    """Write a page for each student, and all of them as a zip to hand back through the LMS."""
    from autograder.reports import student_page
    from autograder.reports.collected import listed

    named = _names_of(lms, submitted) if lms else None
    found = read_marks(marks, course)
    names = [mark.student for mark in found]
    for name in only or []:
        if name not in names:
            near = difflib.get_close_matches(name, names, 3)
            fail(f"--only {name}: nobody is called so{_did_you_mean(near)}", 2)
    try:
        written, archive, held = student_page.write_all(found, marks, hints, only or (), named, lms)
    except OSError as error:
        fail(f"{error.filename or marks}: {error.strerror}", 2)
    pages = "1 page" if len(written) == 1 else f"{len(written)} pages"
    tell(f"Written: {pages} in {marks / student_page.FOLDER}, and {archive} with {held}")
    nameless = [name for name in names if named is not None and name not in named]
    for line in listed(f"Not in the zip: no hand-in from {lms.capitalize()}", nameless):
        tell(line)


def _names_of(lms: str, submitted: Path) -> dict[str, str]:
    """Under which name an LMS takes each student's page back: by the list that `collect` left."""
    from autograder.handin.collect import LIST, listed

    known = ("canvas", "moodle")
    if lms not in known:
        fail(f"--for {lms}: choose {' or '.join(known)}; others need no names of their own", 2)
    rows = listed(submitted)
    kinds = {row["from"].casefold() for row in rows.values() if row.get("from")}
    if lms not in kinds:
        there = f"the work came from {', '.join(sorted(kinds))}" if kinds else "no such list"
        why = f"{there}: --submitted names the folder that `collect` wrote from {lms.capitalize()}"
        fail(f"{submitted / LIST}: {why}", 2)
    theirs = {k: row for k, row in rows.items() if row.get("from", "").casefold() == lms}
    named = {student: row["hand_back"] for student, row in theirs.items() if row.get("hand_back")}
    if not named:
        fail(f"{submitted / LIST}: of an earlier release, without names: collect once more", 2)
    return named


@app.command()
def report(
    marks: Annotated[Path, typer.Argument(help="The folder that `grade` wrote.")] = MARKS,
    anonymous: Annotated[bool, typer.Option(help="Numbers in the place of names.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="The page; by default class.html beside the marks.")
    ] = None,
    submitted: Submitted = SUBMITTED,
    course: CourseFile = None,
) -> None:
    """Write the class page: marks, misconceptions, and what to look at first.

    It links the students' pages that `autograder feedback` has written beside it.
    """
    from autograder.gradebook import reasons_of
    from autograder.handin.collect import NOTHING
    from autograder.reports import class_page, pages

    found = read_marks(marks, course)
    known = {mark.student for mark in found}
    absent = [name for name, why in reasons_of(submitted).items() if why == NOTHING]
    absent = [name for name in absent if name not in known]
    path = output or marks / ("class-anonymous.html" if anonymous else "class.html")
    try:
        written = pages.write(path, class_page.render(found, path.parent, anonymous, absent))
    except OSError as error:
        fail(f"{error.filename or path}: {error.strerror}: name another file with --output", 2)
    tell(f"Written: {written} ({written.stat().st_size / 1000:,.0f} KB, {len(found)} students)")


@app.command()
def queue(
    marks: Annotated[Path, typer.Argument(help="The folder that `grade` wrote.")] = MARKS,
    ta: Annotated[str, typer.Option(help="One TA's share, such as 1/3.")] = "",
    course: CourseFile = None,
) -> None:
    """List what waits for a person, the most urgent first."""
    from autograder.gradebook import todo

    items = todo.todo(read_marks(marks, course))
    if ta:
        number, sign, of = ta.partition("/")
        if not (sign and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            fail(f"--ta {ta}: write such as 1/3: the first of three", 2)
        items = todo.share(items, int(number), int(of))
    for item in items:
        tell(f"{item.kind}: {item.key}: {item.what}")
    tell(f"{len(items)} things to look at. autograder show STUDENT shows more of one.")


@app.command()
def show(
    student: Annotated[str, typer.Argument(help="As in marks.csv.")],
    marks: Marks = MARKS,
    course: CourseFile = None,
) -> None:
    """Show one student's marks: points, findings, what waits, and where the copies are."""
    from autograder.reports import one_student

    found = read_marks(marks, course)
    mark = next((mark for mark in found if mark.student == student), None)
    if mark is None:
        near = difflib.get_close_matches(student, [mark.student for mark in found], 3)
        fail(f"{student}: nobody is called so in {marks}{_did_you_mean(near)}", 2)
    for line in one_student.lines(mark, marks):
        tell(line)


@app.command()
def similar(
    marks: Annotated[Path, typer.Argument(help="The folder that `grade` wrote.")] = MARKS,
    scaffold: Annotated[
        Path, typer.Option(help="The notebooks that the students started from.")
    ] = Path("assignments/gnn_recommender"),
) -> None:
    """Write a page of pairs that share more code than the course gives, side by side.

    It is a reason to look and to ask, never a verdict.
    """
    from autograder.gradebook.similar import same_work
    from autograder.reports import pages, similar_page
    from autograder.reports.collected import listed

    if not any(scaffold.glob("*.ipynb")):
        fail(f"{scaffold}: no notebook here: name the students' notebooks with --scaffold", 2)
    found = read_marks(marks, None)
    try:
        pairs = similar_page.compare(found, marks, similar_page.scaffold([scaffold]))
        path = pages.write(marks / "similar.html", similar_page.render(pairs, len(found)))
    except OSError as error:
        fail(f"{error.filename or marks}: {error.strerror}", 2)
    groups, others = same_work(pairs)
    for line in listed("The same code, byte for byte", [", ".join(names) for names in groups]):
        tell(line)
    shares = [
        f"{pair.one.student} and {pair.other.student}: {pair.share:.0%} of the smaller one"
        for pair in others
    ]
    for line in listed("Much in common", shares):
        tell(line)
    tell(f"{len(groups)} groups and {len(others)} pairs to look at. Written: {path}")


@app.command()
def gradebook(
    to: Annotated[
        str, typer.Option(help="nbgrader: puts automatic marks in there. The default.")
    ] = "",
    source: Annotated[
        str, typer.Option("--from", help="nbgrader: brings what persons gave there to hand.csv.")
    ] = "",
    marks: Marks = MARKS,
    root: Annotated[
        Path, typer.Option(help="The course's folder, with nbgrader_config.py.")
    ] = Path("."),
    course: CourseFile = None,
) -> None:
    """Put automatic scores, comments and executed notebooks into nbgrader's gradebook, or bring
    the marks of persons from there.

    Manual marks, extra credit and comments of a person in there are never touched.
    """
    from autograder.gradebook import ExportError, nbgrader_book
    from autograder.gradebook.marks import automatic_marks

    if (to and source) or (to or source or "nbgrader") != "nbgrader":
        fail("choose --to nbgrader or --from nbgrader", 2)
    try:
        if source:
            _bring(marks, nbgrader_book.given(root), "formgrader", course)
            return
        result = nbgrader_book.fill(root, automatic_marks(marks), marks)
    except ExportError as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{error.filename or root}: {error.strerror}", 2)
    kept = f", {result.kept} marks of a person kept" if result.kept else ""
    tell(f"{result.students} students, {len(result.changed)} with other scores than before{kept}.")
    tell(f"Written: the gradebook, and {result.trees}")


def _bring(folder: Path, given: dict[str, Any], origin: str, course: Path | None) -> None:
    """Put what persons gave elsewhere into hand.csv and marks.csv, and say what stays outside."""
    from autograder.gradebook import ExportError, hand
    from autograder.reports import class_report
    from autograder.reports.collected import listed

    found = read_marks(folder, course)
    before = as_it_is(folder)
    strangers, kept, extra = [], [], []
    try:
        rows = hand.read(folder)
        names = {mark.student for mark in found}
        for student, theirs in given.items():
            if student not in names:
                strangers += [student] if theirs.points or theirs.comments else []
                continue
            lines = [f"{k}: {v}" if k != hand.REPORT else v for k, v in theirs.comments.items()]
            mark = rows.get(student, hand.HandMark(student))
            comment = "\n".join(lines)
            rows[student], stays = hand.bring(mark, theirs.points, comment, origin)
            kept += [f"{student}: {line}" for line in stays]
            extra += [f"{student}: {theirs.extra:g}"] if theirs.extra else []
        path = hand.save(folder, rows)
        class_report.write_table(folder, read_course(course))
    except hand.HandError as error:
        raise ExportError(str(error)) from None
    for title, lines in (
        ("Brought", changed(before, folder)),
        (f"Left as hand.csv has it; mend it there or in {origin}", kept),
        ("Extra credit, which stays in nbgrader only", extra),
        ("Not in these marks", strangers),
    ):
        for line in listed(title, lines):
            tell(line)
    tell(f"Written: {path}, {folder / 'marks.csv'}")


@app.command()
def pack(
    target: Annotated[str, typer.Argument(help="gradescope, or github.")],
    output: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
    kit: Annotated[str, typer.Option(help="The kit's repository on GitHub: OWNER/NAME.")] = "",
    root: Annotated[Path, typer.Option(help="A checkout of the kit.")] = Path("."),
) -> None:
    """Write a Gradescope autograder zip, or a GitHub workflow for students' repositories."""
    from autograder.gradebook import ExportError
    from autograder.gradebook import pack as packing

    if target not in ("gradescope", "github"):
        fail(f"{target}: choose gradescope or github", 2)
    if target == "github" and kit.count("/") != 1:
        fail("--kit OWNER/NAME: name the kit's repository on GitHub", 2)
    try:
        if target == "gradescope":
            path = packing.gradescope_zip(root, output or Path("gradescope.zip"))
        else:
            path = packing.workflow(output or Path(".github/workflows/check.yml"), kit)
    except ExportError as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{error.filename or output}: {error.strerror}: name another file with --output", 2)
    tell(f"Written: {path}")


@app.command()
def misconceptions(
    output: Annotated[Path, typer.Option(help="A folder for the pages.")] = Path("misconceptions"),
) -> None:
    """Write a page for each misconception of the catalogue, in Markdown, and an index."""
    from autograder.reports import misconceptions as writing

    try:
        written = writing.write(output)
    except OSError as error:
        fail(f"{error.filename or output}: {error.strerror}: name another with --output", 2)
    tell(f"Written: {len(written) - 1} pages, and {written[0]}")
