"""A line that fails costs itself and what depends on it: the rest of its cell is run."""

from __future__ import annotations

import ast
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
        "print(nosuch)",
        "{}['key']",
    ],
)
def test_the_rest_of_an_import_cell(line: str) -> None:
    ns: dict[str, Any] = {}
    assert run(f"{line}\nimport math\nfrom json import dumps\nx = math.pi\ny = dumps(x)", ns)
    assert ns["y"].startswith("3.14")


@pytest.mark.parametrize(
    ("source", "bound", "unbound"),
    [
        ("import nosuch_a as a\nb = a.x\nc = b + 1\nd = 1", "d", "bc"),
        ("a = 1 / 0\nb = [a]\ndef c(): return a\nd = 2", "cd", "b"),
        ("a = 1 / 0\na = 3\nb = a", "ab", ""),
        ("x.append(1 / 0)\nb = len(x)\nc = 1", "c", "b"),
        ("for i in [1, 0]: x.append(1 / i)\nb = x[0]\nc = 1", "c", "b"),
        ("x[0] = nosuch\nb = x\nc = 1", "c", "b"),
        ("a = b = 1 / 0\nc = b\nd = 1", "d", "abc"),
        ("@nosuch\ndef a(): pass\nb = a()\nc = 1", "c", "ab"),
        ("class A(nosuch): pass\nb = A()\nc = 1", "c", "Ab"),
        ("with open('/no/such') as a:\n    b = a.read()\nc = b\nd = 1", "d", "bc"),
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
    ],
)
def test_a_cell_that_says_that_it_ends_here(line: str) -> None:
    ns: dict[str, Any] = {}
    exec("def blank(): raise NotImplementedError()", ns)
    assert len(run(f"a = 1\n{line}\nb = 2", ns)) == 1
    assert "a" in ns and "b" not in ns


def test_imports_come_first_and_each_failure_is_told_once() -> None:
    ns: dict[str, Any] = {}
    raised = run("import nosuch_a\nx = json.dumps(1)\nimport json\ny = 1 / 0\nz = y\nw = x", ns)
    assert raised == ["import nosuch_a", "y = 1 / 0"]
    assert ns["w"] == "1" and "z" not in ns
