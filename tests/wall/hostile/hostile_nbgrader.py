"""`nbgrader autograde` on one attack between two honest students, in a throwaway course.

`report.py` prints what comes of it. nbgrader has no wall, so bubblewrap stands around it: only
the course can be written to, there is no network, and nothing outlives it.
"""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from attacks import KIT, Attack, notebook
from hostile_bank import hand_in, write

from autograder.contract import ASSIGNMENT, NOTEBOOKS

CELL, BATCH = 40, 600  # seconds: importing torch takes some on a busy machine
BEFORE, ATTACKER, AFTER = "a_honest", "b_attack", "c_honest"
SCORES = """
SELECT student.id, SUM(COALESCE(grade.manual_score, grade.auto_score, 0)
                       + COALESCE(grade.extra_credit, 0))
FROM submitted_assignment AS whole
JOIN student ON student.id = whole.student_id
JOIN submitted_notebook AS book ON book.assignment_id = whole.id
JOIN grade ON grade.notebook_id = book.id
GROUP BY student.id
"""


@dataclass
class Course:
    """A course with its assignment generated: each attack gets a copy of it."""

    root: Path
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What nbgrader made of one attack: in a few words, and as it is counted."""

    said: str
    above: bool = False
    no_score: bool = False
    neighbours: bool = False
    hangs: bool = False


def course(root: Path) -> Course:
    """Make the course that all attacks start from."""
    root.mkdir(parents=True)
    shutil.copy(KIT / "nbgrader_config.py", root)
    shutil.copytree(KIT / "solutions" / ASSIGNMENT, root / "solutions" / ASSIGNMENT)
    _run(root, 600, "generate_assignment", ASSIGNMENT)
    return Course(root)


def outcome(attack: Attack, template: Course, folder: Path) -> Outcome:
    """Grade the attack and its neighbours with nbgrader, in a copy of the course."""
    if attack.machine:
        return Outcome(f"not run ({attack.machine})")
    shutil.copytree(template.root, folder)
    submitted = folder / "submitted"
    for name in (BEFORE, AFTER):
        write(submitted / name / ASSIGNMENT, NOTEBOOKS["step1"], notebook("solution", 1))
    places = {"KIT": KIT, "CLASS": submitted, "OUTPUT": folder / "out", "HOME": folder / "home"}
    places |= {"OUTSIDE": folder / "out", "PORT": 9}
    attacker = attack.student or ATTACKER
    hand_in(attack, submitted / attacker / ASSIGNMENT, places)
    settings = "--ExecutePreprocessor."
    limits = [f"{settings}{name}={CELL}" for name in ("timeout", "iopub_timeout")]
    ended = _run(folder, BATCH, "autograde", ASSIGNMENT, *limits)
    kept = folder / "autograded"  # nbgrader removes from it whom it could not grade
    found = {n: score for n, score in _scores(folder).items() if (kept / n / ASSIGNMENT).is_dir()}
    got = f"{found[attacker]:g}" if attacker in found else "no score"
    beside = [_harm(name, found.get(name)) for name in (BEFORE, AFTER)]
    bulk = sum(f.stat().st_size for f in folder.glob("autograded/**/*") if f.is_file())
    stored = f"{bulk >> 20} MB stored" if bulk > 20 * 2**20 else ""
    said = [ended, f"{got} of at most {attack.earns:g}", *beside, stored]
    return Outcome(
        ", ".join(text for text in said if text),
        above=found.get(attacker, 0.0) > attack.earns,
        no_score=attacker not in found,
        neighbours=any(beside),
        hangs=ended.startswith("HANGS"),
    )


def summary(outcomes: list[Outcome]) -> str:
    """How many attacks did what to nbgrader."""
    run = [o for o in outcomes if not o.said.startswith("not run")]
    above, lost, beside, hangs = (
        sum(getattr(o, name) for o in run) for name in ("above", "no_score", "neighbours", "hangs")
    )
    return (
        f"nbgrader: {len(run)} attacks; more points than earned for {above}, no score for {lost}, "
        f"a neighbour's marks lost or changed by {beside}, the batch hung on {hangs}."
    )


def _harm(name: str, score: float | None) -> str:
    if score is None:
        return f"{name} UNGRADED"
    return "" if score == 10 else f"{name} {score:g} of 10"


def _scores(folder: Path) -> dict[str, float]:
    try:
        with sqlite3.connect(f"file:{folder}/gradebook.db?mode=ro", uri=True) as database:
            return dict(database.execute(SCORES).fetchall())
    except sqlite3.Error as error:
        print(f"gradebook: {error}", file=sys.stderr)
        return {}


def _run(folder: Path, seconds: float, *arguments: str) -> str:
    """Run an nbgrader command behind a wall; say how it ended, empty where it ended well."""
    (folder / "home").mkdir(exist_ok=True)
    wall = ["bwrap", "--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--die-with-parent"]
    wall += ["--new-session", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    wall += ["--bind", str(folder), str(folder), "--chdir", str(folder), "--clearenv"]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    for name, value in {
        "PATH": path,
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "home"),
        "PYTHONPATH": str(KIT),
        "OMP_NUM_THREADS": "1",
        "LANG": "C.UTF-8",
    }.items():
        wall += ["--setenv", name, value]
    command = [*wall, sys.executable, "-m", "nbgrader", *arguments]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 2**20,) * 2)

    begin = time.monotonic()
    with (folder / f"{arguments[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=limited)
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"HANGS (ended after {time.monotonic() - begin:.0f} s)"
    return "" if code == 0 else f"exit {code}"
