"""Builds solution notebooks from solutions/stepN_*.py and, through nbgrader, student notebooks.

Called by `autograder build`; `build` writes both folders, `check` tells where they differ from
what the sources would give.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from .. import rules
from ..contract import ASSIGNMENT, EXERCISES, NOTEBOOKS, UNGRADED, UNGRADED_ASSIGNMENT
from .errors import AuthoringError

__all__ = ["AuthoringError", "Drift", "build", "check", "sources"]

SOURCES = Path("solutions")
FOLDERS = (SOURCES, Path("assignments"))
STRAY = "has no source"


@dataclass(frozen=True)
class Drift:
    """A built file that is not what the sources give; `path` is relative to the checkout."""

    path: Path
    problem: str  # "differs from its source", "is missing", "has no source"

    def __str__(self) -> str:
        advice = "run autograder build"
        if self.path.suffix != ".ipynb":
            advice = "move it away by hand" if self.problem == STRAY else "mend it by hand"
        return f"{self.path.as_posix()}: {self.problem}: {advice}"


def build(root: Path) -> list[Path]:
    """Write both notebooks of each source below `root`; notebooks without a source are removed.

    Nothing is written unless everything can be; a file that is right already is not touched.

    Returns:
        The built files, in order, relative to `root`.

    Raises:
        AuthoringError: a source or the course's settings are not right; one line says what to do.
    """
    built = _build(root)
    for path in _present(root):
        if path not in built and path.suffix == ".ipynb":
            (root / path).unlink()
    for path, content in built.items():
        target = root / path
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return list(built)


def check(root: Path) -> list[Drift]:
    """Compare the built notebooks below `root`, byte for byte, with what the sources give now.

    Returns:
        What differs, is missing or has no source; empty when all is well.

    Raises:
        AuthoringError: a source or the course's settings are not right; one line says what to do.
    """
    built = _build(root)
    drifts = [Drift(path, STRAY) for path in _present(root) if path not in built]
    for path, content in built.items():
        if not (root / path).is_file():
            drifts.append(Drift(path, "is missing"))
        elif (root / path).read_bytes() != content:
            drifts.append(Drift(path, "differs from its source"))
    return sorted([*drifts, *stale_points(root)], key=lambda drift: drift.path)


def stale_points(root: Path) -> list[Drift]:
    """Tables of points, beside the notebooks, that are not those of the contract."""
    from . import scores

    return [Drift(path, problem) for path, problem in scores.elsewhere(root, EXERCISES)]


def _build(root: Path) -> dict[Path, bytes]:
    """Each built file's content, by its path relative to `root`."""
    from . import leaks, notebook, scores, source
    from .release import release

    read = {step: source.read(root / path, path) for step, path in sources(root).items()}
    try:
        known = rules.points()
    except ValueError as problem:
        raise AuthoringError(f"autograder/rules: {problem}") from None
    points = scores.assign(read, known)
    scores.agree(known, EXERCISES)
    solved, student = ([folder / _built(step) for step in read] for folder in FOLDERS)
    with tempfile.TemporaryDirectory(prefix="autograder-build-") as temporary:
        course = Path(temporary)
        for (step, cells), path in zip(read.items(), solved, strict=True):
            own = {name: value for (owner, name), value in points.items() if owner == step}
            (course / path).parent.mkdir(parents=True, exist_ok=True)
            text = notebook.dumps(cells, own)
            (course / path).write_text(text, encoding="utf-8", newline="\n")
        for assignment in dict.fromkeys(path.parent.name for path in solved):
            release(root, course, assignment)
        leaks.refuse(read.values(), {path: course / path for path in student})
        return {path: (course / path).read_bytes() for path in solved + student}


def _built(step: str) -> Path:
    """Where the notebook of a step is built, relative to each of FOLDERS."""
    if step in UNGRADED:
        return Path(UNGRADED_ASSIGNMENT, f"{UNGRADED[step]}.ipynb")
    return Path(ASSIGNMENT, f"{NOTEBOOKS[step]}.ipynb")


def sources(root: Path) -> dict[str, Path]:
    """Each step's source, relative to `root`; the ungraded ones where they are there.

    Raises:
        AuthoringError: one is not there, or no step has its name.
    """
    found = {path.stem for path in (root / SOURCES).glob("*.py")}
    known = [*NOTEBOOKS.values(), *UNGRADED.values()]
    unknown = sorted(found - set(known))
    if unknown:
        raise AuthoringError(
            f"{SOURCES}/{unknown[0]}.py: no step has this name: use one of "
            f"{', '.join(known)}, or add it to autograder/contract.py"
        )
    missing = [name for name in NOTEBOOKS.values() if name not in found]
    if missing:
        raise AuthoringError(
            f"{SOURCES}/{missing[0]}.py: not found: run this in the root of the kit's checkout"
        )
    ungraded = {step: name for step, name in UNGRADED.items() if name in found}
    return {step: SOURCES / f"{name}.py" for step, name in (NOTEBOOKS | ungraded).items()}


def _present(root: Path) -> list[Path]:
    """The files in the built folders, relative to `root`; hidden ones are not looked at."""
    found = []
    folders = [f / name for f in FOLDERS for name in (ASSIGNMENT, UNGRADED_ASSIGNMENT)]
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                found.append(inside)
    return found
