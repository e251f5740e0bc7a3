"""The roster that an LMS exports: who takes the course, and by which numbers and names they go.

`collect` finds by it whose work a file is, and the gradebook whose row a mark belongs to. Both
match exactly or not at all: two people of one name are never told apart by a guess.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.evidence.arrays import printable
from autograder.handin.archives import as_text
from autograder.limits import MIB, TABLE_FILE

# Headers as LMSs write them, letters and digits only. The first that a row fills names its folder.
LOGINS = ("sisloginid", "username", "login", "loginid", "netid", "userid")
EMAILS = ("emailaddress", "email", "mail")
NUMBERS = ("sid", "studentid", "studentnumber", "idnumber", "orgdefinedid", "sisuserid", "id")
OTHERS = ("identifier", "githubusername", "githubid", "lmsuserid", "integrationid", "alias")
NAMES = ("student", "name", "fullname", "studentname")
GIVEN, FAMILY = ("firstname", "givenname"), ("lastname", "surname", "familyname")
HOW_TO_TELL = "write the name before the colon into a column `alias` of the right row"


class RosterError(Exception):
    """A roster that cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class Person:
    """One student of the roster. `key` is their folder's name, `row` the index of their row."""

    key: str
    name: str
    row: int
    ids: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()  # of the name: letters only, in either order


@dataclass(frozen=True)
class Match:
    """The one person that something belongs to; else None, and why."""

    person: Person | None
    why: str = ""
    nobody: bool = False  # as opposed to several
    near: tuple[str, ...] = ()  # keys of people whom it could mean


@dataclass
class Roster:
    """A roster as it was exported: `header` and `rows` keep every cell as it stood in the file."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    encoding: str = "utf-8"
    people: list[Person] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_id: dict[str, list[Person]] = {}
        self._by_name: dict[str, list[Person]] = {}
        for person in self.people:
            for text in person.ids:
                self._by_id.setdefault(text, []).append(person)
            for form in person.forms:
                self._by_name.setdefault(form, []).append(person)
        self._words = [(p, _words(p.name) | _words(p.key)) for p in self.people]
        mailboxes: dict[str, list[Person]] = {}
        for person in self.people:
            for text in person.ids:
                if "@" in text:
                    mailboxes.setdefault(text.split("@")[0], []).append(person)
        for text, people in mailboxes.items():  # ada@uni.example also goes by ada
            self._by_id.setdefault(text, people)

    def column(self, *names: str) -> int | None:
        """The index of the first column with one of these headers (letters and digits only)."""
        plain = [header_key(title) for title in self.header]
        return next((plain.index(name) for name in names if name in plain), None)

    def cell(self, row: int, column: int | None) -> str:
        """A cell as it stood; empty where the row is shorter."""
        cells = self.rows[row]
        return cells[column] if column is not None and column < len(cells) else ""

    def find(
        self, ids: Iterable[str] = (), names: Iterable[str] = (), hints: Iterable[str] = ()
    ) -> Match:
        """The one person who has one of these ids, or else one of these names.

        Of several who have the name, the one whose number is among the `hints`.
        """
        ids, names = list(ids), list(names)
        by_id = _distinct(p for text in ids for p in self._by_id.get(id_key(text), ()))
        by_name = _distinct(
            p for text in names for f in forms(text) for p in self._by_name.get(f, ())
        )
        shown = " ".join(next(iter([*names, *ids]), "?").split())
        if len(by_id) == 1 and (not by_name or by_id[0] in by_name):
            return Match(by_id[0])
        if by_id:
            whom = ", ".join(p.key for p in by_id[:4])
            other = ", ".join(p.key for p in by_name[:4])
            told = f"its number is that of {whom}"
            return Match(None, f"{told}, its name that of {other}" if other else told)
        hinted = [p for text in hints for p in by_name if id_key(text) in p.ids]
        if len(by_name) == 1 or len(hinted) == 1:
            return Match([*hinted, *by_name][0])
        if by_name:
            who = ", ".join(p.key for p in by_name[:4])
            return Match(None, f"{len(by_name)} of the roster are called so ({who})")
        wanted = _words(shown)
        near = [p for p, words in self._words if wanted & words]
        near_by = ", ".join(f"{p.name} ({p.key})" for p in near[:3])
        why = f"nobody of the roster is {shown}" + (f": is it {near_by}?" if near else "")
        return Match(None, why, nobody=True, near=tuple(p.key for p in near[:3]))

    def could_be(self, ids: Iterable[str], names: Iterable[str]) -> list[Person]:
        """Everybody who has one of these ids or names."""
        by_id = [p for text in ids for p in self._by_id.get(id_key(text), ())]
        both = [f for text in names for f in forms(text)]
        return _distinct([*by_id, *(p for form in both for p in self._by_name.get(form, ()))])


def read(path: Path) -> Roster:
    """Read a roster that Canvas, Moodle, Gradescope, Brightspace, Classroom or nbgrader exported.

    Raises:
        RosterError: it cannot be read, names nobody, or gives one login to two rows.
    """
    try:
        if path.stat().st_size > TABLE_FILE:
            raise RosterError(f"{path}: larger than {TABLE_FILE // MIB} MB: is it a roster?")
        raw = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path}: {error.strerror or error}: check the path") from None
    encoding, text = _decoded(raw, path)
    delimiter = _delimiter(text)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise RosterError(f"{path}: no CSV file ({error}): export the roster once more") from None
    start = next((n for n, cells in enumerate(lines) if any(c.strip() for c in cells)), None)
    if start is None:
        raise RosterError(f"{path}: the file is empty: export the roster once more")
    roster = Roster(path, lines[start], lines[start + 1 :], delimiter, encoding)
    columns = {header_key(title) for title in roster.header}
    if not columns & {*LOGINS, *EMAILS, *NUMBERS, *OTHERS, *NAMES, *FAMILY}:
        titles = ", ".join(f"{printable(title)[:30]!r}" for title in roster.header[:5])
        raise RosterError(f"{path}: no column names the students ({titles}): {_EXPECTED}")
    people = list(_people(roster))
    if not people:
        raise RosterError(f"{path}: has no student: {_EXPECTED}")
    return replace(roster, people=people)


_EXPECTED = "the LMS's own export has a header such as Student, ID, SIS Login ID, or Email address"


def header_key(title: str) -> str:
    """A column's title as it is compared: small letters and digits only."""
    return "".join(c for c in unicodedata.normalize("NFKC", title).casefold() if c.isalnum())


def id_key(text: str) -> str:
    """A number or login as it is compared. Brightspace writes `#` before both."""
    return as_text(text).strip().lstrip("#").casefold()


def forms(name: str) -> set[str]:
    """What a name can look like: `Lovelace, Ada`, `Ada Lovelace` and `lovelaceada` share one."""
    pieces = name.split(",")
    orders = [name] + [
        ",".join(pieces[cut:]) + " " + ",".join(pieces[:cut]) for cut in range(1, len(pieces))
    ]
    return {letters for order in orders if (letters := _letters(order))}


def safe_key(text: str) -> str:
    """A name for a folder that every system and spreadsheet takes, and nbgrader too."""
    kept = re.sub(r"[^\w.@ ,'-]+", "_", as_text(text)).strip(" ._'-@,")
    return kept[:80].strip() or "student"


def unique_key(text: str, taken: set[str]) -> str:
    """A folder's name that is not taken yet, also where `Ada` and `ada` are one folder."""
    wanted = key = safe_key(text)
    number = 1
    while key.casefold() in taken:
        number += 1
        key = f"{wanted} ({number})"
    taken.add(key.casefold())
    return key


def _letters(text: str) -> str:
    """Letters, digits and the marks that belong to them; the rest an LMS may have left out."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LMN")


def _words(text: str) -> set[str]:
    """Words to compare for a suggestion, without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return {word for word in re.findall(r"[^\W_]{3,}", plain.casefold()) if not word.isdigit()}


def _distinct(people: Iterable[Person]) -> list[Person]:
    return list({person.key: person for person in people}.values())


def _people(roster: Roster) -> Iterator[Person]:
    given, family, whole = (roster.column(*names) for names in (GIVEN, FAMILY, NAMES))
    logins = _order(roster)
    columns = [
        c for name in dict.fromkeys([*logins, *NUMBERS, *OTHERS]) for c in [roster.column(name)]
    ]
    taken: set[str] = set()
    lines: dict[str, tuple[int, str]] = {}
    canvas = header_key("SIS Login ID") in map(header_key, roster.header)
    for row in range(len(roster.rows)):
        first, last, name = (roster.cell(row, column).strip() for column in (given, family, whole))
        ids = {id_key(roster.cell(row, c)) for c in columns if c is not None} - {""}
        if not (ids or first or last or name) or name == "Points Possible":
            continue
        if canvas and not ids:  # `Manual Posting` and the like, below Canvas's header
            continue
        if canvas and name == "Student, Test" and not roster.cell(row, roster.column("sisuserid")):
            continue  # Canvas's own test student
        name = name or f"{first} {last}".strip()
        cells = ((title, roster.cell(row, roster.column(title)).strip()) for title in logins)
        title, text = next(((t, cell) for t, cell in cells if cell), ("", ""))
        if text and id_key(text) in lines:
            first_row, first_text = lines[id_key(text)]
            problem = f"both have the {title} {printable(text)[:60]!r}: remove one"
            if first_text != text and first_text.casefold() == text.casefold():
                names = f"{printable(first_text)[:60]!r} and {printable(text)[:60]!r}"
                problem = f"have a {title} that differs in case only, {names}: rename one"
            raise RosterError(f"{roster.path}: rows {first_row} and {row + 2} {problem}")
        if text:
            lines[id_key(text)] = row + 2, text
        key = unique_key(text.lstrip("#") or name, taken)
        ids |= {id_key(key)} if text else set()  # as a folder is called: `ada_b` for `ada+b`
        both = forms(name) | forms(f"{last}, {first}" if last and first else "")
        yield Person(key, printable(name) or key, row, frozenset(ids), frozenset(both))


def _order(roster: Roster) -> list[str]:
    """The columns that may name a student's folder, the best first."""
    present = [header_key(title) for title in roster.header]
    own = [present[0]] if present[0] == "id" or "githubusername" in present else []
    order = [*own, *LOGINS, *EMAILS, *NUMBERS, "githubusername", "identifier"]
    return [title for title in dict.fromkeys(order) if title in present]


def _decoded(raw: bytes, path: Path) -> tuple[str, str]:
    """The encoding and the text: UTF-8, what Excel calls Unicode text, or Western European."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8-sig" if raw[:3] == b"\xef\xbb\xbf" else "utf-8", "cp1252"]
    for encoding in candidates:
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        if "\x00" not in text:
            return encoding, text
    raise RosterError(f"{path}: no text: export the roster as CSV, and not as a spreadsheet")


def _delimiter(text: str) -> str:
    """Comma, semicolon or tab: what gives the first line the most columns."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=lambda mark: len(next(csv.reader([line], delimiter=mark))))
