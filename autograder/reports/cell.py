"""The report under a check cell: a float for nbgrader, a page for the student."""

from __future__ import annotations

import re
from html import escape

from autograder.reports.plain import shown
from autograder.rules.outcome import Outcome

MARKS = {
    "passed": ("✓", "#1a7f37", "right"),
    "failed": ("✗", "#c93c37", "not yet"),
    "student_error": ("!", "#c93c37", "your code raised an exception"),
    "blocked": ("◦", "#8a6d1a", "waits for another check"),
    "not_judged": ("?", "#8250df", "a TA looks at it: no points lost"),
    "not_attempted": ("·", "#6e7781", "not attempted"),
    "grader_error": ("?", "#8250df", "fault of the grader: no points lost, tell your TA"),
}
LABELS = ("ran", "expected", "got", "why", "next")
WORDS = {"ran": "We looked at", "expected": "Expected", "got": "Got", "why": "Why", "next": "Next"}


class Report(float):
    """Points earned. As a cell's value nbgrader reads the number; a notebook shows the page."""

    outcomes: list[Outcome]

    def __new__(cls, outcomes: list[Outcome]) -> Report:
        report = super().__new__(cls, sum(o.points for o in outcomes))
        report.outcomes = outcomes
        return report

    @property
    def title(self) -> str:
        """One line: how many checks passed, how many points that is."""
        automatic = [o for o in self.outcomes if not o.check.by_hand]
        passed = sum(o.status == "passed" for o in automatic)
        possible = sum(o.check.points for o in automatic)
        where = ", ".join(dict.fromkeys(o.check.cell for o in automatic))
        if automatic and all(o.status == "not_attempted" for o in automatic):
            return f"{where}: not attempted yet ({possible:g} points)"
        return f"{where}: {passed} of {len(automatic)} checks, {self:g} of {possible:g} points"

    def __str__(self) -> str:
        if not self.outcomes:
            return "nothing was checked here"
        lines = [self.title]
        for outcome, parts in _said_once(self.outcomes):
            sign, _, words = MARKS[outcome.status]
            passed = outcome.status == "passed"
            lines.append(f"  {sign} {outcome.check.title}" + ("" if passed else f" - {words}"))
            lines += [f"      {label}: {value}" for label, value in parts]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if not self.outcomes:
            return ""
        rows = "".join(_row(outcome, parts) for outcome, parts in _said_once(self.outcomes))
        return (
            '<div style="font-family:sans-serif;max-width:46em;line-height:1.45">'
            f"<strong>{escape(self.title)}</strong>{rows}</div>"
        )


def details(outcome: Outcome) -> list[tuple[str, str]]:
    """Label and text of each part of a message; what is not attempted needs none."""
    if outcome.status == "not_attempted":
        return []
    return [(WORDS[k], shown(value)) for k in LABELS if (value := getattr(outcome.message, k))]


def _html(text: str) -> str:
    """Text with its `code` set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _said_once(outcomes: list[Outcome]) -> list[tuple[Outcome, list[tuple[str, str]]]]:
    """Each outcome with what there is to say about it; what several share is said once."""
    said: list[list[tuple[str, str]]] = []
    found = []
    for outcome in outcomes:
        parts = details(outcome)
        found.append((outcome, [] if parts in said else parts))
        said.append(parts)
    return found


def _row(outcome: Outcome, parts: list[tuple[str, str]]) -> str:
    sign, color, words = MARKS[outcome.status]
    rows = "".join(
        f'<tr><td style="text-align:left;vertical-align:top;white-space:nowrap">{label}</td>'
        f'<td style="text-align:left">{_html(value)}</td></tr>'
        for label, value in parts
    )
    table = f'<table style="margin:0 0 .4em 1.4em">{rows}</table>' if rows else ""
    said = "" if outcome.status == "passed" else f' <span style="opacity:.7">({words})</span>'
    return (
        f'<div style="margin-top:.25em"><span style="color:{color};font-weight:bold;'
        f'display:inline-block;width:1.4em">{sign}</span>'
        f"{escape(outcome.check.title)}{said}</div>{table}"
    )
