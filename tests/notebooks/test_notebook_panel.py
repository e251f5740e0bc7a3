"""The panel under a check cell: what it says, in which order, and whether everybody can read it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from checks_course import Course
from panels import browser, page, panels

from autograder.reports.cell import Report
from autograder.reports.sections import sections
from autograder.rules import catalogue
from autograder.rules.outcome import Message, Outcome, Proof

THEMES = ("light", "dark", "plain-light", "plain-dark")
CONTRAST = 4.5  # WCAG 2, level AA


@pytest.fixture(scope="module")
def reports(course: Course) -> dict[str, Report]:
    return panels(course)


def text_of(html: str) -> str:
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_root_cause_comes_first_and_followers_are_folded(reports: dict[str, Report]) -> None:
    report = reports["root cause, step3.mapping"]
    (part,) = sections(report.outcomes)
    assert part.root and part.root.check.id == "step3.mapping.size"
    assert len(part.followers) == 3 and not part.others
    html = report._repr_html_()
    shown, folded = html.split("<details>", 1)
    assert shown.count("gnn-next") - shown.split("</style>")[0].count("gnn-next") == 1
    assert "3 more follow from this one" in folded
    for outcome in part.followers:
        assert outcome.check.title in folded and outcome.check.title not in shown


def test_a_note_stands_above_the_checks(reports: dict[str, Report]) -> None:
    report = reports["a note"]
    html = report._repr_html_().split("</style>")[1]
    assert html.index("gnn-note") < html.index("<details") and "<code>data</code>" in html
    assert str(report).splitlines()[1].startswith("  Note: The last run of `data`")


def test_another_reason_is_no_follower() -> None:
    first, second, third, *_ = [c for c in catalogue() if c.cell == "step5.train"]
    outcomes = [
        Outcome(first, "passed"),
        Outcome(second, "failed", Message(got="a"), Proof(second.causes[0], "a")),
        Outcome(third, "failed", Message(got="b"), Proof("another.cause", "b")),
    ]
    (part,) = sections(outcomes)
    assert part.root is outcomes[1] and part.others == [outcomes[2]] and not part.followers
    assert "1 more to look at after that" in str(Report(outcomes))


def test_of_one_cause_the_check_that_looks_for_it_first_is_the_root(
    reports: dict[str, Report],
) -> None:
    (part,) = sections(reports["waits, step4.layers"].outcomes)
    assert part.root and part.root.check.id == "step4.layers.registered"


def test_plain_text_holds_all_that_the_panel_holds(reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        html, text = text_of(report._repr_html_()), str(report)
        for outcome in report.outcomes:
            assert outcome.check.by_hand or outcome.check.title in text, name
        for part in sections(report.outcomes):
            for outcome in part.outcomes:
                for _, value in part.details(outcome) if not part.is_said(outcome) else ():
                    assert value in text, name
                    assert " ".join(value.replace("`", " ").split())[:20].split()[0] in html, name
        assert report.status.lower() in html.lower() and report.status in text, name
        assert text in report._repr_markdown_()


def test_what_is_open_says_what_it_waits_for(reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        for part in sections(report.outcomes):
            stopped = part.root if part.root in part.outcomes else None
            if part.is_by_hand or stopped is None or stopped.status == "failed":
                continue
            assert stopped.message.got in str(report), name
            assert "Next: " in str(report), name


def test_first_names_only_a_check_of_the_panel(reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        titles = {o.check.title for o in report.outcomes}
        for title in re.findall(r"First: (.*?)\.$", str(report), flags=re.M):
            assert title in titles, name


def test_a_check_of_another_panel_is_named_by_its_exercise() -> None:
    needs, shows = (
        next(c for c in catalogue() if c.cell == f"step4.{n}") for n in ("encode", "layers")
    )
    message = Message(got="this needs a model that can be built", next="First mend: it is built.")
    alone = str(Report([Outcome(needs, "blocked", message, waits_for=shows.id)]))
    assert "First" not in alone and 'check("step4.layers")' in alone
    both = str(
        Report([Outcome(shows, "failed"), Outcome(needs, "blocked", message, waits_for=shows.id)])
    )
    assert f"First: {shows.title}" in both


def test_a_report_is_graded_by_hand(reports: dict[str, Report]) -> None:
    assert reports["a report"].title.endswith("graded by hand, 10 points; 11 words written")
    assert "from the notebook that you hand in" in reports["a report that was not looked at"].title


def test_nothing_of_a_student_is_markup() -> None:
    entry = catalogue()[0]
    html = Report([Outcome(entry, "failed", Message(got="<b>`<script>`</b>"))])._repr_html_()
    assert "<script>" not in html and "<b>" not in html


@pytest.mark.slow
def test_axe_finds_nothing_in_any_theme(reports: dict[str, Report], tmp_path: Path) -> None:
    """Also at 400 pixels, nothing is cut off, and the bar stands out from the background."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    with browser() as chromium:
        for theme, width in itertools.product(THEMES, (900, 400)):
            tab = chromium.new_page(viewport={"width": width, "height": 700})
            tab.set_content(page(reports, theme))
            tab.screenshot(path=tmp_path / f"panel-{theme}-{width}.png", full_page=True)
            tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert axe.run(tab).response["violations"] == [], (theme, width)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (theme, width)
            for bar, ground in tab.evaluate(BARS):
                assert contrast(bar, ground) >= CONTRAST, (theme, bar, ground)
            tab.close()


@pytest.mark.slow
def test_folds_open_by_keyboard(reports: dict[str, Report]) -> None:
    with browser() as chromium:
        tab = chromium.new_page()
        tab.set_content(page({"one": reports["root cause, step3.mapping"]}, "light"))
        assert tab.locator("details[open]").count() == 0
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        assert tab.locator("details[open]").count() == 1


BARS = """() => {
  const pixel = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = color => {
    pixel.fillStyle = color;
    pixel.fillRect(0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const ground = rgb(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('.gnn-check, .gnn-next, .gnn-full')].map(node => {
    const look = getComputedStyle(node);
    return [rgb(node.matches('.gnn-full') ? look.backgroundColor : look.borderLeftColor), ground];
  });
}"""


def contrast(one: list[int], other: list[int]) -> float:
    """The contrast of two colours by WCAG 2: 1 to 21."""

    def luminance(color: list[int]) -> float:
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
