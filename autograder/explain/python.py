"""Rules for errors of Python, the environment and the kit: imports, files, devices, memory, syntax.

`autograder.explain` tries them after those of the steps.
"""

from __future__ import annotations

import re

from autograder.explain.paste import Paste
from autograder.explain.rules import Cause, Reading, Rule, rule
from autograder.explain.versions import SCAFFOLD

IMPORTS = {  # names that the assignment's own imports bind
    *("pd", "np", "nx", "torch", "nn", "optim", "F", "T", "plt", "Data", "SAGEConv", "sklearn"),
    *("negative_sampling", "roc_auc_score", "RandomLinkSplit", "Adam", "Tensor", "tqdm", "random"),
    *("pandas", "numpy", "networkx", "bipartite", "seed_everything", "metrics", "transforms"),
}


def _undefined(found: re.Match[str], paste: Paste) -> Reading:
    name = found.group(1)
    says = f"Python knows no `{name}` at this point."
    imported = Cause("run.missing-import", f"which import line should have made `{name}`?")
    made = Cause("run.undefined-name", f"which cell makes `{name}`, and has it run?")
    if name in IMPORTS:
        return Reading(says, (imported, made))
    if re.match(r"GNN|Link", name):
        named = Cause("model.names", "compare the name in the `class` line with this one")
        return Reading(says, (named, made))
    library = re.match(r"[A-Z]\w*[a-z]\w*[A-Z]?", name)  # named like a class
    return Reading(says, (imported, made) if library else (made, imported))


NAME = Rule(r"name '(\w+)' is not defined", _undefined)
MODULE = rule(
    r"No module named '?([\w.]+)|DLL load failed while importing (\w+)",
    "Python finds no library `{0}{1}` in this environment.",
    Cause("run.missing-module", "run `%pip list` in a cell: is it there, and under which name?"),
)
EXTENSION = rule(
    r"requires (?:either )?'(?:pyg-lib|torch-\w+)|No module named '?(?:torch_(?:sparse|scatter|"
    r"cluster|spline_conv)|pyg_lib)|undefined symbol|(?:torch_scatter|torch_sparse|pyg_lib)\S*: "
    r"|Could not (?:run|load).*torch_(?:sparse|scatter)",
    "a compiled extra of PyG is missing, or does not fit the installed torch.",
    Cause("run.extension-missing", "which of your lines asks for it? The assignment needs none."),
)

RULES = (
    EXTENSION,
    NAME,
    MODULE,
    rule(
        r"cannot import name|module '[\w.]+' has no attribute",
        "the library is there, but has nothing of this name.",
        Cause("run.wrong-import", "compare the spelling, and the module, with the documentation"),
    ),
    rule(
        r"\bDataError|\bFetchError|no data (?:file )?called|has not been fetched|checkpoint\('|"
        r"check\('[\w.]*'\): no such",
        "the course's own tools say what they were asked for and what to do next.",
        Cause("run.kit", "the message names what there is"),
    ),
    rule(
        r"(?:No such file or directory|FileNotFoundError).*?((?:user_)?artists)\.dat",
        "there is no `{0}.dat` in the folder where Python looks.",
        Cause(
            "run.file-not-found",
            'in the course\'s notebooks write `course_data.path("user_artists.dat")`, which is '
            "where the file is; elsewhere print `os.getcwd()` and `os.listdir()`",
        ),
    ),
    rule(
        r"No such file or directory|FileNotFoundError",
        "there is no file of this name in the folder where Python looks.",
        Cause("run.file-not-found", "print `os.getcwd()` and `os.listdir()`"),
    ),
    rule(
        r"unicodeescape",
        "in a Python text a backslash begins a special character, so this path is not one.",
        Cause("run.file-not-found", "how is the path written? Try forward slashes"),
    ),
    rule(
        r"BadZipFile|IsADirectoryError|Is a directory|EmptyDataError|No columns to parse|"
        r"UnicodeDecodeError|codec can't decode|Error tokenizing data|HTTPError|"
        r"Multiple files found",
        "the file was found, but it is not the table that was meant.",
        Cause("run.wrong-file", "open the file in a text editor and look at its first lines"),
    ),
    rule(
        r"on the same device|Expected object of device type|not compiled with CUDA|"
        r"No CUDA GPUs|convert (?:cuda|mps)\S* (?:device type )?tensor to numpy|Found no NVIDIA|"
        r"but got (?:index|mat1|mat2|self) is on|indices should be either on cpu",
        "tensors of different devices meet, or a GPU is asked for that is not there.",
        Cause("run.device", "print `.device` of the model, `data`, the negatives and the labels"),
    ),
    rule(
        r"missing the required \"forward\" function",
        "the model was called like a function, but its class has no `forward`.",
        Cause("model.names", "which methods has the class, and which one do you mean to call?"),
    ),
    SCAFFOLD,
    rule(
        r"SyntaxError|IndentationError|TabError|expected ':'|invalid syntax|was never closed|"
        r"unexpected indent|EOL while scanning|unterminated string|expected an indented block",
        "Python cannot read the cell, so none of its lines has run.",
        Cause("run.syntax", "the line that is named, and the one above it"),
    ),
    rule(
        r"KeyboardInterrupt|Timeout|exceeded the time",
        "the cell was stopped while it ran.",
        Cause("run.interrupted", "which loop was running?"),
        Cause("run.never-ends", "does the loop's condition ever come true?", ("while",)),
    ),
    rule(
        r"kernel (?:appears to have )?died|segmentation fault|DeadKernel|SIGKILL|died unexpectedly",
        "the whole Python process ended.",
        Cause("run.crashes", "which line prints last?"),
        Cause("run.memory", "work out the size of the largest thing that is made"),
    ),
    rule(
        r"local variable '\w+'",
        "this function gives the name a value of its own, and reads it before that.",
        Cause("run.undefined-name", "is the name on the left of an = inside of the function?"),
    ),
    rule(
        r"takes (?:from )?\d+ .*positional arguments? .*(?:was|were) given|"
        r"positional arguments?: '|unexpected keyword argument|multiple values for argument|"
        r"takes no arguments",
        "a function got other arguments than its `def` line names.",
        Cause("run.arguments", "compare the call with the `def` line"),
    ),
    rule(
        r"unsupported format string passed to NoneType",
        "what is to be printed as a number is None.",
        Cause("run.none", "does the function that gave it end with `return`?"),
    ),
    rule(
        r"'(NoneType|int|float|str|list|tuple|method|function|module)' object|"
        r"unsupported format string passed to (\w+)|object is not (?:subscriptable|callable)",
        "a name holds something of another type than this line expects.",
        Cause("run.none", "print `type(...)` of what stands before the dot or the bracket"),
    ),
)
