"""The Gradescope zip, run as Gradescope would; and the workflow for GitHub."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from autograder.cli import app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Gradescope's /autograder, after it has unpacked the zip."""
    command = ["pack", "gradescope", "--root", str(ROOT), "--output", str(tmp_path / "g.zip")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    root = tmp_path / "autograder"
    with zipfile.ZipFile(tmp_path / "g.zip") as packed:
        names = packed.namelist()
        packed.extractall(root)
    assert {"setup.sh", "run_autograder", "source/pyproject.toml"} <= set(names)
    assert not any("solutions" in name or name.endswith(".ipynb") for name in names)
    for file in ("setup.sh", "run_autograder"):
        assert subprocess.run(["bash", "-n", str(root / file)], check=False).returncode == 0
    return root


def run(root: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable}
    env |= {"PYTHONPATH": str(root / "source")}
    return subprocess.run(
        ["bash", str(root / "run_autograder")], env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_gradescope_runs_it(place: Path) -> None:
    folder = place / "submission" / "my work"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "solutions/gnn_recommender/step1_data_loading.ipynb", folder)
    done = run(place)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((place / "results" / "results.json").read_bytes())
    assert found["score"] == 10 and len(found["tests"]) > 50
    assert sum(test["score"] for test in found["tests"]) == 10
    assert found["execution_time"] > 0 and found["visibility"] == "visible"
    assert str(place) not in json.dumps(found)


@pytest.mark.slow
def test_a_submission_without_a_notebook_gets_the_reason(place: Path) -> None:
    (place / "submission").mkdir()
    (place / "submission" / "essay.txt").write_text("sorry")
    done = run(place)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((place / "results" / "results.json").read_bytes())
    assert found["score"] == 0 and "holds no .ipynb file" in found["output"]


def test_the_workflow_is_yaml(tmp_path: Path) -> None:
    path = tmp_path / "check.yml"
    command = ["pack", "github", "--kit", "uni/gnn-kit", "--output", str(path)]
    assert CliRunner().invoke(app, command).exit_code == 0
    steps = yaml.safe_load(path.read_text())["jobs"]["check"]["steps"]
    assert steps[1]["with"]["repository"] == "uni/gnn-kit"
    assert steps[-1]["run"].startswith("autograder check . ")
    assert CliRunner().invoke(app, command[:2]).exit_code == 2
    assert CliRunner().invoke(app, ["pack", "moon"]).exit_code == 2
