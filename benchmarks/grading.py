"""Grading the same six-notebook submissions with nbgrader, with otter and with the kit.

`make bench` runs it and prints the tables of the README. All figures are CPU seconds of the whole
process tree, one thread and one submission at a time; leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from cpu import Cost, group
from graders import Course, by_kit, by_nbgrader, by_otter, make_course

GRADERS: dict[str, Callable[[Course], Cost]] = {
    "`nbgrader autograde`": by_nbgrader,
    "`otter run`": by_otter,
    "`autograder grade`": by_kit("--no-twin"),
    "the same, with the twin": by_kit(),
    "the same, basic isolation, no twin": by_kit("--no-twin", "--isolation", "basic"),
}
PARTS = {
    "nbgrader": list(GRADERS)[:1],
    "otter": list(GRADERS)[1:2],
    "kit": list(GRADERS)[2:3],
    "twin": list(GRADERS)[3:4],
    "basic": list(GRADERS)[4:],
}
MORE = ("floor", "checks")
ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure what is asked for, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*PARTS, *MORE], default=[*PARTS, *MORE])
    parser.add_argument("--students", type=int, default=5, help="in the class that is graded")
    parser.add_argument("--runs", type=int, default=5, help="of each notebook, for its floor")
    parser.add_argument(
        "--isolation", default="full", choices=["full", "basic"], help="at the floor"
    )
    chosen = parser.parse_args()
    with group() as made:
        if made is None:
            print("(no control group: what runs behind the wall is not counted)", file=sys.stderr)
    wanted = [name for part in PARTS if part in chosen.only for name in PARTS[part]]
    if wanted:
        print(compared(wanted, chosen.students), flush=True)
    if set(MORE) & set(chosen.only):
        import floor  # imports torch, which the rest need not

        if "floor" in chosen.only:
            rows = list(floor.notebooks(chosen.runs, chosen.isolation, real_data()))
            print("\n" + table(["notebook", "bare CPU s", "graded CPU s", "over it"], rows))
        if "checks" in chosen.only:
            print(f"\nOne check session: {floor.check_session(chosen.runs)}")


def compared(names: list[str], students: int) -> str:
    """Each grader on a class of one and of many: what a submission costs, and what the start."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
        small = make_course(Path(one), 1)
        large = make_course(Path(many), students) if students > 1 else None
        rows, first = [], 0.0
        for name in names:
            alone = GRADERS[name](small)
            whole = GRADERS[name](large) if large else alone
            each = whole.cpu / students
            first = first or each
            row = [name, f"{each:.2f}", f"{whole.wall / students:.2f}", f"{first / each:.1f}"]
            if large:
                further = (whole.cpu - alone.cpu) / (students - 1)
                row += [f"{further:.2f}", f"{alone.cpu - further:.2f}"]
            rows.append(row)
            print(" | ".join(row), file=sys.stderr, flush=True)
    head = ["grader", f"CPU s each of {students}", "wall s", "times as fast (CPU)"]
    return table([*head, *(["one more", "start"] if students > 1 else [])], rows)


def real_data() -> Path | None:
    """The real data, where there is a copy: in LASTFM_DIR, or beside the checkout."""
    folders = [os.environ.get("LASTFM_DIR"), ROOT.parent / "shared" / "course_data"]
    found = (Path(folder) / "user_artists.dat" for folder in folders if folder)
    return next((path for path in found if path.is_file()), None)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
