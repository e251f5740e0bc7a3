"""Step 6, evaluation: `test` called on parts of the data, the AUCs, and the student's own chain.

Where a free-form notebook has no such function, the AUCs of its own cells, which the watch saw.
"""

from __future__ import annotations

from typing import Any

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from autograder.evidence.arrays import floats, matrix
from autograder.evidence.arrays import pairs as pair_array
from autograder.evidence.schema import Absent, Auc, Call, CellError, Chain, Scoring, Step6, Testing
from autograder.inside.notes import AucCall, Decode, Encode
from autograder.inside.randomness import random_state
from autograder.inside.rounds import distinct
from autograder.inside.session import Session, number
from autograder.inside.spy import find_method, spying, untouched
from autograder.inside.step4 import aside


def probe(session: Session) -> Step6:
    """Look at `test`, `val_auc`, `test_auc` and at the model of the student's own chain."""
    kept = untouched(session.ns, session.watched)
    with aside(session), random_state(session.seed), kept:
        return Step6(test=_test(session), auc=_auc(session), own=_own(session))


def _test(session: Session) -> Testing | Absent:
    ns = session.ns
    test, own = ns.get("test"), _watched(session) if session.free_form else []
    if not callable(test):
        return Testing(runs=own) if own else session.absent("test", doing="roc_auc_score")
    if not isinstance(ns.get("model"), nn.Module) and not own:
        return session.absent("model")
    runs = [
        _run(session, test, _part_of(ns[name], share))
        for name, share in (("test_data", (0.8, 0.5)), ("val_data", (0.4, 0.7)))
        if isinstance(getattr(ns.get(name), "neg_edge_label_index", None), Tensor)
    ]
    silent = [r for r in runs if r.call.error and not _raised_before(session, r.call.error)]
    if own and (silent or not any(r.pairs or r.labels for r in runs)):
        return Testing(runs=own)  # it takes something else than data
    return Testing(runs=runs) if runs else session.absent("test_data")


def _raised_before(session: Session, error: CellError) -> bool:
    return any(e.name == error.name for _, e in session.errors)


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


def _run(session: Session, test: Any, data: Any) -> Scoring:
    model = session.ns.get("model")
    used = [model, session.watched.notes.model] if session.watched is not None else [model]
    for one in used:
        if isinstance(one, nn.Module):
            one.train()  # a right `test` switches to evaluation mode itself
    with torch.enable_grad(), spying(session.ns, model, session.watched) as notes:
        call, value = session.call(test, data.clone())
    bundles = [*notes.bundles, notes.open]
    made = _scoring(
        session,
        data,
        [e for b in bundles for e in b.encodes],
        [d for b in bundles for d in b.decodes],
        notes.aucs[-1] if notes.aucs else None,
    )
    made = replace(made, call=Call(text=call.text, error=call.error), returned=number(value))
    return _as_in_the_cells(session, made)


def _scoring(
    session: Session, data: Any, encodes: list[Encode], decodes: list[Decode], auc: AucCall | None
) -> Scoring:
    pairs = [d.pairs for d in decodes if d.pairs.ndim == 2 and d.pairs.size(0) == 2]
    scores = torch.cat([d.scores for d in decodes]) if decodes else torch.empty(0)
    joined = torch.cat(pairs, dim=1) if pairs else None
    fits = joined is not None and len(scores) == joined.size(1)
    trained = [session.watched.is_trained(e.model) for e in encodes] if session.watched else []
    return Scoring(
        call=Call(),
        returned=None if auc is None else auc.value,
        edge_index=pair_array(data.edge_index),
        positives=pair_array(data.pos_edge_label_index),
        negatives=pair_array(data.neg_edge_label_index),
        encoded=distinct([e.edges for e in encodes]),
        pairs=None if joined is None else pair_array(joined),
        scores=floats(scores) if fits else None,
        grad_enabled=any(e.grad for e in encodes) if encodes else None,
        training_mode=any(e.training for e in encodes) if encodes else None,
        labels=floats(auc.labels) if auc is not None else None,
        handed=floats(auc.handed) if auc is not None else None,
        trained=None if not trained or None in trained else all(trained),
    )


def _as_in_the_cells(session: Session, run: Scoring) -> Scoring:
    """The notebook may set the mode, or switch gradients off, around its calls of `test`."""
    seen = [c.encode for c in last_aucs(session) if c.encode is not None]
    if not seen:
        return run
    return replace(
        run,
        grad_enabled=run.grad_enabled and any(e.grad for e in seen),
        training_mode=run.training_mode and any(e.training for e in seen),
    )


def last_aucs(session: Session) -> list[AucCall]:
    """The last AUCs of every place in the notebook's cells, in order."""
    if session.watched is None:
        return []
    found = [call for calls in session.watched.aucs.values() for call in calls]
    return sorted(found, key=lambda call: call.order)


def _watched(session: Session) -> list[Scoring]:
    """What led to the last AUCs of the notebook's cells, matched with its data by their edges."""
    calls, found = last_aucs(session), []
    for part in ("test", "val"):
        data, call = _matched(session, calls, part)
        calls = [c for c in calls if c is not call]
        if call is None or not isinstance(getattr(data, "neg_edge_label_index", None), Tensor):
            continue
        encodes = [call.encode] if call.encode is not None else []
        made = _scoring(session, data, encodes, call.decodes, call)
        error = session.errors[-1][1] if call.value is None and session.errors else None
        text = "NaN" if call.value != call.value else str(call.value)
        found.append(replace(made, call=Call(text=text, error=error), watched=True))
    return found


def _matched(session: Session, calls: list[AucCall], part: str) -> tuple[Any, AucCall | None]:
    """The data object of a part, and the last AUC over most of its positives; for the test data
    any AUC will do, where none is over these."""
    position = ("train", "val", "test").index(part)
    candidates = [session.ns.get(f"{part}_data")]
    if session.watched is not None:
        candidates += [parts[position] for _, parts in reversed(session.watched.parts)]
    candidates = [c for c in candidates if _is_labelled(c)]
    for data in candidates:
        fitting = [c for c in calls if _share(c, data) > 0.5]
        if fitting:
            return data, fitting[-1]
    return (candidates[0], calls[-1]) if candidates and calls and part == "test" else (None, None)


def _is_labelled(data: Any) -> bool:
    found = getattr(data, "pos_edge_label_index", None)
    return isinstance(found, Tensor) and found.ndim == 2


def _share(call: AucCall, data: Any) -> float:
    """How many of the positives of a data object were scored for an AUC."""
    pairs = [d.pairs for d in call.decodes if d.pairs.ndim == 2 and d.pairs.size(0) == 2]
    if not pairs:
        return 0.0
    scored, wanted = torch.cat(pairs, dim=1), data.pos_edge_label_index
    keys = [e.amin(0) * 2**31 + e.amax(0) for e in (scored, wanted)]
    return float(torch.isin(keys[1], keys[0]).float().mean())


def _auc(session: Session) -> Auc | Absent:
    ns, watched = session.ns, session.watched
    found = {name: number(ns.get(name)) for name in ("val_auc", "test_auc")}
    again: dict[str, float | None] = {"val_again": None, "test_again": None}
    calls = last_aucs(session) if session.free_form else []
    for part in ("val", "test"):
        data = ns.get(f"{part}_data")
        asked = not session.free_form or found[f"{part}_auc"] is not None
        if callable(ns.get("test")) and data is not None and asked:
            again[f"{part}_again"] = number(session.call(ns["test"], data)[1])
        if again[f"{part}_again"] is None and calls and (asked or part == "test"):
            seen = _matched(session, calls, part)[1]
            again[f"{part}_again"] = None if seen is None else seen.value
    if all(value is None for value in found.values()):
        if again["test_again"] is None or not session.free_form:
            return session.absent("test_auc", "val_auc")
        found["test_auc"] = again["test_again"]  # it was measured and shown, under no name
    computed = list(watched.auc_values) if watched is not None else None
    return Auc(
        val_auc=found["val_auc"],
        test_auc=found["test_auc"],
        val_again=again["val_again"],
        test_again=again["test_again"],
        computed=computed,
    )


def _own(session: Session) -> Chain | Absent:
    own = session.own()
    if own is None or isinstance(own, CellError):
        return Absent(name="model", error=own)
    model, test_data, data = (own.get(name) for name in ("model", "test_data", "data"))
    watched = session.watched if own is session.ns else None
    if watched is not None:
        model = watched.notes.model if model is None else model
        if watched.parts:
            source, parts = watched.parts[-1]
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
        return Absent(name="model", error=session.cell_error(error))
