"""Facts: what follows from a trace, worked out on the trusted side in NumPy.

Epochs, labels, held-out edges, leaks, what each AUC was of. Nothing here reads a name or judges;
the rules of steps 3 to 6 read these.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.trace import Measured, Score, SplitMade, Trace
from autograder.rules.facts.data import Facts
from autograder.rules.facts.evaluation import auc_of, left_scores
from autograder.rules.facts.training import alignment_of, bundles_of, runs_of
from autograder.truth import Truth


def facts_of(trace: Trace, truth: Truth, graph: np.ndarray | None = None) -> Facts:
    """Work out what follows from a trace; `graph`: keys of the true edges, where they are known."""
    facts = Facts(trace, truth, known=graph)
    facts.splits = tuple(e for e in trace.events if isinstance(e, SplitMade))
    scores = {e.order: e for e in trace.events if isinstance(e, Score)}
    facts.aucs = tuple(auc_of(facts, e, scores) for e in trace.events if isinstance(e, Measured))
    bundles = bundles_of(facts, scores)
    facts.bundles = tuple(bundles)
    facts.alignment = alignment_of(facts, bundles) if graph is None else None
    facts.runs = tuple(runs_of(facts, bundles))
    _say_what_is_not_judged(facts)
    return facts


def _say_what_is_not_judged(facts: Facts) -> None:
    trace = facts.trace
    followed = [r for r in facts.runs if any(e.pairs.size for e in r.epochs)]
    if trace.backwards and not followed:
        facts.not_judged["train"] = (
            f"{trace.backwards:,} calls of `backward()` on scores that could not be followed"
        )
    left = left_scores(facts) if not facts.aucs and trace.backwards else []
    if left:
        seen = sum(s.pairs.shape[1] for s in left)
        facts.not_judged["auc"] = (
            f"{seen:,} pairs were scored at the end, and no known function measured an AUC"
        )
