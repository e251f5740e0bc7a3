"""What no text of a case can hold: bytes that are no notebook, links, pipes, files beside it.

A case names a function of `DAMAGES` as its `damage:`; each changes the folder that is handed in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Book = dict[str, Any]
Damage = Callable[[Path], None]
KIT = Path(__file__).parents[3]
FILE = "step1_data_loading.ipynb"


def replaced(content: bytes) -> Damage:
    """The file is this instead."""
    return lambda folder: (folder / FILE).write_bytes(content) and None


def with_cells(*cells: dict[str, Any]) -> Damage:
    """Add cells to the notebook."""

    def damage(folder: Path) -> None:
        book = json.loads((folder / FILE).read_text())
        book["cells"] += cells
        (folder / FILE).write_text(json.dumps(book))

    return damage


def rewritten(change: Callable[[Book], object]) -> Damage:
    """Change the notebook as a dictionary."""

    def damage(folder: Path) -> None:
        book = json.loads((folder / FILE).read_text())
        change(book)
        (folder / FILE).write_text(json.dumps(book))

    return damage


def odd(book: Book) -> None:
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


def prose(source: str) -> dict[str, Any]:
    """A markdown cell."""
    return {"cell_type": "markdown", "id": "added", "metadata": {}, "source": source}


def instead(make: Callable[[Path], object]) -> Damage:
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


def line_of_classes(folder: Path) -> None:
    """A notebook of the student's own form, with one endless line."""
    (folder / FILE).unlink()
    cells = [code("class a(" * 100_000)]
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (folder / "mine.ipynb").write_text(json.dumps(book))


def encoded(encode: Callable[[str], bytes]) -> Damage:
    """Change the notebook's bytes."""
    return lambda folder: (folder / FILE).write_bytes(encode((folder / FILE).read_text())) and None


def renamed(name: str) -> Damage:
    """Change the file's name."""
    return lambda folder: (folder / FILE).rename(folder / name) and None


def _cell(book: Book, words: str) -> int:
    numbered = enumerate(book["cells"])
    return next(i for i, cell in numbered if words in "".join(cell["source"]))


def _copy(book: Book, words: str) -> None:
    at = _cell(book, words)
    book["cells"].insert(at, dict(book["cells"][at]))


def _split(book: Book) -> None:
    at = _cell(book, "df.rename(")
    first, *rest = "".join(book["cells"][at]["source"]).split("df = df.rename(")
    second = dict(book["cells"][at], source="df = df.rename(" + rest[0], metadata={}, id="second")
    book["cells"][at]["source"] = first
    book["cells"].insert(at + 1, second)


def _delete(book: Book, words: str) -> None:
    del book["cells"][_cell(book, words)]


def _strip(book: Book) -> None:
    book["metadata"] = {}
    for cell in book["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    book["nbformat_minor"] = 4


def _schema(book: Book) -> None:
    for cell in book["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 1


def _markdown(book: Book) -> None:
    cell = book["cells"][_cell(book, 'check("step1.explore")')]
    cell["cell_type"] = "markdown"
    cell.pop("outputs"), cell.pop("execution_count")


def _format_3(book: Book) -> None:
    cells = book.pop("cells")
    for cell in cells:
        cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
            cell["language"], cell["prompt_number"] = "python", cell.pop("execution_count")
    book.update(nbformat=3, nbformat_minor=0, worksheets=[{"cells": cells, "metadata": {}}])
    book["metadata"] = {"name": ""}


def _format_4_0(book: Book) -> None:
    book["nbformat_minor"] = 0
    for cell in book["cells"]:
        cell.pop("id", None)


def _kernel(book: Book) -> None:
    book["metadata"]["kernelspec"] = {"name": "rec_gnn", "display_name": "rec_gnn (3.9)"}


def modules(folder: Path) -> None:
    """Files with the names of modules that the notebooks and the grader import."""
    names = ("pandas", "torch", "autograder", "course_data", "sitecustomize", "conftest", "IPython")
    for name in names:
        (folder / f"{name}.py").write_text("raise SystemExit('hostile')\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")


def second_notebook(folder: Path) -> None:
    """A second notebook for the same step, of a terminal's escape sequences."""
    content = (folder / "step1_data_loading.ipynb").read_bytes()
    (folder / "\x1b[2J\x1b]0;hostile\x07\n.ipynb").write_bytes(content[:100])


def dying_cells(folder: Path) -> None:
    """Put 200 cells that end the process before the work, and one that counts them after it."""
    book = json.loads((folder / FILE).read_text())
    dying = 'import os; open("notes.txt", "a").write("died "); os._exit(1)'
    counting = 'print("DIED", open("notes.txt").read().count("died"))'
    cells = [code(dying) | {"id": f"dying-{number}"} for number in range(200)]
    book["cells"] = [*cells, *book["cells"], code(counting)]
    (folder / FILE).write_text(json.dumps(book))


def names_at_once(folder: Path) -> None:
    """One line that binds thousands of names to thousands of names."""
    (path,) = folder.glob("step5*.ipynb")
    book = json.loads(path.read_text())
    names = ",".join(f"n{number}" for number in range(12_000))
    (cell,) = (c for c in book["cells"] if c["id"] == "train")
    cell["source"] = f"{names} = {names}\ndef train(data):\n    return n0\n"
    path.write_text(json.dumps(book))


def _link_to_a_neighbour(path: Path) -> None:
    path.symlink_to(next(path.parents[2].glob("*_honest")) / "gnn_recommender" / FILE)


SOLUTION = KIT / "solutions" / "gnn_recommender" / FILE
DEEP = b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
WIDE = b'{"cells": [], "metadata": {"x": [' + b"[]," * (3 * 10**6) + b"0]}}"
DEEP_CELLS = (
    code('check("step1.load")\n' + "-" * 200_000 + "1"),
    code('check("step1.load")\nx = ' + "(" * 200_000),
)

DAMAGES: dict[str, Damage] = {
    # no notebook
    "half_a_file": half,
    "no_byte": replaced(b""),
    "no_utf8": replaced(b'{"cells": ["\xff\xfe\x80"]}'),
    "nul_bytes": replaced(bytes(10_000)),
    "json_list": replaced(b"[1, 2, 3]"),
    "nested_json": replaced(DEEP),
    "wide_json": replaced(WIDE),
    "huge_number": number,
    "sixty_megabytes": instead(lambda path: (path.touch(), os.truncate(path, 60 * 2**20))),
    "link_to_the_solution": instead(lambda path: path.symlink_to(SOLUTION)),
    "link_to_a_neighbour": instead(_link_to_a_neighbour),
    "link_to_passwd": instead(lambda path: path.symlink_to("/etc/passwd")),
    "link_to_itself": instead(lambda path: path.symlink_to(path.name)),
    "folder_as_notebook": instead(Path.mkdir),
    "pipe_as_notebook": instead(os.mkfifo),
    "unreadable_file": lambda folder: (folder / FILE).chmod(0),
    # says that it is a notebook of format 4, and is not quite
    "wrong_types": with_cells({"cell_type": 7, "source": {"a": 1}, "metadata": [], "id": []}),
    "cells_in_a_dictionary": rewritten(lambda b: b.update(cells={c["id"]: c for c in b["cells"]})),
    "cells_without_a_kind": rewritten(lambda b: [c.pop("cell_type") for c in b["cells"]]),
    "version_in_words": rewritten(lambda b: b.update(nbformat="4", nbformat_minor="5")),
    "version_true": rewritten(lambda b: b.update(nbformat=True)),
    "odd_but_readable": rewritten(odd),
    # cells that a text file cannot hold, or should not
    "lone_surrogate": with_cells(code("print('\ud800')"), prose("\udfff")),
    "nul_in_source": with_cells(code("x = 1\0\f\nprint(x)")),
    "million_newlines": with_cells(code("\n" * 10**6), prose("#\n" * 500_000)),
    "line_of_classes": line_of_classes,
    "deep_source": with_cells(*DEEP_CELLS),
    "hundred_thousand_cells": with_cells(*[code("1")] * 100_000),
    "dying_cells": dying_cells,
    "names_at_once": names_at_once,
    "lines_of_spaces": with_cells(*[code("\n" + " " * 190_000 + "!")] * 4),
    "many_functions": with_cells(
        code("".join(f"def f{n}():\n    return f{n + 1}()\n" for n in range(3000)))
    ),
    # innocent
    "copied_test_cell": rewritten(lambda b: _copy(b, 'check("step1.load")')),
    "copied_cell": rewritten(lambda b: _copy(b, "df.rename(")),
    "split_cell": rewritten(_split),
    "deleted_test_cell": rewritten(lambda b: _delete(b, 'check("step1.load")')),
    "schema_version_1": rewritten(_schema),
    "stripped_metadata": rewritten(_strip),
    "bom": encoded(lambda text: text.encode("utf-8-sig")),
    "utf_16": encoded(lambda text: text.encode("utf-16")),
    "crlf": encoded(lambda text: text.replace("\n", "\r\n").encode()),
    "renamed": renamed("Step 1 - final (2).ipynb"),
    "upper_case_ending": renamed("step1_data_loading.IPYNB"),
    "nbformat_3": rewritten(_format_3),
    "nbformat_4_0": rewritten(_format_4_0),
    "unknown_kernel": rewritten(_kernel),
    "test_as_markdown": rewritten(_markdown),
    # files beside the notebook
    "modules_beside": modules,
    "second_notebook": second_notebook,
}
