"""Rules for errors that come from steps 1 to 3: the table, the graph, the mapping, the split.

`autograder.explain` tries them in order, after those on numbers.
"""

from __future__ import annotations

import re

from autograder.explain.numbers import SUBSET, meanings
from autograder.explain.paste import Paste
from autograder.explain.rules import Cause, Reading, Rule, rule

COLUMNS = Cause("load.columns", "print `df.columns`")
SEPARATOR = Cause("load.separator", "print `df.shape`: are there three columns, or one?")
HEADER_ROW = Cause("load.header-as-row", "print `df.head(2)` and `df.dtypes`: is row 0 words?")
HEADER_LOST = Cause("load.header-lost", "are numbers where the names should be in `df.columns`?")
DTYPE = Cause("data.edge-dtype", "print `type(edge_index)` and `edge_index.dtype`")
TRANSPOSED = Cause("data.transposed", "print `edge_index.shape`: [2, E] or [E, 2]?")
CAT_DIM = Cause("data.cat-dim", "print `edge_index.shape`: did two tensors become [4, E]?")
X = Cause("data.x", "print `data`: is there an `x`, and are its numbers whole?")
ENDS = Cause("graph.endpoints-mismatch", "print one node and one edge: are names written alike?")
FLOATS = Cause("graph.float-nodes", "print a few nodes: is an id there as 51 and as 51.0?")
UNSET = Cause("graph.attribute-missing", "print `list(G.nodes(data=True))[:3]`")
COLLIDED = Cause("graph.id-collision", "compare `G.number_of_nodes()` with `n_users + n_artists`")
ORDER = Cause("split.order", "the parts come as train, val, test: which one has no negatives?")
LABELS = Cause("split.labels", "print `train_data`: which attributes has it?")
ARGUMENTS = Cause("run.arguments", "what is passed, and in which order?")


def _key(found: re.Match[str], paste: Paste) -> Reading | None:
    """A key is not there: of the table, of a node, or of the mapping."""
    key = (found.group(1) or found.group(found.lastindex or 1)).strip("[]\"' ")
    plain = re.sub(r"[^a-z]", "", key.lower())
    says = f"there is no {key!r} where this line looks it up."
    if plain in ("userid", "artistid") and key in ("userID", "artistID"):
        return Reading(says, (SEPARATOR, COLUMNS, HEADER_LOST, HEADER_ROW))
    if plain in ("userid", "artistid", "listencount", "listencounts", "weight", "count", "plays"):
        return Reading(says, (COLUMNS, SEPARATOR, HEADER_ROW))
    if "\\t" in key or "\t" in key:
        return Reading(says, (SEPARATOR,))
    if key in ("bipartite", "node_type", "type"):
        return Reading(says, (UNSET, ENDS))
    if paste.near("get_loc", "DataFrame", "Series"):
        return None
    if re.search(r"\d\.0$", key):
        return Reading(says, (FLOATS, ENDS, SUBSET))
    if paste.near("NodeView", "AtlasView", "Graph", "reportviews"):
        return Reading(says, (ENDS, FLOATS))
    if re.fullmatch(r"(?:np\.int64\()?\d+\)?|nan", key):
        return Reading(says, (SUBSET, ENDS))
    if re.match(r"\(?'?(?:u|a|user|artist)[-_:' ,]*\d+", key):
        return Reading(says, (SUBSET, ENDS))
    return None


def _attribute(found: re.Match[str], paste: Paste) -> Reading | None:
    """A table, or a row of it, has no column of this name."""
    plain = re.sub(r"[^a-z]", "", found.group(1).lower())
    if plain in ("userid", "artistid", "listencount", "weight"):
        return _key(found, paste)
    if found.group(0).startswith("'Pandas'"):
        says = f"a row of the table has no column {found.group(1)!r}."
        return Reading(says, (Cause(COLUMNS.id, "print `df.columns`: what is the column called?"),))
    return None


def _literal(found: re.Match[str], paste: Paste) -> Reading | None:
    text = found.group(1)
    says = f"{text!r} is no number."
    if "\t" in text or "\\t" in text:
        return Reading(says, (SEPARATOR,))
    if text in ("userID", "artistID", "weight", "listen_count"):
        return Reading(says, (HEADER_ROW,), ("the word is a name from the file's header",), True)
    return Reading(says, (FLOATS, HEADER_ROW)) if re.fullmatch(r"\d+\.0", text) else None


def _lengths(found: re.Match[str], paste: Paste) -> Reading:
    has, given = found.groups()
    says = f"the table has {has} columns, and {given} names were given."
    return Reading(says, (SEPARATOR,) if has == "1" else (COLUMNS, SEPARATOR))


def _first(found: re.Match[str], paste: Paste) -> Reading:
    size = int(found.group(1))
    says = f"`edge_index` has {size:,} rows, and must have two: sources and targets."
    return Reading(says, (CAT_DIM,) if size == 4 else (TRANSPOSED, CAT_DIM), meanings(size))


def _unpack(found: re.Match[str], paste: Paste) -> Reading:
    says = f"{found.group(1)} values are unpacked from something that holds another number."
    order = Cause("split.order", "RandomLinkSplit gives three parts: how many names stand left?")
    triples = Cause("graph.directed", "print `type(G)`: in a MultiGraph an edge may be a triple")
    rows = Cause("run.none", "what does the loop give: a row, a pair, or a whole column?")
    source = paste.place.source if paste.place else ""
    inside = any(not frame.own for frame in paste.frames)
    if not inside and re.search(r"transform|split", source, re.IGNORECASE):
        return Reading(says, (order,))
    if not inside and re.search(r"\bedges\b", source):
        return Reading(says, (triples, rows))
    if not inside and source.lstrip().startswith("for "):
        return Reading(says, (rows, TRANSPOSED))
    return Reading(says, (TRANSPOSED, CAT_DIM) if inside else (TRANSPOSED, CAT_DIM, order, rows))


def _storage(found: re.Match[str], paste: Paste) -> Reading:
    name = found.group(1)
    says = f"this data object has no `{name}`."
    if name in ("pos_edge_label_index", "neg_edge_label_index", "pos_edge_label"):
        look = "print it: is it the part that you mean, or `data` before the split?"
        if name.startswith("neg"):
            look += " `train_data` has none by design: its negatives are drawn in training"
        order = (ORDER,) if name.startswith("neg") else ()
        return Reading(says, (LABELS, *order, Cause("run.attribute", look)))
    look = "print it: which attributes are there? With `split_labels=True`, `pos_` and `neg_`"
    return Reading(says, (Cause("run.attribute", look),))


RULES = (
    Rule(r"^KeyError: (.+?)\s*$", _key),
    Rule(r"(\[.+?\]) not in index|None of \[Index\(\['(\w+)'", _key),
    Rule(r"'(?:DataFrame|Pandas|Series)' object has no attribute '(\w+)'", _attribute),
    Rule(r"Length mismatch: Expected axis has (\d+) elements, new values have (\d+)", _lengths),
    Rule(
        r"(?:invalid literal for int\(\).*?|could not convert string to float): '([^']*)'", _literal
    ),
    rule(
        r"Too many columns specified|Falling back to the 'python' engine",
        "the file was not cut into the columns that were asked for.",
        SEPARATOR,
    ),
    rule(r"Usecols do not match", "the file has no columns of these names.", COLUMNS, SEPARATOR),
    rule(r"DtypeWarning|have mixed types", "a column holds numbers and words.", HEADER_ROW),
    rule(
        r"can't convert np.ndarray of type numpy.object_|too many dimensions 'str'|must be real "
        r"number, not str|type numpy.str_|shape of object type '(?:DataFrame|Series)'",
        "what is to become a tensor holds words or mixed things, not numbers only.",
        Cause("data.edge-dtype", "print a few of the values: are they indices, or names of nodes?"),
        HEADER_ROW,
        SUBSET,
    ),
    rule(
        r"not bipartite|is not a bipartite",
        "some edge joins two nodes of one side, or a node with itself.",
        COLLIDED,
        Cause("graph.endpoints-mismatch", ENDS.look),
    ),
    rule(
        r"Ambiguous ?Solution", "the graph has several parts.", Cause("run.components", UNSET.look)
    ),
    rule(
        r"not implemented for (?:multi|directed|undirected)",
        "this function of NetworkX does not work on a graph of this type.",
        Cause("graph.directed", "print `type(G)`"),
    ),
    rule(
        r"(?:node|edge) .+ (?:is )?not in (?:the )?(?:di)?graph|NodeNotFound",
        "the graph has no node of just this name.",
        ENDS,
        FLOATS,
        COLLIDED,
    ),
    rule(
        r"non-finite values|cannot convert float NaN to integer|IntCastingNaN",
        "there is NaN in a column that is to become whole numbers: an id was looked up in vain.",
        SUBSET,
        ENDS,
    ),
    Rule(r"'edge_index' to have size '2' in the first dimension \(got '(\d+)'\)", _first),
    Rule(r"shape \[2, num_edges\].*found torch.Size\(\[(\d+)", _first),
    Rule(r"(?:too many|not enough) values to unpack \(expected (\d+)", _unpack),
    rule(
        r"MessagePassing.propagate.* only supports|only supports .*LongTensor",
        "the convolution got edges of a form that it does not take.",
        DTYPE,
        TRANSPOSED,
        CAT_DIM,
    ),
    rule(
        r"to be two-dimensional \(got 1",
        "where edges are expected, a row of single numbers came.",
        Cause("run.arguments", "is it `encode(x, edge_index)`, in this order?", ("encode",)),
        TRANSPOSED,
    ),
    rule(
        r"to be of integer type|ndarray.nonzero\(\)|'bool' object has no attribute 'nonzero'|"
        r"scalar type Long but found (?:Int|Float|Double)|to be of type 'torch.long'",
        "indices of edges have to be a tensor of whole numbers (long).",
        DTYPE,
        X,
        Cause("run.arguments", "is it `layer(vectors, edge_index)`, in this order?"),
    ),
    rule(
        r"tensors used as indices must be long|only integer tensors of a single element|"
        r"arrays used as indices must be of integer",
        "something is used as an index that holds no whole numbers.",
        DTYPE,
        Cause("run.arguments", "is it `decode(z, edge_label_index)`, in this order?"),
    ),
    rule(
        r"must be Tensor, not (?:Data|tuple|list|ndarray|numpy)",
        "a whole object was passed where a tensor is expected.",
        ARGUMENTS,
    ),
    rule(
        r"must be Tensor, not NoneType|'NoneType' object has no attribute '(?:dim|size|shape)'|"
        r"argument #1 'indices' to have (?:one of )?the following scalar types",
        "the model's `x` is missing, or does not hold whole numbers.",
        X,
        Cause("run.none", "print `type(...)` of what stands before the dot"),
    ),
    rule(
        r"Unable to accurately infer 'num_nodes'",
        "PyG guesses the number of nodes, for nothing tells it.",
        Cause("data.num-nodes", "print `data.num_nodes`, and compare with users plus artists"),
        X,
    ),
    Rule(r"'(?:GlobalStorage|Data|EdgeStorage)' object has no attribute '(\w+)'", _storage),
    rule(
        r"Insufficient number of edges",
        "validation and test would take all the edges that the split sees.",
        Cause("split.sizes", "print `num_val` and `num_test`: shares below 1, or counts?"),
        Cause("run.direction", "count the columns with source <= target"),
    ),
    rule(
        r"'tuple' object has no attribute '(?:x|edge_index|\w*edge_label\w*|num_nodes)'|"
        r"cannot unpack non-iterable RandomLinkSplit",
        "the transform's three parts were not unpacked, or it was never applied to `data`.",
        Cause("run.none", "`print(type(...))`: a transform, a tuple of three, or a `Data`?"),
    ),
)
