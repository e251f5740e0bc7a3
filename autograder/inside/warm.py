"""Warming up: all that a notebook will import or that is slow the first time, once, before forks.

`server` calls `warm_up` before it serves; measured savings are in `benchmarks/`.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import sys
from pathlib import Path

os.environ["MPLBACKEND"] = "agg"

import torch  # noqa: E402

from autograder.inside.randomness import keep_for_good, one_thread, random_state  # noqa: E402

one_thread()  # before anything else uses torch: a fork of a many-threaded parent hangs

import matplotlib.backends.backend_agg  # noqa: E402, F401
import matplotlib.pyplot  # noqa: E402, F401
import networkx  # noqa: E402, F401
import pandas as pd  # noqa: E402
import sklearn.metrics  # noqa: E402
import torch_geometric.nn  # noqa: E402
import torch_geometric.transforms  # noqa: E402, F401

from autograder.inside import (  # noqa: E402, F401
    step1,
    step2,
    step3,
    step4,
    step5,
    step6,
    worker,  # noqa: E402
)

HUGE = 2 * 2**20  # bytes of a huge page
MADV_HUGEPAGE, MADV_COLLAPSE = 14, 25


def warm_up() -> None:
    """Do once what every notebook does, then put the memory on huge pages: forks get cheap."""
    with random_state(0), contextlib.redirect_stdout(io.StringIO()):
        convolution = torch_geometric.nn.SAGEConv(2, 2)
        optimizer = torch.optim.Adam(convolution.parameters())
        out = convolution(torch.rand(3, 2), torch.tensor([[0, 1], [1, 2]]))
        torch.nn.functional.binary_cross_entropy_with_logits(out[:, 0], torch.ones(3)).backward()
        optimizer.step()
        sklearn.metrics.roc_auc_score([0, 1], [0.1, 0.2])
        print(pd.DataFrame({"userID": [1]}).head())
        pd.DataFrame({"userID": [1]})._repr_html_()
        worker.new_shell({}).run_cell("import autograder.notebook\n1", store_history=False)
    worker.rehearse()
    keep_for_good()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        _collapse()


def _collapse() -> None:
    """Ask Linux (6.1 or later) for huge pages: a fork then copies a 512th of the page table."""
    if sys.platform != "linux":
        return
    advise = ctypes.CDLL(None, use_errno=True).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        fields = line.split(None, 5)
        if fields[1] != "rw-p" or fields[4] != "0" or fields[5:] not in ([], ["[heap]"]):
            continue
        start, end = (int(address, 16) for address in fields[0].split("-"))
        start = -(-start // HUGE) * HUGE
        if end - start < HUGE:
            continue
        advise(start, (end - start) // HUGE * HUGE, MADV_HUGEPAGE)
        for chunk in range(start, end - HUGE + 1, HUGE):
            advise(chunk, HUGE, MADV_COLLAPSE)
