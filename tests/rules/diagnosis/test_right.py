"""Right but unusual programs: full marks, and no finding."""

from __future__ import annotations

import pytest
from bank import FOLDER, KEYS, Program, as_parameters, program_of, programs
from bank_run import Result
from cases import read

RIGHT = programs("right")
DOCKED: dict[str, str] = {}  # by name: why it does not have full marks yet


def test_there_are_sixty_and_twenty_five_were_held_out() -> None:
    assert len({p.source for p in RIGHT}) == len(RIGHT) >= 60
    assert sum(p.held_out for p in RIGHT) >= 25
    assert not any(p.ids for p in RIGHT)


def test_each_program_is_in_the_folder_of_its_first_name() -> None:
    for path in FOLDER.rglob("*.case"):
        program = program_of(read(path, KEYS))
        first = program.ids[0] if program.ids else "unknown" if program.unknown else "right"
        assert path.parent.name == first, path


@pytest.mark.slow
@pytest.mark.parametrize("program", as_parameters(RIGHT, DOCKED))
def test_nobody_is_accused(program: Program, results: dict[str, Result]) -> None:
    assert results[program.name].ids == ()


@pytest.mark.slow
@pytest.mark.parametrize("program", as_parameters(RIGHT, DOCKED))
def test_right_work_has_full_marks(program: Program, results: dict[str, Result]) -> None:
    result = results[program.name]
    assert (result.points + result.waiting, result.failed) == (90, ())
    assert set(result.waits) == set(program.waits)
