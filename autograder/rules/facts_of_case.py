"""Evidence of steps 4 to 6 as the entries of the catalogue ask for it: None where it is not there.

The files `step4_*`, `step5_*` and `step6_*` of this folder use it.
"""

from __future__ import annotations

import numpy as np
from torch_geometric.nn import SAGEConv

from autograder.evidence.schema import (
    Auc,
    Epoch,
    Loop,
    ModelClass,
    Scoring,
    Setup,
    Testing,
    Training,
)
from autograder.rules.cause import Case
from autograder.rules.observed import rebuild
from autograder.rules.recomputed import close, forward
from autograder.rules.training import negatives as negatives_of


def model_class(case: Case) -> ModelClass | None:
    """The model class, built or not."""
    found = case.evidence.step4.model if case.evidence.step4 else None
    return found if isinstance(found, ModelClass) else None


def built(case: Case) -> ModelClass | None:
    """The model class, if it could be built."""
    model = model_class(case)
    return model if model and model.is_module and model.built.error is None else None


def forwards(model: ModelClass) -> dict[str, bool]:
    """Which formula `encode` computes: keys such as `relu` and `relu, relu last`."""
    if model.encode.output is None or len(model.embeddings) != 1:
        return {}
    layers = [c for c in model.convolutions if c.sage]
    built_again = [rebuild(c) for c in layers]
    if len(built_again) != 2 or any(layer is None for layer in built_again):
        return {}
    sages = [layer for layer in built_again if isinstance(layer, SAGEConv)]
    weight, z = model.embeddings[0].numpy(), model.encode.output.numpy()
    found = {}
    for relu in (True, False):
        for last in (True, False):
            try:
                same = close(forward(model, weight, sages, relu, last), z)
            except (RuntimeError, IndexError, ValueError):  # layers that do not fit
                same = False
            found[f"{'relu' if relu else 'none'}, {'relu' if last else 'none'} last"] = same
    return found


def setup(case: Case) -> Setup | None:
    """Model, optimizer and loss."""
    found = case.evidence.step5.setup if case.evidence.step5 else None
    return found if isinstance(found, Setup) else None


def training(case: Case) -> Training | None:
    """The rounds of training."""
    found = case.evidence.step5.train if case.evidence.step5 else None
    return found if isinstance(found, Training) else None


def epochs(case: Case) -> list[Epoch]:
    """The rounds that came through."""
    found = training(case)
    return found.epochs if found and found.call.error is None else []


def negatives(case: Case) -> list[np.ndarray]:
    """[2, Q] negatives of every round in which any pairs were scored."""
    found = training(case)
    return [negatives_of(e, found) for e in epochs(case) if e.pairs] if found else []


def losses(case: Case) -> np.ndarray:
    """The losses of the loop, those that are numbers."""
    found = case.evidence.step5.loop if case.evidence.step5 else None
    kept = found.losses if isinstance(found, Loop) else []
    return np.array([v for v in kept if v is not None], dtype=float)


def runs(case: Case) -> list[Scoring]:
    """Calls of `test`, or AUCs that were watched; come through or not."""
    found = case.evidence.step6.test if case.evidence.step6 else None
    return found.runs if isinstance(found, Testing) else []


def auc(case: Case) -> Auc | None:
    """The AUCs of the notebook."""
    found = case.evidence.step6.auc if case.evidence.step6 else None
    return found if isinstance(found, Auc) else None
