"""How long `check(...)` takes in a notebook: every step's solution, on the data that is chosen.

COURSE_DATA=lastfm python benchmarks/check.py takes the real data. Cells are run once and are not
in the times; of the checks the first one, which collects the rules, is shown apart.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("AUTOGRADER_CACHE", tempfile.mkdtemp())

from autograder import notebook  # noqa: E402
from autograder.contract import EXERCISES, NOTEBOOKS  # noqa: E402
from autograder.handin.submission import read  # noqa: E402

SOLUTIONS = Path(__file__).parents[1] / "solutions" / "gnn_recommender"


def timed(key: str) -> tuple[float, float, str]:
    """Seconds of the clock and of the CPU, and what came out."""
    wall, cpu = time.perf_counter(), time.process_time()
    report = notebook.check(key)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    return *spent, str(report).splitlines()[0]


def main() -> None:
    """Print one line for each exercise."""
    main_names: dict[str, Any] = __import__("__main__").__dict__
    first = timed("step1.load")
    print(f"{'first check':16} {first[0]:6.2f} s  {first[1]:6.2f} s CPU")
    for step, name in NOTEBOOKS.items():
        for cell in read(SOLUTIONS / f"{name}.ipynb").cells:
            if cell.kind == "code" and not cell.key:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(cell.source, main_names)
        for key, exercise in EXERCISES.items():
            if exercise.step == step and not exercise.by_hand:
                wall, cpu, said = timed(key)
                print(f"{key:16} {wall:6.2f} s  {cpu:6.2f} s CPU  {said}", flush=True)


if __name__ == "__main__":
    main()
