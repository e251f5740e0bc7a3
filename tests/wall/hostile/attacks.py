"""The hostile bank's attacks: what each does, which notebook it changes, what it earns at most.

Each is a case file in `cases`; what no text can hold, such as bytes that are no notebook, is a
function of `damage`. In an attack's code `@WAS@` stands for the cell's own source; `@KIT@`,
`@CLASS@`, `@OUTPUT@`, `@HOME@`, `@OUTSIDE@` and `@PORT@` for places outside the wall, which whoever
has the source at hand may know; and the name of a file in `tools`, as `@FRAMES@`, for that file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
from cases import CaseFile, read_all
from damage import DAMAGES

from autograder.contract import ASSIGNMENT, NOTEBOOKS

KIT = Path(__file__).parents[3]
CASES, TOOLS = Path(__file__).parent / "cases", Path(__file__).parent / "tools"
SOURCES = {"blank": KIT / "assignments", "solution": KIT / "solutions"}
NEEDED = ("setup_imports", "start")  # what the graded cells need
KINDS = ("forge", "read", "write", "break", "survive", "innocent")
KEYS = ("base", "kind", "what", "earns", "keeps", "also", "row", "flags", "proof", "machine")
KEYS += ("student", "damage")


@dataclass(frozen=True)
class Attack:
    """One submission that attacks, breaks, or is innocently damaged.

    Args:
        kind: one of KINDS. What a `read` attack got it tells as an exception, `LOOT[...]`.
        what: what it does, in one line.
        earns: points that the work behind it earns at most, of the automatic ones.
        keeps: points that it must not lose.
        step: the notebook that it changes; it alone is handed in, and those of `also`.
        base: `blank`, as students get it, or `solution`.
        cells: new sources by cell id; `first` and `last` add a cell.
        program: all of a notebook of another form, in percent format, in place of step and base.
        damage: changes the files of the folder that is handed in.
        row: the row of the measurements table that it stands for.
        flagged: whether a person must be told, since no machine can tell right from forged here.
        proof: what its record or its executed copy holds if it got to what it attacks.
        machine: why nbgrader, which has no wall, is not given it.
        student: name of the student's folder, where the name itself is the attack.
    """

    name: str
    kind: str
    what: str
    earns: float
    keeps: float = 0.0
    step: int = 1
    base: str = "blank"
    cells: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    damage: Callable[[Path], None] | None = None
    also: tuple[int, ...] = ()
    row: str = ""
    flagged: bool = False
    proof: str = ""
    machine: str = ""
    student: str = ""


@cache
def attacks() -> tuple[Attack, ...]:
    """Every attack, in the order in which they are handed in."""
    return read_all(CASES, KEYS, attack_of)


def attack_of(case: CaseFile) -> Attack:
    """The attack of a case file."""
    base, step, cells = "blank", 1, {}
    if not case.program:
        known = (f"{base}/step{n}" for base in SOURCES for n in range(1, 7))
        base, _, name = case.one_of("base", known).partition("/step")
        step = int(name)
        sources = {c["id"]: "".join(c["source"]) for c in notebook(base, step)["cells"]}
        cells = {key: filled(new, tools()) for key, new in case.patched(sources).items()}
    damage = case.one_of("damage", DAMAGES) if "damage" in case.header else ""
    return Attack(
        name=case.name,
        kind=case.one_of("kind", KINDS),
        what=case.text("what"),
        earns=case.number("earns"),
        keeps=case.number("keeps", 0),
        step=step,
        base=base,
        cells=cells,
        program=case.program,
        damage=DAMAGES[damage] if damage else None,
        also=tuple(int(number) for number in case.words("also", "123456")),
        row=case.text("row", ""),
        flagged="flagged" in case.words("flags", ("flagged",)),
        proof=case.text("proof", ""),
        machine=case.text("machine", ""),
        student=case.text("student", ""),
    )


@cache
def tools() -> dict[str, str]:
    """Code that attacks have in common because it knows the kit from inside, by its name."""
    texts = {path.stem.upper(): path.read_text(encoding="utf-8") for path in TOOLS.glob("*.txt")}
    return {name: text.strip("\n") for name, text in texts.items()}


def filled(source: str, places: Mapping[str, object]) -> str:
    """The source with its places filled in."""
    for name, value in places.items():
        source = source.replace(f"@{name}@", str(value))
    return source


def notebook(base: str, step: int) -> dict[str, Any]:
    """A notebook of the course as a dictionary of its own, without prose and toy examples."""
    name = NOTEBOOKS[f"step{step}"]
    file = SOURCES[base] / ASSIGNMENT / f"{name}.ipynb"
    book = json.loads(file.read_text(encoding="utf-8"))
    book["cells"] = [cell for cell in book["cells"] if cell["id"] in NEEDED or _graded(cell)]
    return book


def free_form(program: str) -> dict[str, Any]:
    """The notebook of a program in percent format."""
    return dict(jupytext.reads(program, fmt="py:percent"))


def _graded(cell: dict[str, Any]) -> bool:
    settings = cell["metadata"].get("nbgrader", {})
    return bool(settings.get("grade") or settings.get("solution"))
