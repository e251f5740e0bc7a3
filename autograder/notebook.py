"""What a student calls in a notebook: `check`, `hint`, `checkpoint`, `progress`, `answer`, `track`.

The check cells call it too, under nbgrader as well: a check's value is its points.
"""

from __future__ import annotations

import contextlib
import os
import random
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import course_data
from autograder.answers import answer as answer
from autograder.contract import (
    CHAIN,
    EXERCISES,
    GIVES,
    GRADING,
    MAKES,
    PARTS,
    STEPS,
    UNGRADED,
)
from autograder.evidence import schema as evidence
from autograder.inside import chain as chains
from autograder.inside.observe import observe
from autograder.inside.session import NotebookProblem as NotebookProblem
from autograder.inside.session import Session
from autograder.inside.tracking import IN_ORDER, Tracker, paused

if TYPE_CHECKING:
    from torch import Tensor, nn, optim
    from torch_geometric.data import Data

    from autograder.desk.hints import Hint
    from autograder.desk.progress import Progress
    from autograder.reports.cell import Report

TOGETHER = (  # names of which all are the student's own, or none: they must fit each other
    ("df", "n_users", "n_artists"),
    ("G",),
    ("num_nodes", "data", *(f"{part}_data" for part in PARTS)),
    ("GNNLinkPredictor",),
    ("model",),
)
_session: Session | None = None
_tracker: Tracker | None = None  # the last one: a training is measured once
_reports: dict[str, list[Any]] = {}  # exercise -> outcomes of its last check in this kernel
_checked: dict[str, int] = {}  # exercise -> cells that had run when it was checked last
_from_kit: dict[str, Any] = {}  # what `checkpoint` has handed out of the kit's own
_trained_on: Any = None  # the data that step 5 was handed
_hints: Any = None
_files = Path(__file__).parent


def seed_everything(seed: int = 0) -> None:
    """Seed Python, NumPy and torch: PyG draws negatives with Python's `random`."""
    from torch_geometric import seed_everything as seed_all

    seed_all(seed)


def check(what: str = "", fresh: bool = False) -> Report | float:
    """Check one exercise (`check("step3.mapping")`) or a whole step (`check("step3")`).

    Args:
        what: a step, or an exercise of it.
        fresh: draw the inputs of the checks anew, from AUTOGRADER_SEED if that is set.

    Returns:
        The points earned, a float that shows itself as a report.

    Raises:
        NotebookProblem: no such step or exercise; or the kit or the data is not as it must be.
    """
    step = _step_of("check", what)
    if chains.current.running or os.environ.get(GRADING):
        return 0.0
    _refuse_a_stale_kernel()
    if step in UNGRADED:
        report = _going_further().check(what, _here().ns)
        _keep(report.outcomes)
        return report
    from autograder.desk import progress as kept
    from autograder.desk.reruns import with_reruns
    from autograder.reports.cell import Report
    from autograder.rules.judge import judge  # not there where others grade us
    from autograder.truth import truth

    session = _here()
    session.seed = _seed() if fresh else 0
    with paused():
        found = observe(session, step)
    outcomes = judge(evidence.decode(evidence.encode(found)), truth(session.data), [what])
    outcomes = with_reruns(outcomes, session.history.cells)
    _checked.update({outcome.check.cell: len(session.history.cells) for outcome in outcomes})
    _keep(outcomes)
    automatic = [o for o in outcomes if not o.check.by_hand]
    elsewhere = {o.check.cell for o in automatic if not _is_done_here(o.check.cell, session)}
    kept.note(_folder(), automatic, elsewhere)
    by_hand = any(o.check.by_hand for o in outcomes)
    notes = _of_the_kit(elsewhere) + _of_earlier_runs(session, outcomes)
    notes += _of_an_earlier_model(session) if {"step5", "step5.loop"} & {what} else ()
    return Report(outcomes, _written_report(_folder()) if by_hand else None, notes)


def _of_the_kit(elsewhere: set[str]) -> tuple[str, ...]:
    """What there is to say where values were checked that `checkpoint` has handed out."""
    from autograder.desk.reruns import names_of

    if not elsewhere:
        return ()
    names = sorted(set().union(*map(names_of, elsewhere)) & _from_kit.keys())
    return (
        f"{' and '.join(sorted(elsewhere))}: your own work is not in this notebook. What was "
        f"checked is the kit's {', '.join(f'`{name}`' for name in names)}, which `checkpoint` has "
        "handed out. `progress()` does not count it.",
    )


def _of_earlier_runs(session: Session, outcomes: list[Any]) -> tuple[str, ...]:
    """What there is to say where values were checked that are older than an exception."""
    from autograder.desk.reruns import names_of

    notes = []
    for key in dict.fromkeys(o.check.cell for o in outcomes):
        error = session.history.stale(*names_of(key) & session.ns.keys())
        mine = [o for o in outcomes if o.check.cell == key]
        said = any(str(error) in o.message.got for o in mine)
        if error is not None and not said and any(o.status == "passed" for o in mine):
            notes.append(
                f"{key}: the last run of its cell raised {error}. What was checked here is from "
                "before: mend the cell, run it, and check again."
            )
    return tuple(dict.fromkeys(notes))


def _of_an_earlier_model(session: Session) -> tuple[str, ...]:
    """What there is to say where the losses, or the tracker, are of a model that was replaced."""
    from autograder.inside.step5 import steps_of

    ns = session.ns
    optimizer, losses = ns.get("optimizer"), ns.get("losses")
    if isinstance(losses, list) and losses and steps_of(optimizer) == 0:
        return (
            "`optimizer` has taken no step since it was made: `losses` are of an earlier model, "
            f"and the one that is here now is untrained. {IN_ORDER}",
        )
    made = _tracker.left_behind(ns.get("model"), optimizer) if _tracker else ""
    if made:
        return (
            f"`{made}` was made anew after `track`: the tracker watches the old one, and its AUCs "
            f"are not of this training. {IN_ORDER}",
        )
    return ()


def _is_done_here(key: str, session: Session) -> bool:
    """Whether an exercise's names are of cells that ran here, and none is `checkpoint`'s."""
    from autograder.desk.reruns import names_of, ran_since

    return ran_since(key, session.history.cells) or not names_of(key) & _from_kit.keys()


def _written_report(folder: Path) -> str | None:
    """The report of step 6 as it was saved in the folder; None where there is none yet."""
    from autograder.handin.reading import BLANK
    from autograder.handin.submission import SubmissionError, load

    try:
        reports = [book.report for book in load(folder).notebooks]
    except SubmissionError:
        return None
    return next((text for text in reports if text and BLANK not in text), None)


def hint(what: str = "") -> Hint:
    """One more piece of help for an exercise: first a question, then up to three hints.

    They are about what the last `check` found in this kernel; before a check, about the exercise.

    Raises:
        NotebookProblem: no such exercise.
    """
    global _hints
    from autograder.desk.hints import Hints
    from autograder.desk.reruns import ran_since

    step = _step_of("hint", what)
    _hints = _hints or Hints()
    if step in UNGRADED:
        return _hints.next(*_going_further().help_for(what, _reports))
    if what == step:  # a whole step: the first exercise of it that is not right
        keys = [key for key in EXERCISES if key.startswith(f"{step}.")]
        what = next((key for key in keys if not _passes(key)), keys[0])
    help = _hints.next(what, _reports.get(what, []))
    if what in _checked and ran_since(what, _here().history.cells[_checked[what] :]):
        return replace(help, about=f"{help.about} (before your cell ran again: check first)")
    return help


def progress() -> Progress:
    """The six steps, the points that the last checks in this folder came to, and what is next."""
    from autograder.desk import progress as kept

    return kept.Progress.of(_folder())


def last_reports() -> str:
    """What the last check of each exercise in this kernel came to, as text."""
    from autograder.reports.cell import Report

    return "\n".join(str(Report(outcomes)) for outcomes in _reports.values())


def checkpoint(step: str) -> tuple[Any, ...]:
    """The right inputs of a step, so that it can be done alone; a printed line says whose they are.

    Step 5 goes on with the class of step 4, and step 6 with the model of steps 4 and 5, where their
    notebooks lie in this folder and run. In one notebook with all steps each goes on with what the
    kernel has, as far as its checks pass.

    Returns:
        The values of the names that `step` starts from, in the order of its notebook.

    Raises:
        NotebookProblem: no such step, or step 1, which starts from nothing; or the data is damaged.
    """
    global _trained_on
    names = GIVES.get(step, ())
    if not names:
        raise NotebookProblem(f"checkpoint({step!r}): there is one for step2 to step6")
    data = _data()
    if chains.current.running:
        own = chains.current.running[-1]
    elif step == "step5" and chains.current.handed_on:
        own = chains.current.handed_on
    elif chains.current.inputs.ask is not None:
        last = chains.current.last(_folder()) if step == "step6" else None
        own = last if isinstance(last, dict) else {}
    else:
        _refuse_a_stale_kernel()
        own, notes = _own_work(step, names, data)
        for note in notes:
            print(note)
    renamed = False
    if "G" in names and "G" in own:
        from autograder.inside.step2 import with_pairs

        graph = with_pairs(own["G"])
        renamed = graph is not own["G"]
        own = own | {"G": graph}
    lacking = [name for name in names if name not in own]
    right = chains.current.inputs.of(step, data) if lacking else {}
    if not chains.current.running and chains.current.inputs.ask is None:
        _from_kit.update({name: right[name] for name in lacking})
        print(_handed_over(names, own, right, step))
        if renamed:
            print('The nodes of your G are named ("user", id) and ("artist", id) from here on.')
    values = {name: own[name] if name in own else right[name] for name in names}
    if step == "step5":
        _trained_on = values["train_data"]
    return tuple(values.values())


def track(model: nn.Module, optimizer: optim.Optimizer) -> Tracker:
    """Measure the validation AUC after every step of the optimizer, that is after every epoch.

    The numbers are in `.aucs`; `.keep_best()` gives the model the weights of the best epoch back.
    """
    global _tracker
    if _tracker is not None:
        _tracker.stop()
    if os.environ.get(GRADING):
        _tracker = Tracker(model, optimizer, None)
    else:
        ns = chains.current.running[-1] if chains.current.running else _here().ns
        _tracker = Tracker(model, optimizer, _validation_data(), lambda: ns.get("model"))
    return _tracker


def _validation_data() -> Data:
    """The validation edges of the split that step 5 trains on: the student's, or the kit's."""
    ns = chains.current.running[-1] if chains.current.running else _here().ns
    kits = ns.get("train_data") is _from_kit.get("train_data")
    if "val_data" in ns and not kits:
        return ns["val_data"]
    return chains.current.inputs.of(CHAIN, _data())["val_data"]


def embeddings_alone(train_data: Data, epochs: int = 100) -> Tensor:
    """Vectors [num_nodes, 32] that are trained as in step 5, but without a graph convolution."""
    import torch

    from autograder.inside import rivals

    if os.environ.get(GRADING):
        return torch.zeros(int(train_data.num_nodes), rivals.DIM)
    return rivals.embeddings_alone(train_data, epochs)


def _own_work(step: str, names: tuple[str, ...], data: Path) -> tuple[dict[str, Any], list[str]]:
    """The student's own values of the names that a step starts from, and what there is to say."""
    if any(key.split(".")[0] < step for key in _reports):
        own, notes = _of_this_kernel(names)
        if step == "step6":
            chains.current.remember(_folder(), _here().ns if "model" in own else None)
        return own, notes
    if step in ("step5", "step6"):
        from autograder.desk import own_work

        work = own_work.model_class if step == "step5" else own_work.trained
        found = work(chains.current, _folder(), data)
        return {name: found.names[name] for name in names if name in found.names}, found.notes
    return {}, []


def _of_this_kernel(names: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """In one notebook: what earlier steps have made, group by group, where their checks pass."""
    ns, own, notes = _here().ns, dict[str, Any](), list[str]()
    for group in TOGETHER:
        asked = [name for name in group if name in names]
        whose = [name for name in group if name in ns]
        steps = {key.split(".")[0] for key, made in MAKES.items() if set(made) & set(group)}
        right = all(_passes(key) for key in _reports if key.split(".")[0] in steps)
        kits = any(ns[name] is _from_kit.get(name) for name in whose)
        if asked and right and not kits and set(asked) <= set(whose):
            own |= {name: ns[name] for name in asked}
    if "model" in own and ns.get("train_data") is not _trained_on:
        del own["model"]
        notes.append("Your model was trained on another split: run the cells of step 5 again.")
    return own, notes


def _passes(key: str) -> bool:
    return bool(_reports.get(key)) and all(o.status == "passed" for o in _reports[key])


def _handed_over(
    names: tuple[str, ...], own: dict[str, Any], right: dict[str, Any], step: str
) -> str:
    """One line for each side: which names are the student's own, which are the kit's."""
    mine = [_in_short(name, own[name]) for name in names if name in own]
    ready = [_in_short(name, right[name]) for name in names if name not in own]
    lines = [f"Your own: {', '.join(mine)}."] if mine else []
    lines += [f"From the kit: {', '.join(ready)}."] if ready else []
    if step == "step5" and "GNNLinkPredictor" not in own:
        lines.append("GNNLinkPredictor is a stand-in, not your class of step 4.")
    if step == "step6" and "model" not in own:
        lines.append("The model is a stand-in, factorised from the training edges, not your own.")
    return "\n".join(lines)


def _in_short(name: str, value: Any) -> str:
    if isinstance(value, int):
        return f"{name} {value:,}"
    if hasattr(value, "number_of_nodes"):
        return f"{name} ({value.number_of_nodes():,} nodes, {value.number_of_edges():,} edges)"
    if hasattr(value, "iloc"):
        return f"{name} ({len(value):,} rows)"
    edges = getattr(value, "edge_index", None)
    return name if edges is None else f"{name} (edge_index {list(edges.shape)})"


def _keep(outcomes: list[Any]) -> None:
    """Remember what a check came to, for hints."""
    for key in dict.fromkeys(o.check.cell for o in outcomes):
        _reports[key] = [o for o in outcomes if o.check.cell == key]


def _going_further() -> Any:
    """The checks of step 7, which come with the whole kit.

    Raises:
        NotebookProblem: this is the students' kit, which ends with step 6.
    """
    try:
        from autograder import going_further  # here: it brings torch
    except ImportError:
        raise NotebookProblem(
            "Step 7 is not in this kit, which ends with step 6: your instructor has the whole one."
        ) from None
    return going_further


def _step_of(verb: str, what: str) -> str:
    step = str(what).split(".")[0]
    exercises = list(EXERCISES)
    if step in UNGRADED:
        exercises = list(_going_further().PARTS)
    if what not in (*exercises, *STEPS, *UNGRADED):
        known = [k for k in exercises if k.startswith(f"{step}.")] or [*EXERCISES, *STEPS]
        near = [k for k in exercises if what and k.rpartition(".")[2] == str(what).lower()]
        near = near or get_close_matches(str(what), [*exercises, *STEPS], n=1, cutoff=0.85)
        raise NotebookProblem(
            f'{verb}({what!r}): did you mean {verb}("{near[0]}")?'
            if near
            else f"{verb}({what!r}): there is no such exercise in this kit; there are "
            f"{', '.join(known)}."
        )
    return what.split(".")[0]


def _seed() -> int:
    return int(os.environ.get("AUTOGRADER_SEED") or random.SystemRandom().randrange(1, 2**31))


def _data() -> Path:
    """The chosen data file, looked through once.

    Raises:
        NotebookProblem: it is not there, or it is no such file.
    """
    _folder()
    try:
        path = course_data.path("user_artists.dat")
        if chains.current.inputs.ask is None:
            _looked_through(path)
    except course_data.DataError as error:
        raise NotebookProblem(str(error)) from None
    return path


def _folder() -> Path:
    """The folder of the notebook.

    Raises:
        NotebookProblem: it has been moved or deleted since the kernel started.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise NotebookProblem(
            "The folder of this notebook was moved or deleted after its kernel had started. Open "
            "the notebook where it is now, and restart the kernel."
        ) from None


_good: set[tuple[Path, float]] = set()


def _looked_through(path: Path) -> None:
    version = (path, path.stat().st_mtime)
    if version in _good:
        return
    problems = course_data.validate(path)
    if problems:
        raise course_data.DataError(
            f"this is no user_artists.dat of the course: {problems[0]}",
            path,
            "Choose the data by the environment variable COURSE_DATA (sample, lastfm, or a file), "
            "and restart the kernel.",
        )
    _good.add(version)


def _version_on_disk() -> float:
    """When the kit's files were last written."""
    try:
        return (_files / "contract.py").stat().st_mtime
    except OSError:
        return 0.0


_version_here = _version_on_disk()


def _refuse_a_stale_kernel() -> None:
    if _version_on_disk() != _version_here:
        raise NotebookProblem(
            "The kit was updated after this kernel had started. Restart the kernel, and run the "
            "notebook from the top: Kernel, Restart Kernel and Run All Cells."
        )


def _here() -> Session:
    """The session of the running kernel, its history brought up to date."""
    global _session
    shell = _shell()
    ns = shell.user_ns if shell else __import__("__main__").__dict__
    data = _data()
    if _session is None:
        folder = _folder()
        _session = Session(ns=ns, data=data)
        _session.own = lambda: chains.current.last(folder)
        if shell:
            shell.events.register("post_run_cell", _remember)
    _session.data = data
    if shell:
        _session.history.cells = list(ns.get("In", []))[1:]
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
    _session.history.forget(source, cell)
    if error is None:
        return
    history = _session.history
    history.cells = list(_session.ns.get("In", []))[1:]
    if isinstance(error, NameError) and not os.environ.get(GRADING):
        from autograder.desk.missing_names import explain

        with contextlib.suppress(Exception):  # it is an extra: it must not add an error of its own
            if line := explain(error, source, cell, history, _session.ns, Path.cwd()):
                _display(line)
    history.failed(source, error)


def _display(line: str) -> None:
    """Show a line below a cell, in Markdown where there is a notebook."""
    from IPython.display import display

    display({"text/plain": line, "text/markdown": line}, raw=True)


if not TYPE_CHECKING:  # a type checker shall go on to miss what is not here

    def __getattr__(name: str) -> Any:
        """Say what an import of a name that is not here means: Python asks here for it."""
        if name.startswith("_") or not _shell():
            raise AttributeError(name)
        raise NotebookProblem(
            f"autograder.notebook has no `{name}`: is this notebook from another version of the "
            "course? Take it and the kit from the same zip."
        )


if _shell():
    _here()
