"""Checks, grades and explains the notebooks of the GNN recommender course.

Students meet `autograder.notebook`; instructors and TAs meet the `autograder` command.
"""

__version__ = "0.1.0"
