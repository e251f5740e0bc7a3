"""The structure: no two files, and no two rooms, import each other, not even inside a function."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parents[1]
PACKAGES = ("autograder", "course_data", "recommenders")


def modules() -> dict[str, Path]:
    """Every module of the kit, by its dotted name."""
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return {n.removesuffix(".__init__"): path for n, path in zip(names, files, strict=True)}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, without those that only a type checker reads."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        waiting += ast.iter_child_nodes(node)
    return found


def graph() -> nx.DiGraph:
    """Files of the kit and the files that they import."""
    known = modules()
    drawn = nx.DiGraph()
    drawn.add_nodes_from(known)
    for name, path in known.items():
        for target in imports(path):
            module = target if target in known else target.rpartition(".")[0]
            if module in known and module != name:
                drawn.add_edge(name, module)
    return drawn


def room(name: str) -> str:
    """The folder or file at the top of a package that a module belongs to."""
    return ".".join(name.split(".")[:2])


def circles(drawn: nx.DiGraph) -> list[list[str]]:
    """What imports each other."""
    return sorted(sorted(c) for c in nx.strongly_connected_components(drawn) if len(c) > 1)


def test_no_files_import_each_other() -> None:
    drawn = graph()
    assert drawn.number_of_edges() > 500
    assert circles(drawn) == []


def test_no_rooms_import_each_other() -> None:
    rooms = nx.DiGraph((room(a), room(b)) for a, b in graph().edges if room(a) != room(b))
    assert circles(rooms) == []


def test_an_import_back_would_be_seen() -> None:
    drawn = graph()
    drawn.add_edge("autograder.contract", "autograder.cli")
    assert circles(drawn)
