"""The class page: one HTML file that holds all that an instructor wants to see of a class."""

from __future__ import annotations

import datetime
import hashlib
import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import shorten
from urllib.parse import quote

from autograder.contract import STEPS
from autograder.gradebook.marks import Check, Mark
from autograder.gradebook.todo import KINDS, todo
from autograder.printing import one_line, without_paths
from autograder.reports import pages, plots
from autograder.rules.outcome import WRONG

FIRST = 15  # lines of what to look at first


def render(
    marks: list[Mark],
    pages_of: Path | None = None,
    anonymous: bool = False,
    absent: Sequence[str] = (),
) -> str:
    """The page. `pages_of` is the folder that holds it: students' pages below it are linked.

    `absent` are those of the roster who handed in nothing.
    """
    if anonymous:
        pages_of = None
    names = _names(marks, anonymous)
    hide = _hider(names) if anonymous else lambda text: text
    items = todo(marks)
    kinds = Counter(item.kind for item in items)
    totals = [mark.total for mark in marks]
    steps = [step for step in STEPS if any(step in mark.steps for mark in marks)]
    shown_marks = sorted(marks, key=lambda mark: names[mark.student].casefold())
    if anonymous:
        shown_marks = sorted(marks, key=lambda mark: int(names[mark.student].split()[-1]))

    def lines(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(student, hide(one_line(without_paths(text), 300))) for student, text in parts]

    return pages.render(
        "class",
        title="The class: GNN recommender",
        scripted=True,
        made=f"{len(marks)} students, {datetime.date.today():%d %B %Y}",
        anonymous=anonymous,
        marks=shown_marks,
        names=names,
        absent=sorted(absent, key=str.casefold),
        links=_links(marks, pages_of),
        median=statistics.median(totals) if totals else 0.0,
        mean=statistics.fmean(totals) if totals else 0.0,
        most=max((mark.max_total for mark in marks), default=100.0),
        pending=sum(bool(mark.pending) for mark in marks),
        flagged=sum(bool(mark.flags) for mark in marks),
        broken=sum(bool(mark.problems) for mark in marks),
        errors=sum(any(c.status == "grader_error" for c in mark.checks) for mark in marks),
        time=_time(sum(mark.seconds for mark in marks)),
        todo=[_Shown(item.kind, item.key, hide(item.what)) for item in items[: FIRST + 1]]
        + items[FIRST + 1 :],
        first=FIRST,
        kinds=[(kind, kinds[kind]) for kind in KINDS.values() if kinds[kind]],
        histogram=plots.histogram(totals, max((m.max_total for m in marks), default=100.0)),
        findings=_findings(marks),
        lost=_lost(marks),
        flags=lines([(m.student, m.flags[0]) for m in marks if m.flags]),
        problems=lines([(m.student, m.problems[0]) for m in marks if m.problems]),
        faults=lines([(m.student, fault) for m in marks for fault in _faults(m)[:1]]),
        steps=steps,
        firsts={
            m.student: hide(shorten(without_paths(m.first), 140, placeholder=" ...")) for m in marks
        },
        called={} if anonymous else {m.student: one_line(m.name, 60) for m in marks},
    )


class _Shown:
    """A line of the list, with its names taken out where they are not wanted."""

    def __init__(self, kind: str, key: str, what: str) -> None:
        self.kind, self.key, self.what = kind, key, what


def _names(marks: list[Mark], anonymous: bool) -> dict[str, str]:
    """What each student is called on the page; numbers tell nothing of names."""
    if not anonymous:
        return {mark.student: one_line(mark.student, 80) for mark in marks}
    order = sorted(
        (mark.student for mark in marks),
        key=lambda name: hashlib.sha256(f"order {name}".encode("utf-8", "replace")).digest(),
    )
    return {name: f"Student {number}" for number, name in enumerate(order, start=1)}


def _hider(names: dict[str, str]) -> Callable[[str], str]:
    """Put numbers for names in a text, the longest first."""
    words = sorted((re.escape(name) for name in names if name.strip()), key=len, reverse=True)
    if not words:
        return lambda text: text
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)")
    return lambda text: pattern.sub(lambda found: names[found[0]], without_paths(text))


def _links(marks: list[Mark], folder: Path | None) -> dict[str, str]:
    """Students' pages that are there, relative to the class page."""
    if folder is None:
        return {}
    own = folder / "feedback"
    there = {path.stem for path in own.glob("*.html")} if own.is_dir() else set()
    return {m.student: f"feedback/{quote(m.key)}.html" for m in marks if m.key and m.key in there}


def _findings(marks: list[Mark]) -> list[dict]:
    found: dict[str, dict] = {}
    for mark in marks:
        for finding in mark.findings:
            new = {"id": finding.id, "title": finding.title, "step": finding.step or ""}
            entry = found.setdefault(finding.id, new | {"students": {}})
            entry["students"][mark.student] = True
            entry["costs"] = entry.get("costs", False) or finding.costs_marks
    order = sorted(found.values(), key=lambda entry: (-len(entry["students"]), entry["id"]))
    return [entry | {"students": list(entry["students"])} for entry in order]


def _lost(marks: list[Mark]) -> list[dict]:
    checks: dict[str, list[Check]] = {}
    for mark in marks:
        for check in mark.checks:
            if not check.by_hand and check.points < check.max_points:
                checks.setdefault(check.id, []).append(check)
    rows = []
    for entries in checks.values():
        kinds = Counter(check.status for check in entries)
        rows.append(
            {
                "title": entries[0].title,
                "cell": entries[0].cell,
                "points": sum(check.max_points - check.points for check in entries),
                "wrong": sum(kinds[kind] for kind in WRONG),
                "blocked": kinds["blocked"],
                "missing": kinds["not_attempted"],
            }
        )
    return sorted(rows, key=lambda row: (-row["points"], row["title"]))


def _faults(mark: Mark) -> list[str]:
    said = [c.message.get("got", "") for c in mark.checks if c.status == "grader_error"]
    return [*said, *mark.faults]


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
