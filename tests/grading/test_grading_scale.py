"""A class on any executor: every student one record, and what was graded stays graded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path

import msgspec
import nbformat
import pytest
from grading_project import PROJECT

from autograder.evidence.schema import Evidence
from autograder.grading import remote
from autograder.grading import whole_class as engine
from autograder.grading.executed import executed
from autograder.grading.marks import Marks
from autograder.grading.records import FOLDER, Records
from autograder.grading.submission import Graded, Options
from autograder.grading.whole_class import EngineError, grade
from autograder.handin.submission import Submission, load_class
from autograder.inside.protocol import Shown
from autograder.rules import catalogue
from autograder.rules.outcome import Outcome
from autograder.wall.sandbox import Run, SandboxError, Task, TaskCell


class Serial(Executor):
    """Does each job when it is asked for its result; `failing` maps a student to an exception."""

    def __init__(self) -> None:
        self.failing: dict[str, BaseException] = {}
        self.graded: list[str] = []
        self.waiting = self.most_waiting = 0

    def submit(self, function: Callable[..., Graded], /, job: remote.Job) -> Future[Graded]:  # type: ignore[override]
        future: Future[Graded] = Future()
        name = job.submission.student
        self.waiting += 1
        self.most_waiting = max(self.waiting, self.most_waiting)
        if name in self.failing:
            future.set_exception(self.failing[name])
        else:
            self.graded.append(name)
            future.set_result(record(name))
        return future


def record(student: str) -> Graded:
    outcomes = tuple(Outcome(check, "passed") for check in catalogue())
    return Graded(student, Marks(outcomes), seconds=1.5)


@pytest.fixture
def serial() -> Serial:
    return Serial()


@pytest.fixture
def students(write: Callable[..., Path], tmp_path: Path) -> list[Submission]:
    for name in ("ada", "bob", "cleo", "dan"):
        write(f"class/{name}.ipynb", {1: f"# {name}\n{PROJECT[1]}"})
    return load_class(tmp_path / "class")


def stop_after(count: int) -> Callable[[Graded], None]:
    """Ctrl-C when so many are done and kept."""
    seen: list[Graded] = []

    def done(graded: Graded) -> None:
        if len(seen) == count:
            raise KeyboardInterrupt
        seen.append(graded)

    return done


def names(graded: list[Graded]) -> list[str]:
    return [g.student for g in graded]


def test_a_stopped_run_goes_on_with_its_seed(
    students: list[Submission], serial: Serial, tmp_path: Path
) -> None:
    first = Records(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        grade(students, Options(seed=first.seed), stop_after(2), serial, first)
    assert first.added == 2
    before = list(serial.graded)
    second = Records(tmp_path)
    assert second.seed == first.seed
    found = grade(students, Options(seed=second.seed), executor=serial, records=second)
    assert names(found) == ["ada", "bob", "cleo", "dan"]
    assert second.kept == second.added == 2
    assert found == [record(name) for name in names(found)] and found[0].seconds == 1.5
    assert len(serial.graded[len(before) :]) == 2


def test_a_finished_run_is_not_resumed_unless_asked(
    students: list[Submission], serial: Serial, tmp_path: Path
) -> None:
    run = lambda records: grade(  # noqa: E731
        students, Options(seed=records.seed), executor=serial, records=records
    )
    run(Records(tmp_path, seed=7))
    again = Records(tmp_path, go_on=True)
    assert again.seed == 7 and len(run(again)) == 4 and again.kept == 4
    anew = Records(tmp_path)
    assert len(run(anew)) == 4 and anew.kept == 0 and anew.seed != 7
    same_seed = Records(tmp_path, seed=anew.seed)  # a repetition repeats, it does not remember
    assert len(run(same_seed)) == 4 and same_seed.kept == 0
    assert len(list((tmp_path / FOLDER).iterdir())) == 9  # of both seeds, and what says so


@pytest.mark.parametrize("changed", ["submission", "option", "data", "twin", "kit", "seed"])
def test_what_has_changed_is_graded_again(
    changed: str,
    students: list[Submission],
    serial: Serial,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[..., Path],
) -> None:
    data = shutil.copy(Options().path(), tmp_path / "user_artists.dat")
    options = Options(data=str(data), seed=1)
    grade(students, options, executor=serial, records=Records(tmp_path))
    left = 0
    if changed == "submission":
        write("class/bob.ipynb", {1: "x = 1"})
        students, left = load_class(tmp_path / "class"), 3
    elif changed == "data":
        Path(data).write_bytes(Path(data).read_bytes() + b"2\t51\t1\r\n")
    elif changed == "kit":
        monkeypatch.setattr(remote, "version", lambda: "another")
    else:
        new = {"option": {"cell_seconds": 5.0}, "twin": {"twin": 4}, "seed": {"seed": 2}}[changed]
        options = replace(options, **new)  # type: ignore[arg-type]
    records = Records(tmp_path, go_on=True)
    assert len(grade(students, options, executor=serial, records=records)) == 4
    assert (records.kept, records.added) == (left, 4 - left)


def test_how_many_at_a_time_and_where_the_data_lies_do_not_matter(
    students: list[Submission], serial: Serial, tmp_path: Path
) -> None:
    grade(students, Options(jobs=1), executor=serial, records=Records(tmp_path))
    copied = shutil.copy(Options().path(), tmp_path / "user_artists.dat")
    shutil.copy(Options().path().with_name("artists.dat"), tmp_path)
    shutil.move(tmp_path / "class", tmp_path / "moved")
    moved, records = load_class(tmp_path / "moved"), Records(tmp_path, go_on=True)
    grade(moved, Options(str(copied), jobs=5), executor=serial, records=records)
    assert records.kept == 4


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def another_students(path: Path) -> None:
    path.write_bytes(next(p for p in path.parent.glob("*.msgpack") if p != path).read_bytes())


def worth_more(path: Path) -> None:
    found = msgspec.msgpack.decode(path.read_bytes())
    found["graded"]["marks"]["outcomes"][0]["check"]["points"] = 1000.0
    path.write_bytes(msgspec.msgpack.encode(found))


def unknown_status(path: Path) -> None:
    found = msgspec.msgpack.decode(path.read_bytes())
    found["graded"]["marks"]["outcomes"][0]["status"] = "brilliant"
    path.write_bytes(msgspec.msgpack.encode(found))


def fewer_checks(path: Path) -> None:
    found = msgspec.msgpack.decode(path.read_bytes())
    del found["graded"]["marks"]["outcomes"][3]
    path.write_bytes(msgspec.msgpack.encode(found))


@pytest.mark.parametrize(
    "harm", [torn, emptied, another_students, worth_more, unknown_status, fewer_checks]
)
def test_a_record_that_is_none_is_graded_again(
    harm: Callable[[Path], None], students: list[Submission], serial: Serial, tmp_path: Path
) -> None:
    grade(students, Options(), executor=serial, records=Records(tmp_path))
    harm(sorted((tmp_path / FOLDER).glob("*.msgpack"))[1])
    records = Records(tmp_path, go_on=True)
    found = grade(students, Options(), executor=serial, records=records)
    assert found == [record(s.student) for s in students]
    assert (records.kept, records.added) == (3, 1)


def test_a_failed_job_is_one_record_and_no_mark_lost(
    students: list[Submission], serial: Serial, tmp_path: Path
) -> None:
    class KilledWorker(Exception):
        pass

    serial.failing = {"bob": KilledWorker("task"), "cleo": ZeroDivisionError("of ours")}
    heard: list[Graded] = []
    records = Records(tmp_path)
    found = grade(students, Options(), heard.append, serial, records)
    assert names(found) == sorted(names(heard)) == ["ada", "bob", "cleo", "dan"]
    assert [g.status for g in found] == ["graded", "not graded", "not graded", "graded"]
    assert "the worker died" in found[1].problems[0] and "more memory" in found[1].problems[0]
    assert "ZeroDivisionError: of ours" in found[2].problems[0]
    assert found[1].marks.total == 0 and found[1].marks.pending >= 90
    assert records.added == 2  # a later run tries the others again
    serial.failing = {}
    after = Records(tmp_path, go_on=True)
    found = grade(students, Options(), executor=serial, records=after)
    assert {g.status for g in found} == {"graded"} and after.kept == 2


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (SandboxError("worker on x: bubblewrap is not installed"), "bubblewrap"),
        (ModuleNotFoundError("No module named 'autograder'"), "does not hold the kit"),
    ],
)
def test_what_concerns_everybody_stops_the_run(
    raised: Exception, said: str, students: list[Submission], serial: Serial
) -> None:
    serial.failing = {s.student: raised for s in students}
    with pytest.raises((SandboxError, EngineError), match=said):
        grade(students, Options(), executor=serial)


def test_a_large_class_is_handed_in_bit_by_bit(
    students: list[Submission], serial: Serial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "IN_FLIGHT", 3)
    done = lambda _: setattr(serial, "waiting", serial.waiting - 1)  # noqa: E731
    many = [Submission(f"s{i}", students[0].notebooks) for i in range(20)]
    assert names(grade(many, Options(), done, serial)) == [f"s{i}" for i in range(20)]
    assert serial.most_waiting <= 4


def test_executed_notebooks_go_to_who_listens_and_are_not_kept(
    students: list[Submission], serial: Serial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = record("ada").marks
    monkeypatch.setitem(globals(), "record", lambda s: Graded(s, outcomes, executed={"a": "b"}))
    heard: list[Graded] = []
    found = grade(students, Options(), heard.append, serial, Records(tmp_path))
    assert all(g.executed == {"a": "b"} for g in heard)
    assert not any(g.executed for g in found)


def test_another_version_of_the_kit_is_refused() -> None:
    job = remote.Job(Submission("ada", ()), {}, {}, Options(), "another")
    with pytest.raises(SandboxError, match="another version of the kit"):
        remote.grade(job)


def test_an_executed_copy_is_a_notebook_with_what_was_shown(students: list[Submission]) -> None:
    (book,) = students[0].notebooks
    cells = [TaskCell(cell.source, cell.step) for cell in book.cells if cell.kind == "code"]
    picture = {"text/plain": "<Figure>", "image/png": "iVBORw0KGgo="}
    shown = Shown(stdout="\ud800 1\n", stderr="careful", outputs=[picture], error="KeyError: 'x'")
    run = Run(Evidence(), shown={0: shown})
    ((name, text),) = executed(
        students[0], [(Task(cells=cells, data={}, notebooks=(book.path.name,)), run)]
    ).items()
    copy = nbformat.reads(text, as_version=4)
    nbformat.validate(copy)
    assert name.endswith(".ipynb")
    assert [c.source for c in copy.cells] == [c.source for c in book.cells]
    first = next(c for c in copy.cells if c.cell_type == "code")
    kinds = [o.output_type for o in first.outputs]
    assert kinds == ["stream", "stream", "display_data", "error"]
    assert first.outputs[2].data["image/png"] == picture["image/png"]
