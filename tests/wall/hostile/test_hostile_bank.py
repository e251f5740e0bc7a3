"""The bank itself: large enough, complete, and every attack builds what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attacks import KINDS, Attack, attacks, filled
from damage import DAMAGES
from hostile_bank import ROWS, build, changed, hand_in, neighbours, student

from autograder.contract import ASSIGNMENT, NOTEBOOKS

PLACES = dict.fromkeys(("KIT", "CLASS", "OUTPUT", "HOME", "OUTSIDE"), "/nowhere") | {"PORT": 1}
every = pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)


def test_there_are_at_least_fifty() -> None:
    assert len(attacks()) >= 50
    assert len({attack.name for attack in attacks()}) == len(attacks())
    assert {attack.kind for attack in attacks()} == set(KINDS)


def test_every_row_of_the_measurements_is_there() -> None:
    assert {attack.row for attack in attacks()} - {""} == set(ROWS)


@every
def test_it_can_be_told_from_honest_work(attack: Attack) -> None:
    """An attack changes something, says what, and earns no more than its steps have."""
    assert attack.cells or attack.program or attack.damage or attack.student
    assert attack.what and attack.kind in KINDS
    most = sum((10, 15, 20, 20, 15, 10)[step - 1] for step in {attack.step, *attack.also})
    assert 0 <= attack.keeps <= attack.earns <= most


@every
def test_its_notebook_is_built(attack: Attack) -> None:
    book = changed(attack, PLACES)
    sources = ["".join(cell["source"]) for cell in book["cells"]]
    assert not [s for s in sources for name in (*PLACES, "WAS") if f"@{name}@" in s]
    assert len(sources) >= 3


@pytest.mark.parametrize(
    "attack", [a for a in attacks() if not a.student], ids=lambda attack: attack.name
)
def test_it_changes_what_is_handed_in(attack: Attack, tmp_path: Path) -> None:
    names = neighbours(attack)
    build(tmp_path, PLACES, (attack,))
    folder = tmp_path / student(attack) / ASSIGNMENT
    whole = tmp_path / names[0] / ASSIGNMENT / f"{NOTEBOOKS['step1']}.ipynb"
    assert json.loads(whole.read_text())["cells"]
    (file, *others) = sorted(folder.iterdir())
    other = (file.name, file.lstat().st_mode) != (whole.name, whole.stat().st_mode)
    assert others or other or file.read_bytes() != whole.read_bytes()


def test_each_stands_between_two_honest_students(tmp_path: Path) -> None:
    build(tmp_path, PLACES)
    plain = [attack for attack in attacks() if not attack.student]
    order = sorted(path.name for path in tmp_path.iterdir())
    for attack in plain:
        at = order.index(student(attack))
        before, after = neighbours(attack)
        assert (order[at - 1], order[at + 1]) == (before, after)
        assert (tmp_path / student(attack) / ASSIGNMENT).is_dir()


def test_each_damage_belongs_to_an_attack() -> None:
    assert {attack.damage for attack in attacks()} - {None} == set(DAMAGES.values())


def test_a_cell_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError, match="no cell"):
        changed(Attack("x", "forge", "x", 0, cells={"no_such_cell": "1"}), PLACES)


def test_places_are_filled_in(tmp_path: Path) -> None:
    assert filled("open('@HOME@/x', @PORT@)", {"HOME": "/h", "PORT": 7}) == "open('/h/x', 7)"
    attack = Attack("x", "forge", "x", 0, base="solution", cells={"explore": "@WAS@\nmore"})
    hand_in(attack, tmp_path, PLACES)
    (file,) = tmp_path.iterdir()
    sources = ["".join(cell["source"]) for cell in json.loads(file.read_text())["cells"]]
    assert [s for s in sources if "nunique()" in s and s.endswith("more")]
