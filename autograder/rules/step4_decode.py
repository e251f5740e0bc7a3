"""Step 4, `decode`: one score for each pair, the dot product, and a gradient that comes through.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

import numpy as np

from autograder.evidence.schema import ModelClass
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.observed import decoding
from autograder.rules.recomputed import close, products
from autograder.rules.step4_encode import nested_methods
from autograder.rules.step4_layers import detached
from autograder.rules.teaching import expect, need


def decoded_and_products(case: Case) -> tuple[np.ndarray, np.ndarray] | None:
    """What decode gave, and the products [P, D] of the embeddings."""
    model = case.model
    if model is None or model.decode.output is None or not model.z or not model.pairs:
        return None
    return model.decode.output.numpy(), products(model)


# --- one score for each pair


@cause(
    "decode.index-rows",
    title="Pairs are picked as rows, but they are columns",
    why="`edge_label_index` is [2, P]: row 0 holds all sources, row 1 all targets. `[:, 0]` is "
    "the first pair only, so that there are two scores whatever was asked.",
    question="What is the shape of `edge_label_index[:, 0]`, and what of `edge_label_index[0]`?",
    hints=(
        "Ask for three pairs and count the scores.",
        "Which dimension of the tensor counts the pairs?",
        "Index the first dimension to get all sources, or all targets.",
    ),
    at=("decode",),
)
def index_rows(case: Case) -> str | None:
    found = decoded_and_products(case)
    if found is None or found[0].shape[:1] != (2,) or found[1].shape[0] == 2:
        return None
    return f"asked for {len(found[1])} pairs, `decode` gave 2 scores"


@cause(
    "decode.all-pairs",
    title="Every node is scored with every node",
    why="`z @ z.T` has one score for each pair of nodes: on the real data 19,524 times 19,524, "
    "1.5 GB. Only the pairs that are asked for are needed.",
    question="How many scores does your `decode` compute, and how many were asked for?",
    hints=(
        "Print the shape of what `decode` returns.",
        "The embeddings of the sources are one matrix, those of the targets another.",
        "Pick the rows first, then multiply number by number and sum each row.",
    ),
    at=("decode",),
)
def all_pairs(case: Case) -> str | None:
    model, found = case.model, decoded_and_products(case)
    if model is None or found is None:
        return None
    shape, count = found[0].shape, len(found[1])
    if shape not in {(model.sizes[0],) * 2, (count, count)}:
        return None
    return (
        f"asked for {count} pairs, `decode` gave {shape[0]} x {shape[1]} = {found[0].size} scores"
    )


@cause(
    "decode.sum-dim",
    title="The products are not summed over the channels",
    why="Each pair needs the sum over its own channels. Summed over the pairs, or over "
    "everything, scores of different pairs are mixed; with keepdim the shape is [P, 1], which "
    "does not fit labels of shape [P].",
    question="What is the shape before the sum, and which of its dimensions should be gone after "
    "it?",
    hints=(
        "Print the shape of the product and of the score.",
        "There is one score for each pair: which dimension counts the pairs, which the channels?",
        "Sum over the last dimension, and let it disappear.",
    ),
    at=("decode",),
)
def sum_dim(case: Case) -> str | None:
    found = decoded_and_products(case)
    if found is None:
        return None
    decoded, product = found
    count, channels = product.shape
    wrong = {(channels,), (), (1,), (count, 1), (1, count), (count, channels), (1, channels)}
    if decoded.shape not in wrong:
        return None
    return f"asked for {count} pairs with {channels} channels, got the shape {list(decoded.shape)}"


@check("step4.decode", points=2, causes=(nested_methods, index_rows, all_pairs, sum_dim))
def test_decode_shape(model: ModelClass) -> None:
    """decode gives one score for every pair"""
    decoded = decoding(model)
    n = model.pairs.shape[1] if model.pairs else 0
    expect(
        decoded.shape == (n,),
        ran=f"`decode(z, edge_label_index)` on {n} pairs",
        expected=f"{n} scores, shape [{n}]",
        got=f"shape {list(decoded.shape)}",
        why="Every pair needs a score of its own.",
        next="`edge_label_index[0]` holds the sources of all pairs: which axis do you index, "
        "and which do you sum over?",
    )


# --- the dot product


def squashes(model: ModelClass | None) -> bool:
    """Whether `decode` applies a sigmoid to the dot product."""
    if model is None or model.decode.output is None or not model.z or not model.pairs:
        return False
    return is_squashed(products(model).sum(axis=1), model.decode.output.numpy())


def is_squashed(dots: np.ndarray, decoded: np.ndarray) -> bool:
    """Whether scores are the sigmoid of the dot products."""
    return close(1 / (1 + np.exp(-dots)), decoded)


@cause(
    "decode.sigmoid",
    title="`decode` applies the sigmoid, and the loss applies it again",
    why="BCEWithLogitsLoss takes raw scores and applies the sigmoid itself. Applied twice, the "
    "probability of every pair stays between 0.5 and 0.73, and the loss cannot fall far.",
    question="Which numbers can come out of your `decode`? What does the loss do with them first?",
    hints=(
        "Print the smallest and the largest score.",
        "Read in PyTorch's documentation what `BCEWithLogitsLoss` combines.",
        "Return the raw dot product.",
    ),
    at=("decode", "sigmoid"),
)
def sigmoid(case: Case) -> str | None:
    found = decoded_and_products(case)
    if found is None:
        return None
    decoded, product = found
    dots = product.sum(axis=1)
    if not is_squashed(dots, decoded):
        return None
    return (
        f"dot products from {dots.min():.2f} to {dots.max():.2f} came out as "
        f"{decoded.min():.2f} to {decoded.max():.2f}"
    )


@cause(
    "decode.one-end",
    title="Both embeddings of a pair are those of one node",
    why="A score that looks at one end of a pair only is the same for every artist that a user "
    "could be asked about: nothing can be recommended by it.",
    question="Which rows of `z` do your two factors come from, for the first pair?",
    hints=(
        "Print the indices that pick the first factor, and those that pick the second.",
        "`edge_label_index` has two rows: one for each end.",
        "Take row 0 for one factor and row 1 for the other.",
    ),
    at=("decode",),
)
def one_end(case: Case) -> str | None:
    found, model = decoded_and_products(case), case.model
    if found is None or model is None or not model.z or not model.pairs:
        return None
    z, pairs, decoded = model.z.numpy(), model.pairs.numpy(), found[0]
    if close(found[1].sum(axis=1), decoded):
        return None
    for end in (0, 1):
        if close((z[pairs[end]] ** 2).sum(axis=1), decoded):
            return f"each score is the dot product of row {end}'s node with itself"
    return None


@cause(
    "decode.not-dot",
    title="The score is not the dot product of the two embeddings",
    why="The assignment scores a pair by the dot product. A cosine, a distance or a layer of its "
    "own runs too, but it is another model: a distance even gets smaller where it should grow.",
    question="Take two short vectors. What does your `decode` give, and what is their dot product?",
    hints=(
        "Compute one score by hand and compare.",
        "The dot product multiplies channel by channel and adds up. Nothing else.",
        "Take out what divides, subtracts, joins or learns.",
    ),
    at=("decode",),
)
def not_dot(case: Case) -> str | None:
    found = decoded_and_products(case)
    if found is None:
        return None
    decoded, product = found
    dots = product.sum(axis=1)
    if decoded.shape != dots.shape or close(dots, decoded) or is_squashed(dots, decoded):
        return None
    shown = [", ".join(f"{v:.3f}" for v in values[:3]) for values in (dots, decoded)]
    return f"the first dot products are {shown[0]}, `decode` gave {shown[1]}"


@check("step4.decode", points=2, causes=(sigmoid, one_end, not_dot))
def test_dot_product(model: ModelClass, decoded: np.ndarray) -> None:
    """The score of a pair is the dot product of its two embeddings"""
    dots = products(model).sum(axis=1)
    need(decoded.shape == dots.shape, "one score for every pair", "step4.decode.decode_shape")
    expect(
        close(dots, decoded),
        ran="`decode(z, edge_label_index)` beside the dot products of `z`",
        expected=", ".join(f"{v:.3f}" for v in dots[:3]) + ", ...",
        got=", ".join(f"{v:.3f}" for v in decoded[:3]) + ", ...",
        why="BCEWithLogitsLoss applies the sigmoid itself; twice is once too often."
        if is_squashed(dots, decoded)
        else "Training pulls the embeddings of a user and a fitting artist into one direction.",
        next="Multiply the two embeddings number by number and sum over the channels.",
    )


# --- the gradient


@check("step4.decode", points=1, causes=(detached,))
def test_gradient(model: ModelClass, decoded: np.ndarray) -> None:
    """A gradient comes through decode to the embeddings"""
    right = decoded.shape == (model.pairs.shape[1] if model.pairs else 0,)
    need(right, "one score for every pair", "step4.decode.decode_shape")
    expect(
        not model.decode_cut_off,
        ran="the gradient of the scores that `decode` gives, for the embeddings `z`",
        expected="a gradient for the embeddings of every pair",
        got="none comes through",
        why="The loss is made of these scores: without a gradient through them no weight learns.",
        next="Compute with tensors throughout: no `detach`, `.item()`, `.tolist()`, `.data`, NumPy "
        "or `torch.tensor(...)` on the way from `z` to the scores.",
    )
