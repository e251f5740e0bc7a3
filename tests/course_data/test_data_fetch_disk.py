"""Fetching onto a disk that is full, read-only or in the way, and fetching interrupted."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from course_data import fetching
from course_data.fetching import FetchError, fetch

NAMES = ("user_artists.dat", "artists.dat")


@pytest.mark.parametrize("failing", NAMES)
@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
@pytest.mark.parametrize("older", [True, False])
def test_a_failure_between_the_two_moves_puts_everything_back(
    files, contents, tmp_path, monkeypatch, failing, error, older
):
    target = tmp_path / "to"
    if older:
        target.mkdir()
        for name in NAMES:
            (target / name).write_bytes(f"older {name}".encode())
    source = files.write(tmp_path / "from")
    before, replace, calls = contents(target), os.replace, []

    def replace_or_fail(old, new):
        calls.append(Path(new).name)
        if Path(new).name == failing and calls.count(failing) == 1:
            raise error
        replace(old, new)

    monkeypatch.setattr(fetching.os, "replace", replace_or_fail)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else FetchError):
        fetch(target, from_file=source, expected=files.expected)
    assert failing in calls
    assert contents(target) == before


def test_a_disk_that_is_full_while_downloading(server, files, contents, tmp_path, monkeypatch):
    """Every write fails as on a full disk; `test_a_disk_that_is_really_full` fills one."""
    url = server.serve("/a.zip", files.zip())

    def write(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fetching.download._Limited, "write", write)
    before = contents(tmp_path)
    with pytest.raises(FetchError, match=r"the disk is full.*Free about 10 MB"):
        fetch(tmp_path / "to", url=url, expected=files.expected)
    assert contents(tmp_path) == before


FETCH = textwrap.dedent(
    """
    import sys
    from course_data.fetching import Expected, FetchError, fetch
    source, target, *sizes = sys.argv[1:]
    names = ("user_artists.dat", "artists.dat")
    expected = {n: Expected(int(s.split(":")[0]), s.split(":")[1]) for n, s in zip(names, sizes)}
    try:
        fetch(target, from_file=source, expected=expected)
    except FetchError as error:
        sys.exit(str(error))
    """
)


def _fetch_command(files, source: Path, target: Path) -> list[str]:
    sizes = [f"{files.expected[name].size}:{files.expected[name].sha256}" for name in NAMES]
    return [sys.executable, "-c", FETCH, str(source), str(target), *sizes]


def test_a_limit_on_file_size(files, contents, tmp_path):
    """The kernel refuses to let a file grow: the same road as a full disk or a quota."""
    resource = pytest.importorskip("resource")
    source, target = files.write(tmp_path / "from"), tmp_path / "to"
    done = subprocess.run(
        _fetch_command(files, source, target),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("the disk is full") and done.stderr.count("\n") == 1
    assert contents(target) is None


def _in_own_mount(mount: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command where a file system of our own is mounted; skips where that is not allowed."""
    unshare = shutil.which("unshare")
    if not unshare:
        pytest.skip("unshare is not installed")
    own = [unshare, "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*own, mount], capture_output=True, timeout=60).returncode:
        own = [unshare, "--mount", "sh", "-c"]  # root, where user namespaces are switched off
        if subprocess.run([*own, mount], capture_output=True, timeout=60).returncode:
            pytest.skip("this machine lets us mount nothing")
    script = f'{mount} && "$@"; code=$?; cd "$TARGET" && echo "left:" && ls -A; exit $code'
    return subprocess.run(
        [*own, script, "sh", *command], capture_output=True, text=True, timeout=60
    )


def test_a_disk_that_is_really_full(files, tmp_path, monkeypatch):
    target = tmp_path / "to"
    target.mkdir()
    monkeypatch.setenv("TARGET", str(target))
    done = _in_own_mount(
        'mount -t tmpfs -o size=16k tmpfs "$TARGET"',
        _fetch_command(files, files.write(tmp_path / "from"), target),
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("the disk is full") and done.stderr.count("\n") == 1
    assert done.stdout == "left:\n"


def test_a_disk_that_is_read_only(files, tmp_path, monkeypatch):
    target = tmp_path / "to"
    target.mkdir()
    monkeypatch.setenv("TARGET", str(target))
    done = _in_own_mount(
        'mount -t tmpfs -o ro tmpfs "$TARGET"',
        _fetch_command(files, files.write(tmp_path / "from"), target),
    )
    assert done.returncode == 1, done.stderr
    assert "cannot be written to" in done.stderr and done.stderr.count("\n") == 1
    assert done.stdout == "left:\n"


def test_a_folder_without_write_permission(files, tmp_path):
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    target = tmp_path / "to"
    target.mkdir(mode=0o500)
    try:
        with pytest.raises(FetchError, match=r"the folder cannot be written to.*--to"):
            fetch(target, from_file=files.write(tmp_path / "from"), expected=files.expected)
    finally:
        target.chmod(0o700)


def test_a_permission_error_from_the_system(files, tmp_path, monkeypatch):
    """The same, for root too: the system's own refusal."""

    def refuse(**_):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "to"))

    monkeypatch.setattr(fetching.tempfile, "mkdtemp", refuse)
    with pytest.raises(FetchError, match="the folder cannot be written to"):
        fetch(tmp_path / "to", from_file=files.write(tmp_path / "from"), expected=files.expected)
    assert not (tmp_path / "to").exists()


def test_a_file_where_the_folder_should_be(files, contents, tmp_path):
    source = files.write(tmp_path / "from")
    (tmp_path / "to").write_text("I am a file")
    before = contents(tmp_path)
    for target in (tmp_path / "to", tmp_path / "to" / "deeper"):
        with pytest.raises(FetchError, match="cannot be written"):
            fetch(target, from_file=source, expected=files.expected)
    assert contents(tmp_path) == before


def test_a_folder_where_the_file_should_be(files, contents, tmp_path):
    (tmp_path / "to" / "user_artists.dat").mkdir(parents=True)
    source = files.write(tmp_path / "from")
    before = contents(tmp_path)
    with pytest.raises(FetchError, match="cannot be written"):
        fetch(tmp_path / "to", from_file=source, expected=files.expected)
    assert contents(tmp_path) == before


def test_what_a_killed_fetch_left_is_swept_a_day_later(files, contents, tmp_path):
    left, running = tmp_path / ".course_data-old", tmp_path / ".course_data-running"
    for folder in (left, running):
        folder.mkdir()
        (folder / "archive.zip").write_bytes(b"half")
    long_ago = time.time() - 2 * 86_400
    os.utime(left, (long_ago, long_ago))
    source = files.write(tmp_path.parent / f"{tmp_path.name}-from")
    fetch(tmp_path, from_file=source, expected=files.expected)
    assert not left.exists()
    assert running.exists(), "another fetch may be at work in it"


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_half_way(server, files, contents, tmp_path, how, older):
    target = tmp_path / "to"
    if older:
        target.mkdir()
        (target / "user_artists.dat").write_bytes(b"an older file")
    before = contents(target)
    server.hang.add("/a.zip")
    url = server.serve("/a.zip", b"x" * 40_000, content_length="100000")
    command = [sys.executable, "-m", "course_data", "fetch", "--url", url, "--to", str(target)]
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A job in the background of a shell ignores Ctrl-C, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert server.reached.wait(60)
        deadline = time.monotonic() + 30
        while not any(file.stat().st_size for file in target.glob(".course_data-*/archive.zip")):
            assert time.monotonic() < deadline, "the download never wrote a byte"
            time.sleep(0.02)
        running.send_signal(how)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130
    assert (out, err.strip()) == ("", "course_data: interrupted: nothing was changed")
    assert contents(target) == before
