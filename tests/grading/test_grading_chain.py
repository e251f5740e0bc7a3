"""Step 6 measures the student's own model; whatever steps 4 and 5 do, it costs that one check."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from grading_project import ROOT

from autograder.contract import NOTEBOOKS
from autograder.grading.submission import Options
from autograder.grading.whole_class import grade
from autograder.handin.submission import Submission, load

SOLUTIONS = ROOT / "solutions" / "gnn_recommender"


@pytest.fixture
def with_cell(tmp_path: Path) -> Callable[[str, str, str], Submission]:
    """The solutions, with this code in place of one cell, such as `loop` of `step5`."""

    def make(step: str, cell_id: str, code: str) -> Submission:
        for name in NOTEBOOKS.values():
            book = json.loads((SOLUTIONS / f"{name}.ipynb").read_text(encoding="utf-8"))
            for cell in book["cells"]:
                if name.startswith(step) and cell["id"] == cell_id:
                    cell["source"] = code
            (tmp_path / f"{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
        return load(tmp_path)

    return make


def steps(submission: Submission, **options: float) -> dict[str, float]:
    (record,) = grade([submission], Options(**options))  # type: ignore[arg-type]
    assert not record.problems
    return {step: earned for step, (earned, _) in record.marks.steps().items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(1)",
        "raise SystemExit",
        "while True: pass",
        "losses = []",
        "losses = [1.0] * 9; raise ValueError",
        "",
    ],
)
def test_a_broken_loop_costs_the_loop_and_the_chain(
    with_cell: Callable[[str, str, str], Submission], code: str
) -> None:
    earned = steps(with_cell("step5", "loop", code), cell_seconds=8)
    assert {k: earned[k] for k in ("step1", "step2", "step3", "step4")} == {
        "step1": 10,
        "step2": 15,
        "step3": 20,
        "step4": 20,
    }
    assert 12 <= earned["step5"] <= 13  # what the loop does not define
    assert earned["step6"] == 8


@pytest.mark.slow
def test_alone_step_6_has_a_model_to_measure() -> None:
    earned = steps(load(SOLUTIONS / "step6_evaluation.ipynb"))
    assert earned["step6"] == 8  # all but the own model


OTHER_NUMBERS = """users = sorted((n for n in G if n[0] == "user"), reverse=True)
id_mapping = {n: i for i, n in enumerate(users + [n for n in G if n[0] == "artist"])}
num_nodes = len(id_mapping)"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "step3"), [(OTHER_NUMBERS, 20), ("raise NotImplementedError()", 0)]
)
def test_the_model_is_the_own_whatever_step_3_is(
    with_cell: Callable[[str, str, str], Submission], code: str, step3: int
) -> None:
    earned = steps(with_cell("step3", "mapping", code))
    assert earned["step6"] == 10
    assert earned["step3"] == step3


@pytest.mark.slow
def test_twenty_runs_agree() -> None:
    folder = ROOT / "tests" / "sample_class" / "submitted" / "felix" / "gnn_recommender"
    felix = load(folder / "step5_training.ipynb")
    options = Options(data="sample", seed=11)
    records = grade([felix] * 20, options)
    assert len(records) == 20
    assert len({str(record.marks.outcomes) for record in records}) == 1
    assert len({str(record.diagnosis) for record in records}) == 1
    assert 0 < records[0].marks.total < 15
