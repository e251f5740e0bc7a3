"""Notebooks written on the spot, graded on the sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


@pytest.fixture(autouse=True)
def on_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever other tests of this session have chosen."""
    monkeypatch.delenv("COURSE_DATA", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write(name, steps)` writes a free-form notebook: a heading and a code cell for each step."""

    def write_notebook(name: str, steps: dict[int, str], headings: bool = True) -> Path:
        cells = []
        for step, source in steps.items():
            if headings:
                cells.append(new_markdown_cell(f"#### **Step {step}: as asked**"))
            cells.append(new_code_cell(source))
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return write_notebook
