"""The page, its tables and its pictures, from the rows that the benchmark has kept."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd

from recommenders.bench import settings
from recommenders.models import RECOMMENDERS

RUNS, SPEED = "recommenders.csv", "recommenders-speed.csv"
GROWTH, CHOICES = "recommenders-growth.csv", "recommenders-choices.csv"
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
single run. On the sample, five seeds took 2.2 minutes by the clock and 65 CPU seconds, start and
metrics included, on a shared machine with two cores. The recommenders are in
`recommenders/models/`, each in one short file with its paper. What was tried on the way, and what
it gave, is in [recommenders-attempts.md](recommenders-attempts.md).

## The protocol

- **Split.** RandomLinkSplit as in step 3, 80% / 10% / 10% of the edges, the same for all by seed.
  All are fitted on the training edges alone, messages included. The numbers below are about the
  test edges; settings were chosen on validation edges: see "How settings were chosen".
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

CHOICES_INTRODUCTION = """\
## How settings were chosen

`python -m recommenders choose svd damping=0.3` fits on the training edges of seed 100, a split that
the tables above never use, and measures on its validation edges. The tuned GNN was chosen there,
and of the graph filter the power of the listens. Its other settings, and what has no line here
(ALS, BPR, LightGCN), were chosen on the validation edges of seed 0 with its test figures in view,
so that seeds 1 to 4 are the cleaner evidence for them:
[recommenders-attempts.md](recommenders-attempts.md).
"""
SPEED_INTRODUCTION = """\
## The same loss, faster

`python -m recommenders speed` fits the assignment's loop and a faster one (`recommenders/speed.py`)
in pairs: the same model, loss and epochs, and PyG's API only. A CSR adjacency takes the place of
`edge_index`, `index_select` that of indexing in decode, and negatives are drawn without a look at
the edges. Medians of seconds and ratios; AUC with its standard error. The aim was 2 times on one
thread and 3 times on two. Two threads wait for each other where other work has the cores, so that
their ratios need an idle machine.
"""
GROWTH_INTRODUCTION = """\
## How it grows

`python -m recommenders growth` makes data of several times the sample's users and artists, 40 edges
a user, and fits each recommender in a process of its own, on one thread; the trained ones for 3
epochs. *Peak MB* is of the whole process, *above idle* what it is more than a process that has only
loaded the libraries and the sample; a fit that needs less than the reading of the file did before
shows nothing here. Each factor in brackets is over the size before; none is given below 0.03 s or
50 MB, where the start costs more than the work.
"""
GROWTH_REASONS = """\
Why: popularity, ALS and the trained models do a bounded amount of work for each edge (the tuned GNN
draws fewer artists a step as the data grows). Truncated SVD takes a direction for every 15 users up
to 256, so that ten times the data needs ten times the directions as well: it is steeper than the
edges until the 256 are reached. EASE and the graph filter solve a system of users by users: cubic
in users for the seconds, quadratic for the memory, so they were not run at 30 times. ItemKNN counts
the pairs of artists of each user, which are bounded too while a user has 40; why its last step is
steeper was not looked into.

The null control at ten times the sample is a slow test
(`test_ten_times_the_sample_with_and_without_taste`): with taste EASE is ahead of popularity in warm
AUC, and with taste switched off it is behind.
"""
FASTER = 1.2  # times as much as the edges: less is a matter of the machine's mood


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds, a row for each recommender in the table's order."""
    numbers = rows.groupby("recommender")[[*COLUMNS, "fit_seconds", "score_seconds"]]
    table = numbers.agg(["mean", "std", "median"])
    return table.loc[[name for name in RECOMMENDERS if name in table.index]]


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
            spread = row[name, "std"]  # not a number where there is one seed only
            cells.append(f"{cell} ±{spread:.3f}" if spread >= 0 else cell)
        cells += [f"{row[name, 'mean']:.1f}" for name in ("fit_seconds", "score_seconds")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def fewer(rows: pd.DataFrame) -> str:
    """Which recommenders have been measured on fewer seeds than the others."""
    count = rows.groupby("recommender")["seed"].nunique()
    names = [name for name in RECOMMENDERS if count.get(name, count.max()) < count.max()]
    if not names:
        return ""
    return " (" + "; ".join(f"{RECOMMENDERS[name].title}: {count[name]}" for name in names) + ")"


def earlier(rows: pd.DataFrame) -> str:
    """Which rows were measured with settings that are no longer those of the code."""
    if "settings" not in rows:
        return ""
    now = rows["recommender"].map(lambda name: settings(str(name)))
    old = rows[rows["settings"] != now].drop_duplicates(["recommender", "settings"])
    if old.empty:
        return ""
    parts = [
        f"{RECOMMENDERS[row['recommender']].title} ({row['settings']})" for _, row in old.iterrows()
    ]
    return f" Measured before their settings changed: {'; '.join(parts)}."


def medians(rows: pd.DataFrame) -> str:
    """The medians of those with the best Recall, in one sentence."""
    middle = summary(rows).xs("median", axis=1, level=1).sort_values("recall", ascending=False)
    parts = [
        f"{RECOMMENDERS[str(name)].title} {row['recall']:.3f} (warm AUC {row['warm_auc']:.3f}, "
        f"matched AUC {row['matched_auc']:.3f}, fit {row['fit_seconds']:.1f} s)"
        for name, row in middle.head(5).iterrows()
    ]
    return f"Medians of Recall@20, the best five: {'; '.join(parts)}."


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


def speed_section(rows: pd.DataFrame) -> str:
    """The faster loop beside the assignment's, a line for each data set and number of threads."""
    lines = [
        SPEED_INTRODUCTION,
        "| data | threads | epochs | pairs | assignment's loop, CPU s | faster, CPU s | CPU ratio "
        "| wall ratio | warm AUC | warm AUC, faster |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (data, threads), chosen in rows.groupby(["data", "threads"]):
        middle = chosen.median(numeric_only=True)
        ratios = [
            (chosen[f"literal_{clock}"] / chosen[f"faster_{clock}"]).median()
            for clock in ("cpu", "wall")
        ]
        aucs = [
            f"{chosen[name].mean():.4f} ±{chosen[name].sem():.4f}"
            for name in ("literal_auc", "faster_auc")
        ]
        lines.append(
            f"| {data} | {threads} | {middle['epochs']:.0f} | {len(chosen)} "
            f"| {middle['literal_cpu']:.1f} "
            f"| {middle['faster_cpu']:.1f} | {ratios[0]:.2f} | {ratios[1]:.2f} "
            f"| {aucs[0]} | {aucs[1]} |"
        )
    return "\n".join(lines) + "\n"


def choices_section(rows: pd.DataFrame) -> str:
    """What was tried on validation edges, a line a try; the best Recall of each model is bold."""
    lines = [
        CHOICES_INTRODUCTION,
        "| data | recommender | settings | Recall@20 | NDCG@20 | warm AUC | matched AUC | fit s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    best = rows.groupby(["data", "recommender"])["recall"].transform("max")
    for (_, row), top in zip(rows.iterrows(), best, strict=True):
        recall = f"{row['recall']:.4f}"
        lines.append(
            f"| {row['data']} | {RECOMMENDERS[row['recommender']].title} | {row['settings']} "
            f"| {f'**{recall}**' if row['recall'] == top else recall} | {row['ndcg']:.4f} "
            f"| {row['warm_auc']:.4f} | {row['matched_auc']:.4f} | {row['fit_seconds']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def growth_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows by recommender and size, with factors over the size before; NaN where too small."""
    rows = rows.sort_values("edges", kind="stable").copy()
    rows["above_mb"] = (rows["mb"] - rows["idle_mb"].min()).clip(lower=0)
    for column, least in (("edges", 1), ("seconds", 0.03), ("above_mb", 50)):
        before = rows.groupby("recommender", sort=False)[column].shift()
        rows[f"{column}_factor"] = (rows[column] / before).where(before >= least)
    order = {name: number for number, name in enumerate(RECOMMENDERS)}
    return rows.sort_values("recommender", key=lambda names: names.map(order), kind="stable")


def growth_verdict(steps: pd.DataFrame) -> str:
    """Which grow no faster than the edges over their last step that can be told, and which do."""
    sentences = []
    for column, what in (("seconds", "Seconds"), ("above_mb", "Megabytes above idle")):
        last = steps.dropna(subset=[f"{column}_factor"]).groupby("recommender", sort=False).tail(1)
        slow = last[f"{column}_factor"] <= FASTER * last["edges_factor"]
        parts = []
        for chosen, how in ((last[slow], "no faster than the edges"), (last[~slow], "faster")):
            names = [RECOMMENDERS[str(name)].title for name in chosen["recommender"]]
            parts.append(f"{how}: {', '.join(names) or 'none'}")
        sentences.append(f"- {what} grow, {'; '.join(parts)}.")
    return f"Over the last step of each, with a tolerance of {FASTER - 1:.0%}:\n\n" + "\n".join(
        sentences
    )


def growth_section(rows: pd.DataFrame, image: Path) -> str:
    """Seconds and memory over edges, as a table and a picture beside the line of edges."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 5))
    lines = [
        GROWTH_INTRODUCTION,
        "| recommender | times the sample | edges | CPU s | peak MB | above idle, MB |",
        "|---|---|---|---|---|---|",
    ]
    steps = growth_steps(rows)
    for name, chosen in steps.groupby("recommender", sort=False):
        title = RECOMMENDERS[str(name)].title
        left.loglog(chosen["edges"], chosen["seconds"].clip(lower=0.001), "o-", label=title)
        right.loglog(chosen["edges"], chosen["mb"], "o-", label=title)
        for _, row in chosen.iterrows():
            edges, seconds, above = (
                f"{row[column]:{form}}"
                + (f" (×{row[f'{column}_factor']:.1f})" if row[f"{column}_factor"] > 0 else "")
                for column, form in (("edges", ",.0f"), ("seconds", ".2f"), ("above_mb", ",.0f"))
            )
            size = f"{row['times']:.0f} | {edges}"
            lines.append(f"| {title} | {size} | {seconds} | {row['mb']:,.0f} | {above} |")
    sizes = rows["edges"].drop_duplicates().sort_values()
    start = rows.loc[rows["edges"] == sizes.iloc[0], "seconds"].max()
    left.loglog(sizes, start * sizes / sizes.iloc[0], "k--", linewidth=1, label="as edges grow")
    left.set(xlabel="edges", ylabel="CPU seconds")
    right.set(xlabel="edges", ylabel="peak memory, MB")
    left.legend(fontsize=6)
    figure.tight_layout()
    figure.savefig(image, dpi=120, metadata={"Software": None})
    plt.close(figure)
    words = f"{growth_verdict(steps)}\n\n{GROWTH_REASONS}"
    return "\n".join(lines) + f"\n\n{words}\n![Seconds and memory over edges]({image.name})\n"


def write(folder: Path) -> Path:
    """Write the page and its pictures from the CSV files in a folder. Returns the page."""
    parts = [INTRODUCTION]
    if (folder / RUNS).is_file():
        rows = pd.read_csv(folder / RUNS)
        for data in sorted(rows["data"].unique(), key=lambda name: (name not in DATA, name)):
            parts.append(data_section(rows[rows["data"] == data], folder))
    if (folder / CHOICES).is_file():
        parts.append(choices_section(pd.read_csv(folder / CHOICES)))
    if (folder / SPEED).is_file():
        parts.append(speed_section(pd.read_csv(folder / SPEED)))
    if (folder / GROWTH).is_file():
        image = folder / "recommenders-growth.png"
        parts.append(growth_section(pd.read_csv(folder / GROWTH), image))
    page = folder / "recommenders.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def data_section(rows: pd.DataFrame, folder: Path) -> str:
    """One data set: what was measured, the table and the picture."""
    data = str(rows["data"].iloc[0])
    image = folder / f"recommenders-{Path(data).stem}.png"
    picture(rows, image)
    seeds = ", ".join(str(seed) for seed in sorted(rows["seed"].unique()))
    cost = rows["fit_seconds"].sum() + rows["score_seconds"].sum()
    return (
        f"## {DATA.get(data, data)}\n\n"
        f"Mean ± standard deviation over the splits and fits of seeds {seeds}{fewer(rows)}. "
        f"{rows['unseen'].mean():.1%} of the test edges have an artist that no training "
        f"edge has. All fits and scores of the table took {cost / 60:.1f} CPU minutes. "
        f"{rows['versions'].iloc[-1]}.\n\n"
        f"{table(rows)}\n\n{medians(rows)}{earlier(rows)}\n\n"
        f"![Recall@20 against seconds of a fit]({image.name})\n"
    )
