"""Probes: run beside the student's objects and write down plain facts, one module a step.

The sandbox and `autograder.notebook` call `observe`; nothing here judges.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from typing import Any

from autograder.arrays import Struct
from autograder.evidence import Absent, Evidence
from autograder.probes.limits import CellTimeout
from autograder.probes.plain import make_plain
from autograder.probes.session import Session


def observe(session: Session, step: str) -> Evidence:
    """Evidence of one step, such as `step3`, from what the session holds now.

    Prints nothing and keeps the notebook's objects as they were.

    Raises:
        KeyError: no such step.
    """
    if step not in Evidence.__struct_fields__:
        raise KeyError(step)
    module = importlib.import_module(f"{__name__}.{step}")
    with quiet():
        try:
            session.flags += make_plain(session.ns)
            found = module.probe(session)
        except CellTimeout:
            raise
        except BaseException as error:  # an object of the student's that raises wherever touched
            found = _nothing(step, session, error)
    return Evidence(**{step: found})


def _nothing(step: str, session: Session, error: BaseException) -> Struct:
    kind: Any = getattr(importlib.import_module("autograder.evidence"), step.capitalize())
    absent = Absent(name=step, error=session.cell_error(error))
    return kind(**dict.fromkeys(kind.__struct_fields__, absent))


@contextlib.contextmanager
def quiet() -> Any:
    """No output and no warnings inside the block."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


__all__ = ["Session", "observe", "quiet"]
