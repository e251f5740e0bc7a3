"""Whole projects of the right bank as their students wrote them, each without an edit."""

from __future__ import annotations

from bank import Program

PROGRAMS = [
    Program("german functions and a dataclass", "right_german"),
    Program("spanish in forty tiny cells", "right_spanish"),
    Program("french trainer class, no train function", "right_french"),
    Program("terse numpy in six cells", "right_terse"),
    Program("mini-batches with tqdm, plots and magics", "right_batches"),
    Program("artists first, early stopping, model called on the graph", "right_patience"),
    Program("user-artist negatives by rejection", "right_rejection"),
    Program("inline loop without functions", "right_inline"),
]
