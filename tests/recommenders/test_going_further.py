"""Notebook seven: its solution passes every check, mistakes are told, and its claims hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from autograder import going_further
from autograder.contract import ASSIGNMENT, UNGRADED, UNGRADED_ASSIGNMENT
from autograder.desk.hints import Hints
from autograder.handin.submission import load
from recommenders import questions, split
from recommenders.lesson import ABLATIONS, LessonGNN, agreement, artist_names, compare
from recommenders.models import RECOMMENDERS

ROOT = Path(__file__).parents[2]
NAME = UNGRADED["step7"]


def cells(folder: str) -> dict[str, str]:
    path = ROOT / folder / UNGRADED_ASSIGNMENT / f"{NAME}.ipynb"
    book = nbformat.read(path, as_version=4)
    return {cell.id: cell.source for cell in book.cells if cell.cell_type == "code"}


def exercises(names: dict, folder: str = "solutions") -> dict:
    """The names of the notebook after its exercises, without what is only looked at."""
    for id_, source in cells(folder).items():
        if not id_.startswith("check_") and not id_.endswith(("_look", "_hint")):
            exec(compile(source, id_, "exec"), names)
    return names


@pytest.fixture(scope="module")
def solved() -> dict:
    return exercises({})


def status(key: str, names: dict) -> list[str]:
    return [outcome.status for outcome in going_further.check(key, names).outcomes]


@pytest.mark.parametrize("key", going_further.PARTS)
def test_the_solution_passes(key, solved):
    report = going_further.check(key, solved)
    assert {outcome.status for outcome in report.outcomes} == {"passed"}, str(report)
    assert report == 0.0, "no points"
    assert all(len(part.hints) >= 2 for part in going_further.PARTS[key])


def test_a_blank_notebook_is_not_attempted():
    names: dict = {}
    for id_, source in cells("assignments").items():
        if not id_.startswith("check_") and not id_.endswith(("_look", "_hint")):
            try:
                exec(compile(source, id_, "exec"), names)
            except NotImplementedError:
                continue
    for key in going_further.PARTS:
        if key != "step7.mine":  # its class is a right one as soon as it inherits
            assert set(status(key, names)) == {"not_attempted"}, key


def test_a_part_of_nothing(solved):
    with pytest.raises(ValueError, match="no such part; there are step7.names"):
        going_further.check("step7.nothing", solved)
    assert status("step7.names", {"ten_names": len, "because": len}) == ["blocked", "blocked"]
    assert status("step7.ranking", {**solved, "recall_by_hand": lambda: 0}) == [
        "student_error",
        "passed",
    ]


def test_hints_are_about_what_is_not_right_yet(solved):
    hints, reports = Hints(), {}
    first = hints.next(*going_further.help_for("step7.names", reports))
    assert first.label == "A question first" and "must not be recommended" in first.text
    assert hints.next(*going_further.help_for("step7.names", reports)).label == "Hint 1 of 2"
    names = {**solved, "because": lambda user, artist: artist}
    reports["step7.names"] = going_further.check("step7.names", names).outcomes
    assert "Who listens" in hints.next(*going_further.help_for("step7.names", reports)).text
    reports["step7.names"] = going_further.check("step7.names", solved).outcomes
    assert "nothing to mend" in str(hints.next(*going_further.help_for("step7.names", reports)))


def wrong(solved: dict) -> list[tuple[str, str, object, str]]:
    """A part, a name, a wrong object for it, and what the report has to say."""
    train, model, names = solved["train"], solved["model"], solved["names"]
    right = {name: solved[name] for part in going_further.PARTS.values() for name in [part[0].name]}

    def known_too(user):
        return [names[a] for a in np.argsort(-model.scores([user])[0])[:10]]

    def any_pair(train, count):
        return torch.randint(train.num_nodes, (2, count))

    def edges_only(train, count):
        return train.edge_index()[:, torch.randint(len(train), (count,))]

    def popular(train, count):
        pairs = right["fair_negatives"](train, count)
        artists = torch.from_numpy(np.random.default_rng(0).choice(train.artist, count))
        return torch.stack([pairs[0], artists + train.n_users])

    def one_way(edge_index, pairs):
        n = 10
        asked = torch.isin(edge_index[0] * n + edge_index[1], pairs[0] * n + pairs[1])
        return edge_index[:, ~asked]

    def shuffled(train):
        random = np.random.default_rng()
        return type(
            "M",
            (RECOMMENDERS["svd"],),
            {"score": lambda s, u: random.random((len(u), train.n_artists))},
        )

    log = np.log1p(train.listens)
    return [
        ("names", "ten_names", known_too, "an artist whom this user knows already"),
        ("names", "ten_names", lambda u: right["ten_names"](u)[::-1], "another order"),
        ("names", "because", lambda u, a: int(train.artist[train.user == u][-1]), "in common"),
        ("names", "because", lambda u, a: a, "no artist that user"),
        ("ranking", "recall_by_hand", lambda r, h: len(h & set(r)) / len(r), "precision"),
        ("ranking", "recall_by_hand", lambda r, h: float(bool(h & set(r))), "a hit anywhere"),
        ("ranking", "ndcg_by_hand", dcg, "this is DCG"),
        ("negatives", "fair_negatives", any_pair, "in row 0"),
        ("negatives", "fair_negatives", edges_only, "are training edges"),
        ("negatives", "fair_negatives", popular, "the mean number of listeners"),
        ("negatives", "fair_negatives", lambda t, n: torch.zeros(n, 2), "a tensor"),
        ("messages", "without", one_way, "in both directions"),
        ("messages", "without", lambda e, p: e[:, :0], "have to stay"),
        ("listens", "listen_weights", lambda t: log / log.mean(), "must not count more"),
        ("listens", "listen_weights", lambda t: log[:5], "shape"),
        ("lightgcn", "lightgcn", lambda x, e, n: (n + 1) * solved["lightgcn"](x, e, n), "off by"),
        ("lightgcn", "lightgcn", lambda x, e, n: solved["lightgcn"](x, e, 1), "off by"),
        ("ablations", "predicted", ["nothing"], "best Recall@20 first"),
        ("mine", "Mine", RECOMMENDERS["popularity"], "above"),
        ("mine", "Mine", shuffled(train), "differ by up to"),
        ("mine", "Mine", object, "inherits from Recommender"),
    ]


def dcg(ranked, held_out):
    return sum(1 / np.log2(i + 2) for i, artist in enumerate(ranked) if artist in held_out)


def test_a_wrong_answer_is_told_why(solved):
    for part, name, value, said in wrong(solved):
        report = going_further.check(f"step7.{part}", {**solved, name: value})
        outcome = next(o for o in report.outcomes if o.check.id.endswith(f".{name}"))
        assert outcome.status == "failed" and said in str(report), f"{part} {said}: {report}"


def test_each_part_has_a_check_and_a_picture():
    source = cells("assignments")
    parts = [key.split(".")[1] for key in going_further.PARTS]
    assert [id_.removeprefix("check_") for id_ in source if id_.startswith("check_")] == parts
    for part in parts:
        assert f'check("step7.{part}")' in source[f"check_{part}"]
        assert source[f"{part}_look"].splitlines()[-1].startswith("pictures.")


@pytest.mark.slow
def test_the_whole_solution_runs_and_its_numbers_are_as_it_says(solved, capsys):
    """Every cell in turn, on the sample; each picture is one."""
    matplotlib.use("Agg")
    names, figures = dict(solved), 0
    for id_, source in cells("solutions").items():
        if not id_.endswith("_look"):
            continue
        *body, last = ast.parse(source).body
        exec(compile(ast.Module(body, []), id_, "exec"), names)
        assert isinstance(last, ast.Expr)
        figures += isinstance(eval(compile(ast.Expression(last.value), id_, "eval"), names), Figure)
    assert figures == len(going_further.PARTS)
    by_hand, by_kit = re.findall(r"by (?:hand|the kit) +Recall@20 (\S+)", capsys.readouterr().out)
    assert by_hand == by_kit
    assert names["gap"][0.5] < names["gap"][0.0], "hidden edges close the gap"
    table = names["table"]
    assert table.loc["mine", "Recall@20"] > 1.2 * table.loc["gnn", "Recall@20"]


@pytest.mark.slow
def test_fair_negatives_cost_the_splits_auc_and_no_recall(sample, solved):
    """Part 3's question, and what part 7 says of messages, over three seeds."""
    rows = []
    recipe = {"negatives": solved["fair_negatives"], "spread": 0.1, "hide": 0.5}
    for seed in range(3):
        models = {
            "literal": LessonGNN(seed),
            "fair": LessonGNN(seed, negatives=solved["fair_negatives"]),
            "nothing": LessonGNN(seed, **recipe),
            "no messages": LessonGNN(seed, **recipe, **ABLATIONS["no messages"]),
        }
        rows.append(compare(models, questions(split(sample, seed), "val")))
    mean = sum(rows) / len(rows)
    assert mean.loc["fair", "split's AUC"] < mean.loc["literal", "split's AUC"] - 0.2
    assert mean.loc["fair", "Recall@20"] > mean.loc["literal", "Recall@20"]
    text = " ".join((ROOT / "solutions" / f"{NAME}.py").read_text().replace("\n#", "").split())
    for column, ahead in (("fair AUC", "nothing"), ("Recall@20", "no messages")):
        claim = re.search(rf"{column} (0\.\d+) with, (0\.\d+) without", text)
        assert claim, column
        pair = mean.loc[["nothing", "no messages"], column]
        assert pair.tolist() == pytest.approx(
            [float(number) for number in claim.groups()], abs=0.02
        )
        assert pair.idxmax() == ahead


def test_the_toy_numbers(solved):
    assert solved["recall_by_hand"](list("ABCDE"), set("ADZ")) == pytest.approx(2 / 3)
    text = (ROOT / "solutions" / f"{NAME}.py").read_text()
    assert f"= {solved['ndcg_by_hand'](list('ABCDE'), set('ADZ')):.3f}" in text
    assert f"1 + {1 / np.log2(5):.3f}" in text and f"1 + {1 / np.log2(3):.3f} + 0.5" in text


def test_what_it_says_of_pairs_is_in_the_data(sample):
    """Part 3's shares, and the edges of a node in part 7; the real data's counts are of step 1."""
    assert (sample.n_artists / sample.num_nodes) ** 2 == pytest.approx(0.64)
    assert len(sample) / (sample.n_users * sample.n_artists) == pytest.approx(0.05)
    assert len(sample) / sample.num_nodes == 8
    users, artists, edges = 1892, 17632, 92834
    assert round(edges / (users * artists), 3) == 0.003
    assert round(edges / (users + artists)) == 5


def test_what_it_says_of_the_table_is_there():
    """Of the real data in the last part, and of LightGCN and BPR in part 7."""
    rows = pd.read_csv(ROOT / "docs" / "recommenders.csv")
    runs = rows.groupby(["data", "recommender"])["recall"]
    recall, seeds = runs.mean(), runs.size()
    real = recall["lastfm"]
    assert real[["svd", "ease", "itemknn"]].min() > 2 * real["gnn"]
    assert round(real["lightgcn"] - real["bpr"], 2) == 0.02
    assert (seeds["lastfm"][["svd", "ease", "itemknn", "lightgcn", "bpr"]] == 5).all()


def test_names_are_in_the_order_of_the_artists(sample):
    names = artist_names("sample")
    assert len(names) == sample.n_artists and names[:2] == ["Brilivey", "Tamvane & the Feral Ferry"]


def test_agreement_of_two_orders():
    assert agreement("abc", "abc") == 1 and agreement("abc", "cba") == -1


def test_grading_leaves_it_out(tmp_path):
    """Under its own name, under another one, and alone."""
    seventh = ROOT / "solutions" / UNGRADED_ASSIGNMENT / f"{NAME}.ipynb"
    first = ROOT / "solutions" / ASSIGNMENT / "step1_data_loading.ipynb"
    for number, name in enumerate((f"{NAME}.ipynb", "my_recommender.ipynb")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes(seventh.read_bytes())
        assert load(folder).notebooks == ()
        (folder / first.name).write_bytes(first.read_bytes())
        handed_in = load(folder)
        assert [book.step for book in handed_in.notebooks] == ["step1"]
        assert handed_in.left_out == (f"{name}: gives no points, and is not run",)
