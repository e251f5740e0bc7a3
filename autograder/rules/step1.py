"""Step 1: the table is the file, under the assignment's names, and the counts are right.

What can make a check fail stands beside it, the most fundamental cause first.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from msgspec.structs import replace

from autograder.contract import COLUMNS
from autograder.evidence.schema import Absent, Explore, Frame
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.numbering import held_out_twice, observed, rows_proven
from autograder.rules.teaching import count, expect, need, not_judged, present, unfinished
from autograder.truth import Truth

NAMES = list(COLUMNS)
HEADER = {"userID", "artistID", "weight"}  # the words in the file's first line


# What is known of the table


def frame_of(case: Case) -> Frame | None:
    """The table, if there is one."""
    found = case.evidence.step1.load if case.evidence.step1 else None
    return found if isinstance(found, Frame) else None


def explored(case: Case) -> Explore | None:
    """The counts, if there are any."""
    found = case.evidence.step1.explore if case.evidence.step1 else None
    return found if isinstance(found, Explore) else None


def uncut(frame: Frame) -> list[str]:
    """Names and values with a tab in them: the file was not cut there."""
    return [text for text in (*frame.columns, *frame.first_row) if "\t" in text]


def header_words(frame: Frame) -> list[str]:
    """Words of the file's header that stand in the first row of data."""
    return [value for value in frame.first_row if value in HEADER]


def index_column(frame: Frame) -> str:
    """The column that has become the index, where it is no column any more."""
    return (
        frame.index if frame.index in (*HEADER, *NAMES) and frame.index not in frame.columns else ""
    )


def missing_names(frame: Frame) -> list[str]:
    """Names of the assignment that no column has."""
    return [name for name in NAMES if name not in frame.columns]


def whole_numbers(frame: Frame) -> bool:
    """Whether the first three columns hold whole numbers."""
    kinds = frame.dtypes[:3]
    return bool(kinds) and all(kind.lower().startswith(("int", "uint")) for kind in kinds)


def foreign_rows(frame: Frame, truth: Truth) -> set[tuple[int, ...]]:
    """Rows of the table that are none of the file."""
    if frame.values is None or _same_rows(frame.values.numpy(), truth.rows):
        return set()
    return _set(frame.values.numpy()) - _set(truth.rows)


def _same_rows(rows: np.ndarray, true: np.ndarray) -> bool:
    """Whether these are the same rows, in whatever order."""
    if rows.shape != true.shape:
        return False
    first, second = (found[np.lexsort(found.T[::-1])] for found in (rows, true))
    return np.array_equal(first, second)


def _set(rows: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, rows.tolist()))


def _numbers(row: list[str]) -> list[int] | None:
    try:
        return [int(float(value)) for value in row[:3]]
    except ValueError:
        return None


def head_lost(frame: Frame, truth: Truth) -> int:
    """How many rows are gone from the head of the file, and no others; at most 2."""
    first = _numbers(frame.first_row)
    for lost in (1, 2):
        if frame.rows == truth.n_edges - lost and first is not None:
            return lost if sorted(first) == sorted(truth.rows[lost].tolist()) else 0
    return 0


# Causes


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
)
def separator(case: Case) -> str | None:
    frame = frame_of(case)
    if frame is None:
        lost = case.error("Usecols do not match columns", "and found 1", "axis has 1 elements")
        named = lost and all(word in lost.message for word in ("userID", "artistID"))
        return (
            f"pandas found one column only: {lost}"
            if lost and (named or "1" in lost.message)
            else None
        )
    found = uncut(frame)
    if not found:
        return None
    columns = "column" if len(frame.columns) == 1 else "columns"
    return f"{len(frame.columns)} {columns}, and a tab inside one value: {found[0]!r}"


@cause(
    "load.index-column",
    title="A column of the file became the index",
    why="The index is no column: `df['userID']` raises KeyError, and what stands beside it has "
    "moved one place to the left.",
    question="How many columns does `df` have, and what do you see to the left of them?",
    hints=(
        "Show the first rows: which numbers stand at the very left?",
        "Compare `df.columns` with the file's header. Which name is missing?",
        "Leave `index_col` out, or call `reset_index()`.",
    ),
    at=("index_col", "set_index", "read_csv", "read_table", "df"),
)
def column_as_index(case: Case) -> str | None:
    frame = frame_of(case)
    if frame is None or not index_column(frame):
        return None
    return f"`{index_column(frame)}` is the index of `df`, and the columns are {frame.columns}"


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
)
def header_as_row(case: Case) -> str | None:
    frame = frame_of(case)
    if frame is None or uncut(frame):
        return None
    words = header_words(frame)
    blank = frame.first_row[:2] == ["nan", "nan"] and frame.rows == case.truth.n_edges + 1
    if not words and not blank:
        return None
    kinds = ", ".join(frame.dtypes)
    return f"the first row is {frame.first_row}, the columns are {kinds}; {frame.rows:,} rows"


@cause(
    "load.header-lost",
    title="The first row of data was taken for the header",
    why="A line was skipped that was no header any more, so one user-artist pair, the first one "
    "in the file, has become column names or is gone. Nothing raises; one edge is missing for "
    "good.",
    question="Which user and which artist are in the second line of the file? Are they in `df`?",
    hints=(
        "Compare `len(df)` with the number of lines in the file.",
        "Print the first rows, and read the first lines of the file itself beside them.",
        "Only one line is a header. Either skip it or use it as header, not both.",
    ),
    at=("read_csv", "read_table", "df"),
)
def header_lost(case: Case) -> str | None:
    frame = frame_of(case)
    lost = head_lost(frame, case.truth) if frame else 0
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
)
def columns(case: Case) -> str | None:
    frame = frame_of(case)
    if frame is None:
        lost = case.error("Usecols do not match columns", "columns expected but not found")
        return (
            f"a column was asked for that the file does not have: {lost.message}" if lost else None
        )
    missing = missing_names(frame)
    if not missing or len(frame.columns) < 2:
        return None
    return f"the columns are {frame.columns}: there is no {' and no '.join(missing)}"


@cause(
    "load.swapped-columns",
    title="The columns have each other's names",
    why="In the file the user comes first, then the artist, then the number of plays. Names in "
    "another order raise no error, but users are then called artists, or plays are taken for ids.",
    question="How many different values does `userID` have, and how many `artistID`? Which should "
    "be more?",
    hints=(
        "There are far fewer users than artists. What does your table say?",
        "Compare the file's first line, which holds its own names, with the order of your names.",
        "Give your names in the order in which the columns stand in the file.",
    ),
    at=("columns", "names", "rename", "read_csv", "df"),
)
def swapped_columns(case: Case) -> str | None:
    frame = frame_of(case)
    if frame is None:
        return None
    words = header_words(frame)
    named = zip(frame.columns, frame.first_row, strict=False)
    if words and any({name, word} == {"userID", "artistID"} for name, word in named):
        return f"the columns are called {frame.columns}, the file's own header is {frame.first_row}"
    if frame.values is None or not frame.rows:
        return None
    if not foreign_rows(frame, case.truth):
        return None
    rows, true = _set(frame.values.numpy()), _set(case.truth.rows)
    for order in itertools.permutations(range(3)):
        if order != (0, 1, 2) and {tuple(row[i] for i in order) for row in rows} <= true:
            found = [len(np.unique(frame.values.numpy()[:, i])) for i in range(3)]
            return (
                f"{found[0]:,} different userIDs and {found[1]:,} artistIDs, in a file with "
                f"{case.truth.n_users:,} users and {case.truth.n_artists:,} artists"
            )
    return None


@cause(
    "load.rows-dropped",
    title="Rows of the file are missing",
    why="Every row is one user-artist pair, and so one edge of the graph. Rows that are left out "
    "here, by `nrows`, `sample`, `head` or `drop_duplicates` on one column, never come back, "
    "silently.",
    question="How many lines does the file have, and how many rows does `df` have?",
    hints=(
        "Compare `len(df)` with the number of lines in the file.",
        "Find the line after which the table is shorter than before.",
        "Keep all rows. No pair of user and artist occurs twice, so nothing has to be dropped.",
    ),
    at=("drop_duplicates", "sample", "head", "nrows", "query", "dropna", "read_csv", "df"),
)
def rows_dropped(case: Case) -> str | None:
    frame = frame_of(case)
    if frame is None or frame.rows >= case.truth.n_edges:
        return lost_later(case) if frame is not None else None
    if head_lost(frame, case.truth) or uncut(frame):
        return None
    missing = case.truth.n_edges - frame.rows
    return f"{count(frame.rows, 'row')} for {case.truth.n_edges:,} in the file: {missing:,} missing"


def lost_later(case: Case) -> str | None:
    """Ids that were counted in a table with fewer rows than the one that was read."""
    explore, truth = explored(case), case.truth
    if explore is None:
        return None
    sides = (
        ("users", explore.n_users, truth.n_users),
        ("artists", explore.n_artists, truth.n_artists),
    )
    for side, (noun, counted, right) in enumerate(sides):
        if counted is None or counted not in explore.counted or counted_right(explore, side, right):
            continue
        if counted < right:
            part = f"{counted:,} of {right:,} {noun}"
            return f"all rows were read, but the table that was counted has {part}"
    return None


@cause(
    "load.rows-repeated",
    title="Rows of the file are in the table more than once",
    why="Each row is one edge. A row that is there twice counts twice, and after the split one "
    "copy can be held out while the other stays among the edges for training.",
    question="How many rows does `df` have, and how many different ones?",
    hints=(
        "Compare `len(df)` with `len(df.drop_duplicates())` and with the lines of the file.",
        "Find the line after which the table is longer than before.",
        "Read the file once, and add nothing to it.",
    ),
    at=("concat", "append", "repeat", "merge", "df"),
)
def rows_repeated(case: Case) -> str | None:
    frame = frame_of(case)
    if frame is None or frame.rows <= case.truth.n_edges or frame.values is None:
        return None
    different = len(_set(frame.values.numpy()))
    if different == frame.rows or foreign_rows(frame, case.truth):
        return None
    due, again = case.truth.n_edges, held_out_twice(case)
    return f"{frame.rows:,} rows, {different:,} of them different, for {due:,} in the file{again}"


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
)
def counts(case: Case) -> str | None:
    frame = frame_of(case)
    explore = explored(case)
    if frame is None or explore is None:
        return None
    said = []
    for side, name in enumerate(("userID", "artistID")):
        words = (explore.n_users_text, explore.n_artists_text)[side]
        value = (explore.n_users, explore.n_artists)[side]
        right = (case.truth.n_users, case.truth.n_artists)[side]
        column = frame.columns.index(name) if name in frame.columns else side
        own = frame.distinct[column] if column < len(frame.distinct) else right
        if words and value not in (right, own) and not counted_right(explore, side, right):
            reason = _mistaken_for(value, frame, case.truth, side)
            noun = ("users", "artists")[side]
            said.append(f"{words} {noun} where the table has {own:,}{reason}")
    return "; ".join(said) or None


def _mistaken_for(value: int | None, frame: Frame, truth: Truth, side: int) -> str:
    if value == frame.rows:
        return " (that is the number of rows)"
    ids = (truth.user_ids, truth.artist_ids)[side]
    return " (that is the largest id)" if value == ids.max() else ""


READ = (separator, column_as_index, header_as_row, header_lost)
TABLE = (*READ, columns, swapped_columns, rows_dropped, rows_repeated)


# Checks


@pytest.fixture
def load(case: Case) -> Frame:
    """The table; in a notebook of the student's own form also one that the graph proves."""
    found = case.evidence.step1.load if case.evidence.step1 else None
    if isinstance(found, Absent) and not (found.error or found.found) and rows_proven(case):
        proven = Frame(columns=[], dtypes=["int64"] * 3, rows=case.truth.n_edges, first_row=[])
        return proven
    return present(case.evidence.step1, "load")


@pytest.fixture
def explore(case: Case) -> Explore:
    """The counts, and what was shown; those of a notebook of another form may come in step 3."""
    explore: Explore = present(case.evidence.step1, "explore")
    mapping = observed(case)
    return replace(explore, counted=[*explore.counted, *mapping.counted]) if mapping else explore


@pytest.fixture
def proven(load: Frame) -> bool:
    """Whether nothing is seen of the table but the graph that was made of it."""
    return not load.columns and load.rows > 0


@check("step1.load", points=1, causes=READ)
def test_separator(load: Frame, proven: bool) -> None:
    """The file is cut into its three columns"""
    wide = len(load.columns) + bool(index_column(load)) >= 3
    expect(
        proven or (wide and not uncut(load)),
        ran="the columns of `df` and its first row",
        expected="3 columns",
        got=f"{len(load.columns)}: {load.columns}, first row {load.first_row}",
        why="The file separates its values with tabs, not with commas.",
        next='Tell `pd.read_csv` which separator to use: `sep="\\t"`.',
    )


@check("step1.load", points=2, causes=TABLE)
def test_names(load: Frame, proven: bool) -> None:
    """The columns are called userID, artistID and listen_count"""
    if proven:
        raise not_judged("no table under a name of the notebook; its rows are right in the graph")
    missing, spare = missing_names(load), [c for c in load.columns if c not in NAMES]
    as_index = index_column(load)
    alike = [(c, n) for n in missing for c in spare if c.lower() == n.lower()]
    renamed = alike or list(zip(spare, missing, strict=False))
    advice = "; ".join(f"rename `{old}` to `{new}`, letter by letter" for old, new in renamed)
    if uncut(load):
        advice = "cut the file at its tabs first: then each of the three names is there"
    elif as_index:
        advice = f"`{as_index}` has become the index: leave `index_col` out, or `reset_index()`"
    expect(
        not missing,
        ran="the names of the columns of `df`",
        expected=NAMES,
        got=load.columns,
        why="Every later step asks for the columns by these names.",
        next=f"{advice[:1].upper()}{advice[1:]}." if advice else "Give each column its name.",
    )


@check("step1.load", points=1, causes=TABLE)
def test_numbers(load: Frame, proven: bool) -> None:
    """Ids and counts are whole numbers; the header is no row of data"""
    if proven:
        return
    need(len(load.columns) >= 3 and not uncut(load), "three columns", "step1.load.separator")
    header = header_words(load)
    expect(
        whole_numbers(load),
        ran="the dtypes of `df` and its first row",
        expected="int64 in every column",
        got=f"{load.dtypes}, first row {load.first_row}",
        why="A header that was read as data turns every column into text."
        if header
        else "An id is a whole number: 2, 2.0 and '2' would be names of different nodes.",
        next="With `names=` alone the header stays in: add `header=0`, or rename afterwards."
        if header
        else "Find the line after which the columns no longer hold whole numbers.",
    )


@check("step1.load", points=2, causes=TABLE)
def test_rows(load: Frame, truth: Truth) -> None:
    """Every row of the file is there"""
    lost = head_lost(load, truth)
    more = load.rows - truth.n_edges
    user, artist, plays = truth.rows[0].tolist()
    if lost:
        advice = (
            f"The file's first row of data, user {user}, artist {artist}, {plays} plays, is not "
            "among them: skip the header only, or take it as header, not both."
        )
    elif more > 0:
        advice = (
            "The header became a row of data."
            if more == 1
            else "Look for the line that adds rows after the file was read."
        )
    else:
        advice = "Look for nrows, sample, head or drop_duplicates; then read the file again."
    expect(
        load.rows == truth.n_edges,
        ran="`len(df)`",
        expected=count(truth.n_edges, "row"),
        got=f"{count(load.rows, 'row')}: {abs(more):,} {'too many' if more > 0 else 'missing'}",
        why="Each row is one edge of the graph: a lost row is a lost edge.",
        next=advice,
    )


@check("step1.load", points=1, causes=TABLE)
def test_values(load: Frame, truth: Truth, proven: bool) -> None:
    """Users, artists and counts stand in their own columns"""
    if proven:
        return
    need(load.values, "three columns of whole numbers under the right names", "step1.load.names")
    need(load.rows == truth.n_edges, "every row of the file", "step1.load.rows")
    values = load.values.numpy()  # type: ignore[union-attr]
    foreign = sorted(foreign_rows(load, truth))
    seen = [len(np.unique(values[:, i])) for i in (0, 1)]
    shown = "".join(f", such as userID {u}, artistID {a}, {n} plays" for u, a, n in foreign[:1])
    expect(
        _same_rows(values, truth.rows),
        ran="the values of `df`, row by row, beside the file",
        expected=f"the file's rows: {truth.n_users:,} different userIDs, {truth.n_artists:,} "
        "artistIDs",
        got=f"{count(len(foreign), 'row')} that the file does not have{shown}; {seen[0]:,} "
        f"different userIDs, {seen[1]:,} artistIDs",
        why="A name on the wrong column raises no error, and everything after it is wrong.",
        next="Compare the first lines of the file with the first rows of `df`, column by column.",
    )


def counted_right(explore: Explore, side: int, right: int) -> bool:
    """Whether the number of users or of artists is there: under its name or, where no name is asked
    for, under another one, or shown."""
    value = (explore.n_users, explore.n_artists)[side]
    text = (explore.n_users_text, explore.n_artists_text)[side]
    seen = right in explore.named or right in explore.counted
    unnamed = not text or value in explore.counted  # no name was asked for
    return right == value or seen or (unnamed and right in explore.shown)


def _counted(explore: Explore, side: int, truth: Truth) -> None:
    """Pass where this count is right, else say what came."""
    name, right = (("n_users", truth.n_users), ("n_artists", truth.n_artists))[side]
    value = (explore.n_users, explore.n_artists)[side]
    text = (explore.n_users_text, explore.n_artists_text)[side]
    if not text and not counted_right(explore, side, right):
        raise unfinished(name, None)
    short = explore.table_rows is not None and explore.table_rows < truth.n_edges
    largest = value == (truth.user_ids, truth.artist_ids)[side].max()
    reason = " (the largest id)" if largest else ""
    reason = " (the number of rows)" if value == explore.table_rows else reason
    expect(
        counted_right(explore, side, right),
        ran=f"`{name}`",
        expected=f"{right:,}",
        got=text + reason,
        why="Ids have gaps and occur in many rows: neither the largest id nor the number of rows "
        "says how many there are.",
        next=f"`df` has {explore.table_rows:,} rows now, for {truth.n_edges:,} in the file: read "
        "the file again, and give the first rows another name."
        if short
        else "Count the different values of the column.",
    )


@check("step1.explore", points=1, causes=(*TABLE, counts))
def test_users(explore: Explore, truth: Truth) -> None:
    """n_users counts the different users"""
    _counted(explore, 0, truth)


@check("step1.explore", points=1, causes=(*TABLE, counts))
def test_artists(explore: Explore, truth: Truth) -> None:
    """n_artists counts the different artists"""
    _counted(explore, 1, truth)


@check("step1.explore", points=1)
def test_preview(explore: Explore, truth: Truth) -> None:
    """The first rows of the table were looked at"""
    unseen = explore.table_rows is None  # the table has no name: what was shown has to do
    shown = explore.preview_text
    method, printed = "method" in shown, shown == "None"
    advice, why = (
        "Ask `df` for its first rows: its method `head` gives five.",
        "One look at five rows catches most loading mistakes.",
    )
    if method:
        advice, why = "Call it, with brackets: `df.head()`.", "A method by itself is no table."
    elif printed:
        advice = "Give the name `preview` to the table itself, and print it in a line of its own."
        why = "`print` shows a table and returns None, so that is what `preview` holds."
    expect(
        explore.preview or (unseen and set(truth.rows[:3].ravel().tolist()) <= set(explore.shown)),
        ran="`preview`, and what the cells displayed",
        expected="the first rows of `df`",
        got=f"{shown}, and not the first rows" if shown else "no such table",
        why=why,
        next=advice,
    )
