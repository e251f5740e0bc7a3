"""Seeds, threads and garbage: what makes a run repeat bit for bit, and quick.

Probes, the reference and the sandbox use it. The grader itself does without torch, which takes
seconds to import: here it is imported where it is needed.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import random
import sys
from collections.abc import Iterator

import numpy as np


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and torch. `seed` is below 2**32."""
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@contextlib.contextmanager
def random_state(seed: int | None = None) -> Iterator[None]:
    """Seed Python, NumPy and torch inside the block, and put their states back after it."""
    import torch

    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        if seed is not None:
            seed_all(seed)
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        torch.set_rng_state(kept[2])


def one_thread() -> None:
    """Keep torch to one thread: faster on a busy machine, and a fork of this process stays safe.

    Where torch is not imported yet, it will find the number in the environment.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@functools.cache
def keep_for_good() -> None:
    """Once a process: let the garbage collector pass over what is imported, torch above all.

    A collection took 0.3 s of CPU, and in a fork made a copy of every page that it looked at.
    """
    gc.collect()
    gc.freeze()
