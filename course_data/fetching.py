"""Brings the real Last.fm files into the user's data folder, from GroupLens or a file at hand.

Called by `course_data fetch`. Files are checked before they are moved into place, so there is never
half a file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_data import archive, download
from course_data.archive import OFFICIAL, Expected, FetchError
from course_data.download import URL
from course_data.locate import ARTISTS, NAMES, USER_ARTISTS, lastfm_folder

__all__ = ["OFFICIAL", "URL", "Expected", "FetchError", "FetchResult", "fetch"]

_PREFIX = ".course_data-"  # of the working folder inside the target; removed whatever happens
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class FetchResult:
    """What `fetch` did. files: names written; none where valid ones were there."""

    folder: Path
    files: tuple[str, ...]
    note: str  # one line for the user


def fetch(
    folder: str | os.PathLike[str] | None = None,
    *,
    url: str = URL,
    from_file: str | os.PathLike[str] | None = None,
    force: bool = False,
    progress: Any = None,
    timeout: float = 30.0,
    expected: Mapping[str, Expected] | None = None,
) -> FetchResult:
    """Put user_artists.dat and artists.dat into a folder, with their sizes and SHA-256 checked.

    folder: where to; None means `lastfm_folder()`. url: of the archive. from_file: instead of the
    URL, a zip, a user_artists.dat (its artists.dat is taken from beside it, where there is one) or
    a folder that holds both. force: fetch even where valid files are there. progress: an object in
    the manner of tqdm (total, update, reset, close), fed while downloading. timeout: seconds to
    wait for the server at each read. expected: what the files must be; None means the official
    ones.

    Raises FetchError. After any failure, Ctrl-C too, the folder holds what it held before, and
    nothing else.
    """
    target = Path(folder).expanduser() if folder is not None else lastfm_folder()
    wanted = OFFICIAL if expected is None else expected
    valid = [name for name in NAMES if _is_valid(target / name, wanted[name])]
    if not force and len(valid) == len(NAMES):
        return FetchResult(target, (), f"already there and valid: {target} (--force fetches again)")
    try:
        with _working_folder(target) as work:
            if from_file is None:
                zip_file = work / "archive.zip"
                download.download(url, zip_file, progress, timeout)
                archive.unpack(zip_file, work, wanted, where=url)
            else:
                archive.take(Path(from_file).expanduser(), work, wanted)
            names = tuple(name for name in NAMES if (work / name).exists())
            _move_into_place(work, target, names)
    except OSError as error:
        raise _disk_error(error, target) from error
    return FetchResult(target, names, _note(target, names, wanted))


def _note(target: Path, names: tuple[str, ...], wanted: Mapping[str, Expected]) -> str:
    note = f"fetched {' and '.join(names)} into {target}, sizes and SHA-256 checked"
    if not _is_valid(target / ARTISTS, wanted[ARTISTS]):
        note += f"; no {ARTISTS} (artist names): there was none beside the {USER_ARTISTS}"
    return note


def _is_valid(file: Path, expected: Expected) -> bool:
    try:
        if file.stat().st_size != expected.size:
            return False
        return hashlib.sha256(file.read_bytes()).hexdigest() == expected.sha256
    except OSError:
        return False


@contextlib.contextmanager
def _working_folder(target: Path) -> Iterator[Path]:
    """A folder inside the target, on the same disk, so that a file moves out of it in one step."""
    made = _make_folders(target)
    work = None
    try:
        _sweep(target)
        work = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=target))
        yield work
    except BaseException:
        if work:
            shutil.rmtree(work, ignore_errors=True)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
    shutil.rmtree(work, ignore_errors=True)


def _make_folders(target: Path) -> list[Path]:
    """Make the target and its missing parents; returns those made, outermost first."""
    missing = [folder for folder in (target, *target.parents) if not folder.exists()]
    made: list[Path] = []
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        made.append(folder)
    if not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is not a folder", str(target))
    return made


def _sweep(target: Path, older_than: float = 86_400.0) -> None:
    """Remove working folders that a killed fetch left there more than `older_than` seconds ago."""
    for left in target.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > older_than:
                shutil.rmtree(left, ignore_errors=True)


def _move_into_place(work: Path, target: Path, names: tuple[str, ...]) -> None:
    """Replace each file in one step; where a later one fails, the earlier ones are put back."""
    before = work / "before"
    before.mkdir()
    for name in names:
        if (target / name).exists():
            shutil.copy2(target / name, before / name)
    touched: list[str] = []
    try:
        for name in names:
            touched.append(name)
            os.replace(work / name, target / name)
    except BaseException:
        for name in touched:
            with contextlib.suppress(OSError):
                if (before / name).exists():
                    os.replace(before / name, target / name)
                elif not (work / name).exists():
                    (target / name).unlink()
        raise


def _disk_error(error: OSError, target: Path) -> FetchError:
    if error.errno in _FULL:
        return FetchError(
            "the disk is full, or a size limit was reached",
            target,
            "Nothing was changed. Free about 10 MB, or choose another folder with --to.",
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        what = "the folder cannot be written to"
    else:
        what = f"the files cannot be written: {error.strerror or error}"
    where = error.filename if error.filename and _PREFIX not in str(error.filename) else target
    return FetchError(what, where, "Choose another folder with --to or COURSE_DATA_DIR.")
