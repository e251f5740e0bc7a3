"""Every file of a folder or an archive, with those of archives inside it, each under its own path.

`autograder collect` reads through here: no name in an archive ever becomes a path on disk, links
are not followed, and what would unpack to more than the limits is left out with the reason.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.evidence.arrays import printable
from autograder.handin.reading import PathError
from autograder.limits import (
    ARCHIVE,
    ARCHIVE_DIRECTORY,
    ARCHIVE_FILES,
    ARCHIVES_DEEP,
    CLASS_ARCHIVE,
    CLASS_FILES,
    MIB,
    NOTEBOOK_FILE,
)

ZIPS, TARS = (".zip",), (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
ARCHIVES = ZIPS + TARS
FOREIGN = (".7z", ".rar")  # the standard library does not unpack these
READ = (".ipynb", ".py", ".txt", ".md", ".yml", ".html", ".htm", ".pdf", ".docx", ".odt", ".rtf")
LEFTOVERS = ("__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", "node_modules")
_BROKEN: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,  # a kind of compression
    RuntimeError,  # a password
    LookupError,
)


@dataclass(frozen=True)
class Item:
    """One file that was handed in. An archive's file name is one of `parts`, like a folder's.

    `path` is where its bytes are: None where they were not taken, and `problem` may say why.
    """

    parts: tuple[str, ...]
    path: Path | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]

    @property
    def shown(self) -> str:
        """Its path for a message."""
        return "/".join(self.parts[1:]) or self.name


@dataclass
class _Budget:
    """What may still be unpacked of one archive and of all that is inside it."""

    size: int
    files: int


def is_leftover(name: str) -> bool:
    """Whether a file or folder is hidden, or what a system leaves beside people's work."""
    return name.startswith(".") or name in LEFTOVERS


def ends_with(name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a file name has one of these suffixes, in small letters or capitals."""
    return name.casefold().endswith(suffixes)


def walk(source: Path, scratch: Path) -> list[Item]:
    """All files of a folder or an archive, in the order of their paths, without leftovers.

    What archives hold is unpacked into `scratch`, where files have numbers for names.

    Raises:
        PathError: there is no such folder or archive, or it cannot be read.
    """
    name = as_text(source.resolve().name) or "/"
    if source.is_dir():
        found = list(_Walk(scratch).folder(source, (name,)))
    elif source.is_file() and ends_with(source.name, ARCHIVES):
        found = list(_Walk(scratch).archive(Item((name,), source), 0, None))
        if len(found) == 1 and found[0].parts == (name,):
            raise PathError(f"{source}: {found[0].problem}")
    elif source.exists():
        kinds = ", ".join(ARCHIVES)
        raise PathError(
            f"{source}: neither a folder nor an archive ({kinds}): name what the LMS gave"
        )
    else:
        raise PathError(f"{source}: no such folder or archive: check the path")
    return sorted(found, key=lambda item: item.parts)


def as_text(name: str) -> str:
    """A file name as text in one normal form, without control characters."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"[\t\r\n]+", " ", unicodedata.normalize("NFC", printable(text)))


class _Walk:
    def __init__(self, scratch: Path) -> None:
        self.scratch, self.count = scratch, 0

    def folder(self, folder: Path, parts: tuple[str, ...]) -> Iterator[Item]:
        """What is in a folder on disk."""
        waiting = [(folder, parts)]
        while waiting:
            folder, parts = waiting.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
            except OSError as error:
                if len(parts) == 1:
                    raise PathError(f"{folder}: {error.strerror}: check who may read it") from None
                yield Item(parts, None, f"a folder that cannot be read: {error.strerror}")
                continue
            for entry in entries:
                if is_leftover(entry.name):
                    continue
                item = Item((*parts, as_text(entry.name)), Path(entry.path))
                if entry.is_symlink():
                    yield replace(item, path=None, problem="a link, which is not followed")
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), item.parts))
                elif not entry.is_file(follow_symlinks=False):
                    yield replace(item, path=None, problem="no file: a device or a pipe")
                elif why := _unreadable(item, entry):
                    yield replace(item, path=None, problem=why)
                else:
                    yield from self.archive(item, 1, None)

    def archive(self, item: Item, depth: int, budget: _Budget | None) -> Iterator[Item]:
        """The item itself, or what is in it where it is an archive."""
        if ends_with(item.name, FOREIGN):
            advice = "an archive of this kind is not unpacked: unpack it by hand, and collect again"
            yield replace(item, path=None, problem=advice)
            return
        if item.path is None or not ends_with(item.name, ARCHIVES):
            yield item
            return
        if depth > ARCHIVES_DEEP:
            yield replace(item, path=None, problem="archives in archives in archives: left out")
            return
        if budget is None:
            whole_class = depth == 0
            budget = _Budget(
                *((CLASS_ARCHIVE, CLASS_FILES) if whole_class else (ARCHIVE, ARCHIVE_FILES))
            )
        try:
            members = self._zip if ends_with(item.name, ZIPS) else self._tar
            for member in members(item, depth, budget):
                # an archive of a student's inside the class's has limits of its own
                yield from self.archive(member, depth + 1, budget if depth else None)
        except _BROKEN as error:
            kind = " ".join(printable(str(error)).split())[:100] or type(error).__name__
            yield replace(item, path=None, problem=f"an archive that cannot be read ({kind})")
        except OSError as error:
            if error.filename is None or Path(error.filename).parent == self.scratch:
                raise  # the disk is full, for example: nobody's archive is at fault
            yield replace(item, path=None, problem=f"cannot be read: {error.strerror}")

    def _zip(self, item: Item, depth: int, budget: _Budget) -> Iterator[Item]:
        if item.path is None:
            return
        if depth and _directory_size(item.path) > ARCHIVE_DIRECTORY:
            raise ValueError(f"more than {ARCHIVE_FILES:,} files")
        with zipfile.ZipFile(item.path) as archive:
            for info in archive.infolist():
                if info.is_dir():
                    continue
                name = info.filename
                if not info.flag_bits & 0x800:
                    name = _decoded(name)
                member = _member(item, name)
                if member is None or member.problem:
                    yield from [member] if member else []
                elif stat.S_ISLNK(info.external_attr >> 16):
                    yield replace(member, problem="a link, which is not followed")
                elif info.flag_bits & 1:
                    yield replace(member, problem="locked with a password: ask for it without")
                elif not ends_with(member.name, READ + ARCHIVES):
                    yield member
                else:
                    with archive.open(info) as stream:
                        yield self._unpacked(member, stream, budget)

    def _tar(self, item: Item, depth: int, budget: _Budget) -> Iterator[Item]:
        if item.path is None:
            return
        with tarfile.open(item.path) as archive:
            for info in archive:
                budget.files -= 1
                if info.size > budget.size or budget.files < 0:
                    raise ValueError(f"unpacks to more than {ARCHIVE // MIB} MB")
                member = _member(item, info.name)
                if info.isdir() or member is None:
                    continue
                if member.problem:
                    yield member
                elif not info.isfile():
                    yield replace(member, problem="a link, which is not followed")
                elif not ends_with(member.name, READ + ARCHIVES):
                    budget.size -= info.size  # read on the way to the next file all the same
                    yield member
                elif (stream := archive.extractfile(info)) is not None:
                    yield self._unpacked(member, stream, budget)

    def _unpacked(self, member: Item, stream: IO[bytes], budget: _Budget) -> Item:
        """A member of an archive with its bytes in a file that has a number for a name."""
        budget.files -= 1
        kind = ARCHIVE if ends_with(member.name, ARCHIVES) else NOTEBOOK_FILE
        most = min(budget.size, kind)
        if budget.files < 0 or most <= 0:
            raise ValueError(f"unpacks to more than {ARCHIVE // MIB} MB or {ARCHIVE_FILES:,} files")
        self.count += 1
        path, size = self.scratch / f"{self.count:07}", 0
        with path.open("xb") as target:
            while block := stream.read(min(MIB, most - size + 1)):
                size += len(block)
                if size > most:
                    break
                target.write(block)
        budget.size -= size
        if size > most:
            path.unlink()
            return replace(member, problem=f"unpacks to more than {most // MIB} MB: left out")
        return replace(member, path=path)


def _unreadable(item: Item, entry: os.DirEntry[str]) -> str:
    """Why a file on disk is not taken; empty where it is."""
    if not os.access(entry.path, os.R_OK):
        return "a file that you may not read"
    too_large = entry.stat(follow_symlinks=False).st_size > NOTEBOOK_FILE
    if too_large and not ends_with(item.name, ARCHIVES):
        return f"larger than {NOTEBOOK_FILE // MIB} MB: left out"
    return ""


def _member(item: Item, name: str) -> Item | None:
    """A member of an archive; None for leftovers; a problem where its name leads out of it."""
    pieces = [as_text(piece) for piece in PurePosixPath(name.replace("\\", "/")).parts]
    if any(is_leftover(piece) for piece in pieces if piece not in ("..", ".", "/")):
        return None
    clean = tuple(p for p in pieces if p not in ("..", ".", "/") and not p.endswith(":"))
    if not clean:
        return None
    outside = "its name leads out of the archive: left out" if len(clean) < len(pieces) else ""
    return Item((*item.parts, *clean), None, outside)


def _decoded(name: str) -> str:
    """A name that macOS wrote in UTF-8 without saying so."""
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _directory_size(path: Path) -> int:
    """Bytes of a zip's table of contents by its last record: asked before it is read."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - (1 << 16) - 22))
        tail = stream.read()
    sizes, at = [0], tail.find(b"PK\x05\x06")
    while at >= 0:
        sizes.append(int.from_bytes(tail[at + 12 : at + 16], "little"))
        at = tail.find(b"PK\x05\x06", at + 1)
    return max(sizes)
