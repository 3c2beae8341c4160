"""Who may import whom, and what nobody does. Each test lists all offenders at once."""

import ast
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "runs": set(),
    "symmetries": set(),
    "networks": {"symmetries"},
    "metrics": {"symmetries"},
    "regularizers": {"symmetries", "networks"},
    "datamodules": {"symmetries"},
    "lightning_modules": {"runs", "symmetries", "networks", "metrics", "regularizers"},
    "reporting": {"runs", "metrics", "symmetries"},
    "cli": {
        *("runs", "symmetries", "networks", "metrics", "regularizers", "datamodules"),
        *("lightning_modules", "reporting"),
    },
    "sweeps": {"runs", "cli", "reporting"},
    "dashboards": {"runs", "cli", "reporting"},
}
"""Rooms that each room may import beside itself."""
SCRIPTS = {"train.py": {"cli"}, "report.py": {"cli"}, "sweep.py": {"sweeps"}}
NOT_ROOMS = {"conf", "train", "sweep", "report", "tests", "benchmarks"}

FILES = [path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]
SHOWS = {"symmetries/__main__.py": {"rich", "matplotlib"}, "symmetries/picture.py": {"matplotlib"}}
"""Files of the mathematics that people look at; ``import softsym.symmetries`` loads neither."""
SEES_CONFIGS = {"sweeps/command_line.py", "sweeps/grid/multirun.py", "dashboards/contents.py"}
"""Files outside ``cli`` that read what Hydra composes."""
READS_THE_ENVIRONMENT = {"cli/resolvers.py", "cli/slurm.py"}


@cache
def tree_of(path):
    return ast.parse(path.read_text(), str(path))


def imported(tree):
    """Full names of the imported modules, ours without the leading ``softsym``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("softsym.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # a relative import would hide its room from these tests
            yield "relative" if node.level else node.module.removeprefix("softsym.")


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
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        for node in ast.walk(tree)
    )


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def offenders(complain, files=FILES):
    """File -> complaint, for the files that have one."""
    return {name_of(path): said for path in files if (said := complain(path))}


def test_every_room_is_in_the_table():
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms - NOT_ROOMS == set(MAY_IMPORT)


def test_imports_follow_the_table():
    def complain(path):
        room = path.relative_to(ROOT).parts[0]
        ours = top_levels(tree_of(path)) & {*MAY_IMPORT, *NOT_ROOMS, "relative"}
        return ours - MAY_IMPORT[room] - {room}

    assert offenders(complain) == {}


def test_the_mathematics_needs_torch_and_scipy_only():
    def complain(path):
        others = top_levels(tree_of(path)) - set(sys.stdlib_module_names)
        # plugins.py and lazy_rooms.py need none of the house
        allowed = {"torch", "scipy", "symmetries", "softsym", "typing_extensions"}
        allowed |= {"plugins", "lazy_rooms"}
        return others - allowed - SHOWS.get(name_of(path), set())

    assert offenders(complain, [p for p in FILES if "symmetries" in p.parts]) == {}


def test_regularizers_know_typed_layers_only():
    def complain(path):
        names = {name for name in imported(tree_of(path)) if name.split(".")[0] == "networks"}
        return names - {"networks.typed_linear"}

    assert offenders(complain, [p for p in FILES if "regularizers" in p.parts]) == {}


def test_nobody_prints_and_few_read_the_environment():
    files = [*FILES, *(ROOT / script for script in SCRIPTS)]
    assert offenders(lambda path: prints(tree_of(path)), files) == {}
    readers = offenders(lambda path: reads_environment(tree_of(path)), files)
    assert set(readers) <= READS_THE_ENVIRONMENT


def test_classes_never_see_a_config():
    def complain(path):
        return top_levels(tree_of(path)) & {"hydra", "omegaconf"}

    assert set(offenders(complain, [p for p in FILES if "cli" not in p.parts])) <= SEES_CONFIGS


def test_scripts_compose_with_one_room_alone():
    ours = {name: top_levels(tree_of(ROOT / name)) & set(MAY_IMPORT) for name in SCRIPTS}
    assert ours == SCRIPTS


def test_every_package_is_installed():
    listed = (ROOT / "setup.cfg").read_text()
    packages = {path.parent.relative_to(ROOT) for path in FILES if path.name == "__init__.py"}
    names = {"softsym." + ".".join(package.parts) for package in packages}
    assert {name for name in names if f"\n    {name}\n" not in listed} == set()


def test_these_checks_can_fail():
    bad = ast.parse("import os\nfrom softsym.cli.run import run\nprint(os.environ['X'])")
    assert "cli" in top_levels(bad)
    assert reads_environment(bad)
    assert reads_environment(ast.parse("from os import getenv"))
    assert prints(bad)
    assert "relative" in top_levels(ast.parse("from .x import y"))
