"""Everybody of the roster ends in one row, with their own bytes, whatever the LMS made of them."""

from __future__ import annotations

import csv
import os
import zipfile
from pathlib import Path

import collect_shapes as shapes
import pytest

from autograder.handin import collect, roster
from autograder.handin.collect import Collected, Row
from autograder.reports import collected

LOGINS = [student.login for student in shapes.CLASS]


def contents(folder: Path) -> dict[str, bytes]:
    """Name and bytes of the files in a folder, without the time that a hand-in has."""
    files = folder.iterdir() if folder.is_dir() else ()
    return {f.name: f.read_bytes() for f in files if f.name != "timestamp.txt"}


def rows_of(result: Collected) -> dict[str, Row]:
    """The rows by student; every student of the roster must have exactly one."""
    assert [row.student for row in result.rows] == LOGINS
    return {row.student: row for row in result.rows}


def run(source: Path, tmp_path: Path) -> Collected:
    people = roster.read(shapes.roster(tmp_path / "roster.csv"))
    return collect.collect(source, tmp_path / "submitted", people)


def check_class(result: Collected, tmp_path: Path, told_apart: bool) -> dict[str, Row]:
    rows = rows_of(result)
    for student in shapes.CLASS:
        row, place = rows[student.login], tmp_path / "submitted" / student.login
        there = contents(place / "gnn_recommender")
        if student.login == "xenan":
            assert row.status == collect.NOTHING and not place.exists()
        elif student.login in shapes.SAME_NAME and not told_apart:
            assert row.status == collect.AMBIGUOUS and not place.exists()
        elif student.login in ("umat", "walte"):
            assert row.status == collect.UNREADABLE
            assert row.notes and set(there) == set(student.work)  # without what the LMS adds
        else:
            assert row.status == collect.HERE, row
            kept = {name: raw for name, raw in there.items() if name in student.placed}
            assert kept == student.placed
            assert set(there) - set(kept) == ({"project.ipynb"} if "project.py" in there else set())
    assert any("step2_bipartite_graph.ipynb" in note for note in rows["verab"].notes)
    assert rows["samr"].steps == ("step1",)
    assert not result.left_out or all("assignment ps1" in line for line in result.left_out)
    return rows


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_a_class_in_this_shape(shape: str, tmp_path: Path) -> None:
    source = shapes.write_shape(shape, tmp_path)
    result = run(source, tmp_path)
    collected.write(result, tmp_path / "submitted")
    rows = check_class(result, tmp_path, shape not in shapes.BY_NAME)
    assert bool(result.unplaced) == (shape in shapes.BY_NAME)
    assert rows["yukil"].late == shape.startswith("canvas")
    stamp = tmp_path / "submitted/yukil/gnn_recommender/timestamp.txt"
    assert stamp.exists() == (shape in ("gradescope", "nbgrader_submitted", "nbgrader_inbound"))
    if shape in ("canvas", "brightspace", "nbgrader_inbound"):
        assert rows["zoer"].earlier == 1
        kept = list((tmp_path / "submitted-earlier/zoer").iterdir())
        before = next(s.before for s in shapes.CLASS if s.before)
        assert sorted(contents(kept[0]).values()) == sorted(before.values())
    listed = list(csv.DictReader((tmp_path / "submitted/collected.csv").open(encoding="utf-8-sig")))
    assert [line["student"] for line in listed] == LOGINS


@pytest.mark.parametrize("shape", ["canvas", "gradescope", "github_classroom", "macos"])
def test_the_same_as_one_zip(shape: str, tmp_path: Path) -> None:
    source = shapes.write_shape(shape, tmp_path)
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        for path in sorted(source.rglob("*")):
            archive.write(path, path.relative_to(source))
    check_class(run(tmp_path / "download.zip", tmp_path), tmp_path, True)


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_without_a_roster_nobody_shares_a_folder(shape: str, tmp_path: Path) -> None:
    """Where the shape itself tells the two Liams apart; names alone cannot."""
    source = shapes.write_shape(shape, tmp_path)
    result = collect.collect(source, tmp_path / "submitted")
    together = shape in ("names", "google_classroom")
    assert len(result.rows) == len(shapes.CLASS) - 1 - together
    placed = [contents(f / "gnn_recommender") for f in (tmp_path / "submitted").iterdir()]
    ada = shapes.CLASS[0].placed
    assert sum(files == ada for files in placed) == 1


def test_a_second_collection_changes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    source = shapes.write_shape("canvas", tmp_path)
    run(source, tmp_path)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "submitted").rglob("*.ipynb")}
    again = run(source, tmp_path)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "submitted").rglob("*.ipynb")} == before
    assert rows_of(again)["zoer"].earlier == 0

    ada = shapes.CLASS[0]
    late = tmp_path / "late" / "adal" / "step1_data_loading.ipynb"
    late.parent.mkdir(parents=True)
    late.write_bytes(shapes.notebook("a second try"))
    result = run(tmp_path / "late", tmp_path)
    rows = rows_of(result)
    assert contents(tmp_path / "submitted/adal/gnn_recommender") == {late.name: late.read_bytes()}
    kept = [contents(f) for f in (tmp_path / "submitted-earlier/adal").iterdir()]
    assert ada.work in kept
    assert rows["quentins"].status == collect.BEFORE
    assert rows["xenan"].status == collect.NOTHING


def as_listed(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "collected.csv").open(newline="", encoding="utf-8-sig") as stream:
        return {row["student"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("with_roster", [True, False])
@pytest.mark.parametrize("shape", ["gradescope", "canvas", "google_classroom"])
def test_a_later_collection_keeps_what_is_known_of_others(
    shape: str, with_roster: bool, tmp_path: Path
) -> None:
    """When they handed in, whether late, and why there is nothing of somebody."""
    source = shapes.write_shape(shape, tmp_path)
    collected.write(run(source, tmp_path), tmp_path / "submitted")
    before = as_listed(tmp_path / "submitted")
    assert before["xenan"]["status"] == collect.NOTHING
    told_apart = collect.AMBIGUOUS if shape == "google_classroom" else collect.HERE
    assert before["liamo"]["status"] == told_apart
    assert bool(before["yukil"]["handed_in"]) == (shape == "gradescope")
    assert (
        bool(before["yukil"]["late"]) == bool(before["yukil"]["hand_back"]) == (shape == "canvas")
    )
    late = tmp_path / "late" / "adal" / "step1_data_loading.ipynb"
    late.parent.mkdir(parents=True)
    late.write_bytes(shapes.notebook("a second try"))
    people = roster.read(shapes.roster(tmp_path / "roster.csv")) if with_roster else None
    result = collect.collect(tmp_path / "late", tmp_path / "submitted", people)
    collected.write(result, tmp_path / "submitted")
    after = as_listed(tmp_path / "submitted")
    assert after.keys() == before.keys()
    assert after["adal"]["steps"] == "step1" and after["adal"]["status"] == collect.HERE
    same = ("name", "handed_in", "late", "from", "steps", "hand_back", "notes")
    for login in before.keys() - {"adal"}:
        assert [after[login][k] for k in same] == [before[login][k] for k in same], login
        kept = before[login]["status"]
        assert after[login]["status"] == (collect.BEFORE if kept == collect.HERE else kept), login


def test_an_alias_places_what_names_cannot(tmp_path: Path) -> None:
    source = shapes.write_shape("moodle_folders", tmp_path)
    result = run(source, tmp_path)
    assert len(result.unplaced) == 2 and (tmp_path / "submitted-unplaced").is_dir()
    path = tmp_path / "roster.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    numbers = {"liamo": "Liam O'Brien_660002", "liamo2": "660003"}  # either tells them apart
    aliases = [numbers.get(line.split(",")[-3], "") for line in lines]
    lines = [f"{line},{alias}" for line, alias in zip(lines, ["alias", *aliases[1:]], strict=True)]
    path.write_text("\n".join(lines), encoding="utf-8")
    result = collect.collect(source, tmp_path / "submitted", roster.read(path))
    check_class(result, tmp_path, True)
    assert not result.unplaced
    assert not (tmp_path / "submitted-unplaced").exists()


def test_an_instructors_own_folder(tmp_path: Path) -> None:
    source = tmp_path / "mixed"
    files = {
        "Ada Lovelace/step1_data_loading.ipynb": shapes.notebook("ada"),
        "late/beas/step1_data_loading.ipynb": shapes.notebook("bea"),
        "samr.zip": shapes.zipped({"project.ipynb": shapes.notebook("sam")}),
        "quentin.ipynb": shapes.notebook("quentin"),
        "roster.csv": b"Student,ID\n",
        "lina/draft/step1_data_loading.ipynb": shapes.notebook("a draft"),
        "lina/step1_data_loading.ipynb": shapes.notebook("the last"),
    }
    for name, raw in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(raw)
    result = run(source, tmp_path)
    rows = rows_of(result)
    here = [login for login, row in rows.items() if row.status == collect.HERE]
    assert here == ["adal", "lina", "samr", "beas"]
    assert rows["beas"].late and not rows["adal"].late
    assert [row.student for row in result.unplaced] == ["quentin"]
    assert "Smith, Jr., Quentin (quentins)?" in result.unplaced[0].notes[0]
    assert rows["quentins"].notes == ["quentin may be theirs"]
    lina = contents(tmp_path / "submitted/lina/gnn_recommender")
    assert lina == {"step1_data_loading.ipynb": shapes.notebook("the last")}
    assert rows["lina"].earlier == 1 and "2 versions" in rows["lina"].notes[0]


def test_uploads_one_by_one_are_put_together(tmp_path: Path) -> None:
    for minute, name in enumerate(shapes.NAMES, start=10):
        folder = tmp_path / "d2l" / f"10001-{minute} - Ada Lovelace - Nov 20, 2025 11{minute} PM"
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_bytes(shapes.notebook(name))
    rows = rows_of(run(tmp_path / "d2l", tmp_path))
    assert rows["adal"].steps == ("step1", "step2", "step3", "step4", "step5", "step6")
    assert "put together from 6 uploads" in rows["adal"].notes


def test_a_group_of_gradescopes(tmp_path: Path) -> None:
    folder = tmp_path / "export" / "submission_5"
    folder.mkdir(parents=True)
    (folder / "project.ipynb").write_bytes(shapes.notebook("import pandas as pd"))
    (tmp_path / "export/submission_metadata.yml").write_text(
        "submission_5:\n  :submitters:\n  - :name: Ada\n    :sid: '10001'\n"
        "  - :name: Quentin\n    :sid: '10004'\n"
    )
    rows = rows_of(run(tmp_path / "export", tmp_path))
    assert rows["adal"].notes == ["handed in together with quentins"]
    assert contents(tmp_path / "submitted/quentins/gnn_recommender")


def test_a_number_of_the_lms_alone_places_nobody(tmp_path: Path) -> None:
    """Moodle's and Brightspace's own numbers may be anybody's number on another roster."""
    for folder in (
        "Addie L_10004_assignsubmission_file_",
        "10004-8 - Addie L - Nov 20, 2025 1130 PM",
    ):
        (tmp_path / "lms" / folder).mkdir(parents=True)
        (tmp_path / "lms" / folder / "project.ipynb").write_bytes(shapes.notebook("addie"))
    result = run(tmp_path / "lms", tmp_path)
    assert all(row.status == collect.NOTHING for row in result.rows)
    assert [row.student for row in result.unplaced] == ["Addie L_10004"]
    assert "nobody of the roster is Addie L" in result.unplaced[0].notes[0]


@pytest.mark.parametrize("with_roster", [True, False])
@pytest.mark.parametrize("shape", ["canvas_zips", "macos", "github_classroom", "gradescope"])
def test_nobody_can_hand_in_for_another(shape: str, with_roster: bool, tmp_path: Path) -> None:
    """Files inside one student's folder or zip that are called as an LMS calls another's."""
    source = shapes.write_shape(shape, tmp_path)
    fake = shapes.notebook("not by Quentin")
    liamo, quentin = shapes.CLASS[1], shapes.CLASS[3]
    evil = {
        f"smithjrquentin_{quentin.number}_{quentin.number + 9}_step1_data_loading-9.ipynb": fake,
        f"submitted/{quentin.login}/gnn_recommender/step1_data_loading.ipynb": fake,
        f"{quentin.login}+gnn_recommender+2030-01-01 00:00:00 UTC+x/step1_data_loading.ipynb": fake,
        f"{quentin.name}_1_assignsubmission_file_/step1_data_loading.ipynb": fake,
        f"x-submissions/x-{quentin.login}/step1_data_loading.ipynb": fake,
        f"{quentin.login}/step1_data_loading.ipynb": fake,
        f"submission_{quentin.number + 5}/step1_data_loading.ipynb": fake,
        "submission_metadata.yml": f"submission_{quentin.number + 5}:\n  :submitters:\n"
        f"  - :name: Quentin\n    :sid: '{quentin.number}'\n".encode(),
    }
    place = next(p for p in source.rglob("*") if p.is_file() and fake_of(liamo, p))
    if place.suffix == ".zip":
        place.write_bytes(shapes.zipped(liamo.work | evil))
    else:
        for name, raw in evil.items():
            (place.parent / name).parent.mkdir(parents=True, exist_ok=True)
            (place.parent / name).write_bytes(raw)
    people = roster.read(shapes.roster(tmp_path / "roster.csv")) if with_roster else None
    result = collect.collect(source, tmp_path / "submitted", people)
    placed = [contents(f / "gnn_recommender") for f in (tmp_path / "submitted").iterdir()]
    assert sum(files == quentin.placed for files in placed) == 1
    assert len(result.rows) == len(shapes.CLASS) - (not with_roster)
    assert sum(fake in files.values() for files in placed) <= 1  # of Liam's own


def fake_of(student: shapes.Student, path: Path) -> bool:
    """Whether a file is this student's hand-in: by its bytes, or those in a zip."""
    if path.suffix == ".zip":
        return str(student.number) in path.name
    return path.read_bytes() in student.work.values()


def test_a_copy_of_the_course_does_not_count(tmp_path: Path) -> None:
    """Students who hand in the whole course folder: the notebooks that all have are not theirs."""
    for student in shapes.CLASS[:6]:
        place = tmp_path / "class" / student.login
        for folder, work in (
            ("assignments", shapes.six(student.login)),
            ("solutions", shapes.six("us")),
        ):
            (place / folder).mkdir(parents=True)
            for name, raw in work.items():
                (place / folder / name).write_bytes(raw)
        (place / "README.md").write_text("The course")
    result = run(tmp_path / "class", tmp_path)
    for student in shapes.CLASS[:6]:
        there = contents(tmp_path / "submitted" / student.login / "gnn_recommender")
        assert there == shapes.six(student.login)
    assert not result.rows[0].notes


def test_who_hands_in_an_untouched_notebook_has_handed_in(tmp_path: Path) -> None:
    for student in shapes.CLASS[:6]:
        place = tmp_path / "class" / student.login
        place.mkdir(parents=True)
        (place / "step1_data_loading.ipynb").write_bytes(shapes.notebook("untouched"))
    result = run(tmp_path / "class", tmp_path)
    assert [row.status for row in result.rows[:6]] == [collect.HERE] * 6
    assert len(result.identical) == 1 and len(result.identical[0][0]) == 6


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(shapes.notebook("secret"))
    folder = tmp_path / "class" / "adal"
    folder.mkdir(parents=True)
    os.symlink(secret, folder / "step1_data_loading.ipynb")
    os.symlink(tmp_path, tmp_path / "class" / "quentins")
    result = run(tmp_path / "class", tmp_path)
    rows = rows_of(result)
    assert rows["adal"].status == collect.UNREADABLE
    assert "a link, which is not followed" in rows["adal"].notes[0]
    assert not list((tmp_path / "submitted").rglob("*.ipynb"))


def alike(folder: Path) -> Path:
    """Two folders whose names differ in case only, with other work in each."""
    for name in ("anna", "Anna"):
        path = folder / name / "gnn_recommender" / "step1_data_loading.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(shapes.notebook(f"# {name}"))
    return folder


def class_list(path: Path, *lines: str) -> roster.Roster:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return roster.read(path)


def test_names_that_differ_in_case_only_are_two_without_a_roster(tmp_path: Path) -> None:
    result = collect.collect(alike(tmp_path / "lms"), tmp_path / "in")
    assert {row.student: row.notes for row in result.rows} == {
        "Anna": ["differs in case only from anna: kept apart"],
        "anna (2)": ["differs in case only from Anna: kept apart"],
    }
    works = {path.read_bytes() for path in (tmp_path / "in").rglob("*.ipynb")}
    assert works == {shapes.notebook("# anna"), shapes.notebook("# Anna")}


def test_names_that_differ_in_case_only_are_said_where_the_roster_has_one(tmp_path: Path) -> None:
    one = class_list(tmp_path / "roster.csv", "Username,First name,Last name", "anna,Anna,Berg")
    result = collect.collect(alike(tmp_path / "lms"), tmp_path / "in", one)
    (row,) = result.rows
    assert row.notes[0] == "Anna and anna differ in case only: taken for one person"
    assert row.earlier == 1  # nothing is lost
    with pytest.raises(roster.RosterError) as error:
        class_list(tmp_path / "roster.csv", "Username,Name", "anna,Anna Berg", "Anna,Anna Moser")
    assert "rows 2 and 3 have a username that differs in case only, 'anna' and 'Anna'" in str(
        error.value
    )
    two = class_list(tmp_path / "roster.csv", "Name", "anna", "Anna")
    result = collect.collect(tmp_path / "lms", tmp_path / "in2", two)
    assert [row.status for row in result.rows] == [collect.AMBIGUOUS] * 2
    assert len(result.unplaced) == 2


def test_what_cannot_be_graded_has_a_list_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "lms" / "umat").mkdir(parents=True)
    (tmp_path / "lms" / "umat" / "step1_data_loading.html").write_text("<html>")
    for name in ("step1_data_loading", "step2_bipartite_graph", "step3_mapping_and_split"):
        path = tmp_path / "lms" / "chidio" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(shapes.notebook(f"# {name}"))
    result = collect.collect(tmp_path / "lms", tmp_path / "in")
    lines = list(collected.lines(result))
    at = lines.index("Handed in nothing that can be graded (1):")
    assert lines[at + 1].startswith("  umat: no notebook and no script, only step1")
    rows = {row.student: row for row in result.rows}
    assert collected.found(rows["chidio"]) == "steps 1 to 3 (3 files)"
