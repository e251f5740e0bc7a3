"""The contract of the course: steps, exercises, points, and the names that everything agrees on.

Notebooks, checks, the grader and the reports read this one table; read it first.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """One graded cell. `evidence` are the fields of its step's evidence that it is judged by."""

    key: str  # such as `step3.mapping`
    points: float
    evidence: tuple[str, ...]
    by_hand: bool = False  # a person gives the points

    @property
    def step(self) -> str:
        """The step that it belongs to, such as `step3`."""
        return self.key.split(".")[0]


@dataclass(frozen=True)
class Step:
    """One notebook. `checkpoint` are the names that it starts from, in their order."""

    key: str
    notebook: str
    checkpoint: tuple[str, ...]
    exercises: tuple[Exercise, ...]


TABLE = (
    Step(
        "step1",
        "step1_data_loading",
        (),
        (Exercise("step1.load", 7, ("load",)), Exercise("step1.explore", 3, ("explore",))),
    ),
    Step(
        "step2",
        "step2_bipartite_graph",
        ("df", "n_users", "n_artists"),
        (Exercise("step2.nodes", 8, ("nodes",)), Exercise("step2.edges", 7, ("edges",))),
    ),
    Step(
        "step3",
        "step3_mapping_and_split",
        ("df", "n_users", "n_artists", "G"),
        (
            Exercise("step3.mapping", 8, ("mapping",)),
            Exercise("step3.data", 6, ("data",)),
            Exercise("step3.split", 6, ("split",)),
        ),
    ),
    Step(
        "step4",
        "step4_model",
        ("num_nodes", "data", "train_data"),
        (
            Exercise("step4.layers", 7, ("model",)),
            Exercise("step4.encode", 8, ("model",)),
            Exercise("step4.decode", 5, ("model",)),
        ),
    ),
    Step(
        "step5",
        "step5_training",
        ("num_nodes", "train_data", "GNNLinkPredictor"),
        (
            Exercise("step5.setup", 3, ("setup",)),
            Exercise("step5.train", 9, ("train",)),
            Exercise("step5.loop", 3, ("loop",)),
        ),
    ),
    Step(
        "step6",
        "step6_evaluation",
        ("train_data", "val_data", "test_data", "model"),
        (
            Exercise("step6.test", 7, ("test",)),
            Exercise("step6.auc", 3, ("auc", "own")),
            Exercise("step6.report", 10, (), by_hand=True),
        ),
    ),
)

ASSIGNMENT = "gnn_recommender"
STEPS = tuple(step.key for step in TABLE)
EXERCISES = {exercise.key: exercise for step in TABLE for exercise in step.exercises}
BY_HAND_POINTS = sum(exercise.points for exercise in EXERCISES.values() if exercise.by_hand)
AUTOMATIC_POINTS = sum(exercise.points for exercise in EXERCISES.values()) - BY_HAND_POINTS
NOTEBOOKS = {step.key: step.notebook for step in TABLE}
UNGRADED, UNGRADED_ASSIGNMENT = {"step7": "step7_going_further"}, "going_further"
GIVES = {step.key: step.checkpoint for step in TABLE}  # what `checkpoint` hands out
MAKES = {  # the names that each exercise asks for
    "step1.load": ("df",),
    "step1.explore": ("n_users", "n_artists", "preview"),
    "step2.nodes": ("G",),
    "step3.mapping": ("id_mapping", "num_nodes"),
    "step3.data": ("data",),
    "step3.split": ("transform", "train_data", "val_data", "test_data"),
    "step4.layers": ("GNNLinkPredictor",),
    "step5.setup": ("model", "optimizer", "loss_fn"),
    "step5.train": ("train",),
    "step5.loop": ("losses",),
    "step6.test": ("test",),
    "step6.auc": ("val_auc", "test_auc"),
}
GRADING = "AUTOGRADER_GRADING"  # the variable that the sandbox sets: it probes by itself
CHAIN = "chain"  # steps 1 to 5 in one piece: what stands in for whatever its steps do not make
STANDS_IN = ("num_nodes", "data", "train_data", "val_data", "test_data", "GNNLinkPredictor")

TOYS = (  # tables, graphs, dictionaries and data that our own cells make: never a student's answer
    *("toy", "toy_wrong", "example", "raw", "right", "style", "square", "two_columns"),
    *("ways", "toy_data", "broken", "artists", "user_column", "table", "names", "rules"),
)

COLUMNS = ("userID", "artistID", "listen_count")
PARTS = ("train", "val", "test")  # of the split, in the order in which RandomLinkSplit gives them
MODEL_CLASS, METHODS = "GNNLinkPredictor", ("encode", "decode")
DATA_FILES = ("user_artists.dat", "artists.dat")

IMPORTS = {  # the assignment's own first cell: name -> the statement that binds it
    "pd": "import pandas as pd",
    "nx": "import networkx as nx",
    "np": "import numpy as np",
    "torch": "import torch",
    "nn": "from torch import nn",
    "optim": "from torch import optim",
    "Data": "from torch_geometric.data import Data",
    "SAGEConv": "from torch_geometric.nn import SAGEConv",
    "T": "import torch_geometric.transforms as T",
    "RandomLinkSplit": "from torch_geometric.transforms import RandomLinkSplit",
    "negative_sampling": "from torch_geometric.utils import negative_sampling",
    "roc_auc_score": "from sklearn.metrics import roc_auc_score",
    "plt": "import matplotlib.pyplot as plt",
}
