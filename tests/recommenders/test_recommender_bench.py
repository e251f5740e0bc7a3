"""The benchmark: a table, a picture and a page come out, runs add up, and bad input is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from recommenders import bench, choose, growth, measure, questions, report, speed, split
from recommenders.__main__ import app
from recommenders.models import RECOMMENDERS

DOCS = Path(__file__).parents[2] / "docs"
FAST = ["popularity", "svd"]


def run(folder, *arguments: str):
    options = [option for name in FAST for option in ("--only", name)]
    return CliRunner().invoke(app, ["bench", *options, "--output", str(folder), *arguments])


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    result = run(folder, "--data", "sample", "--seeds", "2")
    assert result.exit_code == 0, result.output
    return folder


def test_it_keeps_every_run(output):
    rows = pd.read_csv(output / "recommenders.csv")
    keys = set(rows[["data", "recommender", "seed"]].itertuples(index=False, name=None))
    assert keys == {("sample", name, seed) for name in FAST for seed in (0, 1)}
    assert rows["versions"].str.contains("torch-geometric").all()


def test_the_page_has_a_table_and_a_picture(output):
    page = (output / "recommenders.md").read_text()
    assert "seeds 0, 1" in page and "of the test edges have an artist" in page
    rows = pd.read_csv(output / "recommenders.csv")
    mean = rows[rows["recommender"] == "svd"]["recall"].mean()
    line = next(line for line in page.splitlines() if line.startswith("| truncated SVD"))
    assert f"**{mean:.3f}** ±" in line
    image = (output / "recommenders-sample.png").read_bytes()
    assert image.startswith(b"\x89PNG") and len(image) > 5_000
    assert "recommenders-sample.png" in page


def test_a_second_run_replaces_its_own_rows_only(output):
    file = output / "recommenders.csv"
    before = pd.read_csv(file)
    extra = before.assign(data="lastfm")
    bench.replace_rows(file, extra, bench.KEYS)
    bench.replace_rows(file, extra.assign(recall=0.5), bench.KEYS)
    after = pd.read_csv(file)
    assert len(after) == 2 * len(before)
    assert (after[after["data"] == "lastfm"]["recall"] == 0.5).all()
    assert after[after["data"] == "sample"].equals(before)
    page = report.write(output).read_text()
    assert page.index("## The real data") < page.index("## The sample")


def test_only_what_is_missing_is_measured(tmp_path):
    """A run that was stopped goes on where it was; other settings are measured again."""
    file = tmp_path / "recommenders.csv"
    assert run(tmp_path, "--data", "sample", "--seeds", "1").exit_code == 0
    rows = pd.read_csv(file)
    assert rows["settings"].tolist() == ["none", "k=None, damping=0.25"]
    rows.loc[1, "settings"] = "k=3, damping=0.25"
    rows.assign(recall=0.5).to_csv(file, index=False)
    before = "Measured before their settings changed: truncated SVD (k=3, damping=0.25)"
    assert before in report.write(tmp_path).read_text()
    again = run(tmp_path, "--data", "sample", "--seeds", "2", "--missing")
    assert again.output.count("is there already") == 1
    after = pd.read_csv(file).set_index(["recommender", "seed"])["recall"]
    assert len(after) == 4 and after["popularity", 0] == 0.5 != after["svd", 0]
    assert "Measured before" not in (tmp_path / "recommenders.md").read_text()


def test_the_same_seed_gives_the_same_numbers(output, tmp_path):
    assert run(tmp_path, "--data", "sample", "--seeds", "2").exit_code == 0
    quality = list(report.COLUMNS)
    first, second = (
        pd.read_csv(folder / "recommenders.csv").query("data == 'sample'")[quality]
        for folder in (output, tmp_path)
    )
    assert np.array_equal(first.to_numpy(), second.to_numpy())


def test_the_real_data_where_it_is_and_the_sample_where_not(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert bench.default_data() == "sample"
    for name in ("user_artists.dat", "artists.dat"):
        (tmp_path / name).write_text("")
    assert bench.default_data() == "lastfm"


def test_data_that_is_not_there(tmp_path):
    result = run(tmp_path, "--data", str(tmp_path / "nothing"))
    assert result.exit_code == 2
    assert not (tmp_path / "recommenders.md").exists()


def test_a_recommender_that_is_not_there(tmp_path):
    command = ["bench", "--only", "magic", "--output", str(tmp_path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2 and "popularity" in result.output


def test_als_says_what_is_missing(monkeypatch, toy):
    monkeypatch.setattr(RECOMMENDERS["als"], "available", staticmethod(lambda: False))
    from recommenders import RecommenderError

    with pytest.raises(RecommenderError, match="pip install"):
        RECOMMENDERS["als"]().fit(toy)


def test_the_faster_loop_is_the_same_model(parts):
    """One pair of short fits: both learn alike; the ratio is left to the benchmark."""
    ask = questions(parts)
    (pair,) = speed.pairs(ask, repeats=1, epochs=40)
    assert pair.literal_auc == pytest.approx(pair.faster_auc, abs=0.05)
    assert pair.literal_auc > 0.6
    assert pair.ratio(0) == pair.literal[0] / pair.faster[0] > 0


def test_the_faster_loops_scores_are_the_literal_ones(parts):
    """With the same weights, CSR messages and index_select give the same numbers."""
    import torch

    from recommenders.models.gnn_literal import GNNLinkPredictor

    torch.manual_seed(0)
    model = GNNLinkPredictor(parts.train.num_nodes, 8)
    x, pairs = torch.arange(parts.train.num_nodes), parts.test.edge_index()
    with torch.no_grad():
        slow = model.decode(model.encode(x, parts.train.edge_index()), pairs)
        z = model.encode(x, parts.train.adjacency())
        fast = speed.IndexSelectGNN.decode(model, z, pairs)
    assert torch.allclose(slow, fast, atol=1e-4)


def test_growth_is_measured_in_processes_of_their_own():
    outcomes: list[tuple[str, int, str]] = []
    names = ["popularity", "nothing", "gnn"]
    steps = growth.measure_growth([1, 2], names, 1, lambda *heard: outcomes.append(heard))
    rows = pd.DataFrame(steps)
    assert outcomes[1] == ("nothing", 1, "left out: KeyError: 'nothing'"), "the others go on"
    assert rows["edges"].tolist() == [8000, 8000, 16000, 16000]
    assert (rows["mb"] > 50).all() and (rows["seconds"] >= 0).all()


def choose_svd(folder, *settings: str):
    command = ["choose", "svd", *settings, "--data", "sample", "--output", str(folder)]
    return CliRunner().invoke(app, command)


def test_settings_are_tried_on_validation_edges_of_a_split_of_their_own(tmp_path, sample):
    for settings in ((), ("k=4",), ("k=4", "damping=0.5"), ("k=4",)):
        result = choose_svd(tmp_path, *settings)
        assert result.exit_code == 0, result.output
    rows = pd.read_csv(tmp_path / report.CHOICES)
    assert rows["settings"].tolist() == ["defaults", "k=4, damping=0.5", "k=4"]
    validation = questions(split(sample, choose.SEED), "val")
    expected = measure(RECOMMENDERS["svd"](choose.SEED, k=4), validation)
    assert rows["recall"].iloc[-1] == pytest.approx(expected.recall, abs=1e-5)
    page = (tmp_path / "recommenders.md").read_text()
    assert f"| k=4 | {rows['recall'].iloc[-1]:.4f} |" in page
    assert f"| defaults | **{rows['recall'].max():.4f}** |" in page


@pytest.mark.parametrize(
    ("setting", "said"), [("size=4", "has no setting 'size'"), ("k=four", "name=number")]
)
def test_a_setting_that_is_not_there(tmp_path, setting, said):
    result = choose_svd(tmp_path, setting)
    assert result.exit_code == 2 and said in result.output


def test_growth_and_speed_are_sections_of_the_page(tmp_path):
    growth_rows = pd.DataFrame(
        {
            "times": [1, 10, 1, 10],
            "recommender": ["gnn", "gnn", "ease", "ease"],
            "edges": [8000, 80000, 8000, 80000],
            "seconds": [1.0, 9.0, 0.2, 20.0],
            "mb": [500.0, 700.0, 450.0, 800.0],
            "idle_mb": [450.0, 455.0, 450.0, 455.0],
        }
    )
    growth_rows.to_csv(tmp_path / report.GROWTH, index=False)
    pair = speed.Pair(0, (10.0, 9.0), (5.0, 3.0), 0.91, 0.92)
    pd.DataFrame([pair.row("sample", 100, 1)]).to_csv(tmp_path / report.SPEED, index=False)
    page = report.write(tmp_path).read_text()
    assert "| sample | 1 | 100 | 1 | 10.0 | 5.0 | 2.00 | 3.00 |" in page
    assert "| 10 | 80,000 (×10.0) | 9.00 (×9.0) | 700 | 250 (×5.0) |" in page
    assert "| EASE | 10 | 80,000 (×10.0) | 20.00 (×100.0) | 800 | 350 |" in page
    literal, ease = (RECOMMENDERS[name].title for name in ("gnn", "ease"))
    assert f"- Seconds grow, no faster than the edges: {literal}; faster: {ease}." in page
    assert (tmp_path / "recommenders-growth.png").is_file()


def test_the_tuned_gnn_reaches_its_figures_on_the_real_data():
    """What the page says in numbers, from the rows of five seeds, as medians."""
    rows = pd.read_csv(DOCS / report.RUNS)
    rows = rows[(rows["data"] == "lastfm") & (rows["recommender"] == "gnn_tuned")]
    assert sorted(rows["seed"]) == [0, 1, 2, 3, 4]
    assert set(rows["settings"]) == {bench.settings("gnn_tuned")}
    median = rows.median(numeric_only=True)
    assert median["warm_auc"] >= 0.965 and median["matched_auc"] >= 0.86
    assert median["recall"] >= 0.27 and median["fit_seconds"] <= 75


def test_the_filter_beside_the_gnn_beats_every_peer_on_the_real_data():
    rows = pd.read_csv(DOCS / report.RUNS)
    rows = rows[rows["data"] == "lastfm"]
    chosen = rows[rows["recommender"] == "gnn_filtered"]
    assert sorted(chosen["seed"]) == [0, 1, 2, 3, 4]
    assert set(chosen["settings"]) == {bench.settings("gnn_filtered")}
    median = rows.groupby("recommender")[["recall", "fit_seconds"]].median()
    best = median["recall"].sort_values(ascending=False)
    assert best.index[0] == "gnn_filtered" and best.iloc[0] > best.iloc[1] + 0.01
    assert median.loc["gnn_filtered", "fit_seconds"] <= 75


@pytest.mark.slow
def test_ten_times_the_sample_with_and_without_taste():
    """The null control at scale: EASE beats popularity with taste, and loses without."""
    ease, popularity, ease_off, popularity_off = growth.null_control(10)
    assert ease > popularity + 0.05
    assert ease_off < popularity_off
