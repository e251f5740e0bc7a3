"""Innocent damage and ordinary mishaps: marks must be those of the honest work, 10 points."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from attacks import Attack

innocent = partial(Attack, kind="innocent", base="solution", earns=10, keeps=10)
FILE = "step1_data_loading.ipynb"


def edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Change the notebook as a dictionary."""

    def damage(folder: Path) -> None:
        book = json.loads((folder / FILE).read_text())
        edit(book)
        (folder / FILE).write_text(json.dumps(book))

    return damage


def encoded(encode: Callable[[str], bytes]) -> Callable[[Path], None]:
    """Change the notebook's bytes."""
    return lambda folder: (folder / FILE).write_bytes(encode((folder / FILE).read_text())) and None


def renamed(name: str) -> Callable[[Path], None]:
    """Change the file's name."""
    return lambda folder: (folder / FILE).rename(folder / name) and None


def _cell(book: dict[str, Any], words: str) -> int:
    found = (i for i, cell in enumerate(book["cells"]) if words in "".join(cell["source"]))
    return next(found)


def _copy(book: dict[str, Any], words: str) -> None:
    at = _cell(book, words)
    book["cells"].insert(at, dict(book["cells"][at]))


def _split(book: dict[str, Any]) -> None:
    at = _cell(book, "df.rename(")
    first, *rest = "".join(book["cells"][at]["source"]).split("df = df.rename(")
    second = dict(book["cells"][at], source="df = df.rename(" + rest[0], metadata={}, id="second")
    book["cells"][at]["source"] = first
    book["cells"].insert(at + 1, second)


def _delete(book: dict[str, Any], words: str) -> None:
    del book["cells"][_cell(book, words)]


def _replace(book: dict[str, Any], words: str, other: str) -> None:
    at = _cell(book, words)
    book["cells"][at]["source"] = "".join(book["cells"][at]["source"]).replace(words, other)


def _strip(book: dict[str, Any]) -> None:
    book["metadata"] = {}
    for cell in book["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    book["nbformat_minor"] = 4


def _schema(book: dict[str, Any]) -> None:
    for cell in book["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 1


def _markdown(book: dict[str, Any]) -> None:
    cell = book["cells"][_cell(book, 'check("step1.explore")')]
    cell["cell_type"] = "markdown"
    cell.pop("outputs"), cell.pop("execution_count")


def _format_3(book: dict[str, Any]) -> None:
    cells = book.pop("cells")
    for cell in cells:
        cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
            cell["language"], cell["prompt_number"] = "python", cell.pop("execution_count")
    book.update(nbformat=3, nbformat_minor=0, worksheets=[{"cells": cells, "metadata": {}}])
    book["metadata"] = {"name": ""}


def _format_4_0(book: dict[str, Any]) -> None:
    book["nbformat_minor"] = 0
    for cell in book["cells"]:
        cell.pop("id", None)


def _first(book: dict[str, Any], source: str) -> None:
    cell = {"cell_type": "code", "id": "first", "metadata": {}, "outputs": [], "source": source}
    book["cells"].insert(0, cell | {"execution_count": None})


def _kernel(book: dict[str, Any]) -> None:
    book["metadata"]["kernelspec"] = {"name": "rec_gnn", "display_name": "rec_gnn (3.9)"}


def case(
    name: str, what: str, damage: Callable[[Path], None], row: str = "", keeps: float = 10
) -> Attack:
    """An innocent notebook."""
    return innocent(name=name, what=what, damage=damage, row=row, keeps=keeps)


WAS = 'pd.read_csv(course_data.path("user_artists.dat"), sep="\\t")'
ABSOLUTE = 'pd.read_csv("/home/anna/course/user_artists.dat", sep="\\t")'
WARNS = "import sys, warnings\nwarnings.warn('deprecated')\nprint('careful', file=sys.stderr)"

ATTACKS = (
    case(
        "copied_test_cell",
        "a check cell stands there twice",
        edited(lambda b: _copy(b, 'check("step1.load")')),
        "copied test or solution cell",
    ),
    case("copied_cell", "a solution cell twice", edited(lambda b: _copy(b, "df.rename("))),
    case("split_cell", "a solution cell was split in two", edited(_split)),
    case(
        "deleted_test_cell",
        "a check cell was deleted",
        edited(lambda b: _delete(b, 'check("step1.load")')),
        "deleted test cell",
    ),
    case("schema_version_1", "nbgrader's old schema", edited(_schema), "schema_version 1"),
    case("stripped_metadata", "no metadata, no ids", edited(_strip), "all metadata stripped"),
    case("bom", "a byte order mark", encoded(lambda t: t.encode("utf-8-sig")), "BOM"),
    case(
        "utf_16",
        "UTF-16, as Windows PowerShell writes",
        encoded(lambda t: t.encode("utf-16")),
        "UTF-16",
    ),
    case(
        "crlf", "line ends of Windows", encoded(lambda t: t.replace("\n", "\r\n").encode()), "CRLF"
    ),
    case("renamed", "another file name", renamed("Step 1 - final (2).ipynb"), "renamed"),
    case("upper_case_ending", "another ending", renamed("step1_data_loading.IPYNB")),
    case("nbformat_3", "nbformat 3", edited(_format_3), "nbformat 3"),
    case("nbformat_4_0", "nbformat 4.0", edited(_format_4_0), "4.0"),
    case("unknown_kernel", "a kernel of their own", edited(_kernel), "unknown kernel"),
    case(
        "test_as_markdown",
        "a check cell turned to markdown",
        edited(_markdown),
        "test turned to markdown",
    ),
    case(
        "absolute_path",
        "the data under a path of their own machine",
        edited(lambda b: _replace(b, WAS, ABSOLUTE)),
    ),
    case(
        "pip_install",
        "!pip install first",
        edited(lambda b: _first(b, "!pip install torch\n%pip install pandas\n%matplotlib inline")),
    ),
    Attack(
        name="missing_import",
        kind="innocent",
        what="imports that stood in the notebooks of steps 3 and 4, and not in this one",
        step=5,
        base="solution",
        earns=15,
        keeps=15,
        cells={
            "setup_imports": "from torch_geometric.utils import negative_sampling\n"
            "from autograder.notebook import check, checkpoint, seed_everything\nseed_everything(0)"
        },
    ),
    case(
        "a_warning",
        "warnings in correct code",
        edited(lambda b: _replace(b, "preview = df.head()", WARNS + "\npreview = df.head()")),
        "a warning in correct code",
    ),
)
