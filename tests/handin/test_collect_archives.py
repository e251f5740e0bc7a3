"""Archives that mean harm, and bad sources: nothing is written elsewhere, one line says why."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import collect_shapes as shapes
import pytest
from typer.testing import CliRunner

from autograder import limits
from autograder.cli import app
from autograder.handin import archives, collect, roster
from autograder.handin.archives import Item, walk


def problems(items: list[Item]) -> list[str]:
    return [item.problem for item in items if item.problem]


def unpack(raw: bytes, tmp_path: Path, name: str = "ada.zip") -> list[Item]:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / name).write_bytes(raw)
    (tmp_path / "scratch").mkdir()
    return walk(tmp_path / "class", tmp_path / "scratch")


@pytest.mark.parametrize("name", ["../../out.ipynb", "/tmp/out.ipynb", "C:\\x\\..\\out.ipynb"])
def test_a_name_that_leads_out(name: str, tmp_path: Path) -> None:
    items = unpack(shapes.zipped({name: b"{}", "step1_data_loading.ipynb": b"{}"}), tmp_path)
    assert problems(items) == ["its name leads out of the archive: left out"]
    assert [i.name for i in items if i.path] == ["step1_data_loading.ipynb"]
    assert all(i.path.parent == tmp_path / "scratch" for i in items if i.path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["class", "scratch"]


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "NOTEBOOK_FILE", limits.MIB)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.ipynb", bytes(4 * limits.MIB))
        archive.writestr("work.ipynb", b"{}")
    items = unpack(stream.getvalue(), tmp_path)
    assert problems(items) == ["unpacks to more than 1 MB: left out"]
    assert [i.name for i in items if i.path] == ["work.ipynb"]
    assert sum(p.stat().st_size for p in (tmp_path / "scratch").iterdir()) < 1000


def test_a_bomb_of_many_small_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ARCHIVE_FILES", 5)
    raw = shapes.zipped({f"{n}.ipynb": b"{}" for n in range(9)})
    assert "more than" in problems(unpack(raw, tmp_path))[0]


def test_a_table_of_contents_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "ARCHIVE_DIRECTORY", 200)
    raw = shapes.zipped({f"{n}.ipynb": b"{}" for n in range(9)})
    assert "more than 10,000 files" in problems(unpack(raw, tmp_path))[0]


def test_archives_in_archives(tmp_path: Path) -> None:
    raw = shapes.zipped({"step1_data_loading.ipynb": b"{}"})
    for _ in range(5):
        raw = shapes.zipped({"again.zip": raw})
    assert "archives in archives" in problems(unpack(raw, tmp_path))[0]


def test_links_and_passwords_in_a_zip(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("locked.ipynb", b"{}")
    raw = bytearray(stream.getvalue())
    at = raw.rindex(b"PK\x01\x02") + 8  # the flags of the second member
    raw[at] |= 1
    found = problems(unpack(bytes(raw), tmp_path))
    assert found == ["a link, which is not followed", "locked with a password: ask for it without"]


def test_links_and_devices_in_a_tar(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, kind in (("a.ipynb", tarfile.SYMTYPE), ("b.ipynb", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("step1_data_loading.ipynb")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"{}"))
    items = unpack(stream.getvalue(), tmp_path, "ada.tar.gz")
    assert len(problems(items)) == 2
    assert [i.path.read_bytes() for i in items if i.path] == [b"{}"]


def test_a_name_that_macos_wrote_in_utf8(tmp_path: Path) -> None:
    raw = shapes.zipped({"Zoé.ipynb": b"{}"})
    flags = raw.index(b"PK\x01\x02") + 8
    without = bytearray(raw)
    for at in (6, flags):
        without[at + 1] &= 0xFF ^ 0x08
    assert unpack(bytes(without), tmp_path)[0].name == "Zoé.ipynb"


@pytest.mark.parametrize("raw", [b"", b"no zip", shapes.zipped({"a.ipynb": b"{}"})[:-30]])
def test_a_broken_zip_is_its_students_row(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class/adal.zip").write_bytes(raw)
    people = roster.read(shapes.roster(tmp_path / "roster.csv"))
    result = collect.collect(tmp_path / "class", tmp_path / "submitted", people)
    ada = next(row for row in result.rows if row.student == "adal")
    assert ada.status == collect.UNREADABLE
    assert "an archive that cannot be read" in ada.notes[0]


BAD_ROSTERS = {
    "nothing": b"",
    "no names": b"a,b\n1,2\n",
    "a spreadsheet": b"PK\x03\x04\x00\x00\x00\x00",
    "nobody": b"Student,ID\n",
    "twice": b"Student,SIS Login ID\nAda,adal\nBea,adal\n",
}


@pytest.mark.parametrize("raw", BAD_ROSTERS.values(), ids=BAD_ROSTERS.keys())
def test_a_bad_roster_is_one_line(raw: bytes, tmp_path: Path) -> None:
    source = shapes.write_shape("macos", tmp_path)
    (tmp_path / "r.csv").write_bytes(raw)
    line = refused("collect", str(source), "--roster", str(tmp_path / "r.csv"))
    assert "r.csv: " in line


def test_a_bad_source_is_one_line(tmp_path: Path) -> None:
    source = shapes.write_shape("macos", tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/submission_metadata.yml").write_text("a: [")
    into = ["--into", str(tmp_path / "out")]
    assert "no such folder" in refused("collect", str(tmp_path / "none"), *into)
    assert "no notebook or script" in refused("collect", str(tmp_path / "empty"), *into)
    assert "neither a folder nor an archive" in refused("collect", str(tmp_path / "a.txt"), *into)
    assert "cannot be read" in refused("collect", str(tmp_path / "bad.zip"), *into)
    assert "no notebook or script" in refused("collect", str(tmp_path / "meta"), *into)
    assert "lies inside" in refused("collect", str(source), "--into", str(source / "submitted"))
    assert "a file, not a folder" in refused(
        "collect", str(source), "--into", str(tmp_path / "a.txt")
    )
    none = str(tmp_path / "none.csv")
    assert "check the path" in refused("collect", str(source), "--roster", none, *into)


def refused(*arguments: str) -> str:
    """The one line of a command that was refused."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 2, result.output
    lines = result.output.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("autograder: "), result.output
    return lines[0]


def test_the_command_says_it_all_before_grading(tmp_path: Path) -> None:
    source = shapes.write_shape("names", tmp_path)
    people = str(shapes.roster(tmp_path / "roster.csv"))
    into = str(tmp_path / "submitted")
    result = CliRunner().invoke(app, ["collect", str(source), "--roster", people, "--into", into])
    assert result.exit_code == 1  # the two Liams
    for line in (
        "16 of 19 students have handed in.",
        "Handed in nothing (1):",
        "  Nothing, Xena (xenan)",
        "Could not be placed (1):",
    ):
        assert line in result.output.splitlines()
