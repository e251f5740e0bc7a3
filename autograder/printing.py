"""The way out: every string that goes to a terminal, a table, a file or a page goes through here.

What steers a terminal or a spreadsheet is taken out, and what is endless is cut, in this one place.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from autograder.evidence.arrays import printable

TEXT = 4_000  # characters of one string
CELL = 1_000  # characters of a cell of a table
LINES = 200  # entries of a list of messages
FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")
SIGNS = {  # what stands for a sign where a terminal cannot show it
    **{"✓": "+", "✗": "x", "◦": "o", "·": ".", "…": "...", "→": "->", "×": "x", "−": "-"},
    **{"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "≥": ">=", "≤": "<="},
}
_NAME = r"[\w.@+()~-]+(?: [\w.@+()~-]+)*"
_PATH = re.compile(rf"(?<![\w:/<.])(?:~|[A-Za-z]:)?(?:[/\\]{_NAME}){{2,}}")
_RELATIVE = re.compile(r"(?<![\w:/<.\"'`])(?:[\w.@+()-]+/){2,}([\w.@+()-]+\.(?:ipynb|py|csv|dat))")


def shown(value: object, most: int = TEXT) -> str:
    """Text that can be seen, at most so many characters of it; line ends and tabs stay."""
    text = str(value)
    text = printable(text[:most] if len(text) <= most else text[: most - 4] + " ...")
    return text.expandtabs(4) if "\t" in text else text


def one_line(value: object, most: int = CELL) -> str:
    """The same in one line."""
    return shown(" ".join(str(value)[: 4 * most].split()), most)


def data(value: Any) -> Any:
    """Plain data with all its strings as `shown` gives them, and no list without end."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {one_line(key): data(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [data(part) for part in value[:LINES]]
        more = len(value) - len(parts)
        return [*parts, f"and {more:,} more"] if more and isinstance(value[0], str) else parts
    return value


def as_json(value: Any, ascii_only: bool = False) -> str:
    """Plain data as JSON that every reader takes."""
    return json.dumps(data(value), indent=2, ensure_ascii=ascii_only)


def print_json(value: Any) -> None:
    """Print plain data as JSON; where the output is not UTF-8, in ASCII."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(as_json(value, codecs.lookup(encoding).name != "utf-8"))


def for_a_table(value: object) -> str:
    """One cell of a CSV file, which no spreadsheet takes for a formula."""
    text = one_line(value)
    with contextlib.suppress(ValueError):
        float(text)
        return text  # a number, with its sign
    return "'" + text if text.lstrip("'\"").startswith(FORMULA) else text


def out_of_a_table(text: str) -> str:
    """What `for_a_table` was given, of a cell that it made; any other text as it is."""
    return text[1:] if text.startswith("'") and for_a_table(text[1:]) == text else text


class Printer(Console):
    """A console that shows what it is given and obeys none of it."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of what is printed, with nothing in their text that steers a terminal."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)


def _as_it_can(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    return "".join(SIGNS.get(letter, "?") for letter in part), error.end


codecs.register_error("autograder.shown", _as_it_can)


def let_streams_show_what_they_can(*streams: TextIO) -> None:
    """Let output that is not UTF-8 put a sign of its own for what it lacks, and never fail."""
    for stream in streams:
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="autograder.shown")  # type: ignore[attr-defined]


def without_paths(text: str) -> str:
    """A text without the folders of this machine: of each path only the last name stays."""
    text = _PATH.sub(lambda found: re.split(r"[/\\]", found[0])[-1], text)
    return _RELATIVE.sub(r"\1", text)
