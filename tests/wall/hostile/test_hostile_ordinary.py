"""Some attacks of every folder of the bank, graded by an ordinary user; the whole bank is graded by
whoever runs the tests, which in CI is root. The wall is made of other parts for the two.

Root becomes the user nobody for it, in a view in which nobody may read this Python and the kit.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attacks import CASES, KIT, Attack, attacks, notebook
from hostile_bank import HONEST, hand_in, student, told, write

from autograder.contract import ASSIGNMENT, NOTEBOOKS
from autograder.wall import isolation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(isolation.missing()), reason=isolation.missing() or "there"),
]
NOBODY = int(isolation.NOBODY)
CHOSEN = (
    *("frames_for_other_steps", "evaluation_invented", "array_that_lies", "recorder_removed"),
    *("losses_typed_in", "bom", "file_of_a_terminal", "settings_of_the_kernel"),
    *("reads_environments", "opens_the_network", "places_without_rights", "leases_on_libraries"),
    *("copy_killed", "a_hundred_forks", "memory_of_40_gib", "sigkill_itself", "unreadable_file"),
)


def some() -> list[Attack]:
    """The chosen attacks."""
    return [attack for attack in attacks() if attack.name in CHOSEN]


def test_every_folder_of_the_bank_is_among_them() -> None:
    folders = {path.stem: path.parent.name for path in CASES.rglob("*.case")}
    assert {folders[attack.name] for attack in some()} == set(folders.values())
    assert len(some()) == len(CHOSEN)


def as_ordinary(folder: Path, *command: str) -> list[str]:
    """The command as an ordinary user, who can write to this folder."""
    if os.geteuid() != 0:
        return list(command)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    view = isolation._as_nobody()
    at = view.index("--chdir")
    above = [parent for parent in reversed(folder.parents) if len(parent.parts) > 2]
    more = [word for parent in above for word in ("--perms", "0755", "--dir", str(parent))]
    more += ["--bind", str(folder), str(folder)]
    return [*view[:at], *more, *view[at:], *command]


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = isolation.environment() | {"HOME": str(folder), "TMPDIR": str(folder / "tmp")} | more
    return subprocess.run(
        as_ordinary(folder, sys.executable, *command),
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The records by student, what was said, and the secret that nobody may tell."""
    folder, secret = tmp_path_factory.mktemp("ordinary"), f"HOSTILE{secrets.token_hex(8)}"
    class_, output = folder / "submitted", folder / "output"
    (folder / "tmp").mkdir()
    places = {"KIT": KIT, "CLASS": class_, "OUTPUT": output, "HOME": folder, "OUTSIDE": folder}
    for name in ("000_0_honest", "999_0_honest"):
        write(class_ / name / ASSIGNMENT, NOTEBOOKS["step1"], notebook("solution", 1))
    for attack in some():
        hand_in(attack, class_ / student(attack) / ASSIGNMENT, places | {"PORT": 9})
    (folder / "secret.txt").write_text(secret)
    who = run(folder, "-c", "import os; print(os.geteuid())", HOSTILE_SECRET=secret)
    assert who.stdout.strip() not in ("", "0"), who.stderr
    command = ["-m", "autograder.cli", "grade", str(class_), "--output", str(output)]
    command += ["--isolation", "full", "--cell-seconds", "5", "--notebook-seconds", "40"]
    done = run(folder, *command, HOSTILE_SECRET=secret)
    assert done.returncode in (0, 1), (done.stdout + done.stderr)[-2000:]
    assert "Traceback" not in done.stdout + done.stderr
    records = json.loads((output / "marks.json").read_text())["submissions"]
    return {"output": output, "secret": secret} | {r["student"]: r for r in records}


def test_honest_students_keep_their_marks(graded: dict[str, Any]) -> None:
    for name in ("000_0_honest", "999_0_honest"):
        assert graded[name]["total"] == HONEST, graded[name]["problems"]
        assert not graded[name]["problems"] and not graded[name].get("flags")


def test_each_attack_has_one_record(graded: dict[str, Any]) -> None:
    assert len(graded) == len(CHOSEN) + 4


@pytest.mark.parametrize("attack", some(), ids=lambda attack: attack.name)
def test_no_attack_gains_or_reads(graded: dict[str, Any], attack: Attack) -> None:
    record = graded[student(attack)]
    assert attack.keeps <= record["total"] <= attack.earns, (record["cells"], record["problems"])
    text = told(attack, record, graded["output"])
    assert graded["secret"] not in text
    assert attack.proof in text
    assert attack.kind != "read" or "LOOT[]" in text
