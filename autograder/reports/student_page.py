"""A student's page: the verdict by step, each message at its cell, hints, plots, and hand marks.

No other name is on it, and no folder of the machine that graded.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from autograder.contract import NOTEBOOKS
from autograder.gradebook.hand import RUBRIC
from autograder.gradebook.marks import Check, Finding, Mark, Numbers
from autograder.handin.shapes import PAGE
from autograder.inside.history import beginning
from autograder.printing import shown
from autograder.reports import pages, plots
from autograder.rules.outcome import WRONG

FOLDER = "feedback"
LINES = 120  # of a cell that are shown
_CHECK = r"""^[ \t]*check\([ \t]*["']{}["']"""
_OTHERS = re.compile(r"^handed in twice")  # notes with another's name in them


@dataclass
class Block:
    """A cell of the student's with what there is to say about it."""

    where: str
    lines: list[tuple[int, str]]
    output: str = ""
    marked: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


@dataclass
class StepView:
    """One step as the page has it."""

    key: str
    score: float
    most: float
    passed: list[Check] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)  # that belong to no cell
    checks: list[Check] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    verdict: str = ""
    look: str = ""

    @property
    def name(self) -> str:
        """Such as `Step 3`."""
        return f"Step {self.key[-1]}"

    @property
    def open(self) -> bool:
        """Whether there is more to say than that it is right."""
        return bool(self.blocks or self.findings or self.checks or self.raised)


Books = dict[str, list[tuple[str, str]]]  # name -> source and output of each code cell


def render(mark: Mark, executed: Path, hints: int = 1) -> str:
    """The page of one student. `executed` is the folder of the executed copies."""
    books = read_books(executed)
    steps = [_step(mark, key, books) for key in mark.steps]
    return pages.render(
        "student",
        title="Your project: a GNN recommender",
        scripted=False,
        mark=mark,
        steps=steps,
        hints=hints,
        rubric=RUBRIC,
        loss=plots.curve(mark.numbers.losses, mark.numbers.epochs),
        aucs=auc_bars(mark.numbers),
        notes=[note for note in mark.notes if not _OTHERS.match(note)],
    )


def auc_bars(found: Numbers) -> Markup:
    """The AUCs under both kinds of negatives, beside popularity's."""
    rows = [
        ("your test AUC, the split's own negatives", found.test_auc, True),
        ("your model, users and artists without an edge", found.fair_auc, True),
        ("popularity, on the same pairs", found.popularity_auc, False),
    ]
    known = [(label, value, own) for label, value, own in rows if value is not None]
    return plots.bars(known, "AUC") if any(own for _, _, own in known) else Markup("")


def read_books(folder: Path) -> Books:
    """The code cells of the executed copies; what cannot be read is left out."""
    found: Books = {}
    for path in sorted(folder.glob("*.ipynb")) if folder.is_dir() else ():
        try:
            cells = json.loads(path.read_bytes())["cells"]
            found[path.stem] = [
                (str(cell["source"]), _output(cell))
                for cell in cells
                if cell["cell_type"] == "code"
            ]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            continue
    return found


def _output(cell: dict) -> str:
    texts = []
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "stream":
            texts.append(str(output.get("text", "")))
        elif output.get("output_type") == "error":
            texts.append("\n".join(map(str, output.get("traceback", ()))))
        else:
            texts.append(str(output.get("data", {}).get("text/plain", "")))
    return "\n".join(text.rstrip() for text in texts if text.strip())


def _step(mark: Mark, key: str, books: Books) -> StepView:
    checks = [check for check in mark.checks if check.step == key and not check.by_hand]
    step = StepView(key, mark.steps[key].score, mark.steps[key].max_score)
    step.passed = [check for check in checks if check.status == "passed"]
    blocks: dict[tuple[str, int], Block] = {}
    for finding in (f for f in mark.findings if (f.step or "") == key):
        at = (Path(finding.notebook or "").stem, finding.cell or 0)
        block = _block(blocks, books, at)
        if block is None:
            step.findings.append(finding)
            continue
        block.findings.append(finding)
        if finding.line:
            block.marked.add(finding.line)
    said: list[dict[str, str]] = []
    for check in checks:
        if check.status == "passed" or (check.message in said and any(check.message.values())):
            continue
        said.append(check.message)
        place = _place(check.cell, books)
        block = _block(blocks, books, place) if place else None
        if block is None and len(blocks) == 1 and check.status in WRONG:
            block = next(iter(blocks.values()))
        (block.checks if block else step.checks).append(check)
    step.blocks = [blocks[at] for at in sorted(blocks)]
    step.raised = [text.partition(": ")[2] for text in mark.raised if text.startswith(f"{key}: ")]
    step.verdict, step.look = _verdict(checks)
    return step


def _verdict(checks: list[Check]) -> tuple[str, str]:
    kinds = [check.status for check in checks]
    wrong = sum(kind in WRONG for kind in kinds)
    if kinds and all(kind == "passed" for kind in kinds):
        return "right", "good"
    if kinds and all(kind == "not_attempted" for kind in kinds):
        return "not attempted", "idle"
    if wrong:
        rest = sum(kind == "blocked" for kind in kinds)
        waits = f", {rest} {'waits' if rest == 1 else 'wait'} for another" if rest else ""
        return f"{wrong} of {len(kinds)} checks not right yet{waits}", "bad"
    if any(kind in ("not_judged", "grader_error") for kind in kinds):
        return "a person looks at it: no points are lost", "wait"
    if any(kind == "blocked" for kind in kinds):
        return "waits for another check", "idle"
    return "unfinished", "idle"


def _block(blocks: dict[tuple[str, int], Block], books: Books, at: tuple[str, int]) -> Block | None:
    """The block of a code cell, counted from 1; None where there is no such cell."""
    name, number = at
    if at not in blocks:
        if name not in books or not 1 <= number <= len(books[name]):
            return None
        source, output = books[name][number - 1]
        lines = list(enumerate(shown(source, 40_000).splitlines()[:LINES], start=1))
        title = f"{name}.ipynb, the cell that begins: {beginning(source)}"
        blocks[at] = Block(title, lines, output)
    return blocks[at]


def _place(cell: str, books: Books) -> tuple[str, int] | None:
    """The code cell that a graded cell is about: the last one before its check that is no check."""
    usual = NOTEBOOKS[cell.split(".")[0]]
    pattern = re.compile(_CHECK.format(re.escape(cell)), re.M)
    for name in [usual, *books]:
        for number, (source, _) in enumerate(books.get(name, ()), start=1):
            if pattern.search(source):
                before = range(number - 1, 0, -1)
                own = (n for n in before if "check(" not in books[name][n - 1][0])
                return name, next(own, number)
    return None


def write_all(
    marks: Sequence[Mark],
    folder: Path,
    hints: int = 1,
    only: Collection[str] = (),
    named: Mapping[str, str] | None = None,
    lms: str = "",
) -> tuple[list[Path], Path, int]:
    """Write a page for each student below `folder`/feedback, and all of them as a zip.

    With `only`, pages of these students are written, and those of others that are there stay. In
    the zip each student's page lies in a folder of their key; for an `lms` that wants other names
    it has those in `named`, by student, and who has none is not in it. Returns what was written,
    the zip, and how many pages it holds.

    Raises:
        OSError: they cannot be written.
    """
    written, held = [], 0
    archive = folder / (f"{FOLDER}-{lms}.zip" if lms else f"{FOLDER}.zip")
    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_name(f"{archive.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for mark in marks:
            page = folder / FOLDER / f"{mark.key}.html"
            if not only or mark.student in only:
                text = render(mark, folder / "executed" / mark.key, hints)
                written.append(pages.write(page, text))
            place = f"{mark.key}/{PAGE}" if named is None else named.get(mark.student)
            if place and page.is_file():
                packed.writestr(place, page.read_bytes())
                held += 1
    part.replace(archive)
    return written, archive, held
