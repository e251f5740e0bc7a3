"""Step 6, evaluation: `test` called on parts of the data, the AUCs, and the student's own chain."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from autograder.arrays import floats, matrix
from autograder.arrays import pairs as pair_array
from autograder.evidence import Absent, Auc, Call, CellError, Chain, Scoring, Step6, Testing
from autograder.probes.session import Session, number
from autograder.probes.spy import Notes, spying, untouched
from autograder.probes.step4 import find_method
from autograder.probes.step5 import distinct
from autograder.reference import random_state


def probe(session: Session) -> Step6:
    """Look at `test`, `val_auc`, `test_auc` and at the model of the student's own chain."""
    with random_state(session.seed), untouched(session.ns):
        return Step6(test=_test(session), auc=_auc(session), own=_own(session))


def _test(session: Session) -> Testing | Absent:
    ns = session.ns
    test, model = ns.get("test"), ns.get("model")
    if not callable(test):
        return session.absent("test")
    if not isinstance(model, nn.Module):
        return session.absent("model")
    runs = [
        _run(session, test, model, _part_of(ns[name], share))
        for name, share in (("test_data", (0.8, 0.5)), ("val_data", (0.4, 0.7)))
        if isinstance(getattr(ns.get(name), "neg_edge_label_index", None), Tensor)
    ]
    return Testing(runs=runs) if runs else session.absent("test_data")


def _part_of(data: Any, share: tuple[float, float]) -> Any:
    """The same data with a random share of its positives and of its negatives."""
    part = data.clone()
    for sign, keep in zip(("pos", "neg"), share, strict=True):
        index = getattr(data, f"{sign}_edge_label_index")
        chosen = torch.randperm(index.size(1))[: max(2, int(keep * index.size(1)))]
        setattr(part, f"{sign}_edge_label_index", index[:, chosen])
        if hasattr(data, f"{sign}_edge_label"):
            setattr(part, f"{sign}_edge_label", getattr(data, f"{sign}_edge_label")[chosen])
    return part


def _run(session: Session, test: Any, model: nn.Module, data: Any) -> Scoring:
    model.train()  # a right `test` switches to evaluation mode itself
    with torch.enable_grad(), spying(session.ns, model) as notes:
        call, value = session.call(test, data.clone())
    pairs, scores = _scored(notes)
    return Scoring(
        call=Call(text=call.text, error=call.error),
        returned=number(value),
        edge_index=pair_array(data.edge_index),
        positives=pair_array(data.pos_edge_label_index),
        negatives=pair_array(data.neg_edge_label_index),
        encoded=distinct(notes.encoded),
        pairs=None if pairs is None else pair_array(pairs),
        scores=None if scores is None else floats(scores),
        grad_enabled=any(notes.grad_enabled) if notes.grad_enabled else None,
        training_mode=any(notes.training) if notes.training else None,
    )


def _scored(notes: Notes) -> tuple[Tensor | None, Tensor | None]:
    pairs = [p for p in notes.pairs if p.ndim == 2 and p.size(0) == 2]
    if not pairs:
        return None, None
    joined, scores = torch.cat(pairs, dim=1), torch.cat(notes.scores)
    return joined, scores if len(scores) == joined.size(1) else None


def _auc(session: Session) -> Auc | Absent:
    ns = session.ns
    found = {name: number(ns.get(name)) for name in ("val_auc", "test_auc")}
    if all(value is None for value in found.values()):
        return session.absent("test_auc", "val_auc")
    again: dict[str, float | None] = {}
    for name in ("val", "test"):
        data = ns.get(f"{name}_data")
        callable_ = callable(ns.get("test")) and data is not None
        asked = not session.free_form or found[f"{name}_auc"] is not None
        callable_ = callable_ and asked  # a project of one's own need not keep both
        again[f"{name}_again"] = number(session.call(ns["test"], data)[1]) if callable_ else None
    return Auc(**found, **again)


def _own(session: Session) -> Chain | Absent:
    own = session.own()
    if own is None or isinstance(own, CellError):
        return Absent(name="model", error=own)
    model, test_data, data = (own.get(name) for name in ("model", "test_data", "data"))
    if not isinstance(model, nn.Module):
        return Absent(name="model")
    model.eval()
    encode = getattr(model, find_method(model, "encode") or "encode", None)
    try:
        with torch.no_grad():
            z = encode(test_data.x, test_data.edge_index)  # type: ignore[misc,union-attr]
        return Chain(
            z=matrix(z),
            edge_index=pair_array(data.edge_index),  # type: ignore[union-attr]
            message_edges=pair_array(test_data.edge_index),  # type: ignore[union-attr]
            positives=pair_array(test_data.pos_edge_label_index),  # type: ignore[union-attr]
        )
    except Exception as error:  # whatever the student's own objects do
        return Absent(name="model", error=session.cell_error(error))
