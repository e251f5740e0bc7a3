"""What leaves the kit: nothing steers a terminal or a spreadsheet, and nothing is endless."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from autograder import printing
from autograder.grading.marks import Marks
from autograder.grading.submission import Graded
from autograder.handin.submission import load_class
from autograder.reports import class_report
from autograder.reports.cell import Report
from autograder.rules import catalogue
from autograder.rules.outcome import Message, Outcome

STEERING = {
    "escape": "a\x1b[31mred\x1b[0m",
    "bell": "a\x07b",
    "erase": "a\b\b\bb",
    "title": "\x1b]0;title\x07",
    "C1": "a\x9b31mb",
    "right to left": "ana\u202egpj.ipynb",
    "isolate": "a\u2066b\u2069",
    "Arabic mark": "a\u061cb",
    "line separator": "a\u2028b",
    "half a pair": "a\ud800b",
    "tag": "a\U000e0041b",
    "NUL": "a\0b",
}
BAD = set("\x1b\x07\b\x9b\u202e\u2066\u2069\u061c\u2028\ud800\U000e0041\0")


def graded(student: str, text: str, flags: tuple[str, ...] = ()) -> Graded:
    message = Message(ran=text, expected=text, got=text, why=text, next=text)
    outcomes = tuple(Outcome(check, "failed", message) for check in catalogue())
    return Graded(student, Marks(outcomes), (text,), flags=flags, notes=(text,))


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_nothing_steers_a_terminal_a_table_or_a_page(tmp_path: Path, text: str) -> None:
    record = graded(f"ada {text}", text, (text,))
    stream = io.StringIO()
    printer = printing.Printer(file=stream, width=100, force_terminal=False)
    printer.print(class_report.table([record]))
    printer.print(text, Text(text), markup=False)
    table = Table("a")
    table.add_row(Text(text))
    printer.print(table)
    written = class_report.write([record], tmp_path)
    page = Report(list(record.marks.outcomes))
    class_report.write_executed(record, tmp_path)
    texts = [stream.getvalue(), str(page), page._repr_html_(), *class_report.flags([record])]
    texts += [path.read_text(encoding="utf-8") for path in written]
    assert not [bad for bad in BAD for found in texts if bad in found]
    assert all(found.strip() for found in texts)


@pytest.mark.parametrize(
    "text",
    [
        "=1+cmd|'/C calc'!A0",
        "=SUM(A1)",
        "+1+1",
        "-2+3",
        "@x",
        " =1+1",
        "|x",
        "＝1+1",
        "'=1",
        "\t=1",
    ],
)
def test_no_formula_in_the_table(tmp_path: Path, text: str) -> None:
    class_report.write([graded(text, text, (text,))], tmp_path)
    with (tmp_path / "marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        _, row = list(csv.reader(stream))
    for cell in row:
        try:
            float(cell)
        except ValueError:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "|", "＝")), cell


@pytest.mark.parametrize("number", ["-1", "+2.5", "-1e3", "12"])
def test_a_number_stays_a_number(number: str) -> None:
    assert printing.for_a_table(number) == number


@pytest.mark.parametrize("text", ["x" * 30_000_000, "x\n" * 10_000_000, "\x1b" * 5_000_000])
def test_nothing_is_endless(tmp_path: Path, text: str) -> None:
    record = Graded("ada", Marks(()), (text,) * 1_000, flags=(text,) * 1_000)
    found = json.dumps(printing.data({"problems": record.problems, "flags": record.flags}))
    most = 2 * printing.LINES * printing.TEXT * 6 + 1_000  # a sign is up to six in JSON
    assert len(found) < most
    assert len(printing.for_a_table(text)) <= printing.CELL + 1
    assert max(map(len, class_report.flags([record]))) < 400


def test_flags_cannot_be_overlooked(tmp_path: Path) -> None:
    record = graded("mallory", "nothing", tuple(f"torch.f{i} was replaced" for i in range(30)))
    stream = io.StringIO()
    printing.Printer(file=stream, width=120).print(class_report.table([record, graded("ada", "x")]))
    assert "flags" in stream.getvalue() and "30" in stream.getvalue()
    class_report.write([record], tmp_path)
    assert "30: torch.f0 was replaced" in (tmp_path / "marks.csv").read_text(encoding="utf-8-sig")
    (line,) = class_report.flags([record, graded("ada", "x")])
    assert line.startswith("mallory: torch.f0 was replaced") and "29 more" in line


@pytest.mark.parametrize(
    "setting",
    [
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_output_that_is_not_utf_8(tmp_path: Path, setting: dict[str, str]) -> None:
    folder = tmp_path / "class" / "Łuk"
    folder.mkdir(parents=True)
    (folder / "Łuk ✓.ipynb").write_text("{", encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k not in ("LANG", "PYTHONUTF8")} | setting
    command = [sys.executable, "-m", "autograder.cli", "grade", str(tmp_path / "class")]
    command += ["--isolation", "basic", "--no-twin", "--output", str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 1 and b"Traceback" not in done.stderr, done.stderr
    text = (tmp_path / "out" / "marks.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[1].startswith("Łuk,")
    marks = json.loads((tmp_path / "out" / "marks.json").read_bytes())
    assert marks["submissions"][0]["student"] == "Łuk"


def test_what_could_not_be_graded_is_short_on_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    for student, names in {"uma": ["step1.html", "step2.html", "timestamp.txt"], "ada": []}.items():
        (folder / student / "gnn_recommender").mkdir(parents=True)
        for name in names:
            (folder / student / "gnn_recommender" / name).write_text("<html>")
    (folder / "ada" / "gnn_recommender" / "step1_data_loading.ipynb").write_text("{")
    ada, uma = load_class(folder)
    says = "holds no .ipynb file, only step1.html and 1 more: ask for the notebooks"
    assert uma.problems == (says,)
    path = "submitted/walt/gnn_recommender/step1_data_loading.ipynb: the file is empty"
    none = Marks(tuple(Outcome(check, "not_attempted") for check in catalogue()))
    walt = Graded("walt", none, (path,) * 6)
    lines = class_report.problems([walt])
    assert lines[0] == "walt: step1_data_loading.ipynb: the file is empty"
    assert len(lines) == 4 and lines[-1] == "walt: and 3 more in marks.json"
    stream = io.StringIO()
    printing.Printer(file=stream, width=120).print(class_report.table([walt]))
    assert "submitted/" not in stream.getvalue() and "the file is empty" in stream.getvalue()
