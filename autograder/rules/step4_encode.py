"""Step 4, `encode`: recomputed here with the student's own weights.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

import numpy as np

from autograder.contract import METHODS, MODEL_CLASS
from autograder.evidence.schema import ModelClass
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.observed import encoding
from autograder.rules.recomputed import Layer, close, rebuild
from autograder.rules.recomputed import forward as recomputed_forward
from autograder.rules.step4_layers import (
    embedding_in_encode,
    embedding_size,
    in_channels,
    no_self,
    one_layer,
)
from autograder.rules.teaching import Message, NotAttempted, expect, output
from autograder.rules.training import messages

NAMES = (MODEL_CLASS, *METHODS)


# --- names


@cause(
    "model.nested-methods",
    title="A method is indented into another one",
    why="Python reads a `def` that is indented under another `def` as a local function of that "
    "one. The class itself then has no such method.",
    question="In which column does `def __init__` begin, and in which column `def encode`?",
    hints=(
        "Print `dir(GNNLinkPredictor)`: is the method there?",
        "Compare the indentation of all lines that begin with `def`.",
        "Move the method to the left, until its `def` stands under that of `__init__`.",
    ),
    at=("GNNLinkPredictor", "__init__"),
)
def nested_methods(case: Case) -> str | None:
    model = case.model_class
    if model is None or not model.nested:
        return None
    shown = " and ".join(f"`{name}`" for name in model.nested)
    return f"{shown} is defined inside of another method, and the class has no such method"


def missing_names(model: ModelClass) -> list[str]:
    """Names of the contract that neither the class nor its methods have."""
    return [name for name in NAMES if name not in model.methods]


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
    wording=True,
)
def names(case: Case) -> str | None:
    model = case.model_class
    if model is None or not model.methods or not model.is_module or not missing_names(model):
        return None
    shown = " and no ".join(f"`{name}`" for name in missing_names(model))
    return f"there is no {shown}, but {', '.join(model.methods)}"


@check("step4.encode", points=1, causes=(nested_methods, names))
def test_method_names(model: ModelClass) -> None:
    """The class and its methods have the names that later steps call"""
    neither = not model.encode_name and not model.decode_name and not model.nested
    if neither and not {*METHODS} & set(model.methods):
        said = "the class has neither a method `encode` nor a method `decode`"
        look = "Write both, indented like `__init__`."
        raise NotAttempted(Message(got=said, next=look))
    if model.encode.error is not None and model.encode.error.blank:
        output(model.encode, "`encode`")
    expect(
        not missing_names(model),
        ran="the name of the class and of its methods",
        expected=", ".join(NAMES),
        got=", ".join(model.methods)
        + (f"; {', '.join(model.nested)} inside of another method" if model.nested else ""),
        why="`model.encode(...)` is an AttributeError where the class has no such method.",
        next="Look at the indentation: each `def` stands under that of `__init__`."
        if model.nested
        else f"Call what you have written by the name of the exercise: "
        f"{' and '.join(f'`{name}`' for name in missing_names(model))}.",
    )


# --- what comes out


@cause(
    "encode.other-edges",
    title="`encode` passes messages along other edges than those it was given",
    why="A method that reads a variable from outside gives the same answer whatever it is asked: "
    "training, validation and test then share one graph, and no check of leakage holds.",
    question="Where does the `edge_index` come from that your layers get?",
    hints=(
        "Call `encode` with a small `edge_index` and print what the first layer gets.",
        "Which names in `encode` are neither its arguments nor begin with `self.`?",
        "Use the argument `edge_index`, and no variable of the notebook.",
    ),
    at=("encode", "train_data"),
)
def other_edges(case: Case) -> str | None:
    model = case.model
    if model is None or model.passed is None or model.edge_index is None:
        return None
    values = model.passed.values
    ends = values.numpy() if values is not None and values.shape[:1] == [2] else None
    if ends is not None and (ends[0] == ends[1]).all():
        return None  # every node to itself: these are no edges at all
    passed, handed = model.passed.shape[1:], model.edge_index.shape[1]
    return f"`encode` was given {handed} edges, and its layers got {passed[0]:,} others"


@check(
    "step4.encode",
    points=2,
    causes=(
        nested_methods,
        no_self,
        other_edges,
        embedding_in_encode,
        embedding_size,
        one_layer,
        in_channels,
    ),
)
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


FORMULAS = {  # a ReLU between the layers, one after the last -> in words
    (True, False): "embedding, convolution, ReLU, convolution",
    (False, False): "a model without the ReLU",
    (False, True): "a model with the ReLU after the last layer only",
    (True, True): "a model with a ReLU after the last layer too",
}


NEXT = {  # what to do where `encode` gives these numbers
    (True, False): "",
    (False, False): "Apply a ReLU to the result of the first layer, and go on with what it gives.",
    (False, True): "Move the ReLU: it belongs between the two layers.",
    (True, True): "Leave out the second ReLU: return what the second layer gives.",
}


def formulas(model: ModelClass) -> list[tuple[bool, bool]]:
    """Those of `FORMULAS` that give the very numbers of `encode`, with the student's weights."""
    sages = [rebuild(c) for c in model.convolutions if c.sage]
    layers = [layer for layer in sages if layer is not None]
    if model.encode.output is None or len(model.embeddings) != 1 or len(layers) != 2:
        return []
    weight, z = model.embeddings[0].numpy(), model.encode.output.numpy()
    like = []
    for relu, last in FORMULAS:
        try:
            same = close(recomputed_forward(model, weight, layers, relu, last), z)
        except (IndexError, ValueError):  # layers that do not fit
            same = False
        like += [(relu, last)] if same else []
    return like


@cause(
    "encode.ignores-graph",
    title="`encode` gives the same with and without edges",
    why="Without messages from neighbours a graph network is only an embedding: it knows nothing "
    "of who listens to whom beyond the pairs that it was trained on.",
    question="What changes in `z` when you hand over an empty `edge_index`?",
    hints=(
        "Call `encode` once with all edges, once with none.",
        "Follow `edge_index` through your method: does it arrive at both layers unchanged?",
        "Call the layers themselves, each with the vectors and with `edge_index`.",
    ),
    at=("encode",),
)
def ignores_graph(case: Case) -> str | None:
    model = case.model
    if model is None or model.embeddings_made or not is_same_without_edges(model):
        return None
    size = model.encode.output.numpy().size  # type: ignore[union-attr]
    return f"`encode` on 60 edges and on none: the same {size} numbers"


def is_same_without_edges(model: ModelClass) -> bool:
    """Whether `encode` gives the same numbers where it is given no edge."""
    if model.encode.output is None or model.encode_without_edges.output is None:
        return False
    return close(model.encode.output.numpy(), model.encode_without_edges.output.numpy())


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
    like = formulas(case.model) if case.model else []
    if (True, False) in like or not {(False, False), (False, True)} & set(like):
        return None
    return f"with your own weights, {FORMULAS[like[0]]} gives the very numbers of `encode`"


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
    like = formulas(case.model) if case.model else []
    if any((relu, False) in like for relu in (True, False)) or not like:
        return None
    z = case.model.encode.output.numpy()  # type: ignore[union-attr]
    return f"of {z.size} numbers that `encode` gives none is below 0, {(z == 0).sum()} are 0"


@check(
    "step4.encode",
    points=4,
    causes=(
        embedding_in_encode,
        other_edges,
        ignores_graph,
        one_layer,
        no_relu,
        relu_after_last,
    ),
)
def test_forward(
    model: ModelClass, encoded: np.ndarray, layers: tuple[np.ndarray, list[Layer]]
) -> None:
    """encode computes embedding, convolution, ReLU, convolution"""
    like = formulas(model)
    expect(
        (True, False) in like,
        ran="`encode(x, edge_index)`, and beside it the formula with your own weights",
        expected="the same numbers",
        got=f"the numbers of {FORMULAS[like[0]]}" if like else "other numbers",
        why="Without a ReLU between them two layers are one; after the last it cuts off half of "
        "every embedding."
        if like
        else "The exercise asks for a lookup, a layer, a ReLU and a layer, and for nothing else.",
        next=NEXT[like[0]]
        if like
        else "Go through `encode` line by line: is a layer left out or used twice, or is there a "
        "dropout, a sigmoid or a normalisation?",
    )


# --- the graph


def other_messages(model: ModelClass) -> bool:
    """Whether `forward(x, edge_index, edge_label_index)` encodes with other edges."""
    handed, due = model.forward_edges, model.edge_index
    return bool(handed and due) and not np.array_equal(handed.numpy(), due.numpy())  # type: ignore[union-attr]


@cause(
    "encode.label-edges",
    title="The encoder gets the pairs in question as its graph",
    why="Messages travel along the message-passing edges, `edge_index`. `edge_label_index` holds "
    "the pairs to be scored, negatives among them: along these the model passes messages that do "
    "not exist, and sees the answers.",
    question="Which edges does `encode` get when you train? Which of them are real listening?",
    hints=(
        "Print the shape of what you hand to `encode`, and of `train_data.edge_index`.",
        "There are two kinds of edges in a link-prediction data set. Which is for which method?",
        "Message-passing edges for encoding, label edges for decoding.",
    ),
    at=("encode", "forward"),
)
def label_edges(case: Case) -> str | None:
    model = case.model
    if model is not None and other_messages(model) and model.pairs:
        handed = model.forward_edges.numpy()  # type: ignore[union-attr]
        if np.array_equal(handed, model.pairs.numpy()):
            return "`forward` handed its third argument, the pairs to score, to `encode`"
    used = messages(case.training) if case.training and case.epochs else None
    if used is None or used.right:
        return None
    if used.supervision or (used.extra and used.extra == used.asked):
        return (
            f"in training `encode` got {used.extra:,} scored pairs that are no message-passing "
            f"edges, and {used.share:.0%} of the {used.allowed:,} that are"
        )
    return None


@check(
    "step4.encode",
    points=1,
    causes=(embedding_in_encode, other_edges, ignores_graph, label_edges),
)
def test_uses_graph(model: ModelClass, encoded: np.ndarray) -> None:
    """encode passes messages along edge_index"""
    output(model.encode_without_edges, "`encode(x, edge_index)` with no edge")
    expect(
        encoded.size and np.isfinite(encoded).all(),
        ran="the numbers that `encode` gives",
        expected="finite ones",
        got=f"{int((~np.isfinite(encoded)).sum())} of {encoded.size} are infinite or NaN",
        why="Every score of such an embedding is NaN too, and so is the loss.",
        next="Print the smallest and the largest number after each line of `encode`.",
    )
    expect(
        not is_same_without_edges(model),
        ran="`encode` once with 60 edges and once with none",
        expected="different embeddings",
        got="the same embeddings",
        why="A network that ignores the edges knows nothing about who listens to whom.",
        next="Hand `edge_index` to both convolutions.",
    )
    expect(
        not other_messages(model),
        ran="`forward(x, edge_index, edge_label_index)`, and what it handed to `encode`",
        expected="`edge_index`, the message-passing edges",
        got="other edges",
        why="The edges in question, and the negatives among them, are no messages.",
        next="Which of the two arguments is for `encode`, and which for `decode`?",
    )
