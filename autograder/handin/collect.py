"""From what an LMS gives to `submitted/STUDENT/gnn_recommender/`: who handed in what, said at once.

`autograder collect` calls `collect`; reports/collected.py renders what it returns. Nothing that was
there is lost: what a later version replaces goes to a folder of its own.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.contract import ASSIGNMENT, NOTEBOOKS, STEPS
from autograder.handin.archives import Item, ends_with, walk
from autograder.handin.reading import Notebook, PathError, SubmissionError, read
from autograder.handin.roster import Match, Roster, safe_key, unique_key
from autograder.handin.shapes import Claim, Who, shapes, zoned
from autograder.handin.versions import TIMESTAMP, WORK, Chosen, Files, choose, digest
from autograder.printing import out_of_a_table

LIST = "collected.csv"  # reports/collected.py writes it into the folder of submissions
HERE, UNREADABLE, BEFORE, AMBIGUOUS, NOTHING = (
    "collected",
    "nothing that can be graded",
    "collected before",
    "not told apart",
    "handed in nothing",
)
WITH_FILES = (HERE, UNREADABLE, BEFORE)


@dataclass
class Row:
    """One student, or what could not be placed: what was found, and what is to be said of it."""

    student: str
    name: str
    status: str
    steps: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    when: str = ""
    late: bool = False
    shape: str = ""
    notes: list[str] = field(default_factory=list)
    earlier: int = 0
    label: str = ""  # what the LMS calls them, where no roster does
    hand_back: str = ""  # the name by which the LMS takes a page back


@dataclass
class Collected:
    """All that `collect` has to say: a row a student, and what belongs to nobody."""

    rows: list[Row] = field(default_factory=list)
    unplaced: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    identical: list[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)


@dataclass
class _Pile:
    """The files of one person, or of one label that nobody of the roster goes by."""

    who: Who
    why: str = ""  # it could not be placed
    near: tuple[str, ...] = ()  # keys of people who could be meant
    entries: list[tuple[Item, Claim]] = field(default_factory=list)
    with_others: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)  # what the LMS calls whose files these are


def collect(source: Path, into: Path, roster: Roster | None = None) -> Collected:
    """Write each student's last version below `into`, and say what was found.

    Raises:
        PathError: `source` is nothing to collect from, or one folder lies in the other.
        OSError: it cannot be written.
    """
    _keep_apart(source, into)
    before = listed(into)
    with tempfile.TemporaryDirectory(prefix="collect-") as scratch:
        items = walk(source, Path(scratch))
        result = Collected()
        people, nobody = _sort(items, roster, result)
        if not people and not nobody:
            raise PathError(f"{source}: no notebook or script in it: name what the LMS gave")
        result.rows, result.unplaced = _write(people, nobody, into, roster)
        result.identical = _identical(result.rows, into)
        if roster is not None:
            result.rows = _by_roster(result, roster, into, nobody, before)
        else:
            now = {row.student for row in result.rows}
            stay = _collected_before(into, now, before)
            result.rows += stay
            now |= {row.student for row in stay}
            result.rows += [_without_work(row) for key, row in before.items() if key not in now]
    if roster is None:
        _say_alike(result.rows)
    result.written = [into, *(f for f in _beside(into) if f.is_dir())]
    return result


def listed(into: Path) -> dict[str, dict[str, str]]:
    """The rows of the list that an earlier collection left in a folder; none without one."""
    try:
        with (into / LIST).open(newline="", encoding="utf-8-sig") as stream:
            rows = [{k: out_of_a_table(v or "") for k, v in r.items() if k} for r in _table(stream)]
    except (OSError, csv.Error, UnicodeError):
        return {}
    return {row["student"]: row for row in rows if row.get("student")}


def _table(stream: Iterable[str]) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(stream):
        yield {key: cell for key, cell in row.items() if isinstance(cell, str)}


def _say_alike(rows: list[Row]) -> None:
    """Say of whom there is another one whose name differs in case only: both are kept."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(row.label.casefold(), []).append(row)
    for group in alike.values():
        for row in group if group[0].label else ():
            others = sorted({other.label for other in group} - {row.label})
            if others:
                row.notes.append(f"differs in case only from {', '.join(others)}: kept apart")


def _keep_apart(source: Path, into: Path) -> None:
    one, other = source.resolve(), into.resolve()
    if other == one or other.is_relative_to(one):
        raise PathError(f"{into}: lies inside {source}: name another folder with --into")
    if one.is_relative_to(other) or any(one.is_relative_to(f.resolve()) for f in _beside(into)):
        raise PathError(f"{source}: lies inside what is written: name another folder with --into")
    if into.exists() and not into.is_dir():
        raise PathError(f"{into}: a file, not a folder: name another with --into")


def _beside(into: Path) -> tuple[Path, Path]:
    """Where earlier versions go, and what could not be placed."""
    own = into if into.name else into.resolve()
    return own.with_name(f"{own.name}-earlier"), own.with_name(f"{own.name}-unplaced")


def _sort(
    items: list[Item], roster: Roster | None, result: Collected
) -> tuple[dict[str, _Pile], dict[str, _Pile]]:
    """The files of each student by their key, and of each label that could not be placed."""
    people: dict[str, _Pile] = {}
    nobody: dict[str, _Pile] = {}
    known, problems = shapes(items, roster)
    result.left_out += problems
    taken: set[str] = set()
    matches: dict[Who, Match] = {}
    keys: dict[Who, str] = {}
    for item in items:
        claim = known.claim(item.parts)
        if claim is None or claim.left_out:
            if why := claim.left_out if claim else item.problem:
                result.left_out.append(f"{item.shown}: {why}")
            continue
        members = []
        for who in claim.people:
            if roster is not None and who not in matches:
                matches[who] = find(roster, who)
            match = matches.get(who)
            if match is not None and match.person is None:
                pile = nobody.setdefault(who.label, _Pile(who, match.why, near=match.near))
            elif match is not None and match.person is not None:
                key = match.person.key
                pile = people.setdefault(key, _Pile(Who(match.person.name, who.ids)))
                members.append((key, pile))
            else:
                key = keys.get(who) or unique_key(who.label, taken)
                keys[who] = key
                pile = people.setdefault(key, _Pile(who))
                members.append((key, pile))
            pile.entries.append((item, claim))
            pile.labels.add(who.label)
        for key, pile in members:
            pile.with_others |= {other for other, _ in members} - {key}
    _without_template([*people.values(), *nobody.values()])
    for piles in (people, nobody):
        for label in [label for label, pile in piles.items() if not _has_anything(pile)]:
            del piles[label]
    return people, nobody


def find(roster: Roster, who: Who) -> Match:
    """Who of the roster it is: also by the name that a folder of nobody's has got."""
    return roster.find((*who.ids, who.label, safe_key(who.label)), who.names, who.hints)


def _without_template(piles: list[_Pile]) -> None:
    """Take away what more than half of a class have byte for byte: it came with the assignment.

    Who has nothing else has handed in nothing. A notebook goes only where there is another one of
    its name, so that a copy of the course beside the work does not count in its place.
    """
    owners: dict[tuple[str, str], set[int]] = {}
    prints: dict[int, tuple[str, str]] = {}
    for number, pile in enumerate(piles):
        for item, claim in pile.entries:
            if item.path is not None:
                prints[id(item)] = "/".join(claim.rest), digest(item.path)
                owners.setdefault(prints[id(item)], set()).add(number)
    common = {key for key, who in owners.items() if len(who) > max(2, len(piles) / 2)}
    for pile in piles:
        entries = [e for e in pile.entries if prints.get(id(e[0])) not in common]
        names = {item.name for item, _ in entries}
        pile.entries = [
            (item, claim)
            for item, claim in pile.entries
            if prints.get(id(item)) not in common
            or (ends_with(item.name, WORK) and item.name not in names)
        ]


def _has_anything(pile: _Pile) -> bool:
    return any(i.problem or i.path is not None for i, _ in pile.entries if i.name != TIMESTAMP)


def _write(
    people: dict[str, _Pile], nobody: dict[str, _Pile], into: Path, roster: Roster | None
) -> tuple[list[Row], list[Row]]:
    earlier, aside = _beside(into)
    rows, placed = [], set[str]()
    for key in sorted(people, key=str.casefold):
        row, chosen = _row(key, people[key])
        rows.append(_put(row, chosen, into, earlier))
        placed.add(_fingerprint(_contents(into / key / ASSIGNMENT)))
    unplaced, taken = [], set[str]()
    for label in sorted(nobody, key=str.casefold):
        row, chosen = _row(unique_key(label, taken), nobody[label])
        row.notes.insert(0, nobody[label].why)
        unplaced.append(_put(row, chosen, aside, earlier))
    if aside.is_dir():  # what has found its student since the last time
        for folder in aside.iterdir():
            if folder.name.casefold() in taken or not folder.is_dir() or folder.is_symlink():
                continue
            if _fingerprint(_contents(folder / ASSIGNMENT)) in placed:
                shutil.rmtree(folder)
        if not any(aside.iterdir()):
            aside.rmdir()
    return rows, unplaced


def _row(key: str, pile: _Pile) -> tuple[Row, Chosen]:
    chosen = choose(pile.entries)
    shape = pile.entries[0][1].shape
    row = Row(key, pile.who.names[0] if pile.who.names else pile.who.label, HERE)
    row.when, row.late, row.shape, row.notes = chosen.when, chosen.late, shape, chosen.notes
    if len(pile.labels) > len({label.casefold() for label in pile.labels}):
        labels = " and ".join(sorted(pile.labels))
        row.notes.insert(0, f"{labels} differ in case only: taken for one person")
    row.label = pile.who.label
    row.hand_back = max(claim.hand_back for _, claim in pile.entries)[1]
    if pile.with_others:
        row.notes.append(f"handed in together with {', '.join(sorted(pile.with_others))}")
    return row, chosen


def _put(row: Row, chosen: Chosen, into: Path, earlier: Path) -> Row:
    """Write a student's folder, keep what it replaces, and read it as the grader will."""
    target = into / row.student / ASSIGNMENT
    for label, files in chosen.earlier:
        row.earlier += _keep(files, earlier / row.student, label)
    part = into / f".{row.student}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for name, path in chosen.files.items():
            shutil.copyfile(path, part / name)
        row.steps, row.files = _read_steps(part, row)
        if chosen.no_work or not row.steps:
            row.status = UNREADABLE
        before, now = _contents(target), _contents(part)
        if _fingerprint(before) != _fingerprint(now) or not target.is_dir():
            if before:
                if _keep(before, earlier / row.student, "replaced"):
                    row.notes.append("replaces what was collected before")
                shutil.rmtree(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            part.rename(target)
        if zoned(chosen.when):  # nbgrader takes hours late from it
            (target / TIMESTAMP).write_text(chosen.when + "\n", encoding="utf-8")
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return row


def _read_steps(folder: Path, row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The steps that the files hold. A script becomes a notebook, and is kept beside it."""
    steps: set[str] = set()
    files = sorted(folder.iterdir())
    for path in files:
        if path.suffix not in (".ipynb", ".py"):
            continue
        try:
            book = read(path)
        except SubmissionError as error:
            row.notes.append(str(error).replace(str(path), path.name))
            continue
        own = [step for step, name in NOTEBOOKS.items() if name == path.stem]
        steps |= set(own or book.steps)
        if path.suffix == ".py":
            path.with_suffix(".ipynb").write_text(_as_notebook(book), encoding="utf-8")
    return tuple(s for s in STEPS if s in steps), tuple(p.name for p in files)


def _as_notebook(book: Notebook) -> str:
    cells = []
    for number, cell in enumerate(book.cells):
        entry: dict[str, object] = {"cell_type": cell.kind, "id": f"cell-{number}", "metadata": {}}
        if cell.kind == "code":
            entry |= {"execution_count": None, "outputs": []}
        cells.append(entry | {"source": cell.source})
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _contents(folder: Path) -> Files:
    if not folder.is_dir():
        return {}
    return {p.name: p for p in folder.iterdir() if p.is_file() and not p.is_symlink()}


def _fingerprint(files: Files) -> str:
    """The same for two folders that hold the same bytes under the same names."""
    kept = (name for name in sorted(files) if name != TIMESTAMP)
    return "\n".join(f"{name} {digest(files[name])}" for name in kept)


def _keep(files: Files, folder: Path, label: str) -> int:
    """Keep a version below `folder`, unless it is there already; 1 where it was written."""
    now = _fingerprint(files)
    present = sorted(folder.iterdir()) if folder.is_dir() else []
    if any(_fingerprint(_contents(version)) == now for version in present):
        return 0
    place = folder / f"{len(present) + 1:02} {label}"
    place.mkdir(parents=True)
    for name, path in files.items():
        shutil.copyfile(path, place / name)
    return 1


def _identical(rows: Iterable[Row], into: Path) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Students whose notebooks are the same byte for byte, and which ones."""
    owners: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        for name, path in _contents(into / row.student / ASSIGNMENT).items():
            if path.suffix == ".ipynb" and path.stat().st_size:
                owners.setdefault(digest(path), {}).setdefault(row.student, []).append(name)
    groups: dict[tuple[str, ...], list[str]] = {}
    for students in owners.values():
        if len(students) > 1:
            groups.setdefault(tuple(students), []).append(min(min(n) for n in students.values()))
    return [(who, tuple(sorted(names))) for who, names in sorted(groups.items())]


def _by_roster(
    result: Collected,
    roster: Roster,
    into: Path,
    nobody: dict[str, _Pile],
    lines: dict[str, dict[str, str]],
) -> list[Row]:
    """A row for everybody of the roster, in its order: also for who handed in nothing.

    `lines` are the rows of the list that was there before.
    """
    rows = {row.student: row for row in result.rows}
    before = {row.student: row for row in _collected_before(into, set(rows), lines)}
    if _beside(into)[1].is_dir():  # who could not be told apart before, and cannot now
        waiting = [k for k, line in lines.items() if line.get("status") == AMBIGUOUS]
        before |= {key: _without_work(lines[key]) for key in waiting if key not in before}
    claimed: dict[str, list[str]] = {}
    for label, pile in nobody.items():
        for person in roster.could_be(pile.who.ids, pile.who.names):
            claimed.setdefault(person.key, []).append(label)
    complete = []
    for person in roster.people:
        row = rows.get(person.key) or before.get(person.key)
        if row is None and (labels := claimed.get(person.key)):
            why = f"could be whose work this is: {', '.join(labels)}"
            row = Row(person.key, person.name, AMBIGUOUS, notes=[why])
        hints = [f"{label} may be theirs" for label, p in nobody.items() if person.key in p.near]
        complete.append(row or Row(person.key, person.name, NOTHING, notes=hints))
        complete[-1].name = person.name
    return complete


def _collected_before(into: Path, now: set[str], lines: dict[str, dict[str, str]]) -> list[Row]:
    """Students whose work is in `into` from another collection, with what its list says of them."""
    if not into.is_dir():
        return []
    names = sorted(f.name for f in into.iterdir() if (f / ASSIGNMENT).is_dir())
    rows = []
    for name in (name for name in names if name not in now and not name.startswith(".")):
        line = lines.get(name, {})
        row = Row(name, line.get("name") or name, BEFORE)
        if line.get("status") == UNREADABLE:
            row.status = UNREADABLE
        files = _contents(into / name / ASSIGNMENT)
        row.files = tuple(sorted(file for file in files if file != TIMESTAMP))
        row.steps = tuple(step for step in STEPS if step in line.get("steps", "").split())
        row.when, row.late = line.get("handed_in", ""), line.get("late") == "late"
        row.shape, row.hand_back = line.get("from", ""), line.get("hand_back", "")
        row.notes = [line["notes"]] if line.get("notes") else []
        rows.append(row)
    return rows


def _without_work(line: dict[str, str]) -> Row:
    """The row of somebody of whom nothing is there, with the reason that the list before gave."""
    status = line.get("status") or NOTHING
    if status in WITH_FILES:
        status = NOTHING  # somebody has removed the folder
    notes = [line["notes"]] if line.get("notes") else []
    return Row(line["student"], line.get("name") or line["student"], status, notes=notes)
