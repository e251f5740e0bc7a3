"""Makes synthetic listening data in the real file's format: the sample, and a twin for grading.

Called by tests, by `course_data sample` and by the grader. The bytes depend on the arguments alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from urllib.parse import quote_plus

import numpy as np
from numpy.typing import NDArray

from course_data.locate import ARTISTS, UNSEEN, USER_ARTISTS
from course_data.names import MOST, artist_names

SAMPLE_SEED = 2011
REAL_SHARE = 1880 / 1892  # of the real data's user ids, those that are an artist's id too
GENRES = 8
_CONCENTRATION = (
    0.3  # of the Dirichlet that spreads a user's taste over the genres: low means few genres each
)
_PICTURELESS = 0.025
_TWIN_TASTE = 5.0
_BLOCK = 128  # users drawn at a time: a hundred times the sample must not need a dense matrix
_FANS = 256  # users that an unheard artist is offered to, who likes it best first

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """The bytes of a user_artists.dat and of its artists.dat.

    `unseen` are rows that were held back from the first, in the same format; mostly there are none.
    """

    user_artists: bytes
    artists: bytes
    unseen: bytes = b""

    def write(self, folder: str | Path) -> Path:
        """Write the files into a folder, made if need be. Returns the folder; raises OSError."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        (target / USER_ARTISTS).write_bytes(self.user_artists)
        (target / ARTISTS).write_bytes(self.artists)
        if self.unseen:
            (target / UNSEEN).write_bytes(self.unseen)
        return target

    def held_back(self, seed: int, share: float = 0.12) -> Dataset:
        """The same with a share of its rows held back; every user and artist keeps one row or more.

        A model that has learned from the rest alone can be measured on them.
        """
        head, *rows = self.user_artists.split(b"\r\n")
        ends = [row.split(b"\t")[:2] for row in rows]
        left = Counter((side, name) for end in ends for side, name in enumerate(end))
        kept = [True] * len(rows)
        wanted = int(share * len(rows))
        for number in _Stream([seed, 2]).order(len(rows)):
            names = list(enumerate(ends[number]))
            if wanted and all(left[name] > 1 for name in names):
                left.subtract(names)
                kept[number], wanted = False, wanted - 1
        seen, unseen = (
            b"\r\n".join([head, *(r for r, keep in zip(rows, kept, strict=True) if keep is which)])
            for which in (True, False)
        )
        return replace(self, user_artists=seen, unseen=unseen)


def generate(
    seed: int = SAMPLE_SEED,
    n_users: int = 200,
    n_artists: int = 800,
    taste: float = 2.5,
    *,
    per_user: int = 40,
    shared: float = REAL_SHARE,
) -> Dataset:
    """Listening data in which users keep to their genres: a graph says more than popularity.

    seed: 0 or more. n_users, n_artists: distinct ids in the file; every artist has a listener.
    per_user: rows a user, all different artists. taste: how strongly a user's genres draw; near 0
    only popularity is left. shared: the part of the user ids that are an artist's id too, 0 to 1.
    The defaults make the shipped sample. Raises ValueError for sizes that no data set can have.
    """
    n_shared = round(shared * n_users)
    _check_sizes(n_users, n_artists, per_user, shared, n_shared)
    stream = _Stream(seed)
    listened = _choose(stream, n_users, n_artists, per_user, taste)
    counts = _listen_counts(stream, n_users, per_user)
    user_ids, artist_ids = _raw_ids(stream, n_users, n_artists, n_shared)
    listened, names = _number_by_first_listen(listened), _names(n_artists, stream)
    has_picture = stream.many(n_artists) >= _PICTURELESS
    has_picture[n_artists // 2] = False  # even a small set has one without
    return Dataset(
        user_artists=_user_artists_bytes(user_ids, artist_ids, listened, counts),
        artists=_artists_bytes(artist_ids, names, has_picture),
    )


def twin(seed: int) -> Dataset:
    """A data set of the sample's form, with other counts and another overlap, drawn from the seed.

    80 to 120 users (not 200), 180 to 280 artists (not 800), 18 to 24 rows a user (not 40), and 60%
    to 95% of the user ids shared with artists. What passes on the sample only was typed in, not
    computed. It is small, so that a second grading costs little, and its tastes are strong, so that
    a model learns from the few rows.
    """
    stream = _Stream([seed, 1])
    n_users, n_artists = stream.whole(80, 120), stream.whole(180, 280)
    per_user, shared = stream.whole(18, 24), stream.whole(60, 95) / 100
    data_seed = stream.whole(0, 2**31)
    return generate(data_seed, n_users, n_artists, _TWIN_TASTE, per_user=per_user, shared=shared)


class _Stream:
    """Uniform numbers from PCG64's raw bits, which numpy promises never to change.

    It makes no such promise for the methods of its Generator.
    """

    def __init__(self, seed: int | list[int]) -> None:
        self._bits = np.random.PCG64(seed)

    def copy(self) -> _Stream:
        """Another stream that gives the same numbers from here on."""
        other = _Stream(0)
        other._bits.state = self._bits.state
        return other

    def many(self, *shape: int) -> Floats:
        """Numbers strictly between 0 and 1."""
        raw = np.asarray(self._bits.random_raw(math.prod(shape)), dtype=np.uint64).reshape(shape)
        uniform: Floats = ((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
        return uniform

    def one(self) -> float:
        return float(self.many(1)[0])

    def whole(self, low: int, high: int, skip: int | None = None) -> int:
        """A whole number from low to high, both included, never `skip`."""
        if skip is None:
            return low + int(self.one() * (high - low + 1))
        value = self.whole(low, high - 1)
        return value + 1 if value >= skip else value

    def order(self, n: int) -> Ints:
        """The numbers 0..n-1 in random order."""
        return np.argsort(self.many(n), kind="stable")

    def gamma(self, shape: float) -> float:
        """One draw of Gamma(shape, 1) for shape < 1, by Ahrens and Dieter's rejection."""
        bound = 1 + shape / math.e
        while True:
            p, accept = bound * self.one(), self.one()
            if p <= 1:
                x = p ** (1 / shape)
                if accept <= math.exp(-x):
                    return float(x)
            else:
                x = -math.log((bound - p) / shape)
                if accept <= x ** (shape - 1):
                    return float(x)


def _check_sizes(n_users: int, n_artists: int, per_user: int, shared: float, n_shared: int) -> None:
    if min(n_users, n_artists, per_user) < 1:
        raise ValueError("n_users, n_artists and per_user must be 1 or more")
    if not 0 <= shared <= 1 or n_shared > n_artists:
        raise ValueError(
            f"shared={shared} cannot be had with {n_users} users and {n_artists} artists"
        )
    if not n_artists <= n_users * per_user:
        raise ValueError(f"{n_users} users of {per_user} rows cannot reach {n_artists} artists")
    if per_user > n_artists:
        raise ValueError(f"per_user={per_user} is more than there are artists, {n_artists}")


def _choose(stream: _Stream, n_users: int, n_artists: int, per_user: int, taste: float) -> Ints:
    """Each user's artists, favourites first: [n_users, per_user], numbers from 0."""
    rank = stream.order(n_artists) + 1
    genre = (stream.many(n_artists) * GENRES).astype(np.int64)
    spread = np.array(
        [[stream.gamma(_CONCENTRATION) for _ in range(GENRES)] for _ in range(n_users)]
    )
    spread /= spread.sum(axis=1, keepdims=True)
    blocks = [slice(first, first + _BLOCK) for first in range(0, n_users, _BLOCK)]

    def score(block: slice, draws: _Stream) -> Floats:  # [users of the block, n_artists]
        logit = -0.8 * np.log(rank) + taste * np.log(0.01 + spread[block][:, genre])
        # Gumbel noise: the top k are a sample
        return logit - np.log(-np.log(draws.many(len(logit), n_artists)))

    again = stream.copy()  # the same numbers a second time, for the artists whom nobody chose
    chosen = []
    for block in blocks:
        best = np.argsort(-score(block, stream), axis=1, kind="stable")
        chosen.append(best[:, :per_user].copy())
    listened = np.concatenate(chosen)
    return _reach_everyone(
        listened,
        n_artists,
        lambda unheard: _fans(score(block, again)[:, unheard] for block in blocks),
    )


def _fans(scores: Iterable[Floats]) -> Ints:
    """The users who like each artist best, best first: [_FANS or fewer, artists].

    scores: a block of users after the other, each [users, artists].
    """
    first, users, best = 0, None, None
    for block in scores:
        number = np.broadcast_to(np.arange(first, first + len(block))[:, None], block.shape)
        first += len(block)
        users = number if users is None else np.concatenate([users, number])
        best = block if best is None else np.concatenate([best, block])
        order = np.argsort(-best, axis=0, kind="stable")[:_FANS]
        users = np.take_along_axis(users, order, axis=0)
        best = np.take_along_axis(best, order, axis=0)
    if users is None:
        raise ValueError("there are no users to like anything")
    return users


def _reach_everyone(listened: Ints, n_artists: int, fans: Callable[[Ints], Ints]) -> Ints:
    """Give each unheard artist to the user who likes it best, in place of one that others hear."""
    heard = np.bincount(listened.ravel(), minlength=n_artists)
    unheard = np.flatnonzero(heard == 0)
    if not len(unheard):
        return listened
    for artist, users in zip(unheard, fans(unheard).T, strict=True):
        for user in chain(users, range(len(listened))):
            spare = np.flatnonzero(heard[listened[user]] > 1)
            if len(spare):
                heard[listened[user, spare[-1]]] -= 1
                listened[user, spare[-1]] = artist
                heard[artist] += 1
                break
    return listened


def _listen_counts(stream: _Stream, n_users: int, per_user: int) -> Ints:
    """Listen counts, most first: [n_users, per_user]. Log-logistic: a few are very large."""
    users, rows = stream.many(n_users, 1), stream.many(n_users, per_user)
    level = 5.5 + 0.45 * np.log(users / (1 - users)) + 0.65 * np.log(rows / (1 - rows))
    counts = np.maximum(1, np.rint(np.exp(level))).astype(np.int64)
    return -np.sort(-counts, axis=1)


def _names(count: int, stream: _Stream) -> list[str]:
    """Different names; where there are not enough, the second of a name is "Name (2)"."""
    names = artist_names(min(count, MOST), stream.one)
    again = (f"{names[n % MOST]} ({n // MOST + 1})" for n in range(MOST, count))
    return [*names, *again]


def _raw_ids(stream: _Stream, n_users: int, n_artists: int, n_shared: int) -> tuple[Ints, Ints]:
    """Ascending raw ids with gaps, users from 2 and artists from 1; n_shared are in both."""
    possible = np.arange(2, 2 + n_users + max(1, n_users // 10))
    user_ids = np.sort(possible[stream.order(len(possible))[:n_users]])
    shared_ids = user_ids[stream.order(n_users)[:n_shared]]
    gaps = max(n_artists * 6 // 100, n_users - n_shared)
    last = max(n_artists + gaps, int(user_ids[-1]))
    others = np.setdiff1d(np.arange(1, last + 1), user_ids)
    others = others[stream.order(len(others))[: n_artists - n_shared]]
    return user_ids, np.sort(np.concatenate([shared_ids, others]))


def _number_by_first_listen(listened: Ints) -> Ints:
    """Number artists in the order in which the users name them, as the real file does."""
    _, first, inverse = np.unique(listened.ravel(), return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first, kind="stable")] = np.arange(len(first))
    return number[inverse].reshape(listened.shape)


def _user_artists_bytes(user_ids: Ints, artist_ids: Ints, listened: Ints, counts: Ints) -> bytes:
    """Rows by user, then by artist id; tabs, CR LF, and no line end after the last row."""
    lines = ["userID\tartistID\tweight"]
    for user, chosen, listens in zip(user_ids, artist_ids[listened], counts, strict=True):
        lines += [
            f"{user}\t{artist}\t{count}"
            for artist, count in sorted(zip(chosen, listens, strict=True))
        ]
    return "\r\n".join(lines).encode("ascii")


def _artists_bytes(artist_ids: Ints, names: list[str], has_picture: NDArray[np.bool_]) -> bytes:
    """Rows by id; tabs, LF, UTF-8, a line end after every row, as in the real artists.dat."""
    lines = ["id\tname\turl\tpictureURL"]
    for artist, name, pictured in zip(artist_ids, names, has_picture, strict=True):
        picture = f"https://example.org/pictures/{artist}.jpg" if pictured else ""
        lines.append(f"{artist}\t{name}\thttps://example.org/music/{quote_plus(name)}\t{picture}")
    return ("\n".join(lines) + "\n").encode("utf-8")
