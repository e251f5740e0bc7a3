"""`python -m recommenders`: the benchmark of all recommenders, their speed, and how they grow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import pandas as pd
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

import course_data
from recommenders import bench, choose, growth, report, speed
from recommenders.interactions import RecommenderError, load, split
from recommenders.models import RECOMMENDERS
from recommenders.protocol import questions

app = typer.Typer(add_completion=False, no_args_is_help=False)
DOCS = Path("docs")


@app.command("bench")
def run_bench(
    data: Annotated[str, typer.Option(help="sample, lastfm or a path; lastfm where it is")] = "",
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds, from 0")] = 5,
    only: Annotated[list[str] | None, typer.Option(help="a recommender; may be repeated")] = None,
    missing: Annotated[bool, typer.Option(help="only what the table has not got yet")] = False,
    output: Annotated[Path, typer.Option(help="folder of the page, table and picture")] = DOCS,
) -> None:
    """Measure all recommenders; write recommenders.md, .csv and a picture."""
    names = only or list(RECOMMENDERS)
    wrong = [name for name in names if name not in RECOMMENDERS]
    if wrong:
        raise typer.BadParameter(f"no recommender {wrong[0]!r}: use {', '.join(RECOMMENDERS)}")
    chosen = data or bench.default_data()
    try:
        edges = load(chosen)
        columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns) as progress:
            task = progress.add_task(f"{chosen}, {seeds} seeds", total=seeds * len(names))

            def done(name: str, seed: int, outcome: str) -> None:
                progress.console.print(f"seed {seed}  {name:12} {outcome}", highlight=False)
                progress.advance(task)

            file = output / report.RUNS
            bench.run(Path(chosen).name, edges, names, range(seeds), file, done, missing)
    except (course_data.DataError, RecommenderError) as error:
        _fail(error)
    _write_page(output)


@app.command("choose")
def run_choose(
    name: Annotated[str, typer.Argument(help="a recommender, such as svd")],
    settings: Annotated[list[str] | None, typer.Argument(help="such as k=100 damping=0.3")] = None,
    data: Annotated[str, typer.Option(help="sample, lastfm or a path; lastfm where it is")] = "",
    output: Annotated[Path, typer.Option(help="folder of the page and table")] = DOCS,
) -> None:
    """One recommender with some settings, on validation edges of a split of their own."""
    if name not in RECOMMENDERS:
        raise typer.BadParameter(f"no recommender {name!r}: use {', '.join(RECOMMENDERS)}")
    chosen = data or bench.default_data()
    try:
        tried = choose.parse(name, settings or [])
        file = output / report.CHOICES
        result = choose.choose(Path(chosen).name, load(chosen), name, tried, file)
    except (course_data.DataError, RecommenderError) as error:
        _fail(error)
    Console().print(
        f"{name} {' '.join(settings or [])}: validation Recall@20 {result.recall:.4f}, warm AUC "
        f"{result.warm_auc:.4f}, matched AUC {result.matched_auc:.4f}, {result.fit_seconds:.1f} s",
        highlight=False,
    )
    _write_page(output)


@app.command("speed")
def run_speed(
    data: Annotated[str, typer.Option(help="sample, lastfm or a path; lastfm where it is")] = "",
    repeats: Annotated[int, typer.Option(min=1, help="how many pairs")] = 5,
    epochs: Annotated[int, typer.Option(min=1)] = 100,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    output: Annotated[Path, typer.Option(help="folder of the page and table")] = DOCS,
) -> None:
    """The assignment's training loop beside a faster one with the same loss, in pairs."""
    chosen = data or bench.default_data()
    try:
        ask = questions(split(load(chosen), 0))
    except (course_data.DataError, RecommenderError) as error:
        _fail(error)
    rows = []
    for pair in speed.pairs(ask, repeats, epochs, threads):
        rows.append(pair.row(Path(chosen).name, epochs, threads))
        Console().print(
            f"pair {pair.seed}: {pair.ratio(0):.2f} times as fast in CPU seconds, "
            f"{pair.ratio(1):.2f} in wall seconds; "
            f"warm AUC {pair.literal_auc:.3f} and {pair.faster_auc:.3f}",
            highlight=False,
        )
    bench.replace_rows(output / report.SPEED, pd.DataFrame(rows), ["data", "threads"])
    _write_page(output)


@app.command("growth")
def run_growth(
    times: Annotated[list[int] | None, typer.Option(help="of the sample; may be repeated")] = None,
    only: Annotated[list[str] | None, typer.Option(help="a recommender; may be repeated")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="of the trained ones")] = 3,
    output: Annotated[Path, typer.Option(help="folder of the page, table and picture")] = DOCS,
) -> None:
    """Fit time and memory on some sizes of the sample; sizes that were measured before stay."""

    def done(name: str, size: int, outcome: str) -> None:
        Console().print(f"{size} times  {name:12} {outcome}", highlight=False, markup=False)

    names = list(only or growth.GROWING)
    for row in growth.measure_growth(times or [1, 3, 10], names, epochs, done):
        bench.replace_rows(output / report.GROWTH, pd.DataFrame([row]), ["recommender", "times"])
    _write_page(output)


def _write_page(folder: Path) -> None:
    Console().print(f"{report.write(folder)} and its pictures are written.", markup=False)


def _fail(error: Exception) -> NoReturn:
    Console(stderr=True).print(str(error), markup=False)
    raise typer.Exit(2) from None


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Without a command, the benchmark is run."""
    if context.invoked_subcommand is None:
        run_bench()


if __name__ == "__main__":
    app()
