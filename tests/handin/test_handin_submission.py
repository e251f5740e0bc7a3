"""Files to submissions: every encoding and layout in, one clear line for what is no notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from grading_project import PROJECT, ROOT

from autograder.contract import NOTEBOOKS
from autograder.handin.submission import PathError, SubmissionError, load, load_class, read

pytestmark = pytest.mark.usefixtures("on_the_sample")

STEPS = [f"step{n}" for n in PROJECT]


@pytest.mark.parametrize("step", NOTEBOOKS)
def test_our_notebooks_know_their_step_and_their_checks(step: str) -> None:
    book = read(ROOT / "assignments" / "gnn_recommender" / f"{NOTEBOOKS[step]}.ipynb")
    assert book.step == step
    assert [cell.key for cell in book.cells if cell.key]
    assert {cell.key.split(".")[0] for cell in book.cells if cell.key} == {step}


@pytest.mark.parametrize("headings", [True, False])
def test_a_free_form_notebook_is_cut_into_steps(write: Callable[..., Path], headings: bool) -> None:
    book = read(write("project.ipynb", PROJECT, headings))
    assert not book.step
    assert [cell.step for cell in book.cells if cell.kind == "code"] == STEPS


def test_a_renamed_notebook_is_known_by_its_checks(tmp_path: Path) -> None:
    source = ROOT / "assignments/gnn_recommender/step4_model.ipynb"
    (tmp_path / "my homework (1).ipynb").write_bytes(source.read_bytes())
    assert read(tmp_path / "my homework (1).ipynb").step == "step4"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["BOM", "UTF-16", "CRLF"],
)
def test_every_encoding_reads_the_same(
    write: Callable[..., Path], encode: Callable[[str], bytes]
) -> None:
    path = write("project.ipynb", PROJECT)
    right = [(c.step, c.source) for c in read(path).cells]
    path.write_bytes(encode(path.read_text(encoding="utf-8")))
    assert [(c.step, c.source.replace("\r\n", "\n")) for c in read(path).cells] == right


def test_an_old_format_is_converted(write: Callable[..., Path]) -> None:
    path = write("project.ipynb", PROJECT)
    old = nbformat.convert(nbformat.read(path, 4), 3)
    path.write_text(json.dumps(old), encoding="utf-8")
    assert [c.step for c in read(path).cells if c.kind == "code"] == STEPS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"{", "line 1: not JSON"),
        (b"\xff\xfeq", "not JSON"),
        (b"[]", "no notebook"),
        (b'{"cells": 3, "nbformat": 4}', "no notebook"),
        (b'{"nbformat": 4, "metadata": {}, "cells": [1]}', "no notebook"),
    ],
)
def test_what_is_no_notebook_gets_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    with pytest.raises(SubmissionError, match=said) as caught:
        read(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert not isinstance(caught.value, PathError)


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    for call in (load, load_class):
        with pytest.raises(PathError, match="no such"):
            call(tmp_path / "nothing")
        with pytest.raises(PathError, match="no"):
            call(tmp_path)


def test_a_class_in_every_layout(write: Callable[..., Path], tmp_path: Path) -> None:
    write("class/submitted/ada/gnn_recommender/project.ipynb", PROJECT)
    write("class/submitted/bob/project.ipynb", PROJECT)
    write("class/submitted/cleo.ipynb", PROJECT)
    (tmp_path / "class/submitted/dan/gnn_recommender").mkdir(parents=True)
    found = load_class(tmp_path / "class")
    assert [s.student for s in found] == ["ada", "bob", "cleo", "dan"]
    assert [len(s.notebooks) for s in found] == [1, 1, 1, 0]
    assert "no .ipynb" in found[3].problems[0]


def test_a_folder_of_the_six_is_one_student() -> None:
    found = load_class(ROOT / "assignments" / "gnn_recommender")
    assert [s.student for s in found] == ["gnn_recommender"]
    assert [b.step for b in found[0].notebooks] == list(NOTEBOOKS)
