"""Archives that are not what they should be: wrong bytes, missing files, bombs, bent headers."""

from __future__ import annotations

import pytest

from course_data.fetching import FetchError, fetch

NAMES = ("user_artists.dat", "artists.dat")


@pytest.mark.parametrize("name", ["user_artists", "artists"])
def test_a_wrong_hash(server, files, target, fails, name):
    right = files.content[f"{name}.dat"]
    url = server.serve("/a.zip", files.zip(**{name: right[:-1] + bytes([right[-1] ^ 1])}))
    message = fails(target, url=url)
    assert f"{name}.dat has the SHA-256" in message
    assert files.expected[f"{name}.dat"].sha256 in message


def test_a_wrong_size(server, files, target, fails):
    message = fails(target, url=server.serve("/a.zip", files.zip(artists=b"short")))
    assert "artists.dat has 5 bytes, expected" in message


@pytest.mark.parametrize("name", ["user_artists", "artists"])
def test_a_zip_that_lacks_a_file(server, files, target, fails, name):
    message = fails(target, url=server.serve("/a.zip", files.zip(**{name: None})))
    assert f"holds no {name}.dat" in message


def test_one_flipped_bit_is_caught_by_the_checksum(server, files, target, fails):
    packed = bytearray(files.zip())
    start = packed.index(b"user_artists.dat") + len("user_artists.dat")
    packed[start + 500] ^= 4
    assert "truncated or damaged" in fails(target, url=server.serve("/a.zip", bytes(packed)))


def test_a_zip_bomb_is_refused_by_its_declared_size(server, files, target, fails):
    bomb = files.zip(user_artists=b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    message = fails(target, url=server.serve("/a.zip", bomb))
    assert "user_artists.dat has 50,000,000 bytes, expected" in message


def test_a_zip_bomb_that_lies_about_its_size(server, files, target, fails):
    """The directory declares the right size, the data unpacks to far more: it is not read."""
    size = 50_000_000
    bomb = files.zip(user_artists=b"\0" * size)
    right = files.expected["user_artists.dat"].size
    lying = bomb.replace(size.to_bytes(4, "little"), right.to_bytes(4, "little"))
    assert lying != bomb
    message = fails(target, url=server.serve("/a.zip", lying))
    assert "truncated or damaged" in message or "SHA-256" in message


def test_an_encrypted_zip(server, files, target, fails):
    packed = bytearray(files.zip())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # set the flag bit of every entry
        at = packed.find(mark)
        while at >= 0:
            packed[at + offset] |= 1
            at = packed.find(mark, at + 1)
    assert "cannot be unpacked" in fails(target, url=server.serve("/a.zip", bytes(packed)))


def test_a_zip_with_a_name_that_is_no_text(server, files, target, fails):
    packed = bytearray(files.zip().replace(b"readme.txt", b"\xffeadme.txt"))
    packed[packed.index(b"PK\x01\x02") + 9] |= 0x08  # "names are UTF-8", which 0xff never is
    message = fails(target, url=server.serve("/a.zip", bytes(packed)))
    assert "the zip archive cannot be read" in message


def test_a_zip_bent_at_any_place_never_gives_a_traceback(server, files, fails, tmp_path):
    """Bytes of headers and directory bent one after the other: FetchError, or right files."""
    packed = files.zip()
    for at in [*range(0, 60, 3), *range(len(packed) - 260, len(packed), 3)]:
        bent = bytearray(packed)
        bent[at] ^= 0xFF
        url = server.serve("/a.zip", bytes(bent))
        try:
            fetch(tmp_path / "to", url=url, expected=files.expected, force=True)
        except FetchError as error:
            assert "\n" not in str(error)
    left = (
        {each.name for each in (tmp_path / "to").iterdir()} if (tmp_path / "to").exists() else set()
    )
    assert left <= set(NAMES)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!DOCTYPE html><title>Please log in</title>", "a web page, not a zip"),
        (b"", "empty, 0 bytes"),
        (b"userID\tartistID\tweight", "not a zip archive"),
    ],
)
def test_something_else_than_a_zip(server, target, fails, body, says):
    assert says in fails(target, url=server.serve("/a.zip", body))
