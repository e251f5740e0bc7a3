"""Step 1, data loading: what the table holds and what was counted."""

from __future__ import annotations

import re

import pandas as pd

from autograder.arrays import Array, array, text
from autograder.evidence import Absent, Explore, Frame, Step1
from autograder.probes.session import Session, describe, whole

COLUMNS = ["userID", "artistID", "listen_count"]


def probe(session: Session) -> Step1:
    """Look at `df`, `n_users`, `n_artists` and at whether the first rows were shown."""
    return Step1(load=_load(session), explore=_explore(session))


def _load(session: Session) -> Frame | Absent:
    df = session.ns.get("df")
    if not isinstance(df, pd.DataFrame):
        return session.absent("df")
    return Frame(
        columns=[text(c) for c in df.columns[:20]],
        dtypes=[text(d) for d in df.dtypes[:20]],
        rows=len(df),
        first_row=[text(v) for v in df.iloc[0, :20]] if len(df) else [],
        values=_values(df),
    )


def _values(df: pd.DataFrame) -> Array | None:
    try:
        return array(df[COLUMNS].to_numpy(), "int64")
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
    """The count under its name or, in a free-form notebook, the one printed beside `user`."""
    if name in session.ns or not session.free_form:
        return session.ns.get(name)
    word = name.removeprefix("n_").removesuffix("s")
    lines = [line for text in session.shown if isinstance(text, str) for line in text.splitlines()]
    numbers = []
    for line in lines:
        after = re.findall(rf"{word}\w*\W{{1,3}}(\d[\d,]*)", line.lower())  # users: 200
        alone = re.findall(r"\d[\d,]*", line) if word in line.lower() else []  # 200 users
        numbers += after or (alone if len(alone) == 1 else [])
    return int(numbers[-1].replace(",", "")) if numbers else None


def _previewed(session: Session) -> bool:
    """Whether `preview`, a displayed value or printed text holds the first rows of `df`."""
    df = session.ns.get("df")
    if not isinstance(df, pd.DataFrame):
        return False
    for value in [session.ns.get("preview"), *session.shown]:
        if isinstance(value, pd.DataFrame) and len(value) > 0 and value.equals(df.head(len(value))):
            return True
        raw = isinstance(value, str) and re.search(r"\t|\\t", value)  # lines of the file itself
        printed = isinstance(value, str) and not raw and len(df)
        if printed and all(str(v) in value for v in df.iloc[0]):
            return True
    return False
