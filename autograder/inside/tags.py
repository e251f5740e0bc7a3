"""Tags: which nodes, or which pairs of nodes, the rows of a tensor stand for.

They follow the data through torch's own functions, whatever a program calls things. The recorder
puts them on and asks for them; a tag lives as long as its tensor.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

SHORT = 8  # layers that are remembered of a path
PART_OF = ("chunk", "split", "split_with_sizes", "tensor_split", "unbind", "hsplit", "vsplit")
JOIN = ("cat", "concat", "concatenate", "hstack", "vstack")
PICK = frozenset(("__getitem__", "index_select", "select", "narrow", "masked_select", "take"))
PRODUCT = ("matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "einsum")
SPARSE = ("matmul", "__matmul__", "mm", "spmm", "sparse_mm", "_sparse_mm", "smm")
ADD = ("index_add", "index_add_", "scatter_add", "scatter_add_", "scatter_reduce", "index_reduce")
TURN = ("t", "transpose", "permute", "swapaxes", "movedim", "adjoint", "__get__")
TAKE = ("gather", "take_along_dim")  # one column for each row
FLAT = ("reshape", "view", "flatten", "ravel")
SQUASH = ("sigmoid", "sigmoid_", "expit", "hardsigmoid", "special_expit")
NUMBERS = ("item", "tolist", "__float__", "numpy")
LOSSES = frozenset(
    (
        "binary_cross_entropy_with_logits",
        "binary_cross_entropy",
        "mse_loss",
        "cross_entropy",
        "l1_loss",
        "smooth_l1_loss",
        "huber_loss",
        "hinge_embedding_loss",
        "cosine_embedding_loss",
        "kl_div",
        "nll_loss",
        "soft_margin_loss",
        "margin_ranking_loss",
        "multi_margin_loss",
        "multilabel_soft_margin_loss",
        "triplet_margin_loss",
        "poisson_nll_loss",
    )
)

COMPARISONS = frozenset(("margin_ranking_loss", "cosine_embedding_loss", "triplet_margin_loss"))


class Changed(Exception):
    """An index tensor was written into after its use: what it held then is lost."""


class Rows:
    """Node numbers that are worked out when somebody asks: following them costs next to nothing."""

    __slots__ = ("_how", "_kept", "_value", "shape")

    def __init__(
        self, shape: tuple[int, ...], how: Callable[[], Tensor], kept: bool = True
    ) -> None:
        self.shape, self._how, self._kept = tuple(shape), how, kept
        self._value: Tensor | None = None

    def get(self) -> Tensor:
        """The numbers.

        Raises:
            Changed: they are not known any more.
        """
        if self._value is not None:
            return self._value
        value = self._how()
        if self._kept:
            self._value = value
        return value

    def __len__(self) -> int:
        return self.shape[0]


def version(tensor: Tensor) -> int:
    """How often a tensor was written into; 0 where that is not counted."""
    return 0 if tensor.is_inference() else tensor._version


def as_they_are(tensor: Tensor) -> Rows:
    """The numbers in a tensor, as long as nobody writes into it."""
    before = version(tensor)

    def how() -> Tensor:
        if version(tensor) != before:
            raise Changed
        return tensor.detach()

    return Rows(tuple(tensor.shape), how, kept=False)


def counted(size: int) -> Rows:
    """0 to size - 1."""
    return Rows((size,), lambda: torch.arange(size))


def picked(rows: Rows, key: Any, shape: tuple[int, ...]) -> Rows:
    """Some of the rows, by an index, a slice or a mask."""
    held = as_they_are(key) if isinstance(key, Tensor) else None
    copied = held is not None or isinstance(key, list)  # a slice is a view of what may change
    how = lambda: rows.get()[held.get() if held is not None else key].reshape(shape)  # noqa: E731
    return Rows(shape, how, kept=copied)


def joined(parts: list[Rows]) -> Rows:
    """One after the other."""
    size = sum(len(p) for p in parts)
    return Rows((size,), lambda: torch.cat([p.get().reshape(-1) for p in parts]))


class Layer:
    """One round of message passing: the edges, and how the module was set."""

    __slots__ = ("edges", "grad", "model", "order", "training")

    def __init__(self, edges: Any, model: Any, training: bool, grad: bool, order: int) -> None:
        self.edges, self.model, self.order = edges, model, order
        self.training, self.grad = training, grad


Path = tuple[Layer, ...]


class Nodes:
    """Row i of a tensor belongs to node `rows[i]`. `single`: it is all of one node, without rows.

    `table` is the parameter that the rows were looked up in, `path` the layers since then.
    """

    __slots__ = ("path", "rows", "single", "table")

    def __init__(self, rows: Rows, path: Path, table: Any, single: bool = False) -> None:
        self.rows, self.path, self.table, self.single = rows, path, table, single


class Pairs:
    """Row i of a tensor belongs to the pair of `a.rows[i]` and `b.rows[i]`.

    `scores` are the recorder's notes of the scores that went into it; `squashed`: by a sigmoid.
    """

    __slots__ = ("a", "b", "path", "scores", "single", "squashed")

    def __init__(self, a: Nodes, b: Nodes, single: bool = False) -> None:
        self.a, self.b, self.single = a, b, single
        self.path = (*a.path, *(p for p in b.path if p not in a.path))[-SHORT:]
        self.scores: tuple[Any, ...] = ()
        self.squashed = False

    def __len__(self) -> int:
        return len(self.a.rows)

    def like(self, a: Rows, b: Rows, single: bool = False) -> Pairs:
        """Other pairs of the same kind."""
        other = Pairs(
            Nodes(a, self.a.path, self.a.table), Nodes(b, self.b.path, self.b.table), single
        )
        other.scores, other.squashed = self.scores, self.squashed
        return other


class Grid:
    """Entry [i, j] of a matrix belongs to the pair of `a.rows[i]` and `b.rows[j]`."""

    __slots__ = ("a", "b", "squashed")

    def __init__(self, a: Nodes, b: Nodes) -> None:
        self.a, self.b, self.squashed = a, b, False


class Stacked:
    """Entry [k, i] of a tensor belongs to node `nodes.rows[i]`, whatever k."""

    __slots__ = ("nodes", "single")

    def __init__(self, nodes: Nodes) -> None:
        self.nodes, self.single = nodes, False


Tag = Nodes | Pairs | Grid | Stacked


class _Ref(weakref.ref):
    __slots__ = ("key", "tag")
    key: int
    tag: Tag


class Tags:
    """The tags of all tensors that have one, and the rules by which functions hand them on."""

    def __init__(self, recorder: Any) -> None:
        self._refs: dict[int, _Ref] = {}
        self._recorder = recorder  # hears of scores, losses and of numbers that leave torch
        self._drop = self._forget

    def _forget(self, ref: _Ref) -> None:
        if self._refs.get(ref.key) is ref:
            del self._refs[ref.key]

    def get(self, tensor: Any) -> Tag | None:
        """The tag of a tensor, if it has one."""
        ref = self._refs.get(id(tensor))
        return ref.tag if ref is not None and ref() is tensor else None

    def set(self, tensor: Tensor, tag: Tag) -> None:
        """Put a tag on a tensor."""
        ref = _Ref(tensor, self._drop)
        ref.key, ref.tag = id(tensor), tag
        self._refs[id(tensor)] = ref

    def concerns(self, name: str, args: tuple, kwargs: dict[str, Any]) -> bool:
        """Whether a call can begin a tag or hand one on: most of a program's calls cannot."""
        refs = self._refs
        if name == "__getitem__":
            if id(args[0]) in refs:
                return True
            return type(args[1]) is not int and args[0].dtype.is_floating_point
        if name in LOSSES or name in PICK or name == "embedding":
            return True
        for value in args:
            if id(value) in refs or type(value) is list or type(value) is tuple:
                return True
        return bool(kwargs)

    def follow(self, name: str, args: tuple, kwargs: dict[str, Any], out: Any) -> None:
        """A function of torch's has given `out`: what do its rows stand for?"""
        if name in LOSSES:
            self._recorder.lost(name, args, kwargs)
            return
        first = args[0] if args else None
        if name in PICK:
            self._pick(name, first, args, kwargs, out)
            return
        if name == "embedding":
            self._look_up(args, kwargs, out)
            return
        tagged = [(t, tag) for t in _tensors((args, kwargs)) if (tag := self.get(t)) is not None]
        if not tagged:
            if name in JOIN:
                self._join_tables(args, kwargs, out)
            return
        if name in PART_OF:
            self._cut_up(name, first, args, kwargs, out)
        elif name in NUMBERS:
            if isinstance(tagged[0][1], Pairs):
                self._recorder.left(tagged[0][1], out)
        elif not isinstance(out, Tensor) or not out.is_floating_point():
            return
        elif name in JOIN:
            self._join(name, args, kwargs, out, tagged)
        elif name == "stack":
            self._stack(args, kwargs, out, tagged)
        elif (
            name in SPARSE
            and self._spread(args, out)
            or name in ADD
            and self._gathered(args, kwargs, out, tagged)
            or name in PRODUCT
            and self._grid(name, tagged, out)
        ):
            return
        elif isinstance(tagged[0][1], Grid) and len(tagged) == 1:
            self._of_grid(name, tagged[0], out, _taken(name, args, kwargs))  # type: ignore[arg-type]
        elif name in TURN:
            self._turn(tagged[0], out)
        elif len(tagged) == 1:
            self._keep(out, *tagged[0], squash=name in SQUASH)
        else:
            self._meet(out, tagged)

    # --- where tags begin

    def _look_up(self, args: tuple, kwargs: dict[str, Any], out: Tensor) -> None:
        index = args[0] if args else kwargs["input"]
        weight = args[1] if len(args) > 1 else kwargs["weight"]
        source = self.get(weight)
        if isinstance(source, Nodes):
            self._embeds(weight, source)
            self._put(
                out, Nodes(picked(source.rows, index, index.shape), source.path, source.table)
            )
            return
        single = index.dim() == 0
        rows = as_they_are(index.reshape(1) if single else index)
        self._put(out, Nodes(self._of_table(rows, weight), (), weight, single))

    def _of_table(self, rows: Rows, table: Any) -> Rows:
        """The nodes of these rows of a table."""
        first = self._recorder.registry.first_node(table)
        return Rows(rows.shape, lambda: rows.get() + first, kept=False) if first else rows

    def layer(self, x: Any, edges: Any, out: Any, layer: Layer) -> None:
        """A message-passing layer has given `out`; two `x` are of the two ends of its edges."""
        if not isinstance(out, Tensor) or not out.dim():
            return
        if isinstance(x, (tuple, list)):
            ends = [self.get(end) for end in x]
            if all(isinstance(end, Nodes) and len(end.rows.shape) == 1 for end in ends):
                layer.edges = _between(layer.edges, [end.rows for end in ends])  # type: ignore[union-attr]
            x = x[0] if x[1] is None else x[1]
        source, size = self.get(x), out.shape[0]
        if isinstance(source, Nodes) and len(source.rows) == size and not source.single:
            rows, path, table = source.rows, source.path, source.table
        else:
            rows, path = counted(size), getattr(source, "path", ())
            table = getattr(source, "table", x)
        self.set(out, Nodes(rows, (*path, layer)[-SHORT:], table))

    def _begin(self, source: Any, key: Any) -> Nodes | None:
        """Rows that are picked out of a matrix that nobody has followed so far."""
        whole = isinstance(source, nn.Parameter) or isinstance(key, Tensor)
        right = isinstance(source, Tensor) and source.dim() == 2 and source.is_floating_point()
        index = not isinstance(key, Tensor) or not key.is_floating_point()
        if not (whole and right and index) or isinstance(key, tuple):
            return None
        if isinstance(key, Tensor) and (key.dtype == torch.bool or key.dim() == 0):
            return None
        return Nodes(self._of_table(counted(source.shape[0]), source), (), source)

    # --- picking and cutting

    def _pick(self, name: str, source: Any, args: tuple, kwargs: dict[str, Any], out: Any) -> None:
        if not isinstance(out, Tensor) or not out.is_floating_point():
            return
        tag = self.get(source)
        key = args[1] if len(args) > 1 else kwargs.get("index", kwargs.get("mask"))
        if name in ("index_select", "select", "narrow"):
            dim = args[1] if len(args) > 1 else kwargs.get("dim")
            rest = args[2:] if len(args) > 2 else ()
            if name == "narrow":
                start = rest[0] if rest else kwargs["start"]
                length = rest[1] if len(rest) > 1 else kwargs["length"]
                key = slice(int(start), int(start) + int(length))
            else:
                key = rest[0] if rest else kwargs.get("index")
            if dim not in (0, -source.dim()):
                if tag is not None:
                    self._keep(out, source, tag)
                return
        if tag is None:
            tag = self._begin(source, key)
        if tag is None:
            return
        self._embeds(source, tag)
        if isinstance(tag, Grid):
            self._of_grid(name, (source, tag), out, key)
        elif isinstance(tag, Stacked):
            self._keep(out, source, tag)
        elif name in ("masked_select", "take"):
            if isinstance(tag, Pairs) and source.numel() == len(tag):
                chosen = torch.as_tensor(key).reshape(-1)
                self._put_same_scores(out, self._cut(tag, chosen, out))
        elif tag.single:
            self._keep(out, source, tag)
        elif isinstance(key, tuple):
            self._pick_by_tuple(source, tag, key, out)
        elif key is not None and key is not Ellipsis:
            self._place(out, source, tag, key)

    def _embeds(self, source: Tensor, tag: Tag) -> None:
        """Note the vectors that layers gave, and that pairs are now picked from."""
        if isinstance(tag, Nodes) and tag.path and not tag.single and len(tag.rows.shape) == 1:
            self._recorder.embeds(source, tag)

    def _pick_by_tuple(self, source: Tensor, tag: Nodes | Pairs, key: tuple, out: Tensor) -> None:
        kept = [k for k in key if k is not None]
        whole = not kept or kept[0] is Ellipsis or kept[0] == slice(None)
        if not whole:
            self._place(out, source, tag, kept[0])
            return
        two = isinstance(tag, Nodes) and len(tag.rows.shape) == 2
        if two and len(kept) > 1 and kept[0] is not Ellipsis:
            rows = picked(tag.rows, tuple(kept[:2]), out.shape[:1])  # type: ignore[union-attr]
            if isinstance(kept[1], int):
                self._put(out, Nodes(rows, tag.path, tag.table))  # type: ignore[union-attr]
            return
        self._keep(out, source, tag)

    def _place(self, out: Tensor, source: Tensor, tag: Nodes | Pairs, key: Any) -> None:
        cut = self._cut(tag, key, out, single=out.dim() < source.dim())
        scores = isinstance(tag, Pairs) and source.numel() == len(tag)
        (self._put_same_scores if scores else self._put)(out, cut)

    def _cut(
        self, tag: Nodes | Pairs, key: Any, out: Tensor, single: bool = False
    ) -> Nodes | Pairs:
        if isinstance(tag, Pairs):
            shape = (1,) if single or not out.dim() else (out.shape[0],)
            a, b = (picked(side.rows, key, shape) for side in (tag.a, tag.b))
            return tag.like(a, b, single or not out.dim())
        if len(tag.rows.shape) == 2 and single:
            return Nodes(picked(tag.rows, key, tag.rows.shape[1:]), tag.path, tag.table)
        if isinstance(key, Tensor) and key.dim() == 2 and key.dtype != torch.bool:
            return Nodes(picked(tag.rows, key, tuple(key.shape)), tag.path, tag.table)
        size: tuple[int, ...] = (1,) if single else (out.shape[0], *tag.rows.shape[1:])
        return Nodes(picked(tag.rows, key, size), tag.path, tag.table, single)

    def _cut_up(
        self, name: str, source: Any, args: tuple, kwargs: dict[str, Any], out: Any
    ) -> None:
        tag = self.get(source)
        if tag is None or isinstance(tag, (Grid, Stacked)) or tag.single:
            return
        at = 1 if name == "unbind" else 2
        dim = args[at] if len(args) > at else kwargs.get("dim", 0)
        if dim not in (0, -source.dim()) or name == "hsplit" and source.dim() > 1:
            two = isinstance(tag, Nodes) and len(tag.rows.shape) == 2
            for i, piece in enumerate(out):
                if two and name == "unbind" and dim == 1:
                    rows = picked(tag.rows, (slice(None), i), piece.shape[:1])  # type: ignore[union-attr]
                    self._put(piece, Nodes(rows, tag.path, tag.table))  # type: ignore[union-attr]
                elif not two:
                    self._keep(piece, source, tag)
            return
        if name == "unbind":
            if len(out) <= 200_000:
                for i, piece in enumerate(out):
                    self._place(piece, source, tag, i)
            return
        at = 0
        for piece in out:
            self._place(piece, source, tag, slice(at, at + piece.shape[0]))
            at += piece.shape[0]

    # --- joining

    def _join(
        self, name: str, args: tuple, kwargs: dict[str, Any], out: Tensor, tagged: list
    ) -> None:
        parts = list(args[0] if args else kwargs["tensors"])
        dim = args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))
        rows = dim in (0, -out.dim()) and name != "hstack" or name == "hstack" and out.dim() == 1
        if not rows and name != "vstack":
            self._meet(out, tagged)
            return
        tags = [self.get(p) for p in parts]
        if all(isinstance(t, Pairs) for t in tags):
            couples: list[tuple[Any, Any]] = list(zip(parts, tags, strict=True))
            self._put_joined(out, tags, all(p.numel() == len(t) for p, t in couples))
        elif all(isinstance(t, Nodes) and len(t.rows.shape) == 1 and not t.single for t in tags):
            self._put(out, _nodes(tags))

    def _join_tables(self, args: tuple, kwargs: dict[str, Any], out: Any) -> None:
        """One table after the other, whole."""
        parts = list(args[0] if args else kwargs["tensors"])
        whole = all(isinstance(p, nn.Parameter) and p.dim() == 2 for p in parts)
        if whole and len(out) == sum(map(len, parts)):
            rows = [self._of_table(counted(len(p)), p) for p in parts]
            self._put(out, Nodes(joined(rows), (), parts[0]))

    def _stack(self, args: tuple, kwargs: dict[str, Any], out: Tensor, tagged: list) -> None:
        parts = list(args[0] if args else kwargs["tensors"])
        dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
        tags = [self.get(p) for p in parts]
        if dim == 0 and all(isinstance(t, Pairs) and t.single for t in tags):
            self._put_joined(out, tags, False)
        elif dim == 0 and all(isinstance(t, Nodes) and t.single for t in tags):
            self._put(out, _nodes(tags))
        elif dim == 0 and _same_nodes(tags, out.shape[1]):  # each layer's vectors, for their mean
            self.set(out, Stacked(tagged[-1][1]))
        elif dim == 0 and len(tags) == 2 and all(isinstance(t, Nodes) for t in tags):
            a, b = tags
            if a.rows.shape == b.rows.shape and len(a.rows.shape) == 1:  # type: ignore[union-attr]
                both = Rows((2, len(a.rows)), lambda: torch.stack([a.rows.get(), b.rows.get()]))  # type: ignore[union-attr]
                self._put(out, Nodes(both, a.path, a.table))  # type: ignore[union-attr]
        elif dim != 0:
            self._meet(out, tagged)

    def _put_joined(self, out: Tensor, tags: list, scores: bool) -> None:
        one = tags[0].like(joined([t.a.rows for t in tags]), joined([t.b.rows for t in tags]))
        one.scores = tuple(dict.fromkeys(s for t in tags for s in t.scores))
        one.squashed = any(t.squashed for t in tags)
        paths = dict.fromkeys(layer for t in tags for layer in t.path)
        one.path = tuple(paths)[-SHORT:]
        (self._put_same_scores if scores else self._put)(out, one)

    # --- message passing without a layer of PyG's

    def _spread(self, args: tuple, out: Tensor) -> bool:
        """A sparse matrix times node vectors passes messages along its entries."""
        if len(args) < 2 or not isinstance(args[0], Tensor) or args[0].layout == torch.strided:
            return False
        table = getattr(self.get(args[1]), "table", args[1])
        self.layer(args[1], args[0], out, self._recorder.passing(args[0], table))
        return True

    def _gathered(self, args: tuple, kwargs: dict[str, Any], out: Tensor, tagged: list) -> bool:
        """Rows that are added up by an index: messages from the rows' nodes to the index."""
        index = next((t for t in _tensors((args[1:], kwargs)) if not t.is_floating_point()), None)
        source = next((g for t, g in tagged if t is not args[0]), None)
        if index is None or not isinstance(source, Nodes) or len(source.rows.shape) != 1:
            return False
        target = index if index.dim() == 1 else index[:, 0] if index.dim() == 2 else None
        if target is None or len(target) != len(source.rows) or not out.dim():
            return False
        base = self.get(args[0])
        size = out.shape[0]
        rows = base.rows if isinstance(base, Nodes) and len(base.rows) == size else counted(size)
        ends = as_they_are(target)
        edges = Rows((2, len(target)), lambda: torch.stack([source.rows.get(), ends.get()]))
        layer = self._recorder.passing(edges, source.table)
        self.set(out, Nodes(rows, (*source.path, layer)[-SHORT:], source.table))
        return True

    # --- two meet

    def _grid(self, name: str, tagged: list, out: Tensor) -> bool:
        if len(tagged) != 2 or out.dim() != 2:
            return False
        (s, a), (t, b) = tagged
        if not (isinstance(a, Nodes) and isinstance(b, Nodes)) or a.single or b.single:
            return False
        if len(a.rows.shape) != 1 or len(b.rows.shape) != 1:
            return False
        if tuple(out.shape) != (len(a.rows), len(b.rows)) or s.dim() != 2 or t.dim() != 2:
            return False
        grid = Grid(a, b)
        self.set(out, grid)
        self._recorder.grid(out, grid)
        return True

    def _of_grid(
        self, name: str, source: tuple[Tensor, Grid], out: Tensor, key: Any = None
    ) -> None:
        """What is picked out of a matrix of all pairs."""
        tensor, grid = source
        a, b = grid.a, grid.b
        rows, columns = len(a.rows), len(b.rows)
        if name == "diagonal" or name == "diag" or name == "diagonal_copy":
            n = len(out)
            first, second = (picked(g.rows, slice(0, n), (n,)) for g in (a, b))
        elif (
            isinstance(key, tuple) and len(key) == 2 and all(map(_is_index, key)) and out.dim() == 1
        ):
            first, second = (
                picked(g.rows, torch.as_tensor(k).broadcast_to(out.shape), tuple(out.shape))
                for g, k in zip((a, b), key, strict=True)
            )
        elif isinstance(key, Tensor) and key.dtype == torch.bool and key.shape == tensor.shape:
            held = as_they_are(key)
            ends = [lambda i=i: held.get().nonzero()[:, i] for i in (0, 1)]
            first = Rows((len(out),), lambda: a.rows.get()[ends[0]()])
            second = Rows((len(out),), lambda: b.rows.get()[ends[1]()])
        elif name in TAKE:
            if not isinstance(key, Tensor) or key.shape[:1] != (rows,) or key.numel() != rows:
                return
            column = as_they_are(key)
            first, second = a.rows, Rows((rows,), lambda: b.rows.get()[column.get().reshape(-1)])
        elif out.numel() == rows * columns and out.dim() == 1 and name in FLAT:
            first = Rows((out.numel(),), lambda: a.rows.get().repeat_interleave(columns))
            second = Rows((out.numel(),), lambda: b.rows.get().repeat(rows))
        elif out.shape == tensor.shape:
            same = Grid(a, b)
            same.squashed = grid.squashed or name in SQUASH
            self.set(out, same)
            return
        else:
            return
        pairs = Pairs(Nodes(first, a.path, a.table), Nodes(second, b.path, b.table))
        pairs.squashed = grid.squashed
        self._put(out, pairs)

    def _turn(self, source: tuple[Tensor, Tag], out: Tensor) -> None:
        tensor, tag = source
        if isinstance(tag, Nodes) and len(tag.rows.shape) == 1 and out.dim() == 2:
            self.set(out, tag)  # turned or not, for a product it is the same nodes
        elif not isinstance(tag, Grid) and out.dim() and out.shape[0] == tensor.shape[0]:
            self._keep(out, tensor, tag)

    def _keep(self, out: Tensor, source: Tensor, tag: Tag, squash: bool = False) -> None:
        """A function of one tagged tensor, row by row, keeps its tag."""
        if isinstance(tag, Grid):
            return
        if isinstance(tag, Stacked):
            if out.shape == source.shape:
                self.set(out, tag)
            elif out.dim() == 2 and len(out) == len(tag.nodes.rows):
                self.set(out, tag.nodes)
            return
        if tag.single:
            if isinstance(tag, Pairs) and squash:
                tag = tag.like(tag.a.rows, tag.b.rows, True)
                tag.squashed = True
            self.set(out, tag)
            return
        if isinstance(tag, Nodes) and len(tag.rows.shape) == 2:
            self._keep_two(out, tag)
            return
        size = len(tag) if isinstance(tag, Pairs) else len(tag.rows)
        if not out.dim() or out.shape[0] != size:
            return
        if isinstance(tag, Pairs) and squash:
            tag = tag.like(tag.a.rows, tag.b.rows)
            tag.squashed = True
        scores = isinstance(tag, Pairs) and out.numel() == size == source.numel()
        (self._put_same_scores if scores else self._put)(out, tag)

    def _keep_two(self, out: Tensor, tag: Nodes) -> None:
        """Of a matrix of nodes, [2, P] or [P, 2]: it stays one, or its two become pairs."""
        shape, rows = tag.rows.shape, tag.rows
        if out.dim() >= 2 and tuple(out.shape[:2]) == shape:
            self.set(out, tag)
            return
        for axis in (0, 1):
            if shape[axis] == 2 and out.dim() and out.shape[0] == shape[1 - axis]:
                size = (shape[1 - axis],)
                one = Rows(size, lambda axis=axis: rows.get().select(axis, 0))  # type: ignore[misc]
                two = Rows(size, lambda axis=axis: rows.get().select(axis, 1))  # type: ignore[misc]
                nodes = [Nodes(end, tag.path, tag.table) for end in (one, two)]
                self._put(out, Pairs(nodes[0], nodes[1]))
                return

    def _meet(self, out: Tensor, tagged: list) -> None:
        """A function of several tagged tensors."""
        pairs = [(t, g) for t, g in tagged if isinstance(g, Pairs)]
        if pairs:
            tensor, tag = max(pairs, key=lambda p: len(p[1]))
            others = [g for _, g in pairs if g is not tag and len(g) == len(tag)]
            if others:
                tag = tag.like(tag.a.rows, tag.b.rows, tag.single)
                tag.scores = tuple(
                    dict.fromkeys([*tag.scores, *(s for g in others for s in g.scores)])
                )
                tag.squashed |= any(g.squashed for g in others)
            if all(t.numel() == len(g) for t, g in pairs):
                if out.dim() and out.shape[0] == len(tag) == out.numel() or tag.single:
                    self._put_same_scores(out, tag)
            else:
                self._keep(out, tensor, tag)
            return
        nodes = [g for _, g in tagged if isinstance(g, Nodes)]
        if len(nodes) < 2:
            self._keep(out, *tagged[0])
            return
        a, b = nodes[0], nodes[1]
        if a.single and b.single:
            if a.rows is not b.rows:
                self.set(out, Pairs(a, b, single=True))
            else:
                self.set(out, a)
            return
        if a.single or b.single:  # one node against many
            one, many = (a, b) if a.single else (b, a)
            if out.dim() and len(many.rows.shape) == 1 and out.shape[0] == len(many.rows):
                size = (len(many.rows),)
                spread = Rows(size, lambda: one.rows.get().reshape(1).expand(size))
                self._put(out, Pairs(Nodes(spread, one.path, one.table), many))
            return
        if len(a.rows.shape) != 1 or not out.dim() or out.shape[0] != len(a.rows):
            self._keep(out, *tagged[0])
        elif a.rows is b.rows or _all_nodes(a, b):
            path = (*a.path, *(p for p in b.path if p not in a.path))[-SHORT:]
            self._put(out, Nodes(a.rows, path, a.table))
        elif len(a.rows) == len(b.rows):
            self._put(out, Pairs(a, b))

    def _put(self, out: Tensor, tag: Tag) -> None:
        """Put a tag on; one number a pair is a score, and the recorder hears of it."""
        if isinstance(tag, Pairs) and not tag.single and out.numel() == len(tag) and out.dim():
            tag = tag.like(tag.a.rows, tag.b.rows)
            tag.scores = (self._recorder.scored(out, tag),)
        self.set(out, tag)

    def _put_same_scores(self, out: Tensor, tag: Nodes | Pairs) -> None:
        """A function of scores: they have been heard of."""
        self.set(out, tag)


def _all_nodes(a: Nodes, b: Nodes) -> bool:
    """Whether both hold every node of a table in the same order: no pairs, but one graph twice."""
    size = len(a.rows)
    tables = [t.table.shape[0] for t in (a, b) if isinstance(t.table, Tensor) and t.table.dim()]
    if size not in tables or len(b.rows) != size:
        return False
    try:
        return torch.equal(a.rows.get().long(), b.rows.get().long())
    except Changed:
        return False


def _between(edges: Any, ends: list[Rows]) -> Any:
    """The edges between two sides, with the nodes of both in place of the rows."""
    if not isinstance(edges, Rows):
        return edges
    a, b = ends

    def how() -> Tensor:
        one, other = edges.get()
        return torch.stack([a.get()[one], b.get()[other]])

    return Rows(edges.shape, how)


def _same_nodes(tags: list, size: int) -> bool:
    """Whether those that are known are vectors of the same nodes, all of them."""
    known = [t for t in tags if t is not None]
    if not all(isinstance(t, Nodes) and len(t.rows) == size and not t.single for t in known):
        return False
    return all(t.rows is known[0].rows or _all_nodes(t, known[0]) for t in known)


def _nodes(tags: list) -> Nodes:
    path = tuple(dict.fromkeys(layer for t in tags for layer in t.path))[-SHORT:]
    return Nodes(joined([t.rows for t in tags]), path, tags[0].table)


def _is_index(key: Any) -> bool:
    return isinstance(key, (Tensor, list)) or hasattr(key, "__array__")


def _tensors(values: Any) -> Iterator[Tensor]:
    """All tensors in arguments, two levels deep."""
    args, kwargs = values
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            for inner in value:
                if isinstance(inner, Tensor):
                    yield inner
                elif isinstance(inner, (tuple, list)):
                    yield from (v for v in inner if isinstance(v, Tensor))


def _taken(name: str, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The index of a function that takes one column for each row; None for any other."""
    if name not in TAKE:
        return None
    values = [*args[1:], *kwargs.values()]
    return next((v for v in values if isinstance(v, Tensor)), None)
