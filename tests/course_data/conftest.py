"""Fixtures for the data tests: the real files, small stand-ins, a web server that misbehaves."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from course_data.fetching import Expected, FetchError, fetch

ROOT = Path(__file__).resolve().parents[2]
USER_ARTISTS, ARTISTS = "user_artists.dat", "artists.dat"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the data chosen or fetched on this machine, nor goes through its proxy."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "nothing-fetched"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def lastfm_folder() -> Path:
    """The folder of the real Last.fm files."""
    folder = Path(os.environ.get("LASTFM_DIR") or ROOT.parent / "shared" / "course_data")
    for name in (USER_ARTISTS, ARTISTS):
        if not (folder / name).is_file():
            pytest.skip(f"real Last.fm file not found: {folder / name} (set LASTFM_DIR)")
    return folder


class Files:
    """Small stand-ins for the two files, and what fetch is to expect of them."""

    def __init__(self) -> None:
        rows = "\r\n".join(f"{user}\t{user + 1}\t{user * 7}" for user in range(2, 4000))
        self.content = {
            USER_ARTISTS: f"userID\tartistID\tweight\r\n{rows}".encode(),
            ARTISTS: "id\tname\turl\tpictureURL\n1\tZoë, Ash\thttps://example.org/1\t\n".encode()
            * 50,
        }
        self.expected = {
            name: Expected(len(content), hashlib.sha256(content).hexdigest())
            for name, content in self.content.items()
        }

    def zip(self, folder: str = "", **replaced: bytes | None) -> bytes:
        """A zip of the two files; `artists=` replaces that one, or leaves it out if None."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr("readme.txt", "about this archive")
            for name, content in self.content.items():
                chosen = replaced.get(name.removesuffix(".dat"), content)
                if chosen is not None:
                    opened.writestr(folder + name, chosen)
        return packed.getvalue()

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.content.items():
            (folder / name).write_bytes(content)
        return folder


@pytest.fixture(scope="session")
def files() -> Files:
    return Files()


class Server:
    """A web server on loopback; what it serves, and how badly, is set path by path."""

    def __init__(self) -> None:
        self.routes: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.hang: set[str] = (
            set()
        )  # sends what it has, then nothing, with the connection left open
        self.reset: set[str] = set()  # sends what it has, then resets the connection
        self.asked: list[str] = []
        self.reached = threading.Event()  # set once a response has been sent as far as it goes
        self.released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._http.server_port}{path}"

    def serve(self, path: str, body: bytes, status: int = 200, **headers: str | None) -> str:
        """Serve a body; `content_length=` makes that header a lie, or None leaves it out."""
        given = {"content_length": str(len(body)), **headers}
        named = {
            name.replace("_", "-"): value for name, value in given.items() if value is not None
        }
        self.routes[path] = (status, named, body)
        return self.url(path)

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                status, headers, body = server.routes[self.path]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()
                server.reached.set()
                if self.path in server.hang:
                    server.released.wait(30)
                if self.path in server.reset:
                    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # the client left: tests make it
                    super().handle()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def contents(folder: Path) -> dict[str, bytes | None] | None:
    """Everything in a folder, hidden files too: relative path -> bytes (None for a folder)."""
    if not folder.exists():
        return None
    return {
        str(each.relative_to(folder)): each.read_bytes() if each.is_file() else None
        for each in sorted(folder.rglob("*"))
    }


@pytest.fixture(name="contents")
def _contents():
    return contents


@pytest.fixture(params=["absent", "empty", "older files"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder to fetch into, in each state that a failure has to leave as it was."""
    folder = tmp_path / "data" / "lastfm"
    if request.param != "absent":
        folder.mkdir(parents=True)
    if request.param == "older files":
        (folder / "user_artists.dat").write_bytes(b"an older file")
        (folder / "artists.dat").write_bytes(b"another")
        (folder / "notes.txt").write_bytes(b"mine")
    return folder


@pytest.fixture
def fails(files, contents, tmp_path: Path):
    """Fetch, expect a failure, and see that nothing changed. Returns the message."""

    def fetch_and_fail(target: Path, **options) -> str:
        before = contents(tmp_path)
        with pytest.raises(FetchError) as caught:
            fetch(target, expected=files.expected, **{"timeout": 5.0, **options})
        assert contents(tmp_path) == before
        message = str(caught.value)
        assert "\n" not in message
        return message

    return fetch_and_fail
