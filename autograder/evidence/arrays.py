"""Arrays in evidence: bytes with a dtype and a shape, so that decoding one can run no code.

Probes copy tensors into them, the evidence schema names which kind is due where.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
Text = Annotated[str, msgspec.Meta(max_length=400)]


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all evidence."""


class Array(Struct):
    """A dense array as bytes, so that decoding can run no code."""

    dtype: Literal["bool", "int8", "uint8", "int32", "int64", "float32", "float64"]
    shape: Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(max_length=4)]
    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) != math.prod(self.shape) * np.dtype(self.dtype).itemsize:
            raise ValueError(f"{len(self.data)} bytes are no {self.dtype} array of {self.shape}")

    def numpy(self) -> np.ndarray:
        """The array itself, read-only, of `shape`."""
        return np.frombuffer(self.data, dtype=self.dtype).reshape(self.shape)

    def _must_be(self, dtype: str, *shape: int | None) -> None:
        same = len(self.shape) == len(shape) and all(
            wanted in (None, found) for wanted, found in zip(shape, self.shape, strict=True)
        )
        if self.dtype != dtype or not same:
            raise ValueError(f"{self.dtype} {self.shape} where {dtype} {list(shape)} is due")


class Pairs(Array):
    """[2, n] int64: node indices."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._must_be("int64", 2, None)


class Ints(Array):
    """[n] int64."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._must_be("int64", None)


class Floats(Array):
    """[n] float32."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._must_be("float32", None)


class Matrix(Array):
    """[n, d] float32."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._must_be("float32", None, None)


def array(value: Any, dtype: str) -> Array:
    """Copy a tensor or array into evidence.

    Raises:
        TypeError, ValueError: it is no numeric array of at most four dimensions.
    """
    return _copied(Array, value, dtype)


def pairs(value: Any) -> Pairs:
    """Copy node indices [2, n]; raises as `array` does, and where the shape is another."""
    return _copied(Pairs, value, "int64")


def ints(value: Any) -> Ints:
    """Copy whole numbers [n]; raises as `array` does, and where the shape is another."""
    return _copied(Ints, value, "int64")


def floats(value: Any) -> Floats:
    """Copy numbers [n]; raises as `array` does, and where the shape is another."""
    return _copied(Floats, value, "float32")


def matrix(value: Any) -> Matrix:
    """Copy numbers [n, d]; raises as `array` does, and where the shape is another."""
    return _copied(Matrix, value, "float32")


def _copied(kind: Any, value: Any, dtype: str) -> Any:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    value = np.ascontiguousarray(np.asarray(value), dtype=dtype)
    return kind(dtype=dtype, shape=list(value.shape), data=value.tobytes())


def text(value: object) -> str:
    """Any value in at most 400 characters, none of them one that steers a terminal."""
    try:
        shown = str.__str__(str(value))[:500]
    except Exception as error:  # the student's own __str__
        shown = f"<{type(value).__name__} whose text raises {type(error).__name__}>"
    shown = printable(shown)
    return shown if len(shown) <= 400 else shown[:397] + "..."


def printable(shown: str) -> str:
    """Text in which what is no character to be seen, but for tabs and line ends, is a `\ufffd`."""
    return _CONTROL.sub("\ufffd", shown)
