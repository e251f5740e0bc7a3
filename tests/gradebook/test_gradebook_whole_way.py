"""From what Canvas gives to what Canvas takes: collected, graded and exported by the commands."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app

SAMPLE = Path(__file__).parents[1] / "sample_class"
# login -> whose work it is, in the sample class
WORK = {"adal": "ada", "blaisep": "blaise", "chidio": "chidi", "hanas": "hana", "xenan": ""}
ROSTER = """\
Student,ID,SIS User ID,SIS Login ID,Section,GNN recommender (991)
    Points Possible,,,,,100
"Lovelace, Ada",1,S1,adal,A,
"Pascal, Jr., Blaise",2,S2,blaisep,A,
"Okonkwo, Chidi",3,S3,chidio,A,
"Sato, Hana",4,S4,hanas,A,
"Nothing, Xena",5,S5,xenan,A,
"""


@pytest.mark.slow
def test_from_canvas_to_canvas(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER)
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        for number, (login, whose) in enumerate(WORK.items(), start=1):
            for path in sorted((SAMPLE / "submitted" / whose / "gnn_recommender").glob("*.ipynb")):
                archive.write(path, f"{login}_{number}_{number + 70}_{path.name}")
    submitted, marks, out = (str(tmp_path / name) for name in ("submitted", "marks", "out"))
    people = ["--roster", str(roster)]
    commands = [
        ["collect", str(tmp_path / "submissions.zip"), *people, "--into", submitted],
        ["grade", submitted, "--output", marks, "--data", "sample", "--isolation", "basic"],
        ["export", "--to", "canvas", "--marks", marks, *people, "--output", out],
    ]
    for command in commands:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, (command, result.output)
    with (tmp_path / "out/canvas.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    expected = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))
    given = {row["SIS Login ID"]: row["GNN recommender (991)"] for row in rows[1:]}
    totals = {
        login: f"{sum(expected[whose]['cells'].values()):g}" if whose else ""
        for login, whose in WORK.items()
    }
    assert given == totals
