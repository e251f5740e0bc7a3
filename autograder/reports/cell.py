"""The report under a check cell: a float for nbgrader, a panel for the student."""

from __future__ import annotations

from autograder.printing import shown
from autograder.reports.panel import panel
from autograder.reports.sections import MARKS, WORDS, Section, by_hand, heading, sections
from autograder.rules.outcome import Outcome


class Report(float):
    """Points earned. As a cell's value nbgrader reads the number; a notebook shows the panel.

    `written` is the text of the student's report, where the file was looked at. `notes` say what
    has to be known beside the checks.
    """

    outcomes: list[Outcome]
    written: str | None
    notes: tuple[str, ...]

    def __new__(
        cls, outcomes: list[Outcome], written: str | None = None, notes: tuple[str, ...] = ()
    ) -> Report:
        report = super().__new__(cls, sum(o.points for o in outcomes))
        report.outcomes, report.written, report.notes = outcomes, written, notes
        return report

    @property
    def title(self) -> str:
        """One line: how many checks passed, how many points that is."""
        where = ", ".join(dict.fromkeys(o.check.cell for o in self._automatic or self.outcomes))
        return f"{where}: {self.status}" + (f", {self.score}" if self._automatic else "")

    @property
    def status(self) -> str:
        """How far it is, such as `2 of 3 checks`."""
        if not self._automatic:
            return by_hand(self.outcomes, self.written)
        if all(o.status == "not_attempted" for o in self._automatic):
            return "not attempted yet"
        passed = sum(o.status == "passed" for o in self._automatic)
        return f"{passed} of {len(self._automatic)} checks"

    @property
    def score(self) -> str:
        """The points, such as `3 of 8 points`."""
        earned = sum(o.points for o in self._automatic)
        return f"{earned:g} of {sum(o.check.points for o in self._automatic):g} points"

    def of(self, outcomes: list[Outcome]) -> Report:
        """The same of some of the checks."""
        return type(self)(outcomes, self.written)

    @property
    def _automatic(self) -> list[Outcome]:
        return [o for o in self.outcomes if not o.check.by_hand]

    def __str__(self) -> str:
        if not self.outcomes:
            return "nothing was checked here"
        parts = sections(self.outcomes)
        lines = [self.title, *(f"  Note: {shown(note)}" for note in self.notes)]
        for part in parts:
            if len(parts) > 1:
                lines.append(f"  {part.cell}: {self.of(part.outcomes).status}")
            if not part.is_by_hand:
                lines += _text(part)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return panel(self)

    def _repr_markdown_(self) -> str:
        """For exports without HTML, such as a PDF."""
        return f"```text\n{str(self).replace('```', '` ` `')}\n```"


def _text(part: Section) -> list[str]:
    lines = _entry(part, part.root) if part.root is not None else []
    for line, outcomes in part.folded:
        lines.append(f"  {line}:")
        for outcome in outcomes:
            said = part.is_said(outcome)
            lines += [f"    - {outcome.check.title}"] if said else _entry(part, outcome, "    ")
    lines += [f"  {part.help}"] if part.help else []
    if part.passed:
        titles = "; ".join(o.check.title for o in part.passed)
        lines.append(f"  {MARKS['passed'][0]} {len(part.passed)} right: {titles}")
    return lines


def _entry(part: Section, outcome: Outcome, indent: str = "  ") -> list[str]:
    lines = [f"{indent}{MARKS[outcome.status][0]} {heading(outcome)}: {part.headline(outcome)}"]
    for label, text in part.details(outcome):
        sign = ">" if label == WORDS["next"] else " "
        lines.append(f"{indent}  {sign} {label}: {text}")
    return lines
