"""Finding a data file, and counting what is in it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import course_data

PACKAGE = Path(course_data.__file__).parent


@pytest.fixture
def folder(files, tmp_path: Path) -> Path:
    return files.write(tmp_path / "mine")


def test_nothing_said_means_the_sample():
    assert course_data.path() == PACKAGE / "sample" / "user_artists.dat"
    assert course_data.path("artists.dat") == PACKAGE / "sample" / "artists.dat"


def test_an_empty_variable_means_the_sample(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "")
    assert course_data.path() == course_data.path(data="sample")


def test_the_variable_chooses_and_the_argument_overrules_it(folder, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(folder))
    assert course_data.path() == folder / "user_artists.dat"
    assert course_data.path("artists.dat") == folder / "artists.dat"
    assert course_data.path(data="sample").parent.name == "sample"


def test_a_file_under_any_name_and_its_neighbour(folder):
    (folder / "user_artists.dat").rename(folder / "export.txt")
    assert course_data.path(data=folder / "export.txt") == folder / "export.txt"
    assert (
        course_data.path("artists.dat", data=str(folder / "export.txt")) == folder / "artists.dat"
    )


def test_lastfm_is_in_the_folder_of_the_variable(folder, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    assert course_data.path(data="lastfm") == folder / "user_artists.dat"


def test_lastfm_is_in_the_users_data_folder_otherwise(monkeypatch, tmp_path):
    import platformdirs

    monkeypatch.delenv("COURSE_DATA_DIR")
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda *_, **__: str(tmp_path))
    (tmp_path / "user_artists.dat").write_text("x")
    assert course_data.path(data="lastfm") == tmp_path / "user_artists.dat"


def test_lastfm_not_fetched_says_how_to_fetch_it(tmp_path):
    with pytest.raises(course_data.DataError) as caught:
        course_data.path(data="lastfm")
    message = str(caught.value)
    assert "has not been fetched" in message
    assert str(tmp_path / "nothing-fetched") in message
    assert "course_data fetch" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("user_artists.dat", "lastfn", "there is no data called 'lastfn'"),
        ("user_artists.dat", "no/such/folder", "no/such/folder"),
        ("user_artist.dat", "sample", "user_artists.dat or artists.dat"),
    ],
)
def test_a_wrong_name_is_a_one_line_error(name, data, says):
    with pytest.raises(course_data.DataError) as caught:
        course_data.path(name, data)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_or_neighbourhood_without_the_file(folder):
    (folder / "artists.dat").unlink()
    with pytest.raises(course_data.DataError, match=r"the data folder holds no artists\.dat"):
        course_data.path("artists.dat", folder)
    with pytest.raises(course_data.DataError, match=r"no artists\.dat beside user_artists\.dat"):
        course_data.path("artists.dat", folder / "user_artists.dat")


def test_info_of_the_toy_graph(tmp_path):
    """Users 1, 2, 3 and artists 1, 2, 3, 4: seven nodes, four distinct ids."""
    toy = tmp_path / "toy.dat"
    pairs = [(1, 2), (1, 3), (2, 1), (2, 2), (3, 2), (3, 4)]
    toy.write_text("userID\tartistID\tweight\n" + "".join(f"{u}\t{a}\t5\n" for u, a in pairs))
    counts = course_data.info(toy)
    assert (counts.users, counts.artists, counts.rows) == (3, 4, 6)
    assert (counts.nodes, counts.distinct_ids, counts.shared_ids) == (7, 4, 3)
    assert counts.sha256 == hashlib.sha256(toy.read_bytes()).hexdigest()
    assert counts.path == toy


def test_info_of_the_sample():
    counts = course_data.info()
    assert (counts.users, counts.artists, counts.rows) == (200, 800, 8_000)
    assert (counts.nodes, counts.distinct_ids, counts.shared_ids) == (1_000, 801, 199)


def test_info_of_the_real_file(lastfm_folder):
    counts = course_data.info(lastfm_folder)
    assert (counts.users, counts.artists, counts.rows) == (1_892, 17_632, 92_834)
    assert (counts.nodes, counts.distinct_ids, counts.shared_ids) == (19_524, 17_644, 1_880)
    assert counts.sha256 == "650cd69d5a68db24b439042557aa539aec47e473273e12cdfdca2cd944b3773a"


def test_info_of_a_damaged_file_names_the_line(tmp_path):
    bad = tmp_path / "bad.dat"
    bad.write_text("userID\tartistID\tweight\n1\t2\t3\n1\t2\t4\n")
    with pytest.raises(
        course_data.DataError, match="line 3: user 1 and artist 2 are already on line 2"
    ):
        course_data.info(bad)


def test_importing_is_light():
    """A notebook that only asks for a path pays neither for numpy nor for pooch."""
    code = "import sys, course_data; course_data.path(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "course_data" in loaded
    assert not loaded & {"numpy", "pandas", "torch", "pooch", "requests", "rich", "typer"}


def test_every_public_name_is_there():
    for name in course_data.__all__:
        assert getattr(course_data, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        course_data.nothing  # noqa: B018
