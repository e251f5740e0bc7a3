"""Validation: every kind of damage is found, on the right line, in words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import course_data
from course_data import Problem

GOOD = b"userID\tartistID\tweight\r\n2\t51\t13883\r\n2\t52\t11690\r\n3\t51\t1"
GOOD_ARTISTS = (
    "id\tname\turl\tpictureURL\n1\tZoë, Ash\thttps://example.org/1\t\n2\tB\tu\tp\n".encode()
)


@pytest.fixture
def check(tmp_path: Path):
    def write_and_validate(content: bytes, name: str = "mine.dat", **options) -> list[Problem]:
        file = tmp_path / name
        file.write_bytes(content)
        return course_data.validate(file, **options)

    return write_and_validate


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD + b"\r\n",
        GOOD.replace(b"\r\n", b"\n"),
        GOOD.replace(b"\r\n", b"\n") + b"\n",
        GOOD_ARTISTS,
        GOOD_ARTISTS.rstrip(b"\n"),
        GOOD_ARTISTS.replace(b"\n", b"\r\n"),
    ],
    ids=[
        "crlf",
        "crlf at the end",
        "lf",
        "lf at the end",
        "artists",
        "artists no end",
        "artists crlf",
    ],
)
def test_right_files_have_no_problem(check, content):
    assert check(content) == []


@pytest.mark.parametrize("name", ["user_artists.dat", "artists.dat"])
def test_the_sample_is_valid(name):
    assert course_data.validate(course_data.path(name)) == []


@pytest.mark.parametrize("name", ["user_artists.dat", "artists.dat"])
def test_the_real_files_are_valid_and_checked_within_a_second(lastfm_folder, name):
    start = time.process_time()
    assert course_data.validate(lastfm_folder / name) == []
    assert time.process_time() - start < 1.0


def test_the_last_row_of_the_real_file_is_checked_too(lastfm_folder, check):
    content = (lastfm_folder / "user_artists.dat").read_bytes()
    assert check(content[:-3] + b"0.5") == [
        Problem(92_835, "weight is '0.5', not a whole number"),
    ]


DAMAGE = {
    "header in other words": (GOOD.replace(b"weight", b"plays"), 1, "wrong header"),
    "header in other order": (
        GOOD.replace(b"userID\tartistID", b"artistID\tuserID"),
        1,
        "wrong header",
    ),
    "no header": (GOOD.split(b"\r\n", 1)[1], 1, "the header is missing"),
    "commas": (GOOD.replace(b"\t", b","), 1, "comma-separated"),
    "commas, no header": (GOOD.split(b"\r\n", 1)[1].replace(b"\t", b","), 1, "comma-separated"),
    "semicolons": (GOOD.replace(b"\t", b";"), 1, "semicolon-separated"),
    "spaces": (GOOD.replace(b"\t", b" "), 1, "space-separated"),
    "prose": (b"# The design\nOne page", 1, "wrong header: expected userID artistID weight"),
    "two columns": (GOOD.replace(b"2\t52\t11690", b"2\t52"), 3, "2 columns, expected 3"),
    "four columns": (GOOD.replace(b"2\t52\t11690", b"2\t52\t11690\t"), 3, "4 columns, expected 3"),
    "one column": (GOOD.replace(b"2\t52\t11690", b"2 52 11690"), 3, "1 column, expected 3"),
    "empty line": (GOOD.replace(b"\r\n3", b"\r\n\r\n3"), 4, "the line is empty"),
    "word for an id": (
        GOOD.replace(b"\t52\t", b"\tfifty\t"),
        3,
        "artistID is 'fifty', not a whole number",
    ),
    "no id": (GOOD.replace(b"\t52\t", b"\t\t"), 3, "artistID is '', not a whole number"),
    "fraction": (GOOD.replace(b"11690", b"11690.5"), 3, "weight is '11690.5', not a whole number"),
    "blank after a number": (
        GOOD.replace(b"11690", b"11690 "),
        3,
        "weight is '11690 ', not a whole",
    ),
    "digits of another script": (
        GOOD.replace(b"52", "٥٢".encode()),
        3,
        "artistID is '٥٢', not a whole",
    ),
    "weight 0": (GOOD.replace(b"11690", b"0"), 3, "weight is '0'; a listen count is 1 or more"),
    "weight 000": (
        GOOD.replace(b"11690", b"000"),
        3,
        "weight is '000'; a listen count is 1 or more",
    ),
    "weight below 0": (
        GOOD.replace(b"11690", b"-4"),
        3,
        "weight is '-4'; a listen count is 1 or more",
    ),
    "id below 0": (GOOD.replace(b"2\t52", b"-2\t52"), 3, "userID is '-2'; expected digits only"),
    "huge id": (GOOD.replace(b"52", b"9" * 25), 3, "too large"),
    "pair twice": (
        GOOD.replace(b"2\t52", b"2\t51"),
        3,
        "user 2 and artist 51 are already on line 2",
    ),
    "pair twice, zeros": (
        GOOD.replace(b"2\t52", b"02\t051"),
        3,
        "user 2 and artist 51 are already on line 2",
    ),
    "empty": (b"", 0, "the file is empty"),
    "blank": (b"\r\n \r\n", 0, "the file is empty"),
    "header only": (b"userID\tartistID\tweight\r\n", 1, "no rows after the header"),
    "Latin-1": (GOOD + b"\r\n4\t\xe9\t1", 5, "not UTF-8 text (byte 0xe9)"),
    "UTF-16": (GOOD.decode().encode("utf-16"), 1, "UTF-16"),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, 1, "byte order mark"),
    "zip": (b"PK\x03\x04rest", 0, "a zip archive"),
    "zero byte": (GOOD.replace(b"52", b"5\x00"), 3, "zero byte"),
    "CR alone": (GOOD.replace(b"\r\n", b"\r"), 1, "CR alone"),
    "artists: columns": (
        GOOD_ARTISTS.replace(b"2\tB\tu\tp", b"2\tB\tu"),
        3,
        "3 columns, expected 4",
    ),
    "artists: id": (GOOD_ARTISTS.replace(b"2\tB", b"x\tB"), 3, "id is 'x', not a whole number"),
    "artists: id twice": (
        GOOD_ARTISTS.replace(b"2\tB", b"1\tB"),
        3,
        "artist 1 is already on line 2",
    ),
    "artists: name": (GOOD_ARTISTS.replace(b"2\tB", b"2\t "), 3, "the name is empty"),
    "artists: header": (
        GOOD_ARTISTS.replace(b"pictureURL", b"picture"),
        1,
        "wrong header: expected id name",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_on_its_line(check, damage):
    content, line, says = DAMAGE[damage]
    problems = check(content)
    assert len(problems) == 1, problems
    assert problems[0].line == line
    assert says in problems[0].message
    assert "\n" not in str(problems[0]) and len(str(problems[0])) < 200


def test_artists_dat_is_known_by_its_name(check):
    assert check(b"1\tA\tu\tp\n", "artists.dat")[0].message.startswith(
        "wrong header: expected id name"
    )


def test_problems_are_listed_in_file_order(check):
    lines = GOOD.split(b"\r\n") + [b"4\tx\t1", b"5\t6", b"2\t51\t9"]
    assert [problem.line for problem in check(b"\r\n".join(lines))] == [5, 6, 7]


def test_many_problems_are_capped_and_counted(check):
    problems = check(b"userID\tartistID\tweight\n" + b"1\t2\n" * 1_500)
    assert [problem.line for problem in problems] == [*range(2, 22), 0]
    assert problems[-1].message == "and 1,480 more like these"
    assert len(check(b"userID\tartistID\tweight\n" + b"1\t2\n" * 20)) == 20
    assert (
        str(check(b"userID\tartistID\tweight\n" + b"1\t2\n" * 5, limit=2)[-1])
        == "and 3 more like these"
    )


def test_what_is_no_file(tmp_path):
    assert "No such file" in str(course_data.validate(tmp_path / "absent.dat")[0])
    assert "it is a folder" in str(course_data.validate(tmp_path)[0])
