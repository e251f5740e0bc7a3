"""Steps 5 and 6 go on with the student's own work, or say by name why they cannot."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from checks_course import Course
from sklearn.metrics import roc_auc_score

from autograder import checkpoints
from autograder.contract import NOTEBOOKS
from autograder.desk import own_work, progress
from autograder.inside import chain as chains
from autograder.inside.chain import Chain
from autograder.inside.inputs import RightInputs
from autograder.inside.tracking import paused
from autograder.rules.outcome import Check, Outcome
from autograder.truth import truth

ROOT = Path(__file__).parents[2]
SOLUTIONS = ROOT / "solutions" / "gnn_recommender"
BLANKS = ROOT / "assignments" / "gnn_recommender"
Change = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The solved notebooks of steps 4 and 5, with a short loop, in a folder of their own."""
    monkeypatch.setenv(progress.CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(chains, "current", chains.current)  # put back at the end
    place = tmp_path / "work"
    place.mkdir()
    for step in ("step4", "step5"):
        shutil.copy(SOLUTIONS / f"{NOTEBOOKS[step]}.ipynb", place)
    return place


@pytest.fixture
def change(folder: Path) -> Change:
    """`change("step4", "old", "new")` changes the text of a notebook's cells."""

    def edit(step: str, old: str, new: str) -> None:
        path = folder / f"{NOTEBOOKS[step]}.ipynb"
        book = json.loads(path.read_text(encoding="utf-8"))
        for cell in book["cells"]:
            cell["source"] = "".join(cell["source"]).replace(old, new)
        path.write_text(json.dumps(book), encoding="utf-8")

    return edit


def chain() -> Chain:
    """A new one, which `checkpoint` asks too: as in a kernel that has just started."""
    chains.use(Chain(RightInputs()))
    return chains.current


def test_step_5_takes_the_class_of_step_4(folder: Path, course: Course) -> None:
    found = own_work.model_class(chain(), folder, course.data)
    assert not found.notes
    assert found.names["GNNLinkPredictor"].__module__ == "__main__"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("self.conv1(h, edge_index).relu()", "self.conv1(h, edge_index)", "step4.encode"),
        ("h = self.embedding(x)", "raise NotImplementedError()", "still blank"),
        ("class GNNLinkPredictor", "class Other", "makes no class `GNNLinkPredictor`"),
    ],
)
def test_a_class_that_is_not_ready_is_named(
    folder: Path, course: Course, change: Change, old: str, new: str, words: str
) -> None:
    change("step4", old, new)
    found = own_work.model_class(chain(), folder, course.data)
    assert not found.names and len(found.notes) == 1
    assert "step4_model.ipynb" in found.notes[0] and words in found.notes[0]


def test_a_notebook_that_is_not_there_or_no_notebook(folder: Path, course: Course) -> None:
    (folder / "step5_training.ipynb").unlink()
    found = own_work.trained(chain(), folder, course.data)
    assert found.notes == [f"step5_training.ipynb is not in this folder ({folder})"]
    (folder / "step5_training.ipynb").write_text("{")
    found = own_work.trained(chain(), folder, course.data)
    assert "step5_training.ipynb" in found.notes[0] and "not JSON" in found.notes[0]


def test_a_notebook_that_is_not_saved(folder: Path, course: Course) -> None:
    path = folder / "step4_model.ipynb"
    shutil.copy(BLANKS / path.name, path)
    os.utime(path, (time.time() - 60,) * 2)
    keys = ("step4.layers", "step4.encode", "step4.decode")
    progress.note(folder, [Outcome(Check(f"{k}.x", k, "x", 1.0), "passed") for k in keys])
    (note,) = own_work.model_class(chain(), folder, course.data).notes
    assert note.startswith("step4_model.ipynb is not saved")


def test_a_model_is_trained_once(
    folder: Path, course: Course, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    change("step5", "range(1, 101)", "range(1, 13)")
    used = chain()
    first = own_work.trained(used, folder, course.data)
    assert set(first.names) >= {"model", "train_data", "val_data", "test_data"}
    assert used.last(folder) is first.names
    with monkeypatch.context() as patch:
        patch.setattr(Chain, "train", None)  # it must not be asked for
        second = own_work.trained(chain(), folder, course.data)
    part = second.names["test_data"]
    with torch.no_grad():
        z, again = (
            found.names["model"].eval().encode(part.x, part.edge_index) for found in (first, second)
        )
    assert torch.equal(z, again)
    change("step5", "lr=0.01", "lr=0.02")
    third = own_work.trained(chain(), folder, course.data)
    assert third.names and not torch.equal(
        third.names["model"].embedding.weight, first.names["model"].embedding.weight
    )


def test_a_damaged_file_of_the_cache_is_made_anew(
    folder: Path, course: Course, change: Change
) -> None:
    change("step5", "range(1, 101)", "range(1, 13)")
    own_work.trained(chain(), folder, course.data)
    (kept,) = (progress.cache_folder() / "models").iterdir()
    kept.write_bytes(b"half of it")
    assert own_work.trained(chain(), folder, course.data).names


def test_the_stand_in_beats_popularity(on_the_sample: None) -> None:
    found = checkpoints.inputs("step6")
    model, part = found["model"], found["test_data"]
    assert hasattr(model, "conv1") and hasattr(model, "conv2")
    known = truth()
    with torch.no_grad():
        z = model.encode(part.x, part.edge_index)
    positives = part.pos_edge_label_index.numpy()
    drawn = np.random.default_rng(0)
    users = drawn.integers(0, known.n_users, positives.shape[1])
    artists = drawn.integers(known.n_users, known.num_nodes, positives.shape[1])
    taken = known.edges[0] * known.num_nodes + known.edges[1]
    free = ~np.isin(users * known.num_nodes + artists, taken)
    pairs = np.concatenate([positives, np.stack([users, artists])[:, free]], axis=1)
    labels = np.arange(pairs.shape[1]) < positives.shape[1]
    scores = model.decode(z, torch.from_numpy(pairs)).detach().numpy()
    listeners = np.bincount(found["train_data"].edge_index[1].numpy(), minlength=known.num_nodes)
    popularity = roc_auc_score(labels, listeners[pairs[1]])
    assert roc_auc_score(labels, scores) > popularity + 0.05


def test_a_split_has_the_form_of_random_link_split(on_the_sample: None) -> None:
    from torch_geometric.transforms import RandomLinkSplit

    found = checkpoints.inputs("chain")
    options = {"is_undirected": True, "add_negative_train_samples": False, "split_labels": True}
    parts = RandomLinkSplit(num_val=0.1, num_test=0.1, **options)(found["data"])
    taken = {tuple(pair) for pair in found["data"].edge_index.t().tolist()}
    for name, expected in zip(("train", "val", "test"), parts, strict=True):
        part = found[f"{name}_data"]
        assert {k: (v.shape, v.dtype) for k, v in part} == {
            k: (v.shape, v.dtype) for k, v in expected
        }
        seen = {tuple(pair) for pair in part.edge_index.t().tolist()}
        asked = {tuple(pair) for pair in part.pos_edge_label_index.t().tolist()}
        assert asked <= taken and (asked <= seen) == (name == "train")
        if name != "train":
            assert not asked & seen
            drawn = {tuple(sorted(pair)) for pair in part.neg_edge_label_index.t().tolist()}
            assert not drawn & taken


def test_the_bar_counts_the_training_alone_and_never_goes_past_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []
    publish = lambda data, **_: shown.append(data["text/html"])  # noqa: E731
    shell = SimpleNamespace(display_pub=SimpleNamespace(publish=publish))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    with own_work._bar():
        for _ in range(own_work.EPOCHS):
            optimizer.step()
        with paused():  # a check looks at the work
            for _ in range(10):
                optimizer.step()
        assert f"step {own_work.EPOCHS} of {own_work.EPOCHS}" in shown[-1]
        for _ in range(10):  # a loop that is longer than the exercise asks for
            optimizer.step()
    values = [int(n) for html in shown for n in re.findall(r'value="(\d+)"', html)]
    assert max(values) == own_work.EPOCHS
    assert f"step {own_work.EPOCHS + 10} <progress aria-label" in " ".join(shown)
