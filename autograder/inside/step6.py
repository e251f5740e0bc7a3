"""Step 6, evaluation: `test` called on parts of the data, the AUCs, and the student's own chain.

Of a notebook of another form it is what led to the AUCs that its own cells computed.
"""

from __future__ import annotations

import ast
import contextlib
import re
from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from autograder.evidence.arrays import matrix
from autograder.evidence.arrays import pairs as pair_array
from autograder.evidence.schema import (
    Absent,
    Auc,
    Call,
    CalledTest,
    CellError,
    Chain,
    Step6,
    TestSeen,
    Weights,
)
from autograder.inside.objects import aside, find_method, recording, untouched
from autograder.inside.pool import pool
from autograder.inside.randomness import random_state
from autograder.inside.session import Session
from autograder.inside.values import number


def probe(session: Session) -> Step6:
    """Look at `test`, `val_auc`, `test_auc` and at the model of the student's own chain."""
    with aside(session), random_state(session.seed), untouched(session):
        return Step6(test=_test(session), auc=_auc(session), own=_own(session))


def _test(session: Session) -> TestSeen | Absent:
    ns, recorder = session.ns, session.recorder
    cells = None if recorder is None else recorder.log.evaluation()
    if session.free_form:
        if cells is None or not cells.events:
            return session.absent("test", doing="roc_auc_score")
        return TestSeen(trace=cells, watched=True)
    test = ns.get("test")
    if not callable(test):
        return session.absent("test", doing="roc_auc_score")
    if not isinstance(ns.get("model"), nn.Module):
        return session.absent("model")
    called = [
        _run(session, test, _part_of(ns[name], share))
        for name, share in (("test_data", (0.8, 0.5)), ("val_data", (0.4, 0.7)))
        if isinstance(getattr(ns.get(name), "neg_edge_label_index", None), Tensor)
    ]
    if not called:
        return session.absent("test_data")
    weights = next((w for _, w in called if w is not None), None)
    return TestSeen(runs=[run for run, _ in called], trace=cells, weights=weights)


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


def _run(session: Session, test: Any, data: Any) -> tuple[CalledTest, Weights | None]:
    model = session.ns.get("model")
    trained = None if session.recorder is None else session.recorder.log.model()
    for one in (model, trained):
        if isinstance(one, nn.Module):
            one.train()  # a right `test` switches to evaluation mode itself
    with torch.enable_grad(), recording(session) as log:
        call, value = session.call(test, data.clone())
    seen = CalledTest(
        call=Call(text=call.text, error=call.error),
        trace=log.evaluation(),
        returned=number(value),
        edge_index=pair_array(data.edge_index),
        positives=pair_array(data.pos_edge_label_index),
        negatives=pair_array(data.neg_edge_label_index),
    )
    return seen, log.weights()


def _auc(session: Session) -> Auc | Absent:
    ns, recorder = session.ns, session.recorder
    values: dict[str, Any] = {name: number(ns.get(name)) for name in ("val_auc", "test_auc")}
    again: dict[str, Any] = {"val_again": None, "test_again": None}
    if session.free_form:
        noted = _both(values, again, recorder.log.aucs() if recorder else None)
        return replace(noted, **_numbers(session))
    for part in ("val", "test"):
        data = ns.get(f"{part}_data")
        if callable(ns.get("test")) and data is not None:
            again[f"{part}_again"] = number(session.call(ns["test"], data)[1])
    if all(value is None for value in values.values()):
        return session.absent("test_auc", "val_auc")
    computed = recorder.log.aucs() if recorder is not None else None
    stale = session.history.stale("val_auc", "test_auc")
    return replace(_both(values, again, computed), typed=_typed(session), stale=stale)


def _numbers(session: Session) -> dict[str, list[float]]:
    """Numbers that may be AUCs: those with names, those shown, and those typed in."""
    named = [number(f.value) for f in pool(session.ns) if isinstance(f.value, float)]
    shown: list[float | None] = []
    for value in session.shown:
        shown += _decimals(value) if isinstance(value, str) else [number(value)]
    return {"named": _shares(named), "shown": _shares(shown), "typed": _typed(session)}


def _typed(session: Session) -> list[float]:
    """Numbers that stand in the code."""
    typed: list[float | None] = []
    for source in session.history.cells:
        with contextlib.suppress(SyntaxError, ValueError):
            values = [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)]
            typed += [v for v in values if isinstance(v, float)]
            typed += [v for text in values if isinstance(text, str) for v in _decimals(text)]
    return _shares(typed)


def _shares(values: list[float | None]) -> list[float]:
    return [float(v) for v in values if v is not None and 0 < v < 1][-600:]


def _decimals(text: str) -> list[float]:
    return [float(digits) for digits in re.findall(r"(?<![\w.])0?\.\d{3,18}(?!\d|\.\d)", text)]


def _both(
    values: dict[str, float | None], again: dict[str, float | None], computed: list[float] | None
) -> Auc:
    return Auc(
        val_auc=values["val_auc"],
        test_auc=values["test_auc"],
        val_again=again["val_again"],
        test_again=again["test_again"],
        computed=computed,
    )


def _own(session: Session) -> Chain | Absent:
    own = session.own()
    if own is None or isinstance(own, CellError):
        return Absent(name="model", error=own)
    model, test_data, data = (own.get(name) for name in ("model", "test_data", "data"))
    recorder = session.recorder if own is session.ns else None
    if recorder is not None:
        model = recorder.log.model() or model
        whole = [kept for kept in recorder.log.parts if len(kept[1]) == 3]
        if whole:
            source, parts = whole[-1]
            test_data = parts[2] if test_data is None else test_data
            data = source if data is None else data
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
        raised = session.history.cell_error(error)
        ours = session.free_form and raised.cell is None  # we looked for names that it has not
        return Absent(name="model", error=None if ours else raised)
