"""The assignment's recommender, its peers, and the protocol that compares them.

`python -m recommenders` runs the benchmark; `recommenders.models.RECOMMENDERS` names them all.
"""

from recommenders.base import Recommender, recommend
from recommenders.interactions import Interactions, RecommenderError, Split, load, split
from recommenders.protocol import Result, measure, questions

__all__ = [
    "Interactions",
    "Recommender",
    "RecommenderError",
    "Result",
    "Split",
    "load",
    "measure",
    "questions",
    "recommend",
    "split",
]
