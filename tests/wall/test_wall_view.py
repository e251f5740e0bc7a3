"""The whole view from inside: no answer to an exercise lies in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from grading_project import ROOT
from test_wall_isolation import full
from test_wall_namespaces import told
from test_wall_sandbox import CONTENTS

from autograder.authoring import regions
from autograder.grading.submission import _right_inputs
from autograder.wall import isolation
from autograder.wall.sandbox import Sandbox, Task, TaskCell

pytestmark = full

SHORT = 25  # characters: what is shorter stands in many programs


def plain(line: str) -> str:
    """A line of code without its comment, and without any space."""
    return re.sub(r"\s", "", line.split("  #")[0])


def answers() -> list[str]:
    """The lines of every solution that say something."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("solutions/step*.py"))]
    lines = [line for text in texts for line in regions.split(text, regions.SOLUTION).inside]
    return sorted({plain(line) for line in lines if len(plain(line)) >= SHORT})


# Every file but those of the system and of Python's libraries, and whatever is named like the kit.
VIEW = """import os, re, sys
libraries = [os.path.realpath(name) for name in (sys.prefix, sys.base_prefix, "/usr", "/proc")]
files, named = [], []
for folder, folders, names in os.walk("/"):
    if os.path.realpath(folder) == "/proc":
        folders.clear()
        continue
    if re.search("/(autograder|course_data|gnn_recommender|recommenders)(/|$)", folder):
        named += [os.path.join(folder, name) for name in names if not folder.startswith("/usr/")]
    if not any(os.path.realpath(folder).startswith(name) for name in libraries):
        files += [path for name in names if os.path.isfile(path := os.path.join(folder, name))]
texts = {path: open(path, errors="replace").read() for path in files if not path.startswith("/dev")}
bare = {path: re.sub(r"\\s", "", text) for path, text in texts.items()}
found = [[path, line] for line in ANSWERS for path, text in bare.items() if line in text]
models = [path for path, text in bare.items()
          if "defencode(self" in text and "defdecode(self" in text]
kept = "truth|checkpoints|standin|rules|solution"
modules = [name for name in sys.modules if re.search(kept, name)
           and name.startswith(("autograder", "course_data"))]
answer = {"files": files, "named": named, "found": found, "models": models, "modules": modules}"""


@pytest.fixture(scope="module")
def walled() -> Iterator[Sandbox]:
    with Sandbox("full") as running:
        yield running


def test_no_answer_is_in_view(walled: Sandbox) -> None:
    assert len(answers()) > 20
    seen = told(walled, f"ANSWERS = {answers()!r}\n{VIEW}")
    kit = [
        Path(path).relative_to(ROOT) for path in seen["files"] if Path(path).is_relative_to(ROOT)
    ]
    allowed = {
        file.relative_to(ROOT)
        for package, patterns in isolation.MOUNTED.items()
        for pattern in patterns
        for file in Path(package.__file__ or "").parent.glob(pattern)
    }
    assert set(kit) == allowed, "only what is on the list is there"
    assert not [path for path in seen["named"] if path.endswith((".pyc", ".ipynb", ".dat", ".db"))]
    assert seen["found"] == [] and seen["models"] == [] and seen["modules"] == []


def test_of_the_system_only_programs_and_libraries_are_in_view(walled: Sandbox) -> None:
    """A checkout, or a class, may lie in /usr/src."""
    places = "{place: os.listdir(place) for place in ('/', '/usr', '/usr/local')}"
    seen = told(walled, f"import os\nanswer = {places}")
    ours = {path.parts[1] for path in (ROOT, *isolation._python())}
    below = {path.parts[2] for path in isolation._python() if path.parts[1] == "usr"}
    own = {"etc", "usr", "proc", "dev", "tmp", "home"}
    assert set(seen["/"]) <= {*isolation.PROGRAMS, *own, *ours}
    assert set(seen["/usr"]) <= {*isolation.OF_USR, "local", *below}
    assert set(seen["/usr/local"]) <= {*isolation.PROGRAMS}


def test_every_library_of_the_kit_is_hidden_under_its_other_names(walled: Sandbox) -> None:
    tried = """import importlib
answer = []
for name in ("autograder.truth", "autograder.checkpoints", "autograder.standin", "autograder.rules",
             "autograder.authoring", "course_data.generator", "recommenders", "solutions"):
    try:
        importlib.import_module(name)
        answer.append(name)
    except ImportError:
        pass"""
    assert told(walled, tried) == []


def test_the_stand_in_comes_with_the_step_that_may_have_it(walled: Sandbox, tmp_path: Path) -> None:
    data = tmp_path / "user_artists.dat"
    data.write_bytes(CONTENTS["user_artists.dat"])
    ask = """from autograder.notebook import checkpoint
try:
    (kind,) = [value for value in checkpoint("step5") if isinstance(value, type)]
    print(kind.__name__, type(kind(4, 2, 2, 2)).__module__)
except Exception as error:
    print(type(error).__name__)"""
    said = []
    for step in ("step4", "step5"):
        task = Task(cells=[TaskCell(ask, step)], data=CONTENTS)
        run = walled.run(task, _right_inputs(data))
        assert not run.problem
        said.append(run.shown[0].stdout.split())
    assert said == [["NotGiven"], ["GNNLinkPredictor", "autograder.standin"]]
