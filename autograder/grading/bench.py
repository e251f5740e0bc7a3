"""Where evidence is judged: in this process, or in one of its own, whose death is one record.

What a submission hands over may fill the memory of whoever goes through it, or kill Python.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from autograder.evidence.schema import Evidence
from autograder.handin.submission import Submission
from autograder.inside.process import die_with_parent, limit_memory
from autograder.inside.protocol import TaskCell
from autograder.inside.randomness import one_thread
from autograder.limits import GRADER_MEMORY, JUDGING_SECONDS
from autograder.rules.diagnosis import Diagnosis
from autograder.rules.outcome import Outcome
from autograder.truth import truth

_LENGTH = struct.Struct("<Q")


class JudgeError(Exception):
    """The judge died, or failed, over one submission."""


class Bench:
    """Judges evidence where it is called."""

    def work_out(self, evidence: Evidence, data: Path) -> Evidence:
        """The evidence, with what follows from its traces, on this data file."""
        from autograder.rules.worked_out import worked_out

        return worked_out(evidence, truth(data))

    def judge(self, evidence: Evidence, data: Path, numbered: bool) -> list[Outcome]:
        """The outcome of every check."""
        from autograder.rules.judge import judge

        return judge(evidence, truth(data), numbered=numbered)

    def doubts(
        self, evidence: Evidence, outcomes: list[Outcome], cells: list[TaskCell], stand_in: bool
    ) -> dict[str, str]:
        """For each exercise why its evidence is not to be believed, where there is a reason."""
        from autograder.grading.doubts import all_doubts

        return all_doubts(evidence, outcomes, cells, stand_in)

    def diagnose(
        self,
        submission: Submission,
        outcomes: list[Outcome],
        evidence: list[Evidence],
        ways: list[list[Outcome]],
    ) -> Diagnosis:
        """The mistakes by name, with their proofs and places."""
        from autograder.rules.diagnosis import diagnose

        return diagnose(submission, outcomes, evidence, ways)


HERE = Bench()
METHODS = ("work_out", "judge", "doubts", "diagnose")


class OwnProcess(Bench):
    """Judges in a process of its own, under a memory limit; started again when it has died.

    Use it as a context manager. It may be called from several threads: one is served at a time, so
    that nobody's evidence takes another one's judge away.
    """

    def __init__(self, memory: int = GRADER_MEMORY) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> OwnProcess:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def work_out(self, evidence: Evidence, data: Path) -> Evidence:
        """As `Bench.work_out`; raises JudgeError."""
        found: Evidence = self._ask("work_out", evidence, data)
        return found

    def judge(self, evidence: Evidence, data: Path, numbered: bool) -> list[Outcome]:
        """As `Bench.judge`; raises JudgeError."""
        found: list[Outcome] = self._ask("judge", evidence, data, numbered)
        return found

    def doubts(
        self, evidence: Evidence, outcomes: list[Outcome], cells: list[TaskCell], stand_in: bool
    ) -> dict[str, str]:
        """As `Bench.doubts`; raises JudgeError."""
        found: dict[str, str] = self._ask("doubts", evidence, outcomes, cells, stand_in)
        return found

    def diagnose(
        self,
        submission: Submission,
        outcomes: list[Outcome],
        evidence: list[Evidence],
        ways: list[list[Outcome]],
    ) -> Diagnosis:
        """As `Bench.diagnose`; raises JudgeError."""
        found: Diagnosis = self._ask("diagnose", submission, outcomes, evidence, ways)
        return found

    def _ask(self, name: str, *args: Any) -> Any:
        with self._lock:
            if self._process is None:
                self._start()
            process = self._process
            assert process and process.stdin and process.stdout
            timer = threading.Timer(JUDGING_SECONDS, process.kill)
            timer.daemon = True
            timer.start()
            try:
                _send(process.stdin, (name, args))
                right, value = _receive(process.stdout)
            except (OSError, EOFError, ValueError):
                self._stop()
                code = process.returncode
                raise JudgeError(
                    f"the judge died over this submission (exit code {code}: it took more than "
                    f"{self._memory // 2**20} MiB, or {JUDGING_SECONDS:g} s?)"
                ) from None
            finally:
                timer.cancel()
        if not right:
            raise JudgeError(value)
        return value

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "autograder.grading.bench", str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.communicate()


def _send(stream: IO[bytes], value: object) -> None:
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)  # both ends are ours
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    data = stream.read(_LENGTH.unpack(head)[0])
    return pickle.loads(data)


def serve(memory: int) -> None:
    """Answer on standard input and output until the other end closes."""
    import autograder.rules.judge  # noqa: F401  (so that the limit is over what it takes itself)

    one_thread()
    die_with_parent()
    reader, writer = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed is no answer
    limit_memory(memory)
    methods: dict[str, Callable[..., Any]] = {name: getattr(HERE, name) for name in METHODS}
    with contextlib.suppress(EOFError, OSError, MemoryError, KeyboardInterrupt):
        while True:
            name, args = _receive(reader)
            try:
                answer = True, methods[name](*args)
            except Exception as error:  # whatever it is, it is one submission's
                answer = False, f"{type(error).__name__}: {error}"[:400]
            _send(writer, answer)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
