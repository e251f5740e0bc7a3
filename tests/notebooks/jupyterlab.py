"""A real JupyterLab in a real browser: `lab(folder)` starts one, `Notebook` types and runs."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from checks_course import ROOT
from panels import OUTPUT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

PATIENCE = 240  # seconds for what takes few: a busy machine starts kernels slowly
AGAIN = 20  # seconds after which a cell that has not begun is started again
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # cells out of sight stay in the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@contextlib.contextmanager
def lab(folder: Path, settings: Path) -> Iterator[str]:
    """A JupyterLab on a free port that serves `folder`; its address, with a `{}` for the path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    home = settings / "home"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        **{f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")},
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    environment.pop("COURSE_DATA", None)  # the sample
    environment.pop("MPLBACKEND", None)  # pictures in the notebook
    use(settings, SETTINGS)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"]
    command += [f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={token}"]
    command += ["--ServerApp.port_retries=0", "--allow-root", "--LabApp.news_url=None"]
    with (settings / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(f"{address}/api?token={token}", server, settings / "server.log")
            yield f"{address}/lab/tree/{{}}?reset&token={token}"
        finally:
            server.terminate()  # and with it the kernels
            server.wait(PATIENCE)


def use(settings: Path, changes: dict[str, dict[str, object]]) -> None:
    """Write settings of JupyterLab, by the extension and plugin that they are for."""
    for plugin, values in changes.items():
        path = settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def theme(settings: Path, name: str) -> None:
    """Let the pages that are opened from now on be `light` or `dark`."""
    title = f"JupyterLab {name.capitalize()}"
    use(settings, {"apputils-extension/themes": {"theme": title, "adaptive-theme": False}})


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10):
            return
        time.sleep(1)
    raise RuntimeError(f"JupyterLab did not start: {log.read_text(errors='replace')[-2000:]}")


def _accept(dialog: Locator) -> None:
    """Answer a question of JupyterLab's, such as for the kernel, as it proposes."""
    print("JupyterLab asked:", dialog.inner_text())
    dialog.locator("button.jp-mod-accept").click()


class Notebook:
    """A notebook that is open in JupyterLab; cells are called by their ids."""

    def __init__(self, browser: Browser, address: str, path: Path) -> None:
        self.page = page = browser.new_page(viewport={"width": 1200, "height": 900})
        self.cells = nbformat.read(path, as_version=4).cells
        page.set_default_timeout(PATIENCE * 1000)
        page.add_locator_handler(page.locator("dialog.jp-Dialog"), _accept)
        page.goto(address.format(path.name))
        page.locator(".jp-Notebook .jp-Cell").nth(len(self.cells) - 1).wait_for(state="attached")
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
        page.keyboard.press("Control+B")  # the list of files leaves no room in a narrow window

    def close(self) -> None:
        """Save the notebook and close its page."""
        self.page.keyboard.press("Control+S")
        self.page.locator(".lm-TabBar-tab.jp-mod-dirty").first.wait_for(state="detached")
        self.page.close()

    def cell(self, id: str) -> Locator:
        """The cell in the page."""
        index = next(i for i, cell in enumerate(self.cells) if cell.id == id)
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def write(self, id: str, source: str) -> None:
        """Replace what stands in a cell."""
        self.cell(id).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def insert(self, below: str, id: str, source: str) -> None:
        """Add a code cell below another one."""
        self.cell(below).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("b")
        index = next(i for i, cell in enumerate(self.cells) if cell.id == below)
        self.cells.insert(index + 1, nbformat.v4.new_code_cell(id=id))
        self.write(id, source)

    def run(self, id: str) -> Locator:
        """Run a cell, wait until it is done, and give its output."""
        cell = self.cell(id)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        self._start(prompt, before)
        done = "([node, before]) => /\\[\\d+\\]/.test(node.innerText) && node.innerText !== before"
        self.page.wait_for_function(done, arg=[prompt.element_handle(), before])
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
        return cell.locator(".jp-Cell-outputArea")

    def _start(self, prompt: Locator, before: str) -> None:
        """Press the keys that run a cell, again where JupyterLab was not ready for them."""
        from playwright.sync_api import TimeoutError as TooLate

        changed = "([node, before]) => node.innerText !== before"
        for _ in range(PATIENCE // AGAIN):
            prompt.click()
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(TooLate):
                arguments = [prompt.element_handle(), before]
                self.page.wait_for_function(changed, arg=arguments, timeout=AGAIN * 1000)
                return

    def run_all(self, first: str, last: str) -> None:
        """Run the code cells from one to another, both included."""
        ids = [cell.id for cell in self.cells]
        for cell in self.cells[ids.index(first) : ids.index(last) + 1]:
            if cell.cell_type == "code":
                self.run(cell.id)

    def run_whole(self, last: str) -> Locator:
        """Run the whole notebook by the menu, and give the output of the cell that is named."""
        prompt = self.cell(last).locator(".jp-InputPrompt")
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        done = "node => /\\[\\d+\\]/.test(node.innerText)"
        self.page.wait_for_function(done, arg=prompt.element_handle())
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
        return self.cell(last).locator(".jp-Cell-outputArea")

    def picture(self, id: str, name: str) -> None:
        """Keep a picture of the window with this cell in it, as wide as it is and at 400 pixels."""
        OUTPUT.mkdir(exist_ok=True)
        wide = self.page.viewport_size
        assert wide
        for width, suffix in ((wide["width"], ""), (400, "-400")):
            self.page.set_viewport_size({"width": width, "height": wide["height"]})
            self.cell(id).evaluate("node => node.scrollIntoView({block: 'start'})")
            self.page.screenshot(path=OUTPUT / f"{name}{suffix}.png")
        self.page.set_viewport_size(wide)
