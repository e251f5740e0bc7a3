"""A report as HTML: readable in light and dark themes, at 400 pixels, by keyboard and by ear.

Words carry every meaning; colours and signs repeat it. The colours are those of JupyterLab's
theme, mixed with the colour of the text, so that they stand out on any background.
"""

from __future__ import annotations

import functools
import re
from html import escape
from pathlib import Path

from autograder.printing import shown
from autograder.reports.sections import MARKS, WORDS, Section, Summary, heading, sections
from autograder.rules.outcome import WRONG, Outcome


def panel(report: Summary) -> str:
    """The panel of a report; nothing where nothing was checked."""
    if not report.outcomes:
        return ""
    parts = sections(report.outcomes)
    automatic = [o for o in report.outcomes if not o.check.by_hand]
    whole = parts[0].cell if len(parts) == 1 else report.outcomes[0].check.step
    score = f", {report.score}" if automatic else ""
    body = "".join(_section(part, report, alone=len(parts) == 1) for part in parts)
    notes = "".join(
        f'<p class="gnn-note"><strong>Note:</strong> {with_code(shown(note))}</p>'
        for note in report.notes
    )
    return (
        f"<style>{_css()}</style>"
        f'<div class="gnn-check {_tone(automatic)}">'
        f'<h3><span class="gnn-count">{_sentence(report.status)}</span> '
        f"{escape(whole)}{score}</h3>{_meter(automatic)}{notes}{body}</div>"
    )


@functools.cache
def _css() -> str:
    return Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def _tone(outcomes: list[Outcome]) -> str:
    if any(o.status in WRONG for o in outcomes):
        return "gnn-wrong"
    done = outcomes and all(o.status == "passed" for o in outcomes)
    return "gnn-right" if done else "gnn-open"


def _meter(outcomes: list[Outcome]) -> str:
    """A bar with one field for each check; the heading says the same in words."""
    if len(outcomes) < 2:
        return ""
    passed = sum(o.status == "passed" for o in outcomes)
    fields = '<i class="gnn-full"></i>' * passed + "<i></i>" * (len(outcomes) - passed)
    return f'<div class="gnn-meter" aria-hidden="true">{fields}</div>'


def _section(part: Section, report: Summary, alone: bool) -> str:
    own = report.of(part.outcomes)
    level = "h4" if alone else "h5"
    lines = [_entry(part, part.root, level)] if part.root and not part.is_by_hand else []
    lines += [f'<p class="gnn-help">{with_code(part.help)}</p>'] if part.help else []
    for line, outcomes in () if part.is_by_hand else part.folded:
        items = "".join(f"<li>{_folded(part, o)}</li>" for o in outcomes)
        lines.append(f"<details><summary>{line}</summary><ul>{items}</ul></details>")
    score = "" if part.is_by_hand else f", {own.score}"
    title = f"<strong>{escape(part.cell)}</strong>: {own.status}{score}"
    if part.passed and not part.is_by_hand:
        line = title if not alone and not lines else f"{len(part.passed)} {MARKS['passed'][1]}"
        lines.append(_passed(part.passed, line))
        if line is title:
            title = ""
    body = "".join(lines)
    if alone:
        return body
    tone = _tone([o for o in part.outcomes if not o.check.by_hand])
    return f'<section class="{tone}">{title and f"<h4>{title}</h4>"}{body}</section>'


def _entry(part: Section, outcome: Outcome, tag: str) -> str:
    words = f'<span class="gnn-words">{heading(outcome)}:</span>'
    title = f"{_sign(outcome)}{words} {with_code(part.headline(outcome))}"
    return f'<{tag} class="gnn-title">{title}</{tag}>{_details(part.details(outcome))}'


def _folded(part: Section, outcome: Outcome) -> str:
    if part.is_said(outcome):
        return with_code(outcome.check.title)
    return _entry(part, outcome, "div")


def _sign(outcome: Outcome) -> str:
    tone = " gnn-right" if outcome.status == "passed" else ""
    return f'<span class="gnn-sign{tone}" aria-hidden="true">{MARKS[outcome.status][0]}</span>'


def _details(details: list[tuple[str, str]]) -> str:
    rows = "".join(
        f"<div{' class=gnn-next' if label == WORDS['next'] else ''}>"
        f"<dt>{label}</dt><dd>{with_code(text)}</dd></div>"
        for label, text in details
    )
    return f"<dl>{rows}</dl>" if rows else ""


def _passed(outcomes: list[Outcome], line: str) -> str:
    items = "".join(f"<li>{with_code(o.check.title)}</li>" for o in outcomes)
    return f"<details><summary>{_sign(outcomes[0])}{line}</summary><ul>{items}</ul></details>"


def with_code(text: str) -> str:
    """Text as HTML, with its `code` set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _sentence(text: str) -> str:
    return escape(text[:1].upper() + text[1:])
