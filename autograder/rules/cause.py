"""What a cause is: what can make a check fail, the test that proves it, and what to say about it.

Every file `stepN_*.py` of this folder holds checks beside their causes; `judge` asks for proofs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from autograder.evidence.schema import (
    Absent,
    Auc,
    CellError,
    Epoch,
    Evidence,
    Loop,
    ModelClass,
    Scoring,
    Setup,
    Testing,
    Training,
)
from autograder.rules.outcome import Outcome
from autograder.truth import Truth


@dataclass(frozen=True)
class Case:
    """What a predicate looks at: the evidence of one run, the truth, and the checks' outcomes."""

    evidence: Evidence
    truth: Truth
    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by id of the check
    facts: dict[str, Any] = field(default_factory=dict)  # what `fact` has worked out

    @property
    def model_class(self) -> ModelClass | None:
        """The model class, built or not."""
        step4 = self.evidence.step4
        return step4.model if step4 and isinstance(step4.model, ModelClass) else None

    @property
    def model(self) -> ModelClass | None:
        """The model class, where it could be built."""
        model = self.model_class
        return model if model and model.is_module and model.built.error is None else None

    @property
    def setup(self) -> Setup | None:
        """Model, optimizer and loss of step 5."""
        step5 = self.evidence.step5
        return step5.setup if step5 and isinstance(step5.setup, Setup) else None

    @property
    def training(self) -> Training | None:
        """What was trained, come through or not."""
        step5 = self.evidence.step5
        return step5.train if step5 and isinstance(step5.train, Training) else None

    @property
    def epochs(self) -> list[Epoch]:
        """The epochs that came through."""
        training = self.training
        return training.epochs if training and training.call.error is None else []

    @property
    def losses(self) -> list[float]:
        """The losses of the loop, those that are numbers."""
        loop = self.evidence.step5.loop if self.evidence.step5 else None
        return [v for v in loop.losses if v is not None] if isinstance(loop, Loop) else []

    @property
    def scorings(self) -> list[Scoring]:
        """Calls of `test`, or AUCs that were watched; come through or not."""
        step6 = self.evidence.step6
        return step6.test.runs if step6 and isinstance(step6.test, Testing) else []

    @property
    def auc(self) -> Auc | None:
        """The AUCs of the notebook."""
        step6 = self.evidence.step6
        return step6.auc if step6 and isinstance(step6.auc, Auc) else None

    def error(self, *texts: str, step: str = "") -> CellError | None:
        """The first exception whose name or message holds one of the texts.

        Looks at what cells raised, and at what the probes' calls of the student's functions raised
        (all of them, or those of one step).
        """
        for error in [*self._raised(step), *(self.evidence.errors if not step else [])]:
            if any(text in f"{error.name}: {error.message}" for text in texts):
                return error
        return None

    def stuck(self, step: str) -> bool:
        """Whether this run did not come through the step: something is not there, or raised."""
        found = getattr(self.evidence, step)
        parts = [getattr(found, name) for name in found.__struct_fields__] if found else [Absent]
        return any(isinstance(p, Absent) or p is Absent for p in parts) or bool(self._raised(step))

    def _raised(self, step: str) -> list[CellError]:
        found: list[CellError] = []
        steps = [step] if step else ["step1", "step2", "step3", "step4", "step5", "step6"]
        for exercise in (getattr(self.evidence, name) for name in steps):
            for name in exercise.__struct_fields__ if exercise else ():
                part = getattr(exercise, name)
                if isinstance(part, Absent):
                    found += [part.error] if part.error else []
                    continue
                calls = [getattr(part, c, None) for c in ("built", "encode", "decode", "call")]
                calls += [run.call for run in getattr(part, "runs", [])]
                found += [call.error for call in calls if call is not None and call.error]
        return [error for error in found if not error.blank]


T = TypeVar("T")


def fact(work_out: Callable[[Case], T]) -> Callable[[Case], T]:
    """Make a function of a case one whose result is kept: checks and causes ask for it alike."""
    key = f"{work_out.__module__}.{work_out.__qualname__}"

    @functools.wraps(work_out)
    def kept(case: Case) -> T:
        if key not in case.facts:
            case.facts[key] = work_out(case)
        return case.facts[key]

    return kept


Predicate = Callable[[Case], "str | None"]


@dataclass(frozen=True)
class Cause:
    """One misconception of the catalogue.

    `found` gives the proof, a sentence with the numbers, or None. `at` names what to point at in
    the source: a name that is bound, or a function or method that is called or defined. `wording`
    says that it is only about what something is called: it is said after all that was computed.
    """

    id: str
    title: str
    why: str
    question: str
    hints: tuple[str, str, str]
    found: Predicate
    at: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    wording: bool = False

    @property
    def step(self) -> str:
        """The step that it belongs to, by the first word of its id; empty where it is any."""
        return AREAS.get(self.id.split(".")[0], "")


AREAS = {  # first word of an id -> step, in the order in which the work is done
    "load": "step1",
    "graph": "step2",
    **dict.fromkeys(("map", "data", "split"), "step3"),
    **dict.fromkeys(("model", "decode", "encode"), "step4"),
    "train": "step5",
    "test": "step6",
    "run": "",
}


def cause(
    id: str,
    *,
    title: str,
    why: str,
    question: str,
    hints: tuple[str, str, str],
    at: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
    wording: bool = False,
) -> Callable[[Predicate], Cause]:
    """Make a predicate a cause that checks can name: a decorator, for a file `stepN_*.py`."""

    def make(found: Predicate) -> Cause:
        return Cause(id, title, why, question, hints, found, at, references, wording)

    return make
