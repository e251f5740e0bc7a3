"""Which index everybody has, as the mapping holds it and as the edges use it: facts for step 3.

The entries in `step3_mapping` and `step3_data` read it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder.evidence.schema import Edges, Frame, GraphData, Mapping
from autograder.rules.cause import Case


def own_rows(case: Case) -> np.ndarray:
    """[n, 3] of the table that step 1 left: later steps may know no others."""
    load = case.evidence.step1.load if case.evidence.step1 else None
    values = load.values if isinstance(load, Frame) else None
    return case.truth.rows if values is None else values.numpy()


def observed(case: Case) -> Mapping | None:
    """The mapping, if there is one."""
    found = case.evidence.step3.mapping if case.evidence.step3 else None
    return found if isinstance(found, Mapping) else None


def graph_data(case: Case) -> GraphData | None:
    """The Data object, if there is one."""
    found = case.evidence.step3.data if case.evidence.step3 else None
    return found if isinstance(found, GraphData) else None


def columns(edges: Edges | None) -> np.ndarray | None:
    """[2, E] of a tensor of edges, if it is one."""
    if edges is None or edges.values is None or edges.shape[:1] != [2] or len(edges.shape) != 2:
        return None
    return edges.values.numpy()


@dataclass(frozen=True)
class Numbering:
    """Which index everybody has: `values` are all indices, `sides` those of users and of artists.

    `of` says where it was seen: in the mapping, or in the edges, which may go past it.
    """

    of: str
    values: np.ndarray
    sides: tuple[np.ndarray, np.ndarray] | None  # -1 where there is none; None where not known
    size: int
    raw: bool = False

    @property
    def in_one_go(self) -> bool:
        """Whether the indices follow on each other without gap or double."""
        distinct = len(np.unique(self.values))
        span = int(self.values.max()) - int(self.values.min()) + 1
        return distinct == len(self.values) == span


def numberings(case: Case) -> list[Numbering]:
    """What the edges use and what the mapping holds."""
    found = []
    data = graph_data(case)
    if data is not None and data.user_index and data.artist_index:
        sides = data.user_index.numpy(), data.artist_index.numpy()
        values = np.unique(np.concatenate(sides))
        found.append(Numbering("the edges", values, sides, len(values)))
    mapping = observed(case)
    if mapping is not None:
        users, artists = mapping.user_index, mapping.artist_index
        both = (users.numpy(), artists.numpy()) if users and artists else None
        of = "the edges" if mapping.derived else "the mapping"
        found.append(Numbering(of, mapping.values.numpy(), both, mapping.size, mapping.raw))
    return found


Proof = Callable[[Case, Numbering], "str | None"]


def in_any(proof: Proof) -> Callable[[Case], str | None]:
    """A predicate that holds where the proof does for what the edges use, or for the mapping."""

    @functools.wraps(proof)
    def found(case: Case) -> str | None:
        return next(filter(None, (proof(case, one) for one in numberings(case))), None)

    return found
