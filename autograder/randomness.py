"""Seeds and threads: what makes a run repeat bit for bit.

Probes, the reference and the sandbox use it.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def random_state(seed: int | None = None) -> Iterator[None]:
    """Seed Python, NumPy and torch inside the block, and put their states back after it."""
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        if seed is not None:
            random.seed(seed)
            np.random.seed(seed)
            torch.manual_seed(seed)
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        torch.set_rng_state(kept[2])


def one_thread() -> None:
    """Keep torch to one thread: faster on a busy machine, and a fork of this process stays safe."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
