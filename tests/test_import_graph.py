"""The files of the package import one another without a circle.

The graph counts imports inside functions and under TYPE_CHECKING too, since a late import only
hides a circle. It ignores that importing ``a.b`` first runs ``a/__init__.py``, and the names that
the package's ``__init__.pyi`` loads on first use.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_ROOMS = {"benchmarks", "build", "docs", "tests"}

Sources = dict[str, str]
"""Text of every module by its full name, packages under the name of their ``__init__``."""


def name_of(path):
    """``symmetries/groups/__init__.py`` is ``softsym.symmetries.groups``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("softsym", *(part for part in parts if part != "__init__")))


def package_sources() -> Sources:
    files = [
        path
        for path in (*ROOT.glob("*.py"), *ROOT.glob("*/**/*.py"))
        if path.parent == ROOT or not path.relative_to(ROOT).parts[0].startswith((".", *NO_ROOMS))
    ]
    return {name_of(path): path.read_text() for path in files}


def bound_names(tree):
    """Names that a module's top level imports, defines or assigns."""
    for node in tree.body:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))


def imports(tree, trees):
    """Full names of the modules among ``trees`` that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in trees)
        elif isinstance(node, ast.ImportFrom) and node.module in trees:
            own = set(bound_names(trees[node.module]))
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                # symmetries exports a function `group` that hides the module of the same name
                is_module = submodule in trees and alias.name not in own
                yield submodule if is_module else node.module


def graph_of(sources: Sources) -> dict[str, set[str]]:
    trees = {name: ast.parse(text, name) for name, text in sources.items()}
    return {name: set(imports(tree, trees)) for name, tree in trees.items()}


def circle_in(graph) -> list[str]:
    """The modules of one circle, each importing the next; none if there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib lists each module before the one that imports it
        return error.args[1][::-1]
    return []


def test_no_circle():
    circle = circle_in(graph_of(package_sources()))
    assert not circle, "These files import one another in a circle:\n" + " imports\n".join(circle)


def test_every_room_is_in_the_graph():
    names = set(package_sources())
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NO_ROOMS
    assert {f"softsym.{room}" for room in rooms} | {"softsym", "softsym.train"} <= names
    graph = graph_of(package_sources())
    assert "softsym.symmetries.group" in graph["softsym.symmetries.representations"]


SMALL = {
    "p": "from p.a import A",
    "p.a": "import p.b",
    "p.b": "A = 1",
    "p.c": "from p import A, b",
}


def test_imports_of_a_small_package():
    assert graph_of(SMALL) == {"p": {"p.a"}, "p.a": {"p.b"}, "p.b": set(), "p.c": {"p", "p.b"}}
    assert circle_in(graph_of(SMALL)) == []


@pytest.mark.parametrize(
    ("text", "circle"),
    [
        ("from p.a import A", {"p.a", "p.b"}),
        ("from p import a", {"p.a", "p.b"}),
        ("from p import A", {"p", "p.a", "p.b"}),
        ("def f():\n    from p.a import A", {"p.a", "p.b"}),
        ("if TYPE_CHECKING:\n    import p.a", {"p.a", "p.b"}),
        ("import p.b", {"p.b"}),
    ],
    ids=["plain", "a module of a package", "through __init__", "late", "for types", "itself"],
)
def test_circles_are_found(text, circle):
    modules = circle_in(graph_of(SMALL | {"p.b": text}))
    assert set(modules) == circle
    assert modules[0] == modules[-1]


def test_a_name_that_hides_a_module_is_of_the_package():
    hidden = {"p": "from p.a import b", "p.a": "b = 1", "p.b": "", "p.c": "from p import b"}
    assert graph_of(hidden)["p.c"] == {"p"}
