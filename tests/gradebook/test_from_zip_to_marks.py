"""A class of 30 in every shape, from the LMS's zip to marks in the LMS, hand marks in between.

Every shape gives the same bytes, so that one grading of the class stands for all of them.
"""

from __future__ import annotations

import csv
import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import lms_class
import msgspec
import pytest
from lms_class import MIXED, NAME_ONLY, SAME_NAME, Student
from typer.testing import CliRunner

from autograder.cli import app
from autograder.contract import STEPS
from autograder.grading import whole_class
from autograder.grading.submission import Graded
from autograder.handin import collect
from autograder.handin.submission import Submission

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not lms_class.GENERATOR.is_file(), reason="the shared generator is not beside the checkout"
    ),
]
HEAD = "student,test_auc,guessing,improvement,comment,override,reason\n"
FIRST = "canvas_submissions"  # the shape that is graded
GRADE_CLASS = whole_class.grade
GRADE = ("--data", "sample", "--isolation", "basic", "--no-twin", "--seed", "7")


@dataclass(frozen=True)
class Desk:
    """The folder that an instructor works in, with all shapes and the roster."""

    folder: Path
    archives: list[Path]
    roster: Path
    people: dict[str, Student]


def run(*command: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in command])
    assert result.exit_code == code, (command, result.output, result.exception)
    return result.output


def rows(path: Path, key: str) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        lines = [row for row in csv.DictReader(stream) if row[key]]
    assert len({row[key] for row in lines}) == len(lines), "somebody has two rows"
    return {row[key]: row for row in lines}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("desk")
    archives = lms_class.write(folder / "lms")
    roster, people = lms_class.roster(folder / "lms"), lms_class.people(folder / "lms")
    here = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        os.chdir(folder)
        yield Desk(folder, archives, roster, people)
        os.chdir(here)


def collected(desk: Desk, archive: Path) -> dict[str, dict[str, str]]:
    """Collect one zip by the command; the rows of its list."""
    unplaced = archive.stem in (*NAME_ONLY, MIXED)
    run("collect", archive, "--roster", desk.roster, "--into", archive.stem, code=int(unplaced))
    return rows(desk.folder / archive.stem / "collected.csv", "student")


def test_every_shape_gives_the_same_class(desk: Desk) -> None:
    assert len(desk.archives) == 15 and len(desk.people) == 30
    first = next(archive for archive in desk.archives if archive.stem == FIRST)
    due = collected(desk, first)
    assert list(due) == list(desk.people)
    works = {login: lms_class.work(desk.folder / FIRST, login) for login in desk.people}
    assert sum(bool(work) for work in works.values()) == 28  # not HTML only, not nothing
    for archive in desk.archives:
        listed = collected(desk, archive)
        assert list(listed) == list(desk.people), archive
        here = dict(works)
        if archive.stem == MIXED:
            here = {k: w for k, w in works.items() if k in ("adal", "chidio")}
            others = {k for k, row in listed.items() if row["status"] == collect.HERE} - {*here}
            assert others == {"blaisep"}  # with one notebook of the six
        elif archive.stem in NAME_ONLY:
            for login in SAME_NAME:
                del here[login]
                assert listed[login]["status"] == collect.AMBIGUOUS, archive
                assert not (desk.folder / archive.stem / login).exists()
        for login, expected in here.items():
            assert listed[login]["status"] == due[login]["status"], (archive, login)
            assert lms_class.work(desk.folder / archive.stem, login) == expected, (archive, login)


def graded_once(
    submissions: list[Submission], options: Any, done: Any, executor: Any, records: Any
) -> list[Graded]:
    """Grade each piece of work once: half of the class hands in what another has, byte for byte.

    Nothing that is drawn depends on who the student is.
    """
    first: dict[bytes, Submission] = {}
    works = [work_of(submission) for submission in submissions]
    for work, submission in zip(works, submissions, strict=True):
        first.setdefault(work, submission)
    executed: dict[str, Graded] = {}
    GRADE_CLASS(list(first.values()), options, lambda r: executed.update({r.student: r}))
    graded = [
        replace(executed[first[work].student], student=submission.student)
        for work, submission in zip(works, submissions, strict=True)
    ]
    for record in graded:
        done(record)
    return graded


def work_of(submission: Submission) -> bytes:
    """All that is graded of a submission, whoever handed it in."""
    anybody = replace(submission, student="", source=None)
    return msgspec.msgpack.encode(anybody, enc_hook=lambda path: path.name)


def test_one_grading_becomes_marks_everywhere(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_class, "grade", graded_once)
    people, folder = desk.people, desk.folder
    collected(desk, folder / "lms" / f"{FIRST}.zip")
    run("grade", FIRST, "--output", "marks", *GRADE, code=1)  # three could not be read whole
    automatic = rows(folder / "marks/marks.csv", "student")
    assert automatic.keys() == people.keys() - {"xenan"}
    for login, row in automatic.items():
        got = {step: float(row[step]) for step in STEPS}
        assert got == people[login].steps, login
        assert float(row["total"]) == sum(got.values())

    run("reports", "marks")
    total = {login: sum(people[login].steps.values()) for login in automatic}
    total |= {"adal": 90 + 9, "kimn": 90 + 10, "doram": 100}
    by_hand = ["adal,3,2,4,Well argued,,", "kimn,3,3,4,,,", "doram,,,,,total=100,agreed orally"]
    (folder / "marks/hand.csv").write_text(HEAD + "\n".join(by_hand) + "\n")
    said = run("grade", FIRST, "--output", "marks", *GRADE, "--fresh", "--only", "adal")
    assert "Changed since" not in said and "28 graded earlier are kept" in said
    marks = rows(folder / "marks/marks.csv", "student")
    assert {login: float(row["total"]) for login, row in marks.items()} == total

    worksheet = [["Identifier", "Full name", "Email address", "Grade", "Maximum Grade"]]
    for s in people.values():
        mail = f"{s.login}@uni.example"
        name = f"{s.given} {s.family}"
        worksheet.append([f"Participant {s.number + 650_000}", name, mail, "", "100"])
    with (folder / "worksheet.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(worksheet)
    for to in ("canvas", "moodle", "gradescope", "junit", "csv"):
        roster = folder / "worksheet.csv" if to == "moodle" else desk.roster
        run("export", "--to", to, "--roster", roster, "--submitted", FIRST, "--output", "out")
    everybody = {login: total.get(login) for login in people}

    def points(table: dict[str, dict[str, str]], column: str) -> dict[str, float | None]:
        return {key: float(row[column]) if row[column] else None for key, row in table.items()}

    canvas = rows(folder / "out/canvas.csv", "SIS Login ID")
    assert points(canvas, "GNN recommender (991)") == everybody
    moodle = rows(folder / "out/moodle.csv", "Email address")
    grades = {mail.split("@")[0]: p for mail, p in points(moodle, "Grade").items()}
    assert grades == everybody
    plain = rows(folder / "out/marks.csv", "student")
    assert points(plain, "total") == everybody
    assert plain["xenan"]["remark"] == collect.NOTHING
    results = {
        path.parent.name: json.loads(path.read_bytes())["score"]
        for path in (folder / "out/gradescope").glob("*/results.json")
    }
    assert results == total
    suites = [suite.get("name") for suite in ET.parse(folder / "out/junit.xml").getroot()]
    assert sorted(map(str, suites)) == sorted(people)

    run("feedback", "marks")
    run("report", "marks", "--submitted", FIRST)
    page = _Everybody()
    page.feed((folder / "marks/class.html").read_text(encoding="utf-8"))
    assert sorted(page.names) == sorted(total)
    assert "<p>xenan</p>" in (folder / "marks/class.html").read_text(encoding="utf-8")
    feedback = (folder / "marks/feedback/doram.html").read_text(encoding="utf-8")
    assert "agreed orally" in feedback and "100 of 100" in feedback


class _Everybody(HTMLParser):
    """The first cell of each row of the class page's last table."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self._inside, self._first = False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside |= ("id", "everybody") in attrs
        if tag == "tr" and self._inside:
            self._first = True

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag != "table"
        self._first &= tag != "td"

    def handle_data(self, data: str) -> None:
        if self._first and data.strip() and self.lasttag in ("a", "td"):
            self.names.append(data.strip())
