"""Whole projects with a line that fails here: it costs itself, in one notebook and in six."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from grading_project import PROJECT, ROOT

import course_data
from autograder.grading.submission import Graded, Options, grade_one
from autograder.handin.submission import load
from autograder.inside.protocol import Task
from autograder.reports.class_report import first_finding
from autograder.wall import isolation
from autograder.wall.sandbox import Sandbox

LOAD = 'pd.read_csv("user_artists.dat", sep="\\t")'
IMPORT = "import pandas as pd\n"
OPTIONS = Options(isolation="basic" if isolation.missing() else "full")
Grade = Callable[[Path], Graded]


@pytest.fixture(scope="module")
def grade() -> Iterator[Grade]:
    with Sandbox(OPTIONS.isolation) as sandbox:
        yield lambda path: grade_one(sandbox, load(path), OPTIONS.path(), OPTIONS)


FAILS = {
    "module": "import nosuch_seaborn as sns\nsns.set_theme()",
    "Colab": "from google.colab import drive\ndrive.mount('/content/drive')",
    "magic": "%matplotlib nosuch",
    "unknown magic": "%tensorflow_version 2.x",
    "old import": "from IPython.html.widgets import interact",
    "assertion": "import torch\nassert torch.cuda.is_available(), 'no GPU'",
    "%run": "%run nosuch_setup.py",
    "folder": "import os\nos.chdir('/content/drive/MyDrive')",
    "GPU": "import torch\nprint(torch.cuda.get_device_name(0))",
}


@pytest.mark.slow
@pytest.mark.parametrize("line", FAILS.values(), ids=FAILS)
def test_a_line_of_the_import_cell(write: Callable[..., Path], grade: Grade, line: str) -> None:
    record = grade(write("project.ipynb", PROJECT | {1: f"{line}\n{PROJECT[1]}"}))
    assert record.marks.total == 90 and record.diagnosis.findings == ()
    assert any("did not run where this was graded" in note for note in record.notes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["module", "Colab", "magic", "assertion"])
def test_in_six_notebooks_too(tmp_path: Path, grade: Grade, name: str) -> None:
    shutil.copytree(ROOT / "solutions" / "gnn_recommender", tmp_path / "ada")
    for path in (tmp_path / "ada").glob("*.ipynb"):
        book = json.loads(path.read_text(encoding="utf-8"))
        first = next(c for c in book["cells"] if "import" in "".join(c["source"])[:400])
        for cell in book["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "autograder.notebook import" in source:
                cell["source"] = f"{FAILS[name]}\n{source}"
        assert first
        path.write_text(json.dumps(book), encoding="utf-8")
    record = grade(tmp_path / "ada")
    assert record.marks.total == 90, record.raised


DEVICES = {
    "cuda": {5: PROJECT[5].replace("16, 16)", '16, 16).to("cuda")')},
    "mps": {
        5: "device = torch.device('mps')\n" + PROJECT[5].replace("16, 16)", "16, 16).to(device)")
    },
    ".cuda()": {5: PROJECT[5].replace("16, 16)", "16, 16).cuda()")},
    "default": {
        3: PROJECT[3].replace("import torch\n", "import torch\ntorch.set_default_device('cpu')\n")
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("change", DEVICES.values(), ids=DEVICES)
def test_a_device_of_another_machine(
    write: Callable[..., Path], grade: Grade, change: dict[int, str]
) -> None:
    assert PROJECT | change != PROJECT
    assert grade(write("project.ipynb", PROJECT | change)).marks.total == 90


PATHS = {
    "pathlib": (
        "from pathlib import Path",
        "pd.read_csv(Path('/home/ada') / 'user_artists.dat', sep='\\t')",
    ),
    "guard": (
        "import os\nF = 'C:\\\\Users\\\\ada\\\\user_artists.dat'\nassert os.path.exists(F)",
        "pd.read_csv(F, sep='\\t')",
    ),
    "glob": ("import glob", "pd.read_csv(glob.glob('/kaggle/input/user_*.dat')[0], sep='\\t')"),
    "zip": (
        "import zipfile\nwith zipfile.ZipFile('/content/a.zip') as z:\n    z.extractall('d')",
        "pd.read_csv('d/user_artists.dat', sep='\\t')",
    ),
    "URL": ("", "pd.read_csv('https://example.org/user_artists.dat', sep='\\t')"),
    "case": ("", "pd.read_csv('Data/User_Artists.dat', sep='\\t')"),
    "csv": (
        "import csv\nrows = [r for r in csv.reader(open('../user_artists.dat'), delimiter='\\t')]",
        "pd.DataFrame([map(int, r) for r in rows[1:]], columns=rows[0])",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("code", "load_it"), PATHS.values(), ids=PATHS)
def test_a_path_of_another_machine(
    write: Callable[..., Path], grade: Grade, code: str, load_it: str
) -> None:
    source = PROJECT[1].replace(IMPORT, f"{IMPORT}{code}\n").replace(LOAD, load_it)
    record = grade(write("project.ipynb", PROJECT | {1: source}))
    assert record.marks.total == 90, record.raised


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["df = pd.read_csv('my_own_file.csv')", "import my_helpers\ndf = my_helpers.load()"]
)
def test_what_raised_is_said_first(write: Callable[..., Path], grade: Grade, line: str) -> None:
    source = PROJECT[1].replace(f'df = {LOAD}.rename(columns={{"weight": "listen_count"}})', line)
    assert source != PROJECT[1]
    record = grade(write("project.ipynb", PROJECT | {1: source}))
    said = first_finding(record)
    assert said.startswith("step1: ") and "Error: " in said and "my_" in said


@pytest.mark.slow
def test_a_right_project_is_run_once_and_drawn_where_somebody_looks(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check of no points that passed is nothing to gain by another run."""
    drawn: list[bool] = []
    monkeypatch.setattr(Sandbox, "run", _noting(drawn, Sandbox.run))
    twin = course_data.twin(7).held_back(7).write(tmp_path) / "user_artists.dat"
    submission = load(write("anna.ipynb", PROJECT))
    with Sandbox(OPTIONS.isolation) as sandbox:
        graded = grade_one(sandbox, submission, OPTIONS.path(), OPTIONS, twin)
    assert graded.marks.total == 90
    assert drawn == [True, False]  # the sample, then the twin


def _noting(drawn: list[bool], run: Callable[..., Any]) -> Callable[..., Any]:
    def noted(sandbox: Sandbox, task: Task, *inputs: Any) -> Any:
        drawn.append(task.pictures)
        return run(sandbox, task, *inputs)

    return noted
