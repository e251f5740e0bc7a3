"""Whether a notebook's own source can have made what its run is said to have made.

Evidence comes from a process in which student code ran, and may be forged there. The source is read
here, where none of it runs. Where code may come from elsewhere (`exec`, a helper's file, a magic of
IPython), nothing is said.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from autograder.contract import EXERCISES, MODEL_CLASS
from autograder.evidence.schema import Evidence, ModelClass, Testing, Training
from autograder.inside.protocol import TaskCell
from autograder.rules.gradients import SAME
from autograder.rules.locate import parsed
from autograder.rules.outcome import Message, Outcome

# a call of one of these can bind any name, or run code that the notebook does not hold
BUILTINS = {"exec", "eval", "compile", "globals", "locals", "vars", "setattr", "__import__"}
HIDES = BUILTINS | {
    *("import_module", "exec_module", "run_path", "run_module", "get_ipython", "run_cell"),
}
HARMLESS = (  # magics that bind no name and run nothing but the lines below them
    *("%matplotlib", "%config", "%autoreload", "%load_ext", "%reload_ext", "%pip", "%conda", "!"),
    *("%%time", "%%capture"),
)
LIBRARIES = sys.stdlib_module_names | {  # what is imported from these is no code of the student's
    *("torch", "torch_geometric", "sklearn", "numpy", "pandas", "networkx", "matplotlib", "scipy"),
    *("autograder", "course_data", "tqdm", "seaborn", "msgspec"),
}
BOUND = {  # names of which the probes of an exercise need one
    "step1.load": ("df",),
    "step1.explore": ("n_users", "n_artists", "preview"),
    "step2.nodes": ("G",),
    "step2.edges": ("G",),
    "step3.data": ("data",),
    "step3.split": ("train_data", "val_data", "test_data"),
    "step5.train": ("train",),
    "step5.loop": ("losses",),
    "step6.test": ("test",),
    "step6.auc": ("val_auc", "test_auc"),
}
CHANGES = (  # in names: what makes honest gradients others than those that are computed here
    *("drop", "hook", "noise", "autocast", "normalize", "reduction=", " weight="),
)
A_SHARE = 0.005  # the least share of a gradient with dropout, noise or a mistake: 0.05 and more
ALIKE = 0.5  # the least correlation of scores with dropout or noise to those without
GRADIENTS = ("backward", "grad", "fit", "minimize")


@dataclass
class Source:
    """What some cells bind and mean; `hides` says that code may come from elsewhere."""

    bound: set[str] = field(default_factory=set)
    classes: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    hides: bool = False
    meanings: dict[str, list[ast.AST]] = field(default_factory=dict)  # definitions by name

    def reached(self, *names: str) -> set[str]:
        """Every word in the definitions of these names, and in those of the words in them."""
        words, left, seen = set[str](), list(names), set(names)
        read = set[int]()  # one value may be the meaning of many names: a, b = ...
        while left:
            for node in self.meanings.get(left.pop(), []):
                if id(node) in read:
                    continue
                read.add(id(node))
                new = set(_words(node))
                words |= new
                left += new - seen
                seen |= new
        return words


def read(sources: Iterable[str]) -> Source:
    """Read cells."""
    found = Source()
    for source in sources:
        lines = [line.strip() for line in source.splitlines()]
        magics = [line for line in lines if line[:1] in ("%", "!")]
        tree = parsed(source)
        if tree is None or not all(line.startswith(HARMLESS) for line in magics):
            found.hides = True
            continue
        for node in ast.walk(tree):
            _note(node, found)
        found.words |= set(_words(tree))
    return found


def _note(node: ast.AST, found: Source) -> None:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        found.bound.add(node.id)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        found.bound.add(node.name)
        found.classes += [node.name] if isinstance(node, ast.ClassDef) else []
        found.meanings.setdefault(node.name, []).append(node)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        for alias in node.names:
            origin = (module or alias.name).split(".")[0]
            foreign = origin not in LIBRARIES or alias.name == "*"
            found.hides |= foreign or bool(getattr(node, "level", 0))
            name = alias.asname or alias.name.split(".")[0]
            found.bound.add(name)
            found.meanings.setdefault(name, []).append(node)
    elif isinstance(node, ast.Call):
        known = all(isinstance(name, ast.Constant) for name in node.args[1:2])
        found.hides |= _called(node) in HIDES and not _is_a_method(node)
        found.hides |= _called(node) == "getattr" and not known
    for target, value in _assigned(node):
        for part in ast.walk(target):
            if isinstance(part, ast.Name):
                found.meanings.setdefault(part.id, []).append(value)


def _called(call: ast.Call) -> str:
    func = call.func
    return func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")


def _is_a_method(call: ast.Call) -> bool:
    """Whether it is `model.eval()`, `torch.compile(...)` or the like, no builtin function."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    builtin = _called(call) in BUILTINS
    return builtin and owner is not None and "builtins" not in set(_words(owner))


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is assigned to what."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, node.iter
    elif isinstance(node, ast.withitem) and node.optional_vars:
        yield node.optional_vars, node.context_expr


def _words(node: ast.AST) -> Iterator[str]:
    """Names, attributes and one-word texts within a node."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.keyword) and part.arg:
            yield f" {part.arg}="
        elif isinstance(part, ast.alias):
            yield from part.name.split(".")
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from [part.value] if part.value.isidentifier() else []


def all_doubts(
    evidence: Evidence, outcomes: list[Outcome], cells: Sequence[TaskCell], stand_in: bool
) -> dict[str, str]:
    """For each exercise why its evidence is not to be believed, where there is a reason."""
    told = other_gradients(evidence, outcomes, cells, stand_in)
    told |= other_scores(evidence, outcomes, cells, stand_in)
    return told | doubts(cells, evidence.free_form)


def doubts(cells: Sequence[TaskCell], free_form: bool) -> dict[str, str]:
    """For each exercise that the source of these cells cannot have done, why not."""
    steps = [""] if free_form else list(dict.fromkeys(cell.step for cell in cells))
    found: dict[str, str] = {}
    for step in steps:
        here = [c.source for c in cells if not c.key and (free_form or c.step == step)]
        found |= _of_step(step, tuple(here))
    return found


def other_gradients(
    evidence: Evidence, outcomes: list[Outcome], cells: Sequence[TaskCell], stand_in: bool
) -> dict[str, str]:
    """Whether what is told of a training step is no step of the model that step 4 asks for.

    The gradients have to follow from the weights, the pairs and the labels that come with them.
    That can be said only of a model whose `encode` and `decode` were seen to compute what they
    should (or of the `stand_in`), and only of a training that changes nothing in between.
    """
    training = evidence.step5.train if evidence.step5 else None
    if not isinstance(training, Training) or training.differs is False or training.not_judged:
        return {}
    if training.unweighed and not training.watched:
        return {"step5": "the weights that it began with do not come with it"}
    if not stand_in and not _takes_the_mean(evidence):
        return {}
    model = [o for o in outcomes if o.check.step == "step4"]
    trained = [o for o in outcomes if o.check.cell in ("step5.setup", "step5.train")]
    if not stand_in and any(o.status != "passed" for o in model):
        return {}
    free = training.watched
    other = read(tuple(c.source for c in cells if not c.key and c.step == "step5")).classes
    if not free and not other and training.alike is not None and training.alike < A_SHARE:
        return {"step5": "its first gradients have nothing of those of its weights and pairs"}
    failed = any(o.status != "passed" for o in trained)
    if failed and (training.differs is None or training.alike is not None):
        return {}  # a mistake that costs its points may be the reason
    cells = [c for c in cells if not c.key and c.step in ("step4", "step5")]
    here = tuple(c.source for c in cells)
    new = () if free else tuple(c.source for c in cells if c.step == "step5")
    if (free and training.differs is None) or _goes_another_way(here, new):
        return {}
    if training.differs is None:
        return {"step5": "its first gradients cannot be computed again, for no reason that is seen"}
    return {
        "step5": "its first gradients are not those of its weights, pairs and "
        "labels, as the model of step 4 has them"
    }


def other_scores(
    evidence: Evidence, outcomes: list[Outcome], cells: Sequence[TaskCell], stand_in: bool
) -> dict[str, str]:
    """Whether the scores that `test` is said to have measured are none of its model's.

    They have to follow from its weights, the edges and the pairs. As with gradients, that can be
    said only of a model that is known, and where the code changes nothing on the way.
    """
    testing = evidence.step6.test if evidence.step6 else None
    if not isinstance(testing, Testing) or any(run.watched for run in testing.runs):
        return {}
    model = [o for o in outcomes if o.check.step == "step4"]
    if not stand_in and (not _takes_the_mean(evidence) or any(o.status != "passed" for o in model)):
        return {}
    cells = [c for c in cells if not c.key and c.step in ("step4", "step5", "step6")]
    last = tuple(c.source for c in cells if c.step == "step6")
    known = [run.likeness for run in testing.runs if run.likeness is not None]
    least = _least_likeness(tuple(c.source for c in cells), last)
    if known and min(known) < least:
        return {"step6.test": "its scores do not follow from the weights, edges and pairs"}
    return {}


@functools.lru_cache(maxsize=256)
def _least_likeness(sources: tuple[str, ...], last: tuple[str, ...]) -> float:
    """How near honest scores come to those that are computed here.

    Nearly the same; less so where the code has what makes them others; and there is no telling
    where step 6 (`last`) has one more class.
    """
    if read(last).classes:
        return 0.0
    here = read(sources)
    words = (word.lower() for word in here.reached("test", "model", *here.classes))
    return ALIKE if any(change in word for word in words for change in CHANGES) else SAME


@functools.lru_cache(maxsize=256)
def _goes_another_way(sources: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether the code has what makes honest gradients others, or (in `new`) one more class.

    In our own notebooks, which have `new` cells, it has to be where `train` comes by.
    """
    here = read(sources)
    used = here.reached("train", "model", "loss_fn", "optimizer", *here.classes)
    words = (word.lower() for word in (used if new else here.words))
    return any(change in word for word in words for change in CHANGES) or bool(read(new).classes)


def _takes_the_mean(evidence: Evidence) -> bool:
    """Whether the layers that step 4 was seen to have are those that are computed here."""
    model = evidence.step4.model if evidence.step4 else None
    if not isinstance(model, ModelClass):
        return False
    options = [layer.options for layer in model.convolutions]
    others = [o.get("normalize") or o.get("project") for o in options]
    return all(o.get("aggr") in (None, "mean") for o in options) and not any(others)


@functools.lru_cache(maxsize=256)  # a submission runs several times, on each data set
def _of_step(step: str, sources: tuple[str, ...]) -> dict[str, str]:
    """The same of the cells of one step, or (`step` is empty) of a whole notebook."""
    here = read(sources)
    if here.hides:
        return {}
    if not step:
        lacks = not _asks_for_gradients(here.words)
        return {"step5.train": "nothing in the notebook asks for gradients"} if lacks else {}
    found = {
        exercise: f"no cell of the notebook binds {' or '.join(names)}"
        for exercise, names in BOUND.items()
        if exercise.startswith(step) and not here.bound & set(names)
    }
    if step == "step4" and MODEL_CLASS not in here.bound and not here.classes:
        exercises = (e for e in EXERCISES if e.startswith(step))
        found |= dict.fromkeys(exercises, "no cell of the notebook defines a class")
    if "train" in here.bound and step == "step5" and not _asks_for_gradients(here.reached("train")):
        found["step5.train"] = "nothing that `train` calls asks for gradients"
    if "test" in here.bound and step == "step6" and not _calls(here, "test"):
        found["step6.test"] = "`test` calls nothing"
    return found


def _asks_for_gradients(words: set[str]) -> bool:
    return any(word.endswith(GRADIENTS) for word in words - {"zero_grad", "no_grad"})


def _calls(here: Source, name: str) -> bool:
    """Whether the definitions of a name call anything but the scaffold's own exception."""
    nodes = [part for node in here.meanings.get(name, []) for part in ast.walk(node)]
    calls = [part for part in nodes if isinstance(part, ast.Call)]
    others = [call for call in calls if _called(call) not in ("NotImplementedError", "no_grad")]
    return bool(others) or any(not isinstance(n, ast.FunctionDef) for n in here.meanings[name])


def doubted(outcomes: list[Outcome], found: dict[str, str]) -> list[Outcome]:
    """The outcomes; where what passes is doubted, its whole step is left to a person."""
    passed = _passed(outcomes)
    reasons = {e.split(".")[0]: f"{e}: {reason}" for e, reason in found.items() if e in passed}
    return [
        replace(o, status="not_judged", message=_message(reasons[o.check.step]))
        if o.status == "passed" and not o.check.by_hand and o.check.step in reasons
        else o
        for o in outcomes
    ]


def flags(outcomes: list[Outcome], found: dict[str, str]) -> list[str]:
    """What a TA should look at: the exercises that were doubted though they pass."""
    passed = _passed(outcomes)
    return [
        f"{exercise}: its run tells of right work, but {reason}"
        for exercise, reason in found.items()
        if exercise in passed
    ]


def _passed(outcomes: list[Outcome]) -> set[str]:
    """Exercises in which a check passed, and their steps."""
    passed = [o.check for o in outcomes if o.status == "passed" and not o.check.by_hand]
    return {check.cell for check in passed} | {check.step for check in passed}


def _message(reason: str) -> Message:
    return Message(
        ran="what the run told, beside the notebook's own cells",
        expected="cells that can do what the run tells of",
        got=f"right work is told of, but there is a doubt ({reason})",
        next="For a TA: read the cells. If they do the exercise, give its points.",
    )
