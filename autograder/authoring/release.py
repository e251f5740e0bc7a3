"""Makes the students' notebooks from the solution notebooks with nbgrader's own generator.

Called by `autograder.authoring`, in a folder of its own and without a database, under the course's
`nbgrader_config.py`, so that `nbgrader generate_assignment` makes the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from .errors import AuthoringError

CONFIG = "nbgrader_config.py"


def settings(root: Path, course: Path) -> Config:
    """The settings in `root`'s nbgrader_config.py, for the folder `course`, without a database.

    Raises:
        AuthoringError: there is no such file, or Python cannot run it.
    """
    if not (root / CONFIG).is_file():
        raise AuthoringError(f"{CONFIG}: not found: run this in the root of the kit's checkout")
    try:
        config = PyFileConfigLoader(CONFIG, path=str(root.resolve())).load_config()
    except Exception as problem:
        raise AuthoringError(f"{CONFIG}: {type(problem).__name__}: {problem}: mend it") from None
    config.CourseDirectory.root = str(course.resolve())
    config.GenerateAssignment.no_database = True  # these two are nbgrader's own --no-db
    config.SaveCells.enabled = False
    return config


def release(root: Path, course: Path, assignment: str) -> None:
    """Write `course`/assignments/ASSIGNMENT from `course`/solutions/ASSIGNMENT.

    Raises:
        AuthoringError: nbgrader refuses; the message ends with the last line of its first error.
    """
    from nbgrader.converters import GenerateAssignment  # takes a second or two
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    config = settings(root, course)
    folders = CourseDirectory(config=config, assignment_id=assignment)
    result = capture_log(GenerateAssignment(coursedir=folders, config=config))
    if not result["success"]:
        raise AuthoringError(
            f"nbgrader generate_assignment {assignment}: {_reason(result)}: mend what it names"
        )


def _reason(result: dict[str, str]) -> str:
    """The last line of the first traceback in nbgrader's log, or of its error."""
    for entry in result.get("log", "").split("[ERROR] "):
        if entry.startswith("Traceback"):
            return entry.strip().splitlines()[-1].strip()
    return (result.get("error", "").strip().splitlines() or ["no reason given"])[-1]
