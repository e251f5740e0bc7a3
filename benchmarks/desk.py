"""The desk's own time on a large class: collect, export to five formats, feedback, class page.

    python benchmarks/desk.py [--students 1000]

Nothing is graded: marks are made up, and everybody's copies are those of the solutions. The class
page is then opened in headless Chromium.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from chromium import browser  # noqa: E402
from class_page import interactive  # noqa: E402
from desk_class import write_class  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from autograder.cli import app  # noqa: E402
from autograder.contract import NOTEBOOKS  # noqa: E402
from autograder.grading.executed import executed  # noqa: E402
from autograder.grading.marks import Marks  # noqa: E402
from autograder.grading.submission import Graded  # noqa: E402
from autograder.handin.submission import load  # noqa: E402
from autograder.reports.class_report import write_executed  # noqa: E402


def main() -> None:
    """Time each command and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    count = parser.parse_args().students
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        names = [f"student{n:04}" for n in range(count)]
        roster = _roster(place / "roster.csv", names)
        _lms(place / "canvas", names)
        write_class(place / "marks", count, hostile=0, executed=False)
        _executed(place / "marks", names)
        shared = ["--marks", str(place / "marks"), "--roster", str(roster)]
        steps: list[tuple[str, list[str]]] = [
            (
                "collect",
                [str(place / "canvas"), "--roster", str(roster), "--into", str(place / "in")],
            )
        ]
        for name in ("canvas", "moodle", "gradescope", "junit", "csv"):
            steps.append(("export", ["--to", name, *shared, "--output", str(place / "out")]))
        steps += [(name, [str(place / "marks")]) for name in ("reports", "report", "feedback")]
        total = 0.0
        for name, arguments in steps:
            wall, cpu = _timed(lambda c=[name, *arguments]: _run(c))  # noqa: B008
            what = f"{name} {arguments[1]}" if name == "export" else name
            print(f"{what:20} {wall:7.1f} s  {cpu:7.1f} CPU s", flush=True)
            total += cpu if name in ("collect", "export", "report") else 0.0
        print(f"collect, five exports and the class page: {total:.1f} CPU s, {count} students")
        page = place / "marks" / "class.html"
        with browser() as chromium:
            times = interactive(chromium, page)
        print(f"class page: {page.stat().st_size / 1e6:.2f} MB; in Chromium, seconds: ", end="")
        print(", ".join(f"{what} {seconds:.2f}" for what, seconds in times.items()))


def _timed(action: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def _run(command: list[str]) -> None:
    result = CliRunner().invoke(app, command)
    if result.exit_code:
        raise SystemExit(f"{' '.join(command)}: {result.output}")


def _roster(path: Path, names: list[str]) -> Path:
    lines = ["Student,ID,SIS User ID,SIS Login ID,Section,Email address,GNN recommender (991)"]
    lines += [
        f'"Family{n}, Given{n}",{n + 1},S{n},{name},A,{name}@uni.example,'
        for n, name in enumerate(names)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _executed(marks: Path, names: list[str]) -> None:
    """Six executed notebooks a student, each of the real size, which feedback shows."""
    books = executed(load(ROOT / "solutions" / "gnn_recommender"), [])
    for student in names:
        write_executed(Graded(student, Marks(()), executed=books), marks)


def _lms(folder: Path, names: list[str]) -> None:
    """Six notebooks a student, as Canvas names them, each of the real size."""
    folder.mkdir()
    books = {
        f"{name}.ipynb": json.loads(
            (ROOT / "solutions" / "gnn_recommender" / f"{name}.ipynb").read_bytes()
        )
        for name in NOTEBOOKS.values()
    }
    for n, student in enumerate(names):
        for name, book in books.items():
            book["metadata"]["signed"] = student
            path = folder / f"family{n}given{n}_{n + 1}_{n + 7}_{name}"
            path.write_text(json.dumps(book), encoding="utf-8")


if __name__ == "__main__":
    main()
