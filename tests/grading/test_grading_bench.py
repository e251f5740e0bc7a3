"""The judge in a process of its own: the same verdicts, and its death is one submission's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import course_data
from autograder.evidence.arrays import array
from autograder.evidence.schema import Evidence, Frame
from autograder.grading.bench import HERE, JudgeError, OwnProcess
from autograder.grading.whole_class import _not_graded
from autograder.handin.submission import Submission

DATA = course_data.path("user_artists.dat", "sample")


@pytest.fixture(scope="module")
def bench() -> Iterator[OwnProcess]:
    with OwnProcess() as found:
        yield found


def pid(bench: OwnProcess) -> int:
    assert bench._process
    return bench._process.pid


def test_it_says_what_is_said_here(bench: OwnProcess) -> None:
    evidence = Evidence(report="a report")
    assert bench.work_out(evidence, DATA) == HERE.work_out(evidence, DATA)
    outcomes = bench.judge(evidence, DATA, True)
    assert outcomes == HERE.judge(evidence, DATA, True)
    assert bench.doubts(evidence, outcomes, [], True) == HERE.doubts(evidence, outcomes, [], True)
    asked = Submission("ada", ()), outcomes, [evidence], [outcomes]
    assert bench.diagnose(*asked) == HERE.diagnose(*asked)


def test_its_death_is_one_submissions(bench: OwnProcess) -> None:
    before = pid(bench)
    os.kill(before, signal.SIGKILL)
    with pytest.raises(JudgeError, match="the judge died over this submission"):
        bench.judge(Evidence(), DATA, True)
    assert len(bench.judge(Evidence(), DATA, True)) == len(HERE.judge(Evidence(), DATA, True))
    assert pid(bench) != before


def test_a_fault_is_said_and_costs_nobody_the_judge(bench: OwnProcess, tmp_path: Path) -> None:
    before = pid(bench)
    with pytest.raises(JudgeError, match="missing.dat"):
        bench.work_out(Evidence(), tmp_path / "missing.dat")
    assert bench.judge(Evidence(), DATA, True) and pid(bench) == before


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited on Linux")
def test_it_has_a_limit_of_memory() -> None:
    rows = 4_000_000
    big = array(np.zeros((rows, 3)), "int64")
    frame = Frame(columns=["a"], dtypes=["int64"], rows=rows, first_row=["0"], values=big)
    with OwnProcess(memory=64 * 2**20) as small:
        with pytest.raises(JudgeError, match="MemoryError|judge died"):
            small._ask("work_out", frame, DATA)
        assert small.judge(Evidence(), DATA, True)


def test_a_record_says_that_it_died() -> None:
    record = _not_graded(Submission("eve", ()), JudgeError("the judge died over this submission"))
    assert record.status == "not graded" and "the judge died" in record.problems[0]
    assert all(o.status == "grader_error" for o in record.marks.outcomes)
