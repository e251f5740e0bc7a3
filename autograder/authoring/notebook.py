"""Writes cells as an nbgrader source notebook, the same bytes every time.

Called by `autograder.authoring`; the cell's id in the source is the notebook's cell id and
nbgrader's `grade_id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import nbformat
from nbformat import v4

from .source import Cell

SCHEMA_VERSION = 3
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def dumps(cells: Iterable[Cell], points: Mapping[str, float]) -> str:
    """The notebook of `cells` as JSON text; `points` are those of its graded cells, by cell id."""
    nodes = [_node(cell, points.get(cell.id)) for cell in cells]
    book = v4.new_notebook(cells=nodes, metadata=METADATA, nbformat_minor=5)
    nbformat.validate(book)
    return nbformat.writes(book, version=4).rstrip("\n") + "\n"


def _node(cell: Cell, points: float | None) -> nbformat.NotebookNode:
    new = v4.new_code_cell if cell.kind == "code" else v4.new_markdown_cell
    metadata = {"nbgrader": _nbgrader(cell, points)} if cell.role else {}
    return new(source=cell.text, id=cell.id, metadata=metadata)


def _nbgrader(cell: Cell, points: float | None) -> dict[str, object]:
    metadata: dict[str, object] = {
        "grade": cell.role in ("check", "report"),
        "grade_id": cell.id,
        "locked": cell.role in ("given", "check"),
        "schema_version": SCHEMA_VERSION,
        "solution": cell.role in ("solution", "report"),
        "task": False,
    }
    if points is not None:
        metadata["points"] = points
    return metadata
