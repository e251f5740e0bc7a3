"""What became of every attack: `python tests/hostile/report.py [--nbgrader] [--only WORD ...]`.

`make hostile-report` prints it. Beside ours stands, on request, what `nbgrader autograde` makes of
the same files; that takes half a minute an attack.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attacks import Attack
from hostile_bank import HONEST, KIT, attacks, build, neighbours, record_of, student

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
        lost = 0
        line((*HEAD, *(("nbgrader autograde",) if asked.nbgrader else ())))
        line(["---"] * (len(HEAD) + asked.nbgrader))
        template = None
        for attack in chosen:
            row, won = ours(attack, records)
            if attack.proof and attack.proof not in told(attack, records, root / "ours"):
                row[4], won = f"DID NOT GET THERE {row[4]}", True
            lost += won
            if asked.nbgrader:
                import hostile_nbgrader

                template = template or hostile_nbgrader.course(root / "course")
                row.append(hostile_nbgrader.outcome(attack, template, root / attack.name))
            line(row)
    print(f"\n{len(chosen)} attacks, {lost} of them had their way.")
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


def told(attack: Attack, records: dict[str, dict[str, Any]], root: Path) -> str:
    """All that was written of an attack: its record, and its notebooks as they ran."""
    copies = (root / "output" / "executed" / student(attack)).glob("*.ipynb")
    cells = [cell for path in copies for cell in json.loads(path.read_text())["cells"]]
    shown = [cell.get("outputs", []) for cell in cells]  # not their sources
    if os.environ.get("HOSTILE_DEBUG"):
        print(json.dumps(shown)[:3000])
    return json.dumps([record_of(attack, records), shown])


def ours(attack: Attack, records: dict[str, dict[str, Any]]) -> tuple[list[str], bool]:
    """The cells of one row, and whether the attack had its way."""
    record = record_of(attack, records)
    beside = [records.get(name, {}).get("total") for name in neighbours(attack)]
    kept = all(total == HONEST for total in beside)
    if record is None:
        return [attack.name, attack.what, f"{attack.earns:g}", "NO RECORD", "", str(beside)], True
    told = "; ".join([*record.get("flags", []), *record["problems"]])
    loot = _loot(attack, record)
    above = record["total"] > attack.earns and not (attack.flagged and record.get("flags"))
    won = above or not kept or record["total"] < attack.keeps or bool(loot)
    waits = bool(record["pending"]) and attack.step != 6  # whose report a person grades
    won = won or waits
    marks = f"{record['total']:g}" + (" ABOVE" if above else "")
    marks += f" PENDING {record['pending']:g}" if waits else ""
    marks += " BELOW" if record["total"] < attack.keeps else ""
    marks += f" READ {loot}" if loot else ""
    row = [attack.name, attack.what, f"{attack.earns:g}", marks, told]
    return [*row, "kept" if kept else str(beside)], won


def _loot(attack: Attack, record: dict[str, Any]) -> str:
    """What a reading attack says that it has read."""
    told = json.dumps(record)
    if attack.kind != "read" or "LOOT[]" in told:
        return ""
    return told[told.index("LOOT[") :][:200] if "LOOT[" in told else "nothing told"


def line(values: Iterable[object]) -> None:
    """One row of the table."""
    shown = ("".join(c if c.isprintable() else " " for c in str(v))[:160] for v in values)
    print("| " + " | ".join(text.replace("|", "/") for text in shown) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
