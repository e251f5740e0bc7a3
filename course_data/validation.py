"""Checks a user_artists.dat or an artists.dat line by line and says which line is wrong, and how.

Called by `course_data validate`, by `info`, and by the grader before it trusts a file that it was
given.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_data.locate import ARTISTS

USER_ARTISTS_HEADER = ("userID", "artistID", "weight")
ARTISTS_HEADER = ("id", "name", "url", "pictureURL")

_ROW = re.compile(rb"(\d{1,18})\t(\d{1,18})\t(\d{1,18})")  # the rows that need no second look
_WHOLE = re.compile(rb"[+-]?\d+")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file. line counts from 1, the header's; 0 is the whole file."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


def validate(path: str | os.PathLike[str], limit: int = 20) -> list[Problem]:
    """What is wrong with a data file; an empty list where nothing is.

    A file called artists.dat, or one that starts with its header, is checked as an artists.dat, any
    other as a user_artists.dat. CR LF and LF line ends are both fine, and so is a last line without
    an end. Lists at most `limit` problems, in file order, and then one more (line 0) that says how
    many are left out. Never raises for what is in the file, nor for a file that is absent or cannot
    be read.
    """
    file = Path(path)
    found: list[Problem] = []
    left_out = 0
    for problem in _problems(file):
        if len(found) < limit:
            found.append(problem)
        else:
            left_out += 1
    if left_out:
        found.append(Problem(0, f"and {left_out:,} more like these"))
    return found


def _problems(file: Path) -> Iterator[Problem]:
    try:
        content = _read(file)
    except OSError as error:
        yield Problem(0, f"cannot be read: {error.strerror or error}")
        return
    whole = _whole_file(content)
    if whole:
        yield whole
        return
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    is_artists = lines[0].startswith(b"id\t") or (
        file.name.lower() == ARTISTS and not lines[0].startswith(b"userID")
    )
    header = ARTISTS_HEADER if is_artists else USER_ARTISTS_HEADER
    wrong = _header(lines[0], header)
    if wrong:
        yield Problem(1, wrong)
        if b"\t" not in lines[0]:
            return  # another separator: every further line would say the same
    if len(lines) == 1:
        yield Problem(1, "there are no rows after the header")
        return
    yield from (_artist_rows if is_artists else _listening_rows)(lines)


def _read(file: Path) -> bytes:
    if file.exists() and not file.is_file():
        raise OSError(
            0, "it is a folder: give the file" if file.is_dir() else "it is not a regular file"
        )
    return file.read_bytes()


def _whole_file(content: bytes) -> Problem | None:
    """What makes it pointless to read on: nothing there, or no UTF-8 text."""
    if not content.strip():
        return Problem(0, "the file is empty")
    if content.startswith(b"PK\x03\x04"):
        return Problem(
            0,
            "this is a zip archive: take the files out of it with `course_data fetch --from-file`",
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(1, "this is UTF-16 text: save it as UTF-8")
    if content.startswith(b"\xef\xbb\xbf"):
        return Problem(1, "the file starts with a byte order mark: save it as UTF-8 without one")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(line, f"not UTF-8 text (byte 0x{content[error.start]:02x})")
    if b"\x00" in content:
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        return Problem(line, "holds a zero byte: this is not a text file")
    if b"\n" not in content and b"\r" in content:
        return Problem(1, "lines end in CR alone: use CR LF or LF")
    return None


def _header(line: bytes, expected: tuple[str, ...]) -> str | None:
    wanted = " ".join(expected)
    fields, names = line.split(b"\t"), [name.encode() for name in expected]
    if fields == names:
        return None
    for mark, word in ((b",", "comma"), (b";", "semicolon"), (b" ", "space")):
        parts = [part.strip(b' "') for part in line.split(mark)]
        if parts == names or (len(parts) == len(names) and all(map(_WHOLE.fullmatch, parts))):
            return f"the file is {word}-separated; expected tabs between {wanted}"
    if all(_WHOLE.fullmatch(field) for field in fields):
        return f"the header is missing: expected {wanted} (tabs between), got a row of data"
    return f"wrong header: expected {wanted} (tabs between), got {_show(line)}"


def _listening_rows(lines: list[bytes]) -> Iterator[Problem]:
    first_line: dict[tuple[int, int], int] = {}
    for number, line in enumerate(lines[1:], start=2):
        match = _ROW.fullmatch(line)
        if match is None or match[3].lstrip(b"0") == b"":
            yield Problem(number, _row_fault(line))
            continue
        pair = (int(match[1]), int(match[2]))
        earlier = first_line.setdefault(pair, number)
        if earlier != number:
            yield Problem(
                number, f"user {pair[0]} and artist {pair[1]} are already on line {earlier}"
            )


def _row_fault(line: bytes) -> str:
    if not line.strip():
        return "the line is empty"
    fields = line.split(b"\t")
    if len(fields) != len(USER_ARTISTS_HEADER):
        return _columns(fields, USER_ARTISTS_HEADER, line)
    for name, field in zip(USER_ARTISTS_HEADER, fields, strict=True):
        if not _WHOLE.fullmatch(field):
            return f"{name} is {_show(field)}, not a whole number"
        if name == "weight" and (field.startswith(b"-") or not field.strip(b"+0")):
            return f"weight is {_show(field)}; a listen count is 1 or more"
        if field.startswith((b"-", b"+")):
            return f"{name} is {_show(field)}; expected digits only"
        if len(field) > 18:
            return f"{name} is {_show(field)}, too large"
    return f"cannot be read: {_show(line)}"


def _artist_rows(lines: list[bytes]) -> Iterator[Problem]:
    first_line: dict[int, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split(b"\t")
        if not line.strip():
            yield Problem(number, "the line is empty")
        elif len(fields) != len(ARTISTS_HEADER):
            yield Problem(number, _columns(fields, ARTISTS_HEADER, line))
        elif not fields[0].isdigit() or len(fields[0]) > 18:
            yield Problem(number, f"id is {_show(fields[0])}, not a whole number")
        elif not fields[1].strip():
            yield Problem(number, "the name is empty")
        else:
            artist = int(fields[0])
            earlier = first_line.setdefault(artist, number)
            if earlier != number:
                yield Problem(number, f"artist {artist} is already on line {earlier}")


def _columns(fields: list[bytes], expected: tuple[str, ...], line: bytes) -> str:
    got = "1 column" if len(fields) == 1 else f"{len(fields)} columns"
    return f"{got}, expected {len(expected)} ({' '.join(expected)}, tabs between): {_show(line)}"


def _show(field: bytes, width: int = 40) -> str:
    text = field.decode("utf-8", "replace")
    return repr(text if len(text) <= width else text[: width - 1] + "…")
