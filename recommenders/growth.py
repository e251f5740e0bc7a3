"""How fit time and memory grow with the data: the generator's sample, several times as large.

`python -m recommenders growth` calls it. Each fit runs in a process of its own, whose peak memory
is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from course_data.generator import generate
from recommenders.interactions import load, split
from recommenders.models import RECOMMENDERS
from recommenders.protocol import measure, questions

NO_TASTE = 0.01
USERS, ARTISTS = 200, 800  # the sample; an n times larger one has n times as many of both
GROWING = ("popularity", "itemknn", "ease", "svd", "als", "lightgcn", "gnn_tuned", "gnn_filtered")


def make(times: int, folder: Path, taste: bool = True) -> Path:
    """Write data n times as large as the sample. Returns its user_artists.dat."""
    strength = 2.5 if taste else NO_TASTE
    generate(n_users=USERS * times, n_artists=ARTISTS * times, taste=strength).write(folder)
    return folder / "user_artists.dat"


def fit_once(file: Path, name: str, epochs: int) -> dict[str, float]:
    """Fit one recommender on all edges of a file: edges, CPU seconds, peak memory in MB."""
    torch.set_num_threads(1)
    edges = load(file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kind = RECOMMENDERS[name]
    model = kind(0, epochs=epochs) if hasattr(kind(0), "epochs") else kind(0)  # type: ignore[call-arg]
    begin = time.process_time()
    model.fit(edges)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"edges": len(edges), "seconds": seconds, "mb": peak / 1024, "idle_mb": before / 1024}


def measure_growth(
    factors: list[int],
    names: list[str],
    epochs: int,
    done: Callable[[str, int, str], None] = lambda *_: None,
) -> Iterator[dict[str, object]]:
    """A row for each size and recommender; a few epochs say what one costs.

    One that fails, for want of memory or of a library, is left out. `done` hears of each one: its
    name, the size, and a line on what came out.
    """
    with TemporaryDirectory() as scratch:
        for times in factors:
            file = make(times, Path(scratch) / str(times))
            for name in names:
                command = [sys.executable, "-m", "recommenders.growth", str(file), name]
                output = subprocess.run([*command, str(epochs)], capture_output=True, text=True)
                if output.returncode:
                    reason = (output.stderr.strip().splitlines() or ["it was ended: no memory"])[-1]
                    done(name, times, f"left out: {reason}")
                    continue
                row = {"times": times, "recommender": name, **json.loads(output.stdout)}
                done(name, times, f"{row['seconds']:.2f} CPU s, {row['mb']:.0f} MB")
                yield row


def null_control(times: int, name: str = "ease") -> tuple[float, float, float, float]:
    """Warm AUC of a recommender and of popularity: with taste, then with taste switched off."""
    auc = []
    with TemporaryDirectory() as scratch:
        for taste in (True, False):
            edges = load(make(times, Path(scratch) / str(taste), taste))
            ask = questions(split(edges, 0))
            for each in (name, "popularity"):
                auc.append(measure(RECOMMENDERS[each](0), ask).warm_auc)
    return auc[0], auc[1], auc[2], auc[3]


if __name__ == "__main__":
    print(json.dumps(fit_once(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
