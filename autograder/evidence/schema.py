"""Evidence: plain, typed data about what a notebook's objects are; no verdicts, no live objects.

Probes write it beside the student's objects; checks read it in a process where no student code ran.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import numpy as np

from autograder.evidence.arrays import Array, Floats, Ints, Matrix, Pairs, Struct, Text
from autograder.evidence.trace import Trace
from autograder.limits import MESSAGE


class EvidenceError(Exception):
    """Evidence that does not decode: the student's process sent something else."""


class CellError(Struct):
    """An exception that a cell raised, or a call to the student's function."""

    name: Text
    message: Text
    cell: int | None = None  # position among the notebook's cells, from 0
    line: int | None = None  # line in that cell, from 1
    source: Text = ""  # that line
    begins: Text = ""  # the first line of the cell

    @property
    def blank(self) -> bool:
        """Whether this is the scaffold's own `raise NotImplementedError()`.

        A module of torch's without a `forward` raises one too when it is called, and says so.
        """
        return self.name == "NotImplementedError" and 'required "forward"' not in self.message

    def __str__(self) -> str:
        where = "" if self.line is None else f", line {self.line}: `{self.source.strip()}`"
        if self.begins and self.line == 1:
            where = f" in the first line of its cell: `{self.source.strip()}`"
        elif self.begins:
            where = f" in the cell that begins `{self.begins}`{where}"
        elif self.cell is not None:
            where = f" in code cell {self.cell + 1}{where}"
        return f"{self.name}: {self.message}{where}"


class Absent(Struct, tag="absent"):
    """What an exercise should have defined is not there: `error` says which cell failed, if any."""

    name: Text
    error: CellError | None = None
    found: Text = ""  # what stands under that name instead
    similar: Text = ""  # another name that holds an object of the kind that is asked for
    reached: bool = True  # false where the run ended before it came here
    fault: Text = ""  # what our own look at it raised: no mistake of the student's


class Unfollowed(Struct, tag="unfollowed"):
    """What an exercise should have defined is there in a form that the kit cannot follow."""

    name: Text
    kind: Text  # the class, such as HeteroData
    shown: Text = ""  # what it says of itself


class Frame(Struct, tag="frame"):
    """A table of listening counts."""

    columns: Annotated[list[Text], msgspec.Meta(max_length=20)]
    dtypes: Annotated[list[Text], msgspec.Meta(max_length=20)]
    rows: int
    first_row: Annotated[list[Text], msgspec.Meta(max_length=20)]
    values: Array | None = (
        None  # [rows, 3] int64: userID, artistID, listen_count; None if no such numbers
    )
    distinct: Annotated[list[int], msgspec.Meta(max_length=20)] = []  # different values by column
    index: Text = ""  # name of the index, where it has one
    stale: CellError | None = None  # the cell that makes it was run again, and raised

    def __post_init__(self) -> None:
        if self.values and (self.values.dtype, self.values.shape) != ("int64", [self.rows, 3]):
            raise ValueError("values of another shape")


class Explore(Struct, tag="explore"):
    """The numbers of step 1; what is no whole number is None."""

    n_users: int | None
    n_artists: int | None
    n_users_text: Text = ""  # empty where there is no such name
    n_artists_text: Text = ""
    preview: bool = False  # the first rows were shown
    preview_text: Text = ""  # what is called `preview`; empty where nothing is
    table_rows: int | None = None  # of `df`, when this was looked at
    named: Annotated[list[int], msgspec.Meta(max_length=400)] = []  # free form: numbers with names
    shown: Annotated[list[int], msgspec.Meta(max_length=4000)] = []  # free form: numbers shown
    counted: Annotated[list[int], msgspec.Meta(max_length=400)] = []  # ids of a column, by the code
    stale: CellError | None = None


class Graph(Struct, tag="graph"):
    """A NetworkX graph. Nodes are positions 0..N-1 in the graph's own order."""

    kind: Text
    directed: bool
    multigraph: bool
    sides: Array  # [N] int8: the attribute `bipartite`, -1 where it is neither 0 nor 1
    ids: Ints  # [N]: the whole number in a node's name, -1 where there is none
    plain: int  # nodes whose name is just a number
    edges: Pairs | None = None  # positions of the endpoints
    decimal: int = 0  # nodes with a decimal number in their name, such as 2.0
    bare: int = 0  # nodes whose name says no side: 2 or "2"; all, if all say the same ("node 2")
    twins: int = 0  # nodes without an edge that have one under another spelling: 2 and "2"
    sample: Annotated[list[Text], msgspec.Meta(max_length=5)] = []  # some node names
    odd_side: Text = ""  # a value of `bipartite` that is neither 0 nor 1, as Python writes it
    alone: Text = ""  # a node without an edge that has one under another spelling, and that one
    stale: CellError | None = None

    def __post_init__(self) -> None:
        nodes = len(self.ids.numpy())
        if self.sides.dtype != "int8" or self.sides.shape != [nodes]:
            raise ValueError("as many sides as nodes are due")
        ends = self.edges.numpy() if self.edges else np.zeros((2, 0))
        if ends.size and not 0 <= ends.min() <= ends.max() < nodes:
            raise ValueError("an edge between positions that are no nodes")


class Dictionary(Struct):
    """A dictionary from names to numbers; a name is an id and the words around it."""

    name: Text
    words: Annotated[list[Text], msgspec.Meta(max_length=8)]  # different ones; "" for plain ids
    word: Array  # [n] int8: which of the words, -1 for any other
    ids: Ints  # [n]: the whole number in the name, -1 where there is none
    values: Ints  # [n]: -1 for what is no whole number
    sample: Text = ""  # the first entry, as Python writes it

    def __post_init__(self) -> None:
        size = self.ids.shape
        if (self.word.dtype, self.word.shape, self.values.shape) != ("int8", size, size):
            raise ValueError("as many words and values as ids are due")


class Mapping(Struct, tag="mapping"):
    """Dictionaries that may number the nodes: `id_mapping`, or all that look like it."""

    dictionaries: Annotated[list[Dictionary], msgspec.Meta(max_length=12)]
    num_nodes: int | None
    num_nodes_text: Text = ""
    free_form: bool = False  # no exercise of ours asks for names, or for an order
    counted: Annotated[list[int], msgspec.Meta(max_length=400)] = []  # ids of a column, by now
    stale: CellError | None = None


class Edges(Struct):
    """A tensor of edges as found: `values` where it is numeric, of at most two dimensions."""

    type: Text
    dtype: Text
    shape: list[int]
    values: Array | None = None  # int64, of that shape

    def __post_init__(self) -> None:
        if self.values and (self.values.dtype, self.values.shape) != ("int64", self.shape):
            raise ValueError("values of another shape")


class GraphData(Struct, tag="data"):
    """A PyG `Data` object; what is missing is None."""

    kind: Text
    num_nodes: int | None
    x: Ints | None
    x_text: Text
    edge_index: Edges | None
    keys: Annotated[list[Text], msgspec.Meta(max_length=40)] = []
    orders: Annotated[list[Array], msgspec.Meta(max_length=2)] = []  # [n, 2] int32: see below
    stale: CellError | None = None

    # `orders` are the user's and the artist's id in each row of the table, and in each edge of `G`:
    # the columns of edge_index may stand in either order

    def __post_init__(self) -> None:
        if any(o.dtype != "int32" or o.shape[1:] != [2] for o in self.orders):
            raise ValueError("orders of another shape")


class SplitCall(Struct):
    """One call of `RandomLinkSplit` in the notebook's cells, with its settings."""

    cell: int | None = None
    line: int | None = None
    num_val: float = 0.0
    num_test: float = 0.0
    is_undirected: bool = False
    split_labels: bool = False
    add_negative_train_samples: bool = False


class Part(Struct):
    """One part of the split."""

    edge_index: Edges | None
    positives: Edges | None
    negatives: Edges | None
    labels: Edges | None = None  # edge_label_index, where positives and negatives are in one
    label: Array | None = None  # [P] int8: edge_label, 1 for positives
    x: Ints | None = None
    keys: Annotated[list[Text], msgspec.Meta(max_length=40)] = []


class Split(Struct, tag="split"):
    """The three parts, and the graph that was split."""

    train: Part
    val: Part
    test: Part
    calls: Annotated[list[SplitCall], msgspec.Meta(max_length=20)] = []  # the first ones
    given: Edges | None = None  # edges that RandomLinkSplit got, where they are not those of `data`
    stale: CellError | None = None


class Call(Struct):
    """What came of one call: an output, an error, or (`missing`) no such function."""

    output: Array | None = None
    text: Text = ""  # what came, in words
    error: CellError | None = None
    missing: bool = False


class Convolution(Struct):
    """One convolution, with all that is needed to build its like: PyG's constructor arguments."""

    kind: Text
    sage: bool
    in_channels: int | None
    out_channels: int | None
    options: Annotated[
        dict[Text, bool | str | list[Text] | None], msgspec.Meta(max_length=1000)
    ] = {}
    weights: Annotated[dict[Text, Array], msgspec.Meta(max_length=1000)] = {}


class ModelClass(Struct, tag="model_class"):
    """`GNNLinkPredictor(num_nodes, embedding_dim, hidden_channels, out_channels)`, built."""

    sizes: list[int]  # the four arguments that the probe used
    is_module: bool
    built: Call
    takes: Text | None = None  # what the constructor takes, where it is not these four
    methods: Annotated[list[Text], msgspec.Meta(max_length=60)] = []
    parameters: Annotated[dict[Text, list[int]], msgspec.Meta(max_length=5000)] = {}
    embeddings: list[Matrix] = []  # weights of each nn.Embedding, [rows, dim]
    convolutions: list[Convolution] = []  # in the order in which encode calls them
    convolution_calls: int = 0
    convolutions_called: int = 0  # different ones
    embeddings_made: int = 0  # each nn.Embedding that a second call of encode made
    forward_edges: Pairs | None = None  # given to encode by forward(x, edge_index, pairs)
    unregistered: Annotated[list[Text], msgspec.Meta(max_length=20)] = []
    lost: Annotated[list[Text], msgspec.Meta(max_length=20)] = []  # layers made and not kept
    frozen: Annotated[list[Text], msgspec.Meta(max_length=20)] = []  # parameters without gradient
    nested: Annotated[list[Text], msgspec.Meta(max_length=20)] = []  # methods inside of another
    passed: Edges | None = None  # edges that a layer got in encode, where they are other ones
    encode_name: Text = ""
    decode_name: Text = ""
    edge_index: Pairs | None = None  # given to encode
    encode: Call = Call(missing=True)
    encode_without_edges: Call = Call(missing=True)
    same_twice: bool | None = None  # two calls of encode on the same input agree
    cut_off: bool | None = None  # what encode gives sends no gradient back to the embedding
    z: Matrix | None = None  # [N, out_channels] given to decode
    pairs: Pairs | None = None  # [2, P] given to decode
    decode: Call = Call(missing=True)
    decode_cut_off: bool | None = None  # the scores send no gradient back to the embeddings

    def __post_init__(self) -> None:
        for given in (self.edge_index, self.pairs):
            ends = given.numpy() if given else np.zeros((2, 0))
            if ends.size and not 0 <= ends.min() <= ends.max() < self.sizes[0]:
                raise ValueError("an edge between indices that are no nodes")


def may_still_come(part: object) -> bool:
    """Whether it is not there yet: absent, or a class that only the notebook itself can build."""
    return isinstance(part, Absent) or (isinstance(part, ModelClass) and bool(part.built.error))


class Setup(Struct, tag="setup"):
    """Model, optimizer and loss of step 5."""

    num_nodes: int  # of the graph that the model is for
    model_kind: Text
    model_rows: list[int] = []  # rows of each embedding
    parameters: int = 0  # tensors in the model
    optimizer_kind: Text = ""
    optimized: int = 0  # of these tensors, how many the optimizer holds
    foreign: int = 0  # tensors in the optimizer that are not the model's
    loss_kind: Text = ""
    learning_rate: float | None = None
    maximized: bool = False  # the optimizer climbs
    embeddings: Annotated[list[Text], msgspec.Meta(max_length=20)] = []  # names of their weights
    widths: list[int] = []  # numbers in a row of each embedding
    stale: CellError | None = None  # the last run of their cell raised this
    rates: Annotated[list[float], msgspec.Meta(max_length=200)] = []  # at first, and each other one
    weight_decay: float | None = None
    frozen: Annotated[list[Text], msgspec.Meta(max_length=40)] = []  # without requires_grad


class Epoch(Struct):
    """One call of `train(train_data)`, spied on, or one round of a loop that was watched."""

    returned: float | None
    returned_text: Text
    pairs: Pairs | None  # [2, P]: the pairs that were scored
    labels: Floats | None  # [P]: their labels, None where they could not be matched
    encoded: list[Edges] = []  # edge_index of each encode, [2, E]; repeated ones once
    loss_kind: Text = ""
    stale_gradients: bool | None = None  # left from before, when backward was called
    splits: int = 0  # calls of RandomLinkSplit
    drawn: int | None = None  # pairs that negative_sampling gave, None where it was not called
    given_low: float | None = None  # smallest and largest number that the loss was given
    given_high: float | None = None
    backwards: int = 0
    steps: int = 0  # of an optimizer
    reached: int | None = None  # parameters of the model that got a gradient
    descended: float | None = None  # the number that backward was called on, the smallest
    holds_graph: bool = False  # what was returned is a tensor that keeps its graph
    squashed: bool = False  # a sigmoid came before the loss
    contradicted: int = 0  # pairs that were given to the loss as positive and as negative
    unused: int = 0  # pairs to be learned from whose scores never came to the loss
    training: bool | None = None  # the layers were in training mode
    bare: bool = False  # the scores are of the embedding table itself: no layer was passed
    discarded: int = 0  # calls of backward whose gradients were cleared before any step
    cell: int | None = None  # where backward was called
    line: int | None = None


class TrainSeen(Struct, tag="train_seen"):
    """What training left behind; `rules.worked_out` makes `Training` of it, and `Setup` and `Loop`.

    `watched`: the notebook's own cells trained. Else `train(train_data)` was called, beginning from
    the model as it stands, and the trace is of these calls.
    """

    call: Call
    trace: Trace
    watched: bool = False
    returned: Annotated[list[float | None], msgspec.Meta(max_length=10)] = []  # by each call
    returned_texts: Annotated[list[Text], msgspec.Meta(max_length=10)] = []
    graphs: Annotated[list[bool], msgspec.Meta(max_length=10)] = []  # it still holds its graph
    num_nodes: int = -1  # of the data object that `train` was given
    message_edges: Pairs | None = None
    positives: Pairs | None = None
    held_out: Pairs | None = None  # positives of the validation and the test data
    still: Annotated[list[Text], msgspec.Meta(max_length=40)] = []  # parameters that did not move
    tensors: int = 0
    around: Annotated[list[tuple[bool, int]], msgspec.Meta(max_length=100)] = []
    """Of each backward in the notebook's own loop: gradients were left, and steps before it."""
    steps_around: int = 0
    resplits: int = 0  # calls of RandomLinkSplit between the steps of one optimizer


class Training(Struct, tag="training"):
    """`train` called twice on `train_data`, beginning from the model as it stands.

    `watched`: it could not be called so, and these are the first rounds of the notebook's own loop.
    """

    call: Call
    num_nodes: int
    message_edges: Pairs  # train_data.edge_index
    positives: Pairs  # train_data.pos_edge_label_index
    epochs: list[Epoch] = []
    still: Annotated[list[Text], msgspec.Meta(max_length=40)] = []  # parameters that did not move
    tensors: int = 0
    held_out: Pairs | None = None  # positives of the validation and the test data
    resplits: int = 0  # calls of RandomLinkSplit between the steps of one optimizer
    watched: bool = False
    not_judged: Text = ""  # what was seen, where the recorder could not follow
    differs: bool | None = None  # from the gradients that follow from weights, pairs and labels
    alike: float | None = None  # the share of the gradients that a loss of these pairs can give
    unweighed: bool = False  # gradients were asked for, and the weights did not come along


class Loop(Struct, tag="loop"):
    """The losses that were kept, one an epoch; None for what is no number.

    `watched`: none were kept, and these are what `backward` was called on.
    """

    losses: list[float | None]
    graphs: int = 0  # of these, how many hold their graph
    aliased: int = 0  # kept states that were loaded, and were the live weights themselves
    watched: bool = False
    computed: int | None = None  # calls of backward in the notebook, where these were watched
    steps: int | None = None  # that the optimizer has taken since it was made, if it counts them
    stale: CellError | None = None  # what the last run of their cell raised


class CalledTest(Struct):
    """One call of `test(data)` on a data object that the probe made."""

    call: Call
    trace: Trace
    returned: float | None
    edge_index: Pairs  # of the data object
    positives: Pairs
    negatives: Pairs


class Weights(Struct):
    """The weights of the model that `test` was called on, one array a parameter."""

    model: int  # its number in the traces
    values: Annotated[list[Array], msgspec.Meta(max_length=500)]


class TestSeen(Struct, tag="test_seen"):
    """What evaluation left behind; `rules.worked_out` makes `Testing` of it, and `Auc`.

    `trace` is of the notebook's own cells, where they were recorded.
    """

    runs: Annotated[list[CalledTest], msgspec.Meta(max_length=4)] = []
    weights: Weights | None = None
    trace: Trace | None = None
    watched: bool = False  # the notebook is of a form of its own: the trace is all there is


class Scoring(Struct):
    """One call of `test(data)` on a data object that the probe made.

    `watched`: it could not be called so, and this is what led to an AUC in the notebook's cells.
    """

    call: Call
    returned: float | None
    edge_index: Pairs  # of the data object
    positives: Pairs
    negatives: Pairs
    encoded: list[Edges] = []
    pairs: Pairs | None = None  # [2, S] scored pairs
    scores: Floats | None = None  # [S]
    grad_enabled: bool | None = None  # while encoding
    training_mode: bool | None = None  # while encoding
    labels: Floats | None = None  # as roc_auc_score got them
    handed: Floats | None = None  # the scores that roc_auc_score got
    trained: bool | None = None  # the model that encoded is one that an optimizer has moved
    watched: bool = False
    part: Text = ""  # of the split that it is over: train, val, test; empty where it is of none
    steps_after: int = 0  # of an optimizer, after this AUC: above 0, it is not of the last model
    steps_before: int = 0
    loaded: bool = False  # a kept state was loaded after the last step
    bare: bool = False  # the scores are of the embedding table itself: no layer was passed
    pieces: int = 0  # AUCs, each of some of the pairs, that were computed in a row in its place
    likeness: float | None = None  # 0 to 1, to the scores that follow from weights and edges
    cell: int | None = None
    line: int | None = None

    def __post_init__(self) -> None:
        if self.scores and (not self.pairs or self.scores.shape != self.pairs.shape[1:]):
            raise ValueError("as many scores as pairs are due")


class Testing(Struct, tag="testing"):
    """`test` called on parts of the test data."""

    runs: list[Scoring]


History = Annotated[list[tuple[int, float]], msgspec.Meta(max_length=5000)]  # (steps before, AUC)
Numbers = Annotated[list[float], msgspec.Meta(max_length=600)]


class Auc(Struct, tag="auc"):
    """The AUCs in the notebook beside what `test` gives on the same data when called again."""

    val_auc: float | None
    test_auc: float | None
    val_again: float | None
    test_again: float | None
    computed: list[float] | None = None  # what roc_auc_score gave in the notebook, if watched
    tests: History = []  # AUCs of the test part since the training began
    vals: History = []  # and of the validation part
    named: Numbers = []  # free form: numbers with names that may be AUCs
    shown: Numbers = []  # free form: such numbers that cells showed, in their order
    typed: Numbers = []  # and such numbers that stand in the code
    not_judged: Text = ""  # what was seen, where no AUC could be followed
    stale: CellError | None = None  # the last run of their cell raised this


class Chain(Struct, tag="chain"):
    """The student's own trained model: embeddings for the trusted side to judge."""

    z: Matrix  # [N, D] of encode(test_data.x, test_data.edge_index)
    edge_index: Pairs  # of data
    message_edges: Pairs  # of test_data
    positives: Pairs  # of test_data


class Step1(Struct):
    load: Frame | Absent
    explore: Explore | Absent


class Step2(Struct):
    nodes: Graph | Absent
    edges: Graph | Absent


class Step3(Struct):
    mapping: Mapping | Unfollowed | Absent
    data: GraphData | Unfollowed | Absent
    split: Split | Unfollowed | Absent


class Step4(Struct):
    model: ModelClass | Unfollowed | Absent


class Step5(Struct):
    setup: Setup | Absent
    train: Training | TrainSeen | Absent
    loop: Loop | Absent


class Step6(Struct):
    test: Testing | TestSeen | Absent
    auc: Auc | Absent
    own: Chain | Absent


class Evidence(Struct):
    """All that was observed of one run; a step that the run does not hold is None."""

    step1: Step1 | None = None
    step2: Step2 | None = None
    step3: Step3 | None = None
    step4: Step4 | None = None
    step5: Step5 | None = None
    step6: Step6 | None = None
    report: str | None = None  # as it stands in the file; None where that was not looked at
    errors: Annotated[list[CellError], msgspec.Meta(max_length=200)] = []  # of cells, in order
    names: dict[Text, Text] = {}  # name of the contract -> the notebook's own, where they differ
    free_form: bool = False  # none of our notebooks, whose exercises ask for names and numbers


STEP_TYPES: dict[str, Any] = {
    "step1": Step1,
    "step2": Step2,
    "step3": Step3,
    "step4": Step4,
    "step5": Step5,
    "step6": Step6,
}


def encode(evidence: Evidence) -> bytes:
    """Evidence as bytes (msgpack)."""
    return msgspec.msgpack.encode(evidence)


def decode(data: bytes) -> Evidence:
    """Bytes as evidence, every field validated.

    Raises:
        EvidenceError: too large, not msgpack, or not of the schema above.
    """
    if len(data) > MESSAGE:
        raise EvidenceError(f"{len(data)} bytes of evidence, more than {MESSAGE}")
    try:
        return msgspec.msgpack.decode(data, type=Evidence)
    except (msgspec.MsgspecError, ValueError) as error:
        raise EvidenceError(str(error)) from None
