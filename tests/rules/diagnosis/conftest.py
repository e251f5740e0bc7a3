"""The programs of a bank, examined once for the tests of a file, two at a time."""

from __future__ import annotations

import os

import pytest
from bank_run import Options, Result, examine_all

DATA = os.environ.get("BANK_DATA", "sample")  # on demand: lastfm, or a file


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> dict[str, Result]:
    """What the grader and the diagnosis say, by name, of every program that was asked for.

    These are the tests of the file that `-k` and the like have left, so one is examined alone.
    """
    calls = [getattr(i, "callspec", None) for i in request.session.items if i.path == request.path]
    chosen = [call.params["program"] for call in calls if call and "program" in call.params]
    by_name = {program.name: program for program in chosen}
    return {p.name: r for p, r in examine_all(by_name.values(), Options(data=DATA))}
