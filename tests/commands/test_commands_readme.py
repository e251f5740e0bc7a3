"""Every command of the guides is there; ours run on something small, or it is said where."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import guide_commands
import pytest
from desk_class import write_students
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
NEEDS = {  # what a command has in it -> why it is not run here, or what runs it
    "--watch": "it ends by Ctrl-C: tests/desk",
    "gradebook": "tests/gradebook/test_nbgrader_gradebook.py",
    "--engine": "tests/grading/test_grading_scale_cluster.py",
    "course_data fetch": "the network: tests/course_data",
    "grade --data FILE": "tests/commands/test_changing_the_course.py",
}
NAMED_ONLY = ("diagnose", "check", "grade")  # commands that a sentence names without arguments
FILLED = {"STUDENT": "ada", "lastfm": "sample"}  # the real data is not in the repository
CLASS = ("ada", "bob", "cleo")


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


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that a command of the guides may name, all of it small."""
    folder: Path = tmp_path_factory.mktemp("guides") / "desk"
    step1 = ROOT / "solutions" / "gnn_recommender" / "step1_data_loading.ipynb"
    for student in ("submitted/ada/gnn_recommender", "tests/sample_class/submitted/ada"):
        (folder / student).mkdir(parents=True)
        shutil.copy(step1, folder / student)
    for name in ("FILE.ipynb", "step3_mapping_and_split.ipynb"):
        shutil.copy(step1, folder / name)
    (folder / "FILE").mkdir()
    shutil.copy(step1, folder / "FILE")
    hana = ROOT / "tests/sample_class/submitted/hana/gnn_recommender/project.ipynb"
    shutil.copy(hana, folder / "project.ipynb")
    for name in ("traceback.txt", "error.txt"):
        (folder / name).write_text("NameError: name 'pd' is not defined\n")
    (folder / "hetrec2011-lastfm-2k.zip").write_bytes(b"no zip")
    write_students(folder / "marks", CLASS[:2])
    write_students(folder / "marks", CLASS)  # so that there is a state to put back
    with zipfile.ZipFile(folder / "submissions.zip", "w") as archive:
        for number, student in enumerate(CLASS):
            archive.write(step1, f"{student}a_{number}_{number + 70}_{step1.name}")
    lines = ["Student,ID,SIS Login ID,Email address,GNN recommender (991)"]
    lines += [f'"A, {name}",{n},{name},{name}@uni.example,' for n, name in enumerate(CLASS)]
    (folder / "roster.csv").write_text("\n".join(lines) + "\n")
    lines = ["student,from,hand_back", "ada,Canvas,a_1_2_feedback.html"]
    lines += ["bob,Moodle,Bob A_3_assignsubmission_file_/feedback.html"]
    (folder / "submitted" / "collected.csv").write_text("\n".join(lines) + "\n")
    shutil.copytree(ROOT / "assignments", folder / "assignments")
    return folder


@pytest.fixture
def place(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, to work in."""
    shutil.copytree(built, tmp_path / "desk")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.chdir(tmp_path / "desk")
    return tmp_path / "desk"


def filled(command: str, folder: Path) -> tuple[list[str], str]:
    """The words of a command with something real for each placeholder, and what it is given."""
    words, given = shlex.split(command), ""
    if "<" in words:
        at = words.index("<")
        words, given = words[:at], (folder / words[at + 1]).read_text()
    words = [FILLED.get(word, word) for word in words]
    if words[1] == "restore" and not words[2].startswith("-"):
        words[2] = next((folder / "marks" / ".states").iterdir()).name
    if words[1:3] == ["pack", "gradescope"]:
        words += ["--root", str(ROOT)]  # the guide runs it in a checkout
    return words, given or "NameError: name 'pd' is not defined\n"


def test_every_placeholder_is_filled(place: Path) -> None:
    """No command is left out in silence: what stands in capitals is there, or has a reason."""
    for command in ours():
        words, _ = filled(command, place)
        unknown = [w for w in words if w.isupper() and not (place / w).exists() and "/" not in w]
        assert not unknown or any(why in command for why in NEEDS), (command, unknown)
    assert sum(any(word in command for word in NEEDS) for command in ours()) <= 10


@pytest.mark.slow
@pytest.mark.parametrize("command", ours())
def test_a_command_of_the_guides(command: str, place: Path) -> None:
    """It does its work, in this process; where that is elsewhere, it is known with its options."""
    words, given = filled(command, place)
    program = data_app if words[0] == "course_data" else app
    named = len(words) == 2 and words[1] in NAMED_ONLY
    if named or any(word in command for word in NEEDS):
        known = CliRunner().invoke(program, [words[1], "--help"], env={"COLUMNS": "200"})
        assert known.exit_code == 0
        assert all(word in known.output for word in words[2:] if word.startswith("--"))
        return
    if words[0] == "pytest":
        done = subprocess.run(
            [sys.executable, "-m", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and done.stdout.strip(), done.stdout + done.stderr
        return
    result = CliRunner().invoke(program, words[1:], input=given)
    assert result.exit_code == 0, (words, result.output, result.exception)
    assert result.output.strip()


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
