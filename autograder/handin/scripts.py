"""Scripts as notebooks: percent format, and what Colab, Jupyter, Spyder and Databricks export.

`autograder.handin.reading` hands a script's bytes over and gets cells back, as dictionaries.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
from typing import Any

_DATABRICKS = re.compile(r"\A\s*# Databricks notebook source[ \t]*$", re.M)
_COMMAND = re.compile(r"^# COMMAND -+[ \t]*$", re.M)
_MAGIC = re.compile(r"^# MAGIC ?", re.M)
_PERCENT = re.compile(r"^[ \t]*#[ \t]*(?:%%|<codecell>)", re.M)
_PROMPT = re.compile(r"^# In ?\[[ \d]*\]:[ \t]*$", re.M)


def decoded(raw: bytes, repairs: list[str]) -> str:
    """The text of a script: as its coding cookie says, else UTF-8, else as Windows writes it."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        encoding, text = "cp1252", raw.decode("cp1252", "replace")
    if encoding not in ("utf-8", "utf-8-sig"):
        repairs.append(f"the encoding {encoding} in place of UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cells(text: str, repairs: list[str]) -> list[dict[str, Any]]:
    """The cells of a script; one without any mark between its cells is a single one.

    Raises:
        ValueError: jupytext cannot read it.
    """
    if _DATABRICKS.search(text):
        repairs.append("a script that Databricks exported")
        return _of_databricks(_DATABRICKS.sub("", text, count=1))
    if _PERCENT.search(text):
        return _of_percent(text)
    if _PROMPT.search(text):
        repairs.append("a script that Jupyter exported")
        return _of_jupyter(text)
    return _between_texts(text)


def _cell(kind: str, source: str) -> dict[str, Any]:
    return {"cell_type": kind, "source": source.strip("\n"), "metadata": {}}


def _of_percent(text: str) -> list[dict[str, Any]]:
    """Cells between `# %%`; what is written behind the mark is a heading."""
    import jupytext

    text = re.sub(r"^([ \t]*#[ \t]*)<codecell>", r"\1%%", text, flags=re.M)
    text = re.sub(r"^([ \t]*#[ \t]*)<markdowncell>", r"\1%% [markdown]", text, flags=re.M)
    found: list[dict[str, Any]] = []
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        title = cell.metadata.get("title")
        found += [_cell("markdown", f"# {title}")] if isinstance(title, str) and title else []
        found.append(_cell(cell.cell_type, cell.source))
    return found


def _of_databricks(text: str) -> list[dict[str, Any]]:
    """Cells between `# COMMAND ---`; cells of another language stand behind `# MAGIC`."""
    parts = [part.strip("\n") for part in _COMMAND.split(text)]
    return [_cell("code", _MAGIC.sub("", part)) for part in parts if part.strip()]


def _of_jupyter(text: str) -> list[dict[str, Any]]:
    """Cells behind `# In[1]:`; comments that end a part are the text that comes before the next."""
    found: list[dict[str, Any]] = []
    for part in _PROMPT.split(text):
        lines = part.split("\n")
        code = list(itertools.dropwhile(_is_comment, reversed(lines)))[::-1]
        prose = re.sub(r"^# ?", "", "\n".join(lines[len(code) :]), flags=re.M)
        found += [_cell("code", "\n".join(code))] if code else []
        found += [_cell("markdown", prose)] if prose.strip() else []
    return found


def _is_comment(line: str) -> bool:
    """Whether a line holds no code."""
    return line.startswith("#") or not line.strip()


def _between_texts(text: str) -> list[dict[str, Any]]:
    """Texts that stand alone between the statements, as Colab exports them, are prose."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [_cell("code", text)]
    lines, found, at = text.split("\n"), list[dict[str, Any]](), 0
    for node in body:
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            code = "\n".join(lines[at : node.lineno - 1])
            found += [_cell("code", code)] if code.strip() else []
            found.append(_cell("markdown", value.value))
            at = node.end_lineno or node.lineno
    code = "\n".join(lines[at:])
    return found + ([_cell("code", code)] if code.strip() else [])
