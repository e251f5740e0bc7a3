"""Step 4: the layers have the right sizes, and encode and decode compute what they should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_geometric.nn import SAGEConv

from autograder.checks import check
from autograder.checks.teaching import expect, need, output, present, unfinished
from autograder.evidence import Convolution, Evidence, ModelClass

NAMES = ("GNNLinkPredictor", "encode", "decode")


@pytest.fixture
def defined(evidence: Evidence) -> ModelClass:
    return present(evidence.step4, "model")


@pytest.fixture
def model(defined: ModelClass) -> ModelClass:
    """The evidence of a model that could be built."""
    error = defined.built.error
    if error is not None:
        if error.blank:
            raise unfinished("GNNLinkPredictor.__init__", error)
        need(False, "a model that can be built", "the class builds a torch.nn.Module")
    return defined


@pytest.fixture
def encoded(model: ModelClass) -> np.ndarray:
    """[N, D] float32: what encode gave."""
    ran = f"`{model.encode_name or 'encode'}(x, edge_index)` on {model.sizes[0]} nodes"
    return output(model.encode, ran, missing="there is no method `encode`")


@pytest.fixture
def decoded(model: ModelClass) -> np.ndarray:
    """What decode gave for 11 pairs."""
    pairs = model.pairs.shape[1] if model.pairs else 0
    ran = f"`{model.decode_name or 'decode'}(z, edge_label_index)` on {pairs} pairs"
    return output(model.decode, ran, missing="there is no method `decode`")


@pytest.fixture
def layers(model: ModelClass) -> tuple[np.ndarray, list[SAGEConv]]:
    """Embedding weight [N, d], and the two convolutions rebuilt here with the student's weights."""
    sages = [c for c in model.convolutions if c.sage]
    right = len(model.embeddings) == 1 and len(sages) == len(model.convolutions) == 2
    need(right, "one embedding and two SAGEConv layers", "two SAGEConv layers")
    rebuilt = [rebuild(c) for c in sages]
    need(all(rebuilt), "SAGEConv layers of known channels", "two SAGEConv layers")
    return model.embeddings[0].numpy(), [c for c in rebuilt if c is not None]


def rebuild(facts: Convolution) -> SAGEConv | None:
    """The student's convolution on this side, or None where the facts do not make one."""
    if facts.in_channels is None or facts.out_channels is None:
        return None
    kinds = {"normalize": bool, "root_weight": bool, "project": bool, "bias": bool, "aggr": str}
    options = {k: v for k, v in facts.options.items() if isinstance(v, kinds.get(k, ()))}
    try:
        layer = SAGEConv(facts.in_channels, facts.out_channels, **options)
        weights = {k: torch.from_numpy(v.numpy().copy()) for k, v in facts.weights.items()}
        layer.load_state_dict(weights)
    except (RuntimeError, ValueError, TypeError):
        return None
    return layer.eval()


@check("step4.layers", points=1)
def test_builds(defined: ModelClass) -> None:
    """The class takes its four sizes and builds a torch.nn.Module"""
    built = output_or_text(defined)
    expect(
        defined.is_module,
        ran=f"`GNNLinkPredictor{tuple(defined.sizes)}`",
        expected="a torch.nn.Module",
        got=built,
        why="Only a module has parameters that an optimizer can train.",
        next="Inherit from `torch.nn.Module` and call `super().__init__()` first.",
        finding="model.no-super",
    )


def output_or_text(defined: ModelClass) -> str:
    """What building gave, in words; raises where building raised."""
    if defined.built.error is not None:
        output(defined.built, "building the model: `GNNLinkPredictor(num_nodes, ...)`")
    return defined.built.text


@check("step4.layers", points=2)
def test_embedding(model: ModelClass) -> None:
    """The embedding has one row of embedding_dim numbers for every node"""
    found = [e.shape for e in model.embeddings]
    expect(
        found == [model.sizes[:2]],
        ran=f"the nn.Embedding of a model with num_nodes={model.sizes[0]}, "
        f"embedding_dim={model.sizes[1]}",
        expected=f"one, with a weight of shape {model.sizes[:2]}",
        got=f"shapes {found}" if found else "no nn.Embedding",
        why="Every node index that `x` holds must find its row.",
        next="`nn.Embedding(num_nodes, embedding_dim)`, with the constructor's own arguments.",
        finding="model.embedding-size",
    )


@check("step4.layers", points=3)
def test_convolutions(model: ModelClass) -> None:
    """Two SAGEConv layers lead from embedding_dim over hidden_channels to out_channels"""
    _, dim, hidden, out = model.sizes
    found = [(c.kind, c.in_channels, c.out_channels) for c in model.convolutions]
    widths = sorted((c.in_channels or 0, c.out_channels or 0) for c in model.convolutions if c.sage)
    expect(
        widths == sorted([(dim, hidden), (hidden, out)]) and len(found) == 2,
        ran=f"the convolutions of a model with embedding_dim={dim}, hidden_channels={hidden}, "
        f"out_channels={out}",
        expected=f"SAGEConv({dim}, {hidden}) and SAGEConv({hidden}, {out})",
        got=", ".join(f"{kind}({a}, {b})" for kind, a, b in found) or "none",
        why="What one layer gives out is what the next takes in; two layers reach two hops.",
        next="Write both in `__init__`, with the sizes from its arguments.",
        finding="model.one-layer" if len(found) == 1 else "",
    )


@check("step4.layers", points=1)
def test_registered(model: ModelClass) -> None:
    """All layers are registered, so that an optimizer finds them"""
    expect(
        model.parameters and not model.unregistered,
        ran="`model.named_parameters()`",
        expected="the weights of every layer",
        got=f"{len(model.parameters)} tensors; hidden in {model.unregistered}",
        why="`model.parameters()` does not look into a plain list: these layers never train.",
        next="Set each layer as an attribute of its own, or use `nn.ModuleList`.",
        finding="model.layers-in-list",
    )


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
        finding="model.names",
    )
    for call in (model.encode, model.decode):
        if call.error is not None and call.error.blank:
            output(call, "`encode` and `decode`")


@check("step4.encode", points=2)
def test_encode_shape(model: ModelClass, encoded: np.ndarray) -> None:
    """encode gives every node an embedding of out_channels numbers"""
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
    forward = lambda relu, last: _forward(model, weight, convolutions, relu, last)  # noqa: E731
    known = {
        "model.no-relu": ("the same without the ReLU", forward(False, False)),
        "model.relu-after-last": ("a ReLU after the last layer too", forward(True, True)),
    }
    close = [k for k, (_, z) in known.items() if _close(z, encoded)]
    right = _close(forward(True, False), encoded)
    expect(
        right,
        ran="`encode(x, edge_index)`, and beside it the formula with your own weights",
        expected="the same numbers",
        got=f"numbers of {known[close[0]][0]}" if close else "other numbers",
        why="Without a ReLU between them two layers are one; after the last it cuts off half of "
        "every embedding.",
        next="Look up `x`, then first layer, ReLU, second layer; return that.",
        finding=close[0] if close else "",
    )


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-3, atol=1e-4)


def _forward(
    model: ModelClass, weight: np.ndarray, layers: list[SAGEConv], relu: bool, last: bool
) -> np.ndarray:
    edge_index = torch.from_numpy(model.edge_index.numpy().copy())  # type: ignore[union-attr]
    with torch.no_grad():
        h = layers[0](torch.from_numpy(weight.copy()), edge_index)
        z = layers[1](h.relu() if relu else h, edge_index)
        return (z.relu() if last else z).numpy()


@check("step4.encode", points=1)
def test_uses_graph(model: ModelClass, encoded: np.ndarray) -> None:
    """encode passes messages along edge_index"""
    alone = output(model.encode_without_edges, "`encode(x, edge_index)` with no edge")
    expect(
        encoded.size and not _close(alone, encoded) and np.isfinite(encoded).all(),
        ran="`encode` once with 60 edges and once with none",
        expected="different embeddings",
        got="the same embeddings, or none that are finite",
        why="A network that ignores the edges knows nothing about who listens to whom.",
        next="Hand `edge_index` to both convolutions.",
        finding="encode.ignores-graph",
    )


@check("step4.decode", points=2)
def test_decode_shape(model: ModelClass, decoded: np.ndarray) -> None:
    """decode gives one score for every pair"""
    n = model.pairs.shape[1] if model.pairs else 0
    finding = {(2,): "decode.index-rows", (n, n): "decode.all-pairs"}.get(decoded.shape, "decode.sum-dim")
    expect(
        decoded.shape == (n,),
        ran=f"`decode(z, edge_label_index)` on {n} pairs",
        expected=f"{n} scores, shape [{n}]",
        got=f"shape {list(decoded.shape)}",
        why="Every query edge needs a score of its own.",
        next="`edge_label_index[0]` holds the sources of all pairs: which axis do you index, "
        "and which do you sum over?",
        finding=finding,
    )


@check("step4.decode", points=3)
def test_dot_product(model: ModelClass, decoded: np.ndarray) -> None:
    """The score of a pair is the dot product of its two embeddings"""
    z, (source, target) = model.z.numpy(), model.pairs.numpy()  # type: ignore[union-attr]
    dots = (z[source] * z[target]).sum(axis=1)
    need(decoded.shape == dots.shape, "one score for every pair", "decode gives one score a pair")
    squashed = _close(1 / (1 + np.exp(-dots)), decoded)
    expect(
        _close(dots, decoded),
        ran="`decode(z, edge_label_index)` beside the dot products of `z`",
        expected=f"{np.round(dots[:3], 3).tolist()}, ...",
        got=f"{np.round(decoded[:3], 3).tolist()}, ...",
        why="BCEWithLogitsLoss applies the sigmoid itself; twice is once too often."
        if squashed
        else "Training pulls the embeddings of a user and a fitting artist into one direction.",
        next="Multiply the two embeddings number by number and sum over the channels.",
        finding="decode.sigmoid" if squashed else "decode.not-dot",
    )
