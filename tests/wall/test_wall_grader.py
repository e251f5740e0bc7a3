"""What is handed in is one record, however odd it is; it stops nobody's grading."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from grading_project import PROJECT

from autograder.contract import ASSIGNMENT
from autograder.evidence.schema import Evidence
from autograder.grading.executed import executed
from autograder.handin.submission import Cell, Notebook, Submission, load_class
from autograder.inside.protocol import Shown, Task, TaskCell
from autograder.limits import EXECUTED
from autograder.rules import causes, stops
from autograder.rules.locate import place_of
from autograder.wall.sandbox import Run

HONEST = {"cells": [{"cell_type": "code", "source": PROJECT[1], "id": "a"}], "nbformat": 4}


def hand_in(folder: Path, name: str = "project.ipynb", book: object = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(book or HONEST))


def students(folder: Path) -> dict[str, Submission]:
    return {submission.student: submission for submission in load_class(folder)}


def test_a_folder_that_cannot_be_entered_is_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "bob", "eve"):
        hand_in(tmp_path / name)
    looked = Path.iterdir

    def refused(path: Path) -> object:
        if path.name == "bob":
            raise PermissionError(13, "Permission denied")
        return looked(path)

    monkeypatch.setattr(Path, "iterdir", refused)  # root may enter every folder
    found = students(tmp_path)
    assert list(found) == ["ada", "bob", "eve"]
    assert "Permission denied" in found["bob"].problems[0] and found["eve"].notebooks


def test_a_student_called_submitted_hides_nobody(tmp_path: Path) -> None:
    for name in ("ada", "submitted", "zoe"):
        hand_in(tmp_path / name / ASSIGNMENT)
    assert list(students(tmp_path)) == ["ada", "submitted", "zoe"]


def test_nbgraders_folder_is_still_found(tmp_path: Path) -> None:
    hand_in(tmp_path / "submitted" / "ada" / ASSIGNMENT)
    hand_in(tmp_path / "source" / ASSIGNMENT)
    assert list(students(tmp_path)) == ["ada"]


def test_loose_files_of_the_course_hide_nobody(tmp_path: Path) -> None:
    for name in ("step1_data_loading", "step2_graph_construction"):
        hand_in(tmp_path, f"{name}.ipynb")
    for name in ("ada", "bob"):
        hand_in(tmp_path / name)
    assert {"ada", "bob"} <= set(students(tmp_path))


def test_half_a_character_is_text_everywhere(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": "x = '\ud800'", "id": "\ud800", "metadata": {}}
    hand_in(tmp_path / "ada", "a\udcff.ipynb", {"cells": [cell], "nbformat": 4})
    (found,) = load_class(tmp_path)
    texts = [found.student, *found.problems]
    texts += [t for b in found.notebooks for c in b.cells for t in (str(b.path), c.source, c.id)]
    assert [text.encode() for text in texts]


def notebook(*sources: str) -> Submission:
    cells = tuple(Cell("code", source, "", "", "step5") for source in sources)
    return Submission("eve", (Notebook(Path("eve.ipynb"), cells, "", ()),))


def test_thousands_of_functions_take_no_minute() -> None:
    chain = [f"def f{n}():\n    f{n + 1}()\n" for n in range(3000)]
    whole = notebook("".join(chain), *chain[:1500])
    begin = time.process_time()
    trees = [stops.parsed(c.source) for book in whole.notebooks for c in book.cells]
    assert not stops._loops([tree for tree in trees if tree])
    for cause in causes().values():
        place_of(cause, whole, {}, [])
    assert time.process_time() - begin < 10


def test_the_loop_is_found_through_all_of_them() -> None:
    chain = [f"def f{n}():\n    f{n + 1}()\n" for n in range(300)]
    whole = "".join(
        [*chain, "def f300():\n    loss.backward()\n", "for e in range(9):\n    f0()\n"]
    )
    assert stops._loops([tree for tree in [stops.parsed(whole)] if tree])


def test_executed_copies_are_bounded() -> None:
    whole = notebook("print(1)", "print(2)", "print(3)")
    cells = [TaskCell(cell.source, "step5") for cell in whole.notebooks[0].cells]
    task = Task(cells=cells, data={}, notebooks=("eve.ipynb",))
    shown = {0: Shown(stdout="x" * EXECUTED), 1: Shown(outputs=[{}] * 10), 2: Shown(stdout="3")}
    (text,) = executed(whole, [(task, Run(Evidence(), shown=shown))]).values()
    assert len(text) < EXECUTED
    first, _, last = json.loads(text)["cells"]
    assert first["source"].startswith("# left out") and last["outputs"][0]["text"] == "3"
