"""Where a diagnosis points: by what a reader of the notebook sees, which is no number."""

from __future__ import annotations

import re
from pathlib import Path

from checks_course import ROOT

from autograder.handin.submission import Cell, Notebook, Submission
from autograder.rules.diagnosis import Finding
from autograder.rules.locate import Place, in_words

CELLS = (
    Cell("code", "import torch", step="step1"),
    Cell("markdown", "# Project\n\n## **Step 3**: numbers", step="step3"),
    Cell("code", "\n# from ids to indices\nid_mapping = {}", step="step3"),
    Cell("code", "num_nodes = 3", id="mapping", step="step3"),
)


def words(cell: int | None) -> str:
    submission = Submission("ada", (Notebook(Path("project.ipynb"), CELLS),))
    return in_words(Place("project.ipynb", cell), submission).words


def test_a_cell_is_called_by_its_exercise_or_its_heading() -> None:
    assert words(1) == "the cell that begins `import torch`"
    assert words(2) == 'under "Step 3: numbers", the cell that begins `# from ids to indices`'
    assert words(3) == "exercise 1 of step 3"
    assert words(None) == words(9) == ""


def test_a_diagnosis_says_the_words() -> None:
    from autograder.reports.diagnosis import _finding

    place = Place("project.ipynb", 2, 3, "id_mapping = {}", "exercise 1 of step 3")
    lines = _finding(1, Finding("map.raw-ids", "step3", "the proof", place, True), hints=1)
    assert "   Where: project.ipynb, exercise 1 of step 3, line 3: `id_mapping = {}`" in lines


def test_no_page_counts_code_cells() -> None:
    files = [*(ROOT / "docs").glob("*.md"), *(ROOT / "autograder" / "reports").rglob("*.py")]
    assert len(files) > 20
    counted = [p.name for p in files if re.search(r"code cell (\d|\{)", p.read_text("utf-8"))]
    assert counted == []
