"""Evidence decodes only when it is what the schema says."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch

from autograder.evidence import schema as evidence
from autograder.evidence.arrays import Array, array, text
from autograder.evidence.schema import Evidence, EvidenceError, Explore, Frame, Step1
from autograder.evidence.trace import Columns, Trace, Weighed
from autograder.inside.protocol import elements


def test_what_goes_in_comes_out() -> None:
    values = array(np.arange(6).reshape(2, 3), "int64")
    frame = Frame(columns=["a"], dtypes=["int64"], rows=2, first_row=["0"], values=values)
    sent = Evidence(step1=Step1(load=frame, explore=Explore(n_users=3, n_artists=None)))
    received = evidence.decode(evidence.encode(sent))
    assert received == sent
    assert received.step1.load.values.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not msgpack",
        msgspec.msgpack.encode([1, 2]),
        msgspec.msgpack.encode({"step1": {"load": 3}}),
        msgspec.msgpack.encode({"step1": {"load": {"type": "absent"}}}),
        msgspec.msgpack.encode({"step4": {"model": {"type": "model_class", "sizes": "x"}}}),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        evidence.decode(data)


@pytest.mark.parametrize(
    ("dtype", "shape"), [("int64", [3]), ("int64", [2, 2]), ("object", [2]), ("int64", [-2])]
)
def test_an_array_that_lies_about_itself_is_refused(dtype: str, shape: list[int]) -> None:
    sent = {"dtype": dtype, "shape": shape, "data": b"\0" * 16}
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=Array)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MESSAGE", 10)
    with pytest.raises(EvidenceError, match="more than 10"):
        evidence.decode(b"\x80" * 11)


def test_tensors_with_gradients_are_copied() -> None:
    found = array(torch.ones(2, requires_grad=True), "float32")
    assert found.numpy().tolist() == [1.0, 1.0]


def test_text_of_hostile_objects_is_short() -> None:
    class Loud:
        def __str__(self) -> str:
            raise RuntimeError

    assert "raises RuntimeError" in text(Loud())
    assert len(text("x" * 10_000)) == 400


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("backwards", array(np.zeros((5, 1)), "float64")),
        ("backwards", array(np.zeros((5, 4)), "float32")),
        ("backwards", array([[np.nan, 0.5, 0, 0]], "float64")),
        ("measured", array([[1, 0.5, np.inf, 0, 0, 0]], "float64")),
        ("steps", array([1, 2], "int64")),
        ("marks", array([[1, 2]], "int64")),
    ],
)
def test_what_is_only_counted_has_its_shape_and_is_counts(name: str, kept: Array) -> None:
    right = {
        "backwards": array([[1, np.nan, 0, 0]], "float64"),
        "steps": array(np.zeros((0, 2)), "int64"),
        "measured": array(np.zeros((0, 6)), "float64"),
        "marks": array([], "int64"),
    }
    assert Columns(**right).backwards
    with pytest.raises(ValueError, match=name):
        Columns(**right | {name: kept})


def test_weights_that_are_not_in_the_pool_are_refused() -> None:
    with pytest.raises(ValueError, match="not in the pool"):
        Trace(weighed=[Weighed(order=1, model=0, weights=[0], gradients=[-1])])


def test_a_module_without_forward_is_not_blank_work() -> None:
    assert evidence.CellError(name="NotImplementedError", message="").blank
    with pytest.raises(NotImplementedError) as raised:
        torch.nn.Module()(1)
    error = evidence.CellError(name="NotImplementedError", message=str(raised.value))
    assert not error.blank


def test_values_are_counted_without_being_decoded() -> None:
    plain = [1, 2.5, "x" * 40, b"z" * 70_000, None, True, -5, 300, 70_000, -70_000, 2**40, -(2**40)]
    value = {"a": plain, "b" * 300: list(range(1000)), "c": {"q": [1] * 20, "r" * 70_000: [[]]}}

    def count(part: object) -> int:
        inside = part.values() if isinstance(part, dict) else part
        keys = len(part) if isinstance(part, dict) else 0
        nested = isinstance(part, (dict, list))
        return 1 + keys + sum(map(count, inside)) if nested else 1  # type: ignore[call-overload]

    data = msgspec.msgpack.encode(value)
    assert elements(data, 10_000) == count(value)
    assert elements(data, 100) == 101
    assert elements(b"\xdd\xff", 10) <= 11 and elements(b"", 10) == 0
