"""What the notebooks show beside the exercises: pictures, answers, and the validation AUC."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
import torch
from checks_course import Course
from panels import browser

import course_data
from autograder import notebook, pictures
from autograder.answers import ANSWERS, answer
from autograder.contract import GRADING, STEPS
from autograder.inside.session import Session
from autograder.inside.tracking import paused, validation_auc
from autograder.pictures import Picture

SCORES = (torch.tensor([2.0, 0.5, 1.5]), torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 0.2]))


def graph_picture(course: Course) -> Picture:
    graph = course.inputs("step3")["G"]
    return pictures.neighbourhood(graph, next(iter(graph)))


PICTURES: dict[str, Callable[[Course], Picture]] = {
    "listening": lambda course: pictures.listening(course.inputs("step2")["df"]),
    "neighbourhood": graph_picture,
    "messages": lambda _: pictures.messages_and_supervision(),
    "hops": lambda _: pictures.two_hops(),
    "training": lambda _: pictures.training([2.0, 1.0, 0.5], [0.5, 0.8, 0.7]),
    "training without AUC": lambda _: pictures.training([2.0, 1.0]),
    "scores": lambda _: pictures.scores_and_roc(*SCORES),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_follows_the_theme_and_has_words(course: Course, name: str) -> None:
    picture = PICTURES[name](course)
    html = picture._repr_html_()
    assert 'role="img"' in html and "currentColor" in html
    assert len(picture.alt.split()) > 8 and picture.alt.endswith(".")
    assert pictures.INK not in html
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_pictures_say_what_is_true() -> None:
    assert "best, 0.800, after epoch 2" in PICTURES["training"](None).alt  # type: ignore[arg-type]
    hops = pictures.two_hops(user=1).alt
    assert "after one layer also a2, a3; after two layers also u2, u3." in hops
    assert "AUC is 1.000" in pictures.scores_and_roc(*SCORES).alt


def test_every_question_has_an_answer_that_stands_in_no_notebook() -> None:
    assert list(ANSWERS) == [f"{step}.think" for step in STEPS]
    folder = Path(notebook.__file__).parents[1] / "assignments" / "gnn_recommender"
    for path, (question, text) in zip(sorted(folder.glob("*.ipynb")), ANSWERS.items(), strict=True):
        book = path.read_text(encoding="utf-8")
        assert f'answer(\\"{question}\\")' in book
        for sentence in re.split(r"\.\s+", " ".join(text.split())):
            assert sentence[:60] not in book, sentence
    assert answer("step3.think")._repr_markdown_().startswith("While training")
    with pytest.raises(ValueError, match="step6.think"):
        answer("step7.think")


def test_the_words_of_the_saved_report_are_counted(tmp_path: Path) -> None:
    import nbformat

    from autograder.contract import NOTEBOOKS

    released = Path(notebook.__file__).parents[1] / "assignments" / "gnn_recommender"
    book = nbformat.read(released / f"{NOTEBOOKS['step6']}.ipynb", as_version=4)
    path = tmp_path / f"{NOTEBOOKS['step6']}.ipynb"
    nbformat.write(book, path)
    assert notebook._written_report(tmp_path) is None
    (cell,) = [c for c in book.cells if c.id == "report"]
    cell.source = "The test AUC is 0.84 against the negatives of the split."
    nbformat.write(book, path)
    assert notebook._written_report(tmp_path) == cell.source
    assert notebook._written_report(tmp_path / "elsewhere") is None


def test_the_best_epoch_on_validation_edges_is_kept(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = course.inputs("step5")
    model = given["GNNLinkPredictor"](given["num_nodes"], 8, 8, 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    tracker = notebook.track(model, optimizer)
    data, val_data = given["train_data"], course.inputs("chain")["val_data"]
    for sign in (1, 1, -1):  # the last step makes it worse
        optimizer.zero_grad()
        z = model.encode(data.x, data.edge_index)
        scores = model.decode(z, data.pos_edge_label_index)
        (-sign * torch.sigmoid(scores).mean()).backward()
        optimizer.step()
    with paused():
        optimizer.step()
    assert len(tracker.aucs) == 3 and model.training
    tracker.keep_best()
    best = max(tracker.aucs)
    assert tracker.aucs[tracker.best_epoch - 1] == best
    assert validation_auc(model, val_data) == pytest.approx(best)
    monkeypatch.setenv(GRADING, "1")
    idle = notebook.track(model, optimizer)
    optimizer.step()
    idle.keep_best()
    assert idle.aucs == [] and len(tracker.aucs) == 3


def test_keep_best_says_what_kept_it_from_having_a_best_epoch(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = course.inputs("step5")

    def made() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
        model = given["GNNLinkPredictor"](given["num_nodes"], 8, 8, 8)
        return model, torch.optim.Adam(model.parameters())

    ns = dict(zip(("model", "optimizer"), made(), strict=True))
    monkeypatch.setattr(notebook, "_session", Session(ns=ns, data=course.data))
    tracker = notebook.track(**ns)
    with pytest.raises(notebook.NotebookProblem, match="no epoch was tracked. Run in this order"):
        tracker.keep_best()
    ns["optimizer"].step()
    tracker.keep_best()
    ns["model"], _ = made()
    with pytest.raises(notebook.NotebookProblem, match="`model` was made anew after `track`"):
        tracker.keep_best()
    ns["model"].decode = None
    tracker = notebook.track(ns["model"], torch.optim.Adam(ns["model"].parameters()))
    tracker._after_step()
    with pytest.raises(notebook.NotebookProblem, match="could not be measured: TypeError"):
        tracker.keep_best()


def test_the_tracker_measures_what_scikit_learn_does(course: Course) -> None:
    from sklearn.metrics import roc_auc_score

    given, val_data = course.inputs("step5"), course.inputs("chain")["val_data"]
    model = given["GNNLinkPredictor"](given["num_nodes"], 8, 8, 8)
    with torch.no_grad():
        z = model.encode(val_data.x, val_data.edge_index)
        yes = model.decode(z, val_data.pos_edge_label_index)
        no = model.decode(z, val_data.neg_edge_label_index)
    labels = [1] * len(yes) + [0] * len(no)
    wanted = roc_auc_score(labels, torch.cat([yes, no]))
    assert validation_auc(model, val_data) == pytest.approx(wanted)


def test_embeddings_alone_learn_the_edges_they_see(course: Course) -> None:
    data = course.inputs("step5")["train_data"]
    before = torch.random.get_rng_state()
    vectors = notebook.embeddings_alone(data, epochs=60)
    assert torch.equal(before, torch.random.get_rng_state())
    assert vectors.shape == (data.num_nodes, 32) and not vectors.requires_grad
    first, second = data.pos_edge_label_index
    assert (vectors[first] * vectors[second]).sum(dim=1).mean() > 0.5


@pytest.mark.slow
def test_axe_finds_nothing_in_the_pictures(course: Course, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    body = "".join(f"<h2>{name}</h2>{PICTURES[name](course)._repr_html_()}" for name in PICTURES)
    with browser() as chromium:
        for ground, text in (("#fff", "#111"), ("#111", "#eee")):
            tab = chromium.new_page(viewport={"width": 400, "height": 800})
            style = f"background: {ground}; color: {text}"
            head = '<!doctype html><html lang="en"><head><title>Pictures</title></head>'
            tab.set_content(
                f'{head}<body style="{style}"><main><h1>All</h1>{body}</main></body></html>'
            )
            assert Axe().run(tab).response["violations"] == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= 400
            tab.screenshot(path=tmp_path / f"pictures-{ground[1:]}.png", full_page=True)


def test_nodes_of_other_names_are_drawn_too() -> None:
    graph = nx.Graph([("u2", "a1"), ("u3", "a1")])
    assert "<svg" in pictures.neighbourhood(graph, ("user", 2))._repr_html_()
    with pytest.raises(ValueError, match="no node yet"):
        pictures.neighbourhood(nx.Graph(), ("user", 2))


def test_the_side_rule_gets_what_the_notebook_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch_geometric.transforms as T
    from sklearn.metrics import roc_auc_score
    from torch_geometric import seed_everything

    released = Path(notebook.__file__).parents[1] / "assignments" / "gnn_recommender"
    text = (released / "step6_evaluation.ipynb").read_text(encoding="utf-8")
    (told,) = re.findall(r"AUC of about (0\.\d+) on the sample", text)
    monkeypatch.setenv("COURSE_DATA", "sample")
    sample = Course(course_data.path("user_artists.dat"))
    n_users = int(sample.inputs("step2")["n_users"])
    data = sample.inputs("step4")["data"]
    split = T.RandomLinkSplit(
        0.1, 0.1, is_undirected=True, split_labels=True, add_negative_train_samples=False
    )
    measured = []
    for seed in range(5):
        seed_everything(seed)
        part = split(data)[2]
        pairs = [part.pos_edge_label_index, part.neg_edge_label_index]
        scores = [((ends < n_users).sum(dim=0) == 1).float() for ends in pairs]
        labels = [1] * len(scores[0]) + [0] * len(scores[1])
        measured.append(roc_auc_score(labels, torch.cat(scores)))
    assert abs(sum(measured) / 5 - float(told)) < 0.01, measured
