"""nbgrader's settings for this course; `nbgrader ...` reads them in the repository's root.

`autograder build` uses the same file, so both make the same student notebooks.
"""

c = get_config()  # noqa: F821

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
