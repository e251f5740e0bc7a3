"""Where commands print: the two streams, and the one line that ends a command."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from autograder.printing import Printer, one_line

WIDTH = None if sys.stdout.isatty() else 120  # of tables in logs and files
out, err = Printer(width=WIDTH), Printer(stderr=True, soft_wrap=True)


def fail(message: object, code: int) -> NoReturn:
    """One line on standard error, and the exit code."""
    say(f"autograder: {message}")
    raise typer.Exit(code)


def say(line: object) -> None:
    """One line on standard error."""
    err.print(one_line(line), style=None, markup=False, highlight=False)


def tell(line: object) -> None:
    """One line on standard output, as long as it is."""
    out.print(str(line), markup=False, highlight=False, soft_wrap=True)
