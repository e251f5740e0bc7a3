"""`course.toml`: what differs from term to term: late rules, extensions, steps due, limits, data.

Points are not in it: they stand in `contract.py`, and the notebooks are built with them.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from autograder.contract import STEPS

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

FILE = "course.toml"
FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
DAY = datetime.timedelta(days=1)


class CourseError(Exception):
    """A course file that cannot be used; the message names the key and says what to do."""


Share = Annotated[float, msgspec.Meta(ge=0, le=100)]
Days = Annotated[float, msgspec.Meta(ge=0, le=3650)]
Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=86_400)]
T = TypeVar("T")


class Late(msgspec.Struct, forbid_unknown_fields=True):
    """What a late hand-in costs: per cent of the points for each day that has begun."""

    due: datetime.datetime | None = None
    per_cent_a_day: Share = 0.0
    free_days: Days = 0.0
    last_day: Days | None = None  # who is later than this gets nothing


class Extension(msgspec.Struct, forbid_unknown_fields=True):
    """More time for one student."""

    days: Days
    reason: str = ""


class Limits(msgspec.Struct, forbid_unknown_fields=True):
    """What a submission may take."""

    cell_seconds: Seconds | None = None
    notebook_seconds: Seconds | None = None
    memory_gb: Annotated[float, msgspec.Meta(ge=0.5, le=1024)] | None = None


class Data(msgspec.Struct, forbid_unknown_fields=True):
    """A file of a user, an item and a count in a row, under any names."""

    file: str
    separator: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = "\t"
    user: str = "userID"
    item: str = "artistID"
    count: str = "weight"
    names: str = ""  # a column with the item's name


class Course(msgspec.Struct, forbid_unknown_fields=True):
    """All that stands in `course.toml`; an empty one changes nothing."""

    steps: list[str] = msgspec.field(default_factory=lambda: list(STEPS))
    late: Late = msgspec.field(default_factory=Late)
    extensions: dict[str, Days | Extension] = {}
    limits: Limits = msgspec.field(default_factory=Limits)
    data: Data | None = None
    path: str = ""  # where it was read: `data.file` is relative to its folder


class Lateness(msgspec.Struct):
    """How late somebody was, and what share of the points stays."""

    factor: float = 1.0
    says: str = ""
    unknown: bool = False  # by how much: nothing is taken off


def read(path: Path | None = None) -> Course:
    """The course file: the one that is named, or `course.toml` here if there is one.

    Raises:
        CourseError: it cannot be read, or holds what it should not.
    """
    file = path or Path(FILE)
    if path is None and not file.exists():
        return Course()
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{file}: {error.strerror}: check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise CourseError(f"{file}: no TOML: {error}") from None
    if "path" in found:
        raise CourseError(f"{file}: path: there is no such key: {_keys('')}")
    try:
        course = msgspec.convert(found, Course)
    except msgspec.ValidationError as error:
        raise CourseError(f"{file}: {_named(str(error))}") from None
    try:
        course.steps = steps_due(course.steps)
    except CourseError as error:
        raise CourseError(f"{file}: steps: {error}") from None
    late = course.late
    if late.last_day is not None and late.last_day < late.free_days:
        raise CourseError(f"{file}: late.last_day: {late.last_day:g} is before late.free_days")
    course.path = str(file)
    return course


def steps_due(names: list[str]) -> list[str]:
    """The steps of these names, such as `step1` or `1`, in their order.

    Raises:
        CourseError: there is no step of this name, or none is named.
    """
    wanted = {name.strip() for name in names if name.strip()}
    wanted = {f"step{name}" if name.isdigit() else name for name in wanted}
    if unknown := sorted(wanted - set(STEPS)):
        raise CourseError(f"{unknown[0]}: choose of {', '.join(STEPS)}")
    if not wanted:
        raise CourseError(f"none is named: choose of {', '.join(STEPS)}")
    return [step for step in STEPS if step in wanted]


def lateness(
    course: Course,
    student: str,
    when: str,
    marked_late: bool = False,
    students: Collection[str] = (),
) -> Lateness:
    """What the rules make of the time of a hand-in, the student's extension counted in.

    `when` is as `collect` writes it; a time without a zone is taken as that of `late.due`. An
    extension is for who is spelled so of the `students`, or else in capitals and small letters.
    """
    rules, more = course.late, _extension(course, student, students)
    handed_in = _time(when)
    if rules.due is None or handed_in is None:
        if marked_late and rules.per_cent_a_day and not more.days:
            says = "the LMS says late, and not by how much: nothing is taken off"
            return Lateness(says=says, unknown=True)
        return Lateness()
    due = rules.due
    if (due.tzinfo is None) != (handed_in.tzinfo is None):
        due, handed_in = due.replace(tzinfo=None), handed_in.replace(tzinfo=None)
    over = (handed_in - due) / DAY - more.days
    granted = f" after an extension of {_days(more.days)}" if more.days else ""
    if over <= 0:
        return Lateness(says=f"in time{granted}" if granted and handed_in > due else "")
    days = math.ceil(over)
    if rules.last_day is not None and over > rules.last_day:
        return Lateness(0.0, f"{_days(days)} late{granted}: too late, no points")
    counted = max(0, math.ceil(over - rules.free_days))
    share = min(100.0, counted * rules.per_cent_a_day)
    return Lateness(1 - share / 100, f"{_days(days)} late{granted}: {share:g}% off")


def _extension(course: Course, student: str, students: Collection[str]) -> Extension:
    """The extension of a student; one that could be for two is nobody's."""
    alike = [name for name in course.extensions if name.casefold() == student.casefold()]
    names = [name for name in alike if name not in students]
    if student in alike:
        names = [student]
    if len(names) != 1:
        return Extension(0.0)
    value = course.extensions[names[0]]
    return value if isinstance(value, Extension) else Extension(value)


def without_student(course: Course, students: set[str]) -> list[str]:
    """Names among the extensions that nobody goes by."""
    known = {student.casefold() for student in students}
    return [name for name in course.extensions if name.casefold() not in known]


def _days(count: float) -> str:
    return "1 day" if count == 1 else f"{count:g} days"


def _time(text: str) -> datetime.datetime | None:
    """A time as an LMS or a git log writes it; None where it cannot be told."""
    plain = re.sub(r"\s+(UTC|GMT|Z)$|Z$", "+00:00", text.strip())
    plain = re.sub(r"(?<=\d)\s*([+-]\d\d):?(\d\d)$", r"\1:\2", plain)
    plain = re.sub(r"(\d)\.\d+", r"\1", plain.replace(" ", "T", 1))
    try:
        return datetime.datetime.fromisoformat(plain)
    except ValueError:
        pass
    for layout in FORMATS:
        try:
            return datetime.datetime.strptime(plain, layout)
        except ValueError:
            continue
    return None


def _named(error: str) -> str:
    """What msgspec says, with the key in front."""
    known = re.fullmatch(r"Object contains unknown field `(.+?)`(?: - at `\$\.?(.*)`)?", error)
    if known:
        key = ".".join(part for part in (known[2], known[1]) if part)
        return f"{key}: there is no such key: {_keys(known[2] or '')}"
    said, _, place = error.partition(" - at `$.")
    if said.endswith("got `date`"):
        said = "A day only: write the time too, such as 2026-03-01T23:59:00"
    return f"{place.rstrip('`').replace('[...]', '')}: {said[0].lower()}{said[1:]}"


def _keys(part: str) -> str:
    kinds = {"": Course, "late": Late, "limits": Limits, "data": Data}
    kind = kinds.get(part, Extension)
    names = [name for name in kind.__struct_fields__ if name != "path"]
    return f"choose of {', '.join(names)}"


def data_file(course: Course, into: Path) -> Path:
    """Write the file that `[data]` names in the course's own form, and say where it is.

    Raises:
        CourseError: it cannot be read; the message names the line.
    """
    assert course.data is not None
    rules = course.data
    source = Path(course.path).parent / rules.file
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise CourseError(f"{source}: {error.strerror}: mend data.file") from None
    except UnicodeError:
        raise CourseError(f"{source}: not UTF-8 text: save it as UTF-8") from None
    rows = ["userID\tartistID\tweight"]
    names: dict[int, str] = {}
    for user, item, count, name in _rows(source, lines, rules):
        rows.append(f"{user}\t{item}\t{count}")
        names.setdefault(item, name or f"item {item}")
    into.mkdir(parents=True, exist_ok=True)
    path = into / "user_artists.dat"
    path.write_text("\r\n".join(rows), encoding="ascii", newline="")
    artists = [f"{item}\t{' '.join(name.split())}\t\t" for item, name in sorted(names.items())]
    text = "\n".join(["id\tname\turl\tpictureURL", *artists, ""])
    (into / "artists.dat").write_text(text, encoding="utf-8", newline="")
    return path


def _rows(source: Path, lines: list[str], rules: Data) -> Iterator[tuple[int, int, int, str]]:
    import csv

    reader = csv.reader(lines, delimiter=rules.separator)
    header = next(reader, [])
    wanted = {key: getattr(rules, key) for key in ("user", "item", "count", "names")}
    places: dict[str, int] = {}
    for key, title in wanted.items():
        if title and title not in header:
            there = ", ".join(repr(name[:30]) for name in header[:6])
            raise CourseError(f"{source}: line 1: no column {title!r} (data.{key}), only {there}")
        if title:
            places[key] = header.index(title)
    seen: dict[tuple[int, int], int] = {}
    for cells in reader:
        at = f"{source}: line {reader.line_num}"
        if not cells:
            continue
        if len(cells) <= max(places.values()):
            raise CourseError(f"{at}: {len(cells)} columns, {len(header)} are due")
        numbers = []
        for key in ("user", "item", "count"):
            text = cells[places[key]].strip()
            try:
                value = float(text)
            except ValueError:
                value = math.nan
            if not (value.is_integer() and 0 <= value < 10**15) and key != "count":
                raise CourseError(f"{at}: {wanted[key]} is {text[:40]!r}, not a whole number")
            if key == "count" and not (0 < value < 10**15):
                raise CourseError(f"{at}: {wanted[key]} is {text[:40]!r}, not above 0")
            numbers.append(max(1, round(value)) if key == "count" else int(value))
        user, item, count = numbers
        earlier = seen.setdefault((user, item), reader.line_num)
        if earlier != reader.line_num:
            raise CourseError(f"{at}: user {user} and item {item} are already on line {earlier}")
        yield user, item, count, cells[places["names"]] if "names" in places else ""
    if not seen:
        raise CourseError(f"{source}: line 1: there are no rows after the header")
