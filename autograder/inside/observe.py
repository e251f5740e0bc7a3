"""Looks at what a step made, beside the student's objects, and writes down plain facts.

The sandbox and `autograder.notebook` call `observe`; nothing here judges.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from typing import Any

from autograder.evidence import schema
from autograder.evidence.arrays import Struct, text
from autograder.evidence.schema import Absent, Evidence
from autograder.inside.clock import CellTimeout
from autograder.inside.plain import make_plain
from autograder.inside.session import Session


def observe(session: Session, step: str) -> Evidence:
    """Evidence of one step, such as `step3`, from what the session holds now.

    Prints nothing and keeps the notebook's objects as they were.

    Raises:
        KeyError: no such step.
    """
    if step not in Evidence.__struct_fields__:
        raise KeyError(step)
    module = importlib.import_module(f"autograder.inside.{step}")
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
    """Evidence that there is none: what raised was the student's object, or else our own look."""
    kind: Any = getattr(schema, step.capitalize())
    raised = session.history.cell_error(error)
    absent = Absent(name=step, error=raised)
    if raised.cell is None:  # no line of a cell was running: this is never the student's mistake
        absent = Absent(name=step, fault=text(raised))
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
