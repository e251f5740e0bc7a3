"""Marks as Gradescope's autograder gives them: one `results.json` a student."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from autograder.contract import BY_HAND_POINTS
from autograder.evidence.arrays import printable
from autograder.gradebook.join import Gradebook
from autograder.gradebook.marks import Check, Mark
from autograder.handin.roster import unique_key

LABELS = {"ran": "We looked at", "expected": "Expected", "got": "Got", "why": "Why", "next": "Next"}


class Gradescope:
    """`gradescope/STUDENT/results.json`: Gradescope reads it in /autograder/results."""

    name, needs_roster = "gradescope", False

    def write(self, book: Gradebook, folder: Path) -> tuple[list[Path], list[str]]:
        """Write one file for each mark, also of people who are not on the roster."""
        taken: set[str] = set()
        paths = []
        for mark in book.marks:
            place = folder / "gradescope" / unique_key(mark.student, taken)
            place.mkdir(parents=True, exist_ok=True)
            text = msgspec.json.format(msgspec.json.encode(results(mark)), indent=2)
            (place / "results.json").write_bytes(text + b"\n")
            paths.append(place / "results.json")
        return paths, [
            f"The report is graded by hand: give its {BY_HAND_POINTS:g} points in a question of "
            "its own."
        ]


def results(mark: Mark) -> dict[str, Any]:
    """One student's marks with the keys that Gradescope knows."""
    automatic = [check for check in mark.checks if not check.by_hand]
    lines = [*mark.problems, *(f"{f.title}: {f.proof}" for f in mark.findings)]
    return {
        "score": round(mark.total, 2),
        "output": _text("\n".join(lines)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(check, number) for number, check in enumerate(automatic, start=1)],
        "extra_data": {
            "student": _text(mark.student),
            "pending": mark.pending,
            "misconceptions": [finding.id for finding in mark.findings],
        },
    }


def _test(check: Check, number: int) -> dict[str, Any]:
    said = [
        f"{label}: {check.message[key]}" for key, label in LABELS.items() if check.message.get(key)
    ]
    return {
        "score": check.points,
        "max_score": check.max_points,
        "status": "passed" if check.status == "passed" else "failed",
        "name": _text(f"{check.step}: {check.title}"),
        "number": str(number),
        "output": _text("\n".join(said)) if check.status != "passed" else "",
        "tags": [check.step],
        "visibility": "visible",
        "extra_data": {"id": check.id, "status": check.status},
    }


def _text(value: str) -> str:
    return printable(value)[:20_000]
