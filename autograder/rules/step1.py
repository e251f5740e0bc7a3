"""Step 1: the table is the file, under the assignment's names, and the counts are right."""

from __future__ import annotations

import numpy as np

from autograder.contract import COLUMNS
from autograder.evidence.schema import Explore, Frame
from autograder.rules import check
from autograder.rules.teaching import count, expect, need, unfinished
from autograder.truth import Truth

NAMES = list(COLUMNS)


@check("step1.load", points=1)
def test_separator(load: Frame) -> None:
    """The file is cut into its three columns"""
    expect(
        len(load.columns) >= 3,
        ran="the columns of `df`",
        expected="3 columns",
        got=f"{len(load.columns)}: {load.columns}",
        why="The file separates its values with tabs, not with commas.",
        next='Tell `pd.read_csv` which separator to use: `sep="\\t"`.',
    )


@check("step1.load", points=2)
def test_names(load: Frame) -> None:
    """The columns are called userID, artistID and listen_count"""
    expect(
        set(NAMES) <= set(load.columns),
        ran="the names of the columns of `df`",
        expected=NAMES,
        got=load.columns,
        why="Every later step asks for the columns by these names.",
        next="Rename the file's third column; its header calls it `weight`.",
    )


@check("step1.load", points=1)
def test_numbers(load: Frame) -> None:
    """Ids and counts are whole numbers; the header is no row of data"""
    need(len(load.columns) >= 3, "three columns", "the file is cut into its three columns")
    expect(
        load.dtypes and all(kind.lower().startswith(("int", "uint")) for kind in load.dtypes[:3]),
        ran="the dtypes of `df` and its first row",
        expected="int64 in every column",
        got=f"{load.dtypes}, first row {load.first_row}",
        why="A header that was read as data turns every column into text.",
        next="With `names=` alone the header stays in: add `header=0`, or rename afterwards.",
    )


@check("step1.load", points=2)
def test_rows(load: Frame, truth: Truth) -> None:
    """Every row of the file is there"""
    expect(
        load.rows == truth.n_edges,
        ran="`len(df)`",
        expected=count(truth.n_edges, "rows"),
        got=count(load.rows, "rows"),
        why="Each row is one edge of the graph: a lost row is a lost edge.",
        next="One too many: the header became data. One too few: the first row became the header. "
        "Far fewer: look for nrows, sample or drop_duplicates.",
    )


@check("step1.load", points=1)
def test_values(values: np.ndarray, truth: Truth) -> None:
    """Users, artists and counts stand in their own columns"""
    seen = [len(np.unique(values[:, i])) for i in (0, 1)]
    order = [np.lexsort(rows.T[::-1]) for rows in (values, truth.rows)]
    expect(
        np.array_equal(values[order[0]], truth.rows[order[1]]),
        ran="the values of `df`, row by row, beside the file",
        expected=f"{truth.n_users:,} different userIDs and {truth.n_artists:,} artistIDs",
        got=f"{seen[0]:,} different userIDs and {seen[1]:,} artistIDs",
        why="A name on the wrong column raises no error, and everything after it is wrong.",
        next="Compare the first line of the file with the order of your column names.",
    )


@check("step1.explore", points=1)
def test_users(explore: Explore, truth: Truth) -> None:
    """n_users counts the different users"""
    if not explore.n_users_text:
        raise unfinished("n_users", None)
    expect(
        explore.n_users == truth.n_users,
        ran="`n_users`",
        expected=f"{truth.n_users:,}",
        got=explore.n_users_text,
        why="Ids have gaps and repeat: neither the largest id nor the row count is the number.",
        next="Count the different values of the column.",
    )


@check("step1.explore", points=1)
def test_artists(explore: Explore, truth: Truth) -> None:
    """n_artists counts the different artists"""
    if not explore.n_artists_text:
        raise unfinished("n_artists", None)
    expect(
        explore.n_artists == truth.n_artists,
        ran="`n_artists`",
        expected=f"{truth.n_artists:,}",
        got=explore.n_artists_text,
        why="Ids have gaps and repeat: neither the largest id nor the row count is the number.",
        next="Count the different values of the column.",
    )


@check("step1.explore", points=1)
def test_preview(explore: Explore) -> None:
    """The first rows of the table were looked at"""
    expect(
        explore.preview,
        ran="`preview`, and what the cells displayed",
        expected="the first rows of `df`",
        got="nothing like it",
        why="One look at five rows catches most loading mistakes.",
        next="Ask `df` for its head.",
    )
