"""What is not the student's, or is too much: links, odd names, thousands of files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from autograder.contract import NOTEBOOKS
from autograder.handin.submission import SubmissionError, load, load_class, outside
from autograder.limits import NOTEBOOKS as MOST
from autograder.limits import PROBLEM, PROBLEMS

STEP1 = f"{NOTEBOOKS['step1']}.ipynb"


@pytest.mark.parametrize("place", ["student", "assignment", "file", "relative", "hidden"])
def test_a_link_to_a_neighbours_work(own: Path, place: str) -> None:
    root = own.parents[1]
    mallory = root / "mallory"
    if place == "student":
        mallory.symlink_to(own.parent)
    elif place == "assignment":
        mallory.mkdir()
        (mallory / "gnn_recommender").symlink_to(own)
    elif place == "relative":
        mallory.mkdir()
        (mallory / "gnn_recommender").symlink_to("../ada/gnn_recommender")
    elif place == "file":
        mallory.mkdir()
        (mallory / STEP1).symlink_to(own / STEP1)
    else:
        (mallory / "deep").mkdir(parents=True)
        (mallory / "deep" / "er").symlink_to(own)
        (mallory / STEP1).symlink_to(mallory / "deep" / "er" / STEP1)
    ada, found = load_class(root)
    assert (ada.student, len(ada.notebooks)) == ("ada", 6)
    assert (found.student, found.notebooks) == ("mallory", ())
    assert "link" in found.problems[0] and "ask for the notebook" in found.problems[0]


def test_a_link_within_the_own_folder(own: Path) -> None:
    (own / "final").mkdir()
    (own / STEP1).rename(own / "final" / STEP1)
    (own / STEP1).symlink_to(Path("final") / STEP1)
    handed_in = load(own.parent)
    assert len(handed_in.notebooks) == 6 and not handed_in.problems
    (own / "final" / STEP1).unlink()
    assert "link" in load(own.parent).problems[0]


@pytest.mark.parametrize(
    "name", ["Anna and Ben", "Łuk", "ana\u202egpj", "a\tb\nc", "x\x1b[31m", "-rf", "CON", "😀"]
)
@pytest.mark.parametrize("folder", [True, False])
def test_names_of_every_kind(tmp_path: Path, own: Path, name: str, folder: bool) -> None:
    root = tmp_path / "class"
    root.mkdir()
    if folder:
        shutil.copytree(own.parent, root / name)
    else:
        shutil.copy(own / STEP1, root / f"{name}.ipynb")
    (student,) = load_class(root)
    assert student.notebooks and not student.problems
    assert student.student.isprintable()


def test_names_that_are_no_text(tmp_path: Path, own: Path) -> None:
    root = os.fsencode(tmp_path / "class")
    os.makedirs(root + b"/\xff\xfe")
    os.makedirs(root + b"/\xfe\xff")
    for name in (b"/\xff\xfe/step\xff.ipynb", b"/\xfe\xff/\xfe.ipynb"):
        shutil.copy(own / STEP1, os.fsdecode(root + name))
    found = load_class(tmp_path / "class")
    assert len({s.student for s in found}) == 2 and all(s.notebooks for s in found)
    for student in found:
        assert msgspec.msgpack.encode(student, enc_hook=lambda path: path.name)


def test_one_student_twice(tmp_path: Path, own: Path) -> None:
    shutil.copy(own / STEP1, tmp_path / "ada.ipynb")
    found = load_class(tmp_path)
    assert [s.student for s in found] == ["ada", "ada (2)"]
    assert "handed in twice" in found[1].notes[0]


@pytest.mark.parametrize("content", [b"{", b"", None])
def test_thousands_of_notebooks(own: Path, content: bytes | None) -> None:
    right = (own / STEP1).read_bytes()
    for number in range(3_000):
        (own / f"{number:04}.ipynb").write_bytes(right if content is None else content)
    handed_in = load(own.parent)
    assert {book.step for book in handed_in.notebooks} == set(NOTEBOOKS)
    lines = [*handed_in.problems, *handed_in.left_out]
    assert len(lines) <= 2 * (PROBLEMS + 1) and max(map(len, lines)) <= PROBLEM
    said = " ".join(handed_in.problems)
    assert f"{3_006 - MOST:,} of 3,006 notebooks were not read" in said or "more like" in said


def test_the_folder_of_one_student_is_no_class(own: Path) -> None:
    assert [s.student for s in load_class(own.parent)] == ["ada"]
    assert [s.student for s in load_class(own)] == ["gnn_recommender"]


def test_a_link_is_not_graded_by_name_either(own: Path) -> None:
    link = own.parents[1] / "mallory"
    link.symlink_to(own)
    with pytest.raises(SubmissionError, match="a link"):
        load(link)


def test_steps_are_no_students(tmp_path: Path) -> None:
    for step in ("step1", "step2", "Step3_mapping"):
        (tmp_path / step).mkdir()
        (tmp_path / step / "work.ipynb").write_text('{"cells": [], "nbformat": 4}')
    with pytest.raises(SubmissionError, match="are steps, not students"):
        load_class(tmp_path)


def test_marks_do_not_lie_among_the_submissions(tmp_path: Path) -> None:
    (tmp_path / "course" / "submitted").mkdir(parents=True)
    outside(tmp_path / "course" / "marks", tmp_path / "course")
    for place in ("course/submitted", "course/submitted/marks"):
        with pytest.raises(SubmissionError, match="inside the class"):
            outside(tmp_path / place, tmp_path / "course")
