"""Grading the same six-notebook submissions with `nbgrader autograde` and with `autograder grade`.

`make bench` runs it: the graders in turn, one submission at a time. A figure is the median of the
CPU seconds, children included, that one submission costs.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "gnn_recommender"
BIN = Path(sys.executable).parent


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each grader, in turn")
    parser.add_argument("--students", type=int, default=2, help="in the class that is graded")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder), options.students)
        graders = {
            "`nbgrader autograde`": lambda: by_nbgrader(course),
            "`autograder grade`": lambda: by_kit(course),
        }
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in graders}
        for _ in range(options.runs):
            for name, grade in graders.items():
                figures[name].append(timed(grade))
    print(table(figures, options.students))


def make_course(folder: Path, students: int) -> Path:
    """A course of nbgrader's with the solutions handed in by so many students."""
    for name in ("solutions", "assignments"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for number in range(students):
        target = folder / "submitted" / f"student{number}" / ASSIGNMENT
        shutil.copytree(ROOT / "solutions" / ASSIGNMENT, target)
    run([BIN / "nbgrader", "generate_assignment", ASSIGNMENT, "--force"], folder)
    return folder


def by_nbgrader(course: Path) -> None:
    """Grade the class with nbgrader, afresh."""
    run([BIN / "nbgrader", "autograde", ASSIGNMENT, "--force"], course)


def by_kit(course: Path) -> None:
    """Grade the class with the kit, once, one submission at a time.

    Without the wall: what runs behind it ends with it, and its CPU seconds are in nobody's account.
    """
    options = ["--jobs", "1", "--no-twin", "--isolation", "basic", "--output", course / "marks"]
    run([BIN / "autograder", "grade", course / "submitted", *options], course)


def run(command: list[object], folder: Path) -> None:
    """Run a command to its end, one thread; what it says is only shown where it fails."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{BIN}:{os.environ['PATH']}"}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")


def timed(work: object) -> tuple[float, float]:
    """CPU seconds of all child processes, and wall seconds."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()  # type: ignore[operator]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - begin


def table(figures: dict[str, list[tuple[float, float]]], students: int) -> str:
    """Medians per submission, and how many times as fast as the first."""
    lines = ["| grader | CPU s a submission | wall s | times as fast (CPU) |", "|---|---|---|---|"]
    first = 0.0
    for name, runs in figures.items():
        cpu, wall = (statistics.median(column) / students for column in zip(*runs, strict=True))
        first = first or cpu
        lines.append(f"| {name} | {cpu:.1f} | {wall:.1f} | {first / cpu:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
