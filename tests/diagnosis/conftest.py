"""Every program of the bank, examined once a session, two at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from bank import Program
from bank_run import Options, Result, examine

from autograder.randomness import one_thread
from autograder.sandbox import Sandbox

DATA = os.environ.get("BANK_DATA", "sample")  # on demand: lastfm, or a file


@pytest.fixture(scope="session")
def examined(request: pytest.FixtureRequest) -> Iterator[Callable[[Program], Result]]:
    """What the grader and the diagnosis say of a program."""
    wanted = [p for item in request.session.items if (p := _program(item))]
    one_thread()
    options = Options(data=DATA)
    with Sandbox("basic", 2) as sandbox, ThreadPoolExecutor(2) as pool:
        results: dict[str, Future[Result]] = {
            p.name: pool.submit(examine, sandbox, p, options)
            for p in {p.name: p for p in wanted}.values()
        }
        yield lambda program: results[program.name].result()
        for future in results.values():
            future.cancel()


def _program(item: pytest.Item) -> Program | None:
    call = getattr(item, "callspec", None)
    return call.params.get("program") if call else None
