"""What runs the kit elsewhere: a Gradescope autograder zip, and a GitHub Actions workflow.

`autograder pack` writes them. On Gradescope `run_autograder` starts `autograder.on_gradescope`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.gradebook.join import ExportError

PACKAGES = ("autograder", "course_data", "recommenders")
FILES = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")
DATE = (2020, 1, 1, 0, 0, 0)  # of every file: the same bytes each time
SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when the image is built.
set -euo pipefail
apt-get update -qq
apt-get install -y -qq python3 python3-venv bubblewrap
python3 -m venv /autograder/venv
cd /autograder/source
/autograder/venv/bin/python -m pip install --quiet -c constraints.txt \\
  --extra-index-url https://download.pytorch.org/whl/cpu .
"""
RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission. The two variables are for trying it out elsewhere.
set -u
ROOT="${AUTOGRADER_ROOT:-/autograder}"
PYTHON="${AUTOGRADER_PYTHON:-$ROOT/venv/bin/python}"
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
exec "$PYTHON" -m autograder.on_gradescope "$ROOT"
"""
WORKFLOW = """\
# In a student's repository: .github/workflows/check.yml. Checks the notebooks at every push.
name: check
on: [push, workflow_dispatch]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v4
      - uses: actions/checkout@v4
        with:
          repository: {repository}
          path: .kit
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
          cache: pip
          cache-dependency-path: .kit/constraints.txt
      - run: >-
          python -m pip install --quiet -c .kit/constraints.txt
          --extra-index-url https://download.pytorch.org/whl/cpu ./.kit
      - run: autograder check {folder} --data sample --isolation basic
"""


def gradescope_zip(root: Path, output: Path) -> Path:
    """Write the zip that Gradescope's "Configure Autograder" takes.

    Raises:
        ExportError: `root` is no checkout of the kit.
        OSError: it cannot be written.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_name(f"{output.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN)):
            _add(packed, name, text.encode(), 0o755)
        for path in _sources(root):
            _add(packed, f"source/{path.as_posix()}", (root / path).read_bytes(), 0o644)
    part.replace(output)
    return output


def workflow(output: Path, repository: str, folder: str = ".") -> Path:
    """Write the workflow for students' repositories. `repository` holds the kit, as OWNER/NAME.

    Raises:
        OSError: it cannot be written.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(WORKFLOW.format(repository=repository, folder=folder), encoding="utf-8")
    return output


def _add(packed: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, (0o100000 | mode) << 16
    packed.writestr(entry, content)


def _sources(root: Path) -> Iterator[Path]:
    for name in FILES:
        if not (root / name).is_file():
            raise ExportError(f"{root / name}: not found: run this in a checkout of the kit")
        yield Path(name)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            hidden = "__pycache__" in path.parts or path.suffix in (".pyc", ".part")
            if path.is_file() and not hidden:
                yield path.relative_to(root)
