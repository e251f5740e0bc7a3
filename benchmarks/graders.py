"""The graders that are compared: each grades the same class of six-notebook submissions.

`grading.py` measures them. Every grader gets the notebooks in the form that it asks for: nbgrader
its source and release folders, otter one zip of tests a notebook and no docker.
"""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from classes import ASSIGNMENT, ROOT, make_solved
from cpu import Cost, cost

from autograder.rules import points

BIN = Path(sys.executable).parent
TEST = """OK_FORMAT = False
from otter.test_files import test_case
name, points = {name!r}, {points}
@test_case(points={points})
def test_cell(env):
    from autograder.notebook import check
    report = check({cell!r}, fresh=True)
    assert report >= {least}, str(report)
"""


@dataclass(frozen=True)
class Course:
    """A folder with what every grader needs, and `submitted/` with so many students."""

    folder: Path
    students: int

    @property
    def submitted(self) -> Path:
        """The class."""
        return self.folder / "submitted"


def make_course(folder: Path, students: int) -> Course:
    """A course of nbgrader's in which everybody hands in the solutions."""
    for name in ("solutions", "assignments"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    make_solved(folder / "submitted", students)
    cost([BIN / "nbgrader", "generate_assignment", ASSIGNMENT, "--force"], folder)
    return Course(folder, students)


def by_nbgrader(course: Course) -> Cost:
    """`nbgrader autograde`, the whole class in one go."""
    return cost([BIN / "nbgrader", "autograde", ASSIGNMENT, "--force"], course.folder)


def by_otter(course: Course) -> Cost:
    """`otter run`, which takes one notebook at a time.

    Step 6 lies alone there, so that it measures a ready model and need not train the student's.
    """
    total = Cost(0.0, 0.0)
    for student in sorted(course.submitted.iterdir()):
        for path in sorted((student / ASSIGNMENT).glob("*.ipynb")):
            place = course.folder / "otter" / student.name / path.stem
            place.mkdir(parents=True)
            package, book = _for_otter(path, place)
            one = cost([BIN / "otter", "run", "-a", package, "-o", place, "--no-logo", book], place)
            found = json.loads((place / "results.json").read_text(encoding="utf-8"))
            earned = sum(test.get("score", 0) for test in found["tests"])
            most = sum(test.get("max_score", 0) for test in found["tests"])
            if not most or earned < most:
                sys.exit(f"otter gave {path.name} {earned} of {most}: {found}")
            total = Cost(total.cpu + one.cpu, total.wall + one.wall)
    shutil.rmtree(course.folder / "otter")
    return total


def by_kit(*options: str) -> Callable[[Course], Cost]:
    """`autograder grade` with these options, one submission at a time."""

    def grade(course: Course) -> Cost:
        output = course.folder / "marks"
        command = [BIN / "autograder", "grade", course.submitted, "--jobs", "1", "--fresh"]
        found = cost([*command, "--output", output, *options], course.folder)
        marks = json.loads((output / "marks.json").read_text(encoding="utf-8"))["submissions"]
        if [r["total"] for r in marks] != [r["max_total"] for r in marks]:
            sys.exit(f"autograder grade took points off the solutions: {marks}")
        return found

    return grade


def _for_otter(path: Path, folder: Path) -> tuple[Path, Path]:
    """The zip with a notebook's tests, and the notebook with those in place of its check cells."""
    book = nbformat.read(path, as_version=4)
    wanted = points(by_hand=False)
    tests = {}
    for cell in book.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("grade") and not meta.get("solution"):
            key = next((key for key in wanted if f'check("{key}"' in cell.source), "")
            if key:
                name = key.replace(".", "_")
                least = (
                    1 if key == "step6.auc" else wanted[key]
                )  # 2 are for the student's own model
                tests[name] = TEST.format(name=name, cell=key, points=wanted[key], least=least)
                cell.source, cell.metadata = "", {"otter": {"tests": [name]}}
    target, package = folder / path.name, folder / "autograder.zip"
    nbformat.write(book, target)
    with zipfile.ZipFile(package, "w") as bundle:
        config = {"lang": "python", "pdf": False, "show_hidden": True, "show_stdout": False}
        bundle.writestr("otter_config.json", json.dumps(config))
        for name, source in tests.items():
            bundle.writestr(f"tests/{name}.py", source)
    return package, target
