"""Right but unusual programs: full marks, and no finding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bank import FOLDER, KEYS, Program, program_of, programs
from bank_run import Result
from cases import read

RIGHT = programs("right")


def test_there_are_sixty_and_a_third_was_held_out() -> None:
    assert len({p.source for p in RIGHT}) == len(RIGHT) >= 60
    assert sum(p.held_out for p in RIGHT) >= 0.3 * len(RIGHT)
    assert not any(p.ids for p in RIGHT)


def test_each_program_is_in_the_folder_of_its_first_name() -> None:
    for path in FOLDER.rglob("*.case"):
        program = program_of(read(path, KEYS))
        first = program.ids[0] if program.ids else "unknown" if program.unknown else "right"
        assert path.parent.name == first, path


@pytest.mark.slow
def test_nobody_is_accused(examined: Callable[[str], list[tuple[Program, Result]]]) -> None:
    found = examined("right")
    assert [(p.name, r.ids) for p, r in found if r.ids] == []
    docked = [f"{p.name}: {r.points}, {r.failed}" for p, r in found if r.points < 90]
    assert len(docked) <= 2, docked  # a second AUC beside the first one is not told apart yet
