"""Finds a data file: a word (sample, lastfm), a file or a folder becomes a path that exists.

Called by the notebooks through `course_data.path`, and by every other module here.
"""

from __future__ import annotations

import os
from pathlib import Path

USER_ARTISTS = "user_artists.dat"
ARTISTS = "artists.dat"
UNSEEN = "unseen.dat"  # rows held back from a twin: no student's process gets to see them
NAMES = (USER_ARTISTS, ARTISTS)
SAMPLE_FOLDER = Path(__file__).resolve().parent / "sample"

Data = str | os.PathLike[str] | None


class DataError(Exception):
    """Data that cannot be used; the message is one line: what is wrong, where, what to do next."""

    def __init__(self, what: str, where: str | os.PathLike[str], next_step: str) -> None:
        self.what = what
        self.where = str(where)
        self.next_step = next_step
        super().__init__(f"{what} ({self.where}). {next_step}")

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the line, and no traceback."""
        return [str(self)]


def lastfm_folder() -> Path:
    """The folder of the fetched Last.fm files: COURSE_DATA_DIR, or the user's data folder.

    The folder need not exist yet.
    """
    chosen = os.environ.get("COURSE_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("course_data", appauthor=False))


def path(name: str = USER_ARTISTS, data: Data = None) -> Path:
    """Where a data file is.

    name: "user_artists.dat" or "artists.dat".
    data: "sample" (shipped), "lastfm" (fetched), a folder that holds the files, or a file: a
    user_artists.dat under any name, with its artists.dat beside it. None means the environment
    variable COURSE_DATA, and "sample" where that is not set.

    Returns the path of a file that exists. Raises DataError where there is none.
    """
    if name not in NAMES:
        raise DataError(
            f"there is no data file called {name!r}",
            "course_data.path",
            f"Ask for {USER_ARTISTS} or {ARTISTS}.",
        )
    asked = os.fspath(data if data is not None else os.environ.get("COURSE_DATA") or "sample")
    if asked == "sample":
        return _existing(
            SAMPLE_FOLDER / name, "the shipped sample is incomplete", "Install the project again."
        )
    if asked == "lastfm":
        return _existing(
            lastfm_folder() / name,
            f"the real Last.fm data has no {name} here: it has not been fetched",
            "Run `course_data fetch`, or use the shipped sample (COURSE_DATA=sample).",
        )
    return _given(name, asked)


def _given(name: str, asked: str) -> Path:
    given = Path(asked).expanduser()
    if given.is_dir():
        return _existing(
            given / name, f"the data folder holds no {name}", f"Give a folder that holds {name}."
        )
    if not given.exists():
        raise DataError(
            f"there is no data called {asked!r}",
            given.absolute(),
            "Give sample, lastfm, a user_artists.dat or a folder that holds one; "
            "it is taken from the argument, or else from the environment variable COURSE_DATA.",
        )
    if name == USER_ARTISTS:
        return given
    return _existing(
        given.with_name(name),
        f"there is no {name} beside {given.name}",
        f"Put {name} in that folder.",
    )


def _existing(found: Path, what: str, next_step: str) -> Path:
    if not found.is_file():
        raise DataError(what, found, next_step)
    return found
