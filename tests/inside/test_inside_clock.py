"""A cell's limit counts the time in which its code could run, not that of others."""

from __future__ import annotations

import sys
import time

import pytest

from autograder.inside import clock
from autograder.inside.clock import CellTimeout, delayed, limited

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def loop(seconds: float) -> float:
    begin = time.monotonic()
    with limited(seconds):
        while time.monotonic() - begin < 5:
            pass
    return time.monotonic() - begin


def ended(seconds: float) -> float:
    begin = time.monotonic()
    with pytest.raises(CellTimeout):
        loop(seconds)
    return time.monotonic() - begin


@linux
def test_a_loop_is_stopped() -> None:
    assert ended(0.2) >= 0.2


@linux
def test_what_others_took_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = time.monotonic()
    monkeypatch.setattr(clock, "delayed", lambda: (time.monotonic() - begin) / 2)
    assert ended(0.3) > 0.5  # half of the time was others'


@linux
def test_there_is_an_end_however_busy_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = time.monotonic()
    monkeypatch.setattr(clock, "delayed", lambda: time.monotonic() - begin)
    assert 0.4 <= ended(0.1) < 4


@linux
def test_the_delay_is_the_kernels() -> None:
    assert delayed() >= 0 and delayed(0) == 0.0
