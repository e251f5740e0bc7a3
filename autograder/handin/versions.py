"""Of all that one person handed in: the files that count, and those that a later one replaced.

`collect` asks this for each person; nothing is thrown away, and every choice is said.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.contract import NOTEBOOKS
from autograder.handin.archives import ARCHIVES, READ, Item, ends_with
from autograder.handin.roster import safe_key
from autograder.handin.shapes import Claim

WORK = (".ipynb", ".py")
TIMESTAMP = "timestamp.txt"
_COPY = re.compile(r"(?:^copy of | ?\((\d+)\)$|-(\d+)$|[ _-]copy$)", re.I)
_OWN_FILES = 20  # kept of somebody who handed in no notebook at all

Files = dict[str, Path]  # name -> where its bytes are


@dataclass
class Chosen:
    """What counts of one person's files, by name; `earlier` are versions that it replaced."""

    files: Files = field(default_factory=dict)
    earlier: list[tuple[str, Files]] = field(default_factory=list)  # what to call it, its files
    notes: list[str] = field(default_factory=list)
    when: str = ""
    late: bool = False
    no_work: bool = False


def choose(handed_in: Iterable[tuple[Item, Claim]]) -> Chosen:
    """The last version of everything that one person handed in."""
    versions: dict[tuple[str, int], list[tuple[Item, Claim]]] = {}
    for item, claim in handed_in:
        versions.setdefault(claim.version, []).append((item, claim))
    order = sorted(versions)
    chosen = Chosen()
    chosen.notes += _problems(versions[order[-1]])
    adds = any(claim.adds for entries in versions.values() for _, claim in entries)
    picked = {version: _pick(versions[version], chosen) for version in order}
    counts = [version for version in order if picked[version]]
    for version in counts:
        late = [claim.late for _, claim in versions[version]]
        replaced: Files = {}
        if adds:
            replaced = {n: p for n, p in chosen.files.items() if n in picked[version]}
            chosen.files |= picked[version]
        else:
            replaced, chosen.files = chosen.files, picked[version]
        replaced = {n: p for n, p in replaced.items() if not _same(p, chosen.files.get(n))}
        if replaced:
            before = counts[counts.index(version) - 1]
            chosen.earlier.append((_label(before), replaced))
        gone = sorted(set(replaced) - set(chosen.files))
        if gone:
            chosen.notes.append(f"an earlier version has more: {_listed(gone)}: look at both")
        chosen.when, chosen.late = _when(versions[version]) or chosen.when, any(late)
    if adds and len(counts) > 1:
        chosen.notes.append(f"put together from {len(counts)} uploads")
    elif len(counts) > 1:
        chosen.notes.append(f"version {len(counts)} of {len(counts)}")
    if not chosen.files:
        _keep_what_there_is(versions[order[-1]], chosen)
        chosen.when = chosen.when or _when(versions[order[-1]])
        chosen.late = any(claim.late for _, claim in versions[order[-1]])
    return chosen


def _pick(entries: list[tuple[Item, Claim]], chosen: Chosen) -> Files:
    """The notebooks and scripts of one version, each name once."""
    work = [(i, c.rest) for i, c in entries if i.path is not None and _is_work(i, entries)]
    plain = {_target(rest[-1]) for _, rest in work}
    by_name: dict[str, list[tuple[tuple[int, int], Item, tuple[str, ...]]]] = {}
    for item, rest in work:
        number, name = _numbered(rest, plain)
        by_name.setdefault(name.casefold(), []).append(((number, -len(rest)), item, rest))
    files, aside = Files(), Files()
    for group in by_name.values():
        group.sort(key=lambda entry: (entry[0], "/".join(entry[2])))
        _, item, rest = group[-1]
        name = _numbered(rest, plain)[1]
        files[name] = _there(item)
        others = [o for o in group[:-1] if not _same(_there(o[1]), _there(item))]
        for number, (_, other, path) in enumerate(others, start=1):
            aside[safe_file("/".join(path)) if len(others) == 1 else f"{number}_{name}"] = _there(
                other
            )
        if others:
            taken, left = "/".join(rest), _listed(["/".join(o[2]) for o in others])
            chosen.notes.append(f"{len(others) + 1} versions of {name}: {taken} counts, not {left}")
    if aside:
        chosen.earlier.append(("set aside", aside))
    return files


def _is_work(item: Item, entries: list[tuple[Item, Claim]]) -> bool:
    """A notebook; or a script that stands for one, and not for a module beside notebooks."""
    if ends_with(item.name, (".ipynb",)):
        return True
    if not ends_with(item.name, (".py",)):
        return False
    stems = {i.name.rpartition(".")[0] for i, _ in entries if ends_with(i.name, (".ipynb",))}
    if item.name.rpartition(".")[0] in stems:
        return False  # the script that jupytext keeps beside a notebook
    return not stems or bool(_notebook_of(item.name)) or b"# %%" in _there(item).read_bytes()


def _target(name: str) -> str:
    """The name that a file gets: the assignment's own, where it contains one of those."""
    stem, _, suffix = name.rpartition(".")
    return f"{_notebook_of(name) or safe_file(stem)}.{suffix.casefold()}"


def _notebook_of(name: str) -> str:
    letters = re.sub(r"[^a-z0-9]+", "_", name.casefold())
    found = [notebook for notebook in NOTEBOOKS.values() if notebook in letters]
    return found[0] if len(found) == 1 else ""


def _numbered(rest: tuple[str, ...], plain: set[str]) -> tuple[int, str]:
    """The number that says which copy a file is, and the name that all its copies share."""
    numbers = [0]
    for part in rest[:-1]:
        if ends_with(part, ARCHIVES) and (found := _COPY.search(part.rpartition(".")[0])):
            numbers.append(int(found.group(1) or found.group(2) or 0))
    name = _target(rest[-1])
    stem = rest[-1].rpartition(".")[0]
    found = next((m for m in _COPY.finditer(stem) if m.group(1) or m.group(2)), None)
    without = _target(_COPY.sub("", stem) + "." + rest[-1].rpartition(".")[2])
    if _notebook_of(rest[-1]) or (without != name and without in plain):
        name = without
        if found:
            numbers.append(int(found.group(1) or found.group(2)))
    return max(numbers), name


def _there(item: Item) -> Path:
    if item.path is None:
        raise ValueError(f"{item.shown}: its bytes were not taken")
    return item.path


def _same(one: Path, other: Path | None) -> bool:
    if other is None or one == other:
        return other is not None
    return one.stat().st_size == other.stat().st_size and digest(one) == digest(other)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        found = hashlib.sha256()
        while block := stream.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _problems(entries: list[tuple[Item, Claim]]) -> list[str]:
    return [f"{'/'.join(claim.rest)}: {item.problem}" for item, claim in entries if item.problem]


def _when(entries: list[tuple[Item, Claim]]) -> str:
    for item, claim in entries:
        if claim.when:
            return claim.when
        if item.name == TIMESTAMP and item.path is not None:
            with item.path.open("rb") as stream:
                return " ".join(stream.read(60).decode("utf-8", "replace").split())
    return ""


def _label(version: tuple[str, int]) -> str:
    when, number = version
    return safe_file(when[:19] or (str(number) if number else "before"))


def _keep_what_there_is(entries: list[tuple[Item, Claim]], chosen: Chosen) -> None:
    """Files of somebody who handed in no notebook: kept, so that the grader names the person."""
    chosen.no_work = True
    files = [(item, claim.rest) for item, claim in entries if item.name != TIMESTAMP]
    rests = ["/".join(rest) for item, rest in files if not item.problem]
    for item, rest in files[:_OWN_FILES]:
        if item.path is not None and ends_with(item.name, READ):
            chosen.files[safe_file(rest[-1])] = item.path
    names = _listed(rests)
    if names:
        chosen.notes.append(f"no notebook and no script, only {names}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def safe_file(name: str) -> str:
    """A file's name that every system takes."""
    stem, dot, suffix = name.rpartition(".")
    suffix = re.sub(r"\W", "", suffix)[:12]
    return f"{safe_key(stem)}.{suffix}" if dot and stem and suffix else safe_key(name)
