"""Step 1, data loading: what the table holds and what was counted."""

from __future__ import annotations

import ast
import contextlib
import re
from typing import Any

import numpy as np
import pandas as pd

from autograder.contract import COLUMNS
from autograder.evidence.arrays import Array, array, text
from autograder.evidence.schema import Absent, Explore, Frame, Step1
from autograder.inside.aliases import named_numbers, shown_count
from autograder.inside.session import Session
from autograder.inside.step2 import label_and_id
from autograder.inside.values import describe, whole


def probe(session: Session) -> Step1:
    """Look at `df`, `n_users`, `n_artists` and at whether the first rows were shown."""
    return Step1(load=_load(session), explore=_explore(session))


def _load(session: Session) -> Frame | Absent:
    df = session.ns.get("df")
    if not isinstance(df, pd.DataFrame):
        return session.absent("df", doing="read_", like=pd.DataFrame)
    return Frame(
        columns=[text(c) for c in df.columns[:20]],
        dtypes=[text(d) for d in df.dtypes[:20]],
        rows=len(df),
        first_row=[text(v) for v in df.iloc[0, :20]] if len(df) else [],
        values=_values(df),
        distinct=[_distinct(df.iloc[:, i]) for i in range(min(20, df.shape[1]))],
        index="" if df.index.name is None else text(df.index.name),
        stale=session.history.stale("df"),
    )


def _distinct(column: pd.Series) -> int:
    try:
        return int(column.nunique())
    except TypeError:  # lists and the like
        return 0


def _values(df: pd.DataFrame) -> Array | None:
    try:
        return array(df[list(COLUMNS)].to_numpy(), "int64")
    except (KeyError, ValueError, TypeError):
        return None


def _explore(session: Session) -> Explore | Absent:
    found = {name: _counted(session, name) for name in ("n_users", "n_artists")}
    preview, table = session.ns.get("preview"), session.ns.get("df")
    previewed = _previewed(session)
    shown = _numbers_shown(session) if session.free_form else []
    seen = previewed or (shown and isinstance(table, pd.DataFrame))
    counted = id_counts(session) if session.free_form else []
    if all(value is None for value in found.values()) and not seen and not counted:
        return session.absent("n_users", "n_artists", "preview")
    n_users, n_artists = found.values()
    return Explore(
        n_users=whole(n_users),
        n_artists=whole(n_artists),
        n_users_text="" if n_users is None else describe(n_users),
        n_artists_text="" if n_artists is None else describe(n_artists),
        preview=previewed,
        preview_text=describe(preview) if "preview" in session.ns else "",
        table_rows=len(table) if isinstance(table, pd.DataFrame) else None,
        named=named_numbers(session)[:400] if session.free_form else [],
        shown=shown,
        counted=counted,
        stale=session.history.stale("n_users", "n_artists", "preview"),
    )


def _counted(session: Session, name: str) -> object:
    """The count under its name; in a free-form notebook, what an expression came to that counts
    ids of that column, some of which may be lost, or else the number shown beside `user`."""
    if name in session.ns or not session.free_form:
        return session.ns.get(name)
    side = ("n_users", "n_artists").index(name)
    counts = [count for column, count in _id_counts(session) if column == side]
    return counts[-1] if counts else shown_count(session, name)


def _numbers_shown(session: Session) -> list[int]:
    """Whole numbers that cells showed, whatever they said of them; the first ones."""
    texts = [text for text in session.shown if isinstance(text, str)]
    found = [int(n) for text in texts for n in re.findall(r"(?<![\d.])\d{1,15}(?!\d|\.\d)", text)]
    for value in session.shown:
        items = value if isinstance(value, (tuple, list, pd.Series)) else [value]
        found += [number for number in map(whole, list(items)[:20]) if number is not None]
    return list(dict.fromkeys(n for n in found if abs(n) < 2**62))[:4000]


def id_counts(session: Session) -> list[int]:
    """What expressions of the cells come to that count the ids of a column of the table."""
    return list(dict.fromkeys(count for _, count in _id_counts(session)))[:400]


def _id_counts(session: Session) -> list[tuple[int, int]]:
    """The same, each with the place of its column."""
    df = session.ns.get("df")
    if not isinstance(df, pd.DataFrame):
        return []
    columns = [{whole(v) for v in df.iloc[:, i].unique()} for i in range(min(3, df.shape[1]))]
    found = []
    for source in session.history.cells:
        with contextlib.suppress(SyntaxError, ValueError):
            counted = [e for node in ast.walk(ast.parse(source)) if (e := _counted_in(node))]
            found += [n for e in counted if (n := _ids_in(e, session.ns, columns))]
    return found


def _counted_in(node: ast.AST) -> ast.expr | None:
    """What is counted by `len(...)` or `....nunique()`, where looking it up changes nothing."""
    if not isinstance(node, ast.Call):
        return None
    func, inner = node.func, None
    if isinstance(func, ast.Name) and func.id == "len" and len(node.args) == 1:
        inner = node.args[0]
    elif isinstance(func, ast.Attribute) and func.attr == "nunique" and not node.args:
        inner = func.value
    return inner if inner is not None and _is_looked_up(inner) else None


def _is_looked_up(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.Attribute):
        return _is_looked_up(node.value)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, (ast.Constant, ast.Name)) and _is_looked_up(node.value)
    if not isinstance(node, ast.Call) or node.keywords:
        return False
    func = node.func
    if isinstance(func, ast.Name) and func.id == "set" and len(node.args) == 1:
        return _is_looked_up(node.args[0])
    plain = isinstance(func, ast.Attribute) and func.attr in ("unique", "tolist", "keys")
    return plain and not node.args and _is_looked_up(func.value)  # type: ignore[attr-defined]


def _ids_in(expression: ast.expr, ns: dict[str, Any], columns: list[set]) -> tuple[int, int] | None:
    """The place of a column and how many ids the expression holds, each once, where these are all
    of that column; of a column of a table most will do."""
    try:
        value = eval(compile(ast.Expression(expression), "<count>", "eval"), dict(ns))
        values = value.unique() if isinstance(value, pd.Series) else value
        least = 0.5 if isinstance(values, np.ndarray) and values.dtype.kind in "iu" else 1
        if not any(least * len(column) <= len(values) <= len(column) for column in columns):
            return None
        ids = {label_and_id(v)[1] for v in list(values)}
    except Exception:  # whatever the student's own objects do
        return None
    if len(ids) != len(values):
        return None
    for place, column in enumerate(columns):
        if ids == column or (len(ids) >= least * len(column) and ids < column):
            return place, len(ids)
    return None


def _previewed(session: Session) -> bool:
    """Whether `preview`, or else a displayed value or printed text, holds the first rows of `df`.

    In a notebook of ours what is called `preview` is what counts.
    """
    df, preview = session.ns.get("df"), session.ns.get("preview")
    if not isinstance(df, pd.DataFrame) or not len(df):
        return False
    if "preview" in session.ns and not session.free_form:
        return _is_head(preview, df)
    own = [name for name in COLUMNS if name in df.columns] or list(df.columns)
    first = {str(value) for value in df[own].iloc[0]}
    lines = [line for text in session.shown if isinstance(text, str) for line in text.splitlines()]
    raw = re.compile(r"\t|\\t")  # lines of the file itself
    return any(_is_head(value, df) for value in [preview, *session.shown]) or any(
        first <= set(line.replace("|", " ").split()) and not raw.search(line) for line in lines
    )


def _is_head(value: object, df: pd.DataFrame) -> bool:
    """Whether it is a table of the first rows."""
    return isinstance(value, pd.DataFrame) and len(value) > 0 and df.head(len(value)).equals(value)
