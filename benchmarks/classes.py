"""A class of made-up students, of any size: solutions, and the sample class's known mistakes.

The benchmarks grade it; `python benchmarks/classes.py FOLDER N` makes one by hand.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "gnn_recommender"
SOLUTIONS = ROOT / "solutions" / ASSIGNMENT
SAMPLE = ROOT / "tests" / "sample_class" / "submitted"


def make_class(
    folder: Path, count: int, seed: int = 0, notebooks: Sequence[str] | None = None
) -> Path:
    """Write `folder/studentNNNN/gnn_recommender/*.ipynb`, the same for the same seed.

    Each notebook of a student is the solution's or one of the sample class's, drawn for itself, so
    that mistakes come in all combinations. They are hard links where the disk has them.

    Args:
        notebooks: only these, by name without ending; all six by default.

    Returns:
        The folder.
    """
    draw = random.Random(seed)
    sources: dict[str, list[Path]] = {}
    for source in [SOLUTIONS, *sorted(path / ASSIGNMENT for path in SAMPLE.iterdir())]:
        for path in sorted(source.glob("step*.ipynb")):
            if notebooks is None or path.stem in notebooks:
                sources.setdefault(path.name, []).append(path)
    for number in range(count):
        target = folder / f"student{number:04}" / ASSIGNMENT
        target.mkdir(parents=True)
        for name in sorted(sources):
            _link(draw.choice(sources[name]), target / name)
    return folder


def make_solved(folder: Path, count: int) -> Path:
    """Write a class in which everybody hands in the six solutions. Returns the folder."""
    for number in range(count):
        target = folder / f"student{number:04}" / ASSIGNMENT
        target.mkdir(parents=True)
        for path in sorted(SOLUTIONS.glob("step*.ipynb")):
            _link(path, target / path.name)
    return folder


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)


if __name__ == "__main__":
    print(make_class(Path(sys.argv[1]), int(sys.argv[2])))
