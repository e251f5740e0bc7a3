"""A line that fails costs itself and what depends on it: the rest of its cell is run."""

from __future__ import annotations

import ast
import os
import urllib.request
from typing import Any

import pytest

from autograder.inside import rest


def run(source: str, ns: dict[str, Any]) -> list[str]:
    """Run a cell as the worker does; the statements that raised."""
    tree = ast.parse(source)
    ns["__builtins__"] = __builtins__

    def execute(node: ast.stmt, last: bool) -> None:
        exec(compile(ast.Module([node], []), "cell", "exec"), ns)

    try:
        exec(compile(tree, "cell", "exec"), ns)
    except (Exception, SystemExit) as error:
        return [ast.unparse(node) for node, _ in rest.go_on(tree.body, error, ns, execute)]
    return []


@pytest.mark.parametrize(
    "line",
    [
        "import nosuch_seaborn as sns",
        "from google_nosuch.colab import drive",
        "from math import nosuch",
        "assert False, 'no GPU'",
        "os.chdir('/content/drive')",
        "urllib.request.urlopen('http://localhost:1/x')",
        "import torch; gpu = torch.cuda.get_device_properties(0)",
        "import torch; print(torch.cuda.get_device_name(0))",
    ],
)
def test_the_rest_of_an_import_cell(line: str) -> None:
    ns: dict[str, Any] = {"os": os, "urllib": urllib}
    assert run(f"{line}\nimport math\nfrom json import dumps\nx = math.pi\ny = dumps(x)", ns)
    assert ns["y"].startswith("3.14")


@pytest.mark.parametrize(
    ("source", "bound", "unbound"),
    [
        ("import nosuch_a as a\nb = a.x\nc = b + 1\nd = 1", "d", "bc"),
        ("import nosuch_a as a\na = 3\nb = a", "ab", ""),
        ("import nosuch_a as a\ndef c(): return a\nd = c", "cd", "a"),
        ("import nosuch_a as a\n@a.x\ndef b(): pass\nc = b\nd = 1", "d", "bc"),
        ("import nosuch_a as a\nclass b(a.x): pass\nc = b()\nd = 1", "d", "bc"),
        ("import nosuch_a as a\nx.append(a.b)\nc = len(x)\nd = 1", "d", "c"),
        ("import nosuch_a as a\nx[0] = a.b\nc = x\nd = 1", "d", "c"),
        ("import nosuch_a as a\nwith a.b() as c:\n    pass\nd = 1", "d", "c"),
        ("import nosuch_a as a\nfor b in a.x: c = b\nd = 1", "d", "bc"),
    ],
)
def test_what_depends_on_it_is_not_run(source: str, bound: str, unbound: str) -> None:
    ns: dict[str, Any] = {"x": [0]}
    assert run(source, ns)
    assert set(bound) <= set(ns) and not set(unbound) & set(ns)


@pytest.mark.parametrize(
    "line",
    [
        "raise NotImplementedError()",
        "raise ValueError('stop here')",
        "raise SystemExit",
        "exit_ = (_ for _ in ()).throw(SystemExit)",
        "blank()",
        "x = 1 / 0",
        "print(nosuch)",
        "{}['key']",
        "x = open('/no/such/file')",
    ],
)
def test_a_mistake_ends_its_cell(line: str) -> None:
    ns: dict[str, Any] = {}
    exec("def blank(): raise NotImplementedError()", ns)
    assert len(run(f"a = 1\n{line}\nb = 2", ns)) == 1
    assert "a" in ns and "b" not in ns


def test_imports_come_first_and_each_failure_is_told_once() -> None:
    ns: dict[str, Any] = {}
    raised = run("import nosuch_a\nw = json.dumps(1)\nimport json\ny = 1 / 0\nz = 1", ns)
    assert raised == ["import nosuch_a", "y = 1 / 0"]
    assert ns["w"] == "1" and "z" not in ns
