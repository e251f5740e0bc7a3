"""What became of every attack.

    python tests/wall/hostile/report.py [--nbgrader] [--rows] [--only WORD ...]

`make hostile-report` prints it. Beside ours stands, on request, what `nbgrader autograde` makes of
the same files, two attacks at a time; that takes half a minute an attack.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # for the reader of case files

import hostile_nbgrader
from attacks import KIT, Attack, attacks
from hostile_bank import HONEST, build, neighbours, record_of, told
from hostile_nbgrader import Outcome

LIMITS = ("--cell-seconds", "5", "--notebook-seconds", "40")
HEAD = ("attack", "what it does", "earns", "ours", "told", "neighbours")


def main() -> int:
    """Print a table in Markdown; 1 where an attack had its way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nbgrader", action="store_true", help="run nbgrader on the same files")
    parser.add_argument("--rows", action="store_true", help="only the rows of the measurements")
    parser.add_argument("--only", nargs="*", default=[], help="names or kinds that hold a word")
    asked = parser.parse_args()
    chosen = tuple(
        attack
        for attack in attacks()
        if (attack.row or not asked.rows)
        and (not asked.only or any(w in f"{attack.kind} {attack.name}" for w in asked.only))
    )
    with tempfile.TemporaryDirectory(prefix="hostile-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        records = graded(root / "ours", chosen)
        lost, peer = 0, []
        line((*HEAD, *(("nbgrader autograde",) if asked.nbgrader else ())))
        line(["---"] * (len(HEAD) + asked.nbgrader))
        beside = by_nbgrader(root, chosen) if asked.nbgrader else repeat(None)
        for attack, outcome in zip(chosen, beside, strict=False):
            row, won = ours(attack, records, root / "ours" / "output")
            lost += won
            peer += [outcome] if outcome else []
            line([*row, *([outcome.said] if outcome else [])])
    print(f"\n{len(chosen)} attacks, {lost} of them had their way.")
    if peer:
        print(hostile_nbgrader.summary(peer))
    return 1 if lost else 0


def graded(root: Path, chosen: tuple[Attack, ...]) -> dict[str, dict[str, Any]]:
    """Grade the class of these attacks; the records by student."""
    for name in ("home", "outside", "output"):
        (root / name).mkdir(parents=True)
    submitted = root / "course" / "submitted"
    places = {"KIT": KIT, "CLASS": submitted, "OUTPUT": root / "output", "PORT": 9}
    places |= {"HOME": root / "home", "OUTSIDE": root / "outside"}
    build(submitted, places, chosen)
    command = [sys.executable, "-m", "autograder.cli", "grade", str(submitted)]
    command += ["--output", str(root / "output"), "--isolation", "full", *LIMITS]
    env = {k: v for k, v in os.environ.items() if k != "COURSE_DATA"} | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, cwd=root)
    marks = root / "output" / "marks.json"
    if not marks.is_file():
        print(done.stderr.decode(errors="replace")[-2000:], file=sys.stderr)
        return {}
    return {r["student"]: r for r in json.loads(marks.read_text())["submissions"]}


def by_nbgrader(root: Path, chosen: tuple[Attack, ...]) -> Iterator[Outcome]:
    """What nbgrader makes of each attack, in their order."""
    template = hostile_nbgrader.course(root / "course-of-nbgrader")

    def one(attack: Attack) -> Outcome:
        folder = root / attack.name
        try:
            return hostile_nbgrader.outcome(attack, template, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(one, chosen)


def ours(
    attack: Attack, records: dict[str, dict[str, Any]], output: Path
) -> tuple[list[str], bool]:
    """The cells of one row, and whether the attack had its way."""
    record = record_of(attack, records)
    beside = [records.get(name, {}).get("total") for name in neighbours(attack)]
    kept = all(total == HONEST for total in beside)
    if record is None:
        return [attack.name, attack.what, f"{attack.earns:g}", "NO RECORD", "", str(beside)], True
    said = "; ".join([*record.get("flags", []), *record["problems"]])
    loot = _loot(attack, record)
    above = record["total"] > attack.earns and not (attack.flagged and record.get("flags"))
    won = above or not kept or record["total"] < attack.keeps or bool(loot)
    waits = bool(record["pending"]) and attack.step != 6  # whose report a person grades
    waits = waits and not record.get("flags")  # a person is told why
    there = not attack.proof or attack.proof in told(attack, record, output)
    won = won or waits or not there
    marks = f"{record['total']:g}" + (" ABOVE" if above else "")
    marks += f" PENDING {record['pending']:g}" if waits else ""
    marks += " BELOW" if record["total"] < attack.keeps else ""
    marks += f" READ {loot}" if loot else ""
    said = said if there else f"DID NOT GET THERE {said}"
    row = [attack.name, attack.what, f"{attack.earns:g}", marks, said]
    return [*row, "kept" if kept else str(beside)], won


def _loot(attack: Attack, record: dict[str, Any]) -> str:
    """What a reading attack says that it has read."""
    text = json.dumps(record)
    if attack.kind != "read" or "LOOT[]" in text:
        return ""
    return text[text.index("LOOT[") :][:200] if "LOOT[" in text else "nothing told"


def line(values: Iterable[object]) -> None:
    """One row of the table."""
    shown = ("".join(c if c.isprintable() else " " for c in str(v))[:160] for v in values)
    print("| " + " | ".join(text.replace("|", "/") for text in shown) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
