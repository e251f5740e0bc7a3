"""What can be wrong with a student's computer, a line each: OK, or what to do.

`autograder doctor` shows it.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import course_data
from autograder import __version__
from autograder.contract import NOTEBOOKS
from autograder.desk import progress

PYTHONS = ((3, 10), (3, 13))
PACKAGES = {  # what the notebooks import, and under which name pip has it
    "torch": "torch",
    "torch_geometric": "torch-geometric",
    "pandas": "pandas",
    "networkx": "networkx",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "nbclient": "nbclient",
    "ipykernel": "ipykernel",
}
FREE = 500 * 2**20  # bytes of a disk below which there is soon no room to save


@dataclass(frozen=True)
class Line:
    """One thing that was looked at; `fix` is empty where it is as it must be."""

    what: str
    found: str
    fix: str = ""

    def __str__(self) -> str:
        return (
            f"{self.what:9} {self.found}: {self.fix}"
            if self.fix
            else (f"{self.what:9} OK  {self.found}")
        )


def examine(folder: Path) -> list[Line]:
    """Look at Python, the packages, the kit, the data, the kernel, the folder and the disk."""
    parts: tuple[tuple[str, Callable[[Path], Iterator[Line]]], ...] = (
        ("python", _python),
        ("packages", _packages),
        ("kit", _kit),
        ("data", _data),
        ("kernel", _kernel),
        ("notebooks", _notebooks),
        ("disk", _disk),
    )
    lines: list[Line] = []
    for name, look in parts:
        try:
            lines += look(folder)
        except Exception as error:  # one thing that is broken must not hide the others
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            lines.append(Line(name, said[:200], "install the course's wheel again"))
    return lines


def _python(_: Path) -> Iterator[Line]:
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"{version} ({sys.executable})"
    right = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    fix = "make an environment with Python 3.11, and install the kit in it"
    yield Line("python", found, "" if right else fix)


def _packages(_: Path) -> Iterator[Line]:
    from packaging.requirements import Requirement

    needed = {}
    for text in importlib.metadata.requires("gnn-recommender-kit") or []:
        requirement = Requirement(text)
        needed[requirement.name] = requirement.specifier
    good = []
    for module, name in PACKAGES.items():
        try:
            importlib.import_module(module)
            version = importlib.metadata.version(name)
        except Exception as error:  # a broken installation raises what it likes
            said = f"{name} cannot be imported ({type(error).__name__})"
            yield Line("packages", said, f"python -m pip install --upgrade {name}")
            continue
        if name in needed and not needed[name].contains(version.split("+")[0], prereleases=True):
            said = f"{name} {version} is not {needed[name]}"
            yield Line("packages", said, f'python -m pip install "{name}{needed[name]}"')
        else:
            good.append(f"{name} {version}")
    yield Line("packages", ", ".join(good))


def _kit(_: Path) -> Iterator[Line]:
    place = Path(__file__).parents[1]
    yield Line("kit", f"{__version__} ({place})")


def _data(_: Path) -> Iterator[Line]:
    try:
        info = course_data.info()
    except course_data.DataError as error:
        yield Line("data", error.what, f"{error.next_step} ({error.where})")
        return
    chosen = os.environ.get("COURSE_DATA") or "sample"
    yield Line(
        "data", f"{chosen}: {info.users:,} users, {info.artists:,} artists, {info.rows:,} rows"
    )


def _kernel(_: Path) -> Iterator[Line]:
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().get_all_specs()
    mine = [
        name
        for name, spec in specs.items()
        if Path(spec["spec"]["argv"][0]).resolve() == Path(sys.executable).resolve()
        or spec["spec"]["argv"][0] in ("python", "python3")
    ]
    fix = "python -m ipykernel install --user --name rec_gnn, and choose it in the notebook"
    yield Line("kernel", f"{', '.join(mine) or 'none'} of this Python", "" if mine else fix)


def _notebooks(folder: Path) -> Iterator[Line]:
    here = [name for name in NOTEBOOKS.values() if (folder / f"{name}.ipynb").is_file()]
    missing = [f"{name}.ipynb" for name in NOTEBOOKS.values() if name not in here]
    if not here:
        yield Line("notebooks", f"none in {folder}", "change to the folder with the six notebooks")
    elif missing:
        yield Line(
            "notebooks", f"not here: {', '.join(missing)}", "take them from the course's zip"
        )
    else:
        yield Line("notebooks", f"all six in {folder}")


def _disk(folder: Path) -> Iterator[Line]:
    for place in (folder, progress.cache_folder()):
        there = next(p for p in (place, *place.parents) if p.exists())
        free = shutil.disk_usage(there).free
        found = f"{free / 2**30:.1f} GB free ({there})"
        if not os.access(there, os.W_OK):
            yield Line("disk", f"{there} cannot be written to", "work in a folder of your own")
        elif free < FREE:
            yield Line("disk", found, "make room, or work on another disk")
        else:
            yield Line("disk", found)
