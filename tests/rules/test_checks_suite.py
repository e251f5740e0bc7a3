"""The suite of checks as a whole: points, titles, sizes of its files, no bare assert.

Read from `autograder.rules`; nothing is run here.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from checks_course import EXERCISES

from autograder.contract import STEPS
from autograder.rules import catalogue, points
from autograder.rules.judge import FOLDER

FILES = sorted(FOLDER.glob("*.py"))


def test_points_add_up() -> None:
    """90 automatic points, 10 by hand, and every one of them above zero."""
    assert sum(points(by_hand=False).values()) == 90
    assert sum(points(by_hand=True).values()) == 10
    assert sum(points().values()) == 100
    assert all(c.points >= 0 for c in catalogue())
    assert points(by_hand=True) == {"step6.report": 10.0}


def test_every_exercise_has_points() -> None:
    """The graded cells are those of the exercises."""
    steps = Counter(key.split(".")[0] for key in points())
    assert set(steps) == set(STEPS) == set(EXERCISES)
    for step, cells in EXERCISES.items():
        wanted = ("layers", "encode", "decode") if step == "step4" else cells
        assert {f"{step}.{name}" for name in wanted} <= set(points())


def test_at_least_six_checks_a_step() -> None:
    """Each step has six automatic checks or more."""
    counts = Counter(c.step for c in catalogue() if not c.by_hand)
    assert {step: n for step, n in counts.items() if n < 6} == {}
    assert set(counts) == set(STEPS)


def test_ids_and_titles() -> None:
    """Ids are unique, titles are unique in their step and no sentence with a full stop."""
    ids = [c.id for c in catalogue()]
    assert len(set(ids)) == len(ids)
    titles = Counter((c.step, c.title) for c in catalogue())
    assert [title for title, n in titles.items() if n > 1] == []
    assert [c.title for c in catalogue() if not c.title or c.title.endswith(".")] == []
    assert all(len(c.title) <= 90 for c in catalogue())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_bare_assert(file: Path) -> None:
    """Checks say what is wrong by `expect`; an assert would be a grader_error."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)] == []


def test_files_were_looked_at() -> None:
    """The test above is not empty."""
    assert len([file for file in FILES if file.name.startswith("step")]) >= len(STEPS)
