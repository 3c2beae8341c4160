"""Who may import whom, and what nobody does."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "runs": set(),
    "symmetries": set(),
    "networks": {"symmetries"},
    "metrics": {"symmetries"},
    "regularizers": {"symmetries", "networks"},
    "datamodules": {"symmetries"},
    "lightning_modules": {"runs", "symmetries", "networks", "metrics", "regularizers"},
    "reporting": {"runs", "metrics", "symmetries", "regularizers"},
    "cli": {
        *("runs", "symmetries", "networks", "metrics", "regularizers", "datamodules"),
        *("lightning_modules", "reporting"),
    },
    "sweeps": {"runs", "lightning_modules", "reporting", "cli"},
    "dashboards": {"runs", "cli", "reporting"},
}
SCRIPTS = {
    ROOT / "train.py": {"cli"},
    ROOT / "report.py": {"cli"},
    ROOT / "sweep.py": {"sweeps"},
}
OURS = {*MAY_IMPORT, "conf", "train", "sweep", "tests", "benchmarks"}
"""What each package may import of ours, beside itself."""

FILES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]
LOOKS = {"symmetries/__main__.py": {"rich", "matplotlib"}, "symmetries/picture.py": {"matplotlib"}}
"""What a person looks at; ``import symmetries`` loads neither (tests/symmetries/test_main.py)."""

SEES_CONFIGS = {"sweeps/command_line.py", "sweeps/search/checks.py", "sweeps/grid/launch.py"}
"""Outside of ``cli``: the command line of sweep.py, and what Hydra composes for a grid."""

READS_THE_ENVIRONMENT = {"cli/resolvers.py", "cli/slurm.py"}


def tree_of(path):
    return ast.parse(path.read_text(), str(path))


def imported(tree):
    """Full names of the imported modules, ours without the leading ``softsym``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("softsym.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports here are absolute"
            yield node.module.removeprefix("softsym.")


def top_levels(tree):
    return {name.split(".")[0] for name in imported(tree)}


def reads_environment(tree):
    return any(
        (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and any(alias.name in {"environ", "getenv"} for alias in node.names)
        )
        for node in ast.walk(tree)
    )


def prints(tree):
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def test_every_package_is_in_the_table():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"conf", "benchmarks"}
    assert packages == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_follow_the_table(path):
    package = path.relative_to(ROOT).parts[0]
    ours = top_levels(tree_of(path)) & OURS
    assert ours <= MAY_IMPORT[package] | {package}


@pytest.mark.parametrize("path", [p for p in FILES if "symmetries" in p.parts], ids=name_of)
def test_the_mathematics_needs_torch_and_scipy_only(path):
    others = top_levels(tree_of(path)) - set(sys.stdlib_module_names)
    assert others <= {"torch", "scipy", "symmetries", "softsym"} | LOOKS.get(name_of(path), set())


@pytest.mark.parametrize("path", [p for p in FILES if "regularizers" in p.parts], ids=name_of)
def test_regularizers_know_typed_layers_only(path):
    names = {name for name in imported(tree_of(path)) if name.split(".")[0] == "networks"}
    assert names <= {"networks.typed_linear"}


@pytest.mark.parametrize("path", [*FILES, ROOT / "train.py", ROOT / "sweep.py"], ids=name_of)
def test_no_print_and_no_environment(path):
    tree = tree_of(path)
    assert prints(tree) == []
    assert not reads_environment(tree) or name_of(path) in READS_THE_ENVIRONMENT


@pytest.mark.parametrize("path", [p for p in FILES if "cli" not in p.parts], ids=name_of)
def test_classes_never_see_a_config(path):
    assert name_of(path) in SEES_CONFIGS or not top_levels(tree_of(path)) & {"hydra", "omegaconf"}


@pytest.mark.parametrize(("script", "room"), SCRIPTS.items(), ids=lambda each: str(each)[-9:])
def test_scripts_compose_with_one_room_alone(script, room):
    assert top_levels(tree_of(script)) & OURS == room


def test_these_checks_can_fail():
    bad = ast.parse("import os\nfrom softsym.cli.run import run\nprint(os.environ['X'])")
    assert "cli" in top_levels(bad)
    assert reads_environment(bad)
    assert reads_environment(ast.parse("from os import getenv"))
    assert prints(bad) == [3]
