"""Case files: one file is one case of the tests. `read_all` reads a folder of them.

A case begins with a header of `key: value` lines. After an empty line comes a whole program in
percent format or, where the header names a `base`, a patch of it:

    # why this case is here, in a comment
    base: contract
    flags: crashes
    causes: map.from-one

    @@
    -id_mapping = {n: index for index, n in enumerate(nodes)}
    +id_mapping = {n: index for index, n in enumerate(nodes, start=1)}

`@@` opens a change of a program, `@@ CELL` a change of one cell of a notebook. Its lines begin with
`-` (goes), `+` (comes) or a space (stays), as in a diff. The lines that go or stay must stand in
the base in exactly one place. `== CELL` opens the whole new source of a cell; `== first` and
`== last` add a cell before or after all others. A value that begins with `"` is a JSON string, and
an indented line continues the value above it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

SUFFIX = ".case"
ADDED = ("first", "last")  # cells that a case may add
_KEY = re.compile(r"([a-z]+(?: [a-z]+)*):(?: (.*))?")
_SECTION = re.compile(r"(@@|==)(?: ([\w-]+))?")
_ROOT = Path(__file__).parents[1]
T = TypeVar("T")


class CaseError(ValueError):
    """A case file that cannot be used: which file, which line, and what to do."""


@dataclass(frozen=True)
class Change:
    """A change of one cell, or of the whole program where `cell` is empty."""

    cell: str
    line: int
    new: tuple[str, ...]
    old: tuple[str, ...] | None = None  # None: `new` is all of the cell


@dataclass(frozen=True)
class CaseFile:
    """One case file, read but not yet understood: what its keys mean is for the tests to say."""

    path: Path
    header: Mapping[str, str]
    lines: Mapping[str, int]  # of each key
    program: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.name.removesuffix(SUFFIX)

    def error(self, line: int, text: str) -> CaseError:
        """What is wrong in which line."""
        path = self.path
        shown = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path
        return CaseError(f"{shown}:{line}: {text}")

    def text(self, key: str, default: str | None = None) -> str:
        """The value of a key."""
        if key in self.header:
            return self.header[key]
        if default is None:
            raise self.error(1, f"the header lacks `{key}:`; add that line")
        return default

    def one_of(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        """The value of a key that has to be one of the known ones."""
        value = self.text(key, default)
        if value not in (names := sorted(known)) and value != default:
            line = self.lines.get(key, 1)
            raise self.error(line, f"`{key}: {value}` is not known; use one of {', '.join(names)}")
        return value

    def words(self, key: str, known: Iterable[str] | None = None) -> tuple[str, ...]:
        """The values of a key, with commas between them; none where the key is not there."""
        values = tuple(word.strip() for word in self.header.get(key, "").split(",") if word.strip())
        names = values if known is None else tuple(known)
        for value in values:
            if value not in names:
                text = f"`{value}` is not known; use of {', '.join(sorted(names))}"
                raise self.error(self.lines[key], text)
        return values

    def number(self, key: str, default: float | None = None) -> float:
        """The value of a key, as a number."""
        value = self.text(key, None if default is None else str(default))
        try:
            return float(value)
        except ValueError:
            raise self.error(self.lines[key], f"`{key}:` needs a number, not {value!r}") from None

    def patched(self, sources: Mapping[str, str], added: tuple[str, ...] = ADDED) -> dict[str, str]:
        """The new source of each cell that changes, and of each that is added.

        A program is the one cell without a name.
        """
        patched: dict[str, str] = {}
        for name in dict.fromkeys(change.cell for change in self.changes):
            changes = [change for change in self.changes if change.cell == name]
            if name not in sources and not (name in added and changes[0].old is None):
                cells = ", ".join(n for n in sources if n) or "one cell, of no name"
                raise self.error(
                    changes[0].line, f"no cell {name!r} in the base, which has {cells}"
                )
            if changes[0].old is not None:
                patched[name] = self._apply(sources[name], changes)
            elif len(changes) > 1:
                raise self.error(changes[1].line, f"the cell {name!r} is there as a whole already")
            else:
                patched[name] = "\n".join(changes[0].new)
        return patched

    def _apply(self, source: str, changes: list[Change]) -> str:
        lines = source.split("\n")
        spans = []
        for change in changes:
            if change.old is None:
                raise self.error(change.line, "a change and a whole source of the same cell")
            size = len(change.old)
            starts = range(len(lines) - size + 1)
            places = [i for i in starts if tuple(lines[i : i + size]) == change.old]
            if len(places) != 1:
                raise self.error(change.line, _place(change.old, lines, len(places)))
            spans.append((places[0], places[0] + size, change))
        spans.sort(key=lambda span: span[0])
        for (_, end, _), (start, _, change) in zip(spans, spans[1:], strict=False):
            if start < end:
                raise self.error(change.line, "overlaps another change; make one of the two")
        for start, end, change in reversed(spans):
            lines[start:end] = change.new
        return "\n".join(lines)


def read(path: Path, keys: Iterable[str]) -> CaseFile:
    """Read one case file, whose header may have these keys.

    Raises:
        CaseError: it is not well-formed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CaseFile(path, {}, {}).error(1, "is no UTF-8; save it as UTF-8") from None
    head, _, body = text.partition("\n\n")
    header, lines = _header(path, head.split("\n"), sorted(keys))
    case = CaseFile(path, header, lines)
    first = head.count("\n") + 3  # line of the body's first line
    if "base" in header:
        return CaseFile(path, header, lines, changes=_changes(case, body.split("\n"), first))
    if not body.strip():
        raise case.error(1, "neither a `base:` nor a program; write one of them")
    return CaseFile(path, header, lines, program=body)


def read_all(folder: Path, keys: Iterable[str], build: Callable[[CaseFile], T]) -> tuple[T, ...]:
    """What `build` makes of every case file below a folder, in the order of their paths.

    Raises:
        CaseError: all that is wrong in any of them, a line each.
    """
    cases, errors = [], []
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        try:
            cases.append(build(read(path, keys)))
        except CaseError as error:
            errors.append(str(error))
    if errors:
        raise CaseError("\n".join(errors))
    return tuple(cases)


def _place(old: tuple[str, ...], lines: list[str], times: int) -> str:
    """Why it is not clear where a change belongs."""
    if times:
        return f"the old lines stand {times} times in the base: add a line of context"
    strange = [line for line in old if line not in lines]
    if not strange:
        return "the old lines stand in the base, but not one after the other: copy them from there"
    return f"the base has no line {strange[0]!r}: copy the old lines from there"


def _header(
    path: Path, lines: list[str], known: list[str]
) -> tuple[dict[str, str], dict[str, int]]:
    header: dict[str, str] = {}
    numbers: dict[str, int] = {}
    case, key = CaseFile(path, header, numbers), ""
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith(" ") and key:
            header[key] += " " + line.strip()
            continue
        match = _KEY.fullmatch(line)
        if not match:
            text = "expected `key: value` or a # comment; an empty line ends the header"
            raise case.error(number, text)
        key = match[1]
        if key not in known:
            raise case.error(number, f"`{key}:` is not known; use of {', '.join(known)}")
        if key in header:
            raise case.error(number, f"`{key}:` stands there twice; leave one")
        header[key], numbers[key] = (match[2] or "").strip(), number
    for key, value in header.items():
        if value.startswith('"'):
            try:
                header[key] = str(json.loads(value))
            except ValueError:
                text = f"`{key}:` begins with a quote and is no JSON string"
                raise case.error(numbers[key], text) from None
    return header, numbers


def _changes(case: CaseFile, lines: list[str], first: int) -> tuple[Change, ...]:
    starts = [i for i, line in enumerate(lines) if _SECTION.fullmatch(line)]
    for number, line in enumerate(lines[: starts[0] if starts else None], first):
        if line.strip():
            raise case.error(number, "expected `@@`, `@@ CELL` or `== CELL` before a patch's lines")
    changes = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        match = _SECTION.fullmatch(lines[start])
        content = lines[start + 1 : end]
        while content and not content[-1].strip():
            content.pop()
        changes.append(_change(case, match[1], match[2] or "", content, first + start))
    return tuple(changes)


def _change(case: CaseFile, kind: str, cell: str, content: list[str], line: int) -> Change:
    if kind == "==":
        if not cell:
            raise case.error(line, "`==` needs the name of a cell: `== CELL`")
        return Change(cell, line, tuple(content))
    for number, text in enumerate(content, line + 1):
        if text and text[0] not in " -+":
            raise case.error(number, "a patch's line begins with a space, `-` or `+`")
    old = tuple(text[1:] for text in content if text[:1] != "+")
    new = tuple(text[1:] for text in content if text[:1] != "-")
    if not old:
        raise case.error(line, "the change does not say where: add a line of the base around it")
    if old == new:
        raise case.error(line, "the change changes nothing: mark lines with `-` and `+`")
    return Change(cell, line, new, old)
