"""The shell commands that stand in the guides, and what is wrong with one that does not exist."""

from __future__ import annotations

import functools
import importlib.util
import re
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click
import typer

from autograder.cli import app
from course_data.cli import app as data_app

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
OURS = {"autograder": app, "course_data": data_app}
OTHERS = ("pytest", "python", "make", "nbgrader", "pip", "conda", "jupyter", "pre-commit", "source")
OTHERS += ("dask",)
SHELLS = ("bash", "sh", "shell", "console", "zsh", "powershell", "bat")
MAKEFILE = re.compile(r"^([a-z][\w-]*):", re.M)


def commands(guide: Path) -> list[str]:
    """Each line of a shell's block, and what stands in code in the text and begins as a command.

    Comments are cut; a line that goes on in the next one is one command.
    """
    text = guide.read_text(encoding="utf-8")
    lines = []
    for kind, block in re.findall(r"^ *```(.*?)\n(.*?)^ *```", text, re.M | re.S):
        inside = block.replace("\\\n", " ").splitlines()
        inside = [line.strip().removeprefix("$ ").split("  #")[0].strip() for line in inside]
        if kind.strip() in SHELLS:
            lines += [line for line in inside if line and not line.startswith("#")]
        else:
            lines += [line for line in inside if _begins_as_one(line)]
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    return list(dict.fromkeys([*lines, *(code for code in inline if _begins_as_one(code))]))


def _begins_as_one(line: str) -> bool:
    return bool(re.match(rf"(?:{'|'.join([*OURS, *OTHERS])}) [^ :]", line))


def problem(command: str) -> str:
    """Why this command cannot be run, in a few words; empty where it can."""
    try:
        program, *words = shlex.split(command, comments=True)
    except ValueError as error:
        return str(error)
    if program in OURS:
        return _unknown_here(OURS[program], words)
    if program not in OTHERS:
        return f"{program}: no program of the guides"
    if program == "make":
        targets = MAKEFILE.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
        unknown = [word for word in words if "=" not in word and word not in targets]
        return f"make: no target {unknown[0]}" if unknown else ""
    if program == "nbgrader":
        known_words = re.findall(r"^(\w+)$", _help("nbgrader"), re.M)  # its subcommands
        return "" if words[0] in known_words else f"nbgrader: no {words[0]}"
    if program == "dask":
        known = {entry.name for entry in metadata.entry_points(group="dask_cli")}
        return "" if words[0] in known else f"dask: no {words[0]}"
    if program == "python" and words[0] == "-m":
        known_module = importlib.util.find_spec(words[1]) is not None
        return "" if known_module else f"python: no module {words[1]}"
    if program == "python" and words[0].endswith(".py"):
        return "" if (ROOT / words[0]).is_file() else f"python: no file {words[0]}"
    if program == "pytest":
        known_words = re.findall(r"--[\w-]+", _help("pytest"))
        bad = [w for w in words if w.startswith("--") and w.split("=")[0] not in known_words]
        return f"pytest: no {bad[0]}" if bad else ""
    return ""


def _unknown_here(program: typer.Typer, words: list[str]) -> str:
    group = typer.main.get_command(program)
    assert isinstance(group, click.Group) or hasattr(group, "commands")
    command = group.commands.get(words[0]) if words else None
    if command is None:
        return f"no command {' '.join(words[:1])}"
    known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}
    unknown = [w for w in words if w.startswith("-") and w.split("=")[0] not in known]
    return f"{words[0]}: no option {unknown[0]}" if unknown else ""


@functools.cache
def _help(module: str) -> str:
    """What `python -m MODULE --help` prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=False
    )
    return done.stdout
