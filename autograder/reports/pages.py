"""Pages in HTML: one file each, with nothing from elsewhere. The templates escape every text.

`render` fills a template; who writes which page is in `class_page`, `student_page`, `hand_page`.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.gradebook.marks import Check, number
from autograder.printing import one_line, shown, without_paths
from autograder.reports.sections import LABELS, MARKS, WORDS


class Sign(NamedTuple):
    """How a status looks."""

    sign: str
    look: str
    words: str


LOOKS = {
    "passed": "good",
    "failed": "bad",
    "student_error": "bad",
    "blocked": "idle",
    "not_attempted": "idle",
    "not_judged": "wait",
    "grader_error": "wait",
}
SIGNS = {key: Sign(sign, LOOKS[key], words) for key, (sign, words) in MARKS.items()}


def render(template: str, **values: Any) -> str:
    """The page of a template."""
    return _environment().get_template(f"{template}.html.jinja").render(signs=SIGNS, **values)


def write(path: Path, text: str) -> Path:
    """Write a page, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8", errors="replace")
    os.replace(part, path)
    return path


@functools.cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("autograder.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    env.filters |= {
        "shown": shown,
        "shown_all": lambda text: shown(text, 40_000),
        "number": number,
        "ticks": ticks,
        "parts": parts,
        "clean": lambda text: without_paths(one_line(text, 2_000)),
        "clean_text": lambda text: without_paths(shown(text, 2_000)),
    }
    return env


def ticks(text: str) -> Markup:
    """A text with its `code` set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(shown(text)))))


def parts(check: Check) -> list[tuple[str, str]]:
    """Label and text of each part of a check's message; what is not attempted needs none."""
    if check.status == "not_attempted":
        return []
    found = ((WORDS[k], check.message.get(k, "")) for k in LABELS)
    return [(label, without_paths(text)) for label, text in found if text]
