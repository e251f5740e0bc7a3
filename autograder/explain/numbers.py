"""What a number in an error message is: so many users, nodes, distinct ids. And what that proves.

The rule for indices that go past the end of a table is here: one mistake, many messages.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import course_data
from autograder.explain.paste import Paste
from autograder.explain.rules import Cause, Reading, Rule
from autograder.truth import truth


@dataclass(frozen=True)
class Counts:
    """The counts of a data set that students know."""

    name: str
    users: int
    artists: int
    rows: int
    shared: int
    largest: tuple[int, int]  # the largest id of a user and of an artist

    @property
    def nodes(self) -> int:
        """Users and artists."""
        return self.users + self.artists

    @property
    def distinct(self) -> int:
        """Ids, counted once where a user and an artist share one."""
        return self.nodes - self.shared

    def meaning(self, number: int) -> str | None:
        """What there are so many of."""
        both = f"{self.users:,} users + {self.artists:,} artists"
        known = {
            self.nodes: f"{both}: every node once",
            self.distinct: f"the distinct ids: {both} - {self.shared:,} ids that are both",
            self.users: "the users",
            self.artists: "the artists",
            self.rows: "the rows of the file",
            2 * self.rows: "the rows of the file, in both directions",
        }
        for largest, who in zip(self.largest, ("user", "artist"), strict=True):
            known.setdefault(largest, f"the largest id of a {who}")
            known.setdefault(largest + 1, f"the largest id of a {who}, plus one")
        said = known.get(number)
        return f"{number:,} = {said} ({self.name})" if said else None


LASTFM = Counts("the real Last.fm data", 1_892, 17_632, 92_834, 1_880, (2_100, 18_745))


@functools.cache
def sample() -> Counts:
    """The counts of the shipped sample."""
    found = truth(course_data.path("user_artists.dat", "sample"))
    largest = int(found.user_ids.max()), int(found.artist_ids.max())
    return Counts(
        "the sample", found.n_users, found.n_artists, found.n_edges, found.shared, largest
    )


def meanings(*numbers: int) -> tuple[str, ...]:
    """What these numbers are, in the data set that knows most of them."""
    said = [[m for n in dict.fromkeys(numbers) if (m := c.meaning(n))] for c in (LASTFM, sample())]
    return max((tuple(known) for known in said), key=lambda known: len(known))


COLLISION = Cause(
    "map.id-collision",
    "compare `len(id_mapping)` with `n_users + n_artists`; look one shared id up in it",
)
COUNTED = Cause(
    "graph.id-collision", "was the table's length taken from `G`, or from a set of all ids?"
)
UNION = Cause("map.union", "are the indices without gaps, and fewer than users plus artists?")
FROM_ONE = Cause("map.from-one", "print the smallest and the largest index of the mapping")
RAW = Cause(
    "map.raw-ids", "is the largest index in `edge_index` an id of the file, maybe plus an offset?"
)
NUM_NODES = Cause("data.num-nodes", "compare `num_nodes` with `int(edge_index.max()) + 1`")
X = Cause("data.x", "compare `data.x.shape` with the number of users plus artists")
EMBEDDING = Cause(
    "model.embedding-size", "compare `model.embedding.weight.shape` with `n_users + n_artists`"
)
SUBSET = Cause("map.subset", "look for ids of the table that are no keys of the mapping, and NaN")
INDEX_ROWS = Cause("decode.index-rows", "do the two lookups pick rows 0 and 1, or columns?")


def _table(paste: Paste) -> tuple[Cause, ...]:
    """Whose table is too short: the embedding's own, or the one that the edges look into."""
    inside = paste.near("embedding", "Embedding", "sparse") and not paste.near(
        "propagate", "index_select", "_index_select"
    )
    return (EMBEDDING, X, NUM_NODES) if inside else (X, NUM_NODES, EMBEDDING)


def past_the_end(rows: int, index: int, paste: Paste) -> Reading:
    """A table has `rows` rows, and somebody asked for row `index`, or for a larger one."""
    table = _table(paste)
    says = f"row {index:,} is asked for in a table of {rows:,} rows, numbered 0 to {rows - 1:,}."
    numbers = meanings(rows, index + 1)
    if rows == 1:
        look = "is `data.x` one row of indices, [num_nodes], or a column, [num_nodes, 1]?"
        return Reading(says, (Cause("data.x", look), *table[1:]), numbers)
    for counts in (LASTFM, sample()):
        if rows == counts.distinct and rows <= index < counts.nodes:
            last = "the last" if index == counts.nodes - 1 else "an"
            proof = (
                f"{index:,} is {last} index when all {counts.nodes:,} nodes are numbered: so the "
                f"{counts.shared:,} ids of a user and an artist at once were counted once somewhere"
            )
            numbers = tuple(m for n in (rows, counts.nodes) if (m := counts.meaning(n)))
            return Reading(says, (COLLISION, COUNTED, NUM_NODES, UNION), (*numbers, proof))
        if rows == counts.nodes < index:
            proof = f"{index:,} is beyond all {rows:,} nodes: an index that is no plain count"
            return Reading(says, (RAW, NUM_NODES, FROM_ONE), (*numbers, proof))
        if rows == index == counts.nodes:
            proof = f"{rows:,} nodes are right, and {index:,} is one past the last index"
            return Reading(says, (FROM_ONE,), (*numbers, proof), certain=True)
        if rows == counts.nodes - 1 == index:
            proof = f"the index {index:,} is right, the table is one row short"
            return Reading(says, (NUM_NODES, *[c for c in table if c != NUM_NODES]), (proof,))
        if rows in (counts.users, counts.artists):
            return Reading(says, (*table, COLLISION), numbers)
        if rows in (*counts.largest, *(n + 1 for n in counts.largest)):
            return Reading(says, (EMBEDDING, NUM_NODES, RAW), numbers)
    if rows == index:
        proof = f"{index:,} is just one past the last row"
        return Reading(says, (FROM_ONE, NUM_NODES, *_others(table), COLLISION), (proof,))
    return Reading(says, (COLLISION, *table, FROM_ONE, RAW), numbers)


def _others(table: tuple[Cause, ...]) -> tuple[Cause, ...]:
    return tuple(cause for cause in table if cause != NUM_NODES)


def _larger(found: re.Match[str], paste: Paste) -> Reading:
    last, index = (int(g.replace(",", "")) for g in found.groups())
    return past_the_end(last + 1, index, paste)


def _dim_size(found: re.Match[str], paste: Paste) -> Reading:
    return past_the_end(int(found.group(1)), int(found.group(2)) - 1, paste)


def _validate(found: re.Match[str], paste: Paste) -> Reading:
    return past_the_end(int(found.group(1)), int(found.group(2)), paste)


def _out_of_bounds(found: re.Match[str], paste: Paste) -> Reading | None:
    index, rows = int(found.group(1)), int(found.group(2))
    if "axis" in found.group(0) and not meanings(rows, index + 1):
        return None  # an array of anything
    if rows <= 2:
        says = f"index {index:,} is asked for along a dimension of length {rows}."
        return Reading(says, (INDEX_ROWS, Cause("data.transposed", "print `edge_index.shape`")))
    return past_the_end(rows, index, paste)


def _old_table(found: re.Match[str], paste: Paste) -> Reading:
    index, last = int(found.group(1)), int(found.group(2))
    return past_the_end(last + 1, index, paste)  # old releases of torch say the last row


def _unknown(found: re.Match[str], paste: Paste) -> Reading:
    says = "an index goes past the last row of a table, and the text does not say by how much."
    inside = paste.near("embedding", "Embedding") and not paste.near("propagate", "_index_select")
    table = (EMBEDDING, FROM_ONE, X) if inside else (EMBEDDING, X, FROM_ONE)
    return Reading(says, (COLLISION, *table, NUM_NODES, RAW))


def _negative(found: re.Match[str], paste: Paste) -> Reading:
    says = "an edge has a negative index, and rows are numbered from 0."
    number = int(found.group(1) or 0)
    if number == -(2**63):
        proof = f"{number} is what NaN becomes when it is cast to an integer: an id without index"
        return Reading(says, (SUBSET,), (proof,), certain=True)
    return Reading(says, (SUBSET, FROM_ONE))


RULES = (
    Rule(r"indices in '\w+' that are larger than ([\d,]+) \(got ([\d,]+)\)", _larger),
    Rule(r"access index (\d+) out of table with (\d+) rows", _old_table),
    Rule(r"negative indices in '\w+' \(got (-?\d+)\)|index (?:=)?-9223372036854775808", _negative),
    Rule(r"'\w*edge_index' contains negative indices", _negative),
    Rule(r"invalid 'dim_size' \(got '(\d+)' but expected >= '(\d+)'\)", _dim_size),
    Rule(r"larger indices than the number of nodes \((\d+)\).*?\(found (\d+)\)", _validate),
    Rule(
        r"index (\d+) is out of bounds for (?:dimension|axis) \d+ with size (\d+)", _out_of_bounds
    ),
    Rule(r"out of DATA bounds, id=(\d+) axis_dim=(\d+)", _out_of_bounds),
    Rule(
        r"index out of range in self|index out of range: tried|indexSelect|INDICES element",
        _unknown,
    ),
    Rule(r"device-side assert|index >= -sizes\[i\]|srcIndex < srcSelectDimSize", _unknown),
)
