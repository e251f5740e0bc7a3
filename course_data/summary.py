"""Counts what is in a data set: users, artists, rows, and ids that users and artists share.

Called by `course_data info`, by the grader and by tests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from course_data.locate import Data, DataError, path
from course_data.validation import validate


@dataclass(frozen=True)
class Info:
    """The counts of one user_artists.dat.

    nodes = users + artists: what the graph must have. distinct_ids = nodes - shared_ids: what is
    left of them where raw ids serve as nodes.
    """

    users: int
    artists: int
    rows: int
    shared_ids: int
    nodes: int
    distinct_ids: int
    sha256: str  # of the file's bytes, hexadecimal
    path: Path


def info(data: Data = None) -> Info:
    """Count users, artists, rows and shared ids of a data set.

    data: as in `path`. Raises DataError where the file is absent or does not validate.
    """
    file = path(data=data)
    problems = validate(file)
    if problems:
        raise DataError(
            f"the data file is damaged: {problems[0]}",
            file,
            f"`course_data validate {file}` lists what is wrong.",
        )
    content = file.read_bytes()
    rows = [line.split(b"\t") for line in content.splitlines()[1:]]
    users = {int(row[0]) for row in rows}
    artists = {int(row[1]) for row in rows}
    shared = len(users & artists)
    nodes = len(users) + len(artists)
    return Info(
        users=len(users),
        artists=len(artists),
        rows=len(rows),
        shared_ids=shared,
        nodes=nodes,
        distinct_ids=nodes - shared,
        sha256=hashlib.sha256(content).hexdigest(),
        path=file,
    )
