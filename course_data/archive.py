"""Takes the two Last.fm files out of a zip or from a folder, and checks size and SHA-256.

Called by `fetching`, which hands in a working folder and moves what is right out of it.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from course_data.locate import ARTISTS, NAMES, USER_ARTISTS, DataError


class FetchError(DataError):
    """Files that could not be fetched; one line: what is wrong, where, what to do next."""


@dataclass(frozen=True)
class Expected:
    """What a file must be: its size in bytes, and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


OFFICIAL: Mapping[str, Expected] = MappingProxyType(
    {
        USER_ARTISTS: Expected(
            1_296_453, "650cd69d5a68db24b439042557aa539aec47e473273e12cdfdca2cd944b3773a"
        ),
        ARTISTS: Expected(
            1_925_879, "c173881362c6b28551368fecb3c0be5a6a30a6cd859e1f5775413dfe46d48648"
        ),
    }
)
_AGAIN = "Fetch again, or download the archive with a browser and give it with --from-file."


def take(source: Path, work: Path, expected: Mapping[str, Expected]) -> None:
    """Copy the files from a zip, a user_artists.dat or a folder into `work`, checked.

    Raises FetchError, and OSError where `work` cannot be written to.
    """
    if source.is_dir():
        for name in NAMES:
            if not (source / name).is_file():
                raise FetchError(
                    f"the folder holds no {name}",
                    source,
                    f"Give a folder that holds {' and '.join(NAMES)}.",
                )
            _take_file(source / name, name, work, expected[name])
    elif not source.is_file():
        raise FetchError(
            "there is no such file",
            source.absolute(),
            "Give a zip, a user_artists.dat or a folder.",
        )
    elif _looks_like_zip(source):
        unpack(source, work, expected, where=str(source))
    else:
        _take_file(source, USER_ARTISTS, work, expected[USER_ARTISTS])
        beside = source.with_name(ARTISTS)
        if beside.is_file():
            _take_file(beside, ARTISTS, work, expected[ARTISTS])


def unpack(zip_file: Path, work: Path, expected: Mapping[str, Expected], where: str) -> None:
    """Unpack the files of a zip into `work`, checked. where: what to call the zip.

    Raises FetchError, and OSError where `work` cannot be written to.
    """
    contents: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(zip_file) as opened:
            for name in NAMES:
                contents[name] = _read_entry(opened, name, expected[name], where)
    except (NotImplementedError, RuntimeError) as error:  # encrypted, or of an unknown packing
        raise FetchError(f"the zip archive cannot be unpacked: {error}", where, _AGAIN) from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error) as error:
        raise FetchError(f"{_what_it_is(zip_file)} ({error})", where, _AGAIN) from error
    except (EOFError, OSError, ValueError, OverflowError) as error:
        raise FetchError(f"the zip archive cannot be read: {error}", where, _AGAIN) from error
    for name, content in contents.items():
        _write_checked(content, name, work, expected[name], where)


def _read_entry(opened: zipfile.ZipFile, name: str, expected: Expected, where: str) -> bytes:
    entries = [each for each in opened.infolist() if PurePosixPath(each.filename).name == name]
    if not entries:
        next_step = "Give the archive hetrec2011-lastfm-2k.zip."
        raise FetchError(f"the zip archive holds no {name}", where, next_step)
    entry = min(entries, key=lambda each: len(each.filename))
    if entry.file_size != expected.size:  # before unpacking: a small zip can declare a huge file
        raise FetchError(_size_message(name, entry.file_size, expected), where, _AGAIN)
    with opened.open(entry) as packed:
        return packed.read(expected.size + 1)  # never more, whatever the archive holds


def _take_file(source: Path, name: str, work: Path, expected: Expected) -> None:
    try:
        size = source.stat().st_size
        content = source.read_bytes() if size <= 2 * expected.size else b""
    except OSError as error:
        next_step = "Check the file's permissions."
        raise FetchError(f"cannot be read: {error.strerror}", source, next_step) from error
    if size != expected.size:
        what = _size_message(name, size, expected) + _line_ends(content, expected)
        raise FetchError(what, source, _AGAIN)
    _write_checked(content, name, work, expected, str(source))


def _write_checked(content: bytes, name: str, work: Path, expected: Expected, where: str) -> None:
    if len(content) != expected.size:
        raise FetchError(_size_message(name, len(content), expected), where, _AGAIN)
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != expected.sha256:
        what = f"{name} has the SHA-256 {sha256}, expected {expected.sha256}"
        raise FetchError(what, where, _AGAIN)
    with (work / name).open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _size_message(name: str, size: int, expected: Expected) -> str:
    return f"{name} has {size:,} bytes, expected {expected.size:,}"


def _line_ends(content: bytes, expected: Expected) -> str:
    """Say so where a file is right but for its line ends, as an editor or git leaves it."""
    restored = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if hashlib.sha256(restored).hexdigest() == expected.sha256:
        return ": its line ends were changed from CR LF to LF"
    return ""


def _looks_like_zip(source: Path) -> bool:
    if source.suffix.lower() == ".zip":
        return True
    try:
        with source.open("rb") as opened:
            return opened.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise FetchError(
            f"cannot be read: {error.strerror}", source, "Check the file's permissions."
        ) from error


def _what_it_is(file: Path) -> str:
    with file.open("rb") as opened:
        start = opened.read(64).lstrip().lower()
    if not start:
        return "the archive is empty, 0 bytes"
    if start.startswith(b"pk\x03\x04"):
        return "the zip archive is truncated or damaged"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "this is a web page, not a zip archive"
    return "this is not a zip archive"
