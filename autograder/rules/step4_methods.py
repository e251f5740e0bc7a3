"""Step 4, `encode` and `decode`: recomputed here with the student's own weights."""

from __future__ import annotations

import numpy as np
from torch_geometric.nn import SAGEConv

from autograder.contract import METHODS, MODEL_CLASS
from autograder.evidence.schema import ModelClass
from autograder.rules import check
from autograder.rules.observed import (
    decoding,
    encoding,
)
from autograder.rules.recomputed import close, products
from autograder.rules.recomputed import forward as recomputed_forward
from autograder.rules.teaching import (
    expect,
    need,
    output,
)

NAMES = (MODEL_CLASS, *METHODS)


@check("step4.encode", points=1)
def test_method_names(model: ModelClass) -> None:
    """The class and its methods have the names that later steps call"""
    found = [name for name in NAMES if name in model.methods]
    if not {"encode", "decode"} & set(found) and not model.encode_name and not model.decode_name:
        output(model.encode, "`encode`", missing="there is neither `encode` nor `decode`")
    expect(
        len(found) == len(NAMES),
        ran="the name of the class and of its methods",
        expected=", ".join(NAMES),
        got=", ".join(model.methods),
        why="`model.encode(...)` is an AttributeError where the method is called otherwise.",
        next="Rename: " + ", ".join(name for name in NAMES if name not in found) + ".",
    )
    for call in (model.encode, model.decode):
        if call.error is not None and call.error.blank:
            output(call, "`encode` and `decode`")


@check("step4.encode", points=2)
def test_encode_shape(model: ModelClass) -> None:
    """encode gives every node an embedding of out_channels numbers"""
    encoded = encoding(model)
    expected = [model.sizes[0], model.sizes[3]]
    expect(
        list(encoded.shape) == expected,
        ran=f"`encode(x, edge_index)` on {model.sizes[0]} nodes, out_channels={model.sizes[3]}",
        expected=f"shape {expected}",
        got=f"shape {list(encoded.shape)}",
        why="Decoding picks rows of it by node index.",
        next="Return what the second convolution gives.",
    )


@check("step4.encode", points=4)
def test_forward(
    model: ModelClass, encoded: np.ndarray, layers: tuple[np.ndarray, list[SAGEConv]]
) -> None:
    """encode computes embedding, convolution, ReLU, convolution"""
    weight, convolutions = layers
    forward = lambda relu, last: recomputed_forward(model, weight, convolutions, relu, last)  # noqa: E731
    known = {
        "model.no-relu": ("a model without the ReLU", forward(False, False)),
        "model.relu-after-last": (
            "a model with a ReLU after the last layer too",
            forward(True, True),
        ),
    }
    like = [k for k, (_, z) in known.items() if close(z, encoded)]
    right = close(forward(True, False), encoded)
    expect(
        right,
        ran="`encode(x, edge_index)`, and beside it the formula with your own weights",
        expected="the same numbers",
        got=f"the numbers of {known[like[0]][0]}" if like else "other numbers",
        why="Without a ReLU between them two layers are one; after the last it cuts off half of "
        "every embedding.",
        next="Look up `x`, then first layer, ReLU, second layer; return that.",
    )


@check("step4.encode", points=1)
def test_uses_graph(model: ModelClass, encoded: np.ndarray) -> None:
    """encode passes messages along edge_index"""
    alone = output(model.encode_without_edges, "`encode(x, edge_index)` with no edge")
    expect(
        encoded.size and not close(alone, encoded) and np.isfinite(encoded).all(),
        ran="`encode` once with 60 edges and once with none",
        expected="different embeddings",
        got="the same embeddings, or none that are finite",
        why="A network that ignores the edges knows nothing about who listens to whom.",
        next="Hand `edge_index` to both convolutions.",
    )
    handed, given = model.forward_edges, model.edge_index
    expect(
        handed is None or given is None or np.array_equal(handed.numpy(), given.numpy()),
        ran="`forward(x, edge_index, edge_label_index)`, and what it handed to `encode`",
        expected="`edge_index`, the message-passing edges",
        got="other edges",
        why="The edges in question, and the negatives among them, are no messages.",
        next="Which of the two arguments is for `encode`, and which for `decode`?",
    )


@check("step4.decode", points=2)
def test_decode_shape(model: ModelClass) -> None:
    """decode gives one score for every pair"""
    decoded = decoding(model)
    n = model.pairs.shape[1] if model.pairs else 0
    {
        (2,): "decode.index-rows",
        (model.sizes[0],) * 2: "decode.all-pairs",
        (n, n): "decode.all-pairs",
    }.get(decoded.shape, "decode.sum-dim")
    expect(
        decoded.shape == (n,),
        ran=f"`decode(z, edge_label_index)` on {n} pairs",
        expected=f"{n} scores, shape [{n}]",
        got=f"shape {list(decoded.shape)}",
        why="Every query edge needs a score of its own.",
        next="`edge_label_index[0]` holds the sources of all pairs: which axis do you index, "
        "and which do you sum over?",
    )


@check("step4.decode", points=3)
def test_dot_product(model: ModelClass, decoded: np.ndarray) -> None:
    """The score of a pair is the dot product of its two embeddings"""
    dots = products(model).sum(axis=1)
    need(decoded.shape == dots.shape, "one score for every pair", "decode gives one score a pair")
    squashed = close(1 / (1 + np.exp(-dots)), decoded)
    expect(
        close(dots, decoded),
        ran="`decode(z, edge_label_index)` beside the dot products of `z`",
        expected=", ".join(f"{v:.3f}" for v in dots[:3]) + ", ...",
        got=", ".join(f"{v:.3f}" for v in decoded[:3]) + ", ...",
        why="BCEWithLogitsLoss applies the sigmoid itself; twice is once too often."
        if squashed
        else "Training pulls the embeddings of a user and a fitting artist into one direction.",
        next="Multiply the two embeddings number by number and sum over the channels.",
    )
