"""Names and neighbours of the notebook: hostile file names, and modules handed in beside it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from attacks import Attack

right = partial(Attack, kind="innocent", base="solution", earns=10, keeps=10)
hostile = partial(Attack, kind="break", base="solution", earns=10)


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


ATTACKS = (
    right(
        name="modules_beside_the_notebook",
        what="hands in pandas.py, torch.py, autograder.py, conftest.py and pytest.ini as well",
        damage=modules,
    ),
    hostile(
        name="name_of_a_formula",
        what="a student whose name is a spreadsheet's formula",
        student='=HYPERLINK("http:hostile","marks")',
    ),
    hostile(
        name="name_of_a_terminal",
        what="a student whose name holds line ends, escape sequences and rich markup",
        student="\x1b[2J\x1b[31mhostile\n[bold red]x\r",
    ),
    hostile(
        name="name_of_no_utf8",
        what="a student whose name is no UTF-8",
        student=b"hostile_\xff\xfe".decode("utf-8", "surrogateescape"),
    ),
    hostile(
        name="name_that_is_long",
        what="a student whose name has 250 characters, of many scripts and directions",
        student="hostile\u202e" + "ß" * 80 + "\u200f" * 20,
    ),
    hostile(name="name_that_climbs", what="a name with dots", student="...hostile.."),
    hostile(
        name="file_of_a_terminal",
        what="a broken second notebook whose file name is escape sequences",
        damage=second_notebook,
    ),
    Attack(
        name="error_of_a_terminal",
        kind="break",
        what="an error message of escape sequences, markup and a formula",
        earns=3,
        base="solution",
        cells={
            "load": r"""
def load():
    raise RuntimeError("\x1b[2J\x1b]0;hostile\x07[bold red]=cmd|'/c calc'!A1\u202e")
df = load()
"""
        },
    ),
)
