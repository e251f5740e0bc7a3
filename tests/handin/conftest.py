"""Hand-ins made on the spot, from the notebooks of the course."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def blanks() -> Path:
    """The folder with the six blank notebooks."""
    return ROOT / "assignments" / "gnn_recommender"


@pytest.fixture
def finished() -> Path:
    """The folder with the six finished notebooks."""
    return ROOT / "solutions" / "gnn_recommender"


@pytest.fixture
def own(tmp_path: Path, finished: Path) -> Path:
    """A student's folder with the six finished notebooks."""
    shutil.copytree(finished, tmp_path / "ada" / "gnn_recommender")
    return tmp_path / "ada" / "gnn_recommender"
