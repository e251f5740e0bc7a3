"""What LMSs make of a hand-in: from the path of a file to whose it is, when it came, and its name.

One small class a shape. Each looks at a path and makes a claim, or leaves it to the next one; the
last of them takes folders and files as people name them.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from autograder.contract import ASSIGNMENT, NOTEBOOKS
from autograder.evidence.arrays import printable
from autograder.handin.archives import ARCHIVES, FOREIGN, Item, ends_with
from autograder.handin.reading import PathError
from autograder.handin.roster import Roster
from autograder.limits import MIB, TABLE_FILE

METADATA = "submission_metadata.yml"
PAGE = "feedback.html"
_WORK = (".ipynb", ".py", *ARCHIVES, *FOREIGN)
Parts = tuple[str, ...]


@dataclass(frozen=True)
class Who:
    """What a path says of a person: numbers and logins, names, and what to call them by.

    `hints` are numbers that the LMS keeps to itself: they tell people of one name apart, and say
    nothing alone.
    """

    label: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """Whose a file is: one person, or several who handed in together.

    `at` is the piece of the path that says so, and `rest` the path below it. Of one person's
    `version`s the greatest is the last; `adds` says that a later one adds files to the earlier
    ones instead of replacing them all. Of several names in `hand_back` the greatest counts.
    """

    people: tuple[Who, ...]
    at: int
    rest: Parts
    shape: str
    version: tuple[str, int] = ("", 0)
    when: str = ""
    late: bool = False
    adds: bool = False
    left_out: str = ""  # why it counts for nobody
    hand_back: tuple[int, str] = (0, "")  # the name by which the LMS takes a page back; below


class Shape(Protocol):
    """`claim` gives a claim, or None: no file of this shape."""

    name: str

    def claim(self, parts: Parts) -> Claim | None: ...


@dataclass
class Gradescope:
    """`submission_123/` folders, and a metadata file beside them that says whose each is."""

    people: dict[Parts, Claim]
    name: str = "Gradescope"

    def claim(self, parts: Parts) -> Claim | None:
        for at in range(1, len(parts) - 1):
            if claim := self.people.get(parts[: at + 1]):
                return replace(claim, at=at, rest=parts[at + 1 :])
        return None


@dataclass
class Moodle:
    """`Ada Lovelace_660001_assignsubmission_file_`, a folder or the beginning of a file's name.

    A feedback file is found by the number, in a folder that is called so.
    """

    name: str = "Moodle"
    form = re.compile(r"(.*)_(\d+)_assignsubmission_(?:file|onlinetext)_?(.*)", re.S)

    def claim(self, parts: Parts) -> Claim | None:
        for at, part in enumerate(parts[1:], start=1):
            if found := self.form.fullmatch(part):
                name, number, file = found.groups()
                rest = ((file,) if file else ()) + parts[at + 1 :]
                who = Who(f"{name}_{number}", (f"participant {number}",), (name,), (number,))
                back = f"{name}_{number}_assignsubmission_file_/{PAGE}"
                return Claim((who,), at, rest or (part,), self.name, hand_back=(0, back))
        return None


@dataclass
class Brightspace:
    """`10001-710001 - Ada Lovelace - Nov 20, 2025 1130 PM`, one folder or file an upload."""

    name: str = "Brightspace"
    form = re.compile(r"(\d+)-(\d+) - (.+?) - (.*?\b\d{4}\b.*?)(?: - (.+\.\w+))?", re.S)

    def claim(self, parts: Parts) -> Claim | None:
        for at, part in enumerate(parts[1:], start=1):
            if found := self.form.fullmatch(part):
                number, upload, name, time, file = found.groups()
                rest = ((file,) if file else ()) + parts[at + 1 :]
                when = _brightspace_time(time)
                who = Who(f"{name}_{number}", (), (name,), (number,))
                version = (when, int(upload))
                return Claim((who,), at, rest or (part,), self.name, version, when, adds=True)
        return None


@dataclass
class Canvas:
    """`lovelaceada_LATE_10001_710001_step1.ipynb`: flat, with letters only of the name.

    A feedback file is found by both numbers: the student's, and that of a file of the last attempt.
    """

    name: str = "Canvas"
    form = re.compile(r"([^_]+)_(LATE_)?(\d+)_(\d+)_(.+)", re.S)

    def claim(self, parts: Parts) -> Claim | None:
        for at, part in enumerate(parts[1:], start=1):
            if found := self.form.fullmatch(part):
                name, late, number, upload, file = found.groups()
                who = Who(f"{name}_{number}", (number,), (name,))
                back = int(upload[:18]), f"{name}_{late or ''}{number}_{upload}_{PAGE}"
                rest = file, *parts[at + 1 :]
                return Claim((who,), at, rest, self.name, late=bool(late), hand_back=back)
        return None


@dataclass
class Inbound:
    """nbgrader's exchange: `ada+gnn_recommender+2025-11-20 20:00:00.000000 UTC+key`."""

    name: str = "nbgrader's exchange"
    form = re.compile(r"([^+]+)\+([^+]+)\+(\d{4}-\d\d-\d\d[ T][^+]*)(?:\+.*)?", re.S)

    def claim(self, parts: Parts) -> Claim | None:
        for at, part in enumerate(parts[1:-1], start=1):
            if found := self.form.fullmatch(part):
                login, assignment, when = found.groups()
                who = Who(login, (login,), (login,))
                claim = Claim((who,), at, parts[at + 1 :], self.name, (when, 0), when)
                return _of_assignment(claim, assignment)
        return None


@dataclass
class Submitted:
    """nbgrader's `submitted/ada/gnn_recommender/`, beside which other assignments may stand."""

    ours: set[Parts]
    name: str = "nbgrader's submitted"

    def claim(self, parts: Parts) -> Claim | None:
        for at in range(len(parts) - 3):
            if parts[at] == "submitted" and parts[: at + 1] in self.ours:
                login, assignment = parts[at + 1 : at + 3]
                who = Who(login, (login,), (login,))
                claim = Claim((who,), at + 1, parts[at + 3 :], self.name)
                return _of_assignment(claim, assignment)
        return None


@dataclass
class GitHub:
    """GitHub Classroom's `project-submissions/project-ada/`, one repository a student."""

    name: str = "GitHub Classroom"

    def claim(self, parts: Parts) -> Claim | None:
        for at in range(len(parts) - 2):
            slug = parts[at].removesuffix("-submissions") + "-"
            if parts[at].endswith("-submissions") and parts[at + 1].startswith(slug):
                login = parts[at + 1].removeprefix(slug)
                who = Who(login or parts[at + 1], (login,), (login,))
                return Claim((who,), at + 1, parts[at + 2 :], self.name)
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

    def of_roster(self, parts: Parts) -> Claim | None:
        """By the first piece of a path that somebody of the roster is called."""
        if self.roster is not None:
            for at in [*range(1, len(parts)), 0]:  # the whole source's own name comes last
                part, last = parts[at], at == len(parts) - 1
                for text in _readings(part, last, self.slug):
                    if self.roster.could_be((text,), (text,)):
                        return self._of(text, parts, at)
        return None

    def claim(self, parts: Parts) -> Claim | None:
        """By a name of the roster, or else by the first piece that is no folder for all."""
        if named := self.of_roster(parts):
            return named
        at = min(self.shared, len(parts) - 1)
        while at < len(parts) - 1 and _holds_all(parts[at]):
            at += 1
        readings = _readings(parts[at], at == len(parts) - 1)
        if at == len(parts) - 1 and not (ends_with(parts[at], _WORK) or len(readings) > 1):
            return None  # a list or a page that the LMS adds
        if _is_step(readings[-1]) or parts[at] == ASSIGNMENT:  # files of no person: whose folder?
            at = max([n for n in range(at) if parts[n] != ASSIGNMENT], default=0)
            readings = _readings(parts[at], False)
        return self._of(readings[-1], parts, at)

    def _of(self, label: str, parts: Parts, at: int) -> Claim:
        late = any(part.casefold() == "late" for part in parts[1:-1])
        rest = parts[at + 1 :]
        if not rest:
            name = parts[at].removeprefix(f"{label} - ")
            rest = (name,)
        return Claim((Who(label, (label,), (label,)),), at, rest, self.name, late=late)


@dataclass
class Shapes:
    """All shapes over one hand-in. The outermost name on a path decides whose a file is.

    What is inside a student's own folder or archive is their doing: a file that they call as an LMS
    calls another student's must not become that student's.
    """

    lms: list[Shape]
    folders: Folders
    known: set[str] = field(default_factory=set)  # the shapes that most of the files have

    def claim(self, parts: Parts) -> Claim | None:
        """Whose a file is; None where it is nobody's work."""
        outermost: Claim | None = None
        for shape in self.lms:
            claim = shape.claim(parts)
            if claim and (outermost is None or claim.at < outermost.at):
                outermost = claim
        named = self.folders.of_roster(parts)
        if named and (outermost is None or 0 < named.at < outermost.at):
            return named
        if outermost and outermost.shape not in self.known:
            folder = self.folders.claim(parts)
            return folder if folder and folder.at < outermost.at else outermost
        return outermost or self.folders.claim(parts)


def shapes(items: Iterable[Item], roster: Roster | None) -> tuple[Shapes, list[str]]:
    """Every shape, ready for these files, and what could not be read of an LMS's own lists."""
    items = list(items)
    people: dict[Parts, Claim] = {}
    problems = []
    for item in items:
        if item.name == METADATA:
            try:
                people |= _gradescope(item)
            except PathError as error:
                problems.append(str(error))
    ours = {
        parts[: at + 1]
        for parts in (item.parts for item in items)
        for at in range(len(parts) - 3)
        if parts[at] == "submitted" and parts[at + 2] == ASSIGNMENT
    }
    work = [item.parts for item in items if ends_with(item.name, (".ipynb", ".py"))]
    lms: list[Shape] = [Gradescope(people), Moodle(), Brightspace(), Canvas(), Inbound()]
    lms += [Submitted(ours), GitHub()]
    known = {
        s.name for s in lms if 2 * sum(s.claim(parts) is not None for parts in work) > len(work)
    }
    return Shapes(lms, Folders(roster, _shared(work), _slug(work)), known), problems


def _of_assignment(claim: Claim, assignment: str) -> Claim:
    """The claim, where it is about this course's assignment."""
    other = f"belongs to the assignment {assignment}"
    return claim if assignment == ASSIGNMENT else replace(claim, left_out=other)


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


def _gradescope(item: Item) -> dict[Parts, Claim]:
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
    found: dict[Parts, Claim] = {}
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
            place = (*item.parts[:-1], str(folder))
            found[place] = Claim(tuple(people), 0, (), "Gradescope", (when, 0), when)
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
    return when if re.search(r"\d ?(Z|[A-Z]{3,5}|[+-]\d\d:?\d\d)$", when) else ""
