"""The sandbox: a crash, a hang or a flood costs what it should; forked or not, the same marks."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from grading_project import PROJECT
from msgspec.structs import replace

import course_data
from autograder.evidence import schema as evidence
from autograder.evidence.schema import Graph
from autograder.rules.judge import judge
from autograder.truth import truth
from autograder.wall import sandbox as sandboxes
from autograder.wall.sandbox import Sandbox, Task, TaskCell, start_ahead

DATA = course_data.path("user_artists.dat").resolve()
CONTENTS = {"user_artists.dat": DATA.read_bytes()}
GIVEN = pickle.dumps(dict.fromkeys(("data", "train_data", "val_data", "test_data")))


def task(*sources: str, **options: object) -> Task:
    cells = [TaskCell(source, f"step{n}") for n, source in enumerate(sources, 1)]
    defaults = {"free_form": True, "cell_seconds": 5.0, "notebook_seconds": 60.0}
    return Task(cells=cells, data=CONTENTS, **(defaults | options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def points(found: evidence.Evidence) -> dict[str, float]:
    found = replace(found, free_form=True)  # the project has a form of its own
    return {o.check.id: o.points for o in judge(found, truth(DATA))}


def test_the_project_earns_all_points(sandbox: Sandbox) -> None:
    run = sandbox.run(task(*PROJECT.values()))
    assert not run.problem
    assert sum(points(run.evidence).values()) == 90


@pytest.mark.slow
def test_without_fork_the_marks_are_the_same(sandbox: Sandbox) -> None:
    broken = PROJECT | {4: PROJECT[4].replace(".relu()", "")}
    forked = sandbox.run(task(*broken.values()))
    with Sandbox(fork=False) as spawning:
        spawned = spawning.run(task(*broken.values()))
    assert spawned.problem == forked.problem == ""
    assert points(spawned.evidence) == points(forked.evidence)
    assert 0 < sum(points(spawned.evidence).values()) < 90


def test_the_same_seed_gives_the_same_evidence(sandbox: Sandbox) -> None:
    sources = [PROJECT[n].replace("range(40)", "range(6)") for n in PROJECT]
    sources[2] = "import torch_geometric; torch_geometric.seed_everything(1)\n" + sources[2]
    runs = [sandbox.run(task(*sources)).evidence for _ in range(2)]
    assert evidence.encode(runs[0]) == evidence.encode(runs[1])


@pytest.mark.parametrize(
    "hostile",
    [
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import ctypes; ctypes.string_at(0)",
    ],
)
def test_a_crash_costs_its_cell(sandbox: Sandbox, hostile: str) -> None:
    cells = [TaskCell(PROJECT[n], f"step{n}") for n in PROJECT]
    cells.insert(3, TaskCell(hostile, "step3"))
    run = sandbox.run(Task(cells=cells, data=CONTENTS, free_form=True))
    assert not run.problem
    assert sum(points(run.evidence).values()) == 90


def test_every_crash_costs_its_own_cell_only(sandbox: Sandbox) -> None:
    crash, slow = "import os; os._exit(0)", "import time; time.sleep(0.5); seen = []"
    sources = ["seen = []", crash, "seen.append(1)", crash, slow, "seen.append(2)", crash]
    cells = [TaskCell(source, "step1") for source in [*sources, "print(seen)"]]
    run = sandbox.run(Task(cells=cells, data=CONTENTS, free_form=True))
    assert not run.problem
    assert [e.cell for e in run.evidence.errors] == [1, 3, 6]
    assert run.shown[7].stdout == "[2]\n"
    assert [bool(run.shown[n].error) for n in range(8)] == [n in (1, 3, 6) for n in range(8)]


def test_what_was_random_is_so_again_after_a_crash(sandbox: Sandbox) -> None:
    draw = "import random, torch; drawn = random.random(), float(torch.rand(1)); print(drawn)"
    cells = [TaskCell(s, "step1") for s in (draw, "import os; os._exit(0)", "print(drawn)")]
    run = sandbox.run(Task(cells=cells, data=CONTENTS, free_form=True))
    assert run.shown[0].stdout == run.shown[2].stdout != ""


def test_a_crash_between_two_cells_ends_the_notebook(sandbox: Sandbox) -> None:
    chain = {n: TaskCell(PROJECT[n], f"step{n}") for n in (1, 2, 3, 4, 5)}
    leaves = "import atexit, os, sys\nsys.settrace(lambda *_: os._exit(0))"
    cells = [chain[1], TaskCell(leaves, "step1"), chain[2]]
    run = sandbox.run(Task(cells=cells, data=CONTENTS, free_form=True, notebook_seconds=60.0))
    assert run.seconds < 60 and run.evidence.step1 is not None


def test_a_crash_of_the_own_chain_leaves_steps_5_and_6(sandbox: Sandbox) -> None:
    cells = [TaskCell("x = 1", "step5"), TaskCell("y = x", "step6")]
    before = [TaskCell("import os; os._exit(0)", "step4")]
    run = sandbox.run(Task(cells=cells, before=before, data=CONTENTS), lambda _: GIVEN)
    assert not run.problem
    assert run.evidence.step6.own.error.name == "Crash"  # type: ignore[union-attr]


def test_a_crash_of_what_defines_a_name_is_its_reason(sandbox: Sandbox) -> None:
    run = sandbox.run(task(PROJECT[1], "G = 1\nimport os; os._exit(0)"))
    error = run.evidence.step2.nodes.error  # type: ignore[union-attr]
    assert error.name == "Crash" and error.cell == 1


def test_without_copies_a_crash_ends_the_notebook() -> None:
    with Sandbox(fork=False) as fresh:
        run = fresh.run(task(PROJECT[1], "import os; os._exit(0)"))
    assert "died in code cell 2" in run.problem and not run.grader_fault
    earned = points(run.evidence)
    assert sum(v for k, v in earned.items() if k.startswith("step1")) == 10


@pytest.fixture
def none_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process waits that a command of an earlier test has started ahead."""
    monkeypatch.setattr(sandboxes, "_ahead", [])


@pytest.mark.usefixtures("none_ahead")
def test_a_process_that_was_started_ahead_is_taken_once() -> None:
    start_ahead("basic")
    (ahead,) = sandboxes._ahead
    with Sandbox() as first, Sandbox() as second:
        assert ahead in first._all and ahead not in second._all
        assert not first.run(task(PROJECT[1])).problem
    assert ahead.process and ahead.process.poll() is not None
    assert not sandboxes._ahead


def test_an_endless_loop_costs_its_cell(sandbox: Sandbox) -> None:
    run = sandbox.run(task(PROJECT[1], "while True: pass", PROJECT[2], cell_seconds=1.0))
    assert not run.problem
    (error,) = run.evidence.errors
    assert (error.name, error.cell) == ("Timeout", 1)
    assert isinstance(run.evidence.step2.nodes, Graph)  # type: ignore[union-attr]


STUBBORN = """import time
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass"""


def test_a_loop_that_catches_everything_costs_its_cell(sandbox: Sandbox) -> None:
    run = sandbox.run(task(PROJECT[1], STUBBORN, PROJECT[2], cell_seconds=0.5))
    assert not run.problem and run.seconds < 30
    assert run.evidence.step3 is not None


def test_a_notebook_that_takes_too_long_is_ended(sandbox: Sandbox) -> None:
    run = sandbox.run(task(PROJECT[1], "while True: pass", cell_seconds=60, notebook_seconds=2.0))
    assert "longer than 2 s in code cell 2" in run.problem
    assert run.seconds < 30 and run.evidence.step1 is not None


@pytest.mark.parametrize(
    "nuisance",
    [
        "import sys; sys.exit(0)",
        "exit()",
        "x = input()",
        "print('x' * 50_000_000)",
        "!touch /nonexistent/file",
        "%pip install nothing",
        "def broken(:",
        "1 / 0",
        "import warnings; warnings.warn('loud')",
    ],
)
def test_a_nuisance_costs_nothing_else(sandbox: Sandbox, nuisance: str) -> None:
    cells = [TaskCell(PROJECT[1], "step1"), TaskCell(nuisance, "step1")]
    run = sandbox.run(Task(cells=cells, data=CONTENTS, free_form=True))
    assert not run.problem
    assert sum(v for k, v in points(run.evidence).items() if k.startswith("step1")) == 10


@pytest.mark.usefixtures("none_ahead")
def test_a_server_that_cannot_start_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.wall import sandbox as module

    monkeypatch.setattr(module, "SERVER", [module.SERVER[0], "-c", "raise SystemExit(3)"])
    with Sandbox(fork=True) as running, pytest.raises(module.SandboxError, match="did not start"):
        running.run(task("1"))


def test_who_was_starved_is_run_once_more_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    results = iter(
        [sandboxes.Run(evidence.Evidence(), "late", seconds=9.0, late=True, cpu=1.0, waited=8.0)]
    )
    idle: list[int] = []

    def run(*_: object) -> sandboxes.Run:
        idle.append(running._slots.qsize())
        return next(results, sandboxes.Run(evidence.Evidence()))

    monkeypatch.setattr(sandboxes._Slot, "run", run)
    with Sandbox(jobs=2) as running:
        assert not running.run(task("1")).problem
        assert running._slots.qsize() == 2
    assert idle == [1, 0]


def test_who_sleeps_does_not_stop_the_others() -> None:
    """To run him alone would be no help: nobody took his processor."""
    sleeps = "import time\nfor _ in range(9):\n    try:\n        time.sleep(60)\n"
    sleeps += "    except BaseException:\n        pass"
    with Sandbox(jobs=2) as running:
        run = running.run(task(sleeps, notebook_seconds=1.0, cell_seconds=9.0))
    assert run.late and run.waited < run.seconds / 2
    assert 5 < run.seconds < 9, "once"


@pytest.mark.parametrize("leaves", ["", "os.setsid()"], ids=["stays", "leaves its session"])
def test_a_sandbox_that_is_closed_ends_what_runs(tmp_path: Path, leaves: str) -> None:
    """Also what does not listen; the thread that waits for it gets its record at once."""
    begun = tmp_path / "begun"
    tell = f"open({str(begun)!r}, 'w').write(str(os.getpid()))"
    spin = f"import os\n{leaves}\n{tell}\nwhile True: pass"
    with Sandbox() as running, ThreadPoolExecutor(1) as own:
        run = own.submit(running.run, task(spin, cell_seconds=600, notebook_seconds=900))
        while not begun.exists() or not begun.read_text():
            time.sleep(0.1)
        running.close()
        assert run.result(timeout=30).problem
    state = Path("/proc", begun.read_text(), "stat")
    ended = not state.exists() or ") Z" in state.read_text()
    with contextlib.suppress(OSError):
        os.kill(int(begun.read_text()), signal.SIGKILL)
    assert ended or leaves  # basic isolation does not hold who leaves
