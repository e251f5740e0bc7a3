"""Checks, grades and explains the notebooks of the GNN recommender course.

Students meet `autograder.notebook`; instructors and TAs meet the `autograder` command.
"""

__version__ = "0.1.0"
ASSIGNMENT = "gnn_recommender"
STEPS = ("step1", "step2", "step3", "step4", "step5", "step6")
NOTEBOOKS = {
    "step1": "step1_data_loading",
    "step2": "step2_bipartite_graph",
    "step3": "step3_mapping_and_split",
    "step4": "step4_model",
    "step5": "step5_training",
    "step6": "step6_evaluation",
}
