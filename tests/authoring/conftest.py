"""A small course of two notebooks, with sources, points and settings, to build in the tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import authoring, rules
from autograder.contract import Exercise

REPOSITORY = Path(__file__).parents[2]
POINTS = {"step1.load": 7.0, "step6.auc": 83.0, "step6.report": 10.0}
NOTEBOOKS = {"step1": "step1_data_loading", "step6": "step6_evaluation"}

STEP1 = """\
# %% [markdown] id="aim"
# # Loading
#
# Read **one** file, e.g. `step1` — with `pandas`.

# %% id="setup_imports" role="given"
from autograder.notebook import check

# %% id="load" role="solution"
# df: a table with three columns
### BEGIN SOLUTION
table = open("listening.dat").read()
df = table.split("secret")
### END SOLUTION

# %% id="check_load" role="check"
check("step1.load")
### BEGIN HIDDEN TESTS
check("step1.load", fresh=True)
### END HIDDEN TESTS

# %% id="try_it"
print("play here")
"""

STEP6 = '''\
# %% id="auc" role="solution"
def mean(values):
    """Return the mean."""
    ### BEGIN SOLUTION
    total = sum(values, 0.0)
    return total / len(values)
    ### END SOLUTION


# %% id="check_auc" role="check"
check("step6.auc")
### BEGIN HIDDEN TESTS
check("step6.auc", fresh=True)
### END HIDDEN TESTS

# %% [markdown] id="report" role="report"
# **Your report:**
#
# ### BEGIN SOLUTION
# It is better than a coin, because 0.9 is more than 0.5.
# ### END SOLUTION
'''


class Course:
    """A folder with sources and settings; `step1` and `step6` are the paths of the two sources."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.step1 = root / "solutions" / "step1_data_loading.py"
        self.step6 = root / "solutions" / "step6_evaluation.py"
        self.config = root / "nbgrader_config.py"
        self.step1.parent.mkdir(parents=True)
        self.step1.write_text(STEP1, encoding="utf-8")
        self.step6.write_text(STEP6, encoding="utf-8")
        shutil.copy(REPOSITORY / "nbgrader_config.py", self.config)

    def edit(self, path: Path, old: str, new: str) -> None:
        """Replace `old`, which has to be there, in a source."""
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def files(self) -> set[str]:
        """Every file of the course, relative to its root."""
        return {p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file()}


@pytest.fixture
def give(monkeypatch) -> Callable[..., None]:
    """`give(checks, contract)` sets the points of both; the same ones where one is left out."""

    def set_points(checks: dict[str, float], contract: dict[str, float] | None = None) -> None:
        exercises = {
            key: Exercise(key, most, (), by_hand=key == "step6.report")
            for key, most in (contract or checks).items()
        }
        monkeypatch.setattr(authoring, "EXERCISES", exercises)
        monkeypatch.setattr(rules, "points", lambda by_hand=None: dict(checks))

    return set_points


@pytest.fixture
def course(tmp_path, monkeypatch, give) -> Course:
    monkeypatch.setattr(authoring, "NOTEBOOKS", NOTEBOOKS)
    give(POINTS)
    return Course(tmp_path / "course")
