"""The pictures of notebook seven: each shows what a part has just computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from recommenders import metrics
from recommenders.base import Recommender, recommend
from recommenders.protocol import Questions

HIT, MISS = "tab:green", "tab:gray"


def ten(model: Recommender, ask: Questions, user: int, names: Sequence[str]) -> Figure:
    """A user's ten artists and how many listeners each has; the held-out ones are green."""
    best = recommend(model, ask.known, user)
    held_out = set(ask.asked.artist[ask.asked.user == user].tolist())
    figure, axes = _axes(f"user {user}: green artists are held-out edges", "training listeners")
    color = [HIT if artist in held_out else MISS for artist in best]
    axes.barh([names[artist] for artist in best], ask.train.listeners()[best], color=color)
    axes.invert_yaxis()
    return _shown(figure)


def recall_curves(models: Mapping[str, Recommender], ask: Questions, longest: int = 50) -> Figure:
    """Recall@k of fitted models for k = 1, 2, ..."""
    users = np.unique(ask.asked.user)
    known = ask.known.matrix()[users].toarray() > 0
    positive = ask.asked.matrix()[users].toarray() > 0
    figure, axes = _axes("how much of the held-out edges the first k find", "k", "Recall@k")
    for name, model in models.items():
        top = metrics.top_k(model.scores(users), known, longest)
        hit = np.take_along_axis(positive, top, axis=1)
        recall = (hit.cumsum(axis=1) / positive.sum(axis=1, keepdims=True)).mean(axis=0)
        axes.plot(np.arange(1, len(recall) + 1), recall, label=name)
    axes.axvline(20, color="black", linewidth=0.5)
    axes.legend()
    return _shown(figure)


def bars(table: pd.DataFrame, columns: Sequence[str]) -> Figure:
    """Some columns of a table side by side, a group of bars a row."""
    figure, axes = plt.subplots(figsize=(7, 3.2))
    table[list(columns)].plot.bar(ax=axes, rot=15)
    axes.legend(loc="lower right")
    return _shown(figure)


def score_histograms(scores: Mapping[str, NDArray]) -> Figure:
    """The scores of several kinds of pairs, as overlapping histograms."""
    figure, axes = _axes("which scores the model gives", "score", "share of the pairs")
    low, high = np.percentile(np.concatenate(list(scores.values())), [0.5, 99.5])
    for name, values in scores.items():
        weights = np.full(len(values), 1 / len(values))
        axes.hist(
            values, np.linspace(low, high, 40).tolist(), weights=weights, alpha=0.5, label=name
        )
    axes.legend()
    return _shown(figure)


def weights(listens: NDArray, weight: NDArray) -> Figure:
    """Each edge's weight over its listen count."""
    figure, axes = _axes("what a listen count weighs", "listen count", "weight")
    axes.scatter(listens, weight, s=4, alpha=0.4)
    axes.set_xscale("log")
    axes.axhline(1, color="black", linewidth=0.5)
    return _shown(figure)


def prediction(predicted: Sequence[str], measured: pd.DataFrame) -> Figure:
    """Recall@20 of each ablation, the best first, and the place that was predicted for it."""
    figure, axes = _axes("taken away, the best first; # is the place you predicted", "Recall@20")
    names = list(measured.index)
    drawn = axes.barh(names, measured["Recall@20"], color=MISS)
    axes.bar_label(drawn, [f"#{list(predicted).index(name) + 1}" for name in names], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    return _shown(figure)


def quality(table: pd.DataFrame) -> Figure:
    """Recall@20 over the seconds of a fit, a point a row."""
    figure, axes = _axes("quality against cost", "CPU seconds of a fit", "Recall@20")
    seconds = table["seconds"].clip(lower=0.001)
    axes.scatter(seconds, table["Recall@20"])
    for name, x, y in zip(table.index, seconds, table["Recall@20"], strict=True):
        axes.annotate(name, (x, y), xytext=(5, 3), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.25)
    return _shown(figure)


def _axes(title: str, x: str, y: str = "") -> tuple[Figure, plt.Axes]:
    figure, axes = plt.subplots(figsize=(7, 3.2))
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _shown(figure: Figure) -> Figure:
    """The figure as a cell's value: closed, so that a notebook does not show it twice."""
    figure.tight_layout()
    plt.close(figure)
    return figure
