"""Step 5, before the training: model, optimizer and loss fit together.

A check and its causes stand together; of a check's causes the first that has a proof names it.
"""

from __future__ import annotations

from autograder.evidence.schema import CellError, Epoch, Setup
from autograder.rules import check
from autograder.rules.cause import Case, cause
from autograder.rules.step4_decode import squashes
from autograder.rules.step4_layers import embedding_in_encode, embedding_size, rows_differ
from autograder.rules.teaching import count, expect, need, raised

LOGITS = ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
RATE, WIDTH = 0.01, 32  # what the exercise of our own notebook asks for


@check("step5.setup", points=1, causes=(embedding_in_encode, embedding_size))
def test_model(setup: Setup, free_form: bool) -> None:
    """The model has an embedding for every node of the graph"""
    expect(
        setup.model_rows and not rows_differ(setup),
        ran="the rows of the model's embedding",
        expected=f"{setup.num_nodes:,}, the nodes of train_data",
        got=", ".join(f"{rows:,}" for rows in setup.model_rows) or "no nn.Embedding",
        why="Too few rows end in an IndexError, too many hide a wrong mapping.",
        next="Give the class `num_nodes` as its first argument.",
    )
    expect(
        free_form or set(setup.widths) <= {WIDTH},
        ran="the numbers in each row of the model's embedding",
        expected=f"{WIDTH}, as the exercise asks: embedding_dim={WIDTH}",
        got=", ".join(str(width) for width in setup.widths),
        why="AUCs of models of different sizes cannot be compared.",
        next=f"Make the model with `embedding_dim={WIDTH}, hidden_channels={WIDTH}, "
        f"out_channels={WIDTH}`.",
    )


# --- the optimizer


@cause(
    "train.stale-optimizer",
    title="The optimizer holds the parameters of another model",
    why="An optimizer moves the tensors that it was made with. A model that is made anew has new "
    "tensors, which this optimizer does not know.",
    question="Which model existed when the optimizer was made? Which one computes the loss?",
    hints=(
        "Look for every place where a model is made, and in which order the cells run.",
        "Compare the first tensor of the optimizer with the first parameter of the model: `is`.",
        "Make the model once, then its optimizer; a new model needs a new optimizer.",
    ),
    at=("optimizer", "Adam", "GNNLinkPredictor"),
)
def stale_optimizer(case: Case) -> str | None:
    made = case.setup
    if made is None or not made.parameters or not made.foreign or made.optimized:
        return None
    return (
        f"the optimizer holds {made.foreign} tensors, not one of them among the "
        f"{made.parameters} of the model that is trained"
    )


@cause(
    "train.partial-optimizer",
    title="The optimizer holds only some of the model's parameters",
    why="What it does not hold keeps its first random numbers: the rest has to learn around it.",
    question="Which parameters does the model have, and which does the optimizer hold?",
    hints=(
        "Count both: `list(model.parameters())` and the optimizer's groups.",
        "What exactly stands in the brackets of the optimizer?",
        "Hand it the parameters of the whole model.",
    ),
    at=("optimizer", "Adam"),
)
def partial_optimizer(case: Case) -> str | None:
    made = case.setup
    if made is None or not 0 < made.optimized < made.parameters:
        return None
    found = case.training
    still = f"; unmoved: {', '.join(found.still)}" if found and found.still else ""
    return f"it holds {made.optimized} of {made.parameters} tensors{still}"


@check("step5.setup", points=1, causes=(embedding_in_encode, stale_optimizer, partial_optimizer))
def test_optimizer(setup: Setup, free_form: bool) -> None:
    """An Adam optimizer holds every parameter of the model"""
    _came_through(setup.stale)
    whole = setup.optimized == setup.parameters > 0 and not setup.foreign
    expect(
        whole and setup.optimizer_kind.startswith("Adam"),
        ran="`optimizer`, beside `model.parameters()`",
        expected=f"Adam with all {setup.parameters} tensors of the model",
        got=f"{setup.optimizer_kind or 'no optimizer'} with {setup.optimized} of them"
        + (f" and {count(setup.foreign, 'tensor')} of another model" if setup.foreign else ""),
        why="The learning rate of the exercise is meant for Adam."
        if whole
        else "A tensor that the optimizer does not hold never changes.",
        next="The exercise asks for `torch.optim.Adam`."
        if whole
        else "Make the model first, then `torch.optim.Adam(model.parameters(), ...)`; "
        "a new model needs a new optimizer.",
    )
    rate = setup.learning_rate
    expect(
        free_form or rate is None or abs(rate - RATE) < 1e-9,
        ran="the learning rate of `optimizer`",
        expected=f"{RATE}, as the exercise asks",
        got=f"{rate:g}",
        why="Adam moves each weight by up to this much in one step: far more makes the model "
        "collapse, less (0.001, where no rate is given) needs more than 100 epochs.",
        next=f"`torch.optim.Adam(model.parameters(), lr={RATE})`.",
    )


def _came_through(error: CellError | None) -> None:
    """Raise where the cell that makes model, optimizer and loss raised."""
    if error is not None:
        raise raised("the cell that makes `model`, `optimizer` and `loss_fn`", error)


# --- the loss


def shown(value: float | None) -> str:
    """A number that the loss was given."""
    return "?" if value is None else f"{value:.2f}"


def takes_labels_for_scores(epoch: Epoch) -> bool:
    """Whether the first argument of the loss was the labels: nothing but zeros and ones."""
    ends = (epoch.given_low, epoch.given_high)
    return epoch.loss_kind in LOGITS and ends == (0.0, 1.0) and not epoch.squashed


def is_squashed(epoch: Epoch) -> bool:
    """Whether a loss on logits was given probabilities."""
    return epoch.squashed and epoch.loss_kind in LOGITS


@cause(
    "train.sigmoid-before-loss",
    title="A sigmoid is applied before a loss that applies it again",
    why="BCEWithLogitsLoss takes raw scores. Of probabilities it takes the sigmoid once more: they "
    "end between 0.5 and 0.73, the loss cannot fall far, and the gradients are small.",
    question="Which numbers does your loss get, and what does it do with them first?",
    hints=(
        "Print the smallest and the largest score that the loss gets.",
        "Read in PyTorch's documentation what `BCEWithLogitsLoss` combines.",
        "Hand over what `decode` returns, as it is.",
    ),
    at=("sigmoid", "loss_fn", "train"),
)
def sigmoid_before_loss(case: Case) -> str | None:
    epochs = [e for e in case.epochs if is_squashed(e)]
    if not epochs or squashes(case.model):
        return None
    low, high = shown(epochs[0].given_low), shown(epochs[0].given_high)
    return f"`{epochs[0].loss_kind}` was given {low} to {high}: probabilities, not raw scores"


@cause(
    "train.loss-arguments",
    title="The loss gets the labels first and the scores second",
    why="It takes what the model says first, then the truth. The other way round it measures "
    "how well the labels, taken for scores, predict the scores.",
    question="Which of the two arguments does PyTorch's documentation call `input`?",
    hints=(
        "Look up the signature of the loss.",
        "Which of your two tensors holds only zeros and ones?",
        "Scores first, labels second.",
    ),
    at=("loss_fn", "train"),
)
def loss_arguments(case: Case) -> str | None:
    if not any(takes_labels_for_scores(e) for e in case.epochs):
        return None
    return "the first argument of the loss holds zeros and ones only: these are the labels"


@cause(
    "train.loss-function",
    title="The loss is not binary cross-entropy on logits",
    why="A score is any real number. BCEWithLogitsLoss turns it into a probability and charges "
    "for being surely wrong. MSE wants the dot product to be 0 or 1, BCELoss wants a probability, "
    "and cross-entropy compares the pairs with each other.",
    question="Which numbers may your loss function be given? Which does `decode` give?",
    hints=(
        "Look up the input that your loss expects.",
        "It is a yes-or-no question for every pair, asked with raw scores.",
        "Take the loss that the assignment names.",
    ),
    at=("loss_fn", "loss"),
)
def loss_function(case: Case) -> str | None:
    error = case.error("all elements of input should be between 0 and 1")
    if error is not None:
        return f"BCELoss was given raw scores; {error}"
    for epoch in case.epochs:
        if epoch.loss_kind and epoch.loss_kind not in LOGITS:
            low, high = shown(epoch.given_low), shown(epoch.given_high)
            return f"`{epoch.loss_kind}` was given scores from {low} to {high}"
    setup = case.setup
    if setup is not None and setup.loss_kind and setup.loss_kind not in LOGITS:
        return f"`loss_fn` is {setup.loss_kind}"
    return None


@check("step5.setup", points=1, causes=(loss_arguments, sigmoid_before_loss, loss_function))
def test_loss_function(setup: Setup, case: Case) -> None:
    """The loss is binary cross-entropy on logits"""
    _came_through(setup.stale)
    epochs = case.training.epochs if case.training else []
    used = {e.loss_kind for e in epochs} - {""}
    stuck = case.training is not None and case.training.call.error is not None
    see = "step5.train.returns_loss"
    need(setup.loss_kind or not stuck, "`loss_fn`, or a `train` that runs", see)
    expect(
        used <= set(LOGITS) and (used or setup.loss_kind in LOGITS),
        ran="`loss_fn`, and the loss that `train` calls",
        expected="BCEWithLogitsLoss",
        got=", ".join(sorted({setup.loss_kind, *used} - {""})) or "none",
        why="A dot product is any real number; the loss must turn it into a probability itself.",
        next="`nn.BCEWithLogitsLoss()`: with brackets, as they make the loss from its class."
        if setup.loss_kind.endswith("not called")
        else "`torch.nn.BCEWithLogitsLoss()`, without a sigmoid before it.",
    )
    squashed = [e for e in epochs if is_squashed(e)]
    raw = not squashed or not squashes(case.model)
    need(raw, "raw scores from `decode`", "step4.decode.dot_product")
    expect(
        not squashed,
        ran="the scores that the loss gets, in two epochs",
        expected="raw scores, any real numbers",
        got=" and ".join(f"{shown(e.given_low)} to {shown(e.given_high)}" for e in squashed),
        why="BCEWithLogitsLoss applies the sigmoid itself; twice is once too often.",
        next="Leave out the sigmoid in `train`.",
    )
    expect(
        not any(takes_labels_for_scores(e) for e in epochs),
        ran="the first argument of the loss, in two epochs",
        expected="the scores",
        got="zeros and ones only: the labels",
        why="It takes what the model says first, then the truth.",
        next="`loss_fn(scores, labels)`.",
    )
