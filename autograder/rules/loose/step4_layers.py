"""Misconceptions of step 4, first part: the class and its layers.

`autograder.rules.causes` runs them over the evidence of the model class.
"""

from __future__ import annotations

from autograder.contract import METHODS, MODEL_CLASS
from autograder.rules.cause import Case, cause
from autograder.rules.facts_of_case import built, forwards, model_class, setup

NAMES = (MODEL_CLASS, *METHODS)


@cause(
    "model.names",
    title="The class or its methods are called by other names",
    why="Training and evaluation call `model.encode(...)` and `model.decode(...)`, as the "
    "assignment names them. A method of another name is an AttributeError there.",
    question="Which names does the assignment give to the class and to its two methods?",
    hints=(
        "Compare your names with those of the assignment, letter by letter.",
        "The class is one, the method that computes embeddings and the one that scores are two "
        "more.",
        "Rename them where they are defined, and wherever you call them.",
    ),
    at=("GNNLinkPredictor", "encoder", "decoder", "forward"),
)
def names(case: Case) -> str | None:
    model = model_class(case)
    if model is None or not model.methods or not model.is_module:
        return None
    missing = [name for name in NAMES if name not in model.methods]
    if not missing or (model.built.error and model.built.error.blank):
        return None
    return f"there is no {' and no '.join(missing)}; found: {', '.join(model.methods)}"


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
    hides=("model.*",),
)
def no_super(case: Case) -> str | None:
    model = model_class(case)
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
    hides=("train.partial-optimizer",),
)
def layers_in_list(case: Case) -> str | None:
    model = built(case)
    if model is None or not model.unregistered:
        return None
    hidden = ", ".join(f"`self.{name}`" for name in dict.fromkeys(model.unregistered))
    return (
        f"{len(model.unregistered)} layers are in {hidden}; `model.parameters()` gives "
        f"{len(model.parameters)} tensors: {', '.join(model.parameters) or 'none'}"
    )


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
    model = built(case)
    if model is not None and len(model.embeddings) == 1:
        found, wanted = list(model.embeddings[0].shape), model.sizes[:2]
        if found != wanted:
            return f"with num_nodes={wanted[0]} and embedding_dim={wanted[1]} it is {found}"
    made = setup(case)
    if made and made.num_nodes > 0 and any(rows != made.num_nodes for rows in made.model_rows):
        return f"the model has {made.model_rows} rows, the graph {made.num_nodes:,} nodes"
    return None


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
    hides=(
        "model.embedding-size",
        "model.no-relu",
        "train.partial-optimizer",
        "train.stale-optimizer",
    ),
)
def embedding_in_encode(case: Case) -> str | None:
    model = built(case)
    if model is None or not model.embeddings_made:
        return None
    differ = "two calls differ" if model.same_twice is False else "the optimizer never saw it"
    return f"a second call of `encode` made {model.embeddings_made} nn.Embedding more; {differ}"


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
    model = built(case)
    if model is None or not model.convolutions:
        return None
    _, dim, hidden, out = model.sizes
    layers = [(c.in_channels, c.out_channels) for c in model.convolutions]
    width = model.embeddings[0].shape[1] if len(model.embeddings) == 1 else dim
    shown = ", ".join(
        f"{c.kind}({a}, {b})" for c, (a, b) in zip(model.convolutions, layers, strict=True)
    )
    said = f"with embedding_dim={dim}, hidden_channels={hidden}, out_channels={out}: {shown}"
    if layers[0][0] not in (width, dim, None):
        return f"{said}; the embedding gives {width}"
    widths = (layers[0][1], layers[-1][0])
    unlike = len(layers) == 2 and None not in widths and widths[0] != widths[1]
    error = model.encode.error
    return f"{said}; {error.message}" if unlike and error is not None else None


@cause(
    "model.no-relu",
    title="There is no ReLU between the two layers",
    why="Two linear layers in a row are one linear layer. The ReLU between them is what lets the "
    "model learn more than that. (Its result has to be used: `F.relu(h)` alone changes nothing.)",
    question="What happens to a negative number between your two convolutions?",
    hints=(
        "Print the smallest value that enters the second layer.",
        "Where does the result of the activation go?",
        "Apply ReLU to what the first layer gives, and hand that result to the second.",
    ),
    at=("encode",),
)
def no_relu(case: Case) -> str | None:
    model = built(case)
    found = forwards(model) if model else {}
    if found.get("relu, none last") or not (
        found.get("none, none last") or found.get("none, relu last")
    ):
        return None
    return "with your own weights, two layers without ReLU give the very numbers of `encode`"


@cause(
    "model.relu-after-last",
    title="There is a ReLU after the last layer",
    why="It cuts off the negative half of every embedding. No dot product can then be negative, "
    "so that the model cannot say no: a score of 0 means a probability of one half.",
    question="What is the smallest score that `decode` can give on these embeddings?",
    hints=(
        "Print the smallest value of `z`.",
        "How many ReLUs does the assignment ask for, and where?",
        "Return what the second layer gives, as it is.",
    ),
    at=("encode",),
)
def relu_after_last(case: Case) -> str | None:
    model = built(case)
    found = forwards(model) if model else {}
    right = found.get("relu, none last") or found.get("none, none last")
    if right or not (found.get("relu, relu last") or found.get("none, relu last")):
        return None
    z = model.encode.output.numpy()  # type: ignore[union-attr]
    return f"of {z.size} numbers that `encode` gives none is below 0, {(z == 0).sum()} are 0"


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
    model = built(case)
    if model is None or not model.convolutions:
        return None
    called = model.convolutions_called
    stopped = model.encode.error is not None and model.convolution_calls < 2
    if len(model.convolutions) > 1 and (called != 1 or stopped):
        return None
    times = f", called {model.convolution_calls} times" if model.convolution_calls > 1 else ""
    return f"{len(model.convolutions)} convolutions, of which `encode` uses {called}{times}"
