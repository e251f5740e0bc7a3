"""The executed copy of a notebook: its cells with what each printed, displayed or raised.

`autograder grade` writes one for each notebook that it ran; the submission itself stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from autograder.handin.submission import Submission
from autograder.limits import EXECUTED
from autograder.wall.sandbox import Run, Shown, Task

LEFT_OUT = "# left out: this cell and what it printed are too long"


def executed(submission: Submission, runs: Iterable[tuple[Task, Run]]) -> dict[str, str]:
    """Name of each notebook -> its executed copy, as text in nbformat 4."""
    found: dict[str, str] = {}
    shown: dict[str, list[Shown | None]] = {}
    for task, run in runs:
        for name in task.notebooks:
            shown.setdefault(name, [])
        positions = iter(range(len(task.cells)))
        for name in task.notebooks:
            book = next(b for b in submission.notebooks if b.path.name == name)
            code = [cell for cell in book.cells if cell.kind == "code"]
            shown[name] = [run.shown.get(next(positions)) for _ in code]
    room = EXECUTED
    for book in submission.notebooks:
        outputs = iter(shown.get(book.path.name, []))
        cells: list[dict[str, Any]] = []
        for number, cell in enumerate(book.cells):
            origin = {"step": cell.step, "id": cell.id}  # by which the gradebook knows a cell
            made: dict[str, Any] = {"cell_type": cell.kind, "id": f"cell-{number}"}
            made["metadata"] = {"autograder": origin}
            shown_here = next(outputs, None) if cell.kind == "code" else None
            size = len(cell.source) + (shown_here.size() if shown_here else 0)
            fits = size <= room
            room -= size if fits else 0
            if cell.kind == "code":
                made |= {"execution_count": None, "outputs": _outputs(shown_here if fits else None)}
            cells.append(made | {"source": cell.source if fits else LEFT_OUT})
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        found[book.path.with_suffix(".ipynb").name] = json.dumps(content, indent=1) + "\n"
    return found


def _outputs(shown: Shown | None) -> list[dict[str, Any]]:
    if shown is None:
        return []
    streams = (("stdout", shown.stdout), ("stderr", shown.stderr))
    found: list[dict[str, Any]] = [
        {"output_type": "stream", "name": name, "text": text} for name, text in streams if text
    ]
    found += [
        {"output_type": "display_data", "metadata": {}, "data": data}
        for data in shown.outputs
        if data
    ]
    if shown.error:
        name, _, value = shown.error.partition(": ")
        error = {"ename": name, "evalue": value, "traceback": [shown.error]}
        found.append({"output_type": "error", **error})
    return found
