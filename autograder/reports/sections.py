"""What a panel says, and in which order: of each exercise the root of what is wrong comes first.

`cell` writes it as text, `panel` sets it as HTML.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from autograder.printing import shown
from autograder.rules.outcome import WRONG, Outcome

MARKS = {
    "passed": ("✓", "right"),
    "failed": ("✗", "not yet"),
    "student_error": ("!", "your code raised an exception"),
    "blocked": ("◦", "waits for another check"),
    "not_judged": ("?", "a TA looks at it: no points lost"),
    "not_attempted": ("·", "not attempted"),
    "grader_error": ("?", "fault of the grader: no points lost, tell your TA"),
}
LABELS = ("ran", "expected", "got", "why", "next")
WORDS = {"ran": "We looked at", "expected": "Expected", "got": "Got", "why": "Why", "next": "Next"}
START = "Write the code of this exercise in its cell, run that cell, then this one."
URGENCY = (*WRONG, "grader_error", "not_attempted", "blocked", "not_judged")
STOPS = ("student_error", "not_attempted", "blocked")  # nothing was checked: say what stopped it


class Summary(Protocol):
    """A report, as a panel asks for it: how far its checks are, in words."""

    @property
    def outcomes(self) -> list[Outcome]:
        """Of all checks."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be known beside the checks."""

    @property
    def status(self) -> str:
        """How far it is, such as `2 of 3 checks`."""

    @property
    def score(self) -> str:
        """The points, such as `3 of 8 points`."""

    def of(self, outcomes: list[Outcome]) -> Summary:
        """The same of some of the checks."""


@dataclass(frozen=True)
class Section:
    """One exercise in a panel.

    `root` is what to look at first; `followers` come from the same cause or wait for it, `others`
    have a reason of their own.
    """

    cell: str
    outcomes: list[Outcome]
    root: Outcome | None
    followers: list[Outcome]
    others: list[Outcome]
    passed: list[Outcome]
    panel: frozenset[str]  # ids of all checks in the panel

    @property
    def is_by_hand(self) -> bool:
        """Whether a person gives the points of this exercise."""
        return all(o.check.by_hand for o in self.outcomes)

    @property
    def folded(self) -> list[tuple[str, list[Outcome]]]:
        """What comes after the root, each with a line that says what it is."""
        if self.root is None:
            return []
        first = self.followers
        line = (
            f"{len(first)} more follow from this one"
            if first[1:]
            else "1 more follows from this one"
        )
        if self.root.status in STOPS:
            first = [self.root, *self.followers]
            line = f"{len(first)} checks wait for this" if first[1:] else "1 check waits for this"
        after = f"{len(self.others)} more to look at after that"
        return [(text, some) for text, some in ((line, first), (after, self.others)) if some]

    @property
    def help(self) -> str:
        """Where there is more help; nothing where nothing is wrong."""
        if self.root is None or self.root.status not in WRONG:
            return ""
        return f'Stuck? `hint("{self.cell}")` in the notebook helps, a little more at each call.'

    def is_said(self, outcome: Outcome) -> bool:
        """Whether the root says all that there is to say: its title is enough in the list."""
        stopped = self.root is not None and self.root.status in STOPS
        waits = self.root is not None and outcome.waits_for == self.root.check.id
        return outcome is self.root or waits or (stopped and not self.details(outcome))

    def headline(self, outcome: Outcome) -> str:
        """What the check is about; where nothing could be checked, what stopped it."""
        stopped = outcome is self.root and outcome.status in STOPS and outcome.message.got
        return shown(stopped or outcome.check.title)

    def details(self, outcome: Outcome) -> list[tuple[str, str]]:
        """Label and text of each part of what there is to say; what the root says is said once."""
        root = outcome is self.root
        details = self._details(outcome)
        if self.root is not None and not root and details == self._details(self.root):
            return []
        if root and outcome.status in STOPS:
            hidden = (WORDS["expected"], WORDS["got"])
            details = [(label, text) for label, text in details if label not in hidden]
        return details

    def _details(self, outcome: Outcome) -> list[tuple[str, str]]:
        message = outcome.message
        texts = {label: getattr(message, label) for label in LABELS}
        if outcome.status == "not_attempted":
            texts |= {"ran": "", "next": message.next or START}
        if outcome.status == "blocked" and outcome.waits_for:
            texts["next"] = self._waits(outcome.waits_for, message.next)
        return [(WORDS[label], shown(text)) for label, text in texts.items() if text]

    def _waits(self, check: str, otherwise: str) -> str:
        """What to do first; only a check of this panel is called by its title."""
        from autograder.rules import catalogue

        entry = next((entry for entry in catalogue() if entry.id == check), None)
        if entry is None:
            return otherwise
        if check in self.panel:
            return f"First: {entry.title}."
        return f'This waits for `{entry.cell}`: see `check("{entry.cell}")`, and mend that.'


def sections(outcomes: Iterable[Outcome]) -> list[Section]:
    """The exercises of a panel, in their order."""
    outcomes = list(outcomes)
    panel = frozenset(o.check.id for o in outcomes)
    cells: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        cells.setdefault(outcome.check.cell, []).append(outcome)
    return [_section(cell, own, panel) for cell, own in cells.items()]


def _section(cell: str, outcomes: list[Outcome], panel: frozenset[str]) -> Section:
    passed = [o for o in outcomes if o.status == "passed"]
    rest = sorted(
        (o for o in outcomes if o.status != "passed"), key=lambda o: URGENCY.index(_urgency(o))
    )
    if not rest:
        return Section(cell, outcomes, None, [], [], passed, panel)
    root = rest[0]
    if root.proof:  # of the checks that fail for one cause, the one that looks for it first
        same = [o for o in rest if o.proof and o.proof.cause == root.proof.cause]
        root = min(same, key=lambda o: o.check.causes.index(o.proof.cause) if o.proof else 0)
    more = [o for o in rest if o is not root]
    followers: list[Outcome] = []
    waiting = {root.check.id}
    for outcome in more:
        if _follows(outcome, root, waiting):
            followers.append(outcome)
            waiting.add(outcome.check.id)
    others = [o for o in more if o not in followers]
    return Section(cell, outcomes, root, followers, others, passed, panel)


def _urgency(outcome: Outcome) -> str:
    return WRONG[0] if outcome.status in WRONG else outcome.status


def _follows(outcome: Outcome, root: Outcome, waiting: set[str]) -> bool:
    """Whether an outcome has the cause of the root, the same message, or waits for it."""
    if outcome.waits_for in waiting:
        return True
    if outcome.status in WRONG and root.proof and outcome.proof:
        return outcome.proof.cause == root.proof.cause
    return outcome.status == root.status and outcome.message == root.message


def by_hand(outcomes: list[Outcome], written: str | None) -> str:
    """What there is to say about an exercise that a person grades."""
    points = sum(o.check.points for o in outcomes)
    graded = f"graded by hand, {points:g} points"
    if any(o.status == "not_attempted" for o in outcomes) and not written:
        return f"{graded}; nothing written yet"
    if written is None:
        return f"{graded}, from the notebook that you hand in"
    words = len(written.split())
    return f"{graded}; {words:,} word{'s' if words != 1 else ''} written"


def heading(outcome: Outcome) -> str:
    """The words for a mark, as a sentence begins."""
    words = MARKS[outcome.status][1]
    return words[:1].upper() + words[1:]
