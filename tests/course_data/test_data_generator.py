"""The generator: its bytes, its format, the trap in its ids, and that it makes the sample."""

from __future__ import annotations

import io
from collections import Counter

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import course_data
from course_data import generator
from course_data.names import artist_names


def table(made: course_data.Dataset) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(made.user_artists), sep="\t")


def artist_rows(made: course_data.Dataset) -> list[list[str]]:
    return [line.split("\t") for line in made.artists.decode("utf-8").split("\n")[1:-1]]


@pytest.fixture(scope="module")
def sample() -> course_data.Dataset:
    return course_data.generate()


@pytest.fixture(scope="module", params=[1, 2, 3, 20_240_607])
def twin(request: pytest.FixtureRequest) -> course_data.Dataset:
    return course_data.twin(request.param)


def test_the_shipped_files_are_what_the_generator_makes(sample):
    assert course_data.path("user_artists.dat", "sample").read_bytes() == sample.user_artists
    assert course_data.path("artists.dat", "sample").read_bytes() == sample.artists


def test_same_seed_same_bytes_other_seed_other_bytes(sample):
    assert course_data.generate() == sample
    other = course_data.generate(generator.SAMPLE_SEED + 1)
    assert other.user_artists != sample.user_artists
    assert other.artists != sample.artists


def test_the_bytes_do_not_hang_on_the_last_digits_of_a_logarithm(sample, monkeypatch):
    """Another processor's log and exp may differ in the last bit; here by far more than that."""
    noise = np.random.default_rng(0)
    calls = Counter()

    class OtherNumpy:
        def __getattr__(self, name):
            return getattr(np, name)

        def log(self, x):
            calls["log"] += 1
            return np.log(x) * (1 + 1e-13 * noise.standard_normal(np.shape(x)))

        def exp(self, x):
            calls["exp"] += 1
            return np.exp(x) * (1 + 1e-13 * noise.standard_normal(np.shape(x)))

    monkeypatch.setattr(generator, "np", OtherNumpy())
    for _ in range(5):
        assert course_data.generate() == sample
    assert calls["log"] and calls["exp"]


def test_the_numbers_are_those_of_pcg64():
    """The first raw words of PCG64(0): numpy's own published stream."""
    words = np.random.PCG64(0).random_raw(3)
    expected = ((words >> np.uint64(12)).astype(float) + 0.5) / 2**52
    assert generator._Stream(0).many(3).tolist() == expected.tolist()
    assert words.tolist() == [11749869230777074271, 4976686463289251617, 755828109848996024]


def test_format_of_user_artists(sample):
    content = sample.user_artists
    lines = content.split(b"\r\n")
    assert lines[0] == b"userID\tartistID\tweight"
    assert content.count(b"\n") == content.count(b"\r") == len(lines) - 1
    assert not content.endswith(b"\n")
    assert all(line.count(b"\t") == 2 and line.isascii() for line in lines)


def test_format_of_artists(sample):
    text = sample.artists.decode("utf-8")
    assert text.startswith("id\tname\turl\tpictureURL\n")
    assert text.endswith("\n") and "\r" not in text
    rows = artist_rows(sample)
    assert {len(row) for row in rows} == {4}
    assert [int(row[0]) for row in rows] == sorted(table(sample)["artistID"].unique())
    assert 5 <= sum(row[3] == "" for row in rows) <= 40, "some artists have no picture"


def test_the_real_files_have_this_format(lastfm_folder):
    """What the two tests above demand holds for the real files, so it is the right thing."""
    content = (lastfm_folder / "user_artists.dat").read_bytes()
    assert content.startswith(b"userID\tartistID\tweight\r\n") and not content.endswith(b"\n")
    assert content.count(b"\r\n") == content.count(b"\n") == 92_834
    rows = [tuple(map(int, line.split(b"\t"))) for line in content.split(b"\r\n")[1:]]
    assert rows == sorted(rows)
    artists = (lastfm_folder / "artists.dat").read_bytes()
    assert artists.startswith(b"id\tname\turl\tpictureURL\n")
    assert artists.endswith(b"\n") and b"\r" not in artists


def test_names_are_made_up(sample, lastfm_folder):
    """No artist of the sample is a name in the real data."""
    real = (lastfm_folder / "artists.dat").read_bytes().decode("utf-8").split("\n")[1:-1]
    real_names = {line.split("\t")[1].casefold() for line in real}
    assert len(real_names) > 17_000
    assert not real_names & {row[1].casefold() for row in artist_rows(sample)}


def test_names_differ_and_are_awkward_on_purpose(sample):
    names = [row[1] for row in artist_rows(sample)]
    assert len({name.casefold() for name in names}) == len(names) == 800
    assert sum(not name.isascii() for name in names) > 20
    assert any("," in name for name in names)
    assert all(name == name.strip() and name.isprintable() for name in names)


def test_even_four_names_have_a_comma_and_a_letter_beyond_ascii():
    draw = iter(np.linspace(0.01, 0.99, 100))
    names = artist_names(4, lambda: float(next(draw)))
    assert any("," in name for name in names)
    assert any(not name.isascii() for name in names)


def test_too_many_names_are_refused():
    with pytest.raises(ValueError, match="at most 5,000"):
        artist_names(5_001, lambda: 0.5)


def test_sizes_of_the_sample(sample):
    df = table(sample)
    assert (df["userID"].nunique(), df["artistID"].nunique(), len(df)) == (200, 800, 8_000)
    assert not df.duplicated(["userID", "artistID"]).any()
    assert (df.groupby("userID").size() == 40).all()
    assert (df["userID"].min(), df["userID"].max()) == (2, 221)
    assert (df["artistID"].min(), df["artistID"].max()) == (1, 848)


def test_rows_are_ordered_as_in_the_real_file(sample):
    """By user, then artist id; the first user names its artists most heard first."""
    df = table(sample)
    assert df.equals(df.sort_values(["userID", "artistID"]))
    assert df.loc[df["userID"] == 2, "weight"].is_monotonic_decreasing


def test_shared_ids_have_the_real_share(sample):
    df = table(sample)
    shared = set(df["userID"]) & set(df["artistID"])
    assert len(shared) == round(200 * 1880 / 1892) == 199
    assert set(df["userID"]) - shared, "not all: the real data has users whose id no artist has"


def test_raw_ids_in_one_graph_break_it_just_as_in_the_real_data(sample):
    df = table(sample)
    raw = nx.Graph(list(df[["userID", "artistID"]].itertuples(index=False, name=None)))
    assert raw.number_of_nodes() == 801 < 1_000
    assert raw.number_of_edges() < len(df)
    assert nx.number_of_selfloops(raw) > 0
    assert not nx.is_bipartite(raw)


def test_listen_counts_have_a_heavy_tail(sample):
    """The real data: median 260; top tenth of rows 61% of the listens, top hundredth 29%."""
    weight = np.sort(table(sample)["weight"].to_numpy())[::-1]
    assert weight.min() >= 1
    assert 150 <= np.median(weight) <= 400
    assert 0.5 <= weight[:800].sum() / weight.sum() <= 0.75
    assert 0.2 <= weight[:80].sum() / weight.sum() <= 0.45


def test_artists_have_a_long_tail(sample):
    listeners = table(sample)["artistID"].value_counts()
    assert listeners.iloc[0] >= 8 * listeners.median()
    assert listeners.iloc[-1] == 1


def test_a_twin_has_other_counts_and_another_overlap(twin):
    df = table(twin)
    users, artists = df["userID"].nunique(), df["artistID"].nunique()
    shared = len(set(df["userID"]) & set(df["artistID"]))
    assert 80 <= users <= 120 and 180 <= artists <= 280
    assert len(df) == users * df.groupby("userID").size().iloc[0] != 8_000
    assert 0.59 <= shared / users <= 0.96
    assert shared != 199
    assert [int(row[0]) for row in artist_rows(twin)] == sorted(df["artistID"].unique())


def test_a_twin_is_valid_and_sets_the_trap(twin, tmp_path):
    folder = twin.write(tmp_path / "twin")
    assert course_data.validate(folder / "user_artists.dat") == []
    assert course_data.validate(folder / "artists.dat") == []
    counts = course_data.info(folder)
    assert counts.distinct_ids < counts.nodes
    df = table(twin)
    assert (df["userID"] == df["artistID"]).any(), "raw ids give a self-loop"


def test_a_whole_number_reaches_both_ends_and_leaves_out_the_skipped_one():
    stream = generator._Stream(0)
    assert {stream.whole(3, 7) for _ in range(200)} == {3, 4, 5, 6, 7}
    assert {stream.whole(3, 7, skip=5) for _ in range(200)} == {3, 4, 6, 7}


def test_twins_differ_and_repeat():
    made = [course_data.twin(seed) for seed in range(12)]
    sizes = {(table(each)["userID"].nunique(), table(each)["artistID"].nunique()) for each in made}
    assert len(sizes) >= 10
    assert course_data.twin(5) == made[5]


@pytest.mark.parametrize(
    "sizes",
    [
        {"n_users": 0},
        {"n_artists": 30},  # fewer than the 40 a user wants
        {"n_users": 10, "n_artists": 500},  # more than 10 users of 40 rows can reach
        {"shared": 1.5},
        {"shared": -0.1},
        {"n_users": 300, "n_artists": 100},  # 298 ids cannot be shared with 100 artists
    ],
)
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(ValueError):
        course_data.generate(0, **sizes)


@pytest.mark.parametrize(
    ("users", "artists", "per_user", "shared"),
    [
        (1, 1, 1, 0.0),
        (1, 1, 1, 1.0),
        (3, 4, 2, 0.67),
        (50, 20, 5, 0.4),
        (30, 60, 60, 0.0),
        (300, 100, 9, 0.3),
    ],
)
def test_odd_sizes_come_out_as_asked(users, artists, per_user, shared):
    made = course_data.generate(7, users, artists, per_user=per_user, shared=shared)
    df = table(made)
    assert (df["userID"].nunique(), df["artistID"].nunique()) == (users, artists)
    assert len(df) == users * per_user
    assert not df.duplicated(["userID", "artistID"]).any()
    assert len(set(df["userID"]) & set(df["artistID"])) == round(shared * users)
