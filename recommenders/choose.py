"""Tries settings on the validation edges of a split that the benchmark never uses.

`python -m recommenders choose` calls it: no test edge is looked at while settings are chosen.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import torch

from recommenders.bench import replace_rows
from recommenders.interactions import Interactions, RecommenderError, split
from recommenders.models import RECOMMENDERS
from recommenders.protocol import Result, measure, questions

SEED = 100  # of the split and the fit; the benchmark uses 0, 1, 2, ...
KEYS = ["data", "recommender", "settings"]


def parse(name: str, settings: list[str]) -> dict[str, object]:
    """{"prior": 0.3} from ["prior=0.3"]; raises RecommenderError for what the model has not."""
    known = list(inspect.signature(RECOMMENDERS[name]).parameters)[1:]  # without the seed
    chosen: dict[str, object] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in known:
            raise RecommenderError(f"{name} has no setting {key!r}: use {', '.join(known)}.")
        try:
            chosen[key] = json.loads(value)
        except ValueError:
            raise RecommenderError(
                f"{setting!r}: write a setting as name=number, or true or false."
            ) from None
    return chosen


def choose(
    data: str, edges: Interactions, name: str, settings: Mapping[str, object], file: Path
) -> Result:
    """Measure one recommender with some settings on validation edges; keep a row of it."""
    torch.set_num_threads(1)
    ask = questions(split(edges, SEED), "val")
    result = measure(RECOMMENDERS[name](SEED, **settings), ask)
    row = {
        "data": data,
        "recommender": name,
        "settings": ", ".join(f"{key}={value}" for key, value in settings.items()) or "defaults",
        "warm_auc": result.warm_auc,
        "matched_auc": result.matched_auc,
        "recall": result.recall,
        "ndcg": result.ndcg,
        "fit_seconds": result.fit_seconds,
    }
    replace_rows(file, pd.DataFrame([row]), KEYS)
    return result
