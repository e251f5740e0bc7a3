"""What Gradescope starts for a submission, in the zip that `autograder pack gradescope` writes."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import msgspec

from autograder.contract import ASSIGNMENT
from autograder.gradebook.gradescope import results
from autograder.gradebook.marks import Mark
from autograder.grading.submission import Options
from autograder.grading.whole_class import grade
from autograder.handin.submission import Submission, SubmissionError, load
from autograder.printing import data
from autograder.reports.class_report import as_dict
from autograder.wall import isolation


def grade_there(root: Path) -> int:
    """Grade `root`/submission into `root`/results/results.json; the exit code.

    What is wrong with a submission is in the result. Where the grader itself fails there is none:
    Gradescope tells the instructor, and nobody loses points.
    """

    place = _folder(root / "submission")
    try:
        submission = load(place)
    except SubmissionError as error:
        submission = Submission("you", (), (str(error).replace(str(root), ""),))
    mode, line = isolation.chosen(None)
    print(line)
    options = Options(
        data="sample",
        isolation=mode,
        jobs=1,
        twin=secrets.randbelow(2**53),  # everybody has the sample: what was typed in is right there
        salt=secrets.token_hex(16),
    )
    (record,) = grade([submission], options)
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
