"""nbgrader's settings for this course; `nbgrader ...` reads them in the repository's root.

`autograder build` uses the same file, so both make the same student notebooks.
"""

import contextlib
import sqlite3
import sys

c = get_config()  # noqa: F821

# Said in one line, in the place of a traceback for every student.
if sys.argv[1:2] == ["autograde"]:
    known = None
    with contextlib.suppress(sqlite3.Error):
        book = sqlite3.connect("file:gradebook.db?mode=ro", uri=True)
        known = book.execute("SELECT 1 FROM assignment WHERE name = 'gnn_recommender'").fetchone()
    if known is None:
        sys.exit(
            "nbgrader autograde: the gradebook does not know the assignment yet: "
            "run nbgrader generate_assignment gnn_recommender first"
        )

# solutions/gnn_recommender -> assignments/gnn_recommender, both in the repository.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"

# Only notebooks travel: no source with its solutions to the students, no data, and no module of a
# student's that could stand in for one of ours when it is graded.
c.CourseDirectory.ignore = [
    ".DS_Store",
    ".ipynb_checkpoints",
    "__pycache__",
    "feedback",
    "*.dat",
    "*.db",
    "*.py",
    "*.pyc",
]

# The student notebooks are built: making them again replaces them.
c.GenerateAssignment.force = True

# A test cell that a student deleted comes back when the notebook is graded.
c.OverwriteCells.add_missing_cells = True

# Seconds a cell: training on the real data takes about half a minute on an idle machine.
c.ExecutePreprocessor.timeout = 300
