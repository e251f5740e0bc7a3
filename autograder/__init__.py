"""Checks, grades and explains the notebooks of the GNN recommender course.

Students meet `autograder.notebook`; instructors and TAs meet the `autograder` command.
"""

__version__ = "0.1.0"
ASSIGNMENT = "gnn_recommender"
STEPS = ("step1", "step2", "step3", "step4", "step5", "step6")
EXERCISES = (  # the graded cells, in the order in which a student meets them
    *("step1.load", "step1.explore"),
    *("step2.nodes", "step2.edges"),
    *("step3.mapping", "step3.data", "step3.split"),
    *("step4.layers", "step4.encode", "step4.decode"),
    *("step5.setup", "step5.train", "step5.loop"),
    *("step6.test", "step6.auc", "step6.report"),
)
NOTEBOOKS = {
    "step1": "step1_data_loading",
    "step2": "step2_bipartite_graph",
    "step3": "step3_mapping_and_split",
    "step4": "step4_model",
    "step5": "step5_training",
    "step6": "step6_evaluation",
}
GIVES = {  # the names that each step starts from: what `checkpoint` hands out
    "step1": (),
    "step2": ("df", "n_users", "n_artists"),
    "step3": ("df", "n_users", "n_artists", "G"),
    "step4": ("num_nodes", "data", "train_data"),
    "step5": ("num_nodes", "train_data", "GNNLinkPredictor"),
    "step6": ("train_data", "val_data", "test_data", "model"),
}
CHAIN = "chain"  # steps 1 to 5 in one piece: what stands in for whatever its steps do not make
STANDS_IN = ("num_nodes", "data", "train_data", "val_data", "test_data", "GNNLinkPredictor")
