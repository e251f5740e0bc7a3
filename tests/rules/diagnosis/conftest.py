"""The programs of a bank, examined once a session, two at a time."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable

import pytest
from bank import Program, programs
from bank_run import Options, Result, examine_all

DATA = os.environ.get("BANK_DATA", "sample")  # on demand: lastfm, or a file


@pytest.fixture(scope="session")
def examined() -> Callable[[str], list[tuple[Program, Result]]]:
    """What the grader and the diagnosis say of every program of a kind."""
    options = Options(data=DATA)
    return functools.cache(lambda kind: list(examine_all(programs(kind), options)))
