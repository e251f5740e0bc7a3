"""Step 1, data loading: what the table holds and what was counted."""

from __future__ import annotations

import re

import pandas as pd

from autograder.contract import COLUMNS
from autograder.evidence.arrays import Array, array, text
from autograder.evidence.schema import Absent, Explore, Frame, Step1
from autograder.inside.aliases import shown_count
from autograder.inside.session import Session, describe, whole
from autograder.truth import truth


def probe(session: Session) -> Step1:
    """Look at `df`, `n_users`, `n_artists` and at whether the first rows were shown."""
    return Step1(load=_load(session), explore=_explore(session))


def _load(session: Session) -> Frame | Absent:
    df = session.ns.get("df")
    if not isinstance(df, pd.DataFrame):
        return session.absent("df", doing="read_" if session.free_form else "")
    return Frame(
        columns=[text(c) for c in df.columns[:20]],
        dtypes=[text(d) for d in df.dtypes[:20]],
        rows=len(df),
        first_row=[text(v) for v in df.iloc[0, :20]] if len(df) else [],
        values=_values(df),
        distinct=[_distinct(df.iloc[:, i]) for i in range(min(20, df.shape[1]))],
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
    preview = _previewed(session)
    if all(value is None for value in found.values()) and not preview:
        return session.absent("n_users", "n_artists", "preview")
    n_users, n_artists = found.values()
    return Explore(
        n_users=whole(n_users),
        n_artists=whole(n_artists),
        n_users_text="" if n_users is None else describe(n_users),
        n_artists_text="" if n_artists is None else describe(n_artists),
        preview=preview,
    )


def _counted(session: Session, name: str) -> object:
    """The count under its name or, in a free-form notebook, the one shown beside `user`."""
    if name in session.ns or not session.free_form:
        return session.ns.get(name)
    shown = shown_count(session, name)
    return _among_shown(session, name) if shown is None else shown


def _among_shown(session: Session, name: str) -> int | None:
    """The right number, where a cell showed it without saying what it is."""
    known = truth(session.data)
    right = known.n_users if name == "n_users" else known.n_artists
    texts = [text for text in session.shown if isinstance(text, str)]
    numbers = {int(n) for text in texts for n in re.findall(r"(?<![\d.])\d{1,15}(?!\d|\.\d)", text)}
    for value in session.shown:
        items = value if isinstance(value, (tuple, list, pd.Series)) else [value]
        numbers |= {found for found in map(whole, list(items)[:20]) if found is not None}
    return right if right in numbers else None


def _previewed(session: Session) -> bool:
    """Whether `preview`, a displayed value or printed text holds the first rows of `df`."""
    df = session.ns.get("df")
    if not isinstance(df, pd.DataFrame):
        return False
    own = [name for name in COLUMNS if name in df.columns] or list(df.columns)
    first = df[own].iloc[0] if len(df) else []
    for value in [session.ns.get("preview"), *session.shown]:
        if isinstance(value, pd.DataFrame) and len(value) > 0 and df.head(len(value)).equals(value):
            return True
        raw = isinstance(value, str) and re.search(r"\t|\\t", value)  # lines of the file itself
        printed = isinstance(value, str) and not raw and len(df)
        if printed and all(str(v) in value for v in first):
            return True
    return False
