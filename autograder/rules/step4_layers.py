"""Step 4, `__init__`: an embedding and two convolutions of the right sizes."""

from __future__ import annotations

from autograder.evidence.schema import ModelClass
from autograder.rules import check
from autograder.rules.teaching import (
    expect,
    output,
)


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
    )


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
    )
    expect(
        not model.cut_off,
        ran="the gradient of what `encode` gives, for the embedding",
        expected="a gradient for every number of it",
        got="none reaches it",
        why="What gets no gradient never learns: every node keeps its random embedding.",
        next="Look for `detach`, `no_grad`, `.data` or a frozen weight in `encode`.",
    )


def output_or_text(defined: ModelClass) -> str:
    """What building gave, in words; raises where building raised."""
    if defined.built.error is not None:
        output(defined.built, "building the model: `GNNLinkPredictor(num_nodes, ...)`")
    return defined.built.text
