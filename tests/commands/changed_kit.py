"""A copy of the kit that a test may change, as an instructor changes a course."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("autograder", "course_data", "recommenders", "solutions", "assignments")
FILES = ("nbgrader_config.py", "README.md")


class Kit:
    """The copy at `root`; its commands run in the folder above it, as in a course of one's own."""

    def __init__(self, folder: Path) -> None:
        self.root, self.folder = folder / "kit", folder
        for name in PARTS:
            nothing = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.root / name, ignore=nothing)
        for name in FILES:
            shutil.copy(ROOT / name, self.root)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace what stands once in a file."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old, text.count(old))
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")

    def add(self, name: str, text: str) -> None:
        """Put something at the end of a file."""
        with (self.root / name).open("a", encoding="utf-8") as stream:
            stream.write(text)

    def run(self, *command: object, code: int = 0) -> str:
        """`autograder ...` of this copy; what it printed, errors included."""
        environment = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
        environment |= {"PYTHONPATH": str(self.root), "COLUMNS": "200", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "autograder.cli", *map(str, command)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == code and "Traceback" not in printed, (command, printed)
        return printed
