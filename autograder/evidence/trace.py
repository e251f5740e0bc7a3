"""The trace: what a run computed, as events in one order; typed, bounded, validated at decode.

The recorder writes it beside the student's code, `rules/facts/` works out what follows from it.
An array is kept once, in a pool, and referred to by its number; -1 where it was not kept.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import numpy as np

from autograder.evidence.arrays import Array, Struct, Text

Ref = Annotated[int, msgspec.Meta(ge=-1, le=100_000)]
Refs = Annotated[list[Ref], msgspec.Meta(max_length=100)]
Number = Annotated[int, msgspec.Meta(ge=-1, le=2**62)]
Short = Annotated[list[int], msgspec.Meta(max_length=1000)]
EVENTS = 20_000  # at most in a trace


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened: its place in the order, and the notebook's line that was running."""

    order: Number
    cell: int | None = None
    line: int | None = None


class Score(Event, tag="score", frozen=True, kw_only=True):
    """One number was computed for each of `count` pairs of nodes, `a[i]` and `b[i]`."""

    count: Number
    a: Ref = -1
    b: Ref = -1
    edges: Refs = []  # that messages passed along on the way; [2, E] each
    model: int = -1
    live: bool = False  # it can be trained through
    grad: bool | None = None  # gradients were on while messages were passed
    training: bool | None = None  # the layers were in training mode
    encoded: Number = -1  # when messages were passed last
    values: Ref = -1
    merged: Annotated[list[Number], msgspec.Meta(max_length=50)] = []  # scores it was added up with


class Backward(Event, tag="backward", frozen=True, kw_only=True):
    """Gradients were asked for."""

    root: float | None = None  # of this number
    model: int = -1
    stale: bool | None = None  # gradients were left from before
    steps: Number = 0  # of an optimizer, before it
    gradients: Annotated[list[tuple[Number, Ref]], msgspec.Meta(max_length=EVENTS)] = []
    """Score and signs (int8): -1 where the loss pulls the score up."""
    reached: Short = []  # parameters that have a gradient afterwards


class Loss(Event, tag="loss", frozen=True, kw_only=True):
    """One of torch's loss functions was called."""

    kind: Text
    live: bool = False
    a: Ref = -1  # pairs whose scores it was given, where that is known
    b: Ref = -1
    target: Ref = -1
    squashed: bool = False  # a sigmoid came before
    low: float | None = None
    high: float | None = None
    count: Number = 0
    scores: Annotated[list[Number], msgspec.Meta(max_length=200)] = []


class Sampled(Event, tag="sampled", frozen=True, kw_only=True):
    """negative_sampling gave pairs."""

    count: Number = 0


class SplitPart(Struct, frozen=True, kw_only=True):
    """One part that RandomLinkSplit gave."""

    edges: Ref = -1
    positives: Ref = -1
    negatives: Ref = -1
    asked: Ref = -1  # edge_label_index, where both are in one
    labels: Ref = -1


class SplitMade(Event, tag="split", frozen=True, kw_only=True):
    """RandomLinkSplit was called, or the grader handed out its parts."""

    edges: Ref = -1
    num_nodes: Number = -1
    parts: Annotated[list[SplitPart], msgspec.Meta(max_length=3)] = []
    num_val: float = 0.0
    num_test: float = 0.0
    is_undirected: bool = False
    split_labels: bool = False
    add_negative_train_samples: bool = False
    handed_out: bool = False  # by the grader: it was not called at all


class Measured(Event, tag="measured", frozen=True, kw_only=True):
    """An AUC, or a kin of it, was computed. `scores` are those before it, by their order."""

    kind: Text
    labels: Ref = -1
    handed: Ref = -1
    value: float | None = None
    scores: Annotated[list[Number], msgspec.Meta(max_length=20_000)] = []
    steps: Number = 0
    backwards: Number = 0


class Left(Event, tag="left", frozen=True, kw_only=True):
    """Scores that left torch and were measured by no known function: the last ones."""

    scores: Annotated[list[Number], msgspec.Meta(max_length=20_000)] = []
    steps: Number = 0
    backwards: Number = 0


class Embedded(Event, tag="embedded", frozen=True, kw_only=True):
    """The vectors of nodes that the last evaluation scored pairs of."""

    rows: Ref = -1  # [n]: which node each row is of
    vectors: Ref = -1  # [n, d]
    edges: Refs = []
    model: int = -1


class Weighed(Struct, frozen=True, kw_only=True):
    """A model's weights at the end of its first call of backward, and the gradients of it."""

    order: Number
    model: int
    weights: Annotated[list[Ref], msgspec.Meta(max_length=500)] = []  # one a parameter
    gradients: Annotated[list[Ref], msgspec.Meta(max_length=500)] = []


class Loaded(Event, tag="loaded", frozen=True, kw_only=True):
    """A model was given a state that was kept."""

    model: int = -1
    alias: bool = False  # the state shares its numbers with the live weights: nothing is changed


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter of a model."""

    name: Text
    shape: Annotated[list[int], msgspec.Meta(max_length=8)] = []
    trainable: bool = True
    moved: bool | None = None  # its numbers have changed since the first backward


class Model(Struct, frozen=True, kw_only=True):
    """A module that is part of no other, and that nodes were computed with."""

    kind: Text
    constructed: bool = False  # made anew while the notebook ran, not unpickled or handed out
    parameters: Annotated[list[Parameter], msgspec.Meta(max_length=500)] = []
    numbers: Annotated[list[int], msgspec.Meta(max_length=500)] = []  # of these parameters
    rows: Annotated[list[int], msgspec.Meta(max_length=100)] = []  # of its embeddings
    embeddings: Annotated[list[Text], msgspec.Meta(max_length=100)] = []  # names of their weights
    dropout: bool = False


class Optimizer(Struct, frozen=True, kw_only=True):
    """An optimizer, and how it was set over time."""

    kind: Text
    held: Annotated[list[int], msgspec.Meta(max_length=500)] = []  # numbers of parameters
    rates: Annotated[list[tuple[Number, float]], msgspec.Meta(max_length=200)] = []
    """(order, rate) at first and whenever it was another one."""
    weight_decay: float | None = None
    maximize: bool = False
    steps: Number = 0
    order: Number = 0  # when it was made


COLUMNS: tuple[tuple[str, str, list[int]], ...] = (
    ("backwards", "float64", [4]),
    ("steps", "int64", [2]),
    ("measured", "float64", [6]),
    ("marks", "int64", []),
)


class Columns(Struct, frozen=True, kw_only=True):
    """What happened too often to be an event each, one row a time."""

    backwards: Array  # [n, 4] float64: order, root, model, steps before
    steps: Array  # [n, 2] int64: order, optimizer
    measured: Array  # [n, 6] float64: order, value, steps, backwards, cell, line
    marks: Array  # [n] int64: what was measured: the same number for the same pairs and labels

    def __post_init__(self) -> None:
        for name, dtype, width in COLUMNS:
            kept = getattr(self, name)
            if kept.dtype != dtype or kept.shape[1:] != width:
                raise ValueError(f"{name} of another shape")
        for name, counted in (("backwards", (0, 2, 3)), ("measured", (0, 2, 3, 4, 5))):
            numbers = getattr(self, name).numpy()[:, counted]
            if not (np.abs(numbers) < 2**53).all():  # nor where it is no number
                raise ValueError(f"{name} that are no counts")


class Trace(Struct, frozen=True, kw_only=True):
    """All that was recorded of a run."""

    pool: Annotated[list[Array], msgspec.Meta(max_length=100_000)] = []
    events: Annotated[
        list[Score | Backward | Loss | Sampled | SplitMade | Measured | Left | Embedded | Loaded],
        msgspec.Meta(max_length=200_000),
    ] = []
    models: Annotated[list[Model], msgspec.Meta(max_length=200)] = []
    optimizers: Annotated[list[Optimizer], msgspec.Meta(max_length=200)] = []
    columns: Columns | None = None
    weighed: Annotated[list[Weighed], msgspec.Meta(max_length=8)] = []
    backwards: Number = 0
    steps: Number = 0
    lost: Number = 0  # notes that could not be taken: our own errors

    def __post_init__(self) -> None:
        size = len(self.pool)
        for event in self.events:
            if any(ref >= size for ref in _refs(event)):
                raise ValueError("an array that is not in the pool")
        if any(ref >= size for w in self.weighed for ref in [*w.weights, *w.gradients]):
            raise ValueError("an array that is not in the pool")

    def array(self, ref: int) -> np.ndarray | None:
        """An array of the pool, read-only."""
        return self.pool[ref].numpy() if 0 <= ref < len(self.pool) else None


def _refs(event: Event) -> list[int]:
    if isinstance(event, Score):
        return [event.a, event.b, event.values, *event.edges]
    if isinstance(event, Backward):
        return [ref for _, ref in event.gradients]
    if isinstance(event, Loss):
        return [event.a, event.b, event.target]
    if isinstance(event, SplitMade):
        parts = [r for p in event.parts for r in (p.edges, p.positives, p.negatives, p.asked)]
        return [event.edges, *parts, *(p.labels for p in event.parts)]
    if isinstance(event, Measured):
        return [event.labels, event.handed]
    if isinstance(event, Embedded):
        return [event.rows, event.vectors, *event.edges]
    return []


def joined(training: Trace, evaluation: Trace) -> Trace:
    """Both parts of one run as one trace; what is only counted is that of the later part."""
    shift = len(training.pool)

    def moved(ref: int) -> int:
        return ref + shift if ref >= 0 else ref

    events: list[Any] = [e for e in training.events if not isinstance(e, Loaded)]
    for event in evaluation.events:
        refs = ("a", "b", "values", "labels", "handed", "rows", "vectors")
        change: dict[str, Any] = {
            name: moved(getattr(event, name)) for name in refs if hasattr(event, name)
        }
        if hasattr(event, "edges") and isinstance(event.edges, list):
            change["edges"] = [moved(ref) for ref in event.edges]
        events.append(msgspec.structs.replace(event, **change))
    events.sort(key=lambda e: e.order)
    pool = [*training.pool, *evaluation.pool]
    weighed = training.weighed
    return msgspec.structs.replace(evaluation, pool=pool, events=events, weighed=weighed)
