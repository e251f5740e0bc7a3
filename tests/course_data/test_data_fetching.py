"""Fetching from a good server and from bad ones: the right bytes, or one line and no change."""

from __future__ import annotations

import io
import socket
import zipfile

import pytest

from course_data import download
from course_data.fetching import OFFICIAL, URL, fetch

NAMES = ("user_artists.dat", "artists.dat")


def test_the_address_and_sizes_are_the_official_ones(lastfm_folder):
    assert URL == "https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip"
    for name in NAMES:
        assert OFFICIAL[name].size == (lastfm_folder / name).stat().st_size


@pytest.mark.parametrize("folder", ["", "hetrec2011-lastfm-2k/"])
def test_a_good_server(server, files, contents, target, folder):
    before = contents(target) or {}
    result = fetch(target, url=server.serve("/a.zip", files.zip(folder)), expected=files.expected)
    assert contents(target) == {**before, **files.content}
    assert result.files == NAMES and result.folder == target
    assert "fetched user_artists.dat and artists.dat" in result.note


def test_the_real_files_come_through_with_the_official_hashes(server, lastfm_folder, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in NAMES:
            opened.write(lastfm_folder / name, name)
    fetch(tmp_path / "to", url=server.serve("/lastfm.zip", packed.getvalue()))
    for name in NAMES:
        assert (tmp_path / "to" / name).read_bytes() == (lastfm_folder / name).read_bytes()


def test_valid_files_are_left_alone_unless_forced(server, files, tmp_path):
    url = server.serve("/a.zip", files.zip())
    fetch(tmp_path, url=url, expected=files.expected)
    before = (tmp_path / NAMES[0]).stat()
    again = fetch(tmp_path, url=url, expected=files.expected)
    assert again.files == () and "already there and valid" in again.note and "--force" in again.note
    assert (tmp_path / NAMES[0]).stat().st_ino == before.st_ino
    assert server.asked == ["/a.zip"]
    assert fetch(tmp_path, url=url, expected=files.expected, force=True).files == NAMES
    assert server.asked == ["/a.zip"] * 2


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_fetched_again(server, files, tmp_path, name):
    url = server.serve("/a.zip", files.zip())
    fetch(tmp_path, url=url, expected=files.expected)
    damaged = bytearray(files.content[name])
    damaged[-5] ^= 1  # same size, one bit
    (tmp_path / name).write_bytes(damaged)
    assert fetch(tmp_path, url=url, expected=files.expected).files == NAMES
    assert (tmp_path / name).read_bytes() == files.content[name]


def test_a_redirect_is_followed(server, files, contents, tmp_path):
    there = server.serve("/there.zip", files.zip())
    fetch(
        tmp_path, url=server.serve("/here.zip", b"", 302, location=there), expected=files.expected
    )
    assert contents(tmp_path) == files.content
    assert server.asked == ["/here.zip", "/there.zip"]


def test_no_content_length_is_fine(server, files, contents, tmp_path):
    url = server.serve("/a.zip", files.zip(), content_length=None)
    fetch(tmp_path, url=url, expected=files.expected)
    assert contents(tmp_path) == files.content


def test_progress_is_told(server, files, tmp_path):
    class Bar:
        total, done, log = 0, 0, ()

        def update(self, size):
            self.done += size
            self.log += (self.done,)

        def reset(self):
            self.done = 0

        def close(self):
            self.log += ("closed",)

    bar, packed = Bar(), files.zip()
    fetch(tmp_path, url=server.serve("/a.zip", packed), expected=files.expected, progress=bar)
    assert bar.total == bar.done == len(packed)
    assert len(bar.log) > 2 and bar.log[-1] == "closed"


@pytest.mark.parametrize(
    ("status", "words"), [(404, "Not Found"), (403, "Forbidden"), (500, "Internal")]
)
def test_an_error_status(server, target, fails, status, words):
    message = fails(target, url=server.serve("/a.zip", b"sorry", status))
    assert f"the server answered {status} {words}" in message
    assert "/a.zip" in message and "--from-file" in message


def test_no_network(target, fails):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]  # bound but not listening: a connection is refused
        message = fails(target, url=f"http://127.0.0.1:{port}/a.zip")
    assert "no connection to 127.0.0.1" in message and "Check the network" in message


def test_no_such_host(target, fails):
    assert "no connection to files.invalid" in fails(target, url="http://files.invalid/a.zip")


def test_a_server_that_hangs_up_at_once(server, target, fails):
    server.reset.add("/a.zip")
    url = server.serve("/a.zip", b"", content_length="1000")
    assert "127.0.0.1" in (message := fails(target, url=url))
    assert "no connection" in message or "cut short" in message


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_the_connection_drops_half_way(server, files, target, fails, reset):
    packed = files.zip()
    if reset:
        server.reset.add("/a.zip")
    url = server.serve("/a.zip", packed[: len(packed) // 2], content_length=str(len(packed)))
    message = fails(target, url=url)
    assert "cut short" in message and "Try again" in message


def test_half_an_archive_without_a_length_is_not_taken_for_all(server, files, target, fails):
    packed = files.zip()
    url = server.serve("/a.zip", packed[: len(packed) // 2], content_length=None)
    assert "truncated or damaged" in fails(target, url=url)


def test_a_length_too_short(server, files, target, fails):
    packed = files.zip()
    url = server.serve("/a.zip", packed, content_length=str(len(packed) - 100))
    assert "truncated or damaged" in fails(target, url=url)


def test_a_length_that_is_no_number(server, files, target, fails):
    assert "download failed" in fails(
        target, url=server.serve("/a.zip", files.zip(), content_length="many")
    )


@pytest.mark.parametrize("sent", [0, 1000])
def test_a_stalled_server(server, files, target, fails, sent):
    packed = files.zip()
    server.hang.add("/a.zip")
    url = server.serve("/a.zip", packed[:sent], content_length=str(len(packed)))
    message = fails(target, url=url, timeout=0.3)
    assert "the server stalled: nothing for 0.3 s" in message


def test_a_server_that_never_answers(target, fails):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        assert "the server stalled" in fails(
            target, url=f"http://127.0.0.1:{port}/a.zip", timeout=0.3
        )


def test_redirects_without_end(server, target, fails):
    url = server.serve("/a.zip", b"", 302, location=server.url("/a.zip"))
    assert "redirects without end" in fails(target, url=url)


def test_a_redirect_to_a_local_file_is_not_followed(server, files, target, fails, tmp_path):
    (tmp_path / "secret.zip").write_bytes(files.zip())
    location = (tmp_path / "secret.zip").as_uri()
    assert "download failed" in fails(
        target, url=server.serve("/a.zip", b"", 302, location=location)
    )


def test_far_too_much(server, files, target, fails, monkeypatch):
    monkeypatch.setattr(download, "LARGEST", 2**20)
    message = fails(target, url=server.serve("/a.zip", b"x" * (2**20 + 1)))
    assert "more than 1 MB" in message


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/a.zip", "file:///etc/hosts", "a.zip", "http://", "http://[1/a"]
)
def test_what_is_no_web_address(target, fails, url):
    assert "not an http or https address" in fails(target, url=url)
