"""The hostile bank: a class folder in which every attack sits between two honest students.

The tests grade it once; `report.py` grades it and has `nbgrader autograde` grade the same files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from attacks import Attack, attacks, filled, free_form, notebook

from autograder.contract import ASSIGNMENT, NOTEBOOKS

HONEST = 10.0  # points of the honest neighbours, who hand in step 1
Places = Mapping[str, object]  # what stands for `@KIT@` and the like

# Every row of the table "Hostile and broken submissions" in the measurements.
ROWS = (
    *("copied test or solution cell", "schema_version 1", "kills its parent"),
    *("child holds the sqlite lock", "deletes another student's folder"),
    *("sqlite manual_score=99", "extra_credit=7"),
    "double-forked daemon edits the database after grading",
    *("executes the solution notebook from disk", "reads hidden tests"),
    *("neuters run_cell_async", "object whose __eq__ is always true"),
    *("rebinds the comparison helper", "strips asserts by AST", "patches float display"),
    *("partial credit above the maximum", "endless loop", "uninterruptible loop", "os._exit"),
    *("SIGKILL (as by the OOM killer)", "sys.exit", "input()", "40 GiB allocation refused"),
    *("100 forks", "rm of the folder", "50 MB on one line", "a warning in correct code"),
    *("invalid JSON", "empty", "BOM", "UTF-16", "renamed", "deleted test cell"),
    *("all metadata stripped", "nbformat 3", "4.0", "CRLF", "test turned to markdown"),
    "unknown kernel",
)


def student(attack: Attack) -> str:
    """The name of the attacker's folder: numbered, unless the name itself is the attack."""
    return attack.student or f"{attacks().index(attack):03d}_{attack.name}"


def neighbours(attack: Attack) -> tuple[str, str]:
    """The honest students before and after."""
    at = attacks().index(attack)
    return f"{at:03d}_0_honest", f"{at + 1:03d}_0_honest"


def record_of(attack: Attack, records: Mapping[str, Any]) -> Any:
    """The record of an attacker by name, whatever became of a name that cannot be shown."""
    if not attack.student or attack.student in records:
        return records.get(student(attack))
    ours = {student(a) for a in attacks()} | {name for a in attacks() for name in neighbours(a)}
    others = [name for name in records if name not in ours]
    likeness = (SequenceMatcher(None, name, attack.student).ratio() for name in others)
    best = max(zip(likeness, others, strict=True), default=(0.0, ""))
    return records.get(best[1]) if best[0] > 0.5 else None


def told(attack: Attack, record: Any, output: Path) -> str:
    """All that was written of an attack: its record, and its notebooks as they ran."""
    copies = (output / "executed" / student(attack)).glob("*.ipynb")
    cells = [cell for path in copies for cell in json.loads(path.read_text())["cells"]]
    shown = [cell.get("outputs", []) for cell in cells]  # not their sources
    return json.dumps([record, shown])


def build(folder: Path, places: Places, chosen: tuple[Attack, ...] = ()) -> None:
    """Write the class: an honest student, an attacker, an honest student, and so on."""
    for attack in chosen or attacks():
        for name in neighbours(attack):
            write(folder / name / ASSIGNMENT, NOTEBOOKS["step1"], notebook("solution", 1))
    for attack in chosen or attacks():
        hand_in(attack, folder / student(attack) / ASSIGNMENT, places)


def hand_in(attack: Attack, folder: Path, places: Places) -> None:
    """Write what one attacker hands in."""
    name = "mine" if attack.program else NOTEBOOKS[f"step{attack.step}"]
    write(folder, name, changed(attack, places))
    for step in attack.also:
        write(folder, NOTEBOOKS[f"step{step}"], notebook("solution", step))
    if attack.damage:
        attack.damage(folder)


def changed(attack: Attack, places: Places) -> dict[str, Any]:
    """The attack's notebook, before its file is damaged.

    Raises:
        KeyError: it changes a cell that there is not.
    """
    if attack.program:
        return free_form(filled(attack.program, places))
    book = notebook(attack.base, attack.step)
    for key, source in attack.cells.items():
        if key in ("first", "last"):
            book["cells"].insert(0 if key == "first" else len(book["cells"]), _cell(key))
        found = [cell for cell in book["cells"] if cell["id"] == key]
        if not found:
            raise KeyError(f"{attack.name}: no cell {key}")
        was = "".join(found[0]["source"])
        found[0]["source"] = filled(source, places | {"WAS": was}).strip("\n")
    return book


def _cell(key: str) -> dict[str, Any]:
    empty: dict[str, Any] = {"metadata": {}, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "id": key, "source": ""} | empty


def write(folder: Path, name: str, book: dict[str, Any]) -> None:
    """Write a notebook under this name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(book, indent=1), encoding="utf-8")
