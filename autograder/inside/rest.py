"""After a line that fails only here: the statements of its cell that do not depend on it.

`worker` and `chain` go on with them, so that a module that is not installed, a magic of another
place or a question to a GPU costs itself and not the cell. A mistake of the student's own ends its
cell, as it does in Jupyter.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterator
from typing import Any

# What a program says to end by itself, and what says that there is no room or no time to go on.
ENDS = (NotImplementedError, MemoryError, RecursionError, KeyboardInterrupt, SystemExit)
_NETWORK = ("urllib", "requests", "http", "socket")  # whose errors say that there is none
_FIXED: tuple[type, ...] = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType)
_FIXED += (int, float, complex, str, bytes, bool, type(None), range)  # nothing can half-change it
Execute = Callable[[ast.stmt, bool], None]  # a statement, and whether it is the cell's last


def statement_at(body: list[ast.stmt], error: BaseException, ns: dict[str, Any]) -> int | None:
    """Which statement of a cell raised, by the traceback's outermost line in this namespace."""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is ns and frame.f_code.co_name == "<module>":
            begun = [n for n, node in enumerate(body) if _first_line(node) <= trace.tb_lineno]
            return begun[-1] if begun else None
        trace = trace.tb_next
    return None


def go_on(
    body: list[ast.stmt], error: BaseException, ns: dict[str, Any], execute: Execute
) -> Iterator[tuple[ast.stmt, BaseException]]:
    """Run what is left of a cell after an exception, imports first.

    Yields:
        Each statement that raised, beginning with the first, and what it raised.
    """
    at = statement_at(body, error, ns)
    if at is None:
        return
    yield body[at], error
    if not of_the_surroundings(body[at], error, ns):
        return
    spoiled = _touched(body[at], ns)
    left = body[at + 1 :]
    imports = [node for node in left if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in [*imports, *(node for node in left if node not in imports)]:
        if _loaded(node) & spoiled:
            spoiled |= _touched(node, ns)
            continue
        try:
            execute(node, node is body[-1])
        except (Exception, SystemExit) as another:
            yield node, another
            if not of_the_surroundings(node, another, ns):
                return
            spoiled |= _touched(node, ns)
        else:
            spoiled -= _bound(node)


def of_the_surroundings(node: ast.stmt, error: BaseException, ns: dict[str, Any]) -> bool:
    """Whether a statement failed for what is here and not for what the student has made."""
    if isinstance(node, ast.Raise) or isinstance(error, ENDS):
        return False
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert) or is_magic(node):
        return True
    if isinstance(error, ImportError) or type(error).__module__.split(".")[0] in _NETWORK:
        return True
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename.replace("\\", "/") if trace else ""
    if "/torch/cuda/" in file or "/torch/mps/" in file:
        return True
    return isinstance(node, ast.Expr) and isinstance(error, OSError) and not _touched(node, ns)


def is_magic(node: ast.stmt) -> bool:
    """Whether a statement is what IPython makes of a line that begins with % or !."""
    return any(isinstance(n, ast.Name) and n.id == "get_ipython" for n in ast.walk(node))


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _bound(node: ast.stmt) -> set[str]:
    """Names that a statement binds for the cell."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {n.id for n in names if not isinstance(n.ctx, ast.Load)}


def _loaded(node: ast.stmt) -> set[str]:
    """Names that a statement needs to be run; the body of a function is not run with it."""
    parts: list[ast.AST] = [node]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    names = (n for part in parts for n in ast.walk(part) if isinstance(n, ast.Name))
    return {n.id for n in names if isinstance(n.ctx, ast.Load)} | (
        {node.target.id}
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        else set()
    )


def _touched(node: ast.stmt, ns: dict[str, Any]) -> set[str]:
    """Names that a statement which raised leaves unbound, old, or changed by half."""
    if isinstance(node, ast.Assert):
        return set()
    used = {name for name in _loaded(node) if name in ns and not isinstance(ns[name], _FIXED)}
    return _bound(node) | {name for name in used if name not in ("get_ipython",)}
