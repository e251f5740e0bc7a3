"""The command as instructors and TAs use it: marks out, one line for a mistake, exit codes."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from grading_project import PROJECT, SHARED, fingerprint
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading import whole_class as engine
from autograder.rules import catalogue

run = CliRunner()
BASIC = ["--isolation", "basic"]
BROKEN = PROJECT | {
    3: PROJECT[3].replace('f"u{i}"', "i").replace('f"a{i}"', "i"),
    5: "while True: pass",
    6: "def test(:",
}


def test_a_class_with_broken_notebooks_is_graded_to_the_end(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    write("class/ada/project.ipynb", PROJECT)
    write("class/bob/project.ipynb", BROKEN)
    write("class/cleo/project.ipynb", {1: "import os; os._exit(1)"})
    for name, content in (("dan", b""), ("eve", b"{"), ("fay", b"[]")):
        (tmp_path / "class" / name).mkdir()
        (tmp_path / "class" / name / "project.ipynb").write_bytes(content)
    write("class/gil/project.ipynb", PROJECT)
    before = fingerprint(tmp_path / "class")
    args = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), *BASIC]
    result = run.invoke(app, [*args, "--cell-seconds", "10", "--no-twin"])
    assert result.exit_code == 1, result.output
    assert fingerprint(tmp_path / "class") == before
    records = json.loads((tmp_path / "out/marks.json").read_text(encoding="utf-8"))["submissions"]
    assert [r["student"] for r in records] == ["ada", "bob", "cleo", "dan", "eve", "fay", "gil"]
    by_name = {r["student"]: r for r in records}
    assert by_name["ada"]["total"] == by_name["gil"]["total"] == 90
    assert by_name["ada"]["max_total"] == 90 and by_name["ada"]["findings"] == []
    assert by_name["bob"]["status"] == "graded"
    found = [f["id"] for f in by_name["bob"]["findings"]]
    assert found[:2] == ["run.syntax", "map.id-collision"]
    assert {s: v["score"] for s, v in by_name["bob"]["steps"].items()}["step4"] == 20
    assert by_name["cleo"]["status"] == "graded" and by_name["cleo"]["total"] == 0
    assert [by_name[n]["status"] for n in ("dan", "eve", "fay")] == ["not graded"] * 3
    assert "empty" in by_name["dan"]["problems"][0] and "not JSON" in by_name["eve"]["problems"][0]
    for record in records:
        assert len(record["checks"]) == len(catalogue())
        assert record["total"] == sum(v["score"] for v in record["steps"].values())
        assert record["total"] == sum(record["cells"].values())
    with (tmp_path / "out/marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["total"]) for row in rows] == [r["total"] for r in records]
    for name in by_name:
        assert name in result.output


@pytest.mark.parametrize(
    ("args", "said", "code"),
    [
        (["grade", "nowhere"], "no such folder", 2),
        (["grade", "n" * 300], "cannot be looked into", 2),
        (["grade", "nowhere", "--isolation", "some"], "choose full or basic", 2),
        (["grade", "."], "no submission here", 2),
        (["check", "nowhere.ipynb"], "check the path", 2),
        (["check", "empty.ipynb"], "the file is empty", 1),
        (["check", "empty.ipynb", "--data", "nowhere"], "empty", 1),
        (["check", "good.ipynb", "--data", "nowhere.dat"], "nowhere.dat", 2),
    ],
)
def test_a_mistake_gets_one_line(
    write: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    said: str,
    code: int,
) -> None:
    folder = write("good.ipynb", {1: "x = 1"}).parent
    (folder / "empty.ipynb").write_bytes(b"")
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub" if args[1] == "." else folder)
    result = run.invoke(app, args)
    assert result.exit_code == code
    lines = result.output.strip().splitlines()
    assert len(lines) == 1 and said in lines[0] and "Traceback" not in result.output


def test_stopping_is_prompt_and_says_so(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        time.sleep(1)  # a run has begun
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "wait", interrupted)
    write("class/ada.ipynb", {1: "while True: pass"})
    begin = time.monotonic()
    args = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), *BASIC]
    result = run.invoke(app, [*args, "--cell-seconds", "600"])
    assert result.exit_code == 130
    assert "stopped; nothing was graded yet" in result.output and "Traceback" not in result.output
    assert time.monotonic() - begin < 120  # and not the 600 s of the cell
    assert not (tmp_path / "out/marks.csv").exists()


@pytest.mark.slow
def test_a_stopped_run_goes_on_with_the_same_command(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = iter([engine.wait])  # one is finished, then comes Ctrl-C

    def interrupted(*args: object, **options: object) -> object:
        for wait in waits:
            return wait(*args, **options)  # type: ignore[call-overload]
        raise KeyboardInterrupt

    write("class/ada.ipynb", {1: PROJECT[1]})
    write("class/bob.ipynb", {1: PROJECT[1] + "\nn_users = 7"})
    args = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), *BASIC]
    args += ["--jobs", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(engine, "wait", interrupted)
        result = run.invoke(app, args)
    assert result.exit_code == 130
    assert "stopped; 1 of 2 are graded and kept" in result.output
    assert not (tmp_path / "out" / "marks.json").exists()
    result = run.invoke(app, args)
    assert result.exit_code == 0, result.output
    assert "1 of 2 were graded already; --fresh grades all again" in result.output
    resumed = json.loads((tmp_path / "out/marks.json").read_text(encoding="utf-8"))
    result = run.invoke(app, [*args, "--seed", str(resumed["seed"])])
    assert "graded already" not in result.output
    again = json.loads((tmp_path / "out/marks.json").read_text(encoding="utf-8"))
    for submission in [*resumed["submissions"], *again["submissions"]]:
        del submission["seconds"]
    assert again == resumed
    assert [r["student"] for r in resumed["submissions"]] == ["ada", "bob"]
    assert resumed["submissions"][0]["total"] > resumed["submissions"][1]["total"]


def test_check_says_what_is_wrong(write: Callable[..., Path]) -> None:
    wrong = PROJECT | {4: PROJECT[4].replace(".relu()", "")}
    result = run.invoke(app, ["check", str(write("project.ipynb", wrong))])
    assert result.exit_code == 0
    assert "the numbers of a model without the ReLU" in result.output
    assert "86 of 90 points" in result.output


def test_what_was_typed_in_fails_on_the_twin(write: Callable[..., Path], tmp_path: Path) -> None:
    typed = PROJECT[1].replace("df.userID.nunique(), df.artistID.nunique()", "200, 800")
    assert typed != PROJECT[1]
    write("class/ada.ipynb", PROJECT)
    write("class/bob.ipynb", PROJECT | {1: typed})
    args = ["grade", str(tmp_path / "class"), "--output", str(tmp_path), *BASIC, "--seed", "5"]
    result = run.invoke(app, args)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "marks.json").read_text(encoding="utf-8"))
    ada, bob = found["submissions"]
    assert (found["seed"], found["twin"], found["isolation"]) == (5, 5, "basic")
    assert ada["total"] == 90 and ada["findings"] == []
    assert bob["total"] == 88
    assert {f["id"] for f in bob["findings"]} == {"test.hard-coded"}
    assert [f["step"] for f in bob["findings"]] == ["step1"]
    failed = {c["id"] for c in bob["checks"] if c["status"] == "failed"}
    assert failed == {"step1.explore.users", "step1.explore.artists"}
    assert "once more on a file with other counts" in str(bob["checks"])
    result = run.invoke(app, [*args, "--no-twin"])
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "marks.json").read_text(encoding="utf-8"))
    assert [r["total"] for r in found["submissions"]] == [90, 90]


ATTEMPT, LASTFM = SHARED / "student_attempt.ipynb", SHARED / "course_data" / "user_artists.dat"


@pytest.mark.slow
@pytest.mark.skipif(not ATTEMPT.is_file() or not LASTFM.is_file(), reason="no real data or attempt")
def test_the_real_attempt(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "attempt.ipynb").write_bytes(ATTEMPT.read_bytes())
    args = ["grade", str(tmp_path / "class"), "--data", str(LASTFM), "--output", str(tmp_path)]
    result = run.invoke(app, [*args, *BASIC])
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "marks.json").read_text(encoding="utf-8"))["submissions"][0]
    steps = {step: v["score"] for step, v in record["steps"].items()}
    assert steps == {"step1": 8, "step2": 3, "step3": 7, "step4": 19, "step5": 2, "step6": 0}
    assert [f["id"] for f in record["findings"]][:1] == ["graph.id-collision"]
    messages = {c["id"]: " ".join(c["message"].values()) for c in record["checks"]}
    for check in ("step2.nodes.one_node_each", "step3.mapping.size"):
        for number in ("19,524", "17,644", "1,880"):
            assert number in messages[check]
    assert "55,022 of 92,834" in messages["step3.split.sizes"]
    proofs = {f["id"]: f["proof"] for f in record["findings"]}
    assert "name 'F' is not defined" in proofs["run.missing-import"]
