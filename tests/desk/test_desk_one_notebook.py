"""Six notebooks and the one of them: nothing is lost on the way, and marks are the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.contract import NOTEBOOKS, STEPS
from autograder.desk import one_notebook
from autograder.desk.progress import Mark
from autograder.handin.submission import read, submission

ROOT = Path(__file__).parents[2]
SOLUTIONS = ROOT / "solutions" / "gnn_recommender"
BLANKS = ROOT / "assignments" / "gnn_recommender"
ALL = Mark(1.0, 1, 1, True, 0.0)


def joined(folder: Path, source: Path = SOLUTIONS) -> Path:
    path = folder / one_notebook.JOINED
    one_notebook.write(one_notebook.join(source), path)
    return path


def test_splitting_gives_the_six_again(tmp_path: Path) -> None:
    path = joined(tmp_path)
    books = one_notebook.split(path)
    assert list(books) == [f"{name}.ipynb" for name in NOTEBOOKS.values()]
    for name, book in books.items():
        before = nbformat.read(SOLUTIONS / name, as_version=4)
        assert book.cells == before.cells
        assert book.metadata == before.metadata


def test_the_grader_reads_the_one_as_the_six(tmp_path: Path) -> None:
    one = submission("ada", [read(joined(tmp_path))])
    six = [read(SOLUTIONS / f"{name}.ipynb") for name in NOTEBOOKS.values()]
    assert [book.step for book in one.notebooks] == list(STEPS)
    assert [book.cells for book in one.notebooks] == [book.cells for book in six]
    assert one.notebooks[-1].report == six[-1].report


def test_the_six_pasted_one_behind_the_other_are_read_as_the_six(tmp_path: Path) -> None:
    files = [SOLUTIONS / f"{name}.ipynb" for name in NOTEBOOKS.values()]
    books = [nbformat.read(file, as_version=4) for file in files]
    pasted = books[0]
    for book in books[1:]:
        pasted.cells += book.cells
    path = tmp_path / "my project.ipynb"
    path.write_text(json.dumps(pasted), encoding="utf-8")  # with ids that occur twice
    one = submission("ada", [read(path)])
    six = [read(file) for file in files]
    assert [book.step for book in one.notebooks] == list(STEPS)
    assert [[(c.source, c.key) for c in book.cells] for book in one.notebooks] == [
        [(c.source, c.key) for c in book.cells] for book in six
    ]
    assert one.notebooks[-1].report == six[-1].report
    pasted.cells = [cell for cell in pasted.cells if not cell.source.startswith("# Step 4 of 6")]
    path.write_text(json.dumps(pasted), encoding="utf-8")  # with ids that occur twice
    (alone,) = submission("ada", [read(path)]).notebooks
    assert not alone.step  # no longer all of our headings: a project of the student's own form


def test_a_cell_that_was_added_belongs_to_the_step_above(tmp_path: Path) -> None:
    path = joined(tmp_path)
    book = nbformat.read(path, as_version=4)
    number = next(n for n, cell in enumerate(book.cells) if cell.id == "step4-model")
    book.cells.insert(number, nbformat.v4.new_code_cell("mine = 1"))
    one_notebook.write(book, path)
    (steps,) = [b for b in submission("ada", [read(path)]).notebooks if b.step == "step4"]
    assert "mine = 1" in [cell.source for cell in steps.cells]


def test_without_its_checkpoints_it_is_a_notebook_of_its_own_form(tmp_path: Path) -> None:
    path = joined(tmp_path)
    text = path.read_text(encoding="utf-8").replace('checkpoint(\\"step4', 'mine(\\"step4')
    path.write_text(text, encoding="utf-8")
    (book,) = submission("ada", [read(path)]).notebooks
    assert not book.step


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    path = joined(tmp_path, BLANKS)
    lines = "\n".join(one_notebook.lacking(path, {"step1.load": Mark(3.0, 1, 2, True, 0.0)}))
    assert "step1.load: 1 of 2 checks pass, 3 of 7 points" in lines
    assert "the test AUC" in lines and "the reflection" in lines
    marks = dict.fromkeys(one_notebook.EXERCISES, ALL)
    assert one_notebook.lacking(joined(tmp_path), marks) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / "step3_mapping_and_split.ipynb").unlink(), "step3_mapping_and_split.ipynb"),
        (lambda f: (f / "step4_model.ipynb").write_text("{"), "step4_model.ipynb"),
        (lambda f: (f / one_notebook.JOINED).write_text("{}"), "name another file"),
    ],
)
def test_join_says_what_it_cannot_do(tmp_path: Path, spoil: object, words: str) -> None:
    folder = tmp_path / "six"
    shutil.copytree(SOLUTIONS, folder)
    spoil(folder)  # type: ignore[operator]
    done = CliRunner().invoke(app, ["join", str(folder), "--no-run"])
    assert done.exit_code == 2 and words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_split_overwrites_nothing(tmp_path: Path) -> None:
    path = joined(tmp_path)
    again = ["split", str(path), "-o", str(tmp_path / "six")]
    assert CliRunner().invoke(app, again).exit_code == 0
    done = CliRunner().invoke(app, again)
    assert done.exit_code == 2 and "is there already" in done.stderr
    done = CliRunner().invoke(app, ["split", str(SOLUTIONS / "step4_model.ipynb")])
    assert done.exit_code == 2 and "autograder join" in done.stderr


@pytest.mark.slow
def test_marks_are_the_same_both_ways(tmp_path: Path) -> None:
    from autograder.grading.submission import Options
    from autograder.grading.whole_class import grade
    from autograder.handin.submission import load

    records = grade([load(SOLUTIONS), load(joined(tmp_path))], Options(data="sample", seed=5))
    six, one = (record.marks for record in records)
    assert {o.check.id: o.points for o in six.outcomes} == {
        o.check.id: o.points for o in one.outcomes
    }
    assert one.total == 90
