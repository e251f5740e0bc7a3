"""Makes the sample class's notebooks, `submitted/`, from the released ones and `answers/*.md`.

Run it by hand, `python tests/sample_class/make.py [--check]`, when a notebook or an answer has
changed; the tests call `drifts`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode, v4

from autograder.contract import ASSIGNMENT, NOTEBOOKS

HERE = Path(__file__).parent
RELEASED = HERE.parents[1] / "assignments" / ASSIGNMENT
FREE_FORM = {"hana": "project"}  # the whole answer is one notebook of this name
ANSWER = re.compile(r"^## (step\d)\.(\w+)\n```(python|markdown)\n(.*?)\n```$", re.M | re.S)
HANDS_IN = re.compile(r"^Hands in: (.+)$", re.M)


def class_files() -> dict[Path, bytes]:
    """Every submitted notebook by its path below `submitted/`.

    Raises:
        ValueError: an answer names a cell that the released notebook does not have, or locks.
    """
    found = {}
    for path in sorted((HERE / "answers").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        whole = FREE_FORM.get(path.stem)
        made = {whole: free_form(text)} if whole else stepwise(text, path.name)
        for name, book in made.items():
            target = Path(path.stem) / ASSIGNMENT / f"{name}.ipynb"
            content = nbformat.writes(book, version=4).rstrip("\n") + "\n"
            found[target] = content.encode("utf-8")
    return found


def stepwise(text: str, source: str) -> dict[str, NotebookNode]:
    """The released notebooks with one student's answers in them, by name."""
    hands_in = HANDS_IN.search(text)
    steps = hands_in.group(1).split() if hands_in else list(NOTEBOOKS)
    books = {
        step: nbformat.read(RELEASED / f"{NOTEBOOKS[step]}.ipynb", as_version=4) for step in steps
    }
    answered: set[str] = set()
    for step, name, language, answer in ANSWER.findall(text):
        key = f"{step}.{name}"
        cells = books[step].cells if step in books else []
        place = next((i for i, cell in enumerate(cells) if cell.id == name), None)
        if place is None or cells[place].metadata.get("nbgrader", {}).get("locked"):
            raise ValueError(f"{source}: {key}: the released notebook has no such cell to fill in")
        if key in answered:  # a second block is a cell of the student's own, after the first
            cells.insert(place + 1, v4.new_code_cell(answer, id=f"{name}_own"))
        elif (cells[place].cell_type == "code") != (language == "python"):
            raise ValueError(f"{source}: {key}: {language} in a {cells[place].cell_type} cell")
        else:
            cells[place].source = answer
        answered.add(key)
    return {NOTEBOOKS[step]: book for step, book in books.items()}


def free_form(text: str) -> NotebookNode:
    """A whole notebook in Markdown."""
    book = jupytext.reads(text, fmt="md")
    for number, cell in enumerate(book.cells):
        cell.id, cell.metadata = f"cell{number}", NotebookNode()
    book.metadata = NotebookNode(
        kernelspec={"display_name": "rec_gnn", "language": "python", "name": "rec_gnn"}
    )
    book.nbformat_minor = 5
    return book


def drifts() -> list[str]:
    """The files below `submitted/` that are missing, differ or should not be there."""
    wanted, folder = class_files(), HERE / "submitted"
    present = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return sorted(str(p) for p in wanted.keys() | present.keys() if wanted.get(p) != present.get(p))


def main() -> int:
    """Write what is not up to date, or with `--check` only name it."""
    changed = drifts()
    print("\n".join(changed) or "The sample class is up to date.")
    if "--check" in sys.argv[1:]:
        return bool(changed)
    wanted = class_files()
    for name in changed:
        target = HERE / "submitted" / name
        if Path(name) in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wanted[Path(name)])
        else:
            target.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
