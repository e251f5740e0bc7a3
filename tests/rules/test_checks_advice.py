"""What a message says for mistakes that students made: each leads on to what has to be mended."""

from __future__ import annotations

import textwrap

import pytest
from checks_course import Case, Course, Edit, cell, sent, solution, swap

from autograder.inside.observe import observe
from autograder.inside.session import Session
from autograder.rules.outcome import Outcome

FILE = 'course_data.path("user_artists.dat")'
NAMES = "names=['userID', 'artistID', 'listen_count']"
MODEL = solution("step4")["model"]
HEAD, REST = MODEL.split("    def encode", 1)
NESTED = HEAD + textwrap.indent(f"    def encode{REST}", "    ")


def load(call: str) -> Edit:
    """Another way to read the file."""
    return cell("load", f"df = pd.read_csv({FILE}, {call})")


def nodes(side: str, names: str, name: str) -> str:
    """A loop that adds the nodes of one side."""
    return f"\nfor i in {names}:\n    G.add_node({name}, bipartite={'01'[side == 'artist']})"


TEXTS = "G = nx.Graph()" + "".join(
    nodes(side, f"df['{side}ID'].unique()", f"f'{side}_{{i}}'") for side in ("user", "artist")
)
COUNTED = "G = nx.Graph()" + "".join(
    nodes(side, f"range(n_{side}s)", f"('{side}', i)") for side in ("user", "artist")
)
FLOATS = (
    "for _, r in df.assign(share=0.5).iterrows():\n"
    "    G.add_edge(f\"user_{r['userID']}\", f\"artist_{r['artistID']}\")"
)
RAW_FIRST = (
    "for r in df.itertuples(index=False):\n    G.add_edge(r.userID, r.artistID)\n"
    "for r in df.itertuples(index=False):\n"
    "    G.add_edge(('user', r.userID), ('artist', r.artistID))"
)
PAIRS = "id_mapping[a], id_mapping[b]"
SUM = "return (source * destination).sum(dim=-1)"
LOSS = "loss_fn(model.decode(z, edge_label_index), edge_label)"

ROWS: dict[str, tuple[str, tuple[Edit, ...], str, tuple[str, ...]]] = {
    "no separator": (
        "step1",
        (cell("load", f"df = pd.read_csv({FILE})"),),
        "step1.load.names",
        ("Cut the file at its tabs first",),
    ),
    "skiprows=2": (
        "step1",
        (load(f"sep='\\t', skiprows=2, {NAMES}"),),
        "step1.load.rows",
        ("1 missing", "first row of data, user"),
    ),
    "userId": (
        "step1",
        (load(f"sep='\\t', header=0, {NAMES.replace('userID', 'userId')}"),),
        "step1.load.names",
        ("Rename `userId` to `userID`, letter by letter",),
    ),
    "index_col=0": (
        "step1",
        (load(f"sep='\\t', header=0, index_col=0, {NAMES}"),),
        "step1.load.names",
        ("has become the index: leave `index_col` out",),
    ),
    "df is its head": (
        "step1",
        (swap("explore", "preview = df.head()", "df = preview = df.head()"),),
        "step1.explore.users",
        ("`df` has 5 rows now", "read the file again"),
    ),
    "counted nodes": (
        "step2",
        (cell("nodes", COUNTED), cell("edges", "")),
        "step2.nodes.one_node_each",
        ("0 is no user's id", "Take the names from the columns"),
    ),
    "a side as text": (
        "step2",
        (swap("nodes", "bipartite=0", 'bipartite="0"'), cell("edges", "")),
        "step2.nodes.side_sizes",
        ("0 nodes with 0", "without quotes"),
    ),
    "raw ids before": (
        "step2",
        (cell("edges", RAW_FIRST),),
        "step2.edges.edge_count",
        ("too many", "Run the cell that makes `G` first"),
    ),
    "ids as decimals": (
        "step2",
        (cell("nodes", TEXTS), cell("edges", FLOATS)),
        "step2.edges.bipartite",
        (".0'", "the very names"),
    ),
    "a pair as key": (
        "step3",
        (swap("mapping", "enumerate(users + artists)", "enumerate(G.nodes(data='bipartite'))"),),
        "step3.mapping.size",
        ("(('user', ", "take the node alone as key"),
    ),
    "the largest index": (
        "step3",
        (swap("mapping", "len(id_mapping)", "max(id_mapping.values())"),),
        "step3.mapping.size",
        ("`len` counts them",),
    ),
    "a method": (
        "step3",
        (swap("mapping", "len(id_mapping)", "G.number_of_nodes"),),
        "step3.mapping.size",
        ("call what counts, with brackets",),
    ),
    "reshaped": (
        "step3",
        (swap("data", ".t().contiguous()", ".reshape(2, -1)"),),
        "step3.data.coverage",
        ("column 0 joins", "`reshape` does not transpose"),
    ),
    "one node twice": (
        "step3",
        (swap("data", PAIRS, "id_mapping[a], id_mapping[a]"),),
        "step3.data.coverage",
        ("from a node to itself", "take the two ends of an edge"),
    ),
    "some of the edges": (
        "step3",
        (swap("data", "in G.edges]", "in list(G.edges)[:500]]"),),
        "step3.data.coverage",
        ("rows of the table without a column", "Let every row of the table give one column"),
    ),
    "self. forgotten": (
        "step4",
        (swap("model", "self.embedding = nn", "embedding = nn"),),
        "step4.layers.registered",
        ("Embedding, a local name of `__init__`", "self.conv1 = ..."),
    ),
    "methods in a method": (
        "step4",
        (cell("model", NESTED),),
        "step4.encode.method_names",
        ("Look at the indentation",),
    ),
    "a loop in decode": (
        "step4",
        (
            swap(
                "model",
                SUM,
                "return torch.tensor([float(s @ d) for s, d in zip(source, destination)])",
            ),
        ),
        "step4.decode.gradient",
        ("none comes through", "no `detach`"),
    ),
    "a loss without brackets": (
        "step5",
        (swap("setup", "nn.BCEWithLogitsLoss()", "nn.BCEWithLogitsLoss"),),
        "step5.setup.loss_function",
        ("which is not called", "with brackets"),
    ),
    "parameters without brackets": (
        "step5",
        (swap("setup", "model.parameters()", "model.parameters"),),
        "step5.setup.optimizer",
        ("`model.parameters()`, with brackets",),
    ),
    "a sigmoid before the loss": (
        "step5",
        (
            swap(
                "train",
                "model.decode(z, edge_label_index)",
                "model.decode(z, edge_label_index).sigmoid()",
            ),
        ),
        "step5.setup.loss_function",
        ("to 1.00", "Leave out the sigmoid in `train`"),
    ),
    "labels before scores": (
        "step5",
        (swap("train", LOSS, "loss_fn(edge_label, model.decode(z, edge_label_index))"),),
        "step5.train.labels",
        ("labels in the place of the scores", "`loss_fn(scores, labels)`"),
    ),
    "cleared between": (
        "step5",
        (swap("train", "    optimizer.step()", "    optimizer.zero_grad()\n    optimizer.step()"),),
        "step5.train.all_move",
        ("Mind the order in each epoch: zero_grad, backward, step",),
    ),
    "cat without dim": (
        "step5",
        (swap("train", "torch.cat([pos, neg], dim=1)", "torch.cat([pos, neg])"),),
        "step5.train.returns_loss",
        ("Twice as many labels as scores", "(dim=1)"),
    ),
    "len of the pairs": (
        "step5",
        (swap("train", "torch.ones(pos.size(1))", "torch.ones(len(pos))"),),
        "step5.train.returns_loss",
        ("`len` of a tensor [2, P] is 2",),
    ),
    "no return": (
        "step6",
        (swap("test", "return float", "float"),),
        "step6.test.auc_right",
        ("no number", "Return what `roc_auc_score(labels, scores)` gives"),
    ),
    "a stand-in": ("step6", (), "step6.auc.beats_chance", ("Keep the notebooks of steps 4 and 5",)),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_mistake_leads_on(course: Course, name: str) -> None:
    step, edits, check, words = ROWS[name]
    session = course.session(Case(name, step, edits), own=False)
    outcome = judged(course, session, step)[check]
    assert outcome.status != "passed"
    said = str(outcome.message)
    assert all(word in said for word in words), said


def test_an_empty_decode_costs_encode_nothing(course: Course) -> None:
    written = MODEL[: MODEL.index("        source = z")]
    blank = cell("model", f"{written}        raise NotImplementedError()\n")
    found = judged(course, course.session(Case("blank", "step4", (blank,))), "step4")
    statuses = {i: o.status for i, o in found.items() if i.startswith("step4.encode")}
    assert set(statuses.values()) == {"passed"}, statuses


def judged(course: Course, session: Session, step: str) -> dict[str, Outcome]:
    """What the checks of a step say of a session, by their ids."""
    return {o.check.id: o for o in course.judge(sent(observe(session, step)), step)}
