"""Misconceptions of step 4, second part: what `encode` and `decode` compute.

`autograder.rules.causes` runs them over the evidence of the model class, and of training.
"""

from __future__ import annotations

import numpy as np

from autograder.rules.cause import Case, cause
from autograder.rules.facts_of_case import built, epochs, training
from autograder.rules.recomputed import close, products
from autograder.rules.training import messages


def _decoded(case: Case) -> tuple[np.ndarray, np.ndarray] | None:
    """What decode gave, and the products [P, D] of the embeddings."""
    model = built(case)
    if model is None or model.decode.output is None or not model.z or not model.pairs:
        return None
    return model.decode.output.numpy(), products(model)


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
    hides=("decode.*",),
)
def index_rows(case: Case) -> str | None:
    found = _decoded(case)
    if found is None or found[0].shape[:1] != (2,) or found[1].shape[0] == 2:
        return None
    return f"asked for {len(found[1])} pairs, `decode` gave 2 scores"


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
        "One score a pair: which dimension counts the pairs, which the channels?",
        "Sum over the last dimension, and let it disappear.",
    ),
    at=("decode",),
)
def sum_dim(case: Case) -> str | None:
    found = _decoded(case)
    if found is None:
        return None
    decoded, product = found
    count, channels = product.shape
    wrong = {(channels,), (), (1,), (count, 1), (1, count), (count, channels), (1, channels)}
    if decoded.shape not in wrong:
        return None
    return f"asked for {count} pairs with {channels} channels, got the shape {list(decoded.shape)}"


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
    hides=("decode.*",),
)
def all_pairs(case: Case) -> str | None:
    model, found = built(case), _decoded(case)
    if model is None or found is None:
        return None
    shape, count = found[0].shape, len(found[1])
    if shape not in {(model.sizes[0],) * 2, (count, count)}:
        return None
    return (
        f"asked for {count} pairs, `decode` gave {shape[0]} x {shape[1]} = {found[0].size} scores"
    )


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
    found = _decoded(case)
    if found is None:
        return None
    decoded, product = found
    dots = product.sum(axis=1)
    if not close(1 / (1 + np.exp(-dots)), decoded):
        return None
    return (
        f"dot products from {dots.min():.2f} to {dots.max():.2f} came out as "
        f"{decoded.min():.2f} to {decoded.max():.2f}"
    )


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
    found = _decoded(case)
    if found is None:
        return None
    decoded, product = found
    dots = product.sum(axis=1)
    if decoded.shape != dots.shape or close(dots, decoded):
        return None
    if close(1 / (1 + np.exp(-dots)), decoded):
        return None
    shown = [", ".join(f"{v:.3f}" for v in values[:3]) for values in (dots, decoded)]
    return f"the first dot products are {shown[0]}, `decode` gave {shown[1]}"


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
    hides=("train.full-graph", "test.full-graph-leak", "test.label-edges-leak"),
)
def label_edges(case: Case) -> str | None:
    model = built(case)
    if model is not None and model.forward_edges and model.pairs and model.edge_index:
        handed = model.forward_edges.numpy()
        if np.array_equal(handed, model.pairs.numpy()):
            return "`forward` handed its third argument, the pairs to score, to `encode`"
    found = training(case)
    used = messages(found) if found and epochs(case) else None
    if used is None or (used.extra == 0 and used.share > 0.9):
        return None
    if used.supervision or (used.extra and used.extra == used.asked):
        return (
            f"in training `encode` got {used.extra:,} scored pairs that are no message-passing "
            f"edges, and {used.share:.0%} of the {used.allowed:,} that are"
        )
    return None


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
    hides=("model.no-relu", "model.relu-after-last", "model.one-layer"),
)
def ignores_graph(case: Case) -> str | None:
    model = built(case)
    if model is None or model.encode.output is None or model.encode_without_edges.output is None:
        return None
    with_edges, without = model.encode.output.numpy(), model.encode_without_edges.output.numpy()
    if not close(with_edges, without) or model.embeddings_made:
        return None
    return f"`encode` on 60 edges and on none: the same {with_edges.size} numbers"
