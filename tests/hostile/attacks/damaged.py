"""Files that are no notebooks, or that break whoever reads them: each ends as one record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from attacks import Attack

broken = partial(Attack, kind="break", base="solution", earns=0)
FILE = "step1_data_loading.ipynb"


def replaced(content: bytes) -> Callable[[Path], None]:
    """The file is this instead."""
    return lambda folder: (folder / FILE).write_bytes(content) and None


def with_cells(*cells: dict[str, Any]) -> Callable[[Path], None]:
    """Add cells to the notebook."""

    def damage(folder: Path) -> None:
        book = json.loads((folder / FILE).read_text())
        book["cells"] += cells
        (folder / FILE).write_text(json.dumps(book))

    return damage


def rewritten(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """The notebook still says that it is of format 4, and is not."""

    def damage(folder: Path) -> None:
        book = json.loads((folder / FILE).read_text())
        change(book)
        (folder / FILE).write_text(json.dumps(book))

    return damage


def odd(book: dict[str, Any]) -> None:
    """Oddities that leave no doubt about what the cells are."""
    book |= {"nbformat": 4.0, "nbformat_minor": 10**30}
    for cell in book["cells"]:
        del cell["outputs"], cell["execution_count"]
    without = {"cell_type": "raw", "id": 7, "metadata": {"nbgrader": {"grade_id": [1]}}}
    book["cells"] += [code("") | {"id": f"odd-{i}", "source": i} for i in (7, None, {})]
    book["cells"] += [code("") | {"id": {}, "metadata": {"nbgrader": [1]}}, without]


def code(source: str) -> dict[str, Any]:
    """A code cell."""
    empty: dict[str, Any] = {"metadata": {}, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "id": "added", "source": source} | empty


def text(source: str) -> dict[str, Any]:
    """A markdown cell."""
    return {"cell_type": "markdown", "id": "added", "metadata": {}, "source": source}


def instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Something else under the notebook's name."""

    def damage(folder: Path) -> None:
        (folder / FILE).unlink()
        make(folder / FILE)

    return damage


def half(folder: Path) -> None:
    """Only the first half of the file arrived."""
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: len(content) // 2])


def number(folder: Path) -> None:
    """A whole number of 100,000 digits somewhere in the file."""
    content = (folder / FILE).read_text().rstrip()[:-1]
    (folder / FILE).write_text(content + ', "x": ' + "1" * 100_000 + "}")


def free_form(*cells: dict[str, Any]) -> Callable[[Path], None]:
    """A notebook of the student's own form, with these cells."""

    def damage(folder: Path) -> None:
        (folder / FILE).unlink()
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
        (folder / "mine.ipynb").write_text(json.dumps(book))

    return damage


SURROGATE = code("print('\ud800')")
DEEP = b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
WIDE = b'{"cells": [], "metadata": {"x": [' + b"[]," * (3 * 10**6) + b"0]}}"

ATTACKS = (
    broken(name="invalid_json", what="half a file", row="invalid JSON", damage=half),
    broken(name="empty_file", what="no byte at all", row="empty", damage=replaced(b"")),
    broken(name="no_utf8", what="invalid UTF-8", damage=replaced(b'{"cells": ["\xff\xfe\x80"]}')),
    broken(name="nul_bytes", what="a file of NUL bytes", damage=replaced(bytes(10_000))),
    broken(name="json_but_no_notebook", what="a JSON list", damage=replaced(b"[1, 2, 3]")),
    broken(name="nested_json", what="JSON 100,000 levels deep", damage=replaced(DEEP)),
    broken(name="wide_json", what="three million empty lists in 9 MB", damage=replaced(WIDE)),
    broken(
        name="wrong_types",
        what="cells whose source, metadata, id and type are of wrong types",
        damage=with_cells({"cell_type": 7, "source": {"a": 1}, "metadata": [], "id": []}),
        earns=10,
    ),
    broken(
        name="cells_in_a_dictionary",
        what="says nbformat 4, and its cells are a dictionary by id",
        damage=rewritten(lambda b: b.update(cells={c["id"]: c for c in b["cells"]})),
    ),
    broken(
        name="cells_without_a_kind",
        what="says nbformat 4, and no cell says whether it is code",
        damage=rewritten(lambda b: [c.pop("cell_type") for c in b["cells"]]),
    ),
    broken(
        name="version_in_words",
        what='nbformat "4", a text',
        damage=rewritten(lambda b: b.update(nbformat="4", nbformat_minor="5")),
    ),
    broken(
        name="version_true",
        what="nbformat true, which equals 1 in Python",
        earns=10,
        damage=rewritten(lambda b: b.update(nbformat=True)),
    ),
    broken(
        name="odd_but_readable",
        what="nbformat 4.0, a minor of 30 digits, no outputs, sources and ids that are no texts",
        earns=10,
        keeps=10,
        damage=rewritten(odd),
    ),
    broken(name="huge_number", what="a whole number of 100,000 digits", earns=10, damage=number),
    broken(
        name="lone_surrogate",
        what="half a UTF-16 pair in a cell's source",
        earns=10,
        damage=with_cells(SURROGATE, text("\udfff")),
    ),
    broken(
        name="nul_in_source",
        what="NUL bytes and a form feed in a cell's source",
        earns=10,
        keeps=10,
        damage=with_cells(code("x = 1\0\f\nprint(x)")),
    ),
    broken(
        name="million_newlines",
        what="a code cell and a heading of a million line ends, for a regular expression to chew",
        earns=10,
        damage=with_cells(code("\n" * 10**6), text("#\n" * 500_000)),
    ),
    broken(
        name="line_of_classes",
        what="a free-form notebook of one line with 'class a(' 100,000 times",
        damage=free_form(code("class a(" * 100_000)),
    ),
    broken(
        name="deep_source",
        what="a check cell whose expression is nested 200,000 deep",
        earns=10,
        damage=with_cells(
            code('check("step1.load")\n' + "-" * 200_000 + "1"),
            code('check("step1.load")\nx = ' + "(" * 200_000),
        ),
    ),
    broken(
        name="hundred_thousand_cells",
        what="100,000 code cells",
        earns=10,
        damage=with_cells(*[code("1")] * 100_000),
    ),
    broken(
        name="sixty_megabytes",
        what="a file of 60 MB of spaces",
        damage=instead(lambda path: (path.touch(), os.truncate(path, 60 * 2**20))),
    ),
    broken(
        name="link_to_the_solution",
        what="the notebook is a symbolic link to the solution",
        damage=instead(
            lambda path: path.symlink_to(
                Path(__file__).parents[3] / "solutions" / "gnn_recommender" / FILE
            )
        ),
    ),
    broken(
        name="link_to_a_neighbour",
        what="the notebook is a symbolic link to an honest student's",
        damage=instead(
            lambda path: path.symlink_to(
                next(path.parents[2].glob("*_honest")) / "gnn_recommender" / FILE
            )
        ),
    ),
    broken(
        name="link_to_passwd",
        what="the notebook is a symbolic link to /etc/passwd",
        damage=instead(lambda path: path.symlink_to("/etc/passwd")),
    ),
    broken(
        name="link_to_itself",
        what="a link in a circle",
        damage=instead(lambda path: path.symlink_to(path.name)),
    ),
    broken(name="folder_as_notebook", what="a folder of that name", damage=instead(Path.mkdir)),
    broken(name="pipe_as_notebook", what="a FIFO of that name", damage=instead(os.mkfifo)),
    broken(
        name="unreadable_file",
        what="a file without permission to read it",
        earns=10,  # root may read it all the same
        damage=lambda folder: (folder / FILE).chmod(0),
    ),
)
