"""Step 1, data loading: what the table holds and what was counted."""

from __future__ import annotations

import pandas as pd

from autograder.evidence import Absent, Array, Explore, Frame, Step1, array, text
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
    ns = session.ns
    if "n_users" not in ns and "n_artists" not in ns and not _previewed(session):
        return session.absent("n_users", "n_artists", "preview")
    n_users, n_artists = ns.get("n_users"), ns.get("n_artists")
    return Explore(
        n_users=whole(n_users),
        n_artists=whole(n_artists),
        n_users_text=describe(n_users) if "n_users" in ns else "",
        n_artists_text=describe(n_artists) if "n_artists" in ns else "",
        preview=_previewed(session),
    )


def _previewed(session: Session) -> bool:
    """Whether `preview`, a displayed value or printed text holds the first rows of `df`."""
    df = session.ns.get("df")
    if not isinstance(df, pd.DataFrame):
        return False
    for value in [session.ns.get("preview"), *session.shown]:
        if isinstance(value, pd.DataFrame) and len(value) > 0 and value.equals(df.head(len(value))):
            return True
        if isinstance(value, str) and len(df) and all(str(v) in value for v in df.iloc[0]):
            return True
    return False
