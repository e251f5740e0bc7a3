"""A real Dask cluster on this machine: a worker dies half-way, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from grading_project import PROJECT
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading.cluster import ClusterError, cluster
from autograder.grading.records import Records
from autograder.grading.submission import Graded, Options
from autograder.grading.whole_class import EngineError, grade
from autograder.handin.submission import load_class

pytest.importorskip("distributed", reason="needs the extra `cluster`")
DASK = [sys.executable, "-m", "dask"]
STUDENTS = 8
run = CliRunner()


@contextlib.contextmanager
def started(*args: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Dask program in a session of its own, all of which ends with the block."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with (folder / f"{args[0]}.log").open("ab") as log:
        process = subprocess.Popen(
            [*DASK, *args], stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Running(NamedTuple):
    """A scheduler."""

    address: str
    process: subprocess.Popen[bytes]


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Running]:
    told = tmp_path / "scheduler.json"
    args = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    with started(*args, "--scheduler-file", str(told), folder=tmp_path) as process:
        for _ in range(600):
            if told.is_file() and told.read_text():
                break
            time.sleep(0.1)
        yield Running(json.loads(told.read_text())["address"], process)


@contextlib.contextmanager
def worker(address: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    args = ["worker", address, "--host", "127.0.0.1", "--nworkers", "1", "--nthreads", "1"]
    args += ["--no-dashboard", "--local-directory", str(folder)]
    with started(*args, folder=folder) as process:
        yield process


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(
    scheduler: Running,
    write: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch, pytest.raises(ClusterError, match="has no workers"):
        patch.setattr("autograder.grading.cluster.STARTING", 0.5)
        with cluster(scheduler.address):
            pass
    for i in range(STUDENTS):
        steps = {1: PROJECT[1], 2: PROJECT[2]} if i % 2 else {1: PROJECT[1] + "\nn_users = 7"}
        write(f"class/student{i}.ipynb", steps)
    students = load_class(tmp_path / "class")
    options = Options(seed=3, isolation="basic", twin=3, jobs=1)
    heard: list[Graded] = []
    with (
        worker(scheduler.address, tmp_path) as first,
        worker(scheduler.address, tmp_path),
        cluster(scheduler.address) as executor,
    ):
        client = executor._client  # type: ignore[attr-defined]
        client.wait_for_workers(2, timeout=120)
        assert len(client.nthreads()) == 2

        def done(graded: Graded) -> None:
            heard.append(graded)
            if len(heard) == 2:
                os.killpg(first.pid, signal.SIGKILL)  # the nanny and its worker

        found = grade(students, options, done, executor)
        assert len(client.nthreads()) == 1
    here = grade(students, options)
    names = [s.student for s in students]
    assert [g.student for g in found] == sorted(g.student for g in heard) == names
    assert found == here
    assert {g.status for g in found} == {"graded"}
    assert 0 < found[0].marks.total < found[1].marks.total


@pytest.mark.slow
def test_the_command_grades_on_a_cluster(
    scheduler: Running, write: Callable[..., Path], tmp_path: Path
) -> None:
    write("class/ada.ipynb", {1: PROJECT[1]})
    write("class/bob.ipynb", {1: "x = 1"})
    args = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out")]
    args += ["--engine", "dask", "--scheduler", scheduler.address, "--isolation", "basic"]
    with worker(scheduler.address, tmp_path):
        result = run.invoke(app, args)
    assert result.exit_code == 0, result.output
    marks = json.loads((tmp_path / "out" / "marks.json").read_text(encoding="utf-8"))
    assert [r["total"] for r in marks["submissions"]] == [10, 0]


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_one_line(
    scheduler: Running, write: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("ada", "bob", "cleo"):
        write(f"class/{name}.ipynb", {1: f"name = {name!r}"})
    students, records = load_class(tmp_path / "class"), Records(tmp_path)
    with worker(scheduler.address, tmp_path), cluster(scheduler.address) as executor:
        kill = lambda _: os.killpg(scheduler.process.pid, signal.SIGKILL)  # noqa: E731
        with pytest.raises(EngineError, match="the scheduler went away"):
            grade(students, Options(isolation="basic"), kill, executor, records)
    assert records.added == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler answers"),
        (["--engine", "dask", "--scheduler", "nonsense"], "no Dask scheduler answers"),
        (["--engine", "dask"], "go together"),
        (["--scheduler", "tcp://127.0.0.1:9"], "go together"),
        (["--engine", "ray"], "choose local or dask"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line(
    args: list[str], said: str, write: Callable[..., Path], tmp_path: Path
) -> None:
    folder = write("class/ada.ipynb", {1: "x = 1"}).parent
    begin = time.monotonic()
    options = ["--output", str(tmp_path / "out"), "--isolation", "basic"]
    result = run.invoke(app, ["grade", str(folder), *options, *args])
    assert result.exit_code == 2
    lines = result.output.strip().splitlines()
    assert len(lines) == 1 and said in lines[0] and "Traceback" not in result.output
    assert time.monotonic() - begin < 60
    assert not (tmp_path / "out").exists()


def test_without_dask_the_extra_is_named(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    folder = write("class/ada.ipynb", {1: "x = 1"}).parent
    args = ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9", "--output", str(tmp_path)]
    result = run.invoke(app, ["grade", str(folder), *args, "--isolation", "basic"])
    assert result.exit_code == 2
    assert "gnn-recommender-kit[cluster]" in result.output and "Traceback" not in result.output
