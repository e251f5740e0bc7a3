"""The desk's pages: no student's text is taken for markup, and everybody can read them."""

from __future__ import annotations

import csv
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import chromium
import pytest
from class_page import interactive
from desk_class import HOSTILE, write_class, write_students
from typer.testing import CliRunner

from autograder.cli import app
from autograder.gradebook import hand, read_marks
from autograder.gradebook.todo import share, todo
from autograder.printing import without_paths
from autograder.rules import causes


def run(*command: str) -> str:
    result = CliRunner().invoke(app, list(command))
    assert result.exit_code == 0, (command, result.output)
    return result.output


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of twelve with all pages."""
    folder: Path = tmp_path_factory.mktemp("desk") / "marks"
    write_class(folder, 12, hostile=2)
    run("reports", str(folder))
    run("feedback", str(folder), "--hints", "3")
    run("report", str(folder))
    run("report", str(folder), "--anonymous")
    run("similar", str(folder), "--scaffold", str(folder / "executed" / "student0000"))
    return folder


def all_pages(folder: Path) -> list[Path]:
    return [*sorted(folder.glob("*.html")), *sorted(folder.glob("feedback/*.html"))]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts, self.bad = 0, []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        names = [name for name, _ in attrs]
        if tag in ("img", "iframe", "object", "link") or any(n.startswith("on") for n in names):
            self.bad.append((tag, attrs))
        if any(name in ("src", "href") and "://" in (value or "") for name, value in attrs):
            self.bad.append((tag, attrs))


def test_text_is_no_markup(marks: Path) -> None:
    pages_found = all_pages(marks)
    assert len(pages_found) == 4 + 12
    for path in pages_found:
        text = path.read_text(encoding="utf-8")
        tags = _Tags()
        tags.feed(text)
        assert not tags.bad and tags.scripts <= 1, path
        assert "alert(1)</script>" not in text and "\x1b" not in text and "\u202e" not in text
        assert "default-src 'none'" in text
        assert "49" not in text or "{{ 7*7 }}" in text or "hostile" not in path.name


def test_feedback_names_no_other_and_no_folder(marks: Path) -> None:
    found = read_marks(marks)
    for mark in found:
        text = (marks / "feedback" / f"{mark.key}.html").read_text(encoding="utf-8")
        assert "/srv" not in text and "gnn 2026" not in text and "submitted" not in text
        assert not any(f"student{n:04}" in text for n in range(10) if f"{n:04}" not in mark.student)
        assert "handed in twice" not in text
        assert text.count("Hint 3") >= 1 and "popularity" in text and "<svg" in text
    with zipfile.ZipFile(marks / "feedback.zip") as packed:
        assert sorted(packed.namelist()) == sorted(f"{m.key}/feedback.html" for m in found)


def test_one_page_more_does_not_empty_the_zip(tmp_path: Path) -> None:
    write_class(tmp_path, 3, hostile=0, executed=False)
    first = run("feedback", str(tmp_path), "--only", "student0001")
    assert "1 page in" in first and "feedback.zip with 1" in first
    run("feedback", str(tmp_path))
    again = run("feedback", str(tmp_path), "--only", "student0001", "--only", "student0002")
    assert "2 pages in" in again and "feedback.zip with 3" in again
    with zipfile.ZipFile(tmp_path / "feedback.zip") as packed:
        assert len(packed.namelist()) == 3


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/srv/a b/c/step1.ipynb: is empty", "step1.ipynb: is empty"),
        ("read '/home/prof/x.dat' now", "read 'x.dat' now"),
        (r"C:\Users\prof\x.dat", "x.dat"),
        ("submitted/zoe/gnn_recommender/step1.ipynb: bad", "step1.ipynb: bad"),
        ("https://example.org/a/b stays", "https://example.org/a/b stays"),
        ("a / b / c, 3/4, and/or", "a / b / c, 3/4, and/or"),
    ],
)
def test_paths_are_taken_out(text: str, clean: str) -> None:
    assert without_paths(text) == clean


def test_an_anonymous_page_has_no_name(marks: Path) -> None:
    text = (marks / "class-anonymous.html").read_text(encoding="utf-8")
    assert "student0" not in text and "feedback/" not in text and "Student 12" in text
    assert "Family" not in text
    named = (marks / "class.html").read_text(encoding="utf-8")
    assert named.count('href="feedback/student0003.html"') >= 1
    assert "Family, Given 0003" in named


def test_who_handed_in_nothing_is_on_the_class_page(tmp_path: Path) -> None:
    write_class(tmp_path / "marks", 2, hostile=0, executed=False)
    (tmp_path / "in").mkdir()
    rows = ["student,name,status", "student0000,A,collected", "xenan,X,handed in nothing"]
    rows += ["student0001,B,handed in nothing"]  # and again before the deadline
    (tmp_path / "in" / "collected.csv").write_text("\n".join(rows) + "\n")
    page = tmp_path / "class.html"
    command = ("report", str(tmp_path / "marks"), "--submitted", str(tmp_path / "in"))
    run(*command, "--output", str(page))
    text = page.read_text(encoding="utf-8")
    assert "<b>1</b> handed in nothing" in text and "<p>xenan</p>" in text
    run(*command, "--output", str(page), "--anonymous")
    text = page.read_text(encoding="utf-8")
    assert "<b>1</b> handed in nothing" in text and "xenan" not in text


def test_the_queue_is_split_without_a_rest(marks: Path) -> None:
    items = todo(read_marks(marks))
    parts = [share(items, n, 3) for n in (1, 2, 3)]
    assert sorted(map(repr, items)) == sorted(repr(i) for part in parts for i in part)
    assert [i.order for i in items] == sorted(i.order for i in items)
    owners = [{item.key for item in part} for part in parts]
    assert not owners[0] & owners[1] and not owners[1] & owners[2]
    assert "flag: " in run("queue", str(marks)) and "report: student0000" in run(
        "queue", str(marks)
    )
    shown = run("show", "student0000", "--marks", str(marks))
    assert "Waits for a person" in shown and "Report:" in shown
    wrong = CliRunner().invoke(app, ["show", "student00", "--marks", str(marks)])
    assert wrong.exit_code == 2 and "did you mean" in wrong.output


def test_every_misconception_has_a_page(tmp_path: Path) -> None:
    assert "pages, and" in run("misconceptions", "--output", str(tmp_path))
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    for cause in causes().values():
        text = (tmp_path / f"{cause.id}.md").read_text(encoding="utf-8")
        assert f"({cause.id}.md)" in index and text.startswith(f"# {cause.title}\n")
        assert all(hint in text for hint in (*cause.hints, cause.question, cause.why))


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class page of a thousand students."""
    folder: Path = tmp_path_factory.mktemp("thousand")
    write_class(folder, 1000, hostile=0, executed=False)
    run("report", str(folder))
    return folder / "class.html"


def test_a_thousand_students_are_three_megabytes(thousand: Path) -> None:
    assert thousand.stat().st_size < 3e6


@pytest.fixture(scope="module")
def browser() -> Any:
    with chromium.browser() as started:
        yield started


@pytest.mark.slow
def test_everybody_can_read_the_pages(marks: Path, browser: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    first = marks / "feedback" / "student0000.html"
    for path in [*sorted(marks.glob("*.html")), first]:
        for scheme, width in (("light", 1200), ("dark", 390)):
            page = browser.new_page(
                color_scheme=scheme,
                viewport={"width": width, "height": 800},
                reduced_motion="reduce",
            )
            said: list[str] = []
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.on("dialog", lambda dialog, said=said: said.append(dialog.message))
            page.goto(path.as_uri())
            result = Axe().run(page)
            assert result.violations_count == 0, (path.name, scheme, result.generate_report())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
            assert said == [], path.name
            page.close()


@pytest.mark.slow
def test_a_thousand_students_are_ready_in_two_seconds(thousand: Path, browser: Any) -> None:
    times = interactive(browser, thousand)
    assert times.pop("the first filter has answered") < 2, times
    assert max(times.values()) < 2, times


@pytest.mark.slow
def test_what_to_look_at_first_fits_a_phone(thousand: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(thousand.as_uri())
    region = page.locator("[aria-labelledby=first]")
    assert region.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    page.close()


@pytest.mark.slow
def test_the_class_page_finds_and_sorts(marks: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((marks / "class.html").as_uri())
    table = page.locator("#everybody")

    def column(number: int) -> list[str]:
        cells = table.locator(f"tbody tr:visible td:nth-child({number})").all_inner_texts()
        return [cell.strip().split("\n")[0] for cell in cells]

    heads = [head.strip(" ↕↑↓") for head in table.locator("th").all_inner_texts()]
    total = heads.index("total") + 1
    before = column(total)
    button = table.get_by_role("button", name="total")
    for turn, backwards in (("ascending", False), ("descending", True)):
        button.click()
        assert column(total) == sorted(before, key=float, reverse=backwards)
        assert table.locator("th[aria-sort]").get_attribute("aria-sort") == turn
    table.get_by_role("button", name="Student").click()
    assert column(1) == sorted(column(1)) and len(column(1)) == 12
    page.locator("#find").fill("STUDENT0003")
    assert column(1) == ["student0003"] and "1 of 12" in page.locator("#count").inner_text()
    page.close()


FOLDED = """() => [...document.querySelectorAll("details:not([open])")].map(node => [
  getComputedStyle(node, "::details-content").contentVisibility === "visible",
  ...[...node.children].slice(1).map(child => child.checkVisibility()),
])"""


@pytest.mark.slow
def test_nothing_is_folded_away_on_paper(marks: Path, thousand: Path, browser: Any) -> None:
    for path in (thousand, marks / "feedback" / "student0003.html"):
        page = browser.new_page()
        page.goto(path.as_uri())
        folded = page.evaluate(FOLDED)
        assert folded and not any(map(any, folded)), path
        page.emulate_media(media="print")
        printed = page.evaluate(FOLDED)
        assert list(map(len, printed)) == list(map(len, folded)) and all(map(all, printed)), path
        page.close()
    assert "<summary>all " in thousand.read_text(encoding="utf-8")  # names, without a tag


@pytest.mark.slow
def test_reports_are_graded_in_the_page(marks: Path, browser: Any, tmp_path: Path) -> None:
    page = browser.new_page(accept_downloads=True)
    page.goto((marks / "reports.html").as_uri())
    row = page.locator('[data-student="student0003"]')
    for name, value in (("test_auc", "3"), ("guessing", "2.5"), ("improvement", "4")):
        row.locator(f'[name="{name}"]').fill(value)
    row.locator('[name="comment"]').fill('=Good, "really"\nvery')
    with page.expect_download() as download:
        page.get_by_role("button", name="Save hand.csv").click()
    download.value.save_as(tmp_path / "hand.csv")
    found = hand.read(tmp_path)
    assert found["student0003"].report == 9.5
    assert found["student0003"].comment == '=Good, "really"\nvery'
    assert len(found) == 12 and sum(not mark.empty for mark in found.values()) == 1
    with (tmp_path / "hand.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 12
    page.close()
    assert any(HOSTILE[:8] in name for name in found)


LMS_NAMES = {  # what each LMS gives -> the name by which it finds the student again
    "canvas": {
        "lovelaceada_LATE_10001_710001_project-1.ipynb": "lovelaceada_LATE_10001_710001_",
        "lovelaceada_LATE_10001_70900_step1_data_loading.ipynb": "",  # an older file of hers
        "smithjrquentin_10004_710004_project.ipynb": "smithjrquentin_10004_710004_",
    },
    "moodle": {
        "Ada Lovelace_660001_assignsubmission_file_/project.ipynb": (
            "Ada Lovelace_660001_assignsubmission_file_/"
        ),
        "=1+1 Smith_660004_assignsubmission_file_project.ipynb": (
            "=1+1 Smith_660004_assignsubmission_file_/"
        ),
    },
}


def found_by(lms: str, name: str) -> tuple[int, ...]:
    """The numbers by which the LMS finds whose a file is, in its own way."""
    pieces = name.split("_") if lms == "canvas" else name.split("/")[0].split("_", 4)
    if lms == "canvas":  # the first two pieces that are numbers: student and file
        return tuple(int(piece) for piece in pieces if piece.isdigit())[:2]
    assert pieces[2:4] == ["assignsubmission", "file"] and len(pieces) >= 4
    return (int(pieces[1]),)


@pytest.mark.parametrize("lms", LMS_NAMES)
def test_feedback_has_the_names_that_the_lms_takes_back(
    lms: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in LMS_NAMES[lms]:
        path = tmp_path / "lms" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}')
    run("collect", "lms")
    students = sorted(p.name for p in (tmp_path / "submitted").iterdir() if p.is_dir())
    write_students(tmp_path / "marks", [*students, "by hand"])
    said = run("feedback", "marks", "--for", lms)
    assert f"feedback-{lms}.zip with {len(students)}" in said
    assert f"no hand-in from {lms.capitalize()} (1):\n  by hand" in said
    due = {f"{start}feedback.html" for start in LMS_NAMES[lms].values() if start}
    with zipfile.ZipFile(tmp_path / f"marks/feedback-{lms}.zip") as packed:
        assert set(packed.namelist()) == due
        for name in due:
            (number, *_) = found_by(lms, name)
            student = next(s for s in students if str(number) in s)
            assert student in packed.read(name).decode()
    other = "moodle" if lms == "canvas" else "canvas"
    refused = CliRunner().invoke(app, ["feedback", "marks", "--for", other])
    assert refused.exit_code == 2 and f"came from {lms}: --submitted" in refused.output
    refused = CliRunner().invoke(app, ["feedback", "marks", "--for", "gradescope"])
    assert refused.exit_code == 2 and "choose canvas or moodle" in refused.output
