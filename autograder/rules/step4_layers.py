"""Step 4, `__init__`: an embedding and two convolutions of the right sizes.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

from autograder.evidence.schema import ModelClass, Setup
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.teaching import expect, output

# --- the class


@cause(
    "model.no-super",
    title="The class is not set up as a torch module",
    why="`nn.Module` keeps a list of its layers. `super().__init__()` makes that list; before it, "
    "or without it, no layer can be set.",
    question="What has to happen in `__init__` before the first layer is made?",
    hints=(
        "The error comes from the line that makes the first layer.",
        "Which class do you inherit from, and who runs its constructor?",
        "Call the parent's constructor in the first line of `__init__`.",
    ),
    at=("__init__", "GNNLinkPredictor"),
)
def no_super(case: Case) -> str | None:
    model = case.model_class
    if model is None:
        return None
    error = model.built.error
    said = ("before Module.__init__()", "super().__init__()", "has no attribute '_")
    if error is not None and any(text in error.message for text in said):
        return f"building the model raised {error.name}: {error.message}"
    if error is None and not model.is_module:
        return f"`GNNLinkPredictor(...)` gives {model.built.text}, which is no torch.nn.Module"
    return None


@cause(
    "model.constructor-arguments",
    title="The constructor does not take the four sizes",
    why="Whoever builds the model says how large it is: the number of nodes of another data set, "
    "or wider layers, then need no change in the class.",
    question="Which sizes does your class know without being told?",
    hints=(
        "Compare the `def __init__` line with what the exercise asks for.",
        "The class takes four sizes; the first is the number of nodes.",
        "`def __init__(self, num_nodes, embedding_dim, hidden_channels, out_channels)`.",
    ),
    at=("__init__",),
    wording=True,
)
def constructor_arguments(case: Case) -> str | None:
    model = case.model_class
    if model is None or model.takes is None:
        return None
    return f"the constructor takes {model.takes if model.takes != '()' else 'no arguments'}"


@check("step4.layers", points=1, causes=(no_super, constructor_arguments))
def test_builds(defined: ModelClass) -> None:
    """The class takes its four sizes and builds a torch.nn.Module"""
    expect(
        defined.is_module,
        ran=f"`GNNLinkPredictor{tuple(defined.sizes)}`",
        expected="a torch.nn.Module",
        got=_built_or_raised(defined),
        why="Only a module has parameters that an optimizer can train.",
        next="Inherit from `torch.nn.Module` and call `super().__init__()` first.",
    )
    expect(
        defined.takes is None,
        ran="the arguments of the class",
        expected="num_nodes, embedding_dim, hidden_channels, out_channels",
        got=defined.takes or "",
        why="With its sizes as arguments the same class serves for any data.",
        next="Give `__init__` these four arguments; the layers take their sizes from them.",
    )


def _built_or_raised(defined: ModelClass) -> str:
    """What building gave, in words; raises where building raised."""
    if defined.built.error is not None:
        output(defined.built, "building the model: `GNNLinkPredictor(num_nodes, ...)`")
    return defined.built.text


# --- layers that the model does not keep


@cause(
    "model.no-self",
    title="A layer is made in `__init__` and not kept: `self.` is missing",
    why="A name without `self.` lives only while `__init__` runs. The layer is gone afterwards: "
    "`encode` cannot use it, and the optimizer never sees it.",
    question="Under which name can `encode` find the layer that `__init__` has made?",
    hints=(
        "Print your model: which layers does it list?",
        "Compare the names in `__init__` with those that `encode` uses.",
        "Write `self.` in front of the layer's name.",
    ),
    at=("__init__",),
)
def no_self(case: Case) -> str | None:
    model = case.model
    if model is None or not model.lost:
        return None
    return f"`__init__` made {', '.join(model.lost)}, and the model holds no such layer"


@cause(
    "model.layers-in-list",
    title="Layers are kept in a plain list or dictionary",
    why="`model.parameters()` looks at attributes that are modules; it does not look into a "
    "Python list. The optimizer never sees these layers: they keep their random weights.",
    question="How many tensors does `list(model.parameters())` hold? How many should it?",
    hints=(
        "Count the parameters of your model and compare with its layers.",
        "PyTorch has its own list, and its own dictionary, for layers.",
        "Set each layer as an attribute of its own, or use the module version of the container.",
    ),
    at=("__init__",),
)
def layers_in_list(case: Case) -> str | None:
    model = case.model
    if model is None or not model.unregistered:
        return None
    hidden = ", ".join(f"`self.{name}`" for name in dict.fromkeys(model.unregistered))
    return (
        f"{len(model.unregistered)} layers are in {hidden}; `model.parameters()` gives "
        f"{len(model.parameters)} tensors: {', '.join(model.parameters) or 'none'}"
    )


# --- the embedding


@cause(
    "model.embedding-in-encode",
    title="`encode` makes a new embedding at every call",
    why="A new embedding is new random numbers. What a step has learned is thrown away with the "
    "next call, and the optimizer never knew of it.",
    question="Call `encode` twice on the same input. Why are the results not the same?",
    hints=(
        "Compare two calls of `encode` in evaluation mode.",
        "Which of your layers is made anew at every call?",
        "Make every layer once, in `__init__`; `encode` only uses them.",
    ),
    at=("encode", "Embedding"),
)
def embedding_in_encode(case: Case) -> str | None:
    model = case.model
    if model is None or not model.embeddings_made:
        return None
    differ = "two calls differ" if model.same_twice is False else "the optimizer never saw it"
    return f"a second call of `encode` made {model.embeddings_made} nn.Embedding more; {differ}"


def embedding_differs(model: ModelClass) -> str:
    """What is wrong with the size of the one embedding, in words; empty where it is right."""
    rows, dim = model.sizes[:2]
    if len(model.embeddings) != 1 or model.embeddings[0].shape == [rows, dim]:
        return ""
    return f"with num_nodes={rows} and embedding_dim={dim} it is {model.embeddings[0].shape}"


def rows_differ(setup: Setup) -> str:
    """In which way the model's rows are not the nodes of the graph; empty where they are."""
    sides = len(set(setup.model_rows)) > 1 and sum(set(setup.model_rows)) == setup.num_nodes
    if setup.num_nodes <= 0 or sides or all(rows == setup.num_nodes for rows in setup.model_rows):
        return ""
    rows = ", ".join(f"{rows:,}" for rows in setup.model_rows)
    return f"the model has {rows} rows, the graph {setup.num_nodes:,} nodes"


@cause(
    "model.embedding-size",
    title="The embedding does not have one row of embedding_dim numbers for every node",
    why="`x` holds the numbers 0 to num_nodes - 1, and each picks a row. With too few rows there "
    "is an IndexError; too many hide that numbers are wrong; another width does not fit the "
    "layers.",
    question="For which node number is there no row, or for which row no node?",
    hints=(
        "Print the shape of the embedding's weight.",
        "Compare it with num_nodes and embedding_dim, as the constructor gets them.",
        "Take both sizes from the constructor's own arguments.",
    ),
    at=("Embedding", "GNNLinkPredictor"),
)
def embedding_size(case: Case) -> str | None:
    differs = embedding_differs(case.model) if case.model else ""
    return differs or (rows_differ(case.setup) if case.setup else "") or None


@check(
    "step4.layers",
    points=2,
    causes=(no_super, no_self, embedding_in_encode, layers_in_list, embedding_size),
)
def test_embedding(model: ModelClass) -> None:
    """The embedding has one row of embedding_dim numbers for every node"""
    rows, dim = model.sizes[:2]
    shapes = [e.shape for e in model.embeddings]
    expect(
        len(shapes) == 1 and not embedding_differs(model),
        ran=f"the nn.Embedding of a model with num_nodes={rows}, embedding_dim={dim}",
        expected=f"one, with a weight of shape {[rows, dim]}",
        got=f"shapes {shapes}" if shapes else "no nn.Embedding that the model keeps",
        why="Every node index that `x` holds must find its row.",
        next="Keep one `nn.Embedding` as `self.embedding`: its rows and its width are the "
        "constructor's own arguments.",
    )


# --- the convolutions


def widths(model: ModelClass) -> str:
    """The convolutions with their widths, such as `SAGEConv(5, 6), SAGEConv(6, 7)`."""
    shown = [f"{c.kind}({c.in_channels}, {c.out_channels})" for c in model.convolutions]
    return ", ".join(shown) or "none"


def widths_fit(model: ModelClass) -> bool:
    """Whether there are two SAGEConv layers, which lead from the embedding's width to the last."""
    _, dim, hidden, out = model.sizes
    made = sorted((c.in_channels or 0, c.out_channels or 0) for c in model.convolutions if c.sage)
    return made == sorted([(dim, hidden), (hidden, out)]) and len(model.convolutions) == 2


@cause(
    "model.one-layer",
    title="Only one convolution is there, or is used",
    why="One convolution reaches the direct neighbours: a user sees its artists. Taste travels "
    "from user to user only with the second. The same layer twice shares its weights.",
    question="Which weights does each of the two steps of `encode` use?",
    hints=(
        "Count the convolutions among the model's parameters.",
        "Count which of them `encode` calls.",
        "Make two layers, of their own widths, and call one after the other.",
    ),
    at=("encode", "SAGEConv"),
)
def one_layer(case: Case) -> str | None:
    model = case.model
    if model is None or not model.convolutions:
        return None
    called = model.convolutions_called
    stopped = model.encode.error is not None and model.convolution_calls < 2
    if len(model.convolutions) > 1 and (called != 1 or stopped):
        return None
    times = f", called {model.convolution_calls} times" if model.convolution_calls > 1 else ""
    return f"{len(model.convolutions)} convolutions, of which `encode` uses {called}{times}"


@cause(
    "model.in-channels",
    title="A layer's input width is not what the layer before it gives",
    why="The embedding gives vectors of embedding_dim numbers: that is what the first convolution "
    "takes. With other widths matrices do not fit, or they fit only while the sizes are equal.",
    question="How long is a vector that enters the first convolution, and how long one that "
    "leaves?",
    hints=(
        "Write the shape beside each line of `encode`.",
        "Build the model once with four different sizes: 5, 6, 7 and 8.",
        "What one layer gives out is what the next one takes in, from the embedding on.",
    ),
    at=("SAGEConv", "encode"),
)
def in_channels(case: Case) -> str | None:
    model = case.model
    if model is None or not model.convolutions:
        return None
    _, dim, hidden, out = model.sizes
    layers = [(c.in_channels, c.out_channels) for c in model.convolutions]
    width = model.embeddings[0].shape[1] if len(model.embeddings) == 1 else dim
    sizes = f"with embedding_dim={dim}, hidden_channels={hidden}, out_channels={out}"
    if layers[0][0] not in (width, dim, None):
        return f"{sizes}: {widths(model)}; the embedding gives {width}"
    between = (layers[0][1], layers[-1][0])
    if len(layers) != 2 or None in between or between[0] == between[1]:
        return None
    fit = f"the first gives {between[0]} numbers, the second takes {between[1]}"
    return f"{sizes}: {widths(model)}; {fit}"


@check(
    "step4.layers",
    points=3,
    causes=(no_super, no_self, layers_in_list, one_layer, in_channels),
)
def test_convolutions(model: ModelClass) -> None:
    """Two SAGEConv layers lead from embedding_dim over hidden_channels to out_channels"""
    _, dim, hidden, out = model.sizes
    expect(
        widths_fit(model),
        ran=f"the convolutions of a model with embedding_dim={dim}, hidden_channels={hidden}, "
        f"out_channels={out}",
        expected=f"SAGEConv({dim}, {hidden}) and SAGEConv({hidden}, {out})",
        got=widths(model),
        why="What one layer gives out is what the next takes in; two layers reach two hops.",
        next="Write both in `__init__`, with the sizes from its arguments."
        if all(c.sage for c in model.convolutions)
        else "The exercise asks for layers of the class `SAGEConv`.",
    )


# --- what the optimizer will find


@cause(
    "train.detached",
    title="The loss is cut off from the model's parameters",
    why="Gradients flow back along the operations that made the loss. `detach()`, `no_grad()`, or "
    "a new tensor made of the numbers, cuts that path: nothing is learned.",
    question="Which operation lies between the embeddings and the loss that keeps no `grad_fn`?",
    hints=(
        "Print `grad_fn` of z, of the scores and of the loss.",
        "Where does it become None?",
        "Leave out what cuts there; numbers for printing are taken after the step.",
    ),
    at=("detach", "no_grad", "tensor", "backward", "train"),
)
def detached(case: Case) -> str | None:
    error = case.error("does not require grad", step="step5") or case.error("does not require grad")
    if error is not None:
        return str(error)
    model = case.model
    if model is not None and model.cut_off:
        return "no gradient comes through `encode` to the embedding"
    if model is not None and model.decode_cut_off:
        return "no gradient comes through `decode`, from the scores to the embeddings `z`"
    epochs = [e for e in case.epochs if e.backwards and e.reached is not None]
    setup, training = case.setup, case.training
    if not epochs or setup is None or not setup.parameters or training is None:
        return None
    if not any(e.reached for e in epochs):
        return f"after `backward()` none of the model's {setup.parameters} tensors has a gradient"
    cut = [name for name in setup.embeddings if name in training.still]
    whole = setup.optimized == setup.parameters and all(e.steps for e in epochs)
    if not cut or not whole or any((e.reached or 0) >= setup.parameters for e in epochs):
        return None
    return f"after `backward()` `{cut[0]}` has no gradient, though the optimizer holds it"


@cause(
    "train.frozen-weights",
    title="Some parameters are frozen",
    why="What does not ask for gradients gets none: it keeps the random numbers that it was made "
    "with, and everything else has to learn around it.",
    question="Which parameters have `requires_grad` set to False?",
    hints=(
        "Print name and `requires_grad` of every parameter.",
        "Which line sets it?",
        "Freezing is for weights that were trained before: leave it out.",
    ),
    at=("requires_grad", "requires_grad_", "from_pretrained", "optimizer"),
)
def frozen_weights(case: Case) -> str | None:
    names = (case.model.frozen if case.model else []) or (case.setup.frozen if case.setup else [])
    return f"`requires_grad` is False for {', '.join(names)}" if names else None


@check(
    "step4.layers",
    points=1,
    causes=(no_self, layers_in_list, embedding_in_encode, frozen_weights, detached),
)
def test_registered(model: ModelClass) -> None:
    """All layers are registered, so that an optimizer finds them"""
    hidden = [f"{kind}, a local name of `__init__`" for kind in model.lost]
    hidden += [f"a layer in `self.{name}`" for name in model.unregistered]
    expect(
        model.parameters and not hidden,
        ran="`model.named_parameters()`",
        expected="the weights of every layer",
        got=f"{len(model.parameters)} tensors; not among them: {', '.join(hidden) or 'any layer'}",
        why="`model.parameters()` looks at the attributes of the model that are layers; what it "
        "does not find never trains.",
        next="Set each layer as an attribute of its own, `self.conv1 = ...`, or use "
        "`nn.ModuleList`.",
    )
    expect(
        not model.cut_off,
        ran="the gradient of what `encode` gives, for the embedding",
        expected="a gradient for every number of it",
        got="none reaches it",
        why="What gets no gradient never learns: every node keeps its random embedding.",
        next="Look for `detach`, `no_grad`, `.data` or a frozen weight in `encode`.",
    )
