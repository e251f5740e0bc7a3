"""Grading the same six-notebook submissions with nbgrader, with otter and with the kit.

`make bench` runs it and prints the tables of the README. All figures are CPU seconds of the whole
process tree, one thread and one submission at a time; leave the machine alone meanwhile. The
graders take turns, round after round, and the medians count.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
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
PARTS = dict(zip(("nbgrader", "otter", "kit", "twin", "basic"), GRADERS, strict=True))
MORE = ("floor", "checks")
PEERS = ("nbgrader", "otter")
CLASS = 30  # students of the class whose cost is computed
ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure what is asked for, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*PARTS, *MORE], default=[*PARTS, *MORE])
    parser.add_argument("--students", type=int, default=11, help="in the class that the kit grades")
    parser.add_argument("--rounds", type=int, default=3, help="of all graders")
    parser.add_argument("--runs", type=int, default=5, help="of each notebook, for its floor")
    parser.add_argument(
        "--isolation", default="full", choices=["full", "basic"], help="at the floor"
    )
    chosen = parser.parse_args()
    with group() as made:
        if made is None:
            print("(no control group: what runs behind the wall is not counted)", file=sys.stderr)
    parts = [part for part in PARTS if part in chosen.only]
    if parts:
        print(compared(parts, chosen.students, chosen.rounds), flush=True)
    if set(MORE) & set(chosen.only):
        import floor  # imports torch, which the rest need not

        if "floor" in chosen.only:
            rows = list(floor.notebooks(chosen.runs, chosen.isolation, real_data()))
            print("\n" + table(["notebook", "bare CPU s", "graded CPU s", "over it"], rows))
        if "checks" in chosen.only:
            print(f"\nOne check session: {floor.check_session(chosen.runs)}")


def compared(parts: list[str], students: int, rounds: int) -> str:
    """What the start of each grader costs, and what one more submission.

    The kit grades a class of one and one of many; the others, which have hardly a start to share
    but much to do for each, a class of one and one of two.
    """
    spent: dict[str, list[tuple[float, float]]] = {part: [] for part in parts}
    with contextlib.ExitStack() as stack:
        sizes = {2 if part in PEERS else students for part in parts} | {1}
        folders = {size: stack.enter_context(tempfile.TemporaryDirectory()) for size in sizes}
        courses = {size: make_course(Path(folders[size]), size) for size in sizes}
        for _ in range(rounds):
            for part in parts:
                size = 2 if part in PEERS else students
                small, large = (GRADERS[PARTS[part]](courses[n]).cpu for n in (1, size))
                further = (large - small) / (size - 1)
                spent[part].append((small - further, further))
                print(f"{part}: {small:.1f}, of {size}: {large:.1f}", file=sys.stderr, flush=True)
    each, rows = {}, []
    for part, found in spent.items():
        start, further = (statistics.median(values) for values in zip(*found, strict=True))
        each[part] = max(start, 0.0) / CLASS + further
        row = [PARTS[part], f"{start:.1f}", f"{further:.2f}", f"{each[part]:.2f}"]
        ratios = [f"{each[peer] / each[part]:.1f}" for peer in PEERS if peer in each]
        rows.append([*row, *ratios])
    head = ["grader", "start", "one more submission", f"each of a class of {CLASS}"]
    return table([*head, *(f"times as fast as {peer}" for peer in PEERS if peer in each)], rows)


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
