"""The students' `autograder` command; instructors have its verbs too, in `autograder.cli`."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.contract import AUTOMATIC_POINTS, BY_HAND_POINTS
from autograder.printing import (
    let_streams_show_what_they_can,
    print_json,
)
from autograder.reports.terminal import err, fail, out, say, tell

app = typer.Typer(
    help="Help for the notebooks of the GNN recommender course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Folder = Annotated[Path, typer.Argument(help="The folder with the six notebooks.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Check again whenever the file is saved; Ctrl-C ends it.")
]


@app.command()
def doctor(folder: Folder = Path(".")) -> None:
    """Say what is wrong with this computer, a line each: OK, or what to do."""
    from autograder.desk.doctor import examine

    lines = examine(folder)
    for line in lines:
        tell(line)
    if any(line.fix for line in lines):
        raise typer.Exit(1)


@app.command()
def progress(folder: Folder = Path(".")) -> None:
    """Show the six steps, the points that the checks last came to, and the next exercise."""
    from autograder.desk.progress import Progress

    if not folder.is_dir():
        fail(f"{folder}: no such folder: give the one with your notebooks", 2)
    tell(Progress.of(folder))


@app.command()
def join(
    folder: Folder = Path("."),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The one notebook.", show_default=False)
    ] = None,
    run: Annotated[bool, typer.Option(help="Run it, and say what is missing.")] = True,
) -> None:
    """Make the one notebook that the assignment asks for, run it, and say what is missing."""
    from autograder.desk import one_notebook, running

    target = output or folder / one_notebook.JOINED
    if target.exists() and not one_notebook.is_joined(target):
        fail(f"{target}: is there, and not of `join`'s making: name another file with -o", 2)
    try:
        book = one_notebook.join(folder)
        marks: dict[str, Any] = {}
        if run:
            with _telling(target.name) as told:
                _, marks = running.run(book, folder, told)
        one_notebook.write(book, target)
    except one_notebook.JoinError as error:
        fail(error, 2)
    except running.RunError as error:
        one_notebook.write(book, target)
        fail(f"{target}: was written, but did not run to its end: {error}", 1)
    except OSError as error:
        fail(f"{error.filename or target}: {error.strerror}: name another file with -o", 2)
    tell(f"Written: {target}")
    if not run:
        return
    for begins, line in running.errors(book):
        tell(f"The cell that begins `{begins}` raised {line}")
    lacking = one_notebook.lacking(target, marks)
    earned = sum(mark.earned for mark in marks.values())
    tell(
        f"{earned:g} of {AUTOMATIC_POINTS:g} points by its own checks, "
        f"and up to {BY_HAND_POINTS:g} for the report, given by hand."
    )
    if lacking:
        tell("Still missing:")
        for line in lacking:
            tell(f"  {line}")
        raise typer.Exit(1)
    tell("Nothing is missing: this file is what you hand in.")


@app.command()
def split(
    file: Annotated[Path, typer.Argument(help="A notebook that `autograder join` made.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A folder for the six notebooks.")
    ] = Path("split"),
) -> None:
    """Make six notebooks of the one again."""
    from autograder.desk import one_notebook

    try:
        books = one_notebook.split(file)
        there = [name for name in books if (output / name).exists()]
        if there:
            fail(f"{output / there[0]}: is there already: name another folder with -o", 2)
        for name, book in books.items():
            one_notebook.write(book, output / name)
    except one_notebook.JoinError as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{error.filename or output}: {error.strerror}: name another folder with -o", 2)
    tell(f"Written: {len(books)} notebooks in {output}")


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
def check(
    file: Annotated[Path, typer.Argument(help="One of your notebooks.")],
    watch: Watch = False,
) -> None:
    """Run a notebook from top to bottom and show what its checks say."""

    def once() -> int:
        import nbformat

        from autograder.desk import running
        from autograder.handin.submission import SubmissionError, read

        try:
            read(file)  # says in one line what is wrong with a file
            book = nbformat.read(file, as_version=4)
            with _telling(file.name) as told:
                said, marks = running.run(book, file.resolve().parent, told)
        except (SubmissionError, running.RunError) as error:
            say(f"autograder: {error}")
            return 1
        for begins, line in running.errors(book):
            tell(f"The cell that begins `{begins}` raised {line}")
        tell(said)
        tell(f"{file.name}: {sum(mark.earned for mark in marks.values()):g} points")
        return 0

    code = once()
    if watch:
        again_when_saved([file], once)
    if code:
        raise typer.Exit(code)


def again_when_saved(files: Sequence[Path], once: Callable[[], object]) -> None:
    """Call `once` whenever one of the files has been saved, until Ctrl-C."""
    say("Watching for the next save; Ctrl-C ends it.")
    before = _saved(files)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(0.5)
            now = _saved(files)
            if now != before and all(now):
                before = now
                once()
                say("Watching for the next save; Ctrl-C ends it.")


def _saved(files: Sequence[Path]) -> list[float]:
    """When each file, or the last one of a folder, was saved; 0 while it is being replaced."""
    times = []
    for file in files:
        try:
            inside = file.glob("*.ipynb") if file.is_dir() else [file]
            times.append(max((os.stat(path).st_mtime for path in inside), default=0.0))
        except OSError:
            times.append(0.0)
    return times


@contextlib.contextmanager
def _telling(name: str) -> Any:
    """A bar that shows which cell of a notebook is running."""
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(f"running {name}")
        yield lambda number, cells: bar.update(task, completed=number, total=cells)


def main() -> None:
    """Entry point of the console script."""
    let_streams_show_what_they_can(sys.stdout, sys.stderr)
    sys.exit(app())


if __name__ == "__main__":
    main()
