"""What waits for a person, the most urgent first: flags, work not judged, reports."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.gradebook.marks import Mark, number
from autograder.printing import one_line, without_paths

KINDS = {  # in the order in which a person should look
    "fault": "fault of the grader",
    "unread": "could not be graded whole",
    "flag": "flag",
    "not judged": "not judged",
    "report": "report",
    "unexplained": "wrong, without a known cause",
    "repaired": "repaired",
}


@dataclass(frozen=True)
class Item:
    """One thing to look at. `key` is the student, `what` one line."""

    kind: str
    key: str
    what: str

    @property
    def order(self) -> tuple[int, str]:
        """The most urgent kind first, then by name."""
        return list(KINDS.values()).index(self.kind), self.key.casefold()


def todo(marks: Iterable[Mark]) -> list[Item]:
    """Everything that waits for a person, the most urgent first."""
    return sorted((item for mark in marks for item in _items(mark)), key=lambda item: item.order)


def _items(mark: Mark) -> Iterable[Item]:
    def item(kind: str, what: str) -> Item:
        return Item(KINDS[kind], mark.student, one_line(without_paths(what), 300))

    faults = [check for check in mark.waits if check.status == "grader_error"]
    if faults:
        yield item("fault", f"{faults[0].cell}: {faults[0].message.get('got', '')}")
    elif mark.faults:
        yield item("fault", mark.faults[0])
    if mark.problems:
        yield item("unread", mark.problems[0])
    if mark.flags:
        more = f" (and {len(mark.flags) - 1} more)" if len(mark.flags) > 1 else ""
        yield item("flag", mark.flags[0] + more)
    waits = [check for check in mark.waits if check.status == "not_judged"]
    if waits:
        points = number(sum(check.max_points for check in waits))
        cells = ", ".join(dict.fromkeys(check.cell for check in waits))
        seen = next((c.message["got"] for c in waits if c.message.get("got")), "")
        yield item("not judged", f"{points} points in {cells}: {seen}")
    report = mark.by_hand
    if report is not None and mark.report_waits:
        why = report.message.get("got", "") if report.status == "not_judged" else ""
        words = len(mark.report.split())
        yield item("report", f"{words} words" if words else why or "none was found in step 6")
    if mark.unexplained:
        titles = {check.id: f"{check.step}: {check.title}" for check in mark.checks}
        yield item("unexplained", "; ".join(titles.get(id, id) for id in mark.unexplained))
    if mark.notes:
        yield item("repaired", "; ".join(mark.notes))


def share(items: list[Item], number: int, of: int) -> list[Item]:
    """One TA's part. A student is always the same TA's, whoever else is added to the class."""
    return [item for item in items if _hash(item.key) % of == number - 1]


def _hash(student: str) -> int:
    return int(hashlib.sha256(student.encode("utf-8", "replace")).hexdigest()[:8], 16)
