"""Where the course's listening data is, and what is in it: sample, real Last.fm files, twin.

Called by the notebooks (`course_data.path`), by the grader, and by the `course_data` command.
Importing it loads nothing heavy: numpy, pooch and rich come in only when a function needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_data.locate import DataError, path
from course_data.summary import Info, info
from course_data.validation import Problem, validate

if TYPE_CHECKING:
    from course_data.fetching import FetchError, FetchResult, fetch
    from course_data.generator import Dataset, generate, twin

__all__ = [
    "DataError",
    "Dataset",
    "FetchError",
    "FetchResult",
    "Info",
    "Problem",
    "fetch",
    "generate",
    "info",
    "path",
    "twin",
    "validate",
]

_LAZY = {
    "Dataset": "generator",
    "generate": "generator",
    "twin": "generator",
    "FetchError": "fetching",
    "FetchResult": "fetching",
    "fetch": "fetching",
}


def __getattr__(name: str) -> Any:
    """Load the generator and the downloader at their first use."""
    if name not in _LAZY:
        raise AttributeError(f"module 'course_data' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"course_data.{_LAZY[name]}"), name)
