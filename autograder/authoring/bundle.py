"""The students' zip: six notebooks, a light wheel, START.md and the versions that are tested.

Called by `autograder bundle`. Everything in it is named in `MODULES` and below; what is not named
is not in it, and nothing is written while a line of a solution can be read in it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .. import __version__
from ..contract import ASSIGNMENT, NOTEBOOKS
from . import FOLDERS, leaks, source, sources
from .errors import AuthoringError

NAME = "gnn_recommender_kit"
VERSION = f"{__version__}+students"
WHEEL = f"{NAME}-{VERSION}-py3-none-any.whl"
MODULES = (  # patterns of files, relative to the checkout
    *(f"autograder/{name}.py" for name in ("__init__", "answers", "checkpoints", "contract")),
    *(f"autograder/{name}.py" for name in ("limits", "notebook", "pictures", "printing")),
    *(f"autograder/{name}.py" for name in ("standin", "truth")),
    "autograder/desk/*.py",
    "autograder/evidence/*.py",
    "autograder/explain/*.py",
    *(f"autograder/handin/{name}.py" for name in ("__init__", "choice", "reading", "scripts")),
    "autograder/handin/submission.py",
    *(f"autograder/inside/{name}.py" for name in ("__init__", "aliases", "chain", "clock")),
    *(f"autograder/inside/{name}.py" for name in ("history", "inputs", "log", "mapping")),
    *(f"autograder/inside/{name}.py" for name in ("objects", "values")),
    *(f"autograder/inside/{name}.py" for name in ("observe", "plain", "pool", "randomness")),
    *(f"autograder/inside/{name}.py" for name in ("recorder", "registry", "rest", "session")),
    *(f"autograder/inside/{name}.py" for name in ("rivals", "surroundings", "tags", "tracking")),
    "autograder/inside/step[1-6].py",
    *(
        f"autograder/reports/{name}.py"
        for name in ("__init__", "cell", "explanation", "panel", "sections", "terminal")
    ),
    "autograder/reports/panel.css",
    "autograder/rules/*.py",
    "autograder/rules/facts/*.py",
    "autograder/rules/pytest.ini",
    *(f"course_data/{name}.py" for name in ("__init__", "__main__", "archive", "cli", "download")),
    *(f"course_data/{name}.py" for name in ("fetching", "locate", "summary", "validation")),
    "course_data/sample/*.dat",
)
START = Path("docs/students.md")  # the students' page, which is START.md in the zip
NOT_FOR_STUDENTS = (
    "jinja2",
    "jupytext",
    "nbgrader",
    "pyyaml",
    "tomli",
    "traitlets",
)  # of the kit's dependencies
FOR_THE_NOTEBOOKS = ("jupyterlab", "ipywidgets")  # what START.md installs beside the wheel
CALL = 20  # characters: a shorter line of our own code, such as `model.train()`, is no answer
LONG = 25  # characters without spaces: a shorter line counts only where it stands alone
COLAB = "https://colab.research.google.com"
DATE = (2020, 1, 1, 0, 0, 0)  # of every file in the archives: the same bytes at every build


def bundle(root: Path, output: Path, github: str = "") -> list[str]:
    """Write the students' zip.

    Args:
        root: the kit's checkout.
        output: the file to write.
        github: where the unpacked zip can be read, such as `OWNER/REPO/blob/BRANCH/FOLDER`: the
            badge of each notebook then opens it in Colab.

    Returns:
        The names of what is in it.

    Raises:
        AuthoringError: a file is not there, or a line of a solution could be read.
        OSError: it cannot be written.
    """
    files = {f"{ASSIGNMENT}/{name}": content for name, content in contents(root, github).items()}
    refuse(root, files)
    raw = archive(files)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(raw)
    return list(files)


def contents(root: Path, github: str = "") -> dict[str, bytes]:
    """What the zip holds, by name."""
    for path in (START, FOLDERS[1]):
        if not (root / path).exists():
            raise AuthoringError(f"{path}: not found: run this in the root of the kit's checkout")
    wheel = _wheel(root)
    start = (root / START).read_text(encoding="utf-8").replace(f"{NAME}.whl", WHEEL)
    found = {"START.md": start.encode(), WHEEL: wheel}
    found["constraints.txt"] = "".join(_constraints(root)).encode()
    for name in NOTEBOOKS.values():
        path = FOLDERS[1] / ASSIGNMENT / f"{name}.ipynb"
        if not (root / path).is_file():
            raise AuthoringError(f"{path}: not found: run autograder build in the kit's checkout")
        found[path.name] = _with_colab((root / path).read_bytes(), path.name, github)
    return found


def refuse(root: Path, files: Mapping[str, bytes]) -> None:
    """Look for a line of a solution in all files, and in the files of archives among them.

    Raises:
        AuthoringError: a student could read it.
    """
    cells = [source.read(root / path, path) for path in sources(root).values()]
    secret = leaks.secrets(cells)
    long = {tight: line for line in secret if len(tight := _tight(line)) > LONG}
    anywhere = re.compile("|".join(rf"(?<!\w){re.escape(tight)}" for tight in long))
    for name, text in _texts(files):
        for line in text.splitlines():
            bare, within = leaks.bare(line), anywhere.search(_tight(line))
            alone = bare in secret and (len(bare) > CALL or not name.endswith(".py"))
            hit = bare if alone else long[within.group()] if within else ""
            if hit:
                raise secret[hit].error(
                    f"a line of the solution can be read in the bundle, in {name}: {hit!r}: say it "
                    "in other words there"
                )


def _tight(line: str) -> str:
    """A line without its spaces."""
    return "".join(line.split())


def _texts(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for name, content in files.items():
        if name.endswith((".whl", ".zip")):
            with zipfile.ZipFile(io.BytesIO(content)) as zipped:
                inner = {f"{name}/{n}": zipped.read(n) for n in zipped.namelist()}
            yield from _texts(inner)
        elif name.endswith(".ipynb"):
            book = json.loads(content)
            yield name, "\n".join("".join(cell["source"]) for cell in book["cells"])
        else:
            yield name, content.decode("utf-8", "replace")


def modules(root: Path) -> list[str]:
    """The files of the wheel, relative to the checkout.

    Raises:
        AuthoringError: a pattern of `MODULES` names nothing.
    """
    found: dict[str, None] = {}
    for pattern in MODULES:
        paths = sorted(root.glob(pattern))
        if not paths:
            raise AuthoringError(f"{pattern}: no such file: mend MODULES of authoring/bundle.py")
        found |= dict.fromkeys(path.relative_to(root).as_posix() for path in paths)
    return list(found)


def _wheel(root: Path) -> bytes:
    info = f"{NAME}-{VERSION}.dist-info"
    files = {name: (root / name).read_bytes() for name in modules(root)}
    files[f"{info}/METADATA"] = _metadata(root).encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{info}/entry_points.txt"] = (
        b"[console_scripts]\nautograder = autograder.desk.cli:main\n"
        b"course_data = course_data.cli:main\n"
    )
    files[f"{info}/licenses/LICENSE"] = (root / "LICENSE").read_bytes()
    record = "".join(f"{name},{_digest(raw)},{len(raw)}\n" for name, raw in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return archive(files)


def _digest(raw: bytes) -> str:
    value = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
    return f"sha256={value}"


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, the same bytes at every call."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            zipped.writestr(entry, content)
    return raw.getvalue()


def requirements(root: Path) -> list[str]:
    """What the students' wheel needs, as pyproject.toml has it."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("\ndependencies = [", 1)[1].split("\n]", 1)[0]
    needed = re.findall(r'^    "([^"]+)"', block, re.M)
    return [entry for entry in needed if _name(entry) not in NOT_FOR_STUDENTS]


def _name(requirement: str) -> str:
    return re.split(r"[=<>!~; \[]", requirement, maxsplit=1)[0]


def _constraints(root: Path) -> Iterable[str]:
    wanted = {_name(entry) for entry in requirements(root)} | set(FOR_THE_NOTEBOOKS)
    for line in (root / "constraints.txt").read_text(encoding="utf-8").splitlines(keepends=True):
        if line.strip() and _name(line.strip()) in wanted:
            yield line


def _metadata(root: Path) -> str:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {NAME.replace('_', '-')}",
        f"Version: {VERSION}",
        "Summary: Checks, hints and data for the notebooks of the GNN recommender course",
        "Requires-Python: >=3.10,<3.14",
        *(f"Requires-Dist: {entry}" for entry in requirements(root)),
    ]
    return "\n".join(lines) + "\n"


def _with_colab(raw: bytes, name: str, github: str) -> bytes:
    """The notebook with a badge, and with a cell that installs the wheel in Colab only."""
    book = json.loads(raw)
    link = f"{COLAB}/github/{github}/{name}" if github else f"{COLAB}/#create=true"
    how = "" if github else " There choose *File*, *Upload notebook*, and take this file."
    badge = f"[![Open In Colab]({COLAB}/assets/colab-badge.svg)]({link}){how}"
    install = COLAB_CELL.format(wheel=WHEEL, address=_raw_address(github))
    cells = [
        {"cell_type": "markdown", "id": "colab_badge", "metadata": {}, "source": badge},
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "colab",
            "metadata": {},
            "outputs": [],
            "source": install,
        },
    ]
    book["cells"] = cells + book["cells"]
    return (json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _raw_address(github: str) -> str:
    if not github:
        return ""
    owner, repository, _, rest = github.split("/", 3)
    return f"https://github.com/{owner}/{repository}/raw/{rest}/{WHEEL}"


COLAB_CELL = """\
# In Colab this installs the course's kit, once a session. Anywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    import os
    import subprocess

    kit = "{wheel}"
    address = "{address}"
    if not address and not os.path.exists(kit):
        from google.colab import files

        print("Choose", kit, "from the course's zip:")
        files.upload()
    command = [sys.executable, "-m", "pip", "install", "--quiet", address or kit]
    subprocess.run(command, check=True)
"""
