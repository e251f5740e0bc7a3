"""A pasted error as data: what was raised, where in one's own code, and which calls led there.

`autograder.explain` reads tracebacks of Python, IPython, Jupyter, VS Code and Colab with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

LONGEST = 200_000  # characters; the end of a longer text is what counts
WIDEST = 2_000  # characters of one line
_COLOUR = re.compile(r"(?:\x1b|\^\[|\\x1b|\\u001b)\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]{0,99}\x07")
_QUOTED = re.compile(r"^(?:>+ ?|E {2,}|\|\s?|```\w*$)")
_NAME = (
    r"(?:\w+\.)*(?:[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Concept|Solution)"
    r"|NetworkXNotImplemented|NodeNotFound|SystemExit|NetworkX\w+)"
)
_SAID = re.compile(rf"\b({_NAME}):\s+(.*)")
_RAISED = re.compile(rf"^(?:.*:\d+: |(?:\[?\w+\]?: )?)?({_NAME})(?::\s*(.*)|\s*)$")
_HEAD = re.compile(rf"^({_NAME})\s+Traceback \(most recent call last\)")
_PLACES = (
    re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>\S+))?'),
    re.compile(r"^\s*(?P<file>(?:Cell|Input) In ?\[\d+\]),? (?:line (?P<line>\d+))?(?P<rest>.*)"),
    re.compile(r"^File (?P<file>\S.*?):(?P<line>\d+)(?P<rest>,? in .*)?$"),
    re.compile(r"^\[?(?P<file><ipython-input[^>]*>)\]?(?:\([^)]*\))?(?P<rest> in .*)?$"),
    re.compile(r"^\[?(?P<file>(?:[/~]|[A-Za-z]:\\)[^\s\]]+\.py)\]?(?:\([^)]*\))?(?P<rest> in .*)$"),
)
_INSIDE = re.compile(r"in (?:<cell line: \d+>|(?P<name><?[\w.]+>?))")
_ARROW = re.compile(r"^-+> ?(?P<line>\d+) ?(?P<source>.*)")
_LIBRARY = re.compile(
    r"site-packages|dist-packages|[\\/]lib[\\/]python|<frozen|<string>|__array_function__|"
    r"[\\/](?:ana|mini)conda|\.pyx|torch[\\/]csrc|torch_geometric\.nn"
)


@dataclass(frozen=True)
class Frame:
    """One call of the stack: the file or cell, the function, the line, and its source if shown."""

    file: str
    name: str = ""
    line: int | None = None
    source: str = ""

    @property
    def own(self) -> bool:
        """Whether this is the student's code, not a library's."""
        return not _LIBRARY.search(self.file)

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        inside = "" if self.name in ("", "<module>") else f", in {self.name}"
        return f"{self.file}{line}{inside}" + (f": {self.source}" if self.source else "")


@dataclass(frozen=True)
class Paste:
    """What was raised last, and the calls that led there; `type` is empty for a bare message."""

    type: str
    message: str
    rest: str = ""  # what stood below the message's first line
    frames: tuple[Frame, ...] = ()

    @property
    def line(self) -> str:
        """The line that says what happened."""
        return ": ".join(part for part in (self.type, self.message) if part)

    @property
    def error(self) -> str:
        """All that says what happened."""
        return f"{self.line} {self.rest}".strip()

    @property
    def place(self) -> Frame | None:
        """The deepest call in the student's own code."""
        own = [frame for frame in self.frames if frame.own]
        return own[-1] if own else None

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name in the calls: functions, files, and the lines that called."""
        text = " ".join(f"{f.name} {f.source} {'' if f.own else f.file}" for f in self.frames)
        return frozenset(re.findall(r"[A-Za-z_]\w*", text))

    def near(self, *names: str) -> bool:
        """Whether one of these is among the names in the calls."""
        return any(name in self.words for name in names)


def read(text: str) -> Paste | None:
    """The last error of a pasted text; None where there is no text."""
    clean = _COLOUR.sub("", text[-LONGEST:]).replace("\r\n", "\n").replace("\r", "\n")
    lines = [_QUOTED.sub("", line).rstrip() for line in clean.replace("\xa0", " ").split("\n")]
    lines = [line[:WIDEST] for line in lines if line.strip()]
    if not lines:
        return None
    at, name, message = _raised(lines)
    rest = " ".join(line.strip() for line in lines[at + 1 : at + 6])
    if not name:
        rest = " ".join(line.strip() for line in lines[-12:])
    return Paste(name, message, rest if "Warning" not in name else "", _frames(lines[: at + 1]))


def _raised(lines: list[str]) -> tuple[int, str, str]:
    """Where the last error stands, its type and its message."""
    for pattern in (_RAISED, _SAID):
        for at in range(len(lines) - 1, -1, -1):
            if found := (pattern.match if pattern is _RAISED else pattern.search)(
                lines[at].strip()
            ):
                return at, found.group(1).rsplit(".", 1)[-1], (found.group(2) or "").strip()
    heads = [found.group(1) for line in lines if (found := _HEAD.match(line))]
    if heads:
        return len(lines) - 1, heads[-1], ""
    return len(lines) - 1, "", lines[-1].strip()


def _frames(lines: list[str]) -> tuple[Frame, ...]:
    found: list[Frame] = []
    for at, line in enumerate(lines):
        place = next(filter(None, (p.match(line) for p in _PLACES)), None)
        if place:
            parts = place.groupdict()
            inside = _INSIDE.search(parts.get("rest") or "")
            name = parts.get("name") or (inside and inside.group("name")) or ""
            number = int(parts["line"]) if parts.get("line") else None
            below = lines[at + 1].strip() if at + 1 < len(lines) else ""
            plain = line.lstrip().startswith('File "') or line.startswith(" ")
            source = below if plain and not _RAISED.match(below) else ""
            found.append(Frame(parts["file"], name, number, source))
        elif found and (arrow := _ARROW.match(line)):
            file, name, number = found[-1].file, found[-1].name, int(arrow.group("line"))
            found[-1] = Frame(file, name, number, arrow.group("source").strip())
    return tuple(found)
