"""Runs a notebook from top to bottom in a kernel of this Python, as its student would.

`autograder join` runs the one notebook with it, and the students' `autograder check` any of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from autograder.desk import progress
from autograder.inside.history import beginning

SECONDS = 600  # that one cell may take
TELL = "from autograder import notebook as _kit; print(_kit.last_reports())"


class RunError(Exception):
    """The notebook could not be run to its end; one line says why and what to do."""


def run(
    book: nbformat.NotebookNode, folder: Path, told: Callable[[int, int], None] = lambda *_: None
) -> tuple[str, dict[str, progress.Mark]]:
    """Run all cells of a notebook, in place; a cell that raises does not stop the others.

    Args:
        book: gets its outputs.
        folder: where it runs.
        told: is called before each cell with its number and the number of cells.

    Returns:
        The reports of its checks as text, and what its exercises came to.

    Raises:
        RunError: there is no kernel, it died, or a cell took too long.
    """
    begun, cells = time.time(), len(book.cells)
    last = nbformat.v4.new_code_cell(TELL)
    client = NotebookClient(
        book,
        timeout=SECONDS,
        kernel_name="python3",  # is always this very Python
        allow_errors=True,
        extra_arguments=["--IPKernelApp.log_level=40"],  # its warnings are not about the notebook
        resources={"metadata": {"path": str(folder)}},
    )
    client.on_cell_start = lambda cell, cell_index: told(cell_index, cells)
    book.cells.append(last)
    try:
        client.execute()
    except CellTimeoutError:
        raise RunError(
            f"a cell took more than {SECONDS} s: is there a loop that never ends?"
        ) from None
    except DeadKernelError:
        raise RunError("the kernel died: was there too little memory?") from None
    finally:
        book.cells.remove(last)
    said = "".join(o.text for o in last.outputs if o.output_type == "stream" and o.name == "stdout")
    marks = {
        key: progress.Mark(0.0, 0, mark.checks, False, mark.not_there) if mark.not_there else mark
        for key, mark in progress.read(folder).items()
        if max(mark.when, mark.not_there) >= begun
    }
    return said.strip(), marks


def errors(book: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Which code cells raised what: the first line of each, and the last line of the error."""
    found = []
    code: list[Any] = [cell for cell in book.cells if cell.cell_type == "code"]
    for cell in code:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                line = f"{output.ename}: {output.evalue}".splitlines()[0]
                found.append((beginning(cell.source), line))
    return found
