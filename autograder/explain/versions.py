"""Errors of code that was right for an older release: pandas 3, NumPy 2, torch 2.6; and of a GPU.

`explain.py` tries them before the rules of Python.
"""

from __future__ import annotations

import re

from autograder.explain.paste import Paste
from autograder.explain.rules import Cause, Reading, Rule, rule

_SCAFFOLD = Cause("run.scaffold", "look for `raise NotImplementedError()` in the line named above")

DEVICE = rule(
    r"not (?:currently )?(?:implemented|supported) for the '?(?:MPS|CUDA|XPU|HIP)|"
    r"from the '(?:Sparse)?(?:MPS|CUDA|XPU)\w*' backend|MPS (?:framework|backend|device)\b|"
    r"PYTORCH_ENABLE_MPS_FALLBACK|invalid device ordinal|CUDA error: (?!device-side)|"
    r"Invalid device string|no kernel image is available",
    "this operation cannot be done on the GPU that the tensors are on.",
    Cause("run.device", "on which device does this line work? Move model and data to the CPU"),
)


def _not_implemented(found: re.Match[str], paste: Paste) -> Reading | None:
    """The mark of an exercise says nothing; a library says what it has not implemented."""
    marked = paste.place is not None and "NotImplementedError" in paste.place.source
    if paste.message and not marked:
        return None
    says = "an exercise, or a function that it calls, still says that it is not written."
    return Reading(says, (_SCAFFOLD,))


SCAFFOLD = Rule(r"^NotImplementedError", _not_implemented)

RULES = (
    DEVICE,
    rule(
        r"(?:destination|array) is (?:not writ|read-only)|is not writable|read-only array|"
        r"ValueError: .*read-only",
        "the array that this line writes to can only be read.",
        Cause("run.read-only", "which line made the array? Was it `.values` of a column?"),
    ),
    rule(
        r"(?:`?np\.\w+`?|`?numpy\.\w+`?) was (?:removed|a deprecated alias)|"
        r"has no attribute '(?:float_|int|bool|object|str|in1d|trapz|NaN|Inf|product)'|"
        r"'(?:DataFrame|Series)' object has no attribute '(?:append|iteritems|ix|applymap)'",
        "this name was taken out of the library in a newer release.",
        Cause("run.removed-name", "print the library's `__version__`"),
    ),
    rule(
        r"ChainedAssignment|chained assignment|trying to be set on a copy",
        "a part of a table is changed, and the table itself stays as it was.",
        Cause("run.chained-assignment", "print the column before and after this line"),
    ),
    rule(
        r"Weights only load failed|weights_only|Unsupported (?:global|class)|"
        r"add_safe_globals",
        "the file holds objects of classes, and `torch.load` takes weights only.",
        Cause("run.weights-only", "which line saved the file, and what did it save?"),
    ),
)
