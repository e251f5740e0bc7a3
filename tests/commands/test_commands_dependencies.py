"""What is declared is used, and every declared range has a lowest release to be tested with."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "torch-geometric": "torch_geometric",
    "ipython": "IPython",
    "pyyaml": "yaml",
}
FOR_STUDENTS = {"ipykernel", "matplotlib", "nbgrader", "traitlets"}  # what a notebook needs


def lowest() -> list[str]:
    spec = importlib.util.spec_from_file_location("oldest", ROOT / "tests" / "oldest.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.lowest(module.PYPROJECT.read_text(encoding="utf-8"))


def test_every_dependency_has_a_lowest_release() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("dependencies = [", 1)[1].split("\n]", 1)[0]
    assert len(lowest()) == block.count('\n    "') >= 15
    assert {"typer==0.16", "scipy==1.12"} <= set(lowest())


@pytest.mark.parametrize("name", [entry.split("==")[0] for entry in lowest()])
def test_what_is_declared_is_used(name: str) -> None:
    if name in FOR_STUDENTS:
        return
    module = IMPORTED_AS.get(name, name)
    pattern = re.compile(rf"^[ \t]*(?:import|from) {module}\b", re.M)
    files = [p for package in ("autograder", "course_data") for p in (ROOT / package).rglob("*.py")]
    assert any(pattern.search(path.read_text(encoding="utf-8")) for path in files), name


def test_what_the_packages_read_is_installed_too() -> None:
    """A template that is in the checkout only is missing on Gradescope, and after `pip install`."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    line = text.split("[tool.setuptools.package-data]", 1)[1].splitlines()[1]
    patterns = [pattern.rpartition("/")[2] for pattern in re.findall(r'"([^"]+)"', line)]
    for package in ("autograder", "course_data", "recommenders"):
        for path in (ROOT / package).rglob("*"):
            ours = path.is_file() and "__pycache__" not in path.parts and path.name[0] != "."
            if ours and path.suffix != ".py":
                assert any(path.match(pattern) for pattern in patterns[1:]), path
