"""Evidence comes from a process in which the student's code ran, and may be made up.

Arrays of another shape or type than the schema's comments say are refused, or count as wrong work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from checks_course import EXERCISES, Case, Course

from autograder.evidence.arrays import Array, array
from autograder.evidence.schema import EvidenceError, decode, encode

Path = tuple[str | int, ...]
CHANGES: dict[str, Callable[[np.ndarray], Array]] = {
    "empty": lambda a: array(np.empty(0), str(a.dtype)),
    "flat": lambda a: array(a.ravel(), str(a.dtype)),
    "NaN": lambda a: array(np.full(a.shape, np.nan), "float64"),
    "negative": lambda a: array(np.full(a.shape, -5), "int64"),
    "four dimensions": lambda a: array(a[None, None] if a.ndim < 3 else a, str(a.dtype)),
}
SOME = [  # step, field, change
    ("step1", ("load", "values"), "flat"),
    ("step2", ("edges", "edges"), "negative"),
    ("step2", ("edges", "sides"), "four dimensions"),
    ("step3", ("mapping", "dictionaries", 0, "values"), "empty"),
    ("step3", ("mapping", "dictionaries", 0, "ids"), "negative"),
    ("step3", ("data", "edge_index", "values"), "four dimensions"),
    ("step3", ("split", "test", "positives", "values"), "empty"),
    ("step4", ("model", "embeddings", 0), "empty"),
    ("step4", ("model", "pairs"), "empty"),
    ("step5", ("train", "positives"), "empty"),
    ("step5", ("train", "epochs", 0, "pairs"), "NaN"),
    ("step6", ("test", "runs", 0, "scores"), "empty"),
    ("step6", ("own", "positives"), "flat"),
]


def put(thing: Any, path: Path, change: Callable[[np.ndarray], Array]) -> Any:
    """A copy of evidence, as plain dictionaries, with the array at this path changed."""
    if not path:
        values = np.frombuffer(thing["data"], dtype=thing["dtype"]).reshape(thing["shape"])
        return msgspec.to_builtins(change(values), builtin_types=(bytes,))
    key = path[0]
    if isinstance(key, int):
        return [put(v, path[1:], change) if i == key else v for i, v in enumerate(thing)]
    return thing | {key: put(thing[key], path[1:], change)}


def faults(course: Course, step: str, path: Path, change: str) -> list[str]:
    """The checks that trip over the right evidence of a step, with one array changed."""
    if (case := Case("solution", step)) not in course.seen:
        course.seen[case] = course.observe(case)
    plain = msgspec.msgpack.decode(encode(course.seen[case]))
    made = msgspec.msgpack.encode(put(plain, (step, *path), CHANGES[change]))
    try:
        outcomes = course.judge(decode(made), step)
    except EvidenceError:
        return []
    return [f"{o.check.id}: {o.message.got}" for o in outcomes if o.status == "grader_error"]


@pytest.mark.parametrize(
    ("step", "path", "change"),
    [pytest.param(*case, id=f"{case[0]}-{case[1]}-{case[2]}") for case in SOME],
)
def test_made_up_arrays(course: Course, step: str, path: Path, change: str) -> None:
    """No check fails by its own fault, whatever an array holds."""
    assert faults(course, step, path, change) == []


def leaves(thing: Any, path: Path = ()) -> list[Path]:
    """Paths of all arrays in evidence; of a list, those of its first entry."""
    if isinstance(thing, Array):
        return [path]
    if isinstance(thing, msgspec.Struct):
        names = thing.__struct_fields__
        return [p for n in names for p in leaves(getattr(thing, n), (*path, n))]
    return leaves(thing[0], (*path, 0)) if isinstance(thing, list) and thing else []


@pytest.mark.slow
@pytest.mark.parametrize("step", EXERCISES)
def test_all_made_up_arrays(course: Course, step: str) -> None:
    """Every array of the right evidence, in all these ways."""
    found = course.observe(Case("solution", step))
    paths = leaves(getattr(found, step))
    assert paths
    wrong = {
        (p, change): trips
        for p in paths
        for change in CHANGES
        if (trips := faults(course, step, p, change))
    }
    assert wrong == {}
