"""Memory and cost over a large class: both must stay flat. `make bench-memory` runs it.

Grades a synthetic class of light submissions in this process and prints, every hundred, the memory
of the grader and of each warm process, and what a submission has cost since.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from classes import make_class

from autograder.grading.submission import Graded, Options
from autograder.grading.whole_class import grade
from autograder.handin.submission import load_class

LIGHT = ("step1_data_loading",)
MB = 2**20


class Watch:
    """Hears of each submission, and prints a line every so many."""

    def __init__(self, every: int) -> None:
        self.every, self.count = every, 0
        self.grader = psutil.Process()
        self.spent: list[float] = [self.cpu()]
        self.begin = time.monotonic()
        print("| graded | grader MB | warm processes MB | CPU s each | wall s each |", flush=True)
        print("|---|---|---|---|---|")

    def __call__(self, _: Graded) -> None:
        self.count += 1
        self.spent.append(self.cpu())
        if self.count % self.every == 0 or self.count in (1, 10):
            since = min(self.every, self.count) if self.count != 10 else 9
            cpu = (self.spent[-1] - self.spent[-1 - since]) / since
            wall = (time.monotonic() - self.begin) / self.count
            warm = ", ".join(f"{p.memory_info().rss / MB:.0f}" for p in self.warm())
            own = self.grader.memory_info().rss / MB
            print(f"| {self.count} | {own:.0f} | {warm} | {cpu:.3f} | {wall:.3f} |", flush=True)

    def warm(self) -> list[psutil.Process]:
        """The server processes, wherever they stand below this one."""
        found = self.grader.children(recursive=True)
        return [p for p in found if "autograder.inside.server" in p.cmdline()[:4]][:8]

    def cpu(self) -> float:
        """CPU seconds of this process and of all below it, the ended ones included."""
        total = 0.0
        for process in [self.grader, *self.grader.children(recursive=True)]:
            try:
                total += sum(process.cpu_times()[:4])  # user, system, and those of ended children
            except psutil.Error:
                continue
        return total


def main() -> None:
    """Grade the class, and compare the cost of the first and the last submissions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--isolation", default="basic", choices=["basic", "full"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        students = load_class(make_class(Path(folder), chosen.students, notebooks=LIGHT))
        options = Options("sample", seed=1, jobs=chosen.jobs, isolation=chosen.isolation)
        watch = Watch(chosen.every)
        grade(students, options, watch)
    each = [b - a for a, b in zip(watch.spent, watch.spent[1:], strict=False)]
    steady = each[2:]  # not the warm start
    first, last = steady[:10], steady[-max(10, len(steady) // 10) :]
    ratio = statistics.median(last) / statistics.median(first)
    print(f"\nMedian CPU s: of the first ten {statistics.median(first):.3f}, ", end="")
    print(f"of the last tenth {statistics.median(last):.3f}: {ratio:.2f} times")


if __name__ == "__main__":
    main()
