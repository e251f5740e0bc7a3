"""All recommenders, one a file, in the order of the table."""

from recommenders.base import Recommender
from recommenders.models.als import ImplicitALS
from recommenders.models.baselines import Popularity, Random, SideRule
from recommenders.models.bpr import BPR
from recommenders.models.ease import EASE
from recommenders.models.filtered_gnn import FilteredGNN
from recommenders.models.gnn_literal import LiteralGNN
from recommenders.models.gnn_tuned import TunedGNN
from recommenders.models.item_knn import ItemKNN
from recommenders.models.lightgcn import LightGCN
from recommenders.models.svd import SVD

RECOMMENDERS: dict[str, type[Recommender]] = {
    "random": Random,
    "side": SideRule,
    "popularity": Popularity,
    "itemknn": ItemKNN,
    "ease": EASE,
    "svd": SVD,
    "als": ImplicitALS,
    "bpr": BPR,
    "lightgcn": LightGCN,
    "gnn": LiteralGNN,
    "gnn_tuned": TunedGNN,
    "gnn_filtered": FilteredGNN,
}
