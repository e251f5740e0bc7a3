"""nbgrader's formgrader on a real Jupyter server, and a grader who uses it in a browser."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nbgrader_course import environment

from autograder.contract import ASSIGNMENT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE = 60  # seconds for what takes one or two


@contextlib.contextmanager
def formgrader(course: Path, settings: Path) -> Iterator[str]:
    """A Jupyter server in the folder of a course; its address, with a `{}` for the page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    settings.mkdir(parents=True)
    env = environment() | {
        f"JUPYTER_{kind}_DIR": str(settings / kind) for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    command = [sys.executable, "-m", "jupyter_server", f"--ServerApp.root_dir={course}"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--no-browser", "--allow-root"]
    command += [f"--IdentityProvider.token={token}"]
    command += ["--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True"]
    log = settings / "server.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(command, cwd=course, env=env, stdout=stream, stderr=stream)
        try:
            _wait(f"http://127.0.0.1:{port}/api?token={token}", server, log)
            yield f"http://127.0.0.1:{port}/login?token={token}&next=/formgrader/{{}}"
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10):
            return
        time.sleep(0.5)
    raise RuntimeError(f"Jupyter did not start: {log.read_text(errors='replace')[-2000:]}")


def open_notebook(browser: Browser, address: str, student: str, notebook: str) -> Page:
    """One student's notebook, by the links that a grader follows, once its scores are there."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.route(lambda url: "//127.0.0.1" not in url, lambda route: route.abort())  # MathJax
    page.goto(address.format(f"manage_students/{student}/{ASSIGNMENT}"))
    page.get_by_role("link", name=notebook, exact=True).click()
    page.wait_for_function("() => window.formgrader?.grades?.loaded && formgrader.comments.loaded")
    return page


def enter(page: Page, cell: str, text: str) -> None:
    """Type into a field and leave it, as a grader does; formgrader saves it then."""
    field = page.locator(f'[id="{cell}"]')
    field.fill(text)
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        field.blur()
    assert saved.value.ok, saved.value.status_text
