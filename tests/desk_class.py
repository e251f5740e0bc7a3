"""A graded class that was made up, as a folder of marks: for the pages, without any grading."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autograder.grading.marks import Marks
from autograder.grading.numbers import Numbers
from autograder.grading.submission import Graded
from autograder.reports import class_report
from autograder.reports.marks_folder import HandIn
from autograder.rules import catalogue, causes
from autograder.rules.diagnosis import Diagnosis, Finding
from autograder.rules.locate import Place
from autograder.rules.outcome import Message, Outcome

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> {{ 7*7 }} \x1b[31m\u202e'
PATH = "/srv/courses/gnn 2026/submitted/zoe/gnn_recommender/step3_mapping_and_split.ipynb"
STATUSES = ("passed",) * 12 + ("failed", "student_error", "blocked", "not_judged", "not_attempted")


def student(name: str, draw: random.Random, hostile: bool = False) -> Graded:
    """Marks of every kind; a hostile student has markup wherever text can stand."""
    text = HOSTILE if hostile else "a few words"
    outcomes = []
    for check in catalogue():
        status = "passed" if check.by_hand else draw.choice(STATUSES)
        message = Message(f"`decode` {text}", text, f"{text} {PATH}", text, text)
        outcomes.append(Outcome(check, status, message if status != "passed" else Message()))
    known = draw.sample(sorted(causes()), 2)
    place = Place("step3_mapping_and_split.ipynb", 1, 2, text)
    findings = tuple(Finding(id, causes()[id].step or "step3", text, place, True) for id in known)
    losses = tuple(1 / (1 + n / 20) for n in range(100))
    executed = {"step3_mapping_and_split.ipynb": notebook(text)}
    return Graded(
        name,
        Marks(tuple(outcomes)),
        (f"{PATH}: cannot be read: {text}",) if hostile else (),
        12.5,
        (f"flag {text}",) if hostile else (),
        (f"handed in twice: this is what came as the second {name}", f"repaired {text}"),
        (("step3", f"ValueError: {text}"),),
        executed,
        Diagnosis(findings, tuple(o for o in outcomes if o.status == "failed")[:1]),
        f"My test AUC is 0.84. {text}",
        Numbers(losses, 100, 0.83, 0.84, 0.8, 0.7),
    )


def notebook(text: str) -> str:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None}
    stream = {"output_type": "stream", "name": "stdout", "text": f"{text}\n{PATH}"}
    code = [f"x = 1  # {text}\nid_mapping = {{}}\n", 'check("step3.mapping")']
    cells = [cell | {"source": source, "outputs": [stream]} for source in code]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book)


def write_class(folder: Path, count: int, hostile: int = 1, executed: bool = True) -> list[str]:
    """Write marks of so many students; the names of all."""
    draw = random.Random(3)
    names = [f"student{n:04}" for n in range(count - hostile)] + [
        f"{HOSTILE}{n}" for n in range(hostile)
    ]
    graded = [student(name, draw, name.startswith("<")) for name in names]
    called = {name: HandIn(name=f"Family, Given {name[-4:]}") for name in names}
    called |= {name: HandIn(name=f"Family {HOSTILE}") for name in names if name.startswith("<")}
    class_report.write(graded, folder, handed_in=called, seed=1)
    for record in graded if executed else ():
        class_report.write_executed(replace(record), folder)
    return names


def write_students(folder: Path, names: Sequence[str]) -> None:
    """Write marks of students who are called so, with their executed copies."""
    graded = [student(name, random.Random(name)) for name in names]
    class_report.write(graded, folder, seed=1)
    for record in graded:
        class_report.write_executed(record, folder)
