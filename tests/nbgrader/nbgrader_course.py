"""Runs commands for the tests with nbgrader, with the environment that nbgrader needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SAMPLE_CLASS = REPOSITORY / "tests" / "sample_class" / "submitted"


def environment() -> dict[str, str]:
    """This environment's commands first (nbgrader calls alembic), the sample data, one thread."""
    env = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
    env["PYTHONPATH"] = str(REPOSITORY)
    env["OMP_NUM_THREADS"] = "1"
    return env


def run(*command: str, cwd: Path, codes: tuple[int, ...] = (0,)) -> str:
    """Run a command that has to exit with one of `codes`; return all that it printed."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=1800
    )
    printed = done.stdout + done.stderr
    assert done.returncode in codes, f"{' '.join(command)} exits {done.returncode}:\n{printed}"
    return printed
