"""Rules for errors that come from steps 4 to 6: the model, the training step, the AUC.

`autograder.explain` tries them in order, after those of steps 1 to 3.
"""

from __future__ import annotations

import re

from autograder.explain.early import ARGUMENTS, DTYPE
from autograder.explain.paste import Paste
from autograder.explain.rules import Cause, Reading, Rule, rule
from autograder.explain.shapes import COUNT, LENGTHS, LOOKUP, PAIRS, SUM, WIDTH

NO_SUPER = Cause("model.no-super", "look at the first line of `__init__`")
LOSS = Cause("train.loss-function", "print `loss_fn`: does it take raw scores and labels 0 and 1?")
DETACHED = Cause(
    "train.detached", "print `.grad_fn` of z, of the scores and of the loss: where is it None?"
)
ITEM = Cause("train.detached", "is the loss a tensor, or was it made a plain number before?")
REUSED = Cause("train.graph-reused", "is `encode` called in each round, or once before the loop?")
KEPT = Cause("train.returns-tensor", "what does `train` return: a number, or a tensor?", ("plot",))
MANY = Cause("run.many", "print its shape")
SHAPES = Cause("run.shapes", "print the shapes of both")
NONE = Cause("run.none", "print `type(...)` of it")


def _method(found: re.Match[str], paste: Paste) -> Reading | None:
    kind, name = found.groups()
    says = f"an object of the class {kind} has no `{name}`."
    if re.fullmatch(r"(?:en|de)cod(?:e|er|ed|ing)|forward", name):
        return Reading(says, (Cause("model.names", f"how is it named in `class {kind}`?"),))
    if name in ("_modules", "_parameters", "_buffers", "_forward_hooks"):
        return Reading(says, (NO_SUPER,))
    look = f"is `self.{name}` set in `__init__`, spelled like this?"
    return Reading(says, (Cause("run.attribute", look),))


def _joined(found: re.Match[str], paste: Paste) -> Reading | None:
    """Tensors are joined along a dimension that they do not have."""
    source = paste.place.source if paste.place else ""
    if not re.search(r"\b(?:cat|concat|concatenate|[hvd]?stack|column_stack)\s*\(", source):
        return None
    if found.group(1) == "0":
        look = (
            "labels have one dimension, only 0: join them with dim=0; pairs are columns: join them "
            "with dim=1"
        )
        return Reading("vectors have one dimension.", (Cause("run.join-dimension", look),))
    says = "tensors are joined along a dimension that they do not have."
    return Reading(says, (Cause("run.join-dimension", "print the shape of each of them"),))


RULES = (
    Rule(r"Dimension out of range \(expected to be in range of \[-\d+, (\d+)\]", _joined),
    rule(
        r"cannot assign (?:modules?|parameters?) before Module.__init__|super\(\) argument 1 must|"
        r"super\(type, obj\)|has no attribute '_(?:modules|parameters|backward_hooks)'",
        "layers are set before torch has prepared the module for them.",
        NO_SUPER,
    ),
    Rule(
        r"'(?!NoneType|float|int|str|list|tuple|dict|bool|Tensor|DataFrame|Series|Graph|DiGraph|"
        r"Multi|numpy|module|function|method|builtin)(\w+)' object has no attribute '(\w+)'",
        _method,
    ),
    rule(
        r"__init__\(\) takes 1 positional argument",
        "the class takes no arguments: Python found no `__init__` of its own that does.",
        Cause(
            "run.arguments", "two underscores on each side of `init`? What is passed to `super`?"
        ),
    ),
    rule(
        r"empty parameter list",
        "the model has no parameters that the optimizer could change.",
        Cause("model.layers-in-list", "print `model`: which layers does it list?"),
        Cause("model.embedding-in-encode", "are layers made in `__init__`, or in `encode`?"),
    ),
    rule(
        r"'method' object is not iterable|params argument given to the optimizer|"
        r"'(?!NoneType|numpy)\w+' object is not iterable|"
        r"Module.\w+\(\) missing 1 required positional argument: 'self'",
        "a method was not called, or a class or model is passed where its parameters are meant.",
        Cause("run.arguments", "is it `model.parameters()`, with brackets, and of an object?"),
    ),
    rule(
        r"Graph\.(add_node|nodes|edges|number_of_nodes|add_nodes_from|add_edges_from)\(\) missing",
        "`{0}` was called on the class of graphs, and not on a graph.",
        Cause("run.arguments", "is it `G = nx.Graph()`, with brackets?"),
    ),
    rule(
        r"Graph\.add_edge\(\) missing",
        "`add_edge` takes the two ends of an edge as two arguments.",
        Cause(
            "run.arguments",
            "is it `G.add_edge(u, v)`, without a pair of brackets around the two ends? And is "
            "`G` a graph, `nx.Graph()` with brackets?",
        ),
    ),
    rule(
        r"missing \d+ required (?:positional|keyword-only) argument",
        "a call leaves out something that the `def` line asks for.",
        Cause("run.arguments", "compare the call with the `def` line; the object may be missing"),
    ),
    rule(
        r"expected m1 and m2 to have the same dtype|mat1 and mat2 must have the same dtype|"
        r"in range of \[-1, 0\], but got -2|mat1 dim 1 must match mat2 dim 0",
        "a layer gets something that is no table [nodes, channels] of decimal numbers.",
        LOOKUP,
        WIDTH,
    ),
    rule(
        r"in range of \[-1, 0\], but got [12]|1D tensors expected, but got 2D",
        "an operation along a dimension that this tensor does not have, or for vectors only.",
        SUM,
        Cause("run.lengths", "are vectors joined along dim=1? They have dim=0 only", ("cat",)),
    ),
    rule(
        r"between 0 and 1|input_val >= zero",
        "this loss takes probabilities, and a score outside of 0 to 1 (or NaN) came.",
        LOSS,
        Cause("run.nan", "print the loss of the epochs before: does it explode?"),
    ),
    rule(
        r"target dtype to be Long|target with class probabilities|multi-target not supported|"
        r"Expected input batch_size",
        "this is what a loss for several classes says; here there are two: an edge or none.",
        LOSS,
    ),
    rule(
        r"Float can't be cast to the desired output type Long|dtype Long but expected Float|"
        r"type (?:Float|torch.FloatTensor) but (?:found|got).*Long",
        "the loss got whole numbers as labels.",
        Cause("train.label-dtype", "print `edge_label.dtype`"),
    ),
    rule(
        r"does not require grad",
        "the loss does not depend on any weight any more: there is nothing to differentiate.",
        DETACHED,
    ),
    rule(
        r"'(?:float|int)' object has no attribute '(?:backward|grad)'",
        "the loss is a plain number, so torch no longer knows how it was computed.",
        ITEM,
    ),
    rule(
        r"backward through the graph a second time|modified by an inplace operation",
        "one forward pass is used for two backward passes; it is gone after the first.",
        REUSED,
        Cause("train.returns-tensor", "are losses added up, or kept, as tensors?", ("append",)),
    ),
    rule(
        r"one element tensors can be converted|multiply sequence by non-int|'size' \(position",
        "a count is expected, and something longer came.",
        MANY,
        Cause("train.negative-count", COUNT.look, ("negative_sampling", "num_neg_samples")),
    ),
    rule(
        r"only for scalar outputs|cannot be converted to Scalar|only size-1 arrays|only length-1",
        "one number is expected, and a whole tensor came.",
        MANY,
    ),
    rule(
        r"Boolean value of Tensor with more than one value",
        "a tensor stands where one yes or no is expected.",
        Cause(
            "run.arguments",
            "is the loss made first, `loss_fn = ...()`, and then called with scores and labels?",
            ("BCEWithLogitsLoss", "BCELoss"),
        ),
        MANY,
    ),
    rule(
        r"Sizes of tensors must match except in dimension|stack expects each tensor",
        "two tensors that are to be joined do not fit together.",
        SHAPES,
        Cause("data.transposed", "print both shapes: is each [2, number of pairs]?"),
    ),
    rule(
        r"expected Tensor as element", "one of the things to be joined is no tensor.", NONE, DTYPE
    ),
    rule(
        r"size of tensor a .* must match the size of tensor b",
        "two tensors of different shapes are combined number by number.",
        SHAPES,
        LENGTHS,
    ),
    rule(
        r"Can't call numpy\(\) on (?:Tensor|Variable) that requires grad|"
        r"__array__.* requires grad",
        "a tensor that still records gradients is to become an array.",
        Cause(
            "test.requires-grad", "does `test` say that it needs no gradients?", ("roc_auc_score",)
        ),
        KEPT,
    ),
    rule(
        r"tensor with requires_grad=True to a scalar",
        "a tensor that still records gradients becomes a plain number.",
        KEPT,
        Cause("test.requires-grad", "does `test` say that it needs no gradients?"),
    ),
    rule(
        r"recommended to use sourceTensor",
        "`torch.tensor(...)` makes a copy that knows nothing of how its source was computed.",
        Cause("train.detached", "is a tensor wrapped in `torch.tensor(...)` before the loss?"),
    ),
    rule(
        r"continuous format is not supported|Unknown label type: \(?'?continuous",
        "decimal numbers stand where labels 0 and 1 are expected.",
        Cause("test.swapped-arguments", "which comes first in `roc_auc_score`: labels or scores?"),
    ),
    rule(
        r"Only one class|ROC AUC score is not defined",
        "all labels are the same, and an AUC compares two kinds.",
        Cause("test.one-class", "print `edge_label.unique(return_counts=True)`"),
    ),
    rule(
        r"contains (?:NaN|infinity)|contains NaN, infinity|loss (?:is|=|:)? *nan",
        "there is a number that is none.",
        Cause("run.nan", "in which epoch is the loss NaN for the first time?"),
        Cause("train.learning-rate", "print the learning rate and the loss of each epoch"),
        Cause("train.no-zero-grad", "are gradients cleared in each epoch?"),
    ),
    rule(
        r"multi_class must be in|multiclass format is not supported|should be a 1d array|"
        r"bad input shape",
        "the AUC wants one score and one label, 0 or 1, for each pair.",
        SUM,
        PAIRS,
        Cause("run.lengths", "which different values have the labels?"),
    ),
    rule(
        r"unhashable type|'numpy.int64' object is not iterable|has no len\(\)|"
        r"must be a 2-tuple",
        "NetworkX got something else than a node, or a pair of nodes.",
        ARGUMENTS,
    ),
    rule(
        r"(?:tuple|string|list) indices must be integers",
        "what the loop gives is no row that can be asked by the name of a column.",
        Cause("run.none", "print what the loop gives in its first round"),
    ),
)
