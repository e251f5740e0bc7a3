"""A Dask cluster as an executor, for `autograder grade --engine dask`.

Dask is imported only here and only when asked for: the extra `[cluster]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from concurrent.futures import Executor

SECONDS = 5  # that a scheduler has to answer
STARTING = 60  # seconds that a first worker has to appear
EXTRA = "pip install 'gnn-recommender-kit[cluster]'"


class ClusterError(Exception):
    """There is no such cluster; the message says what to do."""


@contextlib.contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor on the cluster whose scheduler is at `address`, such as `tcp://10.0.0.1:8786`.

    Raises:
        ClusterError: no Dask here, no scheduler there, or one without workers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(f"--engine dask needs the extra `cluster`: {EXTRA}") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we say it in one line
    try:
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError, asyncio.TimeoutError):
        advice = f"start one (dask scheduler) or check --scheduler {address}"
        raise ClusterError(f"no Dask scheduler answers at {address}: {advice}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=STARTING)
        except (OSError, asyncio.TimeoutError):
            advice = f"start some (dask worker {address}), in an environment that holds the kit"
            raise ClusterError(f"the scheduler at {address} has no workers: {advice}") from None
        yield client.get_executor(pure=False)
