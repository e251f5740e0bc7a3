"""Runs commands for the tests with nbgrader, with the environment that nbgrader needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from autograder.contract import ASSIGNMENT, NOTEBOOKS

REPOSITORY = Path(__file__).parents[2]
SAMPLE_CLASS = REPOSITORY / "tests" / "sample_class" / "submitted"


def students() -> list[str]:
    """Those of the sample class whom nbgrader can grade: it knows a notebook by its name only.

    Who hands in one free-form notebook stops `nbgrader autograde`; `autograder grade` reads it.
    """
    names = {f"{name}.ipynb" for name in NOTEBOOKS.values()}
    return sorted(
        folder.name
        for folder in SAMPLE_CLASS.glob("*/")
        if any(path.name in names for path in folder.glob(f"{ASSIGNMENT}/*.ipynb"))
    )


def environment() -> dict[str, str]:
    """This environment's commands first (nbgrader calls alembic), the sample data, one thread."""
    env = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
    env["PYTHONPATH"] = str(REPOSITORY)
    env["OMP_NUM_THREADS"] = "1"
    return env


def run(*command: str, cwd: Path) -> str:
    """Run a command that has to succeed; return what it printed, errors included."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=1800
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(command)} exits {done.returncode}:\n{printed}"
    return printed
