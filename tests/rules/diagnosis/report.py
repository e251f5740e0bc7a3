"""`make diagnosis-report`: how well the diagnosis names mistakes, beside two simple baselines.

    python tests/rules/diagnosis/report.py [--data sample] [--held-out] [--seeds 10] [--output FILE]

Prints a table and writes it, with the figures of each id, to FILE (Markdown).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # for the reader of case files

from bank import Program, programs
from bank_run import Options, Result, examine_all

from autograder.reports.explanation import explain

Results = list[tuple[Program, Result]]
STABLE = 12  # programs that are examined once more with each other seed


def main() -> None:
    """Examine the banks, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="sample", help="sample, lastfm, or a file")
    parser.add_argument("--held-out", action="store_true", help="only the programs held out")
    parser.add_argument("--seeds", type=int, default=10, help="for the stability of the outcome")
    parser.add_argument("--output", type=Path, default=Path("diagnosis-report.md"))
    chosen = parser.parse_args()
    options = Options(data=chosen.data)
    mistakes, right = (
        [p for p in programs(kind) if p.held_out or not chosen.held_out]
        for kind in ("mistakes", "right")
    )
    wrong, fine = (list(examine_all(found, options)) for found in (mistakes, right))
    lines = table(wrong, fine)
    lines += ["", *otherwise([*wrong, *fine]), "", *by_id(wrong)]
    lines += ["", stability(mistakes, right, options, chosen.seeds)]
    text = "\n".join(lines)
    print(text)
    chosen.output.write_text(text + "\n", encoding="utf-8")
    print(f"Written: {chosen.output}")


def table(wrong: Results, fine: Results) -> list[str]:
    """The figures, ours beside the baselines."""
    named = [(p, r) for p, r in wrong if p.ids]
    unknown = [(p, r) for p, r in wrong if p.unknown]
    pairs = [(p, r) for p, r in named if len(p.ids) == 2]
    crashing, silent = ([(p, r) for p, r in named if p.crashes is which] for which in (True, False))
    judges: tuple[tuple[Callable[[Result], bool], Callable[[Result], str]], ...] = (
        (lambda r: bool(r.failed), lambda r: r.ids[0] if r.ids else ""),
        (_gate, lambda r: ""),
        (lambda r: bool(r.errors), _by_text),
    )
    rows = [
        ("crashing bugs caught", [share(kills(r) for _, r in crashing) for kills, _ in judges]),
        ("silent bugs caught", [share(kills(r) for _, r in silent) for kills, _ in judges]),
        (
            "bugs that fail a check of their step",
            [share(p.step in r.lost for p, r in named), "-", "-"],
        ),
        (
            "named right, first name",
            [share(name(r) == p.ids[0] for p, r in named) for _, name in judges],
        ),
        (
            "of the names given, right",
            [share(i in p.ids for p, r in named for i in r.ids), "-", _precision(named)],
        ),
        (
            "both of two bugs named",
            [share(set(p.ids) <= set(r.ids) for p, r in pairs), "-", "-"],
        ),
        (
            "no name for a bug that has none",
            [share(not name(r) for _, r in unknown) for _, name in judges],
        ),
        (
            "right work accused",
            [
                share(bool(r.ids) or bool(r.failed) for _, r in fine),
                share(_gate(r) for _, r in fine),
                share(bool(_by_text(r)) for _, r in fine),
            ],
        ),
    ]
    seconds = sorted(r.seconds for _, r in [*wrong, *fine])
    return [
        f"{len(named)} wrong programs ({len(silent)} silent, {len(crashing)} crashing; "
        f"{len(pairs)} of them with two bugs), {len(unknown)} with a bug that the catalogue does "
        f"not name, {len(fine)} right ones.",
        "",
        "| | this kit | AUC over 0.5 | text of the exception |",
        "|---|---|---|---|",
        *(f"| {title} | {' | '.join(values)} |" for title, values in rows),
        "",
        f"Seconds a program: median {seconds[len(seconds) // 2]:.1f}, most {seconds[-1]:.1f} "
        "(two at a time).",
    ]


def _gate(result: Result) -> bool:
    """What a test of AUC > 0.5 alone would fail."""
    return result.test_auc is None or not result.test_auc > 0.5


def _by_text(result: Result) -> str:
    """What the text of the first exception alone would name."""
    if not result.errors:
        return ""
    causes = explain(result.errors[0]).causes
    return causes[0].id if causes else ""


def _precision(named: Results) -> str:
    return share(_by_text(r) in p.ids for p, r in named if _by_text(r))


def share(hits: Iterable[bool]) -> str:
    """A share, its count, and the 95% interval of Wilson (J. Am. Stat. Assoc. 22, 1927)."""
    found = list(hits)
    n, k = len(found), sum(found)
    if not n:
        return "-"
    z, p = 1.96, k / n
    middle, width = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * width) / (1 + z * z / n) for sign in (-1, 1))
    return f"{p:.1%} ({k} of {n}; {max(0.0, low):.0%} to {min(1.0, high):.0%})"


def stability(mistakes: list[Program], right: list[Program], options: Options, seeds: int) -> str:
    """Whether other seeds of the probes give the same names and the same marks."""
    step = max(1, len(mistakes) // STABLE)
    chosen = mistakes[::step][:STABLE] + right[:: max(1, len(right) // 4)][:4]
    outcomes: dict[str, set[tuple[object, ...]]] = {p.name: set() for p in chosen}
    for seed in range(seeds):
        again = Options(data=options.data, seed=seed)
        for program, result in examine_all(chosen, again):
            outcomes[program.name].add((result.ids, result.points))
    same = share(len(found) == 1 for found in outcomes.values())
    return f"Same names and marks with {seeds} seeds: {same}"


def otherwise(results: Results) -> list[str]:
    """The programs that did not come out as they should, each with what came of it."""
    found = [
        f"- {p.name}: {' and '.join(r.ids) or 'no name'}, not {' and '.join(p.ids) or 'none'}; "
        f"points lost in {', '.join(r.lost) or 'no step'}"
        for p, r in results
        if not p.fits(r.ids, r.lost)
    ]
    return [f"Programs that came out otherwise: {len(found)} of {len(results)}.", *found]


def by_id(wrong: Results) -> list[str]:
    """Precision and recall of each id, as the first name, over programs with one bug."""
    alone = [(p.ids[0], r.ids[0] if r.ids else "") for p, r in wrong if len(p.ids) == 1]
    true, given = Counter(t for t, _ in alone), Counter(g for _, g in alone if g)
    both = Counter(t for t, g in alone if t == g)
    lines = ["| id | programs | recall | precision |", "|---|---|---|---|"]
    for id_ in sorted(true):
        precision = f"{both[id_] / given[id_]:.0%}" if given[id_] else "-"
        lines.append(f"| {id_} | {true[id_]} | {both[id_] / true[id_]:.0%} | {precision} |")
    return lines


if __name__ == "__main__":
    main()
