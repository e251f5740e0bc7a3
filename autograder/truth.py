"""The truth about a data file: what the rows are, and how many users and artists.

Probes look ids up in it, checks judge by it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import course_data
from course_data.locate import UNSEEN


@dataclass(frozen=True)
class Truth:
    """What is true of a data file. `rows` is [n, 3] int64: userID, artistID, listen_count.

    `unseen` is [m, 2]: pairs that are true as well, but were kept back from the file (twins only).
    """

    rows: np.ndarray
    user_ids: np.ndarray  # sorted
    artist_ids: np.ndarray  # sorted
    unseen: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))

    @property
    def n_users(self) -> int:
        """Distinct users."""
        return len(self.user_ids)

    @property
    def n_artists(self) -> int:
        """Distinct artists."""
        return len(self.artist_ids)

    @property
    def num_nodes(self) -> int:
        """Users and artists together."""
        return self.n_users + self.n_artists

    @property
    def n_edges(self) -> int:
        """Rows of the file; every user-artist pair has one."""
        return len(self.rows)

    @functools.cached_property
    def edges(self) -> np.ndarray:
        """[2, n] int64: the rows under the reference's node numbers, users first."""
        return self.numbered(self.rows[:, :2])

    def numbered(self, pairs: np.ndarray) -> np.ndarray:
        """[n, 2] pairs of ids as [2, n] node numbers, in order of first appearance in the file."""
        ends = []
        for column, offset in ((0, 0), (1, self.n_users)):
            ids, first = np.unique(self.rows[:, column], return_index=True)
            place = np.argsort(np.argsort(first))  # of each id, in order of first appearance
            ends.append(place[np.searchsorted(ids, pairs[:, column])] + offset)
        return np.stack(ends)

    @functools.cached_property
    def shared(self) -> int:
        """Ids that are both a user's and an artist's."""
        return len(np.intersect1d(self.user_ids, self.artist_ids))

    @property
    def distinct_ids(self) -> int:
        """Nodes that are left when raw ids are the nodes."""
        return self.num_nodes - self.shared


def truth(path: Path | None = None) -> Truth:
    """The truth about `user_artists.dat` at `path` (default: the chosen data)."""
    return _truth(path or course_data.path("user_artists.dat"))


@functools.lru_cache(maxsize=4)
def _truth(path: Path) -> Truth:
    rows, kept = _rows(path), path.with_name(UNSEEN)
    more = [_rows(kept)[:, :2]] if kept.is_file() else []
    return Truth(rows, np.unique(rows[:, 0]), np.unique(rows[:, 1]), *more)


def _rows(path: Path) -> np.ndarray:
    """[n, 3] whole numbers: the lines of a file of tabs, without its header."""
    return np.loadtxt(path, dtype=np.int64, delimiter="\t", skiprows=1, ndmin=2)
