"""A page a misconception, in Markdown, generated from the catalogue: for TAs, and to link to."""

from __future__ import annotations

from pathlib import Path

from autograder.rules import catalogue, causes
from autograder.rules.cause import Cause


def page(cause: Cause) -> str:
    """What there is to say about one misconception, and which checks it makes fail."""
    checks = [check for check in catalogue() if cause.id in check.causes]
    lines = [f"# {cause.title}", "", f"`{cause.id}`{_step(cause)}", "", cause.why, ""]
    lines += ["## Ask", "", cause.question, "", "## Hints", ""]
    lines += [f"{number}. {hint}" for number, hint in enumerate(cause.hints, start=1)]
    if checks:
        lines += ["", "## Checks that it can make fail", ""]
        lines += [f"- {c.title} (`{c.cell}`, {_points(c.points)})" for c in checks]
    if cause.references:
        lines += ["", "## To read", "", *(f"- {text}" for text in cause.references)]
    return "\n".join(lines) + "\n"


def _step(cause: Cause) -> str:
    return f", step {cause.step[-1]}" if cause.step else ""


def _points(points: float) -> str:
    if not points:
        return "costs nothing"
    return "1 point" if points == 1 else f"{points:g} points"


def write(folder: Path) -> list[Path]:
    """Write a page for each misconception, and an index by step.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for cause in causes().values():
        path = folder / f"{cause.id}.md"
        path.write_text(page(cause), encoding="utf-8")
        written.append(path)
    index = ["# Misconceptions", ""]
    order = sorted(causes().values(), key=lambda cause: (cause.step or "step0", cause.id))
    step = None
    for cause in order:
        if cause.step != step:
            step = cause.step
            index += ["", f"## Step {step[-1]}" if step else "## Any step", ""]
        index.append(f"- [{cause.title}]({cause.id}.md)")
    (folder / "README.md").write_text("\n".join(index) + "\n", encoding="utf-8")
    return [folder / "README.md", *written]
