"""How long the class page takes in a browser until it answers, and to answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# What a person sees of an action is there when the frame after it is painted.
ACTIONS = """async () => {
  const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const timed = async action => {
    const start = performance.now(); action(); await painted(); return performance.now() - start;
  };
  const find = document.getElementById("find");
  const type = text => { find.value = text; find.dispatchEvent(new Event("input")); };
  const load = performance.getEntriesByType("navigation")[0];
  const first = await timed(() => type("7"));
  const ready = performance.now();
  const heads = [...document.querySelectorAll("#everybody .sort")];
  return {
    "DOMContentLoaded": load.domContentLoadedEventEnd, "the first filter has answered": ready,
    "a filter": first, "all again": await timed(() => type("")),
    "a sort by name": await timed(() => heads[0].click()),
    "a sort by total": await timed(() => heads.find(h => h.textContent === "total").click()),
  };
}"""


def interactive(browser: Browser, path: Path) -> dict[str, float]:
    """Seconds from the start of the navigation for the first two, and for each action after it."""
    page = browser.new_page()
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    found: dict[str, float] = page.evaluate(ACTIONS)
    page.close()
    return {what: milliseconds / 1000 for what, milliseconds in found.items()}
