"""What runs the kit elsewhere: a Gradescope autograder zip, and a GitHub Actions workflow.

`autograder pack` writes them. On Gradescope `run_autograder` calls `grade_there`.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from autograder.contract import ASSIGNMENT
from autograder.gradebook.gradescope import results
from autograder.gradebook.join import ExportError
from autograder.gradebook.marks import Mark

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
exec "$PYTHON" -m autograder.gradebook.pack "$ROOT"
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


def grade_there(root: Path) -> int:
    """Grade `root`/submission into `root`/results/results.json; the exit code.

    What is wrong with a submission is in the result. Where the grader itself fails there is none:
    Gradescope tells the instructor, and nobody loses points.
    """
    from autograder.grading.submission import Options
    from autograder.grading.whole_class import grade
    from autograder.handin.submission import Submission, SubmissionError, load
    from autograder.reports.class_report import as_dict
    from autograder.reports.plain import data
    from autograder.wall import isolation

    place = _folder(root / "submission")
    try:
        submission = load(place)
    except SubmissionError as error:
        submission = Submission("you", (), (str(error).replace(str(root), ""),))
    mode, line = isolation.chosen(None)
    print(line)
    (record,) = grade([submission], Options(data="sample", isolation=mode, jobs=1))
    mark = msgspec.convert(data(as_dict(record)), Mark, strict=False)
    if any(check.status == "grader_error" for check in mark.checks):
        print(f"The grader failed: {'; '.join(mark.problems)}", file=sys.stderr)
        return 1
    found = results(mark) | {"execution_time": round(record.seconds, 1)}
    target = root / "results" / "results.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
    return 0


def _folder(submission: Path) -> Path:
    """Where the notebooks are: at the top, or in the folder that a zip brought along."""
    for place in (submission / ASSIGNMENT, submission, *sorted(submission.rglob("*/"))):
        if place.is_dir() and not place.is_symlink() and any(place.glob("*.ipynb")):
            return place
    return submission


if __name__ == "__main__":
    sys.exit(grade_there(Path(sys.argv[1])))
