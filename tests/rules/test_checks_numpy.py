"""What the grader computes with NumPy is what torch, scikit-learn and scipy compute."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import roc_auc_score
from torch_geometric.nn import SAGEConv

from autograder.evidence.arrays import array
from autograder.evidence.schema import Convolution
from autograder.rules.graphs import area, components
from autograder.rules.recomputed import rebuild

HEAVY = ("torch", "torch_geometric", "pandas", "networkx", "sklearn", "scipy", "IPython")


def test_the_grader_imports_only_what_judging_needs():
    modules = "autograder.cli, autograder.grading.whole_class, autograder.reports.diagnosis"
    program = f"import sys, {modules}; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"aggr": "sum"},
        {"aggr": "max"},
        {"aggr": "min", "normalize": True},
        {"root_weight": False, "bias": False},
        {"project": True},
        {"aggr": ["mean", "max"]},
        {"aggr": "median"},
    ],
    ids=str,
)
def test_a_convolution_with_the_students_weights(options):
    torch.manual_seed(0)
    layer = SAGEConv(5, 6, **options).eval()
    x, edges = torch.randn(9, 5), torch.randint(0, 8, (2, 30))
    rebuilt = rebuild(facts_of(layer, options))
    with torch.no_grad():
        expected = layer(x, edges).numpy()
    assert np.allclose(rebuilt(x.numpy(), edges.numpy()), expected, atol=1e-5)


@pytest.mark.parametrize("change", [{"in_channels": None}, {"out_channels": 7}, {"weights": {}}])
def test_facts_that_make_no_convolution(change):
    assert rebuild(replace(facts_of(SAGEConv(5, 6), {}), **change)) is None


def test_an_index_that_is_too_large_is_refused():
    rebuilt = rebuild(facts_of(SAGEConv(5, 6), {}))
    for edges in ([[0], [2**60]], [[2**60], [0]]):
        with pytest.raises(IndexError):
            rebuilt(np.zeros((9, 5)), np.array(edges))


def facts_of(layer, options):
    known = {"normalize", "root_weight", "project"}
    return Convolution(
        kind="SAGEConv",
        sage=True,
        in_channels=5,
        out_channels=6,
        options={name: getattr(layer, name) for name in known} | {"bias": True} | options,
        weights={name: array(p, "float32") for name, p in layer.named_parameters()},
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_area_under_the_curve(seed):
    draw = np.random.default_rng(seed)
    labels, scores = draw.integers(0, 2, 200), draw.normal(size=200).round(seed)
    assert area(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_the_area_of_one_kind_is_no_number():
    assert np.isnan(area(np.ones(3), np.arange(3.0)))


@pytest.mark.parametrize("edges", [0, 30, 60, 150])
def test_connected_components(edges):
    draw = np.random.default_rng(edges)
    source, target = draw.integers(0, 100, size=(2, edges))
    graph = coo_array((np.ones(edges), (source, target)), shape=(100, 100))
    expected = connected_components(graph, directed=False)[1]
    found = components(source, target, 100)
    assert (np.unique(found, return_inverse=True)[1] == expected).all()  # in the same order too


def test_the_components_of_a_long_path_take_few_rounds():
    order = np.random.default_rng(0).permutation(50_000)
    assert (components(order[:-1], order[1:], 50_000) == 0).all()
