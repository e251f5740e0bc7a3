"""Behind the wall a submission sees no network, solution or neighbour, and leaves nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from grading_project import PROJECT, ROOT
from test_wall_sandbox import points, task
from typer.testing import CliRunner

from autograder.cli import app
from autograder.wall import isolation
from autograder.wall.sandbox import Sandbox, SandboxError

full = pytest.mark.skipif(bool(isolation.missing()), reason=isolation.missing() or "there")


@pytest.fixture(scope="module")
def walled() -> Iterator[Sandbox]:
    with Sandbox("full") as running:
        yield running


def told(sandbox: Sandbox, code: str) -> object:
    """What the code, run as a submission, left in `answer`."""
    run = sandbox.run(task(f"{code}\nimport json\nn_users = json.dumps(answer)"))
    assert not run.problem
    return json.loads(eval(run.evidence.step1.explore.n_users_text))  # type: ignore[union-attr]


@full
def test_marks_are_those_of_the_open_sandbox(walled: Sandbox) -> None:
    run = walled.run(task(*PROJECT.values()))
    assert not run.problem
    assert sum(points(run.evidence).values()) == 90


@full
def test_no_network(walled: Sandbox) -> None:
    tried = """import socket
try:
    socket.create_connection(("127.0.0.1", 22), 2)
    answer = "connected"
except OSError as error:
    answer = error.strerror"""
    assert told(walled, tried) in ("Network is unreachable", "Connection refused")
    assert told(walled, "answer = len(open('/proc/net/dev').readlines())") == 3  # loopback only


@full
def test_no_sight_of_what_is_not_theirs(walled: Sandbox) -> None:
    hidden = [
        ROOT / "solutions",
        ROOT / "assignments",
        ROOT / "tests",
        ROOT / "README.md",
        ROOT / "autograder/rules/step3_split.py",
        ROOT / "autograder/authoring/source.py",
        Path("/etc/passwd"),
    ]
    assert all(path.exists() for path in hidden)
    code = f"import os\nanswer = [p for p in {[str(p) for p in hidden]} if os.path.exists(p)]"
    assert told(walled, code) == []


@full
def test_no_sight_of_the_environment(walled: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with Sandbox("full") as started_now:
        answer = told(started_now, "import os\nanswer = 'SECRET_TOKEN' in os.environ")
    assert answer is False


@full
def test_nothing_outside_the_own_folder_can_be_written(walled: Sandbox) -> None:
    places = ["/usr/x", "/x", str(ROOT / "autograder" / "x"), "/etc/x", "/dev/x"]
    code = f"""answer = []
for place in {places}:
    try:
        open(place, "w").close()
        answer.append(place)
    except OSError:
        pass"""
    seen = told(walled, code)
    assert seen == []


@full
def test_nothing_survives(walled: Sandbox) -> None:
    daemon = """import os, time
open("/tmp/left", "w").close()
open("/dev/shm/left", "w").close()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)"""
    processes = "import os\nanswer = len([p for p in os.listdir('/proc') if p.isdigit()])"
    before = told(walled, processes)
    assert not walled.run(task(daemon)).problem
    assert told(walled, processes) == before
    assert told(walled, "import os\nanswer = os.listdir('/dev/shm')") == []
    assert told(walled, "import os\nanswer = os.path.exists('/tmp/left')") is False


@full
@pytest.mark.parametrize("victim", ["os.getppid()", "1", "-1"])
def test_who_ends_the_warm_process_ends_only_itself(walled: Sandbox, victim: str) -> None:
    walled.run(task(f"import os, signal, time; os.kill({victim}, signal.SIGKILL); time.sleep(1)"))
    run = walled.run(task(PROJECT[1]))
    assert not run.problem
    assert sum(v for k, v in points(run.evidence).items() if k.startswith("step1")) == 10


@full
def test_the_warm_process_cannot_be_read(walled: Sandbox) -> None:
    peek = """import os
try:
    open(f"/proc/{os.getppid()}/mem", "rb").read(1)
    answer = "read"
except OSError as error:
    answer = type(error).__name__"""
    assert told(walled, peek) in ("PermissionError", "OSError")


def test_memory_is_limited() -> None:
    greedy = """try:
    block = bytearray(40 * 2**30)
    answer = "had it"
except MemoryError:
    answer = 'MemoryError'"""
    with Sandbox() as running:
        assert told(running, greedy) == "MemoryError"


def test_a_file_is_limited() -> None:
    greedy = """try:
    with open("big", "wb") as file:
        file.truncate(10 * 2**30)
    answer = "had it"
except OSError as error:
    answer = error.strerror"""
    with Sandbox() as running:
        assert told(running, greedy) == "File too large"


def test_without_the_wall_grade_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(isolation, "missing", lambda: "bubblewrap is not installed")
    with pytest.raises(SandboxError, match="--isolation basic"):
        Sandbox("full")
    result = CliRunner().invoke(app, ["grade", str(ROOT / "assignments/gnn_recommender")])
    assert result.exit_code == 1
    assert "bubblewrap is not installed: install it, or accept --isolation basic" in result.output
    assert "Traceback" not in result.output
    assert os.listdir(tmp_path) == []
