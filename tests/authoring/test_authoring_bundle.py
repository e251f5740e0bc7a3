"""The students' zip: what is in it, what must not be, and that a step runs from it alone."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.authoring import AuthoringError, bundle
from autograder.cli import app
from autograder.contract import NOTEBOOKS

ROOT = Path(__file__).parents[2]
WITHIN = f"gnn_recommender/{bundle.WHEEL}"
FROM_OTHERS = {  # what a package that the wheel asks for brings with it
    "packaging": "matplotlib",
    "jupyter_client": "nbclient",
    "requests": "pooch",
    "urllib3": "pooch",
    "jupytext": "nothing: only a script of another program is read by it, by a grader",
}
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "torch-geometric": "torch_geometric",
    "ipython": "IPython",
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """What is in the zip."""
    return {f"gnn_recommender/{k}": v for k, v in bundle.contents(ROOT).items()}


def wheel(files: dict[str, bytes]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(files[WITHIN])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def solutions() -> Iterator[tuple[str, str]]:
    """The code between the markers of each solution cell, with the cell's name."""
    for path in sorted((ROOT / "solutions").glob("step*.py")):
        text = path.read_text(encoding="utf-8")
        for number, code in enumerate(
            re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", text, re.S)
        ):
            if not code.startswith("# "):  # the report, which is prose
                yield f"{path.stem}, region {number}", code


SOLUTIONS = list(solutions())


def tight(text: str) -> str:
    """Text without comments and spaces, so that indentation hides nothing."""
    return re.sub(r"\s+", "", re.sub(r"#.*", "", text))


def everything(files: dict[str, bytes]) -> str:
    texts = [content.decode("utf-8", "replace") for content in wheel(files).values()]
    for name, content in files.items():
        if name.endswith(".ipynb"):
            texts += ["".join(cell["source"]) for cell in json.loads(content)["cells"]]
        elif name != WITHIN:
            texts.append(content.decode())
    return tight("\n".join(texts))


@pytest.mark.parametrize(("name", "code"), SOLUTIONS, ids=[name for name, _ in SOLUTIONS])
def test_no_solution_is_in_the_zip(files: dict[str, bytes], name: str, code: str) -> None:
    assert len(SOLUTIONS) >= 13
    assert tight(code) not in everything(files)
    planted = files | {"gnn_recommender/more.py": f"def answer():\n{code}\n".encode()}
    assert tight(code) in everything(planted)  # the search can find it


@pytest.mark.parametrize("code", [code for _, code in SOLUTIONS[::5]])
def test_a_solution_in_the_wheel_is_refused(files: dict[str, bytes], code: str) -> None:
    inner = wheel(files)
    inner["autograder/truth.py"] += f"\n\ndef helper():\n{code}\n".encode()
    planted = files | {WITHIN: bundle.archive(inner)}
    with pytest.raises(AuthoringError, match="can be read in the bundle") as refused:
        bundle.refuse(ROOT, planted)
    assert "autograder/truth.py" in str(refused.value)


def test_what_only_an_instructor_needs_is_not_in_it(files: dict[str, bytes]) -> None:
    names = set(wheel(files))
    for folder in ("authoring", "gradebook", "grading", "wall"):
        assert not [name for name in names if name.startswith(f"autograder/{folder}/")]
    for name in ("reference.py", "cli.py", "pytest_plugin.py", "inside/worker.py"):
        assert f"autograder/{name}" not in names
    assert not [name for name in names if re.search(r"generator|twin|recommenders|solution", name)]
    (metadata,) = (text for name, text in wheel(files).items() if name.endswith("/METADATA"))
    assert b"nbgrader" not in metadata and b"Requires-Dist: torch>=" in metadata


def test_the_wheel_needs_nothing_of_the_kit_beside_itself(files: dict[str, bytes]) -> None:
    names = wheel(files)
    modules = {
        re.sub(r"(/__init__)?\.py$", "", n).replace("/", ".") for n in names if n[-3:] == ".py"
    }
    needed = {re.split(r"[>=<]", entry)[0] for entry in bundle.requirements(ROOT)}
    outside = {IMPORTED_AS.get(name, name) for name in needed}
    outside |= set(FROM_OTHERS) | set(sys.stdlib_module_names)
    for name in modules:
        path = name.replace(".", "/")
        source = names.get(f"{path}.py") or names[f"{path}/__init__.py"]
        package = name if f"{path}/__init__.py" in names else name.rpartition(".")[0]
        for imported in imports(ast.parse(source), package):
            first = imported.split(".")[0]
            if first in ("autograder", "course_data"):
                assert imported in modules, f"{name} imports {imported}"
            else:
                assert first in outside, f"{name} imports {imported}"


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    """What a module imports, but for what only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) + 1 - node.level]
            base = ".".join([*(up if node.level else []), *filter(None, [node.module])])
            yield base
            for alias in node.names:
                path = ROOT / f"{base}.{alias.name}".replace(".", "/")
                if path.with_suffix(".py").is_file() and "going_further" not in alias.name:
                    yield f"{base}.{alias.name}"  # of step 7, which the students' kit leaves out
        else:
            yield from imports(node, package)


def test_a_bundle_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        done = CliRunner().invoke(
            app, ["bundle", "--root", str(ROOT), "--output", str(tmp_path / name)]
        )
        assert done.exit_code == 0, done.output
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert (tmp_path / "a.zip").stat().st_size < 2**20


def test_the_first_cell_does_nothing_outside_of_colab(files: dict[str, bytes]) -> None:
    for name in NOTEBOOKS.values():
        badge, install, *_ = json.loads(files[f"gnn_recommender/{name}.ipynb"])["cells"]
        assert "colab-badge.svg" in badge["source"] and install["cell_type"] == "code"
        ns: dict[str, object] = {}
        exec(install["source"], ns)
        assert set(ns) == {"__builtins__", "sys"}


def test_a_repository_for_colab() -> None:
    found = bundle.contents(ROOT, "me/course/blob/main/kit")
    badge, install, *_ = json.loads(found["step2_bipartite_graph.ipynb"])["cells"]
    assert "/github/me/course/blob/main/kit/step2_bipartite_graph.ipynb" in badge["source"]
    assert f"https://github.com/me/course/raw/main/kit/{bundle.WHEEL}" in install["source"]
    done = CliRunner().invoke(app, ["bundle", "--github", "me"])
    assert done.exit_code == 2 and "OWNER/REPO" in done.stderr


def test_outside_of_a_checkout_it_says_what_is_missing(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["bundle", "--root", str(tmp_path)])
    assert done.exit_code == 2 and "not found" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_step_1_is_green_from_the_bundle_alone(tmp_path: Path) -> None:
    zipped = tmp_path / "students.zip"
    bundle.bundle(ROOT, zipped)
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "gnn_recommender"
    python = fresh_environment(tmp_path / "env", folder / bundle.WHEEL)
    path = folder / "step1_data_loading.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    text = (ROOT / "solutions" / "gnn_recommender" / path.name).read_text(encoding="utf-8")
    solved = {cell["id"]: cell["source"] for cell in json.loads(text)["cells"]}
    for cell in book["cells"]:
        if cell["id"] in ("load", "explore"):
            cell["source"] = solved[cell["id"]]
    path.write_text(json.dumps(book), encoding="utf-8")

    def command(*words: str) -> str:
        done = subprocess.run(
            [python, "-m", "autograder.desk.cli", *words],
            cwd=folder,
            env=clean_environment(tmp_path),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    doctor = command("doctor")
    assert str(tmp_path / "env") in next(li for li in doctor.splitlines() if li.startswith("kit"))
    assert f"{path.name}: 10 points" in command("check", path.name)
    assert "10 of 10" in command("progress")


def clean_environment(tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "COURSE_DATA")}
    return kept | {"AUTOGRADER_CACHE": str(tmp_path / "cache"), "MPLBACKEND": "agg"}


def fresh_environment(place: Path, kit: Path) -> Path:
    """An environment with the wheel; libraries are those of this Python, the kit is not."""
    venv.create(place, with_pip=False)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", str(kit)], check=True)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    shared = sysconfig.get_path("purelib")
    (Path(site.stdout.strip()) / "libraries.pth").write_text(shared, encoding="utf-8")
    kernels = Path(sys.prefix) / "share" / "jupyter"
    if kernels.is_dir():
        shutil.copytree(kernels / "kernels", place / "share" / "jupyter" / "kernels")
    return python
