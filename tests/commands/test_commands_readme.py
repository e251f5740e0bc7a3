"""Every command of the guides is there; ours run on something small, or it is said where."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import guide_commands
import pytest
from desk_class import write_class
from guide_commands import GUIDES, problem
from typer.testing import CliRunner

from autograder.cli import app
from course_data.cli import app as data_app

ROOT = Path(__file__).parents[2]
ELSEWHERE = {  # first words of a command -> what runs it
    "make": "the Makefile's targets; below",
    "nbgrader": "tests/gradebook",
    "python -m pip": "the installation itself",
    "conda": "no part of the kit",
    "dask": "tests/grading/test_grading_scale_cluster.py",
    "pip install": "the installation itself",
    "jupyter lab": "no part of the kit",
    "pre-commit": "a hook of git",
    "source": "the shell",
    "python -m pytest": "what runs this test",
    "autograder build": "tests/authoring",
    "autograder bundle": "tests/authoring",
    "autograder join": "tests/desk",
    "autograder split": "tests/desk",
    "autograder doctor": "tests/desk",
    "python -m ipykernel": "the installation itself",
    "python -m venv": "the installation itself",
    "python -m recommenders": "tests/recommenders",
}
NEEDS = {
    "--watch": "it ends by Ctrl-C: tests/desk",
    "gradebook": "tests/gradebook/test_nbgrader_gradebook.py",
    'restore "': "tests/gradebook/test_hand_marks.py",
    "collect submissions.zip": "tests/gradebook/test_from_zip_to_marks.py",
    "pack gradescope": "tests/gradebook/test_pack.py",
    "--steps": "tests/gradebook/test_from_zip_to_marks.py",
    "--engine": "tests/grading/test_grading_scale_cluster.py",
    "lastfm": "no real data here",
    "--data FILE": "tests/commands/test_changing_the_course.py",
}


def commands() -> list[str]:
    """Every command of the guides, each once."""
    return list(dict.fromkeys(line for guide in GUIDES for line in guide_commands.commands(guide)))


def ours() -> list[str]:
    return [c for c in commands() if not any(c.startswith(word) for word in ELSEWHERE)]


def test_the_guides_name_commands() -> None:
    assert len(ours()) >= 8 and {"autograder", "course_data", "pytest"} <= {
        c.split()[0] for c in ours()
    }


def test_the_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {c.split()[-1] for c in commands() if c.startswith("make ") and "=" not in c}
    for target in named | {"grade", "test"}:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.M), target


def test_every_command_of_the_guides_is_there() -> None:
    """Program, subcommand, options and target; the test below does the work of ours."""
    assert {command: problem(command) for command in commands() if problem(command)} == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("autograder frobnicate", "no command frobnicate"),
        ("autograder build --fast", "build: no option --fast"),
        ("autograder grade submitted --no-twins", "grade: no option --no-twins"),
        ("course_data get", "no command get"),
        ("nbgrader mark gnn_recommender", "nbgrader: no mark"),
        ("make marks", "make: no target marks"),
        ("python -m autograde", "python: no module autograde"),
        ("python benchmarks/nothing.py", "python: no file benchmarks/nothing.py"),
        ("pytest --submissions FILE", "pytest: no --submissions"),
        ("dask workers HOST", "dask: no workers"),
        ("gnnkit go", "gnnkit: no program of the guides"),
        ('autograder explain "x', "No closing quotation"),
    ],
)
def test_a_command_that_does_not_exist_is_seen(tmp_path: Path, line: str, says: str) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text(f"Text.\n\n```sh\n$ {line}   # and why\n```\n\nEnd, `autograder grade x`.\n")
    assert guide_commands.commands(guide) == [line, "autograder grade x"]
    assert problem(line) == says


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with everything that a command of the guides may name, all of it small."""
    step1 = ROOT / "solutions" / "gnn_recommender" / "step1_data_loading.ipynb"
    for student in ("submitted/ada/gnn_recommender", "tests/sample_class/submitted/ada"):
        (tmp_path / student).mkdir(parents=True)
        shutil.copy(step1, tmp_path / student)
    for name in ("FILE", "FILE.ipynb", "step3_mapping_and_split.ipynb"):
        shutil.copy(step1, tmp_path / name)
    (tmp_path / "FILE").rename(tmp_path / "FILE.tmp")
    (tmp_path / "FILE").mkdir()
    (tmp_path / "FILE.tmp").rename(tmp_path / "FILE" / step1.name)
    hana = ROOT / "tests/sample_class/submitted/hana/gnn_recommender/project.ipynb"
    shutil.copy(hana, tmp_path / "project.ipynb")
    for name in ("traceback.txt", "error.txt"):
        (tmp_path / name).write_text("NameError: name 'pd' is not defined\n")
    (tmp_path / "hetrec2011-lastfm-2k.zip").write_bytes(b"no zip")
    names = write_class(tmp_path / "marks", 3, hostile=0)
    lines = ["Student,ID,SIS Login ID,Email address,GNN recommender (991)"]
    lines += [f'"{name}, A",{n},{name},{name}@uni.example,' for n, name in enumerate(names)]
    (tmp_path / "roster.csv").write_text("\n".join(lines) + "\n")
    shutil.copytree(ROOT / "assignments", tmp_path / "assignments")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("command", ours())
def test_a_command_of_the_guides(command: str, place: Path) -> None:
    """It is known with these options, and does its work."""
    reason = next((why for word, why in NEEDS.items() if word in command), "")
    words = shlex.split(command)
    words = words[: words.index("<")] if "<" in words else words
    names = [word for word in words if word.isupper() and not (place / word).exists()]
    if reason or names or len(words) == 2 or command.startswith("course_data fetch"):
        runner = CliRunner().invoke(data_app if words[0] == "course_data" else app, ["--help"])
        assert words[1] in runner.output
        options = [word for word in words[2:] if word.startswith("--")]
        program = data_app if words[0] == "course_data" else app
        known = CliRunner().invoke(program, [words[1], "--help"], env={"COLUMNS": "200"}).output
        assert all(option in known for option in options)
        return
    modules = {"autograder": "autograder.cli", "course_data": "course_data", "pytest": "pytest"}
    done = subprocess.run(
        [sys.executable, "-m", modules[words[0]], *words[1:]],
        input="NameError: name 'pd' is not defined\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback (most recent" not in done.stderr and done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("what", ["file", "folder", "free form"])
def test_pytest_judges_a_submission(place: Path, what: str) -> None:
    free = ROOT / "tests/sample_class/submitted/hana/gnn_recommender/project.ipynb"
    submission = {"file": "FILE.ipynb", "folder": "FILE", "free form": str(free)}[what]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--submission", submission],
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = what == "free form"  # this student has three mistakes
    assert done.returncode == int(wrong), done.stdout + done.stderr
    assert "Isolation: " in done.stdout and "error" not in done.stdout.splitlines()[-1]
    assert re.search(r"\d\d passed" if what == "free form" else r"\d+ passed", done.stdout)


def test_pytest_says_what_fails(place: Path) -> None:
    shutil.copy(ROOT / "assignments/gnn_recommender/step1_data_loading.ipynb", place / "b.ipynb")
    command = [sys.executable, "-m", "pytest", "--submission", "b.ipynb"]
    done = subprocess.run(
        [*command, "--submission-isolation", "basic"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "Isolation: basic" in done.stdout
    assert "failed" in done.stdout.splitlines()[-1] and "error" not in done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_diagnose_takes_many_in_one_start(place: Path) -> None:
    blank = ROOT / "assignments/gnn_recommender/step1_data_loading.ipynb"
    (place / "class" / "bob").mkdir(parents=True)
    shutil.copy(blank, place / "class" / "bob")
    (place / "class" / "eve").mkdir()
    (place / "class" / "eve" / "a.ipynb").write_text("{")
    shutil.copytree(place / "submitted" / "ada", place / "class" / "ada")
    command = [sys.executable, "-m", "autograder.cli", "diagnose", "class", "FILE.ipynb", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    said = [(record["submission"], record["status"]) for record in found]
    names = ["ada", "bob", "eve", "FILE"]
    assert [name for name, _ in said] == names
    assert dict(said)["bob"] == "not attempted" and dict(said)["eve"] == "not run"
    assert dict(said)["ada"] == dict(said)["FILE"] == "unfinished"  # five steps are not there
    assert done.stderr.count("Isolation: ") == 1
