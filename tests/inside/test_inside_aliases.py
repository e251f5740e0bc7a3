"""Free-form names: what stands in for the contract's names, and which index everybody has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.transforms import RandomLinkSplit
from torch_geometric.utils import to_undirected

import course_data
from autograder import checkpoints
from autograder.evidence.schema import Evidence, Frame, Graph
from autograder.inside import aliases
from autograder.inside.observe import observe
from autograder.inside.session import Session
from autograder.rules.cause import Case
from autograder.rules.judge import judge
from autograder.rules.numbering import Numbering, of_mapping
from autograder.truth import truth

SAMPLE = course_data.path("user_artists.dat", "sample").resolve()
KNOWN = truth(SAMPLE)


def _session(**ns: Any) -> Session:
    return Session(ns={"__name__": "__main__", **ns}, data=Path(SAMPLE), free_form=True)


def _numbered() -> tuple[torch.Tensor, torch.Tensor]:
    """Index of the user and of the artist of every row, users first."""
    users = np.searchsorted(KNOWN.user_ids, KNOWN.rows[:, 0])
    artists = np.searchsorted(KNOWN.artist_ids, KNOWN.rows[:, 1]) + KNOWN.n_users
    return torch.from_numpy(users), torch.from_numpy(artists)


def _data(edge_index: torch.Tensor, nodes: int = KNOWN.num_nodes) -> Data:
    return Data(x=torch.arange(nodes), edge_index=edge_index)


def _mapping(session: Session) -> Numbering:
    with aliases.filled(session):
        evidence = observe(session, "step3")
    found = of_mapping(Case(evidence, KNOWN))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def parts() -> tuple[Data, Data, Data]:
    split = RandomLinkSplit(
        0.1, 0.1, is_undirected=True, split_labels=True, add_negative_train_samples=False
    )
    return split(_data(torch.stack(_numbered())))


def test_names_of_another_kind_are_lent_and_given_back(parts: tuple) -> None:
    """A table called `data` and parts called `train`, `val`, `test`"""
    table = checkpoints.inputs("step2", SAMPLE)["df"]
    train, val, test = parts
    graph = _data(torch.stack(_numbered()))
    session = _session(data=table, whole=graph, train=train, val=val, test=test)
    before = dict(session.ns)
    with aliases.filled(session):
        inside = dict(session.ns)
    wanted = {"df": table, "data": graph, "train_data": train, "val_data": val, "test_data": test}
    assert {name: id(inside.get(name)) for name in wanted} == {n: id(v) for n, v in wanted.items()}
    assert session.ns == before
    assert session.names["train_data"] == "train"


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (("tr", "va", "te"), (0, 1, 2)),
        (("test_set", "valid_set", "train_set"), (2, 1, 0)),  # names say it, not the order
        (("one", "two", "three"), (0, 1, 2)),
    ],
)
def test_parts_by_name_or_else_in_order(parts: tuple, names: tuple, order: tuple) -> None:
    session = _session(**dict(zip(names, parts, strict=True)))
    with aliases.filled(session):
        found = [session.ns[name] for name in aliases.PARTS]
    assert [id(part) for part in found] == [id(parts[i]) for i in order]


@pytest.mark.parametrize("held", ["tuple", "dict"])
def test_parts_in_a_container(parts: tuple, held: str) -> None:
    keys = ("train", "val", "test")
    session = _session(splits=parts if held == "tuple" else dict(zip(keys, parts, strict=True)))
    with aliases.filled(session):
        assert [id(session.ns[name]) for name in aliases.PARTS] == [id(p) for p in parts]
    assert "train_data" not in session.names  # there is no name to set


def test_raw_table_beside_the_named_one() -> None:
    """Of several tables the one with our columns, of these the longest"""
    table = checkpoints.inputs("step2", SAMPLE)["df"]
    raw = table.set_axis(["userID", "artistID", "weight"], axis=1)
    session = _session(raw=raw, plays=table, top=table.head(10))
    with aliases.filled(session):
        assert session.ns["df"] is table


@pytest.mark.parametrize("width", [1, 3])
def test_a_table_without_our_columns_is_still_seen(width: int) -> None:
    table = pd.read_csv(SAMPLE, sep="," if width == 1 else "\t")
    session = _session(music=table)
    with aliases.filled(session):
        found = observe(session, "step1").step1.load  # type: ignore[union-attr]
    assert isinstance(found, Frame)
    assert len(found.columns) == width


def test_counts_under_other_names() -> None:
    """A wrong count is seen too, where it is printed as one of users"""
    session = _session(U=221, A=KNOWN.n_artists)
    session.shown = [f"unique users 221 unique artists {KNOWN.n_artists}"]
    with aliases.filled(session):
        assert (session.ns["n_users"], session.ns["n_artists"]) == (221, KNOWN.n_artists)
    assert session.names["n_users"] == "U"


@pytest.mark.parametrize("layout", ["one way", "both ways", "turned", "interleaved"])
def test_mapping_from_the_order_of_the_edges(layout: str) -> None:
    """No dictionary: the columns beside the rows of the table"""
    users, artists = _numbered()
    one_way = torch.stack([users, artists])
    edges = {
        "one way": one_way,
        "both ways": torch.cat([one_way, one_way.flip(0)], dim=1),
        "turned": one_way.flip(0),
        "interleaved": torch.stack([one_way, one_way.flip(0)], dim=2).reshape(2, -1),
    }[layout]
    found = _mapping(_session(graph_data=_data(edges)))
    assert found.of == "the edges"
    assert found.size == KNOWN.num_nodes
    assert found.sides is not None
    assert found.sides[0].tolist() == list(range(KNOWN.n_users))
    assert found.sides[1].tolist() == list(range(KNOWN.n_users, KNOWN.num_nodes))


def test_edges_whose_order_is_lost() -> None:
    """Then the structure of the graph tells who is who"""
    shuffled = torch.from_numpy(np.random.default_rng(0).permutation(KNOWN.num_nodes))
    edges = to_undirected(shuffled[torch.stack(_numbered())])  # sorts them
    found = _mapping(_session(graph_data=_data(edges)))
    assert found.by_structure
    assert found.sides is not None
    users = shuffled[: KNOWN.n_users].tolist()
    assert found.sides[0].tolist() == users  # by sorted id


def test_edges_of_another_graph_tell_nobody() -> None:
    """One row of them is shuffled by itself"""
    users, artists = _numbered()
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(users)))
    edges = torch.stack([users[order], artists])[:, order.flip(0)]
    found = _mapping(_session(graph_data=_data(edges)))
    assert found.sides is None
    assert sorted(found.values.tolist()) == list(range(KNOWN.num_nodes))


def test_dictionaries_that_the_edges_do_not_use_are_passed_over() -> None:
    users, artists = _numbered()
    counted = {int(u): 3 for u in KNOWN.user_ids}
    first = {int(u): i for i, u in enumerate(KNOWN.user_ids)}
    second = {int(a): i + KNOWN.n_users for i, a in enumerate(KNOWN.artist_ids)}
    back = {i: u for u, i in first.items()}
    ns = {"listens": counted, "back": back, "left": first, "right": second}
    found = _mapping(_session(music=_data(torch.stack([users, artists])), **ns))
    assert found.of == "the mapping"
    assert found.size == KNOWN.num_nodes
    assert found.sides is not None
    assert found.sides[0].tolist() == list(range(KNOWN.n_users))


def test_twins_are_nodes_of_two_spellings() -> None:
    graph = nx.Graph()
    graph.add_nodes_from(["u2", "u3", "a5"], bipartite=0)
    graph.add_edges_from([("u2.0", "a5"), ("u3.0", "a5")])
    found = observe(_session(G=graph), "step2").step2.edges  # type: ignore[union-attr]
    assert isinstance(found, Graph)
    assert (found.twins, found.decimal, found.bare) == (2, 2, 0)


def test_what_a_loop_left_is_no_count() -> None:
    session = _session(user_id=np.int64(17), artist_id=np.int64(4), user_ids=[2, 3])
    with aliases.filled(session):
        assert not {"n_users", "n_artists"} & set(session.ns)


@pytest.mark.parametrize("drawn", ["at random", "in the order of the file", "one row shuffled"])
def test_a_split_by_hand_makes_up_the_graph(drawn: str) -> None:
    """No `data`, no dictionary: the three parts together are the graph, and prove the mapping"""
    edges = torch.stack(_numbered())
    order = torch.from_numpy(np.random.default_rng(1).permutation(KNOWN.n_edges))
    if drawn == "at random":
        edges = edges[:, order]
    if drawn == "one row shuffled":
        edges[0] = edges[0][order]
    tenth = KNOWN.n_edges // 10
    train, val, test = edges.split([KNOWN.n_edges - 2 * tenth, tenth, tenth], dim=1)
    messages = torch.cat([train, train.flip(0)], dim=1)
    x = torch.arange(KNOWN.num_nodes)
    parts = {
        f"{name}_data": SimpleNamespace(
            x=x, edge_index=messages, pos_edge_label_index=asked, neg_edge_label_index=drawn_pairs
        )
        for name, asked, drawn_pairs in (
            ("train", train, None),
            ("val", val, val.flip(0)),
            ("test", test, test.flip(0)),
        )
    }
    session = _session(**parts)
    with aliases.filled(session):
        evidence = observe(session, "step3")
    outcomes = judge(evidence, KNOWN, ["step3"])
    lost = {o.check.id: o.proof.cause for o in outcomes if o.status != "passed" and o.proof}
    assert [o.check.id for o in outcomes if o.status != "passed" and not o.proof] == []
    assert (
        lost
        == {
            "at random": {},
            "in the order of the file": {"step3.split.sizes": "split.not-shuffled"},
            "one row shuffled": dict.fromkeys(OTHER_EDGES, "data.other-edges"),
        }[drawn]
    )


OTHER_EDGES = ("step3.data.coverage", "step3.split.sizes", "step3.split.no_leak")


def test_a_graph_further_on_proves_the_table() -> None:
    """The table was in a function: its rows are proven, and its names are left to a TA"""
    graph = nx.Graph()
    graph.add_edges_from((f"u{u}", f"a{a}") for u, a, _ in KNOWN.rows.tolist())
    session = _session(graph=graph)
    with aliases.filled(session):
        evidence = Evidence(
            step1=observe(session, "step1").step1, step2=observe(session, "step2").step2
        )
    found = {o.check.id: o.status for o in judge(evidence, KNOWN, ["step1.load"])}
    assert found.pop("step1.load.names") == "not_judged"
    assert set(found.values()) == {"passed"}


def test_a_graph_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For nodes and edges alike: on the real data a look takes most of a check's time"""
    from autograder.inside import step2

    graph, looks = nx.Graph([(("user", 2), ("artist", 2))]), []
    whole = step2.observe(graph)
    monkeypatch.setattr(step2, "observe", lambda *_, **__: looks.append(1) or whole)
    seen = step2.probe(Session(ns={"G": graph}, data=Path("none")))
    assert len(looks) == 1 and seen.edges == whole
    assert isinstance(seen.nodes, type(whole)) and seen.nodes.edges is None
