"""Larger data: drawn a block of users at a time, with the same bytes whatever the block's size."""

from __future__ import annotations

import io

import pandas as pd
import pytest

import course_data
from course_data import generator


@pytest.mark.parametrize("block", [1, 7, 200, 10_000])
def test_the_block_does_not_show_in_the_bytes(block, monkeypatch):
    expected = course_data.generate(5, 60, 300, per_user=8)
    monkeypatch.setattr(generator, "_BLOCK", block)
    assert course_data.generate(5, 60, 300, per_user=8) == expected


def test_every_artist_is_heard_even_where_few_users_are_offered_it(monkeypatch):
    monkeypatch.setattr(generator, "_FANS", 1)
    made = course_data.generate(5, 300, 900, per_user=4)
    df = pd.read_csv(io.BytesIO(made.user_artists), sep="\t")
    assert df["artistID"].nunique() == 900
    assert not df.duplicated(["userID", "artistID"]).any()


def test_more_artists_than_names_get_numbered_names():
    made = course_data.generate(0, 200, 5_100, per_user=40)
    names = [line.split("\t")[1] for line in made.artists.decode().split("\n")[1:-1]]
    assert len(set(names)) == 5_100
    assert sum(name.endswith(" (2)") for name in names) == 100


def test_ten_times_the_sample():
    made = course_data.generate(n_users=2_000, n_artists=8_000)
    df = pd.read_csv(io.BytesIO(made.user_artists), sep="\t")
    assert (df["userID"].nunique(), df["artistID"].nunique(), len(df)) == (2_000, 8_000, 80_000)
    assert not df.duplicated(["userID", "artistID"]).any()
