"""The class of thirty as each LMS gives it, from the generator beside the checkout."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from autograder.contract import ASSIGNMENT, NOTEBOOKS, STEPS

COURSE = Path(__file__).parents[2]
SAMPLE = COURSE / "tests" / "sample_class"
PLACES = [folder / "shared" / "lms_shapes.py" for folder in COURSE.parents]
GENERATOR = next((path for path in PLACES if path.is_file()), PLACES[0])
SAME_NAME = ("liamo", "liamo2")  # two people of one name
NAME_ONLY = ("google_classroom", "nasty_names")  # shapes that cannot tell those two apart
MIXED = "mixed"  # an instructor's own folder: some of the class, and a file of nobody's


@dataclass(frozen=True)
class Student:
    """One of the class, and the automatic marks to expect."""

    login: str
    given: str
    family: str
    number: int
    steps: dict[str, float]


def write(folder: Path) -> list[Path]:
    """Write every shape below `folder`; each as one zip, as an LMS gives it."""
    command = [sys.executable, str(GENERATOR), str(COURSE), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    archives = sorted(folder.glob("*.zip"))
    for shape in sorted(path for path in folder.iterdir() if path.is_dir()):
        archives.append(folder / f"{shape.name}.zip")
        with zipfile.ZipFile(archives[-1], "w") as archive:
            for path in sorted(shape.rglob("*")):
                archive.write(path, path.relative_to(shape))
    return archives


def roster(folder: Path) -> Path:
    """The class as Canvas exports it, with the alias that tells Moodle's two Liams apart."""
    path = folder / "canvas_roster.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    login, number = header.index("SIS Login ID"), header.index("ID")
    for row in rows:
        ours = row[login] in SAME_NAME
        row.append(str(int(row[number]) + 650_000) if ours else "")
    with (folder / "roster.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([[*header, "alias"], *rows])
    return folder / "roster.csv"


def people(folder: Path) -> dict[str, Student]:
    """The class by login, with the marks of each step that the generator expects."""
    given = json.loads((folder / "people.json").read_text(encoding="utf-8"))
    cells = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))
    with (folder / "canvas_roster.csv").open(newline="", encoding="utf-8") as stream:
        names = {row["SIS Login ID"]: row["Student"] for row in csv.DictReader(stream)}
    found = {}
    for person in given:
        steps = dict.fromkeys(STEPS, 0.0)
        for cell, points in cells[person["base"]]["cells"].items():
            steps[cell.split(".")[0]] += points
        how = person["how"]
        lost = {"html": set(STEPS), "empty": set(STEPS), "none": set(STEPS)}.get(how, set())
        lost = {"step2"} if how == "broken-json" else lost
        lost = set(STEPS) - {f"step{how[-1]}"} if how.startswith("only-") else lost
        steps |= dict.fromkeys(lost, 0.0)
        if person["expected"] is not None:  # of the others the generator says nothing
            assert sum(steps.values()) == person["expected"], person
        family, _, first = names[person["login"]].rpartition(", ")
        found[person["login"]] = Student(person["login"], first, family, person["id"], steps)
    return found


def work(submitted: Path, login: str) -> dict[str, bytes]:
    """A student's notebooks by step; of one that holds a whole project the name is no matter."""
    names = {f"{name}.ipynb" for name in NOTEBOOKS.values()}
    files = sorted((submitted / login / ASSIGNMENT).glob("*.ipynb"))
    return {f.name if f.name in names else "a project": f.read_bytes() for f in files}
