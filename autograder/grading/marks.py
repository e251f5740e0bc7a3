"""Outcomes to points: each step from its better run, on both data sets, added up.

Used by the grader, by `autograder check` and by the check cells of the notebooks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.rules import causes
from autograder.rules.outcome import PENDING, WRONG, Message, Outcome


def better_run(runs: list[list[Outcome]]) -> dict[str, int]:
    """For each step which run earned more: the student's own inputs (the first), or right ones."""
    steps = dict.fromkeys(o.check.step for o in runs[0])
    earned = [
        {step: sum(o.points for o in run if o.check.step == step) for step in steps} for run in runs
    ]
    return {step: max(range(len(runs)), key=lambda i: earned[i][step]) for step in steps}


def best(runs: list[list[Outcome]], free_form: bool = False) -> list[Outcome]:
    """The outcomes of each step from its better run.

    A free-form notebook is judged on its own inputs as long as nothing before a step went wrong:
    right inputs would only hide what the step itself did to them.
    """
    chosen = better_run(runs)
    for step in chosen if free_form else ():
        if any(o.check.step < step and _spoils(o) for o in runs[0]):
            break
        chosen[step] = 0
    return [outcomes[chosen[outcomes[0].check.step]] for outcomes in zip(*runs, strict=True)]


def _spoils(outcome: Outcome) -> bool:
    """Whether what comes after it may be wrong for this reason."""
    by_name = outcome.proof is not None and causes()[outcome.proof.cause].wording
    right = outcome.status in ("passed", "not_judged") or outcome.check.by_hand or by_name
    return not right and outcome.check.points > 0


def on_both(outcomes: list[Outcome], twin: list[Outcome]) -> list[Outcome]:
    """What passed, unless it does not pass on a twin of the data.

    Then it was typed in; a training that fails on the twin has its own cause there, or none.
    """
    return [
        o if o.status != "passed" or o.check.by_hand or t.status == "passed" else _on_one_only(t)
        for o, t in zip(outcomes, twin, strict=True)
    ]


def _on_one_only(again: Outcome) -> Outcome:
    message = Message(
        ran=f"{again.message.ran or 'the notebook'}, once more on a file with other counts",
        expected=again.message.expected or "the same as on the first file",
        got=again.message.got,
        why="The training succeeds on one file only, by chance."
        if again.check.of_training
        else "It is right on one file only: a number of that file may stand in the code.",
        next="Make the training steadier: a smaller learning rate, or more epochs."
        if again.check.of_training
        else "Compute every count from the data: nunique, len, max.",
    )
    status = again.status if again.status in ("blocked", *PENDING) else "failed"
    if again.check.of_training:
        return replace(again, status=status, message=message)
    return replace(again, status=status, message=message, proof=None, typed_in=True)


@dataclass(frozen=True)
class Marks:
    """Marks of one submission: outcomes of all checks in order."""

    outcomes: tuple[Outcome, ...]

    @property
    def automatic(self) -> list[Outcome]:
        """Outcomes that the machine gives."""
        return [o for o in self.outcomes if not o.check.by_hand]

    @property
    def total(self) -> float:
        """Points earned automatically."""
        return sum(o.points for o in self.automatic)

    @property
    def max_total(self) -> float:
        """Points that can be earned automatically."""
        return sum(o.check.points for o in self.automatic)

    @property
    def pending(self) -> float:
        """Points that a person gives: written work, and where the grader itself failed."""
        by_hand = sum(
            o.check.points
            for o in self.outcomes
            if o.check.by_hand and (o.points or o.status in PENDING)
        )
        return by_hand + sum(o.check.points for o in self.automatic if o.status in PENDING)

    def cells(self) -> dict[str, float]:
        """Points earned in each automatically graded cell."""
        earned: dict[str, float] = {}
        for o in self.automatic:
            earned[o.check.cell] = earned.get(o.check.cell, 0.0) + o.points
        return earned

    def steps(self) -> dict[str, tuple[float, float]]:
        """Points earned and possible in each step, automatic ones."""
        sums: dict[str, tuple[float, float]] = {}
        for o in self.automatic:
            earned, possible = sums.get(o.check.step, (0.0, 0.0))
            sums[o.check.step] = earned + o.points, possible + o.check.points
        return sums

    def mistakes(self) -> list[Outcome]:
        """What went wrong: not what is blocked or not attempted yet."""
        return [o for o in self.automatic if o.status in WRONG]
