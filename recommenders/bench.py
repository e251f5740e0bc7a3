"""Runs the protocol over recommenders and seeds, and keeps every number in one CSV file.

`python -m recommenders` calls it; the report is made from the file alone.
"""

from __future__ import annotations

import inspect
import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import pandas as pd
import torch

import course_data
from recommenders.interactions import Interactions, RecommenderError, split
from recommenders.models import RECOMMENDERS
from recommenders.protocol import measure, questions

LIBRARIES = ("torch", "torch-geometric", "scikit-learn", "scipy", "numpy", "implicit")
KEYS = ["data", "recommender", "seed"]


def default_data() -> str:
    """The real data where it has been fetched, and the sample where not."""
    try:
        course_data.path(data="lastfm")
    except course_data.DataError:
        return "sample"
    return "lastfm"


def run(
    data: str,
    edges: Interactions,
    names: Iterable[str],
    seeds: Iterable[int],
    file: Path,
    done: Callable[[str, int, str], None] = lambda *_: None,
    only_missing: bool = False,
) -> None:
    """Measure each recommender on each seed's split; a row is written as soon as it is known.

    Rows of the same data, recommender and seed are replaced; with `only_missing` those that were
    measured with today's settings stay as they are. `done` hears of each one: its name, the seed,
    and a line on what came out.
    """
    torch.set_num_threads(1)  # CPU seconds that can be compared, and runs that repeat
    there = measured(file, data) if only_missing else set()
    for seed in seeds:
        ask = questions(split(edges, seed))
        for name in names:
            if (name, seed, settings(name)) in there:
                done(name, seed, "is there already")
                continue
            try:
                result = measure(RECOMMENDERS[name](seed), ask)
            except RecommenderError as error:
                done(name, seed, f"left out: {error}")
                continue
            row = {"data": data, "recommender": name, "seed": seed, "settings": settings(name)}
            row |= asdict(result)
            row |= {"unseen": ask.unseen, "versions": versions()}
            replace_rows(file, pd.DataFrame([row]), KEYS)
            done(name, seed, f"Recall@20 {result.recall:.3f}, {result.fit_seconds:.1f} s")


def settings(name: str) -> str:
    """What a recommender is measured with, its defaults: "k=500, shrink=5.0"."""
    parameters = inspect.signature(RECOMMENDERS[name]).parameters.values()
    return ", ".join(f"{p.name}={p.default}" for p in parameters if p.name != "seed") or "none"


def measured(file: Path, data: str) -> set[tuple[str, int, str]]:
    """Name, seed and settings of each row of a data set."""
    if not file.is_file():
        return set()
    rows = pd.read_csv(file, dtype={"settings": str}, keep_default_na=False)
    rows = rows[rows["data"] == data]
    return set(rows[["recommender", "seed", "settings"]].itertuples(index=False, name=None))


def replace_rows(file: Path, rows: pd.DataFrame, keys: list[str]) -> None:
    """Add rows to a CSV file, made if need be; older rows with one of their keys go."""
    if file.is_file():
        older = pd.read_csv(file)
        stays = ~older.set_index(keys).index.isin(rows.set_index(keys).index)
        rows = pd.concat([older[stays], rows], ignore_index=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(file, index=False, float_format="%.5f", lineterminator="\n")


def versions() -> str:
    """The releases in use: "Python 3.11.7, torch 2.13.0, ..."."""
    present = [f"Python {platform.python_version()}"]
    for library in LIBRARIES:
        try:
            present.append(f"{library} {metadata.version(library)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(present)
