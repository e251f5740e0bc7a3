"""A student's own work of earlier notebooks: the class of step 4 for step 5, the model for step 6.

Where it cannot be had, it is said which notebook is missing, blank, not saved, or not right yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch_geometric.data import Data

from autograder import __version__
from autograder.contract import EXERCISES, MODEL_CLASS, NOTEBOOKS, STEPS
from autograder.desk import progress
from autograder.evidence import schema
from autograder.evidence.schema import CellError
from autograder.handin.submission import SubmissionError, load
from autograder.inside.chain import GRAPH, Chain
from autograder.inside.history import History
from autograder.inside.observe import observe
from autograder.inside.session import Session
from autograder.inside.tracking import is_paused, paused
from autograder.rules.judge import judge
from autograder.truth import truth

EPOCHS = 100  # that step 5 asks for: the length of the bar
SAVE = "save that notebook, then run this cell again"


@dataclass
class OwnWork:
    """What could be had: `names` with their values, and what there is to say about it."""

    names: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: CellError | None = None  # that kept it from being had


def model_class(chain: Chain, folder: Path, data: Path) -> OwnWork:
    """The class of the step 4 that lies in this folder, where all of its checks pass."""
    cells, notes = _cells(folder)
    if "step4" not in cells:
        return OwnWork(notes=[_missing("step4", folder, notes)])
    session = _run(chain, cells["step4"], data)
    note = _why_not(session, "step4", folder, data)
    if not note.endswith(SAVE) and MODEL_CLASS not in session.ns:
        note = f"{NOTEBOOKS['step4']}.ipynb makes no class `{MODEL_CLASS}`: that is its name"
    if note:
        return OwnWork(notes=[note])
    return OwnWork({MODEL_CLASS: session.ns[MODEL_CLASS]})


def trained(chain: Chain, folder: Path, data: Path) -> OwnWork:
    """The model that the steps 1 to 5 of this folder train, and the split that it is trained on.

    It is trained once: what it came to is kept, by what its cells and the data hold.
    """
    cells, notes = _cells(folder)
    lacking = [_missing(step, folder, notes) for step in STEPS[3:5] if step not in cells]
    if lacking:
        chain.remember(folder, None)
        return OwnWork(notes=lacking)
    kept = progress.cache_folder() / "models" / f"{_key(cells, data)}.pt"
    found = _restored(chain, kept, cells, data)
    if found is None:
        with _bar():
            found = _trained(chain, cells, folder, data)
        if found.names:
            with contextlib.suppress(Exception):  # a model of another kind is trained anew
                _keep(kept, found)
    chain.remember(folder, found.names or found.error)
    return found


def _cells(folder: Path) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The code of each step's notebook in the folder, and what could not be read."""
    try:
        submission = load(folder)
    except SubmissionError:
        return {}, ()
    cells = {
        book.step: [c.source for c in book.cells if c.kind == "code" and not c.key]
        for book in submission.notebooks
        if book.step
    }
    return cells, submission.problems


def _missing(step: str, folder: Path, problems: tuple[str, ...]) -> str:
    name = f"{NOTEBOOKS[step]}.ipynb"
    for problem in problems:
        if name in problem:
            return problem
    return f"{name} is not in this folder ({folder})"


def _run(chain: Chain, cells: list[str], data: Path, **start: Any) -> Session:
    session = Session(ns={"__name__": "__main__"} | start, data=data, history=History(cells))
    chain.execute(session)
    return session


def _why_not(session: Session, step: str, folder: Path, data: Path) -> str:
    """What keeps the work of a step from being right, in one line; empty where nothing does."""
    name = f"{NOTEBOOKS[step]}.ipynb"
    with paused():
        found = observe(session, step)
    evidence = schema.decode(schema.encode(found))
    outcomes = judge(evidence, truth(data), [step])
    wrong = [o for o in outcomes if o.status not in ("passed", "not_judged", "grader_error")]
    if not wrong:
        return ""
    exercises = list(dict.fromkeys(o.check.cell for o in wrong))
    which = ", ".join(exercises)
    open_ = [o for o in wrong if o.status == "not_attempted"]
    if open_:
        marks = progress.read(folder)
        saved = (folder / name).stat().st_mtime if (folder / name).is_file() else 0.0
        of_step = [k for k in EXERCISES if k.startswith(f"{step}.")]
        passed = [k for k in of_step if k in marks and marks[k].passed == marks[k].checks]
        if all(k in passed for k in exercises) and max(marks[k].when for k in passed) > saved:
            return f"{name} is not saved: its checks passed, and the file does not hold it: {SAVE}"
        which = ", ".join(dict.fromkeys(o.check.cell for o in open_))
        return f"{name} is still blank or does not run: {which}: {SAVE}"
    return f"{name} does not pass its own checks: {which}"


def _trained(chain: Chain, cells: dict[str, list[str]], folder: Path, data: Path) -> OwnWork:
    own = [source for step in STEPS[:4] for source in cells.get(step, [])]
    result, session = chain.train(own, cells["step5"], data)
    notes = []
    for step, ran in (("step4", None), ("step5", session)):
        ran = ran or _run(chain, cells[step], data)
        note = _why_not(ran, step, folder, data)
        notes += [note] if note else []
    if isinstance(result, CellError) and not result.blank:
        notes.append(f"steps 1 to 5, run one after the other, raised {result}")
    if isinstance(result, dict):
        return OwnWork(result, notes)
    return OwnWork({}, notes, result)


def _key(cells: dict[str, list[str]], data: Path) -> str:
    """What a trained model depends on, as a hash."""
    digest = hashlib.sha256(f"{__version__} {torch.__version__} {sys.version_info[:2]}".encode())
    digest.update(data.read_bytes())
    for step in STEPS[:5]:
        for source in cells.get(step, []):
            digest.update(f"\0{step}\0{source}".encode("utf-8", "replace"))
    return digest.hexdigest()[:32]


def _sizes(model: nn.Module) -> tuple[int, int, int, int]:
    """The arguments that the class of the course was called with."""
    table = next(m for m in model.modules() if isinstance(m, nn.Embedding))
    widths: list[Any] = [m.out_channels for m in model.modules() if hasattr(m, "out_channels")]
    return table.num_embeddings, table.embedding_dim, widths[0], widths[-1]


def _keep(path: Path, found: OwnWork) -> None:
    """Keep a trained model as plain numbers, if it can be made again from them."""
    model = found.names["model"]
    content = {
        "sizes": _sizes(model),
        "state": model.state_dict(),
        "parts": {name: found.names[name].to_dict() for name in GRAPH},
        "losses": [float(loss) for loss in found.names["losses"]],
        "notes": found.notes,
    }
    again = type(model)(*content["sizes"])
    again.load_state_dict(content["state"])
    part = found.names["test_data"]
    model.eval()
    again.eval()
    with torch.no_grad():
        if not torch.equal(*(m.encode(part.x, part.edge_index) for m in (model, again))):
            return
    raw = io.BytesIO()
    torch.save(content, raw)
    progress.write_whole(path, raw.getvalue())


def _restored(chain: Chain, path: Path, cells: dict[str, list[str]], data: Path) -> OwnWork | None:
    """The model that was kept, as one of the student's own class; None where there is none."""
    if not path.is_file():
        return None
    try:
        content = torch.load(path, weights_only=True)
        kind = _run(chain, cells["step4"], data).ns[MODEL_CLASS]
        model = kind(*content["sizes"])
        model.load_state_dict(content["state"])
        names = {name: Data.from_dict(content["parts"][name]) for name in GRAPH}
    except Exception:  # a damaged file, or a class that needs more than its notebook
        return None
    names |= {"model": model, "losses": content["losses"]}
    return OwnWork(names, content["notes"])


@contextlib.contextmanager
def _bar() -> Iterator[None]:
    """Show how far the training is, by the steps of optimizers, below the running cell."""
    from IPython import get_ipython
    from torch.optim.optimizer import register_optimizer_step_post_hook

    shell = get_ipython()
    if shell is None:
        yield
        return
    publish = shell.display_pub.publish  # the chain's own output is not shown
    transient, steps = {"display_id": uuid.uuid4().hex}, 0

    def show(text: str, update: bool = True) -> None:
        how_far = f' value="{steps}" max="{EPOCHS}"' if steps <= EPOCHS else ""
        html = f'{text} <progress{how_far} aria-label="{text}"></progress>'
        publish({"text/plain": text, "text/html": html}, transient=transient, update=update)

    def count(*_: object) -> None:
        nonlocal steps
        if is_paused():  # a check takes steps of its own
            return
        steps += 1
        if steps <= 3 or steps % 5 == 0:
            of = f" of {EPOCHS}" if steps <= EPOCHS else ""
            show(f"Training your model of steps 4 and 5: step {steps}{of}")

    show("Running your steps 1 to 5", update=False)
    hook = register_optimizer_step_post_hook(count)
    try:
        yield
    finally:
        hook.remove()
        show("Your steps 1 to 5 have run.")
