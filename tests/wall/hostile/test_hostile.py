"""The whole bank, graded once behind the wall: what was promised holds for every attack.

An honest student stands before and after each attacker; secrets are planted where none may be read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from attacks import KIT, Attack, attacks
from hostile_bank import HONEST, build, neighbours, record_of, told

from autograder.limits import PROCESSES
from autograder.wall import isolation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(isolation.missing()), reason=isolation.missing() or "there"),
]
MOST = 2.5  # GiB that the grader itself may take: what it is sent must not fill its memory
BATCH = 3600  # seconds after which the batch counts as one that does not finish
LIMITS = ("--cell-seconds", "5", "--notebook-seconds", "40", "--jobs", "2")
every = pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)


@dataclass
class Graded:
    """What the one grading run came to, and what was there before and after it."""

    secret: str
    code: int
    said: str
    output: Path
    before: dict[str, str]
    after: dict[str, str]
    connections: list[bytes]
    left: list[str]
    gigabytes: float
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, attack: Attack) -> dict[str, Any]:
        """The one record of an attacker."""
        found = record_of(attack, self.records) or []
        assert len(found) == 1, f"{len(found)} records"
        return found[0]


def watch_memory(process: subprocess.Popen[bytes], peaks: list[float]) -> None:
    """Add the most GiB that a process had taken itself, without what it started, each half second.

    The kernel's own account of a process that has ended holds its children too.
    """
    while process.poll() is None:
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            peaks += [int(n) / 2**20 for n in re.findall(r"VmHWM:\s+(\d+)", status)]
        time.sleep(0.5)


def fingerprint(*folders: Path) -> dict[str, str]:
    """What each file is: its bytes' hash, or what a link, a pipe or a folder is."""
    found = {}
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        if "__pycache__" in path.parts:
            continue
        found[str(path)] = f"{path.lstat().st_mode} {_content(path)}"
    return found


def _content(path: Path) -> str:
    if path.is_symlink():
        return os.readlink(path)
    if not path.is_file() or not os.access(path, os.R_OK):
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A listener on the loopback that notes who connects."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    heard.append(server.accept()[0].recv(16))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            over.set()
            thread.join()


def running(mark: str) -> list[str]:
    """Processes whose environment or command holds the mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            known = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            if folder.name != str(os.getpid()) and mark.encode() in known:
                found.append(f"{folder.name}: {known[-200:]!r}")
    return found


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    """Grade the bank, once."""
    root = tmp_path_factory.mktemp("hostile")
    secret = f"HOSTILE{secrets.token_hex(8)}"
    home, outside, output = root / "home", root / "outside", root / "output"
    course = root / "course"
    for folder in (home, outside, output):
        folder.mkdir()
        (folder / f"{secret}.txt").write_text(secret)
    submitted = course / "submitted"
    env = {k: v for k, v in os.environ.items() if k not in ("COURSE_DATA", "AUTOGRADER_DEBUG")}
    env |= {"HOSTILE_SECRET": secret, "HOME": str(home), "OMP_NUM_THREADS": "1"}
    with listening() as (port, connections):
        places = {"KIT": KIT, "CLASS": submitted, "OUTPUT": output, "HOME": home}
        build(submitted, places | {"OUTSIDE": outside, "PORT": port})
        with sqlite3.connect(course / "gradebook.db") as database:
            database.execute("CREATE TABLE grade (manual_score, extra_credit)")
            database.execute("INSERT INTO grade VALUES (0, 0)")
        database.close()
        watched = (course, home, outside, KIT / "course_data", KIT / "solutions")
        before = fingerprint(*watched)
        command = [sys.executable, "-m", "autograder.cli", "grade", str(submitted)]
        command += ["--output", str(output), "--isolation", "full", *LIMITS]
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout
        watchdog = threading.Timer(BATCH, process.kill)
        watchdog.start()
        peaks = [0.0]
        watcher = threading.Thread(target=watch_memory, args=(process, peaks))
        watcher.start()
        said = process.stdout.read().decode(errors="replace")
        process.wait()
        watchdog.cancel()
        watcher.join()
    result = Graded(
        secret=secret,
        code=process.returncode,
        said=said,
        output=output,
        before=before,
        after=fingerprint(*watched),
        connections=connections,
        left=running(secret) + running("HOSTILE_LEFT"),
        gigabytes=max(peaks),
    )
    if (output / "marks.json").is_file():
        for record in json.loads((output / "marks.json").read_text())["submissions"]:
            result.records.setdefault(record["student"], []).append(record)
    yield result
    for path in submitted.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)


def test_the_batch_finishes(graded: Graded) -> None:
    assert graded.code in (0, 1), graded.said[-2000:]
    assert "Traceback" not in graded.said
    assert graded.records


@every
def test_exactly_one_record(graded: Graded, attack: Attack) -> None:
    record = graded.of(attack)
    assert record["status"] in ("graded", "partly graded", "not graded")
    if attack.kind == "break" and not record["total"]:
        reasons = [*record["problems"], *record["findings"], *record["unexplained"]]
        assert reasons, "no reason is named"


def test_nobody_else_has_a_record(graded: Graded) -> None:
    honest = {name for attack in attacks() for name in neighbours(attack)}
    assert sum(map(len, graded.records.values())) == len(attacks()) + len(honest)


@every
def test_neighbours_keep_their_marks(graded: Graded, attack: Attack) -> None:
    for name in neighbours(attack):
        (record,) = graded.records[name]
        assert record["total"] == HONEST, record["problems"]
        assert not record["problems"] and not record["pending"]
        assert not record.get("flags"), "an honest student is suspected"


@every
def test_no_mark_above_what_was_earned(graded: Graded, attack: Attack) -> None:
    record = graded.of(attack)
    if attack.flagged:
        assert record["total"] <= attack.earns or record.get("flags")
    else:
        assert record["total"] <= attack.earns, record["cells"]


@every
def test_what_was_earned_is_not_lost(graded: Graded, attack: Attack) -> None:
    record = graded.of(attack)
    assert record["total"] >= attack.keeps, (record["cells"], record["problems"])


@pytest.mark.parametrize(
    "attack", [a for a in attacks() if a.proof], ids=lambda attack: attack.name
)
def test_the_attack_got_there(graded: Graded, attack: Attack) -> None:
    record = graded.of(attack)
    assert attack.proof in told(attack, record, graded.output), record["problems"]


@every
def test_no_point_waits_for_a_person(graded: Graded, attack: Attack) -> None:
    """Nor does an attack get what a fault of the grader would."""
    if attack.step == 6:
        return  # whose report a person grades
    record = graded.of(attack)
    faults = [c["id"] for c in record["checks"] if c["status"] == "grader_error"]
    assert not faults, record["problems"]
    left = [c for c in record["checks"] if c["status"] == "not_judged" and not c["by_hand"]]
    assert all(c["message"]["got"] for c in left), "what was seen is said to the TA"


@pytest.mark.parametrize(
    "attack", [a for a in attacks() if a.kind == "read"], ids=lambda attack: attack.name
)
def test_nothing_is_read(graded: Graded, attack: Attack) -> None:
    told = json.dumps(graded.of(attack))
    assert "LOOT[" in told, "the attack did not get to tell what it has read"
    assert "LOOT[]" in told, told[told.index("LOOT[") :][:400]


def test_secrets_are_told_nowhere(graded: Graded) -> None:
    written = [path for path in graded.output.rglob("*") if path.stem != graded.secret]
    assert {path.name for path in written} >= {"marks.json", "marks.csv"}
    for path in written:
        assert path.is_dir() or graded.secret.encode() not in path.read_bytes(), path
    assert graded.secret not in graded.said


def test_nothing_is_written_outside(graded: Graded) -> None:
    """Submissions, gradebook, home, data and solutions are what they were, byte by byte."""
    assert graded.before
    assert graded.after == graded.before
    for place in (graded.output, KIT / "autograder", Path("/dev/shm")):
        found = [p for p in place.rglob("*") if p.name.lower().startswith("hostile_")]
        assert not [p for p in found if p.parent.name != "executed"]  # students' own folders


def test_the_network_is_not_reached(graded: Graded) -> None:
    assert graded.connections == []


def test_nothing_is_left_running(graded: Graded) -> None:
    assert graded.left == []


def test_the_grader_does_not_fill_its_memory(graded: Graded) -> None:
    assert graded.gigabytes < MOST


def test_a_disk_full_of_files_is_refused(graded: Graded) -> None:
    (filler,) = (a for a in attacks() if a.name == "disk_filled")
    told = json.dumps(graded.of(filler))
    assert "WROTE" not in told or int(told.split("WROTE ")[1].split()[0]) <= 1024


def test_a_bomb_of_processes_is_limited(graded: Graded) -> None:
    (bomb,) = (a for a in attacks() if a.name == "fork_bomb")
    text = told(bomb, graded.of(bomb), graded.output)
    assert 0 < int(text.split("STARTED ")[1].split()[0]) <= PROCESSES


def test_no_escape_sequence_reaches_the_terminal(graded: Graded) -> None:
    """Nor a formula the spreadsheet."""
    assert "\x1b" not in graded.said and "\u202e" not in graded.said
    table = (graded.output / "marks.csv").read_text(encoding="utf-8-sig")
    cells = [cell.strip('"') for line in table.splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "\t"))]
    assert "\x1b" not in table
