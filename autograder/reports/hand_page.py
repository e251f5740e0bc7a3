"""The page of all reports for who grades them: the words, numbers beside them, and fields."""

from __future__ import annotations

import json

from autograder.gradebook.hand import COLUMNS, HOW, RUBRIC
from autograder.gradebook.marks import Mark
from autograder.reports import pages, plots

LABELS = {
    "test_auc": "test AUC in the notebook",
    "val_auc": "validation AUC in the notebook",
    "fair_auc": "AUC against user-artist pairs, measured again",
    "popularity_auc": "popularity on the same pairs",
}


def render(marks: list[Mark]) -> str:
    """The page with every student's report; who has none is on it with the reason."""
    more = list(dict.fromkeys(name for mark in marks if mark.hand for name in mark.hand.rest))
    open_ones = [mark for mark in marks if mark.report_waits]
    return pages.render(
        "reports",
        title="Reports to grade",
        scripted=True,
        marks=sorted(marks, key=lambda mark: mark.student.casefold()),
        written=sum(not _blank(mark) for mark in marks),
        open=len(open_ones),
        rubric=RUBRIC,
        how=HOW,
        blank={mark.student: _blank(mark) for mark in marks},
        numbers={mark.student: _numbers(mark) for mark in marks},
        curves={
            mark.student: plots.curve(
                mark.numbers.losses[:: max(1, len(mark.numbers.losses) // 60)]
            )
            for mark in marks
        },
        overrides={
            mark.student: "; ".join(
                f"{key}={value:g}"
                for key, value in (mark.hand.override if mark.hand else {}).items()
            )
            for mark in marks
        },
        rest={m.student: json.dumps(m.hand.rest if m.hand else {}) for m in marks},
        columns=COLUMNS,
        more=more,
    )


def _blank(mark: Mark) -> str:
    """Why there is no report to read; empty where there is one."""
    check = mark.by_hand
    if check is None:
        return "The report is not due."
    if check.status == "not_attempted":
        return "No report was written."
    if not mark.report.strip():
        return (
            check.message.get("got", "") or "No report was found in step 6: look at the notebook."
        )
    return ""


def _numbers(mark: Mark) -> list[tuple[str, str]]:
    found = mark.numbers
    rows = [
        (label, "none" if (value := getattr(found, key)) is None else f"{value:.3f}")
        for key, label in LABELS.items()
    ]
    if found.losses:
        rows.append(("loss, first and last", f"{found.losses[0]:.3f}, {found.losses[-1]:.3f}"))
    rows.append(("epochs", str(found.epochs or "none seen")))
    return [*rows, ("automatic points", f"{mark.automatic:g}")]
