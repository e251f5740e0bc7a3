"""The executed copy of a notebook: its cells with what each printed, displayed or raised.

`autograder grade` writes one for each notebook that it ran; the submission itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.sandbox import Run, Shown, Task
from autograder.submission import Submission


def executed(submission: Submission, runs: Iterable[tuple[Task, Run]]) -> dict[str, str]:
    """Name of each notebook -> its executed copy, as text in nbformat 4."""
    found: dict[str, str] = {}
    shown: dict[str, list[Shown | None]] = {}
    for task, run in runs:
        for name in task.name.split(" and "):
            shown.setdefault(name, [])
        positions = iter(range(len(task.cells)))
        for name in task.name.split(" and "):
            book = next(b for b in submission.notebooks if b.path.name == name)
            code = [cell for cell in book.cells if cell.kind == "code"]
            shown[name] = [run.shown.get(next(positions)) for _ in code]
    for book in submission.notebooks:
        outputs = iter(shown.get(book.path.name, []))
        cells = []
        for number, cell in enumerate(book.cells):
            made = new_markdown_cell(cell.source)
            if cell.kind == "code":
                made = new_code_cell(cell.source, outputs=_outputs(next(outputs, None)))
            made.id = f"cell-{number}"
            cells.append(made)
        found[book.path.with_suffix(".ipynb").name] = nbformat.writes(new_notebook(cells=cells))
    return found


def _outputs(shown: Shown | None) -> list[nbformat.NotebookNode]:
    if shown is None:
        return []
    streams = (("stdout", shown.stdout), ("stderr", shown.stderr))
    found = [new_output("stream", name=name, text=text) for name, text in streams if text]
    found += [new_output("display_data", data=data) for data in shown.outputs if data]
    if shown.error:
        name, _, value = shown.error.partition(": ")
        traceback = [shown.error]
        found.append(new_output("error", ename=name, evalue=value, traceback=traceback))
    return found
