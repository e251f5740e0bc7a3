"""A headless Chromium for the tests of pages; `.ci/run` installs it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
OUTPUT = Path(__file__).parents[1] / "test-output"  # screenshots; not in the repository


def executable() -> str:
    """The system's Chromium, or the one in CHROMIUM."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert path, "no Chromium: install it (apt-get install chromium), or set CHROMIUM to its path"
    return path


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start it, and keep pictures of the open pages where something fails."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield started
        except Exception:
            OUTPUT.mkdir(exist_ok=True)
            for number, tab in enumerate(t for c in started.contexts for t in c.pages):
                tab.screenshot(path=OUTPUT / f"failure-{number}.png")
            raise
        finally:
            started.close()
