"""`python -m recommenders`: the benchmark of all recommenders, their speed, and how they grow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

import course_data
from recommenders import bench, report
from recommenders.interactions import RecommenderError, load
from recommenders.models import RECOMMENDERS

app = typer.Typer(add_completion=False, no_args_is_help=False)
DOCS = Path("docs")


@app.command("bench")
def run_bench(
    data: Annotated[str, typer.Option(help="sample, lastfm or a path; lastfm where it is")] = "",
    seeds: Annotated[int, typer.Option(min=1, help="how many seeds, from 0")] = 5,
    only: Annotated[list[str] | None, typer.Option(help="a recommender; may be repeated")] = None,
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

            rows = bench.run(
                Path(chosen).name, edges, names, range(seeds), output / "recommenders.csv", done
            )
    except (course_data.DataError, RecommenderError) as error:
        Console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(2) from None
    Console().print(f"{report.write(rows, output)} and its pictures are written.", markup=False)


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Without a command, the benchmark is run."""
    if context.invoked_subcommand is None:
        run_bench()


if __name__ == "__main__":
    app()
