"""Panels from real verdicts, `panels(course)`, and the page and the browser to see them in."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks_course import ROOT, Case, Course, blank, cell, swap

from autograder.reports.cell import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
OUTPUT = ROOT / "test-output"  # screenshots; not in the repository
THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
PLAIN = {"light": "background: #fff; color: #202124", "dark": "background: #1e1e1e; color: #ddd"}
RAW_IDS = """\
ids = list(df["userID"].unique()) + list(df["artistID"].unique())
id_mapping = {int(i): index for index, i in enumerate(ids)}
num_nodes = len(id_mapping)
"""
CASES = {
    "right": Case("right", "step3"),
    "root cause": Case("raw", "step3", (cell("mapping", RAW_IDS),)),
    "raised": Case("raised", "step3", (swap("data", ".t()", ".q()"),)),
    "unfinished": Case("unfinished", "step3", (cell("split", blank("step3")["split"]),)),
    "waits": Case("waits", "step4", (swap("model", "self.conv1 =", "conv1 ="),)),
}


def panels(course: Course) -> dict[str, Report]:
    """Reports of every kind: of one exercise, of a step, and of what a person grades."""
    made: dict[str, Report] = {}
    for name, case in CASES.items():
        outcomes = list(course.verdicts(case).values())
        made[f"{name}, the step"] = Report(outcomes)
        for key in dict.fromkeys(o.check.cell for o in outcomes):
            made[f"{name}, {key}"] = Report([o for o in outcomes if o.check.cell == key])
    report = [o for o in course.verdicts(Case("right", "step6")).values() if o.check.by_hand]
    made["a report"] = Report(report, "The test AUC is 0.84 against the negatives of the split.")
    made["a report that was not looked at"] = Report(report)
    right = list(course.verdicts(CASES["right"]).values())
    made["a note"] = Report(
        right, notes=("The last run of `data`'s cell raised NameError: mend it.",)
    )
    return made


def page(reports: dict[str, Report], theme: str) -> str:
    """A page with the panels below each other, as JupyterLab shows them in a theme.

    `plain-light` and `plain-dark` have no theme of JupyterLab's, like VS Code and Colab.
    """
    kind, _, tone = theme.rpartition("-")
    css = ""
    if not kind:
        css = (THEMES / f"theme-{tone}-extension" / "index.css").read_text(encoding="utf-8")
        css = css.replace("@import", "/*") if "@import" in css else css
    plain = {
        "light": "background: #fff; color: #202124",
        "dark": "background: #1e1e1e; color: #ddd",
    }
    look = plain[tone] if kind else "background: var(--jp-layout-color0)"
    body = "".join(f"<h2>{name}</h2>{report._repr_html_()}" for name, report in reports.items())
    color = "" if kind else "color: var(--jp-content-font-color1)"
    return (
        f'<!doctype html><html lang="en"><head><title>Panels</title><style>{css}</style>'
        f"<style>body {{ {look}; {color}; margin: 8px; font: 14px sans-serif }} "
        f"h1, h2 {{ font-size: 1em }}</style></head>"
        f"<body><main><h1>Panels</h1>{body}</main></body></html>"
    )


def chromium() -> str:
    """The system's Chromium, or the one in CHROMIUM; `.ci/run` installs it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert path, "no Chromium: install it (apt-get install chromium), or set CHROMIUM to its path"
    return path


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started: Any = play.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield started
        except Exception:
            for tab in (tab for context in started.contexts for tab in context.pages):
                OUTPUT.mkdir(exist_ok=True)
                tab.screenshot(path=OUTPUT / "failure.png")
            raise
        finally:
            started.close()
