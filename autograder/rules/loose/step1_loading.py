"""Misconceptions of step 1: what was read is not what stands in the file.

`autograder.rules.causes` runs them over the evidence of `df`, `n_users` and `n_artists`.
"""

from __future__ import annotations

import itertools

import numpy as np

from autograder.contract import COLUMNS
from autograder.evidence.schema import Explore, Frame
from autograder.rules.cause import Case, cause
from autograder.truth import Truth

HEADER = {"userID", "artistID", "weight"}  # the words in the file's first line


def _frame(case: Case) -> Frame | None:
    found = case.evidence.step1.load if case.evidence.step1 else None
    return found if isinstance(found, Frame) else None


@cause(
    "load.separator",
    title="The file was not cut at its tabs",
    why="The values in a line are separated by tabs. With another separator pandas finds one "
    "single column, whose name is the whole first line, and every later `df['userID']` raises "
    "KeyError.",
    question="What do `df.shape` and `df.columns` say? How many columns did you expect?",
    hints=(
        "Look at `df.columns`: is that one name or three?",
        "Look at one raw line of the file, with `repr`. What stands between the numbers?",
        "Tell pandas which character separates the values: there is an argument for it.",
    ),
    at=("read_csv", "read_table", "df"),
    hides=("load.columns", "load.counts", "load.header-*"),
)
def separator(case: Case) -> str | None:
    frame = _frame(case)
    if frame is None:
        lost = case.error("Usecols do not match columns", "and found 1", "axis has 1 elements")
        named = lost and all(word in lost.message for word in ("userID", "artistID"))
        return (
            f"pandas found one column only: {lost}"
            if lost and (named or "1" in lost.message)
            else None
        )
    uncut = [text for text in (*frame.columns, *frame.first_row) if "\t" in text]
    if not uncut:
        return None
    columns = "column" if len(frame.columns) == 1 else "columns"
    return f"{len(frame.columns)} {columns}, and a tab inside one value: {uncut[0]!r}"


def _words(frame: Frame) -> list[str]:
    """Words of the file's header that stand in the first row of data."""
    return [value for value in frame.first_row if value in HEADER]


@cause(
    "load.header-as-row",
    title="The header became a row of data",
    why="The file's first line names the columns. Read as data, it adds a user called 'userID', "
    "and because of these words every column is text: ids no longer compare equal to numbers.",
    question="What is in `df.iloc[0]`, and what are `df.dtypes`?",
    hints=(
        "Look at the first row and at the dtypes of your table.",
        "Compare `len(df)` with the number of lines in the file. The file has one header line.",
        "Names of your own replace the header only if you also say in which line the header is.",
    ),
    at=("read_csv", "read_table", "df"),
    hides=("load.columns", "load.counts"),
)
def header_as_row(case: Case) -> str | None:
    frame = _frame(case)
    if frame is None or separator.found(case):
        return None
    words = _words(frame)
    blank = frame.first_row[:2] == ["nan", "nan"] and frame.rows == case.truth.n_edges + 1
    if not words and not blank:
        return None
    kinds = ", ".join(frame.dtypes)
    return f"the first row is {frame.first_row}, the columns are {kinds}; {frame.rows:,} rows"


def _head_lost(frame: Frame, truth: Truth) -> int:
    """How many rows are gone from the head of the file, and no others; at most 2."""
    first = _numbers(frame.first_row)
    for lost in (1, 2):
        if frame.rows == truth.n_edges - lost and first is not None:
            return lost if sorted(first) == sorted(truth.rows[lost].tolist()) else 0
    return 0


def _numbers(row: list[str]) -> list[int] | None:
    try:
        return [int(float(value)) for value in row[:3]]
    except ValueError:
        return None


@cause(
    "load.header-lost",
    title="The first row of data was taken for the header",
    why="A line was skipped that was no header any more, so one user-artist pair, the first one "
    "in the file, has become column names or is gone. Nothing raises; one edge is missing for "
    "good.",
    question="Which user and which artist stand in the second line of the file? Are they in `df`?",
    hints=(
        "Compare `len(df)` with the number of lines in the file.",
        "Print the first rows, and read the first lines of the file itself beside them.",
        "Only one line is a header. Either skip it or use it as header, not both.",
    ),
    at=("read_csv", "read_table", "df"),
    hides=("load.columns", "load.rows-dropped"),
)
def header_lost(case: Case) -> str | None:
    frame = _frame(case)
    lost = _head_lost(frame, case.truth) if frame else 0
    if frame is None or not lost:
        return None
    user, artist, _ = case.truth.rows[0].tolist()
    return (
        f"{frame.rows:,} rows for {case.truth.n_edges:,} in the file: the first one, "
        f"user {user} and artist {artist}, is not among them"
    )


@cause(
    "load.columns",
    title="The columns have other names",
    why="The steps after this one ask for `userID`, `artistID` and `listen_count`. The file calls "
    "the third one `weight`. With other names there is a KeyError at the first use.",
    question="What does `list(df.columns)` say, letter by letter?",
    hints=(
        "Print the names of your columns and compare them with those of the assignment.",
        "`rename` gives a new table and leaves the old one as it is. Did you keep the new one?",
        "Give the columns the three names of the assignment, and look at `df.columns` again.",
    ),
    at=("rename", "columns", "read_csv", "df"),
    hides=("load.counts",),
)
def columns(case: Case) -> str | None:
    frame = _frame(case)
    if frame is None:
        lost = case.error("Usecols do not match columns", "columns expected but not found")
        return f"a column was asked for that the file has not: {lost.message}" if lost else None
    missing = [name for name in COLUMNS if name not in frame.columns]
    if not missing or len(frame.columns) < 2:
        return None
    return f"the columns are {frame.columns}: there is no {' and no '.join(missing)}"


@cause(
    "load.swapped-columns",
    title="The names stand on the wrong columns",
    why="In the file the user comes first, then the artist, then the number of plays. Names in "
    "another order raise no error, but users are then called artists, or plays are taken for ids.",
    question="How many different values has `userID`, and how many `artistID`? Which should be "
    "more?",
    hints=(
        "There are far fewer users than artists. What does your table say?",
        "Compare the file's first line, which holds its own names, with the order of your names.",
        "Give your names in the order in which the columns stand in the file.",
    ),
    at=("columns", "names", "rename", "read_csv", "df"),
    hides=("load.counts",),
)
def swapped_columns(case: Case) -> str | None:
    frame = _frame(case)
    if frame is None:
        return None
    words = _words(frame)
    named = zip(frame.columns, frame.first_row, strict=False)
    if words and any({name, word} == {"userID", "artistID"} for name, word in named):
        return f"the columns are called {frame.columns}, the file's own header is {frame.first_row}"
    if frame.values is None or not frame.rows:
        return None
    rows = _set(frame.values.numpy())
    true = _set(case.truth.rows)
    if rows <= true:
        return None
    for order in itertools.permutations(range(3)):
        if order != (0, 1, 2) and {tuple(row[i] for i in order) for row in rows} <= true:
            found = [len(np.unique(frame.values.numpy()[:, i])) for i in range(3)]
            return (
                f"{found[0]:,} different userIDs and {found[1]:,} artistIDs, in a file with "
                f"{case.truth.n_users:,} users and {case.truth.n_artists:,} artists"
            )
    return None


def _set(rows: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, rows.tolist()))


@cause(
    "load.rows-dropped",
    title="Rows of the file are missing",
    why="Every row is one user-artist pair, and so one edge of the graph. Rows that are left out "
    "here, by `nrows`, `sample`, `head` or `drop_duplicates` on one column, never come back, "
    "silently.",
    question="How many lines has the file, and how many rows has `df`?",
    hints=(
        "Compare `len(df)` with the number of lines in the file.",
        "Find the line after which the table is shorter than before.",
        "Keep all rows. No pair of user and artist occurs twice, so nothing has to be dropped.",
    ),
    at=("drop_duplicates", "sample", "head", "nrows", "query", "dropna", "read_csv", "df"),
)
def rows_dropped(case: Case) -> str | None:
    frame = _frame(case)
    if frame is None or frame.rows >= case.truth.n_edges:
        return None
    if _head_lost(frame, case.truth) or separator.found(case):
        return None
    missing = case.truth.n_edges - frame.rows
    return f"{frame.rows:,} rows for {case.truth.n_edges:,} in the file: {missing:,} are missing"


@cause(
    "load.counts",
    title="Users or artists were not counted as different values",
    why="Ids have gaps and occur in many rows. The largest id, the length of the table or the "
    "count of a column are therefore larger than the number of users or artists, and arrays get a "
    "wrong size.",
    question="If the only user ids were 2, 2 and 7: how many users are there, and what does your "
    "line say?",
    hints=(
        "Try your line on a tiny table with the ids 2, 2 and 7.",
        "Compare your number with `len(df)` and with the largest id.",
        "Ask the column how many different values it has.",
    ),
    at=("n_users", "n_artists", "max", "len", "count"),
    hides=("data.num-nodes", "data.x"),
)
def counts(case: Case) -> str | None:
    frame = _frame(case)
    explore = case.evidence.step1.explore if case.evidence.step1 else None
    if frame is None or not isinstance(explore, Explore):
        return None
    said = []
    for side, name in enumerate(("userID", "artistID")):
        words = (explore.n_users_text, explore.n_artists_text)[side]
        value = (explore.n_users, explore.n_artists)[side]
        right = (case.truth.n_users, case.truth.n_artists)[side]
        column = frame.columns.index(name) if name in frame.columns else side
        own = frame.distinct[column] if column < len(frame.distinct) else right
        if words and value not in (right, own):
            reason = _mistaken_for(value, frame, case.truth, side)
            noun = ("users", "artists")[side]
            said.append(f"{words} {noun} where the table has {own:,}{reason}")
    return "; ".join(said) or None


def _mistaken_for(value: int | None, frame: Frame, truth: Truth, side: int) -> str:
    if value == frame.rows:
        return " (that is the number of rows)"
    ids = (truth.user_ids, truth.artist_ids)[side]
    return " (that is the largest id)" if value == ids.max() else ""
