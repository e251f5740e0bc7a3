"""Fetching from what is at hand: a zip, a user_artists.dat, a folder; the right one or not."""

from __future__ import annotations

from pathlib import Path

import pytest

import course_data
from course_data.fetching import FetchError, fetch

NAMES = ("user_artists.dat", "artists.dat")


def test_from_a_zip(files, contents, tmp_path):
    (tmp_path / "download (1).zip").write_bytes(files.zip("lastfm/"))
    fetch(tmp_path / "to", from_file=tmp_path / "download (1).zip", expected=files.expected)
    assert contents(tmp_path / "to") == files.content


def test_from_a_zip_under_another_name(files, contents, tmp_path):
    (tmp_path / "download").write_bytes(files.zip())
    fetch(tmp_path / "to", from_file=tmp_path / "download", expected=files.expected)
    assert contents(tmp_path / "to") == files.content


def test_from_a_folder(files, contents, tmp_path):
    fetch(tmp_path / "to", from_file=files.write(tmp_path / "from"), expected=files.expected)
    assert contents(tmp_path / "to") == files.content


def test_from_a_dat_with_artists_beside_it(files, contents, tmp_path):
    source = files.write(tmp_path / "from") / "user_artists.dat"
    result = fetch(tmp_path / "to", from_file=source, expected=files.expected)
    assert contents(tmp_path / "to") == files.content
    assert result.files == NAMES


def test_from_a_dat_alone(files, contents, tmp_path):
    source = files.write(tmp_path / "from") / "user_artists.dat"
    source = source.rename(tmp_path / "ua.txt")
    result = fetch(tmp_path / "to", from_file=source, expected=files.expected)
    assert contents(tmp_path / "to") == {"user_artists.dat": files.content["user_artists.dat"]}
    assert result.files == ("user_artists.dat",)
    assert "no artists.dat (artist names)" in result.note


def test_from_the_real_files(lastfm_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "to"))
    fetch(from_file=lastfm_folder / "user_artists.dat")
    assert course_data.info("lastfm").rows == 92_834
    assert course_data.path("artists.dat", "lastfm").stat().st_size == 1_925_879


def test_from_file_does_not_change_the_source(files, contents, tmp_path):
    source = files.write(tmp_path / "from")
    before = contents(source)
    fetch(tmp_path / "to", from_file=source, expected=files.expected)
    fetch(source, from_file=source, expected=files.expected, force=True)
    assert contents(source) == before


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda f, d: d / "absent.zip", "there is no such file"),
        (lambda f, d: _put(d / "cut.zip", f.zip()[:-40]), "truncated or damaged"),
        (lambda f, d: _put(d / "empty.zip", b""), "empty, 0 bytes"),
        (
            lambda f, d: _put(d / "other.dat", b"userID\tartistID\tweight\n1\t2\t3"),
            "has 28 bytes, expected",
        ),
        (
            lambda f, d: _put(d / "lf.dat", f.content[NAMES[0]].replace(b"\r", b"")),
            "from CR LF to LF",
        ),
        (lambda f, d: _put(d / "bit.dat", b"U" + f.content[NAMES[0]][1:]), "has the SHA-256"),
        (lambda f, d: d, "the folder holds no user_artists.dat"),
    ],
    ids=[
        "absent",
        "cut zip",
        "empty zip",
        "another file",
        "line ends",
        "one letter",
        "empty folder",
    ],
)
def test_a_wrong_file_at_hand(files, contents, tmp_path, make, says):
    (tmp_path / "from").mkdir()
    source = make(files, tmp_path / "from")
    with pytest.raises(FetchError) as caught:
        fetch(tmp_path / "to", from_file=source, expected=files.expected)
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "to").exists()


def _put(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def test_wrong_artists_beside_a_right_dat(files, tmp_path):
    source = files.write(tmp_path / "from")
    (source / "artists.dat").write_bytes(b"id\n")
    with pytest.raises(FetchError, match=r"artists\.dat has 3 bytes"):
        fetch(tmp_path / "to", from_file=source / "user_artists.dat", expected=files.expected)
    assert not (tmp_path / "to").exists()
