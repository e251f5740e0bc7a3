"""What a student calls in a notebook: `check`, `checkpoint`, `seed_everything`.

The check cells call it too, under nbgrader as well: a check's value is its points.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import course_data
from autograder.answers import answer
from autograder.contract import CHAIN, EXERCISES, GIVES, STEPS
from autograder.evidence import schema as evidence
from autograder.inside.chain import Chain
from autograder.inside.inputs import RightInputs
from autograder.inside.observe import Session, observe
from autograder.inside.tracking import Tracker, paused

if TYPE_CHECKING:
    from torch import Tensor, nn, optim
    from torch_geometric.data import Data

    from autograder.reports.cell import Report

__all__ = ["answer", "check", "checkpoint", "embeddings_alone", "seed_everything", "track"]

GRADING = "AUTOGRADER_GRADING"  # set by the sandbox, which probes by itself
_session: Session | None = None
_chain = Chain(RightInputs())  # of this kernel
_tracker: Tracker | None = None  # the last one: a training is measured once


def use(chain: Chain) -> None:
    """Take the chain, and with it the right inputs, of a run in the sandbox for this kernel's."""
    global _chain
    _chain = chain


def seed_everything(seed: int = 0) -> None:
    """Seed Python, NumPy and torch: PyG draws negatives with Python's `random`."""
    from torch_geometric import seed_everything as seed_all

    seed_all(seed)


def check(what: str, fresh: bool = False) -> Report | float:
    """Check one exercise (`check("step3.mapping")`) or a whole step (`check("step3")`).

    Args:
        what: a step, or an exercise of it.
        fresh: draw the inputs of the checks anew, from AUTOGRADER_SEED if that is set.

    Returns:
        The points earned, a float that shows itself as a report.

    Raises:
        ValueError: no such step or exercise.
    """
    step = what.split(".")[0]
    if what not in (*EXERCISES, *STEPS):
        known = ", ".join((*EXERCISES, *STEPS))
        raise ValueError(f"check({what!r}): no such exercise; there are {known}")
    if _chain.running or os.environ.get(GRADING):
        return 0.0
    from autograder.reports.cell import Report
    from autograder.rules.judge import judge  # not there where others grade us
    from autograder.truth import truth

    session = _here()
    session.seed = _seed() if fresh else 0
    with paused():
        found = observe(session, step)
    return Report(judge(evidence.decode(evidence.encode(found)), truth(session.data), [what]))


def checkpoint(step: str) -> tuple[Any, ...]:
    """The right inputs of a step, so that it can be done alone.

    For step 6 the model, and the split it was trained on, are the student's own where the notebooks
    of steps 4 and 5 lie in this folder and run; a printed line says so.

    Returns:
        The values of the names that `step` starts from, in the order of its notebook.

    Raises:
        ValueError: no such step, or step 1, which starts from nothing.
    """
    names = GIVES.get(step, ())
    if not names:
        raise ValueError(f"checkpoint({step!r}): there is one for step2 to step6")
    data = course_data.path("user_artists.dat")
    if _chain.running:
        own = _chain.running[-1]
        right = _chain.inputs.of(step, data) if any(name not in own for name in names) else {}
        return tuple(own[name] if name in own else right[name] for name in names)
    if step == "step5" and _chain.handed_on:
        return tuple(_chain.handed_on[name] for name in names)
    if step == "step6":
        found = _chain.run(Path.cwd(), data)
        if isinstance(found, dict):
            print("The model is your own, from steps 4 and 5.")
            return tuple(found[name] for name in names)
        print(_why_not_own(found))
    right = _chain.inputs.of(step, data)
    return tuple(right[name] for name in names)


def track(model: nn.Module, optimizer: optim.Optimizer) -> Tracker:
    """Measure the validation AUC after every step of the optimizer, that is after every epoch.

    The numbers are in `.aucs`; `.keep_best()` gives the model the weights of the best epoch back.
    """
    global _tracker
    if _tracker is not None:
        _tracker.stop()
    val_data = None
    if not os.environ.get(GRADING):
        data = course_data.path("user_artists.dat")
        own = _chain.running[-1] if _chain.running else {}
        val_data = (
            own["val_data"] if "val_data" in own else _chain.inputs.of(CHAIN, data)["val_data"]
        )
    _tracker = Tracker(model, optimizer, val_data)
    return _tracker


def embeddings_alone(train_data: Data, epochs: int = 100) -> Tensor:
    """Vectors [num_nodes, 32] that are trained as in step 5, but without a graph convolution."""
    import torch

    from autograder.inside import rivals

    if os.environ.get(GRADING):
        return torch.zeros(int(train_data.num_nodes), rivals.DIM)
    return rivals.embeddings_alone(train_data, epochs)


def _why_not_own(error: evidence.CellError | None) -> str:
    if error is None:
        reason = "the notebooks of steps 4 and 5 do not lie beside this one"
    else:
        reason = "steps 4 and 5 are not done yet" if error.blank else f"they raised {error}"
    return f"The model is a ready one, briefly trained, not your own: {reason}."


def _seed() -> int:
    return int(os.environ.get("AUTOGRADER_SEED") or random.SystemRandom().randrange(1, 2**31))


def _here() -> Session:
    """The session of the running kernel, its history brought up to date."""
    global _session
    shell = _shell()
    ns = shell.user_ns if shell else __import__("__main__").__dict__
    if _session is None:
        folder, data = Path.cwd(), course_data.path("user_artists.dat")
        _session = Session(ns=ns, data=data)
        _session.own = lambda: _chain.last(folder)
        if shell:
            shell.events.register("post_run_cell", _remember)
    _session.data = course_data.path("user_artists.dat")
    if shell:
        _session.cells = list(ns.get("In", []))[1:]
        _session.shown = list(ns.get("Out", {}).values())
    return _session


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _remember(result: Any) -> None:
    """Keep what the last run of a cell raised, so that a check can say why a name is missing."""
    error = result.error_in_exec or result.error_before_exec
    if not _session or result.info is None:
        return
    source, cell = result.info.raw_cell or "", getattr(result.info, "cell_id", None) or ""
    _session.forget(source, cell)
    if error is not None:
        _session.cells = list(_session.ns.get("In", []))[1:]
        _session.failed(source, error)


if _shell():
    _here()
