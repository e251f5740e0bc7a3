"""Other names: in a free-form notebook, what stands in for a name of the contract.

The sandbox asks at each step's end, and takes the names away again before the next cell.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import torch
from torch_geometric.data import Data

from autograder.contract import COLUMNS
from autograder.inside.pool import Found, pool
from autograder.inside.session import Session
from autograder.inside.values import whole

PARTS = ("train_data", "val_data", "test_data")
WORDS = {  # words in a name that say which part it is
    "train_data": ("train", "tr", "trn", "appren", "entren", "entraine", "lern", "learn", "fit"),
    "val_data": ("val", "va", "dev", "valid", "check", "tune", "monitor"),
    "test_data": ("test", "te", "tst", "exam", "prueb", "prüf", "hold"),
}
KINDS: dict[str, Callable[[Any], bool]] = {  # what may stand under a name of the contract
    "df": lambda v: isinstance(v, pd.DataFrame),
    "G": lambda v: isinstance(v, nx.Graph),
    **dict.fromkeys(("data", *PARTS), lambda v: hasattr(v, "edge_index")),
    "model": lambda v: isinstance(v, torch.nn.Module),
    "optimizer": lambda v: isinstance(v, torch.optim.Optimizer),
}
SIDES = {  # words in the name of a count
    "n_users": ("user", "usr", "usu", "utilis", "nutzer", "listener", "hörer", "hoerer"),
    "n_artists": ("artist", "kuenstler", "künstler", "band", "item", "singer"),
}

COUNTING = {"n", "num", "nb", "nr", "number", "count", "total", "anzahl", "unique", "distinct"}


@contextlib.contextmanager
def filled(session: Session) -> Iterator[None]:
    """The names of the contract in the block, whatever the notebook calls things."""
    held = dict(session.ns)
    fill(session, replacing=True)
    try:
        yield
    finally:
        for name in session.aliased:
            session.ns.pop(name, None)
            if name in held:
                session.ns[name] = held[name]
        session.aliased.clear()


def fill(session: Session, replacing: bool = False) -> None:
    """Put what is meant under the names of the contract; say in `session.names` what it is called.

    A name that the notebook has itself stays, unless it is `replacing` and of another kind: then
    `data` may be a table, and `train` a part of the split.
    """
    ns = session.ns
    for name in session.aliased:
        ns.pop(name, None)
    session.aliased.clear()
    try:
        own = pool(ns) + _local(session)
        found = _objects(session, own) | _trained(session, own)
        found |= _counts(session, own, found)
    except Exception:  # an object of the student's that raises wherever it is touched
        return
    for name, thing in found.items():
        if name in ns and not (replacing and name in KINDS and not KINDS[name](ns[name])):
            continue
        ns[name] = thing.value
        session.aliased.add(name)
        if thing.name:
            session.names[name] = thing.name


def _local(session: Session) -> list[Found]:
    """What only functions of the notebook's have names for: last, and no names of the notebook."""
    held = session.recorder.held if session.recorder is not None else {}
    return [Found(name, value) for name, value in held.items()]


def _objects(session: Session, own: list[Found]) -> dict[str, Found]:
    """The table, the graph, the Data object and its parts."""
    parts = session.recorder.log.parts if session.recorder is not None else []
    seen = next((kept for kept in reversed(parts) if len(kept[1]) == 3), None)
    found = {
        "df": _best(session, "df", own, lambda v: isinstance(v, pd.DataFrame), _table_rank),
        "G": _best(session, "G", own, lambda v: isinstance(v, nx.Graph), nx.Graph.number_of_edges),
        "data": _best(session, "data", own, _is_whole, _columns),
    }
    if found["data"] is None and seen is not None and seen[0] is not None:
        found["data"] = Found("", seen[0])
    return {k: v for k, v in found.items() if v is not None} | _parts(session, own, seen)


def _best(
    session: Session,
    name: str,
    own: list[Found],
    fits: Callable[[Any], bool],
    rank: Callable[[Any], Any],
) -> Found | None:
    """The contract's own name, else the one found before, else the first of the highest rank."""
    kind = [found for found in own if fits(found.value)]
    for wanted in (name, session.names.get(name)):
        named = [found for found in kind if found.name == wanted]
        if named:
            return named[0]
    return max(kind, key=lambda found: rank(found.value), default=None)


def _table_rank(df: pd.DataFrame) -> tuple[int, int]:
    """Tables with our columns first, then those with more rows."""
    return len(set(COLUMNS) & set(map(str, df.columns))), len(df)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Data) and not _is_part(value)


def _is_part(value: Any) -> bool:
    wanted = ("pos_edge_label_index", "edge_label_index")
    return isinstance(value, Data) and any(key in value for key in wanted)


def _columns(data: Data) -> int:
    return int(np.prod(getattr(data.edge_index, "shape", ()) or (0,)))


def _parts(session: Session, own: list[Found], seen: Any) -> dict[str, Found]:
    """The three parts of a split: by what their names say or, without that, in their order."""
    parts = [found for found in own if _is_part(found.value)]
    by_name = {part: [f for f in parts if _says(f, part)] for part in PARTS}
    if all(by_name.values()) and len({id(f[0].value) for f in by_name.values()}) == 3:
        return {part: named[0] for part, named in by_name.items()}
    if seen is not None:  # in the order in which RandomLinkSplit gave them
        paths = {id(found.value): found for found in parts}
        given = [paths.get(id(value), Found("", value)) for value in seen[1]]
        return dict(zip(PARTS, given, strict=False)) if len(given) == 3 else {}
    return dict(zip(PARTS, parts, strict=True)) if len(parts) == 3 else {}


def _says(found: Found, part: str) -> bool:
    """Whether the words of a name say this part, and no other one."""
    said = [p for p in PARTS if any(_begins(w, WORDS[p]) for w in found.words)]
    return found.name == part or said == [part]


def _begins(word: str, stems: tuple[str, ...]) -> bool:
    return any(word == stem or (len(stem) > 2 and word.startswith(stem)) for stem in stems)


def _trained(session: Session, own: list[Found]) -> dict[str, Found]:
    """The model that was trained, its class, and the optimizer: as the recorder saw them."""
    mine = session.ns.get("__name__", "__main__")
    log = session.recorder.log if session.recorder is not None else None
    paths = {id(found.value): found for found in own}
    seen = {"model": log.model(), "optimizer": log.optimizer()} if log is not None else {}
    found = {
        name: paths.get(id(value), Found("", value))
        for name, value in seen.items()
        if value is not None
    }
    models = [f for f in own if isinstance(f.value, torch.nn.Module)]
    models = [f for f in models if not type(f.value).__module__.startswith("torch")]
    if models:
        found.setdefault("model", models[-1])
    classes = [f for f in own if isinstance(f.value, type) and f.value.__module__ == mine]
    classes = [f for f in classes if issubclass(f.value, torch.nn.Module)]
    if len(classes) == 1:
        found["GNNLinkPredictor"] = classes[0]
    return found


def _counts(session: Session, own: list[Found], found: dict[str, Found]) -> dict[str, Found]:
    """Numbers of users, artists and nodes: what is named so, or is shown as that."""
    numbers = _whole_numbers(own)
    counts: dict[str, Found] = {}
    for name in SIDES:
        shown = shown_count(session, name)
        named = [f for f in numbers if _is_of(f, name)]
        small = [f for f in numbers if len(f.path) <= 4 or f in named]
        choices = [f for f in named if f.name == session.names.get(name)]
        choices += [f for f in small if shown is not None and f.value == shown]
        choices += [f for f in named if shown is None and (f.words & COUNTING or f.path[-1] == "s")]
        if choices and name not in session.ns:
            counts[name] = choices[0]
    data = found.get("data")
    size = whole(getattr(data.value, "num_nodes", None)) if data and data.value.x is not None else 0
    sized = [f for f in numbers if f.value == size and f.value > 0]
    sized = [f for f in sized if f.path not in {c.path for c in counts.values()}]
    if sized and "num_nodes" not in session.ns:
        counts["num_nodes"] = sized[0]
    return counts


def named_numbers(session: Session) -> list[int]:
    """Whole numbers whose names may be those of a count of users or artists."""
    numbers = _whole_numbers(pool(session.ns))
    fitting = [f for f in numbers if len(f.path) <= 4 or any(_is_of(f, name) for name in SIDES)]
    return [int(f.value) for f in fitting if abs(int(f.value)) < 2**62]


def _whole_numbers(own: list[Found]) -> list[Found]:
    numbers = [f for f in own if f.name and isinstance(f.value, (int, np.integer))]
    return [f for f in numbers if not isinstance(f.value, bool)]


def _is_of(found: Found, name: str) -> bool:
    return any(stem in found.path.lower() for stem in SIDES[name])


def shown_count(session: Session, name: str) -> int | None:
    """The number that was printed beside `user` or `artist`; the last one."""
    stems = "|".join(SIDES[name])
    numbers: list[str] = []
    texts = [text for text in session.shown if isinstance(text, str)]
    for line in (line.lower() for text in texts for line in text.splitlines()):
        after = re.findall(rf"(?:{stems})[^\W\d_]*[^\w,]{{1,3}}(\d[\d,]*)", line)  # users: 200
        before = re.findall(rf"(\d[\d,]*)\s(?:\w+\s)?(?:{stems})", line)  # 200 different users
        if not after and not before:
            after = re.findall(rf"(?:{stems})[^\W\d_]*\W{{1,3}}(\d[\d,]*)", line)  # "users", 200
        alone = re.findall(r"\d[\d,]*", line) if re.search(stems, line) else []
        first = re.search(r"\d|[^\W\d_]{3,}", line)  # 200 users; 800 artists - or users: 200
        told = (before or after) if first and first.group().isdigit() else (after or before)
        numbers += told or (alone if len(alone) == 1 else [])
    digits = numbers[-1].replace(",", "") if numbers else ""
    return int(digits) if 0 < len(digits) < 15 else None
