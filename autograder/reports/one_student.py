"""One student for the terminal: what `autograder show` prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.gradebook.marks import Mark, number
from autograder.gradebook.todo import todo
from autograder.printing import one_line, shown


def lines(mark: Mark, folder: Path) -> Iterator[str]:
    """Points, findings with question and hints, what waits for a person, and where to look."""
    pending = f", {number(mark.pending)} to be given" if mark.pending else ""
    yield f"{mark.student}: {number(mark.total)} of {number(mark.max_total)}{pending}"
    for step, score in mark.steps.items():
        missing = [
            f"{c.title} ({c.status.replace('_', ' ')})"
            for c in mark.checks
            if c.step == step and not c.by_hand and c.status != "passed"
        ]
        said = f": {'; '.join(missing[:4])}" if missing else ""
        yield one_line(f"  {step} {number(score.score)}/{number(score.max_score)}{said}", 400)
    for says in filter(None, [mark.lateness.says, *mark.problems]):
        yield f"  {one_line(says)}"
    for finding in mark.findings:
        yield one_line(f"{finding.title}  [{finding.id}, {finding.step}]")
        where = ", ".join(filter(None, (finding.notebook, finding.where))) if finding.cell else ""
        where += f", line {finding.line}: {finding.source}" if where and finding.line else ""
        parts = [("Proof", finding.proof), ("Where", where), ("Ask", finding.question)]
        parts += [("Hint", hint) for hint in finding.hints]
        yield from (f"   {label}: {one_line(text)}" for label, text in parts if text)
    waiting = todo([mark])
    if waiting:
        yield "Waits for a person:"
        yield from (f"  {item.kind}: {item.what}" for item in waiting)
    if mark.hand and not mark.hand.empty:
        given = "; ".join(f"{key} {value:g}" for key, value in mark.hand.rubric.items())
        given += "".join(f"; {key}={value:g}" for key, value in mark.hand.override.items())
        yield one_line(f"By hand: {given} {mark.hand.reason} {mark.hand.comment}")
    if mark.report.strip():
        yield "Report:"
        yield "\n".join(f"  {line}" for line in shown(mark.report).splitlines())
    yield f"Executed copies: {folder / 'executed' / mark.key}"
