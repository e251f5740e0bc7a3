"""Values of the student's as evidence: a few words, and numbers of any library's types."""

from __future__ import annotations

from autograder.evidence.arrays import Array, array, text


def describe(value: object) -> str:
    """A value in a few words: the shape of a tensor, the text of a number, else the type."""
    if isinstance(value, type):
        return text(f"the class {value.__name__}, which is not called")
    shape = getattr(value, "shape", None)
    if shape == () and hasattr(value, "item"):
        return text(repr(value.item()))
    if shape is not None and getattr(value, "dtype", None) is not None:
        return text(f"a {type(value).__name__} of shape {list(shape)}, {value.dtype}")  # type: ignore[attr-defined]
    if value is None or isinstance(value, (bool, int, float, str)):
        return text(repr(value))
    if isinstance(value, (list, tuple, dict, set)):
        return f"a {type(value).__name__} of {len(value)}"
    return text(f"a {type(value).__name__}")


def numbers(value: object) -> Array | None:
    """A tensor or number as float32 evidence, if it is one."""
    dims = getattr(value, "ndim", None)
    if isinstance(value, (bool, int, float)) or (isinstance(dims, int) and dims <= 2):
        try:
            return array(value, "float32")
        except (TypeError, ValueError, RuntimeError, OverflowError):
            return None
    return None


def number(value: object) -> float | None:
    """A Python, NumPy or zero-dimensional torch number as float; anything else is None."""
    if isinstance(value, str) or value is None:
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def whole(value: object) -> int | None:
    """A whole number as int, whatever its type; anything else is None."""
    found = number(value)
    if found is None or found != found or not found.is_integer() or abs(found) >= 2**62:
        return None
    return int(value) if isinstance(value, int) else int(found)
