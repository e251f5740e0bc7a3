"""A class of people with difficult names, and what each LMS makes of their hand-ins.

`write_shape` writes the files, `expected` says which files each of them must end with.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.contract import NOTEBOOKS

NAMES = tuple(NOTEBOOKS.values())
Work = dict[str, bytes]  # file name -> bytes


def notebook(source: str) -> bytes:
    """A notebook of one code cell."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": []}
    book = {"cells": [cell | {"source": source}], "metadata": {}, "nbformat": 4}
    return json.dumps(book | {"nbformat_minor": 5}).encode()


def six(who: str) -> Work:
    """Six notebooks that nobody else has."""
    return {f"{name}.ipynb": notebook(f"# {who}\nx = {name!r}") for name in NAMES}


@dataclass(frozen=True)
class Student:
    """One of the class: what they handed in last, and before."""

    given: str
    family: str
    login: str
    number: int
    work: Work
    before: Work
    late: bool = False

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def placed(self) -> Work:
        """The files that count, under the names that they get."""
        names = {re.sub(r"^Copy of |-1(?=\.)", "", name): raw for name, raw in self.work.items()}
        return {name: raw for name, raw in names.items() if name.endswith((".ipynb", ".py"))}


def _class() -> Iterator[Student]:
    script = b"# %%\nimport pandas as pd\ndf = pd.read_csv('user_artists.dat')\n"
    people: list[tuple[str, str, str, Work]] = [
        ("Ada", "Lovelace", "adal", six("ada")),
        ("Liam", "O'Brien", "liamo", {"step1_data_loading.ipynb": notebook("liam = 1")}),
        ("Liam", "O'Brien", "liamo2", {"step2_bipartite_graph.ipynb": notebook("liam = 2")}),
        ("Quentin", "Smith, Jr.", "quentins", six("quentin")),
        ('Robert "Bobby"', "Tables", "bobbyt", six("bobby")),
        ("María José", "Carreño Quiñones", "mariac", six("maria")),
        ("李", "娜", "lina", six("lina")),
        ("محمد", "الفارسي", "mohamed", six("mohamed")),
        ("=HYPERLINK(1)", "Excel", "excel", six("excel")),
        ("Sam 🎸", "Rock", "samr", {"project.ipynb": notebook("import pandas as pd")}),
        ("Bea", "Script", "beas", {"project.py": script}),
        ("Jürgen", "Müller", "juergenm", {f"{n}-1.ipynb": notebook(f"j = {n!r}") for n in NAMES}),
        ("Kim", "Nguyễn Văn", "kimn", {f"Copy of {n}.ipynb": notebook(f"k={n!r}") for n in NAMES}),
        ("Uma", "Thur", "umat", {"step1_data_loading.html": b"<html>exported</html>"}),
        ("Walt", "Empty", "walte", {f"{name}.ipynb": b"" for name in NAMES}),
        ("Vera", "Broken", "verab", six("vera") | {"step2_bipartite_graph.ipynb": b'{"cells'}),
        ("Xena", "Nothing", "xenan", {}),
        ("Yuki", "Late", "yukil", six("yuki")),
        ("Zoë", "Resubmits", "zoer", six("zoe, again")),
    ]
    for number, (given, family, login, work) in enumerate(people, start=10001):
        before = six("zoe, before") if login == "zoer" else {}
        yield Student(given, family, login, number, work, before, login == "yukil")


CLASS = tuple(_class())
SAME_NAME = ("liamo", "liamo2")  # that a roster alone cannot tell apart


def roster(path: Path) -> Path:
    """The class as Canvas exports it."""
    lines = ["Student,ID,SIS User ID,SIS Login ID,Section,GNN recommender (991)"]
    lines.append("    Points Possible,,,,,100")
    for s in CLASS:
        name = f"{s.family}, {s.given}".replace('"', '""')
        lines.append(f'"{name}",{s.number},S{s.number},{s.login},A,')
    lines.append('"Student, Test",99999,,test,A,')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def zipped(work: Work, folder: str = "", junk: bool = False) -> bytes:
    """A zip, with what macOS adds where that is wanted."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, raw in work.items():
            archive.writestr(folder + name, raw)
            if junk:
                archive.writestr(f"__MACOSX/{folder}._{name}", b"\x00\x05\x16\x07")
    return stream.getvalue()


def _canvas(s: Student, name: str, again: bool = False) -> str:
    letters = re.sub(r"[\W_]", "", s.family + s.given).lower()
    stem, _, suffix = name.rpartition(".")
    stem = re.sub(r"[^\w.-]+", "+", stem) + ("-1" if again else "")
    return f"{letters}_{'LATE_' if s.late else ''}{s.number}_{s.number + 7}_{stem}.{suffix}"


def _moodle(s: Student) -> str:
    return f"{s.name}_{s.number + 650000}_assignsubmission_file_"


def _files(shape: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every file of a shape."""
    for s in CLASS:
        for name, raw in s.work.items():
            deep = "assignments/gnn_recommender/" if s.number % 3 else ""
            path = {
                "canvas": _canvas(s, name, bool(s.before)),
                "moodle_folders": f"{_moodle(s)}/{name}",
                "moodle_flat": _moodle(s) + name,
                "gradescope": f"export/submission_{s.number + 5}/{name}",
                "brightspace": f"{s.number}-8 - {s.name} - Nov 20, 2025 1130 PM/{name}",
                "google_classroom": f"{s.name} - {name}",
                "github_classroom": f"gnn-submissions/gnn-{s.login}/{deep}{name}",
                "nbgrader_submitted": f"submitted/{s.login}/gnn_recommender/{name}",
                "nbgrader_inbound": f"inbound/{s.login}+gnn_recommender+2025-11-20 20:00:00 UTC+k/"
                + name,
                "macos": f"{s.login}/gnn_recommender/{name}",
                "names": f"{s.name}/{name}",
            }.get(shape)
            if path:
                yield path, raw
            if shape == "macos":
                yield f"{s.login}/gnn_recommender/._{name}", b"\x00\x05\x16\x07"
                yield f"__MACOSX/{s.login}/._{name}", b"\x00\x05\x16\x07"
        for name, raw in s.before.items():
            if shape == "canvas":
                yield _canvas(s, name), raw
            if shape == "brightspace":
                yield f"{s.number}-4 - {s.name} - Nov 19, 2025 934 AM/{name}", raw
            if shape == "nbgrader_inbound":
                folder = f"inbound/{s.login}+gnn_recommender+2025-11-19 08:00:00 UTC+k"
                yield f"{folder}/{name}", raw
        if shape == "github_classroom":
            yield f"gnn-submissions/gnn-{s.login}/README.md", b"# Assignment\n"
            yield f"gnn-submissions/gnn-{s.login}/.github/autograding.json", b"{}"
        if s.work and shape == "zip_in_folder":
            yield f"{s.login}/homework.zip", zipped(s.work, "gnn_recommender/", junk=True)
        if s.work and shape == "zips":
            yield f"{s.login}.zip", zipped(s.work)
        if s.work and shape == "canvas_zips":
            yield _canvas(s, "work.zip"), zipped(s.work, "gnn_recommender/", junk=True)
    if shape == "brightspace":
        yield "index.html", b"<html>Submissions</html>"
    if shape == "nbgrader_submitted":
        yield "submitted/adal/ps1/problem1.ipynb", notebook("another assignment")
        yield "submitted/yukil/gnn_recommender/timestamp.txt", b"2025-11-21 09:00:00 UTC\n"
    if shape == "gradescope":
        yield "export/submission_metadata.yml", _metadata().encode()


def _metadata() -> str:
    lines = ["---"]
    for s in CLASS:
        lines += [f"submission_{s.number + 5}:", "  :submitters:"]
        lines += [f"  - :name: {json.dumps(s.name, ensure_ascii=False)}", f"    :sid: '{s.number}'"]
        lines += ["  :created_at: !ruby/object:ActiveSupport::TimeWithZone"]
        lines += ["    utc: 2025-11-20 23:10:11.000000000 Z"]
        lines += (
            ["    zone: *1"]
            if s.number > 10001
            else ["    zone: &1 !ruby/object:Zone", "      a: 1"]
        )
    return "\n".join(lines) + "\n"


SHAPES = (
    *("canvas", "canvas_zips", "moodle_folders", "moodle_flat", "gradescope", "brightspace"),
    *("google_classroom", "github_classroom", "nbgrader_submitted", "nbgrader_inbound"),
    *("zip_in_folder", "zips", "macos", "names"),
)
BY_NAME = ("moodle_folders", "moodle_flat", "google_classroom", "names")  # say no number of ours


def write_shape(shape: str, folder: Path) -> Path:
    """Write one shape of the class below `folder`; its own folder."""
    for name, raw in _files(shape):
        path = folder / shape / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder / shape
