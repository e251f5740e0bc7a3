"""Errors of code that was right for an older release: pandas 3, NumPy 2, torch 2.6; and of a GPU.

`explain.py` tries them before the rules of Python; the texts of their causes are here too.
"""

from __future__ import annotations

import re

from autograder.explain.paste import Paste
from autograder.explain.rules import Cause, Reading, Rule, rule
from autograder.explain.run import entry

_SCAFFOLD = Cause("run.scaffold", "look for `raise NotImplementedError()` in the line named above")

ENTRIES = (
    entry(
        "run.read-only",
        "An array that shares its numbers with a table is read-only",
        "Since pandas 3 what `.values` and `.to_numpy()` give may show the table's own numbers. "
        "They cannot be written to, so that the table does not change behind your back.",
        "Whose numbers does this array hold, its own or the table's?",
        (
            "Print `array.flags.writeable`.",
            "Which earlier line made the array: `.values`, `.to_numpy()`, `.map(...).values`?",
            "Take a copy where you want to write: `.to_numpy(copy=True)` or `.copy()`.",
        ),
    ),
    entry(
        "run.removed-name",
        "A newer release of the library has no such name any more",
        "Old examples use names that were taken out later, such as `np.float_` and `np.int` in "
        "NumPy, or `DataFrame.append` in pandas.",
        "Which release are you using, and which one was the example written for?",
        (
            "Print the library's `__version__`.",
            "The message often says what to write instead.",
            "Search the library's release notes for the name.",
        ),
    ),
    entry(
        "run.chained-assignment",
        "A column is changed in place, and the table does not notice",
        "With pandas 3 `df['a']` is a column of its own: `df['a'].replace(..., inplace=True)` "
        "changes that one and leaves `df` as it was.",
        "What does `df` hold after this line?",
        (
            "Print the column of the table before and after.",
            "Give the result back to the table: `df['a'] = df['a'].replace(...)`.",
            "Or change one place with `df.loc[rows, 'a'] = value`.",
        ),
    ),
    entry(
        "run.weights-only",
        "`torch.load` takes weights only, and the file holds more",
        "Since torch 2.6 `torch.load` refuses to build objects of any class, for that can run a "
        "stranger's code. A saved `state_dict` is loaded as before; a whole model is not.",
        "What did the line that saved the file put into it: a model, or its `state_dict`?",
        (
            "Save `model.state_dict()`, not `model`.",
            "Make the model first, then `model.load_state_dict(torch.load(path))`.",
            "For a file of your own, `torch.load(path, weights_only=False)` loads it all the same.",
        ),
    ),
)

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
