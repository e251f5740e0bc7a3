"""What LMSs make of a hand-in: from the path of a file to whose it is, when it came, and its name.

One small class a shape. Each looks at a path and makes a claim, or leaves it to the next one; the
last of them takes folders and files as people name them.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from autograder.contract import ASSIGNMENT, NOTEBOOKS
from autograder.evidence.arrays import printable
from autograder.handin.archives import ARCHIVES, FOREIGN, Item, ends_with
from autograder.handin.reading import PathError
from autograder.handin.roster import Roster
from autograder.limits import MIB, TABLE_FILE

METADATA = "submission_metadata.yml"
_WORK = (".ipynb", ".py", *ARCHIVES, *FOREIGN)
Parts = tuple[str, ...]


@dataclass(frozen=True)
class Who:
    """What a path says of a person: numbers and logins, names, and what to call them by."""

    label: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """Whose a file is: one person, or several who handed in together.

    `rest` is its path below the person. Of one person's `version`s the greatest is the last;
    `adds` says that a later one adds files to the earlier ones instead of replacing them all.
    """

    people: tuple[Who, ...]
    rest: Parts
    shape: str
    version: tuple[str, int] = ("", 0)
    when: str = ""
    late: bool = False
    adds: bool = False


class Shape(Protocol):
    """`claim` gives a claim; or why a file counts for nobody; or None: no file of this shape."""

    name: str

    def claim(self, parts: Parts) -> Claim | str | None: ...


@dataclass
class Gradescope:
    """`submission_123/` folders, and a metadata file that says whose each is."""

    people: dict[str, Claim]
    name: str = "Gradescope"

    def claim(self, parts: Parts) -> Claim | str | None:
        for at, part in enumerate(parts[:-1]):
            if part in self.people:
                return replace(self.people[part], rest=parts[at + 1 :])
        return None


@dataclass
class Moodle:
    """`Ada Lovelace_660001_assignsubmission_file_`, a folder or the beginning of a file's name."""

    name: str = "Moodle"
    form = re.compile(r"(.*)_(\d+)_assignsubmission_(?:file|onlinetext)_?(.*)", re.S)

    def claim(self, parts: Parts) -> Claim | str | None:
        for at, part in enumerate(parts[1:], start=1):
            if found := self.form.fullmatch(part):
                name, number, file = found.groups()
                rest = ((file,) if file else ()) + parts[at + 1 :]
                who = Who(f"{name}_{number}", (number,), (name,))
                return Claim((who,), rest or (part,), self.name)
        return None


@dataclass
class Brightspace:
    """`10001-710001 - Ada Lovelace - Nov 20, 2025 1130 PM`, one folder or file an upload."""

    name: str = "Brightspace"
    form = re.compile(r"(\d+)-(\d+) - (.+?) - (.*?\b\d{4}\b.*?)(?: - (.+\.\w+))?", re.S)

    def claim(self, parts: Parts) -> Claim | str | None:
        for at, part in enumerate(parts[1:], start=1):
            if found := self.form.fullmatch(part):
                number, upload, name, time, file = found.groups()
                rest = ((file,) if file else ()) + parts[at + 1 :]
                when = _brightspace_time(time)
                who = Who(f"{name}_{number}", (number,), (name,))
                version = (when, int(upload))
                return Claim((who,), rest or (part,), self.name, version, when, adds=True)
        return None


@dataclass
class Canvas:
    """`lovelaceada_LATE_10001_710001_step1.ipynb`: flat, with letters only of the name."""

    name: str = "Canvas"
    form = re.compile(r"([^_]+)_(LATE_)?(\d+)_(\d+)_(.+)", re.S)

    def claim(self, parts: Parts) -> Claim | str | None:
        for at, part in enumerate(parts[1:], start=1):
            if found := self.form.fullmatch(part):
                name, late, number, _, file = found.groups()
                who = Who(f"{name}_{number}", (number,), (name,))
                return Claim((who,), (file, *parts[at + 1 :]), self.name, late=bool(late))
        return None


@dataclass
class Inbound:
    """nbgrader's exchange: `ada+gnn_recommender+2025-11-20 20:00:00.000000 UTC+key`."""

    name: str = "nbgrader's exchange"
    form = re.compile(r"([^+]+)\+([^+]+)\+(\d{4}-\d\d-\d\d[ T][^+]*)(?:\+.*)?", re.S)

    def claim(self, parts: Parts) -> Claim | str | None:
        for at, part in enumerate(parts[1:-1], start=1):
            if found := self.form.fullmatch(part):
                login, assignment, when = found.groups()
                if assignment != ASSIGNMENT:
                    return f"belongs to the assignment {assignment}"
                who = Who(login, (login,), (login,))
                return Claim((who,), parts[at + 1 :], self.name, (when, 0), when)
        return None


@dataclass
class Submitted:
    """nbgrader's `submitted/ada/gnn_recommender/`, beside which other assignments may stand."""

    ours: set[Parts]
    name: str = "nbgrader's submitted"

    def claim(self, parts: Parts) -> Claim | str | None:
        for at in range(len(parts) - 3):
            if parts[at] == "submitted" and parts[: at + 1] in self.ours:
                login, assignment = parts[at + 1 : at + 3]
                if assignment != ASSIGNMENT:
                    return f"belongs to the assignment {assignment}"
                return Claim((Who(login, (login,), (login,)),), parts[at + 3 :], self.name)
        return None


@dataclass
class GitHub:
    """GitHub Classroom's `project-submissions/project-ada/`, one repository a student."""

    name: str = "GitHub Classroom"

    def claim(self, parts: Parts) -> Claim | str | None:
        for at in range(len(parts) - 2):
            slug = parts[at].removesuffix("-submissions") + "-"
            if parts[at].endswith("-submissions") and parts[at + 1].startswith(slug):
                login = parts[at + 1].removeprefix(slug)
                who = Who(login or parts[at + 1], (login,), (login,))
                return Claim((who,), parts[at + 2 :], self.name)
        return None


@dataclass
class Folders:
    """Folders, archives and files that carry a person's name, or Google Classroom's `Ada - step1`.

    With a roster the first piece of a path that is somebody's name or login says whose it is;
    without one, the first that is no folder for all.
    """

    roster: Roster | None
    shared: int = 1  # pieces at the beginning that all files have in common
    slug: str = ""  # what the names at the top all begin with
    name: str = "folders"

    def claim(self, parts: Parts) -> Claim | str | None:
        late = any(part.casefold() == "late" for part in parts[1:-1])
        if self.roster is not None:
            for at in [*range(1, len(parts)), 0]:  # the whole source's own name comes last
                part, last = parts[at], at == len(parts) - 1
                for text in _readings(part, last, self.slug):
                    match = self.roster.find((text,), (text,))
                    if match.person or not match.nobody:
                        return self._of(text, parts, at, late)
        at = min(self.shared, len(parts) - 1)
        while at < len(parts) - 1 and _holds_all(parts[at]):
            at += 1
        readings = _readings(parts[at], at == len(parts) - 1)
        if at == len(parts) - 1 and not (ends_with(parts[at], _WORK) or len(readings) > 1):
            return None  # a list or a page that the LMS adds
        if _is_step(readings[-1]) or parts[at] == ASSIGNMENT:  # files of no person: whose folder?
            at = max([n for n in range(at) if parts[n] != ASSIGNMENT], default=0)
            readings = _readings(parts[at], False)
        return self._of(readings[-1], parts, at, late)

    def _of(self, label: str, parts: Parts, at: int, late: bool) -> Claim:
        rest = parts[at + 1 :]
        if not rest:
            name = parts[at].removeprefix(f"{label} - ")
            rest = (name,)
        return Claim((Who(label, (label,), (label,)),), rest, self.name, late=late)


def shapes(items: Iterable[Item], roster: Roster | None) -> list[Shape]:
    """Every shape, ready for these files.

    Raises:
        PathError: Gradescope's metadata file cannot be read.
    """
    items = list(items)
    people: dict[str, Claim] = {}
    for item in items:
        if item.name == METADATA:
            people |= _gradescope(item)
    ours = {
        parts[: at + 1]
        for parts in (item.parts for item in items)
        for at in range(len(parts) - 3)
        if parts[at] == "submitted" and parts[at + 2] == ASSIGNMENT
    }
    work = [item.parts for item in items if ends_with(item.name, (".ipynb", ".py"))]
    lms: list[Shape] = [Gradescope(people), Moodle(), Brightspace(), Canvas(), Inbound()]
    return [*lms, Submitted(ours), GitHub(), Folders(roster, _shared(work), _slug(work))]


def _shared(work: list[Parts]) -> int:
    """How many pieces all paths begin with, where there are several people below them."""
    common = len(os.path.commonprefix([list(parts[:-1]) for parts in work])) if work else 1
    below = {parts[common] for parts in work if len(parts) > common}
    several = len(below) > 1 and not all(_is_step(name) for name in below)
    return max(1, common if several else 1)


def _slug(work: list[Parts]) -> str:
    """`project-` where the names at the top are project-ada, project-bea and so on."""
    at = _shared(work)
    top = sorted({parts[at] for parts in work if len(parts) > at})
    common = os.path.commonprefix(top) if len(top) > 1 else ""
    return common[: max(common.rfind("-"), common.rfind("_")) + 1]


def _readings(part: str, is_file: bool, slug: str = "") -> list[str]:
    """The names that a piece of a path may stand for: itself, and what stands before ` - `."""
    text = part
    for suffix in (*ARCHIVES, *FOREIGN, *((".ipynb", ".py") if is_file else ())):
        if ends_with(text, (suffix,)):
            text = text[: -len(suffix)]
            break
    found = [text]
    if slug and text.startswith(slug):
        found.append(text.removeprefix(slug))
    if is_file:
        found += [text[: gap.start()] for gap in re.finditer(" - ", text)][::-1]
    return found


def _is_step(name: str) -> bool:
    letters = re.sub(r"[^a-z0-9]+", "_", name.casefold())
    return any(notebook in letters for notebook in NOTEBOOKS.values())


def _holds_all(part: str) -> bool:
    """Whether a folder is by its name one for all, and no person's."""
    name = part.casefold()
    return name in ("submitted", "late") or name.endswith("submissions")


def _brightspace_time(text: str) -> str:
    """`Nov 20, 2025 1130 PM` so that it sorts; empty where it is written otherwise."""
    for form in ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p", "%d %B, %Y %H%M", "%B %d, %Y %H%M"):
        clock = re.sub(r"\b(\d)(\d\d)\b(?= [AP]M$)", r"0\1\2", text)
        try:
            return f"{datetime.datetime.strptime(clock, form):%Y-%m-%d %H:%M:%S}"
        except ValueError:
            continue
    return ""


def _gradescope(item: Item) -> dict[str, Claim]:
    """Folder -> whose it is, from the metadata that Gradescope writes with Ruby's tags."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Safe: a tag of Ruby's is read as the plain mapping that it stands on."""

    def plain(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    Loader.add_multi_constructor("!ruby/", plain)
    where = f"{item.shown}: Gradescope's list of who handed in"
    if item.path is None or item.path.stat().st_size > TABLE_FILE:
        raise PathError(
            f"{where}: cannot be read: {item.problem or f'over {TABLE_FILE // MIB} MB'}"
        )
    try:
        content = yaml.load(item.path.read_text(encoding="utf-8"), Loader)
    except (yaml.YAMLError, UnicodeError, ValueError, TypeError, RecursionError) as error:
        line = " ".join(printable(str(error)).split())[:120]
        raise PathError(f"{where}: cannot be read ({line}): export the submissions again") from None
    found: dict[str, Claim] = {}
    for folder, entry in content.items() if isinstance(content, dict) else ():
        submitters = entry.get(":submitters") if isinstance(entry, dict) else None
        people = []
        for each in submitters if isinstance(submitters, list) else ():
            if isinstance(each, dict):
                name, sid, email = (str(each.get(k) or "") for k in (":name", ":sid", ":email"))
                ids = tuple(text for text in (email, sid) if text)
                people.append(Who(email or sid or name, ids, (name,) if name else ()))
        if people:
            when = _ruby_time(entry.get(":created_at"))
            found[str(folder)] = Claim(tuple(people), (), "Gradescope", (when, 0), when)
    return found


def _ruby_time(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("utc")
    if isinstance(value, datetime.datetime):
        utc = value.astimezone(datetime.timezone.utc) if value.tzinfo else value
        return f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    found = re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", str(value or ""))
    return f"{found.group()} UTC" if found else ""


def zoned(when: str) -> str:
    """A time for nbgrader's timestamp.txt: only where the zone is known."""
    return when if when.endswith("UTC") else ""
