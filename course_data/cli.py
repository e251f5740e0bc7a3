"""The `course_data` command: fetch, info, validate, sample.

Called by the console script and by `python -m course_data`; every error is one line on stderr.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

import course_data
from course_data.fetching import URL
from course_data.locate import NAMES, SAMPLE_FOLDER, DataError

app = typer.Typer(
    add_completion=False,
    help="The course's listening data: where it is, what is in it, how to get the real one.",
)
FAILED, BAD_ARGUMENTS, INTERRUPTED = 1, 2, 130
_USAGE_ERROR: Any = typer.BadParameter.__bases__[0]  # click's UsageError, wherever typer keeps it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, 1 for what failed, 2 for bad arguments, 130 for Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        return app(args=given, prog_name="course_data", standalone_mode=False) or 0
    except _USAGE_ERROR as error:
        return _say(
            f"{error.format_message()} Try: course_data {_verb(given)}--help", BAD_ARGUMENTS
        )
    except (DataError, OSError) as error:
        return _say(str(error), FAILED)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", INTERRUPTED)


@app.command()
def fetch(
    from_file: Annotated[
        Path | None,
        typer.Option(
            metavar="ZIP_OR_DAT", help="Take it from a zip, a user_artists.dat or a folder."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch even where valid files are there.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to put it in [COURSE_DATA_DIR].")
    ] = None,
    url: Annotated[str, typer.Option(help="Address of the archive.")] = URL,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the server.")] = 30.0,
) -> None:
    """Get the real Last.fm files (for non-commercial use) and check their sizes and SHA-256."""
    if from_file is not None and not from_file.expanduser().exists():
        raise _USAGE_ERROR(f"--from-file: there is no {from_file}.")
    if not url.startswith(("http://", "https://")):
        raise _USAGE_ERROR(f"--url: {url} is not an http or https address.")
    try:
        with _ended_is_interrupted(), _Bar() as bar:
            result = course_data.fetch(
                to, url=url, from_file=from_file, force=force, progress=bar, timeout=timeout
            )
    except KeyboardInterrupt:
        _stop("interrupted: nothing was changed", INTERRUPTED)
    typer.echo(result.note)


@app.command()
def info(
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="sample, lastfm, a file or a folder.")
    ] = None,
) -> None:
    """Count users, artists, rows and shared ids."""
    if (
        data is not None
        and data not in ("sample", "lastfm")
        and not Path(data).expanduser().exists()
    ):
        raise _USAGE_ERROR(
            f"there is no data called {data}: give sample, lastfm, a file or a folder."
        )
    from rich.table import Table

    found = course_data.info(data)
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for label, count in (
        ("users", found.users),
        ("artists", found.artists),
        ("rows", found.rows),
        ("nodes (users + artists)", found.nodes),
        ("distinct ids", found.distinct_ids),
        ("ids that are both", found.shared_ids),
    ):
        table.add_row(label, f"{count:,}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(f"SHA-256  {found.sha256}\npath     {escape(str(found.path))}")
    if found.shared_ids:
        console.print(
            f"The trap: {found.nodes:,} nodes but only {found.distinct_ids:,} distinct ids. "
            f"{found.shared_ids:,} ids are both a user's and an artist's: "
            "keep users and artists apart before they share a graph."
        )


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(help="A user_artists.dat or an artists.dat.")],
) -> None:
    """Say which lines of a file are wrong, and how."""
    if not file.exists():
        raise _USAGE_ERROR(f"there is no file {file}.")
    if file.is_dir():
        raise _USAGE_ERROR(f"{file} is a folder: give a file, such as {file / NAMES[0]}.")
    problems = course_data.validate(file)
    for problem in problems:
        typer.echo(f"{file}: {problem}", err=True)
    if problems:
        raise typer.Exit(FAILED)
    typer.echo(f"{file}: valid")


@app.command()
def sample(
    check: Annotated[
        bool, typer.Option("--check", help="Do generator and shipped files agree?")
    ] = False,
    write: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the sample into a folder.")
    ] = None,
) -> None:
    """Make the sample again: compare it with the shipped files, or write it."""
    if check == (write is not None):
        raise _USAGE_ERROR("give one of --check and --write DIR.")
    made = course_data.generate()
    if write is not None:
        try:
            typer.echo(f"wrote {' and '.join(NAMES)} into {made.write(write)}")
        except OSError as error:
            _stop(
                f"the sample cannot be written: {error.strerror} ({error.filename or write}). "
                "Choose another folder."
            )
        return
    for name, content in zip(NAMES, (made.user_artists, made.artists), strict=True):
        if course_data.path(name, "sample").read_bytes() != content:
            _stop(
                f"the shipped {name} is not what the generator makes ({SAMPLE_FOLDER / name}). "
                f"If the generator is right, run: course_data sample --write {SAMPLE_FOLDER}"
            )
    typer.echo("the generator makes the shipped files, byte for byte")


@contextlib.contextmanager
def _ended_is_interrupted() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, so that a fetch ended from outside tidies up too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Bar:
    """A progress bar in tqdm's manner, as pooch wants it, drawn by rich once bytes come."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("downloading"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("download", total=None)
        self._started = False

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def total(self) -> int | None:
        return None

    @total.setter
    def total(self, size: int) -> None:
        self._progress.update(self._task, total=size or None)
        self._progress.start()
        self._started = True

    def update(self, size: int) -> None:
        self._progress.advance(self._task, size)

    def reset(self) -> None:
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        if self._started:
            self._progress.stop()
            self._started = False


def _verb(arguments: Sequence[str]) -> str:
    known = ("fetch", "info", "validate", "sample")
    return f"{arguments[0]} " if arguments and arguments[0] in known else ""


def _say(message: str, code: int) -> int:
    typer.echo("course_data: " + " ".join(message.splitlines()), err=True)
    return code


def _stop(message: str, code: int = FAILED) -> NoReturn:
    raise typer.Exit(_say(message, code))
