"""The log: what the recorder writes down of one run, and how it becomes a trace.

In full for the first epochs and for the last AUCs of every place; of all else only numbers.
"""

from __future__ import annotations

import math
import zlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from torch import Tensor

from autograder.evidence import trace as schema
from autograder.evidence.arrays import Array, array, text
from autograder.evidence.schema import SplitCall, Weights
from autograder.inside.registry import ModelNote, Registry, parameters
from autograder.inside.tags import Changed, Grid, Pairs, Rows

Place = tuple[int | None, int | None]  # cell and line
ENOUGH = 40_000  # pairs with a gradient that are kept, or three epochs' worth, of each model
RECENT, MOST_PAIRS = 400, 3_000_000  # scores that an AUC may be of
SITES, LAST = 16, 3  # places that compute AUCs, and how many of the last ones of each are kept
VALUED = 8  # calls of backward, of each model, whose scores are kept where no known loss was called
MOST_VECTORS = 8_000_000  # numbers of node vectors that are kept
WEIGHED, MOST_WEIGHTS = 7, 3_000_000  # models whose weights are kept, and numbers in each
ROWS = 100_000  # of what is only counted
POOL = 60 * 2**20  # bytes of arrays at most


OF_A_PART = (
    ("edges", "edge_index"),
    ("positives", "pos_edge_label_index"),
    ("negatives", "neg_edge_label_index"),
    ("asked", "edge_label_index"),
    ("labels", "edge_label"),
)


class RawScore:
    """One number a pair, as it was computed; turned into an event if it is kept."""

    __slots__ = (
        "count", "grad", "grid", "layers", "live", "merged", "model", "order", "place",
        "tag", "training", "values",
    )  # fmt: skip

    def __init__(self, order: int, place: Place, tag: Any, values: Tensor, live: bool) -> None:
        self.order, self.place, self.tag, self.values, self.live = order, place, tag, values, live
        self.count, self.grid = values.numel(), isinstance(tag, Grid)
        self.merged: tuple[int, ...] = ()
        path = tag.a.path + tag.b.path if self.grid else tag.path
        self.layers = path
        self.grad = any(layer.grad for layer in path) if path else None
        self.training = any(layer.training for layer in path) if path else None
        self.model: int = -1


class Turn:
    """One call of backward."""

    def __init__(self, order: int, place: Place, root: float | None, steps: int) -> None:
        self.order, self.place, self.root, self.steps = order, place, root, steps
        self.model = -1
        self.detailed = False
        self.stale: bool | None = None
        self.left: dict[int, Tensor] = {}  # gradients from before, where there were any


class Pool:
    """Arrays, each different one once."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self.size = 0
        self._by_bytes: dict[tuple[str, tuple[int, ...], bytes], int] = {}
        self._by_rows: dict[int, tuple[Any, int]] = {}

    def put(self, value: Any) -> int:
        """The number of an array in the pool; -1 where there is none or no room."""
        held = self._by_rows.get(id(value))
        if held is not None and held[0] is value:
            return held[1]
        if value is None:
            return -1
        try:
            ref = self._put(value.get() if isinstance(value, Rows) else value)
        except (Changed, TypeError, ValueError, RuntimeError, IndexError, OverflowError):
            ref = -1
        if isinstance(value, Rows):
            self._by_rows[id(value)] = value, ref
        return ref

    def _put(self, value: Any) -> int:
        if isinstance(value, Tensor):
            value = value.detach()
            if value.layout != torch.strided:
                value = value.to_sparse_coo().coalesce().indices().flip(0)
            if value.dtype == torch.bfloat16:
                value = value.float()
            value = value.cpu().numpy()
        value = np.asarray(value)
        if value.ndim > 2 or value.dtype == object:
            return -1
        kind = _dtype(value)
        value = np.ascontiguousarray(value, dtype=kind)
        key = kind, value.shape, value.tobytes()
        if key not in self._by_bytes:
            if self.size + len(key[2]) > POOL or len(self.arrays) >= 90_000:
                return -1
            self.size += len(key[2])
            self._by_bytes[key] = len(self.arrays)
            self.arrays.append(Array(dtype=kind, shape=list(value.shape), data=key[2]))
        return self._by_bytes[key]


def _dtype(value: np.ndarray) -> Any:
    if value.dtype == bool or value.dtype == np.int8:
        return value.dtype.name
    if np.issubdtype(value.dtype, np.integer):
        small = not value.size or (abs(int(value.min())) < 2**31 and abs(int(value.max())) < 2**31)
        return "int32" if small else "int64"
    return "float32"


class Log:
    """What happened, in one order."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.pool = registry, Pool()
        self.order = self.lost = self.largest = self.steps = self.backwards = 0
        self.events: list[Any] = []  # that are complete
        self._recent: deque[RawScore] = deque(maxlen=RECENT)
        self._pairs = 0  # in them
        self._closed = False  # the next score begins a new row of scores
        self._arrived: list[tuple[RawScore, Any]] = []
        self._kept: dict[int, int] = {}  # pairs with a gradient, by model
        self._turns: dict[int, int] = {}  # calls of backward in full, by model
        self.training_cells: set[int] = set()  # from which backward was called
        self._last_model = -1
        self._last_optimizer: Any = None
        self._initial: dict[int, dict[int, Tensor]] = {}
        self._moved: dict[int, set[int]] = {}
        self._looked: dict[int, int] = {}
        self._aucs: dict[tuple, list[tuple[int, Any]]] = {}  # by place: the mark of the pairs, AUC
        self._named_loss = False  # a known loss function was called since the last backward
        self._curve: Any = None  # the first axis of the ROC curve that was computed last
        self._singles: list[tuple[Pairs, float]] = []
        self._losses = 0
        self._sampled = 0
        self._splits: list[Any] = []
        self._loads: deque[Any] = deque(maxlen=200)
        self._embedded: Any = None  # (node vectors, their tag) that pairs were picked from last
        self._measured_with: Any = None  # the same, before the last AUC
        self.passed: Any = None  # the edges that messages were passed along last
        self.parts: list[tuple[Any, Any]] = []  # data and its parts, of the first and last splits
        self._weighed: list[schema.Weighed] = []
        self._columns: dict[str, list[Any]] = {
            name: [] for name in ("backwards", "steps", "measured", "marks")
        }

    def tick(self) -> int:
        """The next place in the order."""
        self.order += 1
        return self.order

    def _row(self, name: str, row: Any) -> None:
        rows = self._columns[name]
        if len(rows) < ROWS:
            rows.append(row)

    # --- scores

    def is_detailed(self, model: int) -> bool:
        """Whether the first epochs of a model are not over yet."""
        enough = max(ENOUGH, 4 * self.largest)
        return self._kept.get(model, 0) < enough or self._turns.get(model, 0) < 3

    def score(self, place: Place, tag: Pairs, values: Tensor) -> RawScore:
        """One number a pair was computed."""
        live = values.requires_grad and values.grad_fn is not None
        made = RawScore(self.tick(), place, tag, values.detach(), live)
        made.merged = tuple(s.order for s in tag.scores if s is not None)
        made.model = self._model_of(tag.a.table, tag.b.table, made.layers, values)
        self._keep_recent(made)
        return made

    def grid(self, place: Place, grid: Grid, values: Tensor) -> RawScore:
        """All pairs of two sets were scored."""
        made = RawScore(self.tick(), place, grid, values.detach(), True)
        made.model = self._model_of(grid.a.table, grid.b.table, made.layers, values)
        return made

    def _keep_recent(self, made: RawScore) -> None:
        if self._closed:
            self._recent.clear()
            self._pairs, self._closed = 0, False
        if len(self._recent) == RECENT:
            self._pairs -= self._recent[0].count
        self._recent.append(made)
        self._pairs += made.count
        while self._pairs > MOST_PAIRS and len(self._recent) > 1:
            self._pairs -= self._recent.popleft().count

    def model(self) -> Any:
        """The model that was trained last, if it is still there."""
        known = 0 <= self._last_model < len(self.registry.models)
        return self.registry.models[self._last_model].ref() if known else None

    def optimizer(self) -> Any:
        """The optimizer that stepped last, if it is still there."""
        return None if self._last_optimizer is None else self._last_optimizer.ref()

    def _model_of(self, a: Any, b: Any, layers: Any, values: Tensor) -> int:
        notes = [layer.model for layer in reversed(layers) if layer.model is not None]
        note: ModelNote | None = self.registry.owner(a) or self.registry.owner(b)
        note = note or (notes[0] if notes else None)
        for parameter in _leaves(values.grad_fn) if note is None else ():
            note = note or self.registry.owner(parameter)
        return -1 if note is None else note.number

    def recent(self) -> list[RawScore]:
        """The scores that an AUC may be of."""
        return list(self._recent)

    def leaves(self, tag: Pairs, value: Any) -> None:
        """Scores became plain numbers."""
        if tag.single and isinstance(value, float) and len(self._singles) < 200_000:
            self._singles.append((tag, value))

    def _gather_singles(self) -> None:
        """Scores that left torch one by one are a row of scores."""
        if not self._singles:
            return
        tags, values = [t for t, _ in self._singles], torch.tensor([v for _, v in self._singles])
        self._singles = []
        ends = [
            torch.cat([getattr(t, side).rows.get().reshape(-1)[:1] for t in tags])
            for side in ("a", "b")
        ]
        tag = tags[0].like(_plain(ends[0]), _plain(ends[1]))
        tag.scores = ()
        self.score((None, None), tag, values)

    def arrive(self, score: RawScore, gradient: Tensor) -> None:
        """The gradient of a loss at a score."""
        self._arrived.append((score, gradient.detach()))

    def arrive_grid(self, score: RawScore, grid: Grid, gradient: Tensor) -> None:
        """The gradient at a matrix of all pairs: only what is pulled up is kept."""
        pulled = (gradient < 0).nonzero()[: 2 * ENOUGH]
        rows = [g.rows.get()[pulled[:, i]] for i, g in enumerate((grid.a, grid.b))]
        self._arrived.append((score, rows))

    def embeds(self, vectors: Tensor, tag: Any) -> None:
        """Pairs are picked from these node vectors."""
        self._embedded = vectors.detach(), tag

    # --- training

    def loss(self, place: Place, kind: str, given: Tensor, target: Any, tag: Any) -> None:
        """A loss function was called."""
        order, live = self.tick(), given.requires_grad or getattr(target, "requires_grad", False)
        model = (
            self._last_model
            if not isinstance(tag, Pairs)
            else self._model_of(tag.a.table, tag.b.table, tag.path, given)
        )
        if not self.is_detailed(model) or self._losses > 3000:
            return
        self._losses += 1
        self._named_loss = True
        numbers = given.detach()
        paired = isinstance(tag, Pairs) and given.numel() == len(tag) and not tag.single
        self.events.append(
            schema.Loss(
                order=order,
                cell=place[0],
                line=place[1],
                kind=kind,
                live=live,
                a=self.pool.put(tag.a.rows) if paired else -1,
                b=self.pool.put(tag.b.rows) if paired else -1,
                target=self.pool.put(target.detach().reshape(-1))
                if isinstance(target, Tensor)
                else -1,
                squashed=bool(isinstance(tag, Pairs) and tag.squashed),
                low=_finite(numbers.min()) if numbers.numel() else None,
                high=_finite(numbers.max()) if numbers.numel() else None,
                count=numbers.numel(),
                scores=[s.order for s in tag.scores if s is not None][:200] if paired else [],
            )
        )

    def backward_begins(self, place: Place, roots: Any) -> Turn:
        """Gradients are asked for."""
        first = roots[0] if isinstance(roots, (list, tuple)) and roots else roots
        root = float(first.detach()) if isinstance(first, Tensor) and first.numel() == 1 else None
        turn = Turn(self.tick(), place, root, self.steps)
        self.backwards += 1
        live = [s.model for s in self._recent if s.live and s.model >= 0]
        turn.model = self._last_model = live[-1] if live else self._last_model
        turn.detailed = self.is_detailed(turn.model)
        self._row(
            "backwards", (turn.order, math.nan if root is None else root, turn.model, self.steps)
        )
        self._arrived.clear()
        if turn.detailed and 0 <= turn.model < len(self.registry.models):
            held = parameters(self.registry.models[turn.model])
            if turn.model not in self._initial:
                self._initial[turn.model] = {k: p.detach().clone() for k, p in held.items()}
                self._moved[turn.model] = set()
            cleared = self._optimized(set(held)) or set(held)
            turn.stale = any(
                p.grad is not None and bool(p.grad.any()) for k, p in held.items() if k in cleared
            )
            if not any(weighed.model == turn.model for weighed in self._weighed):
                grads = {k: p.grad for k, p in held.items() if p.grad is not None}
                turn.left = {k: g.detach().clone() for k, g in grads.items() if bool(g.any())}
        return turn

    def _optimized(self, own: set[int]) -> set[int]:
        """Which parameters of a model the last optimizer of it holds: those that it would clear."""
        last = self._last_optimizer
        held = [set(n.held) & own for n in [*self.registry.optimizers, *([last] if last else [])]]
        return next((numbers for numbers in held[::-1] if numbers), set())

    def backward_ended(self, turn: Turn) -> None:
        """Gradients have arrived."""
        self._closed = True
        if not turn.detailed or len(self.events) > 100_000:
            return
        arrived, turns = self._arrived, self._turns.get(turn.model, 0)
        picks = any(not score.grid for score, _ in arrived)
        gradients: list[tuple[int, int]] = []
        for score, gradient in arrived:
            if score.grid and picks:
                continue
            if score.grid:
                self._event(score, gradient)
                ref = self.pool.put(np.full(len(gradient[0]), -1, dtype=np.int8))
            else:
                self._event(score, values=not self._named_loss and turns < VALUED)
                ref = self.pool.put(gradient.reshape(-1).sign().to(torch.int8))
            gradients.append((score.order, ref))
            self._kept[turn.model] = self._kept.get(turn.model, 0) + score.count
        reached = {score.order for score, _ in arrived}
        for score in list(self._recent)[-40:]:
            if score.live and score.order not in reached and score.order < turn.order:
                self._event(score)  # it never came to the loss
        self._turns[turn.model] = turns + 1
        self._named_loss = False
        held: dict[int, Tensor] = {}
        if 0 <= turn.model < len(self.registry.models):
            held = parameters(self.registry.models[turn.model])
        self.events.append(
            schema.Backward(
                order=turn.order,
                cell=turn.place[0],
                line=turn.place[1],
                root=turn.root,
                model=turn.model,
                stale=turn.stale,
                steps=turn.steps,
                gradients=gradients[: schema.EVENTS],
                reached=[k for k, p in held.items() if p.grad is not None][:1000],
            )
        )
        self._arrived = []
        self._weigh(turn, held)

    def optimizer_made(self, optimizer: Any) -> None:
        """An optimizer was made."""
        note = self.registry.optimizer(optimizer, self.tick())
        if note is not None:
            self.registry.refresh(note, optimizer, self.order, True)

    def _weigh(self, turn: Turn, held: dict[int, Tensor]) -> None:
        """Keep the weights and the gradients of the first call of backward of a model."""
        known = any(weighed.model == turn.model for weighed in self._weighed)
        if known or not held or len(self._weighed) >= WEIGHED:
            return
        if sum(p.numel() for p in held.values()) <= MOST_WEIGHTS:
            self._weighed.append(
                schema.Weighed(
                    order=turn.order,
                    model=turn.model,
                    weights=[self.pool.put(p.detach()) for p in held.values()],
                    gradients=[
                        -1 if p.grad is None else self.pool.put(_added(p.grad, turn.left.get(k)))
                        for k, p in held.items()
                    ],
                )
            )

    def stepped(self, optimizer: Any) -> None:
        """An optimizer has taken a step."""
        order = self.tick()
        self.steps += 1
        note = self.registry.optimizer(optimizer, order)
        if note is None:
            return
        note.steps += 1
        self._last_optimizer = note
        self._row("steps", (order, note.number))
        self.registry.refresh(note, optimizer, order, note.steps <= 3)
        self._look(self._last_model)

    def _look(self, model: int) -> None:
        """Which parameters of a model have other numbers than before its first backward."""
        initial = self._initial.get(model)
        if not initial or self._looked.get(model, 0) >= 12:
            return
        self._looked[model] = self._looked.get(model, 0) + 1
        for number, parameter in parameters(self.registry.models[model]).items():
            before = initial.get(number)
            if before is not None and not torch.equal(before, parameter.detach()):
                self._moved[model].add(number)
                del initial[number]

    def sampled(self, place: Place, pairs: Any) -> None:
        """negative_sampling has given pairs."""
        order = self.tick()
        if isinstance(pairs, tuple) and len(pairs) == 3:
            pairs = torch.stack([pairs[0], pairs[2]])
        if (
            not isinstance(pairs, Tensor)
            or not self.is_detailed(self._last_model)
            or self._sampled > 500
        ):
            return
        self._sampled += 1
        self.events.append(
            schema.Sampled(
                order=order,
                cell=place[0],
                line=place[1],
                count=pairs.shape[-1] if pairs.dim() else 0,
            )
        )

    def split(self, place: Place, transform: Any, data: Any, parts: Any) -> None:
        """RandomLinkSplit has given its parts."""
        given = list(parts)[:3] if isinstance(parts, (list, tuple)) else []
        made = self._split_made(place, data, given)
        settings = {
            name: kind(getattr(transform, name))
            for name, kind in (
                ("num_val", float),
                ("num_test", float),
                ("is_undirected", bool),
                ("split_labels", bool),
                ("add_negative_train_samples", bool),
            )
        }
        self._keep_split(replace(made, **settings), data, parts)

    def hand_out(self, data: Any, parts: list[Any]) -> None:
        """The grader has given a notebook the parts of a split: train, val, test, or the first."""
        made = self._split_made((None, None), data, parts)
        self._keep_split(replace(made, handed_out=True), data, parts)

    def _split_made(self, place: Place, data: Any, parts: list[Any]) -> schema.SplitMade:
        edges, nodes = getattr(data, "edge_index", None), getattr(data, "num_nodes", None)
        if nodes is None and parts:  # step 5 is handed its part alone
            nodes = getattr(parts[0], "num_nodes", None)
        if isinstance(edges, Tensor) and edges.dim() == 2:
            self.largest = max(self.largest, edges.shape[-1])
        return schema.SplitMade(
            order=self.tick(),
            cell=place[0],
            line=place[1],
            edges=self.pool.put(edges),
            num_nodes=nodes if isinstance(nodes, int) else -1,
            parts=[
                schema.SplitPart(
                    **{name: self.pool.put(getattr(p, key, None)) for name, key in OF_A_PART}
                )
                for p in parts
            ],
        )

    def _keep_split(self, made: schema.SplitMade, data: Any, parts: Any) -> None:
        self._splits = [*self._splits[:10], *self._splits[10:][-9:], made]
        kept = list(parts) if isinstance(parts, (list, tuple)) else []  # none where it raised
        self.parts = [*self.parts[:2], *self.parts[2:][-2:], (data, kept)]

    def loaded(self, place: Place, model: Any, alias: bool) -> None:
        """A model was given a kept state."""
        note = self.registry.root_of(model)
        self._loads.append(
            schema.Loaded(
                order=self.tick(),
                cell=place[0],
                line=place[1],
                model=-1 if note is None else note.number,
                alias=alias,
            )
        )

    def resplits(self) -> int:
        """Calls of RandomLinkSplit between the steps of one optimizer."""
        taken: dict[int, list[int]] = {}
        for order, optimizer in self._columns["steps"]:
            taken.setdefault(optimizer, []).append(order)
        return sum(
            orders[0] < split.order < orders[-1]
            for orders in taken.values()
            for split in self._splits
            if not split.handed_out
        )

    def aucs(self) -> list[float]:
        """The values of the last AUCs."""
        values = [row[1] for row in self._columns["measured"]]
        return [v for v in values if not math.isnan(v)][-200:]

    def split_calls(self) -> list[SplitCall]:
        """The settings of every call of RandomLinkSplit."""
        names = SplitCall.__struct_fields__
        made = [e for e in self._splits if not e.handed_out]
        return [SplitCall(**{name: getattr(e, name) for name in names}) for e in made][:20]

    # --- evaluation

    def measured(self, place: Place, kind: str, labels: Any, handed: Any, value: Any) -> None:
        """An AUC or a kin of it was computed."""
        self._gather_singles()
        order = self.tick()
        number = float(value) if isinstance(value, (float, np.floating)) else None
        self._curve = value[0] if kind == "roc_curve" and isinstance(value, tuple) else None
        labels, handed = _numbers(labels), _numbers(handed)
        scores = list(self._recent)
        self._closed, self._measured_with = True, self._embedded
        mark = _mark(scores, labels)
        site = (*place, kind)
        if site in self._aucs or len(self._aucs) < SITES:
            kept = (order, place, kind, labels, handed, number, scores, self.steps, self.backwards)
            _keep(self._aucs.setdefault(site, []), mark, kept)
        if kind == "roc_auc_score":
            cell, line = (-1 if p is None else p for p in place)
            shown = math.nan if number is None else number
            self._row("measured", (order, shown, self.steps, self.backwards, cell, line))
            self._row("marks", mark)

    def area(self, curve: Any, value: Any) -> None:
        """The area under a curve: of the ROC curve that came last, it is an AUC."""
        latest = max((kept[-1][1] for kept in self._aucs.values()), default=None)
        if latest is None or self._curve is None or curve is not self._curve:
            return
        _, place, _, labels, handed, *_ = latest
        self.measured(place, "roc_auc_score", labels, handed, value)

    # --- the trace

    def trace(self) -> schema.Trace:
        """What led to the training, so far, and the splits."""
        for model in self._initial:
            self._looked[model] = 0
            self._look(model)
        events = [*self.events, *self._splits, *self._loads]
        return replace(self._trace(events, self.pool), weighed=self._weighed)

    def evaluation(self) -> schema.Trace:
        """What led to the last AUCs of every place."""
        self._gather_singles()
        pool = Pool()
        aucs = [auc for kept in self._aucs.values() for _, auc in kept]
        events = [e for auc in aucs for e in self._auc(auc, pool)]
        events += [*self._last_scores(pool), *self._last_vectors(pool), *self._loads]
        return self._trace(events, pool)

    def _trace(self, events: list[Any], pool: Pool) -> schema.Trace:
        unique = {(e.order, type(e)): e for e in events}
        rows = {name: np.array(kept, dtype=float) for name, kept in self._columns.items()}
        return schema.Trace(
            pool=pool.arrays,
            events=sorted(unique.values(), key=lambda e: e.order)[:200_000],
            models=[self._model(note) for note in self.registry.models],
            optimizers=[self._optimizer(note) for note in self.registry.optimizers],
            columns=schema.Columns(
                backwards=array(rows["backwards"].reshape(-1, 4), "float64"),
                steps=array(rows["steps"].reshape(-1, 2), "int64"),
                measured=array(rows["measured"].reshape(-1, 6), "float64"),
                marks=array(rows["marks"], "int64"),
            ),
            backwards=self.backwards,
            steps=self.steps,
            lost=self.lost,
        )

    def _event(self, score: RawScore, ends: Any = None, values: bool = False) -> None:
        self.events.append(self._score(score, self.pool, values, ends))

    def _score(self, score: RawScore, pool: Pool, values: bool, ends: Any = None) -> schema.Score:
        """A score as an event, with its pairs; with `values` also what it came to."""
        tag = score.tag
        a, b = ends if ends is not None else (tag.a.rows, tag.b.rows)
        edges = {id(layer.edges): layer.edges for layer in score.layers}
        return schema.Score(
            order=score.order,
            cell=score.place[0],
            line=score.place[1],
            count=score.count,
            a=pool.put(a) if not score.grid or ends is not None else -1,
            b=pool.put(b) if not score.grid or ends is not None else -1,
            edges=list(dict.fromkeys(pool.put(e) for e in edges.values()))[:100],
            model=score.model,
            live=score.live,
            grad=score.grad,
            training=score.training,
            encoded=max((layer.order for layer in score.layers), default=-1),
            values=pool.put(score.values.reshape(-1)) if values else -1,
            merged=list(score.merged)[:50],
        )

    def _auc(self, kept: tuple, pool: Pool) -> list[Any]:
        order, place, kind, labels, handed, value, scores, steps, backwards = kept
        fitting = (
            scores
            if sum(s.count for s in scores) <= 4 * max(1, _size(handed))
            else _fitting(scores, _size(handed))
        )
        event = schema.Measured(
            order=order,
            cell=place[0],
            line=place[1],
            kind=kind,
            labels=pool.put(labels),
            handed=pool.put(handed),
            value=value,
            scores=[s.order for s in fitting],
            steps=steps,
            backwards=backwards,
        )
        return [event, *(self._score(s, pool, True) for s in fitting)]

    def weights(self) -> Weights | None:
        """The weights of the model that the last scores are of."""
        numbers = [score.model for score in self._recent if score.model >= 0]
        if not numbers:
            return None
        held = parameters(self.registry.models[numbers[-1]])
        if not held or sum(p.numel() for p in held.values()) > MOST_WEIGHTS:
            return None
        values = [array(p, "float32") for p in held.values()]
        return Weights(model=numbers[-1], values=values)

    def _last_scores(self, pool: Pool) -> list[Any]:
        """What was scored last and measured by no function that is known."""
        if self._closed or not self._recent:
            return []
        scores = [s for s in self._recent if not s.grid]
        event = schema.Left(
            order=self.tick(),
            scores=[s.order for s in scores],
            steps=self.steps,
            backwards=self.backwards,
        )
        return [event, *(self._score(s, pool, True) for s in scores)]

    def _last_vectors(self, pool: Pool) -> list[Any]:
        """The node vectors that the last AUC, or what was scored last, is of."""
        kept = self._measured_with or self._embedded
        if kept is None or kept[0].dim() != 2 or kept[0].numel() > MOST_VECTORS:
            return []
        vectors, tag = kept
        note = self.registry.owner(tag.table)
        event = schema.Embedded(
            order=self.tick(),
            rows=pool.put(tag.rows),
            vectors=pool.put(vectors),
            edges=list(dict.fromkeys(pool.put(layer.edges) for layer in tag.path))[:100],
            model=-1 if note is None else note.number,
        )
        return [event]

    def _model(self, note: ModelNote) -> schema.Model:
        moved, known = self._moved.get(note.number), self._initial.get(note.number)
        live = parameters(note)
        made = [
            schema.Parameter(
                name=text(name),
                shape=shape[:8],
                trainable=live[number].requires_grad if number in live else trainable,
                moved=None if moved is None else number in moved or number not in (known or {}),
            )
            for name, shape, number, trainable in zip(
                note.names, note.shapes, note.numbers, note.trainable, strict=False
            )
        ]
        return schema.Model(
            kind=text(note.kind),
            constructed=note.constructed,
            parameters=made,
            numbers=note.numbers,
            rows=note.rows,
            embeddings=[text(name) for name in note.embeddings],
            dropout=note.dropout,
        )

    def _optimizer(self, note: Any) -> schema.Optimizer:
        return schema.Optimizer(
            kind=text(note.kind),
            held=note.held,
            rates=note.rates,
            weight_decay=note.decay,
            maximize=note.maximize,
            steps=note.steps,
            order=note.order,
        )


def _added(gradient: Tensor, left: Tensor | None) -> Tensor:
    """What a call of backward has added to a gradient."""
    return gradient if left is None else gradient.detach() - left


def _leaves(function: Any) -> Iterator[Tensor]:
    """The parameters that a tensor with this `grad_fn` was computed from, within 300 steps."""
    waiting, seen = [function], 0
    while waiting and seen < 300:
        seen += 1
        function = waiting.pop()
        if function is not None:
            if hasattr(function, "variable"):
                yield function.variable
            waiting += [following for following, _ in function.next_functions]


def _plain(tensor: Tensor) -> Rows:
    return Rows(tuple(tensor.shape), lambda: tensor)


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _size(values: Any) -> int:
    return 0 if values is None else len(values)


def _numbers(value: Any) -> np.ndarray | None:
    """Numbers as a flat copy; none where they are no numbers."""
    try:
        if isinstance(value, Tensor):
            value = value.detach().cpu().numpy()
        return np.array(value, dtype=np.float32).reshape(-1)
    except (TypeError, ValueError, RuntimeError):
        return None


def _fitting(scores: list[RawScore], size: int) -> list[RawScore]:
    """The last scores that are as many as were measured; all, where none fit."""
    for end in range(len(scores), 0, -1):
        total = 0
        for begin in range(end - 1, -1, -1):
            total += scores[begin].count
            if total == size:
                return scores[begin:end]
            if total > size:
                break
    return scores[-40:]


def _keep(kept: list[tuple[int, Any]], mark: int, auc: tuple) -> None:
    """Add an AUC to those of its place: the last ones stay, and the last of each set of pairs."""
    kept.append((mark, auc))
    if len(kept) > LAST:
        marks = [mark for mark, _ in kept]
        del kept[next((i for i, m in enumerate(marks) if m in marks[i + 1 :]), 0)]


def _mark(scores: list[RawScore], labels: np.ndarray | None) -> int:
    """A number that is the same for the same pairs and labels."""
    found = 0 if labels is None else zlib.crc32(labels[:: max(1, len(labels) // 500)].tobytes())
    fitting = _fitting(scores, _size(labels))
    for score in fitting if len(fitting) <= 8 else []:
        for side in (score.tag.a, score.tag.b):
            try:
                rows = side.rows.get().reshape(-1)
            except Exception:  # written over since
                continue
            some = rows[:: max(1, len(rows) // 200)].cpu().numpy()
            found = zlib.crc32(np.ascontiguousarray(some, dtype=np.int64).tobytes(), found)
    return found
