"""The page, its tables and its pictures, from the rows that the benchmark has kept."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd

from recommenders.models import RECOMMENDERS

DATA = {"lastfm": "The real data", "sample": "The sample"}
COLUMNS = {
    "warm_auc": "warm AUC",
    "matched_auc": "matched AUC",
    "recall": "Recall@20",
    "ndcg": "NDCG@20",
    "mrr": "MRR",
    "coverage": "coverage",
    "unpopular": "unpopular",
}
INTRODUCTION = """\
# The recommender beside its peers

Made by `make bench-recommenders` from [recommenders.csv](recommenders.csv), which holds every
single run. The recommenders are in `recommenders/models/`, each in one short file with its paper.
What was tried on the way, and what it gave, is in
[recommenders-attempts.md](recommenders-attempts.md).

## The protocol

- **Split.** RandomLinkSplit as in step 3, 80% / 10% / 10% of the edges, the same for all by seed.
  All are fitted on the training edges alone, messages included. Settings were chosen on the
  validation edges of seed 0. The numbers below are about the test edges.
- **Warm AUC.** Test edges whose artist has a training edge, against user-artist pairs without an
  edge, drawn uniformly among the artists that have one.
- **Matched AUC.** The same edges, each against another artist for the same user, drawn in
  proportion to popularity: knowing what is popular does not help.
- **Recall@20, NDCG@20, MRR.** Each user's ranking of all artists; training and validation edges
  are masked, ties are broken at random, and users without a test edge are left out.
- **Coverage** is the share of all artists that anyone gets among the 20. **Unpopular** is the share
  of all recommendations that come from the long tail: the least heard artists that hold a fifth of
  the training edges together.
- **Unseen artists.** A test edge whose artist has no training edge cannot be ranked by anyone. It
  counts as missed in Recall, NDCG and MRR; each table says how many there are.
- **Seconds** are of the processor on one thread, for one fit, and for scoring all users once.
"""


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds, a row for each recommender in the table's order."""
    table = rows.groupby("recommender").agg(["mean", "std", "median"], numeric_only=True)
    return table.loc[[name for name in RECOMMENDERS if name in table.index]].fillna(0)


def table(rows: pd.DataFrame) -> str:
    """The markdown table of one data set; the best of each column is bold."""
    means = summary(rows)
    best = {name: means[name, "mean"].max() for name in COLUMNS}
    lines = [
        "| recommender | " + " | ".join(COLUMNS.values()) + " | fit s | score s |",
        "|---|" + "---|" * (len(COLUMNS) + 2),
    ]
    for recommender, row in means.iterrows():
        cells = [RECOMMENDERS[str(recommender)].title]
        for name in COLUMNS:
            cell = f"{row[name, 'mean']:.3f}"
            cell = f"**{cell}**" if row[name, "mean"] == best[name] else cell
            cells.append(f"{cell} ±{row[name, 'std']:.3f}")
        cells += [f"{row[name, 'mean']:.1f}" for name in ("fit_seconds", "score_seconds")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def picture(rows: pd.DataFrame, file: Path) -> None:
    """Quality against seconds: Recall@20 over the seconds of a fit, graph models marked."""
    means = summary(rows)
    figure, axes = plt.subplots(figsize=(8, 5))
    for recommender, row in means.iterrows():
        kind = RECOMMENDERS[str(recommender)]
        seconds, quality = max(row["fit_seconds", "mean"], 0.001), row["recall", "mean"]
        color = "tab:orange" if kind.is_graph else "tab:blue"
        axes.errorbar(
            seconds, quality, row["recall", "std"], fmt="s" if kind.is_graph else "o", color=color
        )
        axes.annotate(
            kind.title, (seconds, quality), xytext=(6, 4), textcoords="offset points", fontsize=8
        )
    axes.set(xscale="log", xlabel="CPU seconds of a fit, one thread", ylabel="Recall@20")
    axes.set_title("Squares are graph models", fontsize=10)
    axes.margins(x=0.2)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(file, dpi=120, metadata={"Software": None})
    plt.close(figure)


def write(rows: pd.DataFrame, folder: Path) -> Path:
    """Write the page and a picture for each data set. Returns the page."""
    parts = [INTRODUCTION]
    for data in sorted(rows["data"].unique(), key=lambda name: (name not in DATA, name)):
        chosen = rows[rows["data"] == data]
        image = folder / f"recommenders-{Path(data).stem}.png"
        picture(chosen, image)
        seeds = ", ".join(str(seed) for seed in sorted(chosen["seed"].unique()))
        parts.append(
            f"## {DATA.get(data, data)}\n\n"
            f"Mean ± standard deviation over the splits and fits of seeds {seeds}. "
            f"{chosen['unseen'].mean():.1%} of the test edges have an artist that no training "
            f"edge has. {chosen['versions'].iloc[-1]}.\n\n"
            f"{table(chosen)}\n\n"
            f"![Recall@20 against seconds of a fit]({image.name})\n"
        )
    page = folder / "recommenders.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page
