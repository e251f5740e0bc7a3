"""The `course_data` command: what it prints, where, and with which exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import course_data
from course_data import cli, fetching


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def main(*arguments: object) -> tuple[int, str, str]:
        code = cli.main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return main


@pytest.fixture
def small_files(files, monkeypatch: pytest.MonkeyPatch):
    """`fetch` expects the small stand-ins instead of the real files."""
    monkeypatch.setattr(fetching, "OFFICIAL", files.expected)
    return files


def one_line(err: str) -> bool:
    return err.startswith("course_data: ") and err.count("\n") == 1 and "Traceback" not in err


def test_info_names_the_trap(run):
    code, out, err = run("info")
    assert (code, err) == (0, "")
    rows = {
        line.rsplit(maxsplit=1)[0]: line.rsplit(maxsplit=1)[-1] for line in out.splitlines()[:6]
    }
    assert rows["users"] == "200" and rows["artists"] == "800" and rows["rows"] == "8,000"
    assert rows["nodes (users + artists)"] == "1,000" and rows["distinct ids"] == "801"
    assert "1,000 nodes but only 801 distinct ids" in out
    assert str(course_data.path()) in out.replace("\n", "")


def test_info_of_the_real_file(run, lastfm_folder):
    code, out, _ = run("info", lastfm_folder)
    assert code == 0
    assert "19,524 nodes but only 17,644 distinct ids" in out


def test_info_without_shared_ids_names_no_trap(run, tmp_path):
    (tmp_path / "apart.dat").write_text("userID\tartistID\tweight\n1\t2\t3\n")
    code, out, _ = run("info", tmp_path / "apart.dat")
    assert code == 0 and "trap" not in out


def test_info_lastfm_not_fetched(run):
    code, out, err = run("info", "lastfm")
    assert (code, out) == (1, "")
    assert one_line(err) and "course_data fetch" in err


def test_info_of_a_damaged_file(run, tmp_path):
    (tmp_path / "bad.dat").write_text("userID\tartistID\tweight\n1\t2\tmany\n")
    code, _, err = run("info", tmp_path / "bad.dat")
    assert code == 1 and one_line(err)
    assert "line 2: weight is 'many'" in err and "course_data validate" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["info", "no-such-data"],
        ["info", "sample", "lastfm"],
        ["validate"],
        ["validate", "no-such-file.dat"],
        ["validate", "."],
        ["fetch", "--from-file", "no-such-file.zip"],
        ["fetch", "--url", "ftp://127.0.0.1/a.zip"],
        ["fetch", "--timeout", "soon"],
        ["fetch", "--timeout", "0"],
        ["fetch", "--forse"],
        ["sample"],
        ["sample", "--check", "--write", "somewhere"],
    ],
    ids=" ".join,
)
def test_bad_arguments_are_one_line_and_exit_2(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert one_line(err) and "--help" in err
    assert not Path("somewhere").exists()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["fetch", "--help"]])
def test_help(run, arguments):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert "fetch" in out


def test_validate_a_good_file(run):
    code, out, err = run("validate", course_data.path())
    assert (code, err) == (0, "")
    assert out.strip().endswith("user_artists.dat: valid")


def test_validate_a_bad_file_lists_its_lines(run, tmp_path):
    bad = tmp_path / "bad.dat"
    bad.write_text("userID\tartistID\tweight\n1\t2\t3\n1\t2\t3\n1\tx\t3\n")
    code, out, err = run("validate", bad)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"{bad}: line 3: user 1 and artist 2 are already on line 2",
        f"{bad}: line 4: artistID is 'x', not a whole number",
    ]


def test_sample_check(run):
    code, out, err = run("sample", "--check")
    assert (code, err) == (0, "") and "byte for byte" in out


@pytest.mark.parametrize("name", ["user_artists.dat", "artists.dat"])
def test_sample_check_notices_one_changed_byte(run, monkeypatch, tmp_path, name):
    course_data.generate().write(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-2] + b"8" + content[-1:])
    monkeypatch.setattr("course_data.locate.SAMPLE_FOLDER", tmp_path)
    code, _, err = run("sample", "--check")
    assert code == 1 and one_line(err) and name in err


def test_sample_write(run, tmp_path):
    code, out, _ = run("sample", "--write", tmp_path / "new")
    assert code == 0 and "user_artists.dat and artists.dat" in out
    for name in ("user_artists.dat", "artists.dat"):
        assert (tmp_path / "new" / name).read_bytes() == course_data.path(name).read_bytes()


def test_sample_write_where_a_file_is_in_the_way(run, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run("sample", "--write", tmp_path / "file")
    assert code == 1 and one_line(err) and "cannot be written" in err


def test_fetch_into_the_data_folder_then_again(run, server, small_files, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "lastfm"))
    url = server.serve("/a.zip", small_files.zip())
    code, out, _ = run("fetch", "--url", url)
    assert (
        code == 0 and f"fetched user_artists.dat and artists.dat into {tmp_path / 'lastfm'}" in out
    )
    assert run("info", "lastfm")[0] == 0
    code, out, _ = run("fetch", "--url", url)
    assert code == 0 and "already there and valid" in out
    code, out, _ = run("fetch", "--url", url, "--force")
    assert code == 0 and "fetched" in out
    assert len(server.asked) == 2


def test_fetch_from_a_file(run, small_files, contents, tmp_path):
    (tmp_path / "a.zip").write_bytes(small_files.zip())
    code, out, err = run("fetch", "--from-file", tmp_path / "a.zip", "--to", tmp_path / "to")
    assert (code, err) == (0, "")
    assert contents(tmp_path / "to") == small_files.content


def test_fetch_that_fails_is_one_line_and_exit_1(run, server, small_files, tmp_path):
    url = server.serve("/a.zip", b"gone", 410)
    code, out, err = run("fetch", "--url", url, "--to", tmp_path / "to")
    assert (code, out) == (1, "")
    assert "the server answered 410" in err.splitlines()[-1]
    assert one_line(err)
    assert not (tmp_path / "to").exists()


def test_fetch_that_breaks_off_in_the_progress_bar_is_one_line_too(
    run, server, small_files, tmp_path
):
    url = server.serve("/a.zip", small_files.zip()[:3000], content_length="90000")
    code, out, err = run("fetch", "--url", url, "--to", tmp_path / "to")
    assert code == 1 and one_line(err.lstrip("\n")) and "cut short" in err


def test_the_module_runs_as_a_command(tmp_path):
    command = [sys.executable, "-m", "course_data"]
    done = subprocess.run(
        [*command, "info"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "") and "801 distinct ids" in done.stdout
    done = subprocess.run(
        [*command, "info", "x"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
