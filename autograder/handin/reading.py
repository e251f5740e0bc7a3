"""Notebook files as they come, to cells: which belong to which step, and what had to be repaired.

`autograder.handin.submission` reads all files through here; no file is ever written.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.contract import EXERCISES, NOTEBOOKS, STEPS, UNGRADED
from autograder.evidence.arrays import printable
from autograder.handin import scripts
from autograder.limits import CELL_CHARACTERS, NOTEBOOK_CELLS, NOTEBOOK_FILE

STEP_OF_NAME = {name: step for step, name in NOTEBOOKS.items()}
_CHECK_CALL = re.compile(r"""^[ \t]*check\([ \t]*["'](step[1-6](?:\.\w+)?)["']""", re.M)
_UNGRADED_CHECK = re.compile(rf"""^[ \t]*check\([ \t]*["']({"|".join(UNGRADED)})\b""", re.M)
BLANK = "YOUR ANSWER HERE"  # what our empty form of the report holds
THOUGHTS = "*Your thoughts (not graded):*"  # what is written behind it is the student's
WORDS = 15  # fewer are a heading or a remark
TEXTS_OF_STEP_6 = (  # ids of our own texts, which no student has written
    *("aim", "idea", "start_intro", "toy_intro", "test_task", "auc_task", "fair_intro"),
    *("fair_rules_intro", "fair_table_intro", "hetero", "references"),
    *("fair_after", "treat_intro", "rubric", "report", "think", "next"),
)
# How a Databricks cell says that it is not Python; its other magics are IPython's.
_LANGUAGE = re.compile(r"\A\s*%(md|md-sandbox|sql|scala|r|sh|fs)(?:[ \t]+|$)", re.M)
_FIRST_LINE = re.compile(rf"# Step ([1-{len(STEPS)}]) of {len(STEPS)}\b")
_HEADING = re.compile(r"^[#*_ \t]{0,20}step[ \t]*([1-6])\b", re.I | re.M)


class SubmissionError(Exception):
    """A file that cannot be graded; the message says what, where and what to do."""


class PathError(SubmissionError):
    """There is nothing of that name to grade, or to grade with."""


@dataclass(frozen=True)
class Cell:
    """One cell. `key` is the graded cell that a check cell asks for, such as `step3.mapping`."""

    kind: str  # code or markdown
    source: str
    id: str = ""
    key: str = ""
    step: str = ""


@dataclass(frozen=True)
class Notebook:
    """One notebook. `step` is set where it is one of the six; a free-form one has none.

    `notes` say what had to be repaired to read it.
    """

    path: Path
    cells: tuple[Cell, ...]
    step: str = ""
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that have a code cell here."""
        found = {cell.step for cell in self.cells if cell.kind == "code"}
        return tuple(step for step in STEPS if step in found)

    @property
    def is_ungraded(self) -> bool:
        """Whether it is a notebook of the course that gives no points, under any name."""
        if self.step or any(cell.key for cell in self.cells):
            return False
        checks = any(_UNGRADED_CHECK.search(cell.source) for cell in self.cells)
        return checks or self.path.stem in UNGRADED.values()

    @property
    def report(self) -> str:
        """The written report: its own cell, else prose of the student's anywhere in step 6.

        Where nothing is written this is the empty form, if the notebook still has it.
        """
        form = [c.source for c in self.cells if c.kind == "markdown" and c.id == "report"]
        if form and (BLANK not in form[0] or len(filled_in(form[0]).split()) > WORDS):
            return form[0].replace(BLANK, "")
        written = [_prose(cell) for cell in self.cells if cell.step == "step6"]
        own = [text for text in written if len(text.split()) > WORDS]
        return "\n\n".join(own) or "".join(form[:1])


def filled_in(form: str) -> str:
    """What stands in the form of the report beside its own bold questions."""
    lines = [line.strip() for line in form.replace(BLANK, "").splitlines()]
    return "\n".join(line for line in lines if not re.fullmatch(r"\*\*[^*]+\*\*", line))


def _prose(cell: Cell) -> str:
    """What the student has written in a cell: none of it is in a cell of ours, or is code."""
    if cell.kind == "markdown":
        ours = cell.id in TEXTS_OF_STEP_6
        return cell.source.partition(THOUGHTS)[2] if ours else cell.source
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    if lines and all(line.startswith("#") for line in lines):
        return "\n".join(line.lstrip("# ") for line in lines)
    try:
        body = ast.parse(cell.source).body
    except (SyntaxError, ValueError):
        return ""
    values = [node.value for node in body if isinstance(node, ast.Expr)]
    texts = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    return "\n".join(texts) if len(texts) == len(body) else ""


def read(path: Path) -> Notebook:
    """Read one notebook, or a script in percent format (`# %%` between its cells).

    Raises:
        PathError: there is no such file.
        SubmissionError: it is empty, too large, not JSON, no notebook, or one without a cell.
    """
    repairs: list[str] = []
    cells = _cells(path, repairs)
    if not cells:
        raise SubmissionError(f"{path}: a notebook without a single cell: ask for it again")
    path = path.with_name(file_name(path))  # from here on it is only a name
    keys = [cell.key for cell in cells if cell.key]
    step = STEP_OF_NAME.get(path.stem) or (keys[0].split(".")[0] if keys else "")
    if not step or {key.split(".")[0] for key in keys} - {step}:
        return Notebook(path, _by_content(cells), "", tuple(repairs))
    if path.stem not in STEP_OF_NAME:
        repairs.append(f"renamed: read as {NOTEBOOKS[step]}")
    return _of_step(path, cells, step, repairs)


def _of_step(path: Path, cells: list[Cell], step: str, repairs: list[str]) -> Notebook:
    """The notebook of one step, and what is missing or twice in it."""
    keys = [cell.key for cell in cells if cell.key]
    expected = [key for key, e in EXERCISES.items() if e.step == step and not e.by_hand]
    gone = [key for key in expected if key not in keys]
    if gone:
        repairs.append(f"check cells that are not there: {', '.join(gone)}")
    if len(keys) > len(set(keys)) or _repeated(cells):
        repairs.append("cells that occur twice: each was run where it stands")
    return Notebook(path, tuple(_with_step(cell, step) for cell in cells), step, tuple(repairs))


def apart(book: Notebook) -> list[Notebook]:
    """The six notebooks that `autograder join`, or a person, has put one behind the other.

    Any other notebook is left as it is: our own ids, or the headings that our notebooks begin with,
    tell. Each step can begin with its `checkpoint`, so that it is graded like the six.
    """
    steps: dict[str, list[Cell]] = {step: [] for step in STEPS}
    step = STEPS[0]
    joined = not book.step and {_joined_id(cell.id)[0] for cell in book.cells} >= set(STEPS)
    headings = [number for cell in book.cells if (number := _own_heading(cell))]
    pasted = not book.step and headings == list(STEPS)
    for cell in book.cells if joined or pasted else ():
        owner, id_ = _joined_id(cell.id) if joined else (_own_heading(cell), cell.id)
        step = owner or step
        steps[step].append(replace(cell, id=id_, step=step))
    for step, cells in steps.items():
        begins = any(re.search(rf"""checkpoint\(\s*["']{step}""", cell.source) for cell in cells)
        if not cells or (step != STEPS[0] and not begins):
            return [book]
    parts = []
    for step, cells in steps.items():
        notes = list(book.notes) if step == STEPS[0] else []
        path = book.path.with_name(f"{NOTEBOOKS[step]}.ipynb")
        parts.append(_of_step(path, cells, step, notes))
    return parts


def _own_heading(cell: Cell) -> str:
    """The step that begins here, where this is the first cell of one of our own notebooks."""
    heading = _FIRST_LINE.match(cell.source) if cell.kind == "markdown" else None
    return f"step{heading[1]}" if heading else ""


def _joined_id(id_: str) -> tuple[str, str]:
    """The step and the id that a cell had before its notebook was joined with the others."""
    step, sign, rest = id_.partition("-")
    return (step, rest) if sign and step in STEPS else ("", id_)


def _repeated(cells: list[Cell]) -> bool:
    named = [cell.id for cell in cells if cell.id]
    return len(named) > len(set(named))


def _with_step(cell: Cell, step: str) -> Cell:
    return Cell(cell.kind, cell.source, cell.id, cell.key, step)


def file_name(path: Path) -> str:
    """A file's name as text: no bytes that are no text, no control characters."""
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(printable(name).split()) or "?"


def is_shadow(name: str) -> bool:
    """Whether a file or folder is what macOS puts beside the real ones, with none of their text."""
    return name.startswith("._") or name == "__MACOSX"


def _cells(path: Path, repairs: list[str]) -> list[Cell]:
    if path.is_symlink():
        raise SubmissionError(f"{path}: a link, not a file: ask for the notebook itself")
    if is_shadow(path.name):
        raise SubmissionError(f"{path}: a shadow file of macOS: ask for {path.name[2:]} itself")
    try:
        raw = path.read_bytes() if path.stat().st_size <= NOTEBOOK_FILE else None
    except OSError as error:
        raise PathError(f"{path}: {error.strerror or error}: check the path") from None
    if raw is None:
        raise SubmissionError(f"{path}: larger than 50 MB: clear its outputs and hand in again")
    if not raw.strip():
        raise SubmissionError(f"{path}: the file is empty: ask for it again")
    if path.suffix == ".py":
        return _of_script(path, raw, repairs)
    try:
        content = json.loads(_decoded(raw, repairs))
    except (ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        advice = "not JSON, so no notebook: save it in Jupyter as .ipynb and hand in again"
        raise SubmissionError(f"{path}{where}: {advice}") from None
    try:
        book = content if "cells" in content else _converted(content)  # as older ones have none
        found = [_cell(cell, repairs) for cell in book["cells"]]
        _note_form(content, found, repairs)
    except Exception as error:  # whatever the file holds in place of a notebook
        kind = type(error).__name__
        raise SubmissionError(
            f"{path}: JSON, but no notebook ({kind}): open it in Jupyter, save, hand in again"
        ) from None
    if len(found) > NOTEBOOK_CELLS:
        raise SubmissionError(f"{path}: {len(found):,} cells, more than {NOTEBOOK_CELLS:,}")
    if any(len(cell.source) > CELL_CHARACTERS for cell in found):
        raise SubmissionError(
            f"{path}: a cell of more than {CELL_CHARACTERS:,} characters: shorten it"
        )
    return found


def _converted(content: dict[str, Any]) -> dict[str, Any]:
    """A notebook of another format as one of format 4."""
    import nbformat  # here: a notebook of today is read without, and it takes 1.5 s to import

    return nbformat.convert(nbformat.from_dict({"nbformat": 3} | content), 4)


def _note_form(content: dict[str, Any], cells: list[Cell], repairs: list[str]) -> None:
    """Say what of the notebook's form is not as Jupyter would have saved it."""
    if content.get("nbformat") is None:
        repairs.append("the file does not say which notebook format it is")
    version = content.get("nbformat") or 4, content.get("nbformat_minor") or 5
    if version < (4, 5):
        repairs.append(f"an old notebook format, {version[0]}.{version[1]}")
    metadata = content.get("metadata") or {}
    kernel = (metadata.get("kernelspec") or {}).get("name", "python3")
    if kernel != "python3":
        repairs.append(f"the kernel {printable(str(kernel))[:40]!r}: run with Python 3")
    if any(cell.key for cell in cells) and not any(
        isinstance(c, dict) and _metadata(c) for c in content.get("cells", [])
    ):
        repairs.append("nbgrader's metadata is not there: cells were recognised by what they hold")


def _of_script(path: Path, raw: bytes, repairs: list[str]) -> list[Cell]:
    """The cells of a script."""
    try:
        found = scripts.cells(scripts.decoded(raw, repairs), repairs)
    except (SyntaxError, ValueError) as error:
        reason = printable(str(error))[:200]
        raise SubmissionError(f"{path}: no script that can be read: {reason}") from None
    return [_cell(cell, repairs) for cell in found]


def _decoded(raw: bytes, repairs: list[str]) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        repairs.append("UTF-16 in place of UTF-8")
        return raw.decode("utf-16")
    if raw[:3] == b"\xef\xbb\xbf":
        repairs.append("a byte order mark before the text")
    if b"\r\n" in raw:
        repairs.append("line ends of Windows")
    return raw.decode("utf-8-sig")


def _text(value: Any) -> str:
    """Text as it can be written to a file: half of a UTF-16 pair is none."""
    return str(value).encode("utf-8", "replace").decode()


def _metadata(cell: Any) -> dict[str, Any]:
    """What nbgrader has written into a cell's metadata; empty where there is none."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _cell(cell: Any, repairs: list[str]) -> Cell:
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else str(source)
    source = _text(source.replace("\r\n", "\n"))
    meta = _metadata(cell)
    id_ = _text(meta.get("grade_id") or cell.get("id", ""))
    if cell["cell_type"] != "code":
        return Cell("markdown", source, id_)
    if language := _LANGUAGE.match(source):
        said = f"cells that begin with %{language.group(1)}, as Databricks has them, are no Python"
        repairs += [said] if said not in repairs else []
        return Cell("markdown", source[language.end() :], id_)
    call = _CHECK_CALL.search(source)
    known = call and call.group(1) in EXERCISES and (meta.get("grade") or _only_checks(source))
    key = call.group(1) if call and known else ""
    return Cell("code", source, id_, key)


def _only_checks(source: str) -> bool:
    """Whether every statement is a call of `check`."""
    try:
        body = ast.parse(source[:10_000]).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", "") == "check"
        for node in body
    )


# What a line of each step's code looks like, for notebooks without headings.
_SIGNS = {
    "step1": r"read_csv|read_table|\.unique\(\)\.size|nunique",
    "step2": r"nx\.(Multi)?(Di)?Graph\(|add_nodes?(_from)?\(|add_edges?(_from)?\(",
    "step3": r"\bData\(|RandomLinkSplit|mapping\s*=|factorize|LabelEncoder|edge_index\s*=",
    "step4": r"class \w+\([\w., ]*Module\)|SAGEConv\(|def (encode|decode)",
    "step5": r"optim\.|Adam\(|negative_sampling\(|\.backward\(|def train",
    "step6": r"roc_auc_score\(|def (test|evaluate)|no_grad",
}


def _by_content(cells: list[Cell]) -> tuple[Cell, ...]:
    """Give each cell of a free-form notebook its step: by headings `Step N`, else by its code."""
    headings = [_HEADING.search(c.source) for c in cells if c.kind == "markdown"]
    by_heading = len({h.group(1) for h in headings if h}) >= 3
    step, found = "step1", []
    for cell in cells:
        heading = _HEADING.search(cell.source) if cell.kind == "markdown" else None
        if by_heading and heading:
            step = f"step{heading.group(1)}"
        elif not by_heading and cell.kind == "code":
            step = max(step, _step_of_code(cell.source))
        found.append(_with_step(cell, step))
    return tuple(found)


def looks_like_work(cell: Cell) -> bool:
    """Whether a code cell does something of any step, or asks for a check."""
    return bool(cell.key) or any(re.search(s, cell.source[:5_000]) for s in _SIGNS.values())


def _step_of_code(source: str) -> str:
    shortened = [line[:200] for line in source.splitlines()[:500]]
    lines = [li for li in shortened if not re.match(r"\s*(import|from|#|def __)", li)]
    text = "\n".join(lines)
    return max((s for s, sign in _SIGNS.items() if re.search(sign, text)), default="step1")
